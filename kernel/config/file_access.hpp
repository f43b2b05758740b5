// SPDX-License-Identifier: Apache-2.0
#pragma once
// FileAccess: which files of this machine the settings of components may name. Whoever may save a
// data source chooses its settings; the process that opens what they name reads much that is
// nobody's data: its own store, its keys. The composition root makes one from the node file;
// Instances and the lower floor ask it before a component sees its settings.

#include <sluice/result.hpp>

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::config {

class FileAccess {
 public:
  using Paths = std::vector<std::filesystem::path>;

  FileAccess() = default;  // every file
  // `own`: files of the node, never to be named. `directories`: where files have to lie that a
  // setting names which its schema marks ("x-sluice-file": true); absent: anywhere.
  FileAccess(Paths own, std::optional<Paths> directories)
      : own_(std::move(own)), directories_(std::move(directories)) {}

  // CONFIG, with the pointer of the setting. One text for every reason: whether there is a file
  // must not show. Names are followed to the file itself, through links. [any]
  Result<void> check(std::string_view settings_json, std::string_view schema_json) const;

 private:
  bool is_own(const std::filesystem::path& path) const;
  bool is_in_directories(const std::filesystem::path& path) const;

  Paths own_;
  std::optional<Paths> directories_;
};

}  // namespace sluice::config
