// SPDX-License-Identifier: Apache-2.0
#pragma once
// Guards: which permission a route needs, and of whom. Every line of the route table has one, as an
// argument that add_route cannot do without; the dispatcher asks it before any handler runs. What
// a caller does not see is answered like what is not there. Inside this room only.
//
//   add_route("PUT", "/admin/v1/things/{id}", "replaceThing", "replace",
//             on(Permission::kEditDrafts, "thing", &model::State::things),
//             now(&Handlers::replace_thing))
//
// A new noun needs an overload of owner_of (studio/owners.hpp), and a Subject at the end of this
// file if its key is not the first part of its paths. Lists filter with make_page or
// Call::sees. Then regenerate docs/permissions.md (SLUICE_UPDATE_GOLDEN=1, the test Permissions.*)
// and read what it says of the new line.

#include "admin/resources.hpp"
#include "admin/shapes.hpp"
#include "studio/permissions.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {

using studio::Permission;

// What a handler gets: the path's parts, the query and the body are checked already, and so is that
// the caller may do this.
struct Call {
  std::string actor;
  std::vector<std::string> path;  // values of the {parts}, decoded, in order
  std::map<std::string, std::string, std::less<>> query;
  Json body = Json::object();
  studio::Access access;
  const model::State* state = nullptr;
  std::string node_region;    // of what names no region
  std::string token_id = {};  // that the caller showed; empty: the node's own

  std::string_view find_query(std::string_view name) const {
    const auto it = query.find(name);
    return it == query.end() ? std::string_view() : std::string_view(it->second);
  }
  // Of a resource that is named in its region: ?region=, or the node's own.
  std::string find_region() const {
    const auto named = find_query("region");
    return named.empty() ? node_region : std::string(named);
  }
  // Does the caller see it? Lists leave out what he does not (R011).
  template <class T>
  bool sees(const T& noun) const {
    return access.is_node() || access.is_member(model::kEveryWorkspace) ||
           access.sees(studio::owner_of(noun, *state));
  }
};

// What a call is about, as its guard finds it.
struct Concern {
  bool is_seen = true;                         // there, and for the caller to see
  std::string noun, name;                      // for the answer when it is not: "API", "api-1"
  std::vector<std::string> workspaces;         // the permission is needed in each of them
  bool one_is_enough = false;                  // or in one of them
  bool anywhere = false;                       // or in any workspace at all
  std::optional<store::DocumentRef> document;  // whose tag the answer carries
  std::string pointer;                         // into the body, when that names the workspace
};

class Guard {
 public:
  using Find = std::function<Concern(const Call&)>;
  enum class When { kBeforeBody, kAfterBody };

  // For what is told in the description, "of the API's workspace".
  Guard(std::optional<Permission> permission, std::string_view place, When when, Find find)
      : permission_(permission), place_(place), when_(when), find_(std::move(find)) {}

  bool is_open = false;  // needs no token

  std::optional<Permission> permission() const { return permission_; }
  std::string_view place() const { return place_; }
  When when() const { return when_; }
  Concern find(const Call& call) const { return find_ ? find_(call) : Concern{.anywhere = true}; }

 private:
  std::optional<Permission> permission_;
  std::string_view place_;
  When when_;
  Find find_;
};

// The region that a body names, or the node's own.
inline std::string read_region(const Json& body, std::string_view node_region) {
  const auto named = read_text(body, "region");
  return named.empty() ? std::string(node_region) : named;
}

// ---- guards without a subject

Guard open_to_all();  // no token
Guard signed_in();    // any known token
Guard somewhere(
    Permission permission);  // in any workspace; the handler leaves out what is not seen
Guard everywhere(Permission permission);  // for what belongs to no workspace
Guard in_body(Permission permission);     // the workspace that the body names
// POST /authorizations: the workspaces of the API or of those bound to the REST API; what is given
// to all of them is taken away by any.
enum class GrantStep { kGive, kTake };
Guard on_authorization(Permission permission, GrantStep step);
// The handler asks for each part of the body; see handlers_apply.cpp.
Guard per_document();

inline constexpr std::string_view kRestApiNoun = "REST API";
inline constexpr std::string_view kUnboundAdvice =
    "; or bind a workflow to the REST API first (R063): while there is none it is nobody's";

// The workspaces in which a permission is needed to change a noun; empty: in any. What is shared
// takes a permission for every workspace.
inline std::vector<std::string> list_governing(const model::ResourceGroup&, const model::State&) {
  return {model::kEveryWorkspace};
}
// Those bound to it. While there are none it is nobody's: another workspace may bind to it yet.
std::vector<std::string> list_governing(const model::RestApi& rest_api, const model::State& state);
template <class T>
std::vector<std::string> list_governing(const T& noun, const model::State& state) {
  auto workspaces = studio::owner_of(noun, state).workspaces;
  if (workspaces.empty()) workspaces.emplace_back(model::kEveryWorkspace);
  return workspaces;
}

// How a noun's key stands in a path.
template <class T>
struct Subject {
  static std::string key(const Call& call) { return call.path[0]; }
};
struct PairSubject {  // {workspace}/{name}
  static std::string key(const Call& call) { return model::make_key(call.path[0], call.path[1]); }
};
struct RegionSubject {  // {name}, of a region
  static std::string key(const Call& call) {
    return model::make_key(call.find_region(), call.path[0]);
  }
};
template <>
struct Subject<model::DataSource> : PairSubject {};
template <>
struct Subject<model::Member> : PairSubject {};
template <>
struct Subject<model::Network> : RegionSubject {};
template <>
struct Subject<model::ResourceGroup> : RegionSubject {};
template <>
struct Subject<model::BackendService> : RegionSubject {};
template <>
struct Subject<model::RestApi> : RegionSubject {};
template <>
struct Subject<model::ApiVersion> {
  static std::string key(const Call& call);  // "3" and "V3"
};

// The noun that the path names: on(Permission::kEditDrafts, "API", &model::State::apis).
template <class T>
Guard on(Permission permission, std::string_view noun, model::Collection<T> model::State::*among) {
  const auto find = [permission, noun, among](const Call& call) {
    auto key = Subject<T>::key(call);
    const auto* found = (call.state->*among).find(key);
    Concern concern;
    concern.is_seen = found && call.sees(*found);
    concern.noun = noun;
    concern.document = store::DocumentRef{store::kKindOf<T>, key};
    concern.name = std::move(key);
    if (concern.is_seen && permission != Permission::kLook) {
      concern.workspaces = list_governing(*found, *call.state);
    }
    concern.anywhere = concern.workspaces.empty();
    return concern;
  };
  return Guard(permission, "its workspace", Guard::When::kBeforeBody, find);
}

// The workspace that the path begins with, where a noun is put that need not be there yet.
template <class T>
Guard in_path(Permission permission) {
  const auto find = [](const Call& call) {
    const auto& workspace = call.path[0];
    Concern concern{.noun = "workspace", .name = workspace, .workspaces = {workspace}};
    concern.is_seen = workspace == model::kEveryWorkspace ||
                      (call.state->workspaces.find(workspace) && call.access.is_member(workspace));
    concern.document = store::DocumentRef{store::kKindOf<T>, Subject<T>::key(call)};
    return concern;
  };
  return Guard(permission, "its workspace", Guard::When::kBeforeBody, find);
}

inline Guard on_api(Permission permission) { return on(permission, "API", &model::State::apis); }
inline Guard on_workflow(Permission permission) {
  return on(permission, "workflow", &model::State::workflows);
}
inline Guard on_version(Permission permission) {
  return on(permission, "version", &model::State::versions);
}

}  // namespace sluice::admin
