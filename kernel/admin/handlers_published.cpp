// SPDX-License-Identifier: Apache-2.0
// What a publish would do, what is live where, and what once was (Service Management).
#include "admin/handlers.hpp"

#include <algorithm>

namespace sluice::admin {
namespace {

bool contains_ignoring_case(std::string_view text, std::string_view search) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::search(text, search, {}, lower, lower).begin() != text.end() ||
         search.empty();
}

// What callers send besides the URL.
Json make_access_headers(const model::VersionManagement& versions) {
  Json headers = Json::object();
  if (model::is_said_apart(versions) && versions.scheme == model::VersionScheme::kHeader) {
    headers[versions.name] = versions.version;
  }
  return headers;
}

}  // namespace

void AdminApi::Handlers::add_published_routes() {
  add_route("GET", "/admin/v1/apis/{id}/versions/{version}/publish-plan", "planPublish",
            "what can be chosen, and whom a domain would move; changes nothing",
            on_version(Permission::kPublish), now(&Handlers::plan_publish))
      .answer(200, kPublishPlanShape)
      .with_query({"instance", "domain"});
  add_route("GET", "/admin/v1/published-apis", "listPublishedApis",
            "one for each API and instance that it is live on", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().deployments,
                  [&](const model::Deployment& d) {
                    const auto* api = state().apis.find(d.api_id);
                    const auto* workspace = api ? state().workspaces.find(api->workspace) : nullptr;
                    return workspace && fits(call, "api", d.api_id) &&
                           fits(call, "instance", d.instance) &&
                           fits(call, "workspace", api->workspace) &&
                           fits(call, "region", workspace->region) &&
                           contains_ignoring_case(api->draft.name, call.find_query("search"));
                  },
                  [&](const model::Deployment& d) { return describe_published(d); });
            }))
      .answer_list(kPublishedApiShape, {"workspace", "region", "api", "instance", "search"});
  add_route("GET", "/admin/v1/published-apis/{id}", "getPublishedApi",
            "the version that is live on an instance, and the instances to choose from",
            on_api(Permission::kLook), now(&Handlers::get_published_api))
      .answer(200, kPublishedApiShape)
      .with_query({"instance"});
  add_route("GET", "/admin/v1/publish-records", "listPublishRecords",
            "what was published and undeployed: who, when, which version",
            somewhere(Permission::kLook), at_once([this](const Call& call) {
              return make_page(
                  call, state().publish_records,
                  [&](const model::PublishRecord& r) {
                    return fits(call, "api", r.api_id) && fits(call, "instance", r.instance);
                  },
                  [&](const model::PublishRecord& r) {
                    const auto* live =
                        state().deployments.find(model::make_key(r.api_id, r.instance));
                    return make_json(r, live && live->record == r.number);
                  });
            }))
      .answer_list(kPublishRecordShape, {"api", "instance"});
}

AdminResponse AdminApi::Handlers::plan_publish(const Call& call) {
  const auto number = parse_version_number(call.path[1]);
  std::optional<std::string> domain;
  if (const auto it = call.query.find("domain"); it != call.query.end()) domain = it->second;
  auto plan =
      studio::plan_publish(state(), call.path[0], number, call.find_query("instance"), domain);
  if (!plan) return make_error_answer(plan.error());
  // Who publishes here need not see those of other workspaces: refuse_moves() keeps him from it.
  const auto hidden = std::erase_if(plan->moves, [&](const auto& move) {
    const auto* api = state().apis.find(move.api_id);
    return !api || (!call.access.is_node() && !call.sees(*api));
  });
  auto body = make_json(*plan);
  body["hidden_moves"] = hidden;
  return make_answer(200, body);
}

Json AdminApi::Handlers::describe_published(const model::Deployment& d) const {
  const auto* api = state().apis.find(d.api_id);
  const auto* version = state().versions.find(model::make_version_key(d.api_id, d.version));
  const auto* workflow = api ? state().workflows.find(api->workflow_id) : nullptr;
  const auto* rest_api = workflow ? model::find_rest_api(state(), *workflow) : nullptr;
  const auto* instance = state().gateway_instances.find(d.instance);
  if (!version || !rest_api) return {{"api", d.api_id}, {"instance", d.instance}};
  const auto origin = parts_.origin ? parts_.origin(d.instance) : std::string();
  const auto* domain = state().domains.find(rest_api->domain);
  const auto url = studio::make_access_url(origin, domain, *rest_api, version->definition);
  const auto id = instance ? instance->id : std::string();
  return {{"api", d.api_id},
          {"name", version->definition.name},
          {"workspace", api->workspace},
          {"workflow", workflow->name},
          {"rest_api", rest_api->name},
          {"region", rest_api->region},
          {"method", model::to_text(version->definition.method)},
          {"path", model::make_call_path(*rest_api, version->definition.path)},
          {"version", d.version},
          {"instance", d.instance},
          {"instance_id", id},
          {"gateway_instance", d.instance + " (" + id + ")"},
          {"access_url", url.empty() ? Json() : Json(url)},
          {"access_headers", make_access_headers(rest_api->version_management)},
          {"domain", rest_api->domain},
          {"environment", d.environment},
          {"backend", d.backend},
          {"authentication", version->definition.authentication.type},
          {"deployed_by", d.deployed_by},
          {"deployed_at", make_time_json(d.deployed_at)}};
}

AdminResponse AdminApi::Handlers::get_published_api(const Call& call) {
  const auto& id = call.path[0];
  if (!state().apis.find(id)) return make_unknown("API", id);
  const auto deployments = studio::list_deployments(state(), id);
  if (deployments.empty()) return make_unknown("published API", id);
  const auto wanted = call.find_query("instance");
  const auto chosen = std::ranges::find_if(
      deployments, [&](const auto* d) { return wanted.empty() || d->instance == wanted; });
  if (chosen == deployments.end()) {
    return make_unknown("published API", id + "@" + std::string(wanted));
  }
  Json body = describe_published(**chosen);
  body["instances"] = Json::array();
  for (const auto* d : deployments) {
    const auto* instance = state().gateway_instances.find(d->instance);
    body["instances"].push_back({{"name", d->instance},
                                 {"id", instance ? instance->id : std::string()},
                                 {"version", d->version}});
  }
  if (const auto* version =
          state().versions.find(model::make_version_key(id, (*chosen)->version))) {
    body["definition"] = make_json(version->definition, secrets_);
  }
  return make_answer(200, body);
}

}  // namespace sluice::admin
