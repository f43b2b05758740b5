// SPDX-License-Identifier: Apache-2.0
// Which authenticator an API names is between it and the plugins that are loaded.
#include "studio/edit_parts.hpp"

#include <algorithm>

namespace sluice::studio {

std::optional<model::Fault> find_authenticator_fault(const LowerFloor& lower_floor,
                                                     const model::ApiDefinition& definition) {
  const auto& type = definition.authentication.type;
  if (type.empty()) return std::nullopt;
  const auto loaded = lower_floor.list_authenticators();
  if (std::ranges::find(loaded, type) != loaded.end()) return std::nullopt;
  std::string names;
  for (const auto& name : loaded) names += (names.empty() ? "" : ", ") + name;
  return model::Fault{
      "/authentication/type",
      {},
      "no authenticator " + quote(type) + " is loaded",
      (names.empty() ? std::string("load") : "write one of " + names + ", or load") +
          " its plugin: plugins.load in the node file, then restart"};
}

}  // namespace sluice::studio
