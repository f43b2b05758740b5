// SPDX-License-Identifier: Apache-2.0
#include "config/file_access.hpp"

#include <nlohmann/json.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <string>
#include <system_error>

namespace sluice::config {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kDepthMax = 64;

// Where the file is, or would be, every link followed; empty: that cannot be told.
fs::path find_real(const fs::path& path) {
  std::error_code failed;
  const auto real = fs::weakly_canonical(fs::absolute(path, failed), failed);
  if (failed) return {};
  // A link that leads nowhere today is left as it stands.
  for (auto part = real; part.has_relative_path(); part = part.parent_path()) {
    if (fs::is_symlink(part, failed)) return {};
  }
  return real;
}

bool is_same_file(const fs::path& one, const fs::path& other) {
  struct stat a {
  }, b{};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

bool is_below(const fs::path& path, const fs::path& directory) {
  const auto [in_directory, in_path] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return in_directory == directory.end() && in_path != path.end();
}

bool is_marked(const Json& schema) {
  const auto mark = schema.is_object() ? schema.find("x-sluice-file") : schema.end();
  return schema.is_object() && mark != schema.end() && *mark == Json(true);
}

const Json& find_part(const Json& schema, const char* word) {
  static const Json kNone;
  const auto part = schema.is_object() ? schema.find(word) : schema.end();
  return schema.is_object() && part != schema.end() ? *part : kNone;
}

// Calls take(text, is_marked) for each text, with its pointer, until it answers false.
template <class Take>
bool each_text(const Json& value, const Json& schema, std::string& pointer, int depth, Take take) {
  if (depth > kDepthMax) return true;  // the loader refuses what is that deep
  if (value.is_string()) return take(value.get_ref<const std::string&>(), is_marked(schema));
  const auto length = pointer.size();
  const auto go_on = [&](const std::string& step, const Json& item, const Json& part) {
    pointer += "/" + step;
    const bool goes_on = each_text(item, part, pointer, depth + 1, take);
    if (goes_on) pointer.resize(length);
    return goes_on;
  };
  if (value.is_object()) {
    const auto& properties = find_part(schema, "properties");
    for (const auto& [name, item] : value.items()) {
      std::string step;
      for (const char c : name) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
      if (!go_on(step, item, find_part(properties, name.c_str()))) return false;
    }
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (!go_on(std::to_string(i), value[i], find_part(schema, "items"))) return false;
    }
  }
  return true;
}

}  // namespace

bool FileAccess::is_own(const fs::path& path) const {
  const auto real = find_real(path);
  return std::ranges::any_of(own_, [&](const fs::path& own) {
    // By its name too: it may not be there yet.
    return is_same_file(path, own) || (!real.empty() && real == find_real(own));
  });
}

bool FileAccess::is_in_directories(const fs::path& path) const {
  const auto real = find_real(path);
  return !real.empty() && std::ranges::any_of(*directories_, [&](const fs::path& directory) {
    const auto allowed = find_real(directory);
    return !allowed.empty() && is_below(real, allowed);
  });
}

Result<void> FileAccess::check(std::string_view settings_json, std::string_view schema_json) const {
  if (own_.empty() && !directories_) return {};
  const Json settings = Json::parse(settings_json, nullptr, false);
  const Json schema = Json::parse(schema_json, nullptr, false);
  std::string pointer;
  const bool is_right =
      each_text(settings, schema, pointer, 0, [&](const std::string& text, bool names_file) {
        const bool is_no_path =
            text.empty() || text.size() >= PATH_MAX || text.find('\0') != std::string::npos;
        if (is_no_path) return !names_file || !directories_;
        for (const char* head : {"", "file:", "file://"}) {
          if (text.starts_with(head) && is_own(text.substr(std::string_view(head).size()))) {
            return false;
          }
        }
        return !names_file || !directories_ || is_in_directories(text);
      });
  if (is_right) return {};
  return Error{SLUICE_E_CONFIG,
               "this file may not be read here: name one of those that whoever runs the node has "
               "set apart for data",
               {},
               pointer};
}

}  // namespace sluice::config
