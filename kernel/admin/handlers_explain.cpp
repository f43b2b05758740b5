// SPDX-License-Identifier: Apache-2.0
// POST /admin/v1/explain: what a gateway instance would do with a request, and why.
#include "admin/handlers.hpp"

namespace sluice::admin {
namespace {

constexpr std::size_t kExplainsInFlightMax = 8;
constexpr std::size_t kHeadersMax = 200;

constexpr Member kHeaderMembers[] = {
    {"name", Type::kText, Need::kRequired, "as sent"},
    {"value", Type::kText, Need::kRequired, "as sent"},
};
const Shape kHeaderShape{"HeaderLine", kHeaderMembers};

constexpr Member kExplainMembers[] = {
    {"method", Type::kText, Need::kRequired, "GET"},
    {"target", Type::kText, Need::kRequired, "as in the request line: /v1/user/info?user_id=1"},
    {"headers", Type::kList, Need::kOptional, "in wire order, Host among them", {}, &kHeaderShape},
    {"body", Type::kText, Need::kOptional, "as text"},
    {"instance", Type::kText, Need::kOptional, "the gateway instance; absent: the node's first"},
    {"now", Type::kTime, Need::kOptional, "the clock that decides; null: the node's"},
};

studio::SentRequest read_request(const Json& body) {
  studio::SentRequest request;
  request.method = read_text(body, "method");
  const std::string target = read_text(body, "target");
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string::npos) request.query = target.substr(mark + 1);
  request.body = read_text(body, "body");
  for (const auto& header : body.value("headers", Json::array())) {
    request.headers.emplace_back(read_text(header, "name"), read_text(header, "value"));
  }
  return request;
}

// The consumer's authorisations that are about this API, over or not: which one lets it in, or why
// none does.
Json list_grants(const studio::Explanation& told, const model::State& state) {
  Json grants = Json::array();
  const auto* api = state.apis.find(told.api_id);
  const auto* workflow = api ? state.workflows.find(api->workflow_id) : nullptr;
  const auto* rest_api = workflow ? model::find_rest_api(state, *workflow) : nullptr;
  if (!rest_api || told.consumer.empty()) return grants;
  for (const auto& authorization :
       {model::Authorization{.consumer = told.consumer, .api_id = api->id, .rest_api = {}},
        model::Authorization{.consumer = told.consumer,
        .api_id = {},
        .rest_api = rest_api->name,
        .region = rest_api->region}}) {
    const auto* found = state.authorizations.find(model::make_authorization_key(authorization));
    if (found) grants.push_back(make_json(*found));
  }
  return grants;
}

Json make_json(const studio::Explanation& told, const model::State& state) {
  Json route = nullptr;
  if (!told.api_id.empty()) {
    const auto* api = state.apis.find(told.api_id);
    route = {{"api_id", told.api_id},
             {"workspace", api ? api->workspace : std::string()},
             {"api", api ? api->draft.name : std::string()},
             {"version", "V" + std::to_string(told.version)},
             {"method", told.method},
             {"path", told.path},
             {"domain", told.domain},
             {"authentication", told.authentication}};
  }
  Json parameters = Json::object();
  for (const auto& [name, value] : told.parameters) parameters[name] = value;
  return {{"instance", told.instance},
          {"route", std::move(route)},
          {"accepted", told.accept},
          {"status", told.status},
          {"code", told.code},
          {"message", told.message},
          {"reason", told.reason},
          {"consumer", told.consumer},
          {"credential", told.credential_id},
          {"authorizations", list_grants(told, state)},
          {"parameters", std::move(parameters)}};
}

}  // namespace

const Shape kExplainShape{"Explain", kExplainMembers};

// On a worker: an authenticator may have to fetch keys.
void AdminApi::Handlers::explain(const Call& call, const AdminApi::Respond& respond) {
  const auto busy = [&] {
    respond(make_refusal(429, "busy", "too many requests are being explained at this moment",
                         "try again in a moment"));
  };
  if (explains_in_flight_ >= kExplainsInFlightMax) return busy();
  if (call.body.value("headers", Json::array()).size() > kHeadersMax) {
    return respond(make_refusal(400, "invalid", "a request has no more than 200 header lines",
                                "leave out those that prove nothing"));
  }
  auto request = std::make_shared<const studio::SentRequest>(read_request(call.body));
  ++explains_in_flight_;
  // What lies in a workspace that the caller does not see is not told, nor that it is there: where
  // nothing is, he hears the same.
  const auto tell = [this, access = call.access](const studio::Explanation& told) {
    const auto* api = state().apis.find(told.api_id);
    const bool is_seen = access.may(
        Permission::kExplain, api ? std::string_view(api->workspace) : model::kEveryWorkspace);
    return is_seen ? make_answer(200, make_json(told, state()))
                   : make_refusal(404, "not_found", "no API of your workspaces takes this request",
                                  "explain a request to one that you may see");
  };
  const auto run = [this, request, respond, tell, instance = read_text(call.body, "instance"),
                    now = read_time(call.body, "now")] {
    const auto ask = [&]() -> Result<studio::Explanation> {
      try {
        return parts_.lower_floor.explain(instance, *request, now);
      } catch (const std::exception& e) {
        return Error{SLUICE_E_INTERNAL, "the request could not be explained", e.what(), {}};
      }
    };
    const auto told = std::make_shared<const Result<studio::Explanation>>(ask());
    parts_.post_to_control([this, respond, told, tell] {
      --explains_in_flight_;
      respond(*told ? tell(**told) : make_error_answer(told->error()));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --explains_in_flight_;
    busy();
  }
}

void AdminApi::Handlers::add_explain_routes() {
  add_route("POST", "/admin/v1/explain", "explain", "what would be done with a request, and why",
            somewhere(Permission::kExplain),
            [this](const Call& call, const AdminApi::Respond& respond) { explain(call, respond); })
      .take(kExplainShape);
}

}  // namespace sluice::admin
