// SPDX-License-Identifier: Apache-2.0
// OpenAPI documents of what is published: of a REST API as it is live, of one version.
#include "admin/handlers.hpp"
#include "admin/published_openapi.hpp"
#include "studio/actions.hpp"

#include <algorithm>
#include <map>

namespace sluice::admin {

void AdminApi::Handlers::add_openapi_routes() {
  add_route("GET", "/admin/v1/rest-apis/{name}/openapi.json", "getRestApiOpenapi",
            "what is live under it, as an OpenAPI 3.1 document",
            on(Permission::kLook, "REST API", &model::State::rest_apis),
            now(&Handlers::get_rest_api_openapi))
      .with_query({"region", "instance"});
  add_route("GET", "/admin/v1/apis/{id}/versions/{version}/openapi.json", "getVersionOpenapi",
            "one version, live or not, as an OpenAPI 3.1 document", on_version(Permission::kLook),
            now(&Handlers::get_version_openapi));
}

// Where calls of a REST API go on an instance: "https://api.example.com/v1"; empty: nobody knows.
std::string AdminApi::Handlers::make_server_url(const model::RestApi& rest_api,
                                                const std::string& instance) const {
  const auto origin = parts_.origin ? parts_.origin(instance) : std::string();
  return studio::make_base_url(origin, state().domains.find(rest_api.domain), rest_api);
}

AdminResponse AdminApi::Handlers::get_rest_api_openapi(const Call& call) {
  const auto region = call.find_query("region");
  const auto* rest_api = state().rest_apis.find(model::make_key(
      region.empty() ? std::string_view(parts_.studio.region()) : region, call.path[0]));
  if (!rest_api) return make_unknown("REST API", call.path[0]);
  // The newest version of each API that is live on what was asked for; where it is live.
  PublishedDocument document{rest_api->name, rest_api->description, "0", {}};
  model::UnixMs changed_at = 0;
  std::map<std::string, PublishedOperation> by_api;
  for (const auto& [key, d] : state().deployments.all()) {
    if (!fits(call, "instance", d.instance) || !call.sees(d)) continue;
    const auto* api = state().apis.find(d.api_id);
    const auto* workflow = api ? state().workflows.find(api->workflow_id) : nullptr;
    const auto* version = state().versions.find(model::make_version_key(d.api_id, d.version));
    if (!version || !workflow || model::find_rest_api(state(), *workflow) != rest_api) continue;
    changed_at = std::max(changed_at, d.deployed_at);
    auto& operation = by_api[d.api_id];
    if (operation.version > d.version) continue;
    if (operation.version != d.version) {
      operation = {d.api_id,
                   d.version,
                   workflow->name,
                   {},
                   &version->definition,
                   &rest_api->version_management};
    }
    auto url = make_server_url(*rest_api, d.instance);
    auto& servers = operation.servers;
    if (!url.empty() && std::find(servers.begin(), servers.end(), url) == servers.end()) {
      servers.push_back(std::move(url));
    }
  }
  for (auto& [id, operation] : by_api) {
    // Two APIs may be live on one address on two instances; a document has one of them.
    const bool is_taken =
        std::any_of(document.operations.begin(), document.operations.end(), [&](const auto& other) {
          return other.definition->path == operation.definition->path &&
                 other.definition->method == operation.definition->method;
        });
    if (!is_taken) document.operations.push_back(std::move(operation));
  }
  if (changed_at != 0) document.version = make_time_text(changed_at);
  return make_answer(200, make_published_openapi(document));
}

AdminResponse AdminApi::Handlers::get_version_openapi(const Call& call) {
  const auto number = parse_version_number(call.path[1]);
  const auto* version = state().versions.find(model::make_version_key(call.path[0], number));
  const auto* api = state().apis.find(call.path[0]);
  const auto* workflow = api ? state().workflows.find(api->workflow_id) : nullptr;
  const auto* rest_api = workflow ? model::find_rest_api(state(), *workflow) : nullptr;
  if (!version || !rest_api) return make_no_version(call);
  PublishedOperation operation{
      api->id, number, workflow->name, {}, &version->definition, &rest_api->version_management};
  for (const auto instance : studio::list_instances(state(), *version)) {
    auto url = make_server_url(*rest_api, std::string(instance));
    auto& servers = operation.servers;
    if (!url.empty() && std::find(servers.begin(), servers.end(), url) == servers.end()) {
      servers.push_back(std::move(url));
    }
  }
  return make_answer(200, make_published_openapi({version->definition.name,
                                                  version->definition.description,
                                                  "V" + std::to_string(number),
                                                  {std::move(operation)}}));
}

}  // namespace sluice::admin
