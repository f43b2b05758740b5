// SPDX-License-Identifier: Apache-2.0
#include "admin/diff.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {
namespace {

struct Place {
  std::string pointer, label;
  Place member(const std::string& name) const {
    return {pointer + "/" + escape_pointer(name), label.empty() ? name : label + "." + name};
  }
  Place item(std::size_t index, const std::string& name) const {
    return {pointer + "/" + std::to_string(index), label + "." + name};
  }
};

using Index = std::map<std::string, std::size_t, std::less<>>;

// Names of a list's items and where they stand; absent when an item has none of its own.
std::optional<Index> index_by_name(const Json& list) {
  Index index;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto name = list[i].is_object() ? list[i].find("name") : list[i].end();
    if (!list[i].is_object() || name == list[i].end() || !name->is_string()) return {};
    if (!index.emplace(name->get<std::string>(), i).second) return {};
  }
  return index;
}

class Comparison {
 public:
  void compare(const Json& from, const Json& to, const Place& place) {
    if (from == to) return;
    if (from.is_object() && to.is_object()) return compare_members(from, to, place);
    if (from.is_array() && to.is_array()) return compare_items(from, to, place);
    change(from, to, place);
  }

  Json take() {
    const bool equal = added_.empty() && removed_.empty() && changed_.empty();
    Json diff = {{"equal", equal},
                 {"added", std::move(added_)},
                 {"removed", std::move(removed_)},
                 {"changed", std::move(changed_)}};
    if (told_ > kDifferencesMax) diff["left_out"] = told_ - kDifferencesMax;
    return diff;
  }

 private:
  void compare_members(const Json& from, const Json& to, const Place& place) {
    for (const auto& [name, value] : from.items()) {
      const auto other = to.find(name);
      if (other == to.end()) {
        add(removed_, value, place.member(name));
      } else {
        compare(value, *other, place.member(name));
      }
    }
    for (const auto& [name, value] : to.items()) {
      if (!from.contains(name)) add(added_, value, place.member(name));
    }
  }

  void compare_items(const Json& from, const Json& to, const Place& place) {
    const auto before = index_by_name(from), after = index_by_name(to);
    if (!before || !after) return change(from, to, place);
    Json order_before = Json::array(), order_after = Json::array();  // of those in both
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto& name = from[i]["name"].get_ref<const std::string&>();
      if (after->contains(name)) {
        order_before.push_back(name);
      } else {
        add(removed_, from[i], place.item(i, name));
      }
    }
    for (std::size_t i = 0; i < to.size(); ++i) {
      const auto& name = to[i]["name"].get_ref<const std::string&>();
      const auto it = before->find(name);
      if (it == before->end()) {
        add(added_, to[i], place.item(i, name));
      } else {
        order_after.push_back(name);
        compare(from[it->second], to[i], place.item(i, name));
      }
    }
    if (order_before != order_after) {
      change(order_before, order_after, {place.pointer, place.label + " (order)"});
    }
  }

  void add(Json& list, const Json& value, const Place& place) {
    if (++told_ > kDifferencesMax) return;
    list.push_back({{"pointer", place.pointer}, {"label", place.label}, {"value", value}});
  }
  void change(const Json& from, const Json& to, const Place& place) {
    if (++told_ > kDifferencesMax) return;
    changed_.push_back(
        {{"pointer", place.pointer}, {"label", place.label}, {"from", from}, {"to", to}});
  }

  Json added_ = Json::array(), removed_ = Json::array(), changed_ = Json::array();
  std::size_t told_ = 0;
};

}  // namespace

Json make_diff(const Json& from, const Json& to) {
  Comparison comparison;
  comparison.compare(from, to, {});
  return comparison.take();
}

}  // namespace sluice::admin
