// SPDX-License-Identifier: Apache-2.0
#include "admin/admin_api.hpp"

#include "admin/handlers.hpp"
#include "admin/preconditions.hpp"
#include "admin/requests.hpp"

#include <algorithm>
#include <array>

namespace sluice::admin {
namespace {

bool is_json_content(const AdminRequest& request) {
  const auto type = find_single_header(request, "Content-Type");
  if (!type) return false;
  auto essence = type->substr(0, type->find(';'));
  while (!essence.empty() && essence.back() == ' ') essence.remove_suffix(1);
  return equals_ignoring_case(essence, "application/json");
}

AdminResponse make_internal_answer() {
  return make_refusal(500, "internal", "the management API failed", "the log says more");
}

}  // namespace

AdminApi::AdminApi(AdminParts parts) : handlers_(std::make_unique<Handlers>(std::move(parts))) {}
AdminApi::~AdminApi() = default;

void AdminApi::handle(AdminRequest request, Respond respond) {
  handlers_->handle(request, respond);
}

AdminApi::Handlers::Handlers(AdminParts parts)
    : parts_(std::move(parts)), secrets_(parts_.plugins) {
  add_service_routes();
  add_resource_routes();
  add_api_routes();
  add_version_routes();
  add_release_routes();
  add_openapi_routes();
  add_script_routes();
  add_wizard_routes();
  add_consumer_routes();
  add_explain_routes();
  add_export_routes();
  add_place_routes();
  add_published_routes();
  add_people_routes();
  add_audit_routes();
}

std::optional<AdminApi::Handlers::Caller> AdminApi::Handlers::find_caller(
    const AdminRequest& request) const {
  constexpr std::string_view kScheme = "Bearer ";
  const auto header = find_single_header(request, "Authorization");
  if (!header || !equals_ignoring_case(header->substr(0, kScheme.size()), kScheme)) return {};
  const auto secret = header->substr(kScheme.size());
  if (auto actor = parts_.tokens.find_actor(secret)) {
    return Caller{std::move(*actor), studio::Access::of_node()};
  }
  const auto* token = studio::find_token(state(), secret, parts_.studio.now_ms());
  if (!token) return {};
  return Caller{token->name, studio::Access::find(state(), token->name), token->id};
}

// What the caller does not see is answered like what is not there, so that neither tells of the
// other; the node's own token is not in anybody's way, and gets the handler's words.
std::optional<AdminResponse> AdminApi::Handlers::refuse(const Guard& guard, const Call& call) {
  if (call.access.is_node() || !guard.permission()) return {};
  const auto permission = *guard.permission();
  if (auto may = call.access.check_anywhere(permission); !may) {
    return make_error_answer(may.error());
  }
  const auto concern = guard.find(call);
  if (!concern.is_seen && !concern.pointer.empty()) {
    return make_faults_answer({{concern.pointer,
                                {},
                                "there is no " + concern.noun + " '" + concern.name + "'",
                                "create it first, or have yourself made a member of it"}});
  }
  if (!concern.is_seen) return make_unknown(concern.noun, concern.name);
  if (concern.anywhere) return {};
  if (concern.one_is_enough && std::ranges::any_of(concern.workspaces, [&](const auto& workspace) {
        return call.access.may(permission, workspace);
      })) {
    return {};
  }
  for (const auto& workspace : concern.workspaces) {
    auto may = call.access.check(permission, workspace);
    if (may) continue;
    // A workspace that the caller does not see is not named.
    if (!call.access.is_member(workspace) && workspace != model::kEveryWorkspace) {
      return make_refusal(403, "forbidden", "this touches a workspace that you are no member of",
                          "have a member of every workspace do it");
    }
    auto error = may.error();
    if (concern.noun == kRestApiNoun && workspace == model::kEveryWorkspace) {
      error.detail += kUnboundAdvice;
    }
    return make_error_answer(error);
  }
  return {};
}

void AdminApi::Handlers::handle(const AdminRequest& request, const AdminApi::Respond& respond) {
  auto target = parse_target(request.target);
  Match match;
  if (target) match = find_route(routes_, request.method, *target);

  Caller caller;
  if (!match.route || !match.route->guard.is_open) {
    // Whoever shows no token learns nothing, not even which paths there are.
    auto known = find_caller(request);
    if (!known) {
      auto answer = make_refusal(401, "unauthenticated", "the management API needs a known token",
                                 "send 'Authorization: Bearer <token>'; the command line takes it "
                                 "from --token or SLUICE_TOKEN");
      answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sluice admin\"");
      return respond(std::move(answer));
    }
    caller = std::move(*known);
  }
  if (!target) return respond(make_error_answer(target.error()));
  if (match.allowed.empty()) {
    return respond(make_refusal(404, "not_found", "there is nothing at this path",
                                "see /admin/v1/openapi.json for what there is"));
  }
  if (!match.route) {
    std::string allow;
    for (const auto& method : match.allowed) allow += (allow.empty() ? "" : ", ") + method;
    auto answer = make_refusal(405, "method_not_allowed", "this path does not take this method",
                               "use " + allow);
    answer.headers.emplace_back("Allow", allow);
    return respond(std::move(answer));
  }
  // Shared, since some handlers answer later, when this frame is gone.
  const auto answered = std::make_shared<bool>(false);
  const auto once = [respond, answered](AdminResponse response) {
    *answered = true;
    respond(std::move(response));
  };
  try {
    dispatch(*match.route, std::move(match.path), std::move(*target), request, std::move(caller),
             once);
  } catch (const std::exception&) {
    if (!*answered) respond(make_internal_answer());
  }
}

