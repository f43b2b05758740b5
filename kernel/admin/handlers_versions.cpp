// SPDX-License-Identifier: Apache-2.0
// Versions of an API: list, compare, and their way through the approval.
#include "admin/diff.hpp"
#include "admin/handlers.hpp"

namespace sluice::admin {
namespace {

constexpr std::string_view kDraft = "draft";

// What one side of a comparison names: the draft, or a version by its number. nullptr: there is no
// such thing.
const model::ApiDefinition* find_side(const model::State& state, const model::Api& api,
                                      std::string_view side) {
  if (side == kDraft) return &api.draft;
  const auto* version =
      state.versions.find(model::make_version_key(api.id, parse_version_number(side)));
  return version ? &version->definition : nullptr;
}

}  // namespace

AdminResponse make_no_version(const Call& call) {
  return make_unknown("version", call.path[0] + "/" + call.path[1]);
}

void AdminApi::Handlers::add_version_routes() {
  using studio::Edit;
  const auto is_of = [](const Call& call, const model::ApiVersion& version) {
    return fits(call, "api", version.api_id);
  };
  add_route("GET", "/admin/v1/versions", "listVersions", "list", somewhere(Permission::kLook),
            at_once([=, this](const Call& call) {
              return make_page(
                  call, state().versions,
                  [&](const model::ApiVersion& version) { return is_of(call, version); },
                  [&](const model::ApiVersion& version) { return describe(call, version); });
            }))
      .answer_list(kVersionShape, {"api"});
  add_route("GET", "/admin/v1/apis/{id}/versions", "listApiVersions", "newest first",
            on_api(Permission::kLook), at_once([this](const Call& call) {
              if (!state().apis.find(call.path[0])) return make_unknown("API", call.path[0]);
              Json items = Json::array();
              for (const auto* version : studio::list_versions(state(), call.path[0])) {
                items.push_back(describe(call, *version));
              }
              const auto total = items.size();
              return make_answer(200, {{"items", std::move(items)}, {"total", total}});
            }))
      .answer_list(kVersionShape);
  add_route("GET", "/admin/v1/apis/{id}/versions/{version}", "getVersion", "get",
            on_version(Permission::kLook), at_once([this](const Call& call) {
              const auto number = parse_version_number(call.path[1]);
              const auto* version =
                  state().versions.find(model::make_version_key(call.path[0], number));
              if (!version) return make_no_version(call);
              return make_answer(200, describe(call, *version));
            }))
      .answer(200, kVersionShape)
      .tagged();

  const auto change_version = [this](auto change) {
    return at_once([this, change](const Call& call) {
      const auto number = parse_version_number(call.path[1]);
      if (number == 0) return make_no_version(call);
      const auto done =
          parts_.studio.run(call.actor, [&](Edit& edit) { return change(edit, call, number); });
      if (!done) return make_error_answer(done.error());
      return make_answer(200, describe(call, *done));
    });
  };
  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/request", "requestApproval",
            "ask for approval", on_version(Permission::kRequestApproval),
            change_version([](Edit& edit, const Call& call, unsigned number) {
              return edit.request_approval(call.path[0], number);
            }))
      .answer(200, kVersionShape);
  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/withdraw", "withdrawRequest",
            "take the request for approval back", on_version(Permission::kRequestApproval),
            change_version([](Edit& edit, const Call& call, unsigned number) {
              return edit.withdraw(call.path[0], number);
            }))
      .answer(200, kVersionShape);
  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/approve", "approveVersion", "approve",
            on_version(Permission::kDecideApproval),
            change_version([](Edit& edit, const Call& call, unsigned number) {
              return edit.approve(call.path[0], number);
            }))
      .answer(200, kVersionShape);
  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/reject", "rejectVersion", "reject",
            on_version(Permission::kDecideApproval),
            change_version([](Edit& edit, const Call& call, unsigned number) {
              return edit.reject(call.path[0], number, read_text(call.body, "reason"));
            }))
      .take(kRejectShape)
      .answer(200, kVersionShape);
  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/test", "testVersion",
            "run a version, live or not", on_version(Permission::kTestDrafts),
            [this](const Call& call, const AdminApi::Respond& respond) { test_api(call, respond); })
      .take_maybe(kTestShape)
      .answer(200, kTestReportShape);
  add_route("GET", "/admin/v1/apis/{id}/diff", "diffApi",
            "what differs between two versions, or a version and the draft",
            on_api(Permission::kLook), now(&Handlers::diff_api))
      .with_query({"from", "to"});
}

AdminResponse AdminApi::Handlers::diff_api(const Call& call) {
  const auto* api = state().apis.find(call.path[0]);
  if (!api) return make_unknown("API", call.path[0]);
  const auto name_side = [&](const char* query, std::string otherwise) {
    const auto side = call.find_query(query);
    const auto number = parse_version_number(side);
    if (number != 0) return "V" + std::to_string(number);
    return side.empty() ? std::move(otherwise) : std::string(side);
  };
  const auto from = name_side("from", "V" + std::to_string(api->last_version));
  const auto to = name_side("to", std::string(kDraft));
  const auto* before = find_side(state(), *api, from);
  const auto* after = find_side(state(), *api, to);
  if (!before || !after) {
    return make_refusal(404, "not_found",
                        "the API '" + api->draft.name + "' has no '" + (before ? to : from) + "'",
                        "write V1, V2 ... for its versions, or draft");
  }
  Json answer = {{"api", api->id}, {"from", from}, {"to", to}};
  answer.update(make_diff(make_json(*before, secrets_), make_json(*after, secrets_)));
  // Masks are alike, whatever they stand for.
  if (answer["equal"] == true && *before != *after) {
    answer["equal"] = false;
    answer["changed"].push_back({{"pointer", "/authentication/settings"},
                                 {"label", "authentication.settings (a secret)"},
                                 {"from", kSecretMask},
                                 {"to", kSecretMask}});
  }
  return make_answer(200, answer);
}

}  // namespace sluice::admin
