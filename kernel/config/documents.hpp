// SPDX-License-Identifier: Apache-2.0
#pragma once
// Documents: the resource files of `sluice apply`. Read from YAML (or JSON) and handed on as JSON
// text; what a kind may hold is for the management API to say.

#include <sluice/result.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

struct YamlNode;

struct Document {
  std::string kind, name;
  std::string json;  // the whole document, with kind and name
  std::string file;  // where it stands
  int line = 1;
  std::shared_ptr<const YamlNode> tree;  // what knows its lines

  // Where the value at a JSON pointer stands, or the nearest one above it.
  int find_line(std::string_view pointer) const;
};

// A path is a file, or a directory: its *.yaml, *.yml and *.json, sorted by name, not its
// subdirectories. A file holds documents separated by "---", lists of documents, or both. All
// faults of all files come in one Error.
Result<std::vector<Document>> load_documents(const std::vector<std::filesystem::path>& paths);
Result<std::vector<Document>> parse_documents(std::string_view text, std::string_view file_name);

}  // namespace sluice::config
