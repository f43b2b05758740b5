// SPDX-License-Identifier: Apache-2.0
#include "config/documents.hpp"

#include "config/faults.hpp"
#include "config/read_file.hpp"
#include "config/references.hpp"
#include "config/yaml_tree.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::config {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kFileBytesMax = 8u << 20;
constexpr std::size_t kFilesMax = 1'000;
constexpr YamlLimits kYamlLimits{
    .bytes = kFileBytesMax, .nodes = 1'000'000, .expanded_bytes = 32u << 20, .depth = 64};

struct ToJson {
  Json operator()(std::monostate) const { return nullptr; }
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
};

Json to_json(const YamlNode& node) {
  Json json;
  switch (node.kind) {
    case YamlNode::Kind::kScalar:
      return std::visit(ToJson{}, to_value(node));
    case YamlNode::Kind::kSequence:
      json = Json::array();
      for (const auto& item : node.items) json.push_back(to_json(item));
      return json;
    case YamlNode::Kind::kMap:
      json = Json::object();
      // push_back, not operator[]: the latter looks for the key first, and keys are unique here.
      for (const auto& member : node.members) {
        json.push_back(Json::object_t::value_type(member.key, to_json(member.value)));
      }
      return json;
  }
  return json;
}

std::string read_word(const YamlNode& document, const char* key, Faults& faults) {
  const YamlMember* member = document.find(key);
  if (!member) {
    faults.add(document.line, "", std::string("the document has no ") + key);
    return {};
  }
  if (member->value.kind != YamlNode::Kind::kScalar || member->value.text.empty()) {
    faults.add(member->line, key, "must be text");
    return {};
  }
  return member->value.text;
}

void read_document(YamlNode node, std::vector<Document>& documents, Faults& faults) {
  if (node.kind == YamlNode::Kind::kScalar &&
      std::holds_alternative<std::monostate>(to_value(node))) {
    return;  // nothing between two "---"
  }
  if (node.kind != YamlNode::Kind::kMap) {
    faults.add(node.line, "", "must be a document {kind: ..., name: ...}, or a list of them");
    return;
  }
  Document document;
  document.kind = read_word(node, "kind", faults);
  document.name = read_word(node, "name", faults);
  document.file = faults.file();
  document.line = node.line;
  try {
    document.json = to_json(node).dump();
  } catch (const Json::exception&) {
    faults.add(node.line, "", "holds text that is not UTF-8");
  }
  document.tree = std::make_shared<const YamlNode>(std::move(node));
  documents.push_back(std::move(document));
}

void read_text(std::string_view text, std::vector<Document>& documents, Faults& faults) {
  auto roots = parse_yaml(text, kYamlLimits, faults);
  const fs::path folder = fs::path(faults.file()).parent_path();
  for (auto& root : roots) {
    resolve_references(root, folder, faults);
    if (root.kind != YamlNode::Kind::kSequence) {
      read_document(std::move(root), documents, faults);
      continue;
    }
    for (auto& item : root.items) read_document(std::move(item), documents, faults);
  }
}

void add_error(Error& all, const Error& more) {
  if (all.where.empty()) all.where = more.where;
  if (!all.detail.empty()) all.detail += '\n';
  all.detail += more.detail;
}

// The files that a path stands for.
Result<std::vector<fs::path>> list_files(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector{path};
  std::vector<fs::path> files;
  for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const auto extension = it->path().extension();
    if (extension != ".yaml" && extension != ".yml" && extension != ".json") continue;
    files.push_back(it->path());
    if (files.size() > kFilesMax) {
      return Error{SLUICE_E_TOO_LARGE,
                   path.string() + ": holds more than " + std::to_string(kFilesMax) + " files",
                   {},
                   path.string()};
    }
  }
  if (error) {
    return Error{SLUICE_E_UNAVAILABLE,
                 path.string() + ": the directory cannot be read: " + error.message(),
                 {},
                 path.string()};
  }
  std::sort(files.begin(), files.end());
  return files;
}

// "a~1b" -> "a/b"
std::string unescape_pointer(std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const bool is_escape = part[i] == '~' && i + 1 < part.size();
    text += is_escape ? (part[i + 1] == '1' ? '/' : '~') : part[i];
    if (is_escape) ++i;
  }
  return text;
}

}  // namespace

int Document::find_line(std::string_view pointer) const {
  int found = line;
  const YamlNode* node = tree.get();
  while (node && pointer.starts_with('/')) {
    pointer.remove_prefix(1);
    const auto part = unescape_pointer(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(std::min(pointer.find('/'), pointer.size()));
    const YamlNode* next = nullptr;
    if (const auto* member = node->find(part)) {
      next = &member->value;
      found = member->line;
    } else if (node->kind == YamlNode::Kind::kSequence && !part.empty() && part.size() < 9 &&
               part.find_first_not_of("0123456789") == std::string::npos) {
      const auto index = std::stoul(part);
      if (index < node->items.size()) {
        next = &node->items[index];
        found = next->line;
      }
    }
    node = next;
  }
  return found;
}

Result<std::vector<Document>> parse_documents(std::string_view text, std::string_view file_name) {
  Faults faults{std::string(file_name)};
  std::vector<Document> documents;
  read_text(text, documents, faults);
  if (!faults.empty()) return faults.to_error();
  return documents;
}

Result<std::vector<Document>> load_documents(const std::vector<fs::path>& paths) {
  std::vector<Document> documents;
  Error all{SLUICE_E_CONFIG, {}, {}, {}};
  for (const auto& path : paths) {
    auto files = list_files(path);
    if (!files) {
      add_error(all, files.error());
      continue;
    }
    for (const auto& file : *files) {
      auto text = read_file(file, kFileBytesMax);
      if (!text) {
        add_error(all, {SLUICE_E_CONFIG, file.string() + ": " + text.error().detail, {}, file});
        continue;
      }
      auto read = parse_documents(*text, file.string());
      if (!read) {
        add_error(all, read.error());
        continue;
      }
      std::move(read->begin(), read->end(), std::back_inserter(documents));
    }
  }
  if (!all.detail.empty()) return all;
  return documents;
}

}  // namespace sluice::config
