// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the tests of the backend share: instances of components that are made in the test itself.

#include "loader/registry.hpp"

#include <sluice/abilities.h>

#include <cstdlib>
#include <memory>
#include <string_view>

namespace sluice::dataservice {

inline constexpr sluice_dialect kTestDialect{sizeof(sluice_dialect), SLUICE_PLACEHOLDER_QUESTION,
                                             SLUICE_LIMIT_OFFSET,    0,
                                             SLUICE_STR("\""),       SLUICE_STR("\"")};

class NoServices final : public loader::HostServices {
 public:
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

inline std::shared_ptr<loader::Instance> make_instance(const sluice_component& component) {
  static NoServices services;
  auto made = loader::Instance::make(component, "test", "{}", services);
  if (!made || !(*made)->start()) std::abort();  // a wrong test
  return std::move(*made);
}

}  // namespace sluice::dataservice
