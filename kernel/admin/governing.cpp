// SPDX-License-Identifier: Apache-2.0
#include "admin/governing.hpp"

#include "admin/documents.hpp"
#include "admin/guards.hpp"
#include "admin/handlers.hpp"
#include "studio/actions.hpp"

namespace sluice::admin {
namespace {

std::vector<std::string> govern_consumer_named(const std::string& name, const model::State& state) {
  const auto* consumer = state.consumers.find(name);
  return {consumer && !consumer->workspace.empty() ? consumer->workspace
                                                   : std::string(model::kEveryWorkspace)};
}

std::vector<std::string> govern_all(const Json&, const model::State&, std::string_view) {
  return {model::kEveryWorkspace};
}

std::vector<std::string> govern_workspace(const Json& body, const model::State&, std::string_view) {
  return {read_text(body, "workspace")};
}

// A new one is made by who may make workspaces, one that is there changed by its own admin.
std::vector<std::string> govern_itself(const Json& body, const model::State& state,
                                       std::string_view) {
  const auto name = read_text(body, "name");
  return {state.workspaces.find(name) ? name : std::string(model::kEveryWorkspace)};
}

std::vector<std::string> govern_rest_api(const Json& body, const model::State& state,
                                         std::string_view region) {
  return studio::list_workspaces_bound(state, read_region(body, region), read_text(body, "name"));
}

std::vector<std::string> govern_consumer(const Json& body, const model::State& state,
                                         std::string_view) {
  return govern_consumer_named(read_text(body, "name"), state);
}

std::vector<std::string> govern_credential(const Json& body, const model::State& state,
                                           std::string_view) {
  return govern_consumer_named(read_text(body, "consumer"), state);
}

// The API may be in these documents only: what it is called by names its workspace.
std::vector<std::string> govern_referred_api(const Json& body, const model::State& state,
                                             std::string_view) {
  const auto reference = read_text(body, "api");
  if (const auto slash = reference.find('/'); slash != std::string::npos) {
    return {reference.substr(0, slash)};
  }
  const auto* api = state.apis.find(reference);
  return {api ? api->workspace : std::string(model::kEveryWorkspace)};
}

std::vector<std::string> govern_authorization(const Json& body, const model::State& state,
                                              std::string_view region) {
  const auto rest_api = read_text(body, "rest_api");
  return rest_api.empty()
             ? govern_referred_api(body, state, region)
             : studio::list_workspaces_bound(state, read_region(body, region), rest_api);
}

template <class T>
void leave_out_unseen(model::Collection<T>& collection, const model::State& state,
                      const studio::Access& access) {
  std::vector<std::string> unseen;
  for (const auto& [key, noun] : collection.all()) {
    if (!access.sees(studio::owner_of(noun, state))) unseen.push_back(key);
  }
  for (const auto& key : unseen) collection.erase(key);
}

}  // namespace

const Governing kEverywhere{"every workspace", &govern_all};
const Governing kWorkspaceNamed{"the workspace named", &govern_workspace};
const Governing kItself{"the workspace; every workspace when it is new", &govern_itself};
const Governing kBoundWorkspaces{
    "the workspaces bound to it; every workspace when there is none; any when it is new",
    &govern_rest_api, true};
const Governing kConsumersWorkspace{"the consumer's workspace; every workspace when it has none",
                                    &govern_consumer};
const Governing kCredentialsWorkspace{kConsumersWorkspace.place, &govern_credential};
const Governing kApisWorkspace{"the API's workspace", &govern_referred_api};
const Governing kAuthorizedWorkspaces{
    "the API's workspace, or those bound to the REST API; every workspace when there is none",
    &govern_authorization, true};

Result<void> check_consumer(std::string_view name, const studio::Access& access,
                            const model::State& state) {
  const auto* consumer = state.consumers.find(name);
  if (!consumer || access.sees(studio::owner_of(*consumer, state))) return {};
  // Whoever sees what it was granted knows of it.
  for (const auto& [key, authorization] : state.authorizations.all()) {
    if (authorization.consumer == name && access.sees(studio::owner_of(authorization, state))) {
      return {};
    }
  }
  return Error{SLUICE_E_NOT_FOUND,
               "there is no consumer '" + std::string(name) + "': check its name",
               {},
               "/consumer"};
}

Result<void> check_bound(const Document& document, const studio::Access& access,
                         const model::State& before, const model::State& after,
                         std::string_view region) {
  const auto& kind = *document.kind;
  if (access.is_node() || !kind.governing.is_by_binding) return {};
  const auto name = read_text(document.body, kind.name == "rest-api" ? "name" : "rest_api");
  if (name.empty()) return {};  // of an API: judged already
  const auto key = model::make_key(read_region(document.body, region), name);
  if (kind.name == "rest-api" && !before.rest_apis.find(key)) return {};
  const auto* rest_api = after.rest_apis.find(key);
  if (!rest_api) return {};
  for (const auto& workspace : list_governing(*rest_api, after)) {
    auto may = access.check(kind.permission, workspace);
    if (may) continue;
    auto error = may.error();
    if (workspace == model::kEveryWorkspace) {
      error.detail += kUnboundAdvice;
    } else if (!access.is_member(workspace)) {
      error.detail =
          "this touches a workspace that you are no member of: have a member of every "
          "workspace do it";
    }
    error.where = document.pointer;
    return error;
  }
  return {};
}

Result<void> check_document(const Document& document, const studio::Access& access,
                            const model::State& state, std::string_view region) {
  if (access.is_node()) return {};
  const auto at = [&](Error error) {
    error.where = document.pointer;
    return error;
  };
  const auto& kind = *document.kind;
  const bool is_record = kind.record != nullptr && document.body.contains(kind.record);
  const auto permission = is_record ? studio::Permission::kRestoreRecords : kind.permission;
  if (auto may = access.check_anywhere(permission); !may) return at(may.error());
  for (const auto& workspace : kind.governing.find(document.body, state, region)) {
    if (workspace != model::kEveryWorkspace && !access.is_member(workspace)) {
      return Error{SLUICE_E_FORBIDDEN,
                   "there is no workspace of that name to put it in: create it first, or have "
                   "yourself made a member of it",
                   {},
                   document.pointer};
    }
    if (auto may = access.check(permission, workspace); !may) return at(may.error());
  }
  if (kind.name != "authorization") return {};
  const auto reference = read_text(document.body, "api");
  const auto* api = find_api_by_reference(state, reference);
  if (api && !studio::is_told(*api, access.name())) {
    auto error = make_unknown_api(reference);
    error.where.insert(0, document.pointer);
    return error;
  }
  if (auto may = check_consumer(read_text(document.body, "consumer"), access, state); !may) {
    auto error = may.error();
    error.where.insert(0, document.pointer);
    return error;
  }
  return {};
}

model::State make_visible(const model::State& state, const studio::Access& access) {
  auto visible = state;
  if (access.is_node() || access.is_member(model::kEveryWorkspace)) return visible;
  leave_out_unseen(visible.workspaces, state, access);
  leave_out_unseen(visible.data_sources, state, access);
  leave_out_unseen(visible.gateway_instances, state, access);
  leave_out_unseen(visible.rest_apis, state, access);
  leave_out_unseen(visible.workflows, state, access);
  leave_out_unseen(visible.apis, state, access);
  leave_out_unseen(visible.versions, state, access);
  leave_out_unseen(visible.deployments, state, access);
  leave_out_unseen(visible.consumers, state, access);
  leave_out_unseen(visible.credentials, state, access);
  leave_out_unseen(visible.authorizations, state, access);
  leave_out_unseen(visible.networks, state, access);
  leave_out_unseen(visible.resource_groups, state, access);
  const auto groups = visible.resource_groups;
  for (const auto& [key, group] : groups.all()) {
    visible.resource_groups.put(key, studio::leave_out_unseen(group, access));
  }
  leave_out_unseen(visible.domains, state, access);
  leave_out_unseen(visible.backend_services, state, access);
  leave_out_unseen(visible.publish_records, state, access);
  leave_out_unseen(visible.test_records, state, access);
  leave_out_unseen(visible.members, state, access);
  leave_out_unseen(visible.tokens, state, access);
  return visible;
}

}  // namespace sluice::admin
