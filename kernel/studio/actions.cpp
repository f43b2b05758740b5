// SPDX-License-Identifier: Apache-2.0
#include "studio/actions.hpp"

#include "studio/studio.hpp"

namespace sluice::studio {

std::vector<std::string_view> list_actions(const model::State& state, const model::Api& api,
                                           std::string_view actor) {
  if (!is_visible(api, actor)) return {};
  std::vector<std::string_view> actions = {"edit", "clone", "move"};
  if (find_faults(api.draft).empty() && find_missing(api.draft).empty()) {
    actions.push_back("test");
    if (api.tested_revision == api.draft_revision) actions.push_back("submit");
  }
  if (list_deployments(state, api.id).empty()) actions.push_back("delete");
  return actions;
}

std::vector<std::string_view> list_actions(const model::State& state,
                                           const model::ApiVersion& version,
                                           std::string_view actor) {
  std::vector<std::string_view> actions = {"test"};
  switch (version.status) {
    case model::VersionStatus::kToBeRequested:
    case model::VersionStatus::kRejected:
      actions.push_back("request");
      break;
    case model::VersionStatus::kUnderApproval: {
      const auto* api = state.apis.find(version.api_id);
      const auto* workspace = api ? state.workspaces.find(api->workspace) : nullptr;
      const bool is_own = version.requested_by == actor || version.submitted_by == actor;
      if (version.requested_by == actor) actions.push_back("withdraw");
      if (!is_own || (workspace && workspace->allows_self_approval)) actions.push_back("approve");
      actions.push_back("reject");
      break;
    }
    case model::VersionStatus::kCanBePublished:
      actions.push_back("publish");
      break;
  }
  if (!list_instances(state, version).empty()) actions.push_back("undeploy");
  return actions;
}

std::vector<std::string_view> list_instances(const model::State& state,
                                             const model::ApiVersion& version) {
  std::vector<std::string_view> instances;
  for (const auto* deployment : list_deployments(state, version.api_id)) {
    if (deployment->version == version.number) instances.push_back(deployment->instance);
  }
  return instances;
}

bool is_told(const model::Api& api, std::string_view actor) {
  return is_visible(api, actor) || api.last_version != 0;
}

}  // namespace sluice::studio
