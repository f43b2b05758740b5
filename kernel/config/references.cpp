// SPDX-License-Identifier: Apache-2.0
#include "config/references.hpp"

#include "config/read_file.hpp"

#include <cstdlib>
#include <optional>

namespace sluice::config {

namespace {

constexpr std::size_t kSecretBytesMax = 64u << 10;

struct Resolver {
  const std::filesystem::path& folder;
  Faults& faults;

  std::optional<std::string> look_up(std::string_view kind, const std::string& name, int line) {
    if (kind == "env") {
      if (const char* value = std::getenv(name.c_str())) return value;
      faults.add(line, "", "${env:" + name + "}: the environment has no variable of that name");
      return std::nullopt;
    }
    auto bytes = read_file(folder / name, kSecretBytesMax);
    if (!bytes) {
      faults.add(line, "", "${file:" + name + "}: " + bytes.error().detail);
      return std::nullopt;
    }
    if (bytes->ends_with('\n')) bytes->pop_back();
    if (bytes->ends_with('\r')) bytes->pop_back();
    return std::move(*bytes);
  }

  void resolve(YamlNode& node) {
    for (auto& item : node.items) resolve(item);
    for (auto& member : node.members) resolve(member.value);
    if (node.text.find("${") == std::string::npos) return;

    std::string made;
    bool changed = false;
    for (std::string_view rest = node.text; !rest.empty();) {
      const auto at = rest.find("${");
      const std::string_view tail = at == rest.npos ? std::string_view() : rest.substr(at + 2);
      const auto end = tail.find('}');
      const std::string_view kind = tail.substr(0, tail.find(':'));
      if (at == rest.npos || end == tail.npos || kind.size() > end ||
          (kind != "env" && kind != "file")) {
        const auto length = at == rest.npos ? rest.size() : at + 2;
        made += rest.substr(0, length);
        rest.remove_prefix(length);
        continue;
      }
      if (at > 0 && rest[at - 1] == '$') {  // escaped
        made.append(rest.substr(0, at - 1)).append(rest.substr(at, end + 3));
      } else {
        made += rest.substr(0, at);
        const std::string name(tail.substr(kind.size() + 1, end - kind.size() - 1));
        const auto value = look_up(kind, name, node.line);
        // What cannot be had keeps its text, so that no second fault follows from it.
        made += value ? *value : std::string(rest.substr(at, end + 3));
        node.is_resolved = true;
      }
      changed = true;
      rest.remove_prefix(at + end + 3);
    }
    if (changed) node.text = std::move(made);
  }
};

}  // namespace

void resolve_references(YamlNode& node, const std::filesystem::path& folder, Faults& faults) {
  Resolver{folder, faults}.resolve(node);
}

}  // namespace sluice::config
