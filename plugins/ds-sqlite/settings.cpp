// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <optional>

namespace sluice::sqlite {
namespace {

// Reads a whole number between two bounds; the schema says the same, but an instance that is made
// without a schema check must not overflow.
std::optional<Error> read_number(const Settings& node, std::int64_t least, std::int64_t most,
                                 std::int64_t& value) {
  if (!node.has_value()) return std::nullopt;
  if (node.type() != Settings::Type::kInteger) return node.error("must be a whole number");
  value = node.integer();
  if (value >= least && value <= most) return std::nullopt;
  return node.error("must lie between " + std::to_string(least) + " and " + std::to_string(most));
}

}  // namespace

Result<SourceSettings> parse_settings(const Settings& settings) {
  SourceSettings parsed;

  const auto file = settings["file"];
  if (file.type() != Settings::Type::kString || file.text().empty()) {
    return file.error("the path of a database file is needed");
  }
  parsed.file = file.text();
  if (parsed.file.find('\0') != std::string::npos) return file.error("holds a NUL character");
  if (parsed.file == ":memory:") {
    return file.error("a database in memory would be empty; name a file");
  }
  // Such a name may say how to open the file, and this source opens it in one way only.
  if (parsed.file.starts_with("file:")) return file.error("write a plain path, not a file: URI");

  std::int64_t busy = parsed.busy_timeout_ms;
  std::int64_t statements = static_cast<std::int64_t>(parsed.cache_statements);
  std::int64_t pages = parsed.page_cache_kib;
  if (auto bad = read_number(settings["busy_timeout_ms"], 0, 60'000, busy)) return *bad;
  if (auto bad = read_number(settings["cache_statements"], 1, 1024, statements)) return *bad;
  if (auto bad = read_number(settings["page_cache_kib"], 64, 1 << 20, pages)) return *bad;
  parsed.busy_timeout_ms = static_cast<int>(busy);
  parsed.cache_statements = static_cast<std::size_t>(statements);
  parsed.page_cache_kib = static_cast<int>(pages);

  const auto consistency = settings["consistency"];
  const std::string word = consistency.text("pass");
  if (word != "pass" && word != "strict")
    return consistency.error("must be \"pass\" or \"strict\"");
  parsed.consistency = word == "pass" ? Consistency::kPass : Consistency::kStrict;
  return parsed;
}

}  // namespace sluice::sqlite
