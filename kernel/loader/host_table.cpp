// SPDX-License-Identifier: Apache-2.0
#include "loader/host_table.hpp"

#include "config/settings_tree.hpp"

namespace sluice::loader {

namespace {

using Tree = config::SettingsTree;

constexpr std::size_t kErrorBytesMax = 4'096;

// sluice_node is the settings tree's node behind an opaque name.
const Tree::Node* to_node(const sluice_node* node) noexcept {
  return reinterpret_cast<const Tree::Node*>(node);
}
const sluice_node* to_raw(const Tree::Node* node) noexcept {
  return reinterpret_cast<const sluice_node*>(node);
}

void fail(sluice_err* err, Status status, sluice_str where, sluice_str text) noexcept try {
  if (!err) return;
  auto& place = *reinterpret_cast<ErrorPlace*>(err);
  place.status = status;
  place.where = to_view(where).substr(0, kErrorBytesMax);
  place.text = to_view(text).substr(0, kErrorBytesMax);
} catch (...) {
  // No memory for the text: the status that create() returns tells enough.
}

std::int32_t node_type(const sluice_node* node) noexcept {
  return static_cast<std::int32_t>(Tree::type(to_node(node)));
}
std::size_t node_count(const sluice_node* node) noexcept { return Tree::count(to_node(node)); }
const sluice_node* node_member(const sluice_node* node, sluice_str key) noexcept {
  return to_raw(Tree::find_member(to_node(node), to_view(key)));
}
const sluice_node* node_item(const sluice_node* node, std::size_t i,
                             sluice_str* key_or_null) noexcept {
  std::string_view key;
  const auto* item = Tree::item(to_node(node), i, &key);
  if (key_or_null) *key_or_null = to_str(key);
  return to_raw(item);
}
std::int64_t node_int(const sluice_node* node) noexcept { return Tree::integer(to_node(node)); }
double node_num(const sluice_node* node) noexcept { return Tree::number(to_node(node)); }
sluice_str node_text(const sluice_node* node) noexcept { return to_str(Tree::text(to_node(node))); }

}  // namespace

sluice_host make_host_table(LogFn log, ExtensionFn extension) noexcept {
  return {sizeof(sluice_host),
          SLUICE_ABI_MAJOR,
          SLUICE_ABI_MINOR,
          0,
          SLUICE_STR(SLUICE_VERSION),
          SLUICE_STR(""),
          extension,
          log,
          &fail,
          &node_type,
          &node_count,
          &node_member,
          &node_item,
          &node_int,
          &node_num,
          &node_text};
}

}  // namespace sluice::loader
