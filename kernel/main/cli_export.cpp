// SPDX-License-Identifier: Apache-2.0
// sluice export: everything there is, as files that `sluice apply` takes.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"

#include "config/yaml_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ostream>

namespace sluice::cli {
namespace {

// For its owner only, whole or not at all: it may hold secrets.
Result<void> write_file(const std::filesystem::path& file, std::string_view text) {
  const auto fail = [&](const std::string& what) {
    return Error{SLUICE_E_UNAVAILABLE, file.string() + ": cannot be written: " + what, {}, {}};
  };
  const auto fresh = file.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return fail(std::strerror(errno));
  int failed = ::fchmod(fd, 0600) == 0 ? 0 : errno;
  while (failed == 0 && !text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) failed = errno;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (failed == 0 && ::fsync(fd) != 0) failed = errno;
  ::close(fd);
  if (failed == 0 && ::rename(fresh.c_str(), file.c_str()) != 0) failed = errno;
  if (failed == 0) return {};
  ::unlink(fresh.c_str());
  return fail(std::strerror(failed));
}

Result<std::string> make_text(const Json& body) {
  std::string text;
  for (const auto& note : body.value("notes", Json::array())) {
    text += "# " + make_printable(note.is_string() ? note.get<std::string>() : "") + "\n";
  }
  for (const auto& document : body.value("documents", Json::array())) {
    const auto yaml = config::make_yaml_document(document.dump());
    if (!yaml) return yaml.error();
    text += "---\n" + *yaml;
  }
  return text;
}

}  // namespace

int run_export(const Node& node, const ExportOptions& options) {
  std::string kinds;
  for (const auto& word : options.kinds) {
    const auto* kind = find_kind(word);
    if (!kind) return refuse_kind(node, word);
    kinds += (kinds.empty() ? "" : ",") + std::string(kind->singular);
  }
  const auto answer = options.with_secrets
                          ? node.ask("POST", "/admin/v1/export/secrets",
                                     kinds.empty() ? Json::object() : Json{{"kinds", kinds}})
                          : node.ask("GET", make_path("/admin/v1/export", {{"kinds", kinds}}));
  if (!answer || !answer->ok()) return node.refuse(answer);
  const auto text = node.options().json ? Result(dump_json(answer->body)) : make_text(answer->body);
  if (!text) return node.refuse(text.error());
  if (options.file.empty()) {
    node.surroundings().out << *text;
    return kExitOk;
  }
  if (auto written = write_file(options.file, *text); !written) {
    return node.refuse(written.error());
  }
  return kExitOk;
}

}  // namespace sluice::cli
