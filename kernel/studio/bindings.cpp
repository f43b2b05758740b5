// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"
#include "studio/permissions.hpp"

#include <algorithm>

namespace sluice::studio {
namespace {

Error refuse(std::string detail) { return {SLUICE_E_FORBIDDEN, std::move(detail), {}, {}}; }

std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

// The others that are bound have to let him.
Result<void> check_others(const Access& access, const std::vector<std::string>& bound,
                          const std::string& workspace, const std::string& rest_api) {
  for (const auto& other : bound) {
    if (other == workspace || access.may(Permission::kEditRestApis, other)) continue;
    return refuse(
        "REST API " + quote(rest_api) + " is that of " +
        (access.is_member(other) ? "workspace " + quote(other) : std::string("another workspace")) +
        " (R063), and binding to it takes 'rest-api.edit' there too: name another REST API, or "
        "have it bound by somebody who holds that in both");
  }
  return {};
}

// Whoever may call all of the REST API may call what this workspace publishes there.
Result<void> check_callers(const Access& access, const model::State& before,
                           const model::RestApi& rest_api, const std::string& workspace) {
  for (const auto& [key, granted] : before.authorizations.all()) {
    if (granted.rest_api != rest_api.name || granted.region != rest_api.region) continue;
    const auto* consumer = before.consumers.find(granted.consumer);
    if (consumer && consumer->workspace == workspace) continue;
    if (!access.sees(owner_of(granted, before))) {
      return refuse("REST API " + quote(rest_api.name) +
                    " was granted as a whole to consumers that you do not see, and they could call "
                    "what this workspace publishes there: name another REST API, or have a member "
                    "of every workspace bind it or revoke that");
    }
    if (access.may(Permission::kManageConsumers, workspace)) continue;
    return refuse("consumer " + quote(granted.consumer) + " may call all of REST API " +
                  quote(rest_api.name) + ", and so what workspace " + quote(workspace) +
                  " publishes there: have it bound by somebody with 'consumer.manage' in " +
                  quote(workspace) + ", or that authorization revoked");
  }
  return {};
}

}  // namespace

Result<void> check_bindings(const Access& access, const model::State& before,
                            const model::State& after) {
  if (access.is_node()) return {};
  for (const auto& [id, workflow] : after.workflows.all()) {
    if (before.workflows.find(id)) continue;
    const auto* rest_api = model::find_rest_api(after, workflow);
    if (!rest_api) continue;
    const auto were = list_workspaces_bound(before, rest_api->region, rest_api->name);
    if (std::ranges::find(were, workflow.workspace) != were.end()) continue;
    const auto are = list_workspaces_bound(after, rest_api->region, rest_api->name);
    if (auto may = check_others(access, are, workflow.workspace, rest_api->name); !may) return may;
    if (auto may = check_callers(access, before, *rest_api, workflow.workspace); !may) return may;
  }
  return {};
}

}  // namespace sluice::studio
