// SPDX-License-Identifier: Apache-2.0
#pragma once
// SettingsTree: the JSON settings of one plugin instance, bounded, checked against the component's
// schema, and readable node by node, as sluice_host.node_* needs it. The loader makes one for each
// create() and drops it afterwards.

#include <sluice/result.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// "/keys/0/sha256": "must have at least 64 characters, has 2". An empty pointer is the root.
struct SettingsFault {
  std::string pointer;
  std::string what;
};
std::string to_text(const std::vector<SettingsFault>& faults);  // one fault a line

// "" when `schema_text` is a JSON Schema that settings can be checked with, else what is wrong.
std::string find_schema_fault(std::string_view schema_text);

class SettingsTree {
 public:
  class Node;  // lives as long as the tree, at one address
  enum class Type { kNull, kBool, kInteger, kNumber, kString, kArray, kObject };  // as node_type

  // Refuses what is not JSON, a duplicate member, and more than kBytesMax or kDepthMax. Messages
  // never quote the text: it may hold secrets.
  static Result<SettingsTree> parse(std::string_view json);
  static constexpr std::size_t kBytesMax = 1u << 20;
  static constexpr std::size_t kDepthMax = 32;

  SettingsTree(SettingsTree&&) noexcept;
  SettingsTree& operator=(SettingsTree&&) noexcept;
  ~SettingsTree();

  // Every fault, in the order of the settings; empty when they fit.
  std::vector<SettingsFault> check(std::string_view schema_text) const;

  const Node* root() const noexcept;

  // [ctl] One thread at a time for one tree. A null node reads as null.
  static Type type(const Node* node) noexcept;
  static std::size_t count(const Node* node) noexcept;
  static const Node* find_member(const Node* node, std::string_view key) noexcept;
  // nullptr past the end. `key` (may be nullptr) is set for members and cleared for items.
  static const Node* item(const Node* node, std::size_t i, std::string_view* key) noexcept;
  static std::int64_t integer(const Node* node) noexcept;  // bool and integer; otherwise 0
  static double number(const Node* node) noexcept;
  static std::string_view text(const Node* node) noexcept;  // a string's text; otherwise its JSON

 private:
  struct Held;
  explicit SettingsTree(std::unique_ptr<Held> held);
  std::unique_ptr<Held> held_;
};

}  // namespace sluice::config
