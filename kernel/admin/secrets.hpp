// SPDX-License-Identifier: Apache-2.0
#pragma once
// SecretSettings: keeps secrets out of what the management API tells. A component's schema marks
// them (`"format": "password"` or `"x-sluice-secret": true`); they are told as kSecretMask, and a
// document that was read and is written back keeps what is stored. Inside this room only.

#include "admin/shapes.hpp"
#include "loader/registry.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::admin {

inline constexpr std::string_view kSecretMask = "********";

class SecretSettings {
 public:
  explicit SecretSettings(const std::vector<loader::PluginReport>& plugins);
  // Masks nothing: for an export that is asked for its secrets.
  static SecretSettings make_open();

  // Settings as they may be told. Those of a component that is not loaded have no schema: every
  // value is masked.
  Json mask(std::string_view kind, std::string_view type, const std::string& settings_json) const;

  // The settings to store, given those to replace (empty: none). A mask with nothing stored at its
  // place is a fault.
  static std::string unmask(const Json& settings, const std::string& stored_json,
                            const std::string& where, model::Faults& faults);

 private:
  bool is_open_ = false;
  std::map<std::pair<std::string, std::string>, Json> schemas_;  // by kind and type
};

}  // namespace sluice::admin
