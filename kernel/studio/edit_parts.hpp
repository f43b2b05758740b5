// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the files of this room share: how an Edit keeps and drops a noun of any kind, and how it
// words what it refuses. Internal.

#include "studio/actions.hpp"
#include "studio/owners.hpp"
#include "studio/studio.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice::studio {

// ---- refusals
inline Error not_found(std::string_view kind, std::string_view name, std::string where = {}) {
  return {SLUICE_E_NOT_FOUND,
          "there is no " + std::string(kind) + " '" + std::string(name) + "': check its name",
          {},
          std::move(where)};
}
inline Error wrong(std::string what, std::string where) {
  return {SLUICE_E_ARGUMENT, std::move(what), {}, std::move(where)};
}
inline Error conflict(std::string what, std::string where = {}) {
  return {SLUICE_E_CONFLICT, std::move(what), {}, std::move(where)};
}

inline std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

// The name of an API where that stands in the way; a private draft is not named to others.
inline std::string show_name(const model::Api& api, std::string_view actor) {
  return is_told(api, actor) ? quote(api.draft.name) : std::string("of somebody else");
}
// The same with its workspace.
inline std::string show_whole_name(const model::Api& api, std::string_view actor) {
  return is_told(api, actor) ? quote(model::make_key(api.workspace, api.draft.name))
                             : std::string("of somebody else");
}

// ---- finding
// The first noun of a collection that fits, or nullptr.
template <class T, class Fits>
const T* find_first(const model::Collection<T>& collection, Fits fits) {
  for (const auto& [key, noun] : collection.all()) {
    if (fits(noun)) return &noun;
  }
  return nullptr;
}

// A version of an API, both found or the reason why not.
struct FoundVersion {
  model::Api api;
  model::ApiVersion version;
};
Result<FoundVersion> find_version(const model::State& state, std::string_view api_id,
                                  unsigned number);
// The deployed version; nullptr when the store lost it.
inline const model::ApiVersion* find_deployed(const model::State& state,
                                              const model::Deployment& deployment) {
  return state.versions.find(model::make_version_key(deployment.api_id, deployment.version));
}

// The group that a definition of this workspace names: there, associated (R093), with a network
// (R013). Without kNeeded it may lack that still.
enum class NetworkNeed { kMayLack, kNeeded };
Result<const model::ResourceGroup*> find_usable_group(const model::State& state,
                                                      std::string_view workspace,
                                                      std::string_view name, NetworkNeed need);

// ---- R082; absent: right, or nobody can tell
std::optional<model::Fault> find_acceleration_fault(const model::State& state,
                                                    LowerFloor& lower_floor,
                                                    std::string_view workspace,
                                                    const model::ApiDefinition& definition);

// ---- absent: none is named, or it is loaded
std::optional<model::Fault> find_authenticator_fault(const LowerFloor& lower_floor,
                                                     const model::ApiDefinition& definition);

// ---- where a draft stands: shared by what puts, moves and clones it
Result<void> check_place(const model::Placement& placement, const model::Api* existing,
                         const model::Workflow& workflow, std::string_view actor);

// ---- the collection of each noun
template <class T, class State>
auto& collection_of(State& state) {
  if constexpr (std::is_same_v<T, model::Workspace>) return state.workspaces;
  if constexpr (std::is_same_v<T, model::DataSource>) return state.data_sources;
  if constexpr (std::is_same_v<T, model::GatewayInstance>) return state.gateway_instances;
  if constexpr (std::is_same_v<T, model::Network>) return state.networks;
  if constexpr (std::is_same_v<T, model::ResourceGroup>) return state.resource_groups;
  if constexpr (std::is_same_v<T, model::Domain>) return state.domains;
  if constexpr (std::is_same_v<T, model::BackendService>) return state.backend_services;
  if constexpr (std::is_same_v<T, model::RestApi>) return state.rest_apis;
  if constexpr (std::is_same_v<T, model::Workflow>) return state.workflows;
  if constexpr (std::is_same_v<T, model::Api>) return state.apis;
  if constexpr (std::is_same_v<T, model::ApiVersion>) return state.versions;
  if constexpr (std::is_same_v<T, model::Deployment>) return state.deployments;
  if constexpr (std::is_same_v<T, model::PublishRecord>) return state.publish_records;
  if constexpr (std::is_same_v<T, model::Consumer>) return state.consumers;
  if constexpr (std::is_same_v<T, model::Credential>) return state.credentials;
  if constexpr (std::is_same_v<T, model::Authorization>) return state.authorizations;
  if constexpr (std::is_same_v<T, model::TestRecord>) return state.test_records;
  if constexpr (std::is_same_v<T, model::Member>) return state.members;
  if constexpr (std::is_same_v<T, model::Token>) return state.tokens;
}

// Drafts, versions that wait, workspaces, workflows, networks, domains (a REST API names its own)
// and what once was published are for people: no call can see them.
template <class T>
inline constexpr bool kAffectsServing =
    !std::is_same_v<T, model::Workspace> && !std::is_same_v<T, model::Workflow> &&
    !std::is_same_v<T, model::Api> && !std::is_same_v<T, model::ApiVersion> &&
    !std::is_same_v<T, model::Network> && !std::is_same_v<T, model::Domain> &&
    !std::is_same_v<T, model::PublishRecord> && !std::is_same_v<T, model::TestRecord> &&
    !std::is_same_v<T, model::Member> && !std::is_same_v<T, model::Token>;

template <class T>
void Edit::record(std::string key, std::string name, const T& noun, Applied what) {
  constexpr auto kind = store::kKindOf<T>;
  changes_.push_back({std::string(store::to_text(kind)), name, what});
  if (what == Applied::kUnchanged) return;
  auto owner = owner_of(noun, state_);
  touch({kind, std::move(key)}, std::move(name),
        owner.workspaces.size() == 1 ? std::move(owner.workspaces.front()) : std::string());
  if (kAffectsServing<T>) serving_changes_ = true;
}

template <class T>
Put<T> Edit::keep(std::string key, std::string name, T noun) {
  auto& collection = collection_of<T>(state_);
  const auto* before = collection.find(key);
  const auto what = !before           ? Applied::kCreated
                    : *before == noun ? Applied::kUnchanged
                                      : Applied::kUpdated;
  record<T>(key, std::move(name), noun, what);
  if (what != Applied::kUnchanged) collection.put(std::move(key), noun);
  return {std::move(noun), what};
}

template <class T>
void Edit::drop(std::string key, std::string name) {
  auto& collection = collection_of<T>(state_);
  if (const auto* found = collection.find(key)) {
    const T noun = *found;
    collection.erase(key);
    record<T>(std::move(key), std::move(name), noun, Applied::kDeleted);
  }
}

}  // namespace sluice::studio
