// SPDX-License-Identifier: Apache-2.0
// Consumers: what they show, and what they may call.
#include "admin/governing.hpp"
#include "admin/handlers.hpp"

#include <algorithm>

namespace sluice::admin {

using studio::Edit;

std::variant<model::Authorization, AdminResponse> read_authorization(const Json& body,
                                                                     const model::State& state) {
  model::Authorization authorization{.consumer = read_text(body, "consumer"),
                                     .api_id = {},
                                     .rest_api = read_text(body, "rest_api"),
                                     .valid_until = read_time(body, "valid_until"),
                                     .region = read_text(body, "region")};
  const auto reference = read_text(body, "api");
  if (reference.empty()) return authorization;
  const auto* api = find_api_by_reference(state, reference);
  if (!api) return make_unknown("API", reference);
  authorization.api_id = api->id;
  return authorization;
}

void AdminApi::Handlers::add_consumer_routes() {
  const auto on_credential = [](Permission permission) {
    return on(permission, "credential", &model::State::credentials);
  };
  add_route("GET", "/admin/v1/credentials", "listCredentials", "list", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().credentials,
                  [&](const model::Credential& c) {
                    return fits(call, "consumer", c.consumer) && fits(call, "type", c.type);
                  },
                  [](const model::Credential& c) { return make_json(c); });
            }))
      .answer_list(kCredentialShape, {"consumer", "type"});
  add_route("POST", "/admin/v1/consumers/{name}/credentials", "createCredential",
            "make or take a credential; its secret is answered here, and when it is revealed",
            on(Permission::kManageConsumers, "consumer", &model::State::consumers),
            now(&Handlers::create_credential))
      .take(kNewCredentialShape)
      .answer(201, kIssuedCredentialShape);
  add_route("GET", "/admin/v1/credentials/{id}", "getCredential", "get",
            on_credential(Permission::kLook), at_once([this](const Call& call) {
              const auto* credential = state().credentials.find(call.path[0]);
              if (!credential) return make_unknown("credential", call.path[0]);
              return make_answer(200, make_json(*credential));
            }))
      .answer(200, kCredentialShape)
      .tagged();
  add_route("PUT", "/admin/v1/credentials/{id}", "changeCredential",
            "enable, disable, set its time; the secret stays",
            on_credential(Permission::kManageConsumers), at_once([this](const Call& call) {
              const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.change_credential(call.path[0], parse_credential_change(call.body));
              });
              return done ? make_answer(200, make_json(done->stored))
                          : make_error_answer(done.error());
            }))
      .take(kCredentialChangeShape, Purpose::kReplace)
      .answer(200, kCredentialShape)
      .tagged();
  add_route("POST", "/admin/v1/credentials/{id}/rotate", "rotateCredential",
            "make its successor; the old one goes on for a while",
            on_credential(Permission::kManageConsumers), now(&Handlers::rotate_credential))
      .take_maybe(kRotationShape)
      .answer(201, kIssuedCredentialShape);
  add_route("DELETE", "/admin/v1/credentials/{id}", "revokeCredential", "revoke",
            on_credential(Permission::kManageConsumers), at_once([this](const Call& call) {
              const auto done = parts_.studio.run(
                  call.actor, [&](Edit& edit) { return edit.revoke_credential(call.path[0]); });
              return done ? make_empty_answer() : make_error_answer(done.error());
            }))
      .answer_nothing();

  add_route("GET", "/admin/v1/authorizations", "listAuthorizations", "list",
            somewhere(Permission::kLook), at_once([this](const Call& call) {
              return make_page(
                  call, state().authorizations,
                  [&](const model::Authorization& a) {
                    return fits(call, "consumer", a.consumer) && fits(call, "api", a.api_id) &&
                           fits(call, "rest_api", a.rest_api) && fits(call, "region", a.region);
                  },
                  [](const model::Authorization& a) { return make_json(a); });
            }))
      .answer_list(kAuthorizationShape, {"consumer", "api", "rest_api", "region"});
  add_route("POST", "/admin/v1/authorizations", "grantAuthorization",
            "let a consumer call an API, or all of a REST API",
            on_authorization(Permission::kManageConsumers, GrantStep::kGive),
            now(&Handlers::create_authorization))
      .take(kAuthorizationShape)
      .answer(201, kAuthorizationShape);
  add_route("POST", "/admin/v1/authorizations/revoke", "revokeAuthorization",
            "take one away, named as when it was given",
            on_authorization(Permission::kManageConsumers, GrantStep::kTake),
            now(&Handlers::revoke_authorization))
      .take(kAuthorizationShape)
      .answer_nothing();
  add_route("POST", "/admin/v1/apply", "apply", "many documents as one transaction", per_document(),
            now(&Handlers::apply))
      .take_large(kApplyShape, kApplyBytesMax);
}

AdminResponse AdminApi::Handlers::create_credential(const Call& call) {
  auto request = parse_new_credential(call.body);
  request.consumer = call.path[0];
  const auto done =
      parts_.studio.run(call.actor, [&](Edit& edit) { return edit.add_credential(request); });
  return done ? make_answer(201, make_json(*done)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::rotate_credential(const Call& call) {
  const bool has_body = call.body.is_object();
  const Json body = has_body ? call.body : Json::object();
  const auto given = body.contains("given") ? body["given"].dump() : std::string("{}");
  // Beyond the bound by a second, so that what is refused is not what overflowed.
  constexpr auto kBeyond = studio::kOverlapMsMax / 1000 + 1;
  const auto overlap_ms =
      1000 * std::clamp<std::int64_t>(
                 read_integer(body, "overlap_seconds", studio::kOverlapMs / 1000), -1, kBeyond);
  const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
    return edit.rotate_credential(call.path[0], given, overlap_ms);
  });
  return done ? make_answer(201, make_json(*done)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::create_authorization(const Call& call) {
  if (auto may = check_consumer(read_text(call.body, "consumer"), call.access, state()); !may) {
    return make_error_answer(may.error());
  }
  auto read = read_authorization(call.body, state());
  if (auto* refusal = std::get_if<AdminResponse>(&read)) return std::move(*refusal);
  const auto done = parts_.studio.run(
      call.actor, [&](Edit& edit) { return edit.grant(std::get<model::Authorization>(read)); });
  return done ? make_answer(201, make_json(done->stored)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::revoke_authorization(const Call& call) {
  auto read = read_authorization(call.body, state());
  if (auto* refusal = std::get_if<AdminResponse>(&read)) return std::move(*refusal);
  const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
    return edit.revoke_authorization(std::get<model::Authorization>(read));
  });
  return done ? make_empty_answer() : make_error_answer(done.error());
}

}  // namespace sluice::admin
