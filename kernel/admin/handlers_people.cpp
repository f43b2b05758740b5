// SPDX-License-Identifier: Apache-2.0
// Who manages: members of workspaces with their roles and rights, the tokens that they show, and
// who it is that asks.
#include "admin/named_routes.hpp"

namespace sluice::admin {

using studio::Edit;

template <class UseCase>
auto AdminApi::Handlers::change_people(const Call& call, UseCase use_case) {
  return parts_.studio.run(call.actor, [&](Edit& edit) {
    auto done = use_case(edit);
    if (!done) return done;
    // Judged by what came of it: whichever way it went, it is the same law.
    const auto may =
        studio::check_people(call.access, state(), edit.state(), parts_.studio.now_ms());
    return may ? std::move(done) : decltype(done)(may.error());
  });
}

void AdminApi::Handlers::add_people_routes() {
  constexpr auto kMembers = "/admin/v1/members";
  constexpr auto kMember = "/admin/v1/members/{workspace}/{name}";
  constexpr auto kTokens = "/admin/v1/tokens";
  constexpr auto kToken = "/admin/v1/tokens/{id}";
  const auto on_member = [](Permission permission) {
    return on(permission, "member", &model::State::members);
  };
  const auto on_token = on(Permission::kManageTokens, "token", &model::State::tokens);

  add_route("GET", "/admin/v1/me", "whoAmI", "who shows this token, and what he may do where",
            signed_in(), now(&Handlers::tell_me))
      .answer(200, kMeShape);

  // ---- members
  add_route("GET", kMembers, "listMembers", "list", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().members,
                  [&](const model::Member& m) {
                    return fits(call, "workspace", m.workspace) && fits(call, "name", m.name);
                  },
                  [](const model::Member& m) { return make_json(m); });
            }))
      .answer_list(kMemberShape, {"workspace", "name"});
  add_route("POST", kMembers, "createMember", "make somebody a member",
            in_body(Permission::kManageMembers), at_once([this](const Call& call) {
              const auto key =
                  model::make_key(read_text(call.body, "workspace"), read_text(call.body, "name"));
              if (state().members.find(key)) return make_exists("member", key);
              return put_member(call, call.body, 201);
            }))
      .take(kMemberShape)
      .answer(201, kMemberShape);
  add_route("GET", kMember, "getMember", "get", on_member(Permission::kLook),
            at_once([this](const Call& call) {
              const auto key = model::make_key(call.path[0], call.path[1]);
              const auto* member = state().members.find(key);
              if (!member) return make_unknown("member", key);
              return make_answer(200, make_json(*member));
            }))
      .answer(200, kMemberShape)
      .tagged();
  add_route("PUT", kMember, "putMember", "make somebody a member, or change what he may",
            in_path<model::Member>(Permission::kManageMembers), at_once([this](const Call& call) {
              if (contradicts(call.body, "workspace", call.path[0])) {
                return make_contradiction("workspace");
              }
              if (contradicts(call.body, "name", call.path[1])) return make_contradiction("name");
              auto body = call.body;
              body["workspace"] = call.path[0];
              body["name"] = call.path[1];
              return put_member(call, body, 200);
            }))
      .take(kMemberShape, Purpose::kReplace)
      .answer(200, kMemberShape)
      .tagged();
  add_route("DELETE", kMember, "deleteMember", "take all roles away",
            on_member(Permission::kManageMembers), at_once([this](const Call& call) {
              return make_deleted(change_people(call, [&](Edit& edit) {
                return edit.delete_member(call.path[0], call.path[1]);
              }));
            }))
      .answer_nothing();

  // ---- tokens: whoever makes one for a name acts under it wherever it is a member, so all of this
  // is for admins of every workspace
  add_route("GET", kTokens, "listTokens", "list; never the tokens themselves",
            everywhere(Permission::kManageTokens), at_once([this](const Call& call) {
              return make_page(
                  call, state().tokens,
                  [&](const model::Token& t) {
                    return fits(call, "name", t.name) &&
                           fits(call, "principal", model::to_text(t.kind));
                  },
                  [](const model::Token& t) { return make_json(t); });
            }))
      .answer_list(kTokenShape, {"name", "principal"});
  add_route("POST", kTokens, "createToken",
            "make a token; what to show is answered here and never again",
            everywhere(Permission::kManageTokens), now(&Handlers::create_token))
      .take(kNewTokenShape)
      .answer(201, kIssuedTokenShape);
  add_route("GET", kToken, "getToken", "get", on_token, at_once([this](const Call& call) {
              const auto* token = state().tokens.find(call.path[0]);
              if (!token) return make_unknown("token", call.path[0]);
              return make_answer(200, make_json(*token));
            }))
      .answer(200, kTokenShape)
      .tagged();
  add_route("PUT", kToken, "changeToken", "enable, disable, set its end and description", on_token,
            at_once([this](const Call& call) {
              const auto done = change_people(call, [&](Edit& edit) {
                return edit.change_token(call.path[0], parse_token_change(call.body));
              });
              return done ? make_answer(200, make_json(done->stored))
                          : make_error_answer(done.error());
            }))
      .take(kTokenShape, Purpose::kReplace)
      .answer(200, kTokenShape)
      .tagged();
  add_route("DELETE", kToken, "deleteToken", "it works no more, for ever", on_token,
            at_once([this](const Call& call) {
              return make_deleted(
                  change_people(call, [&](Edit& edit) { return edit.delete_token(call.path[0]); }));
            }))
      .answer_nothing();
}

AdminResponse AdminApi::Handlers::put_member(const Call& call, const Json& body, int status) {
  model::Faults faults;
  auto member = parse_member(body, "", faults);
  if (faults.empty()) faults = model::find_faults(member);
  if (!faults.empty()) return make_faults_answer(faults);
  const auto done =
      change_people(call, [&](Edit& edit) { return edit.put_member(std::move(member)); });
  return done ? make_answer(status, make_json(done->stored)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::create_token(const Call& call) {
  model::Faults faults;
  auto token = parse_new_token(call.body, "", faults);
  if (!faults.empty()) return make_faults_answer(faults);
  const auto done =
      change_people(call, [&](Edit& edit) { return edit.add_token(std::move(token)); });
  return done ? make_answer(201, make_json(*done)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::tell_me(const Call& call) {
  Json memberships = Json::array();
  if (call.access.is_node()) {
    memberships.push_back(make_membership_json(
        {.workspace = model::kEveryWorkspace, .name = call.actor, .roles = {model::Role::kAdmin}}));
  }
  for (const auto& member : call.access.memberships()) {
    memberships.push_back(make_membership_json(member));
  }
  const auto* token = state().tokens.find(call.token_id);
  return make_answer(200, {{"name", call.actor},
                           {"principal", token ? model::to_text(token->kind) : "node"},
                           {"token", token ? make_json(*token) : Json()},
                           {"memberships", std::move(memberships)}});
}

}  // namespace sluice::admin