void AdminApi::Handlers::dispatch(const Route& route, std::vector<std::string> path, Target target,
                                  const AdminRequest& request, Caller caller,
                                  const AdminApi::Respond& respond) {
  Call call{std::move(caller.name), std::move(path),           std::move(target.query),
            Json::object(),         std::move(caller.access),  &state(),
            parts_.studio.region(), std::move(caller.token_id)};
  // A private draft is its owner's alone. What was submitted is the workspace's: its versions are
  // approved and published by others.
  constexpr std::string_view kApi = "/admin/v1/apis/{id}";
  constexpr std::array<std::string_view, 3> kOfVersions = {"/versions", "/undeploy", "/rollback"};
  const bool is_of_draft =
      route.pattern.starts_with(kApi) &&
      std::ranges::none_of(kOfVersions, [rest = route.pattern.substr(kApi.size())](auto part) {
        return rest.starts_with(part);
      });
  if (is_of_draft) {
    const auto* api = state().apis.find(call.path[0]);
    if (api && !studio::is_visible(*api, call.actor)) {
      return respond(make_unknown("API", call.path[0]));
    }
  }
  const bool is_judged_first = route.guard.when() == Guard::When::kBeforeBody;
  if (is_judged_first) {
    if (auto refusal = refuse(route.guard, call)) return respond(std::move(*refusal));
  } else if (auto may = call.access.check_anywhere(*route.guard.permission()); !may) {
    return respond(make_error_answer(may.error()));
  }
  for (const auto& [name, value] : call.query) {
    const bool known =
        std::find(route.query.begin(), route.query.end(), name) != route.query.end() ||
        (route.answers_list && (name == "limit" || name == "offset"));
    if (!known) {
      return respond(make_refusal(400, "invalid", "the query has an unknown name '" + name + "'",
                                  "see /admin/v1/openapi.json for those this path takes"));
    }
  }
  if (request.body.size() > route.body_bytes_max) {
    return respond(make_refusal(413, "too_large", "the body is too large",
                                "send at most " + std::to_string(route.body_bytes_max) + " bytes"));
  }
  if (route.body_need == BodyNeed::kNone && !request.body.empty()) {
    return respond(
        make_refusal(400, "invalid", "this path takes no body", "send the request without one"));
  }
  if (route.body_need == BodyNeed::kRequired || !request.body.empty()) {
    if (route.body_need == BodyNeed::kNone) return respond(make_internal_answer());
    if (!is_json_content(request)) {
      return respond(make_refusal(415, "unsupported_media_type", "the body is not marked as JSON",
                                  "send 'Content-Type: application/json'"));
    }
    auto body = parse_json(request.body);
    if (!body) return respond(make_error_answer(body.error()));
    call.body = std::move(*body);
    if (route.takes) {
      model::Faults faults;
      check_shape(call.body, *route.takes, route.purpose, "", faults);
      if (!faults.empty()) return respond(make_faults_answer(faults));
    }
  }
  if (!is_judged_first) {
    if (auto refusal = refuse(route.guard, call)) return respond(std::move(*refusal));
  }
  const auto document = route.guard.find(call).document;
  if (auto refusal = check_preconditions(request, document, parts_.studio)) {
    return respond(std::move(*refusal));
  }
  if (!route.is_tagged || !document) return route.handler(call, respond);
  const auto if_none_match = find_single_header(request, "If-None-Match").value_or("");
  route.handler(call, [this, respond, document = *document, is_get = route.method == "GET",
                       if_none_match = std::string(if_none_match)](AdminResponse answer) {
    respond(make_conditional(std::move(answer), is_get, if_none_match,
                             parts_.studio.find_tag(document)));
  });
}

AdminResponse make_unknown(std::string_view noun, std::string_view name) {
  return make_refusal(404, "not_found",
                      "there is no " + std::string(noun) + " '" + std::string(name) + "'",
                      "list what there is, or create it");
}

bool parse_page(const Call& call, std::size_t& limit, std::size_t& offset) {
  const auto parse = [&](std::string_view name, std::size_t otherwise, std::size_t& value) {
    const auto text = call.find_query(name);
    value = otherwise;
    if (text.empty()) return true;
    if (text.size() > 9 || text.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
    value = std::stoul(std::string(text));
    return true;
  };
  return parse("limit", kItemsPerPageMax, limit) && parse("offset", 0, offset) && limit >= 1 &&
         limit <= kItemsPerPageMax;
}

unsigned parse_version_number(std::string_view text) {
  if (!text.empty() && (text.front() == 'V' || text.front() == 'v')) text.remove_prefix(1);
  if (text.empty() || text.size() > 9 ||
      text.find_first_not_of("0123456789") != std::string_view::npos) {
    return 0;
  }
  return static_cast<unsigned>(std::stoul(std::string(text)));
}

const model::Api* find_api_by_reference(const model::State& state, std::string_view reference) {
  const auto first = reference.find('/');
  if (first == std::string_view::npos) return state.apis.find(reference);
  const auto workspace = reference.substr(0, first);
  const auto last = reference.rfind('/');
  const auto* api = studio::find_api(state, workspace, reference.substr(last + 1));
  if (!api || first == last) return api;
  const auto* workflow = state.workflows.find(api->workflow_id);
  const auto named = reference.substr(first + 1, last - first - 1);
  return workflow && workflow->name == named ? api : nullptr;
}

}  // namespace sluice::admin
