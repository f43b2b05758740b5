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

std::vector<std::string> list_workspaces_bound(const model::State& state, std::string_view region,
                                               std::string_view rest_api) {
  std::vector<std::string> workspaces;
  for (const auto& [id, workflow] : state.workflows.all()) {
    if (workflow.rest_api != rest_api) continue;
    const auto* workspace = state.workspaces.find(workflow.workspace);
    if (!workspace || workspace->region != region) continue;
    if (std::ranges::find(workspaces, workspace->name) == workspaces.end()) {
      workspaces.push_back(workspace->name);
    }
  }
  return workspaces;
}

Owner owner_of(const model::Workspace& w, const model::State&) { return {{w.name}}; }
Owner owner_of(const model::DataSource& s, const model::State&) { return {{s.workspace}}; }
Owner owner_of(const model::GatewayInstance&, const model::State&) { return {{}, true}; }
Owner owner_of(const model::Network&, const model::State&) { return {{}, true}; }
Owner owner_of(const model::Domain&, const model::State&) { return {{}, true}; }
Owner owner_of(const model::BackendService&, const model::State&) { return {{}, true}; }
// Those that may choose it for their APIs (R093).
Owner owner_of(const model::ResourceGroup& g, const model::State&) { return {g.workspaces}; }
Owner owner_of(const model::PublishRecord& r, const model::State& state) {
  return of_api(r.api_id, state);
}
// Names are taken once in a region (R050), and a workflow of any workspace may be bound to it
// (R063).
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
                            : Owner{list_workspaces_bound(state, a.region, a.rest_api)};
}
Owner owner_of(const model::TestRecord& r, const model::State& state) {
  return of_api(r.api_id, state);
}
Owner owner_of(const model::Member& m, const model::State&) {
  return m.workspace == model::kEveryWorkspace ? Owner{} : Owner{{m.workspace}};
}
Owner owner_of(const model::Token&, const model::State&) { return {}; }

}  // namespace sluice::studio
