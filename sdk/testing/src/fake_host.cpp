// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/fake_host.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::testing {

// One node of settings, taken apart beforehand: the table's functions get a node and nothing else.
struct FakeHost::Node {
  std::int32_t type = 0;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> children;

  static std::unique_ptr<Node> make(const nlohmann::json& json) {
    auto node = std::make_unique<Node>();
    node->text = json.is_string() ? json.get<std::string>() : json.dump();
    if (json.is_boolean()) {
      node->type = 1;
      node->integer = json.get<bool>();
    } else if (json.is_number_integer()) {
      node->type = 2;
      node->integer = json.get<std::int64_t>();
      node->number = json.get<double>();
    } else if (json.is_number()) {
      node->type = 3;
      node->number = json.get<double>();
    } else if (json.is_string()) {
      node->type = 4;
    } else if (json.is_array()) {
      node->type = 5;
      for (const auto& item : json) node->children.emplace_back("", make(item));
    } else if (json.is_object()) {
      node->type = 6;
      for (const auto& [key, member] : json.items()) node->children.emplace_back(key, make(member));
    }
    return node;
  }

  static const Node* of(const sluice_node* node) { return reinterpret_cast<const Node*>(node); }
  const sluice_node* raw() const { return reinterpret_cast<const sluice_node*>(this); }
};

struct FakeHost::Table : sluice_host {
  FakeHost* owner = nullptr;

  static FakeHost& of(const sluice_host* host) { return *static_cast<const Table*>(host)->owner; }

  static const void* find_extension(const sluice_host* host, const char* id) {
    for (const auto& [offered, table] : of(host).extensions_) {
      if (offered == id) return table;
    }
    return nullptr;
  }
  static void take_log(const sluice_host* host, std::int32_t level, sluice_str text) {
    const std::lock_guard lock(of(host).mutex_);
    of(host).log_.push_back({level, std::string(to_view(text))});
  }
  static void take_failure(sluice_err* place, sluice_status status, sluice_str where,
                           sluice_str text) {
    reinterpret_cast<ErrorPlace*>(place)->error = {
        status, std::string(to_view(text)), {}, std::string(to_view(where))};
  }
  static const sluice_node* find_member(const sluice_node* node, sluice_str key) {
    for (const auto& [name, child] : Node::of(node)->children) {
      if (Node::of(node)->type == 6 && name == to_view(key)) return child->raw();
    }
    return nullptr;
  }
  static const sluice_node* find_item(const sluice_node* node, std::size_t i, sluice_str* key) {
    const auto& children = Node::of(node)->children;
    if (i >= children.size()) return nullptr;
    if (key) {
      *key = Node::of(node)->type == 6 ? to_str(children[i].first) : sluice_str{nullptr, 0};
    }
    return children[i].second->raw();
  }
  static std::int32_t add_to_pass(const sluice_host* host, void (*fn)(void*), void* user) {
    auto& pass = of(host).pass_;
    if (pass.callbacks_.size() >= pass.room_) return 0;
    pass.callbacks_.push_back({fn, user});
    return 1;
  }
};

void RecordingPass::end() {
  for (const auto& [fn, user] : std::exchange(callbacks_, {})) fn(user);
  ++passes_ended_;
}

FakeHost::FakeHost(std::string instance)
    : instance_(std::move(instance)), table_(std::make_unique<Table>()) {
  static constexpr std::string_view kVersion = "0.0.0-testing";
  table_->size = sizeof(sluice_host);
  table_->abi_major = SLUICE_ABI_MAJOR;
  table_->abi_minor = SLUICE_ABI_MINOR;
  table_->version = to_str(kVersion);
  table_->instance = to_str(instance_);
  table_->extension = &Table::find_extension;
  table_->log = &Table::take_log;
  table_->fail = &Table::take_failure;
  table_->node_type = [](const sluice_node* node) { return Node::of(node)->type; };
  table_->node_count = [](const sluice_node* node) { return Node::of(node)->children.size(); };
  table_->node_member = &Table::find_member;
  table_->node_item = &Table::find_item;
  table_->node_int = [](const sluice_node* node) { return Node::of(node)->integer; };
  table_->node_num = [](const sluice_node* node) { return Node::of(node)->number; };
  table_->node_text = [](const sluice_node* node) { return to_str(Node::of(node)->text); };
  table_->owner = this;
}

FakeHost::~FakeHost() = default;

const sluice_host* FakeHost::raw() const noexcept { return table_.get(); }

const sluice_node* FakeHost::make_settings(std::string_view json) {
  settings_.push_back(Node::make(nlohmann::json::parse(json)));
  return settings_.back()->raw();
}

RecordingPass& FakeHost::offer_pass() {
  static constexpr sluice_io_pass kPass{sizeof(sluice_io_pass), 0, &Table::add_to_pass};
  offer(SLUICE_IO_PASS_ID, &kPass);
  return pass_;
}

void FakeHost::offer(std::string id, const void* table) {
  extensions_.emplace_back(std::move(id), table);
}

std::vector<LogLine> FakeHost::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

bool FakeHost::logged(std::string_view part) const {
  const auto lines = log();
  return std::any_of(lines.begin(), lines.end(), [&](const LogLine& line) {
    return line.text.find(part) != std::string::npos;
  });
}

}  // namespace sluice::testing
