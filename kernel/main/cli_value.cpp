// SPDX-License-Identifier: Apache-2.0
// Values that may be secrets: read from where other users of the machine cannot see them.
#include "config/read_file.hpp"
#include "main/cli_commands.hpp"

namespace sluice::cli {
namespace {

constexpr std::size_t kValueFileBytesMax = std::size_t{512} << 10;

Error wrong(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

}  // namespace

Result<std::string> read_value(const Surroundings& surroundings, const std::string& text) {
  if (text.starts_with("env:")) {
    const auto found = surroundings.find_env(text.substr(4).c_str());
    if (!found) return wrong("there is no variable " + text.substr(4));
    return *found;
  }
  if (!text.starts_with("file:")) return text;
  auto read = config::read_file(text.substr(5), kValueFileBytesMax);
  if (!read) return wrong(text.substr(5) + ": " + read.error().detail);
  while (read->ends_with('\n') || read->ends_with('\r')) read->pop_back();
  return read;
}

}  // namespace sluice::cli
