// SPDX-License-Identifier: Apache-2.0
#pragma once
// The five routes of a resource that is known by its name, in the store or in its region: list,
// create, get, replace, delete. Inside this room only.

#include "admin/handlers.hpp"

#include <concepts>
#include <type_traits>

namespace sluice::admin {

inline AdminResponse make_exists(std::string_view noun, std::string_view name) {
  return make_refusal(409, "conflict",
                      "there is a " + std::string(noun) + " '" + std::string(name) + "' already",
                      "replace it with PUT, or take another name");
}

// The path names what is replaced; the body may repeat it, and not contradict.
inline AdminResponse make_contradiction(const char* member) {
  return make_faults_answer({{"/" + std::string(member),
                              {},
                              "is not what the path says",
                              "leave it out, or write the same"}});
}

inline bool contradicts(const Json& body, const char* member, const std::string& value) {
  return body.contains(member) && body[member] != Json(value);
}

template <class T>
AdminResponse make_deleted(const Result<T>& done) {
  return done ? make_empty_answer() : make_error_answer(done.error());
}

// A noun without what the caller does not see of it: which other workspaces use a group (R011).
template <class T>
const T& leave_out_unseen(const T& noun, const Call&) {
  return noun;
}
inline model::ResourceGroup leave_out_unseen(model::ResourceGroup group, const Call& call) {
  return studio::leave_out_unseen(std::move(group), call.access);
}

enum class NameScope { kStore, kRegion };  // of which the name is unique

template <class T>
struct AdminApi::Handlers::NamedResource {
  const char *noun, *collection, *item;  // "workspace", ".../workspaces", ".../workspaces/{name}"
  struct Operations {
    const char *list, *create, *get, *replace, *remove;
  } operations;
  Guard create;
  Permission edit;
  const Shape& shape;
  model::Collection<T> model::State::*nouns;
  T (*parse)(const Json&);
  Result<studio::Put<T>> (studio::Edit::*put)(T);
  Result<void> (*remove)(studio::Edit&, std::string_view name, std::string_view region);
  std::vector<std::string_view> filters = {};
  bool (*keep)(const T&, const Call&) = [](const T&, const Call&) { return true; };
  NameScope scope = NameScope::kStore;
  std::function<Json(const T&)> describe = [](const T& noun) -> Json {
    if constexpr (requires { make_json(noun); }) {
      return make_json(noun);
    } else {
      return {};
    }
  };
  // What an absent member means for a resource that is there.
  void (*complete)(T&, const Json& body, const T& stored) = [](T&, const Json&, const T&) {};

  // A name of a region is one of ?region=, or of the node's own.
  std::string key(std::string_view name, std::string_view region) const {
    return scope == NameScope::kRegion ? model::make_key(region, name) : std::string(name);
  }
};

template <class T>
void AdminApi::Handlers::add_named_routes(const NamedResource<T>& r) {
  const auto region_of = [this](const Call& call) {
    const auto region = call.find_query("region");
    return std::string(region.empty() ? std::string_view(parts_.studio.region()) : region);
  };
  const auto put = [this, r](const Call& call, T noun, int status) {
    if (const auto faults = model::find_faults(noun); !faults.empty()) {
      return make_faults_answer(faults);
    }
    const auto done = parts_.studio.run(
        call.actor, [&](studio::Edit& edit) { return (edit.*r.put)(std::move(noun)); });
    if (!done) return make_error_answer(done.error());
    return make_answer(status, r.describe(done->stored));
  };
  const std::vector<std::string_view> item_query = r.scope == NameScope::kRegion
                                                       ? std::vector<std::string_view>{"region"}
                                                       : std::vector<std::string_view>{};
  add_route("GET", r.collection, r.operations.list, "list", somewhere(Permission::kLook),
            at_once([=, this](const Call& call) {
              return make_page(
                  call, state().*r.nouns, [&](const T& noun) { return r.keep(noun, call); },
                  [&](const T& noun) { return r.describe(leave_out_unseen(noun, call)); });
            }))
      .answer_list(r.shape, r.filters);
  add_route("POST", r.collection, r.operations.create, "create", r.create,
            at_once([=, this](const Call& call) {
              T noun = r.parse(call.body);
              const auto region = read_text(call.body, "region", parts_.studio.region());
              if ((state().*r.nouns).find(r.key(noun.name, region))) {
                return make_exists(r.noun, noun.name);
              }
              return put(call, std::move(noun), 201);
            }))
      .take(r.shape)
      .answer(201, r.shape);
  add_route("GET", r.item, r.operations.get, "get", on(Permission::kLook, r.noun, r.nouns),
            at_once([=, this](const Call& call) {
              const auto* noun = (state().*r.nouns).find(r.key(call.path[0], region_of(call)));
              if (!noun) return make_unknown(r.noun, call.path[0]);
              return make_answer(200, r.describe(leave_out_unseen(*noun, call)));
            }))
      .answer(200, r.shape)
      .tagged()
      .with_query(item_query);
  add_route("PUT", r.item, r.operations.replace, "replace", on(r.edit, r.noun, r.nouns),
            at_once([=, this](const Call& call) {
              const auto region = region_of(call);
              const auto* stored = (state().*r.nouns).find(r.key(call.path[0], region));
              if (!stored) return make_unknown(r.noun, call.path[0]);
              if (contradicts(call.body, "name", call.path[0])) return make_contradiction("name");
              T noun = r.parse(call.body);
              noun.name = call.path[0];
              if constexpr (requires { noun.region; }) {
                if (r.scope == NameScope::kRegion) {
                  if (contradicts(call.body, "region", region)) return make_contradiction("region");
                  noun.region = region;
                }
              }
              r.complete(noun, call.body, *stored);
              return put(call, std::move(noun), 200);
            }))
      .take(r.shape, Purpose::kReplace)
      .answer(200, r.shape)
      .tagged()
      .with_query(item_query);
  add_route("DELETE", r.item, r.operations.remove, "delete", on(r.edit, r.noun, r.nouns),
            at_once([=, this](const Call& call) {
              return make_deleted(parts_.studio.run(call.actor, [&](studio::Edit& edit) {
                return r.remove(edit, call.path[0], region_of(call));
              }));
            }))
      .answer_nothing()
      .with_query(item_query);
}

}  // namespace sluice::admin
