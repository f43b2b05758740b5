// SPDX-License-Identifier: Apache-2.0
#pragma once
// Host and Settings: what an instance sees of the gateway when it is made.

#include <sluice/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// The gateway as one instance sees it: a log under its name, and offers beside the core. A borrowed
// handle that is valid until the instance is destroyed. [any]
class Host {
 public:
  explicit Host(const sluice_host* host) noexcept : host_(host) {}

  std::string_view instance() const noexcept { return to_view(host_->instance); }
  void debug(std::string_view text) const noexcept { host_->log(host_, 1, to_str(text)); }
  void info(std::string_view text) const noexcept { host_->log(host_, 2, to_str(text)); }
  void warn(std::string_view text) const noexcept { host_->log(host_, 3, to_str(text)); }
  void error(std::string_view text) const noexcept { host_->log(host_, 4, to_str(text)); }

  // A table of sluice/abilities.h, or nullptr when this gateway has none.
  template <class Table>
  const Table* find_extension(const char* id) const noexcept {
    return static_cast<const Table*>(host_->extension(host_, id));
  }
  const sluice_host* raw() const noexcept { return host_; }

 private:
  const sluice_host* host_;
};

// Settings of an instance, checked against its schema before it sees them. Valid in make() only:
// copy what you keep. A node that is absent answers with the default given. [ctl]
class Settings {
 public:
  enum class Type { kNull, kBool, kInteger, kNumber, kString, kArray, kObject };

  Settings(const sluice_host* host, const sluice_node* node, std::string where = {})
      : host_(host), node_(node), where_(std::move(where)) {}

  bool has_value() const noexcept { return node_ != nullptr; }
  Type type() const noexcept {
    return node_ ? static_cast<Type>(host_->node_type(node_)) : Type::kNull;
  }
  Settings operator[](std::string_view key) const {
    return {host_, node_ ? host_->node_member(node_, to_str(key)) : nullptr,
            where_ + "/" + std::string(key)};
  }
  std::string text(std::string_view otherwise = {}) const {
    return std::string(node_ ? to_view(host_->node_text(node_)) : otherwise);
  }
  std::int64_t integer(std::int64_t otherwise = 0) const noexcept {
    return node_ ? host_->node_int(node_) : otherwise;
  }
  bool boolean(bool otherwise = false) const noexcept {
    return node_ ? host_->node_int(node_) != 0 : otherwise;
  }
  double number(double otherwise = 0) const noexcept {
    return node_ ? host_->node_num(node_) : otherwise;
  }
  // visit(key, child) for members (in key order) and items (key empty).
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t i = 0, n = node_ ? host_->node_count(node_) : 0; i < n; ++i) {
      sluice_str key{nullptr, 0};
      const sluice_node* child = host_->node_item(node_, i, &key);
      visit(to_view(key),
            Settings{host_, child,
                     where_ + "/" + (key.p ? std::string(to_view(key)) : std::to_string(i))});
    }
  }
  // "This setting is wrong": an Error that points at it.
  Error error(std::string why) const { return {SLUICE_E_CONFIG, std::move(why), {}, where_}; }
  const std::string& where() const noexcept { return where_; }

 private:
  const sluice_host* host_;
  const sluice_node* node_;
  std::string where_;
};

}  // namespace v1
}  // namespace sluice
