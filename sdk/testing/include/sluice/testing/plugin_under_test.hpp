// SPDX-License-Identifier: Apache-2.0
#pragma once
// Loading a plugin the way a gateway does, and one instance of a component of it.

#include <sluice/testing/fake_host.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace sluice::testing {

// Opens a plugin file and asks for its table. It stays loaded, as in the gateway.
Result<const sluice_plugin*> load_plugin(const std::string& file);

// The component of a kind (SLUICE_KIND_*) and type, or nullptr.
const sluice_component* find_component(const sluice_plugin& plugin, std::uint32_t kind,
                                       std::string_view type);

// An instance, ended in the order of the contract: drain, stop, destroy.
class TestInstance {
 public:
  static Result<std::unique_ptr<TestInstance>> make(const sluice_component& component,
                                                    FakeHost& host, std::string_view settings_json);
  ~TestInstance();
  TestInstance(const TestInstance&) = delete;
  TestInstance& operator=(const TestInstance&) = delete;

  Result<void> start();
  Result<void> check_health();

  const sluice_component& component() const noexcept { return component_; }
  void* self() const noexcept { return self_; }

  Status authenticate(sluice_op* op, sluice_auth_out* out) const;
  Status execute(sluice_op* op, const sluice_query* query, sluice_rows* rows) const;

  // An ability by its id, or nullptr.
  template <class Ability>
  const Ability* find_ability(const char* id) const {
    if (!SLUICE_HAS(&component_, extension)) return nullptr;
    return static_cast<const Ability*>(component_.extension(self_, id));
  }

 private:
  TestInstance(const sluice_component& component, void* self) noexcept
      : component_(component), self_(self) {}

  const sluice_component& component_;
  void* self_;
};

}  // namespace sluice::testing
