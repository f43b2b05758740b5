// SPDX-License-Identifier: Apache-2.0
#include "studio/owners.hpp"

#include <algorithm>

namespace sluice::studio {
namespace {

Owner of_api(const std::string& api_id, const model::State& state) {
  const auto* api = state.apis.find(api_id);
  return api ? Owner{{api->workspace}} : Owner{};
}

}  // namespace

std::vector<std::string> list_workspaces_bound(const model::State& state,
                                               const std::string& rest_api) {
  std::vector<std::string> workspaces;
  for (const auto& [id, workflow] : state.workflows.all()) {
    if (workflow.rest_api != rest_api) continue;
    if (std::ranges::find(workspaces, workflow.workspace) == workspaces.end()) {
      workspaces.push_back(workflow.workspace);
    }
  }
  return workspaces;
}

Owner owner_of(const model::Workspace& w, const model::State&) { return {{w.name}}; }
Owner owner_of(const model::DataSource& s, const model::State&) { return {{s.workspace}}; }
Owner owner_of(const model::GatewayInstance&, const model::State&) { return {{}, true}; }
// Names are taken once for all (R050), and a workflow of any workspace may be bound to it (R063).
Owner owner_of(const model::RestApi&, const model::State&) { return {{}, true}; }
Owner owner_of(const model::Workflow& w, const model::State&) { return {{w.workspace}}; }
Owner owner_of(const model::Api& a, const model::State&) { return {{a.workspace}}; }
Owner owner_of(const model::ApiVersion& v, const model::State& state) {
  return of_api(v.api_id, state);
}
Owner owner_of(const model::Deployment& d, const model::State& state) {
  return of_api(d.api_id, state);
}
// A consumer that is no workspace's own may be granted an API by any of them.
Owner owner_of(const model::Consumer& c, const model::State&) {
  return c.workspace.empty() ? Owner{{}, true} : Owner{{c.workspace}};
}
Owner owner_of(const model::Credential& c, const model::State& state) {
  const auto* consumer = state.consumers.find(c.consumer);
  return consumer && !consumer->workspace.empty() ? Owner{{consumer->workspace}} : Owner{};
}
Owner owner_of(const model::Authorization& a, const model::State& state) {
  return a.rest_api.empty() ? of_api(a.api_id, state)
                            : Owner{list_workspaces_bound(state, a.rest_api)};
}
Owner owner_of(const model::Member& m, const model::State&) {
  return m.workspace == model::kEveryWorkspace ? Owner{} : Owner{{m.workspace}};
}
Owner owner_of(const model::Token&, const model::State&) { return {}; }

}  // namespace sluice::studio
