// SPDX-License-Identifier: Apache-2.0
#include "admin/guards.hpp"

#include "admin/handlers.hpp"
#include "studio/actions.hpp"

namespace sluice::admin {

Guard open_to_all() {
  Guard guard(std::nullopt, "open", Guard::When::kBeforeBody, {});
  guard.is_open = true;
  return guard;
}

Guard signed_in() { return {std::nullopt, "any token", Guard::When::kBeforeBody, {}}; }

Guard somewhere(Permission permission) {
  return {permission, "any workspace", Guard::When::kBeforeBody, {}};
}

Guard everywhere(Permission permission) {
  return {permission, "every workspace", Guard::When::kBeforeBody,
          [](const Call&) { return Concern{.workspaces = {model::kEveryWorkspace}}; }};
}

Guard in_body(Permission permission) {
  return {permission, "the workspace named", Guard::When::kAfterBody, [](const Call& call) {
            const auto workspace = read_text(call.body, "workspace");
            Concern concern{.noun = "workspace", .name = workspace, .workspaces = {workspace}};
            concern.is_seen =
                (workspace == model::kEveryWorkspace || call.state->workspaces.find(workspace)) &&
                call.access.is_member(workspace);
            // What belongs to every workspace is no secret, but not everybody's to change.
            if (workspace == model::kEveryWorkspace) concern.is_seen = true;
            concern.pointer = "/workspace";
            return concern;
          }};
}

Guard on_authorization(Permission permission, GrantStep step) {
  const auto* place = step == GrantStep::kTake ? "the API's workspace; any bound to the REST API"
                                               : "the API's workspace; all bound to the REST API";
  return {permission, place, Guard::When::kAfterBody, [step](const Call& call) {
            Concern concern;
            if (const auto name = read_text(call.body, "rest_api"); !name.empty()) {
              const auto* rest_api = call.state->rest_apis.find(
                  model::make_key(read_region(call.body, call.node_region), name));
              concern.noun = kRestApiNoun;
              concern.name = name;
              if (rest_api) concern.workspaces = list_governing(*rest_api, *call.state);
              concern.one_is_enough = step == GrantStep::kTake;
            } else {
              concern.noun = "API";
              concern.name = read_text(call.body, "api");
              const auto* api = find_api_by_reference(*call.state, concern.name);
              concern.is_seen = api && call.sees(*api) && studio::is_told(*api, call.actor);
              if (api) concern.workspaces = {api->workspace};
            }
            concern.anywhere = concern.workspaces.empty();
            return concern;
          }};
}

Guard per_document() { return {std::nullopt, "each document's", Guard::When::kBeforeBody, {}}; }

std::vector<std::string> list_governing(const model::RestApi& rest_api, const model::State& state) {
  auto workspaces = studio::list_workspaces_bound(state, rest_api.region, rest_api.name);
  if (workspaces.empty()) workspaces.emplace_back(model::kEveryWorkspace);
  return workspaces;
}

std::string Subject<model::ApiVersion>::key(const Call& call) {
  return model::make_version_key(call.path[0], parse_version_number(call.path[1]));
}

}  // namespace sluice::admin
