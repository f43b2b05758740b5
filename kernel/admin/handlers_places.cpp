// SPDX-License-Identifier: Apache-2.0
// Networks, resource groups, gateway instances, domains, backend services, REST APIs.
#include "admin/named_routes.hpp"

#include <algorithm>

namespace sluice::admin {
namespace {

template <class T>
bool is_in_region(const T& noun, const Call& call) {
  return fits(call, "region", noun.region);
}

}  // namespace

void AdminApi::Handlers::add_place_routes() {
  using model::State;
  using studio::Edit;
  add_named_routes<model::Network>(
      {"network",
       "/admin/v1/networks",
       "/admin/v1/networks/{name}",
       {"listNetworks", "createNetwork", "getNetwork", "replaceNetwork", "deleteNetwork"},
       everywhere(Permission::kManageGateway),
       Permission::kManageGateway,
       kNetworkShape,
       &State::networks,
       &parse_network,
       &Edit::put_network,
       [](Edit& edit, std::string_view name, std::string_view region) {
         return edit.delete_network(name, region);
       },
       {"region"},
       &is_in_region<model::Network>,
       NameScope::kRegion});
  add_named_routes<model::ResourceGroup>(
      {"resource group",
       "/admin/v1/resource-groups",
       "/admin/v1/resource-groups/{name}",
       {"listResourceGroups", "createResourceGroup", "getResourceGroup", "replaceResourceGroup",
        "deleteResourceGroup"},
       everywhere(Permission::kManageGateway),
       Permission::kManageGateway,
       kResourceGroupShape,
       &State::resource_groups,
       &parse_resource_group,
       &Edit::put_resource_group,
       [](Edit& edit, std::string_view name, std::string_view region) {
         return edit.delete_resource_group(name, region);
       },
       {"region", "network", "workspace"},
       // By workspace: those that its APIs may choose (R093).
       [](const model::ResourceGroup& g, const Call& call) {
         const auto workspace = call.find_query("workspace");
         return is_in_region(g, call) && fits(call, "network", g.network) &&
                (workspace.empty() || (call.access.is_member(workspace) &&
                                       std::ranges::binary_search(g.workspaces, workspace)));
       },
       NameScope::kRegion,
       [](const model::ResourceGroup& g) { return make_json(g); },
       [](model::ResourceGroup& g, const Json& body, const model::ResourceGroup& stored) {
         if (!body.contains("workspaces")) g.workspaces = stored.workspaces;
       }});
  add_named_routes<model::GatewayInstance>(
      {"gateway instance",
       "/admin/v1/gateway-instances",
       "/admin/v1/gateway-instances/{name}",
       {"listGatewayInstances", "createGatewayInstance", "getGatewayInstance",
        "replaceGatewayInstance", "deleteGatewayInstance"},
       everywhere(Permission::kManageGateway),
       Permission::kManageGateway,
       kGatewayInstanceShape,
       &State::gateway_instances,
       &parse_gateway_instance,
       &Edit::put_gateway_instance,
       [](Edit& edit, std::string_view name, std::string_view) {
         return edit.delete_gateway_instance(name);
       },
       {"region", "network", "status"},
       [](const model::GatewayInstance& i, const Call& call) {
         return is_in_region(i, call) && fits(call, "network", i.network) &&
                fits(call, "status", model::to_text(i.status));
       }});
  const auto on_instance =
      on(Permission::kManageGateway, "gateway instance", &State::gateway_instances);
  const auto change_instance = [this](auto change) {
    return at_once([this, change](const Call& call) {
      const auto done =
          parts_.studio.run(call.actor, [&](Edit& edit) { return (edit.*change)(call.path[0]); });
      return done ? make_answer(200, make_json(done->stored)) : make_error_answer(done.error());
    });
  };
  add_route("POST", "/admin/v1/gateway-instances/{name}/start", "startGatewayInstance",
            "let its APIs answer again", on_instance,
            change_instance(&Edit::start_gateway_instance))
      .answer(200, kGatewayInstanceShape);
  add_route("POST", "/admin/v1/gateway-instances/{name}/stop", "stopGatewayInstance",
            "its APIs answer 503, and nothing is published to it", on_instance,
            change_instance(&Edit::stop_gateway_instance))
      .answer(200, kGatewayInstanceShape);
  add_named_routes<model::Domain>(
      {"domain",
       "/admin/v1/domains",
       "/admin/v1/domains/{name}",
       {"listDomains", "createDomain", "getDomain", "replaceDomain", "deleteDomain"},
       everywhere(Permission::kManageGateway),
       Permission::kManageGateway,
       kDomainShape,
       &State::domains,
       &parse_domain,
       &Edit::put_domain,
       [](Edit& edit, std::string_view name, std::string_view) { return edit.delete_domain(name); },
       {"region"},
       &is_in_region<model::Domain>});
  const auto describe_service = [this](const model::BackendService& service) {
    return make_json(service, parts_.lower_floor.list_backend_health(service));
  };
  add_named_routes<model::BackendService>(
      {"backend service",
       "/admin/v1/backend-services",
       "/admin/v1/backend-services/{name}",
       {"listBackendServices", "createBackendService", "getBackendService", "replaceBackendService",
        "deleteBackendService"},
       everywhere(Permission::kManageGateway),
       Permission::kManageGateway,
       kBackendServiceShape,
       &State::backend_services,
       &parse_backend_service,
       &Edit::put_backend_service,
       [](Edit& edit, std::string_view name, std::string_view region) {
         return edit.delete_backend_service(name, region);
       },
       {"region", "network"},
       [](const model::BackendService& s, const Call& call) {
         return is_in_region(s, call) && fits(call, "network", s.network);
       },
       NameScope::kRegion,
       describe_service});
  add_named_routes<model::RestApi>(
      {"REST API",
       "/admin/v1/rest-apis",
       "/admin/v1/rest-apis/{name}",
       {"listRestApis", "createRestApi", "getRestApi", "replaceRestApi", "deleteRestApi"},
       somewhere(Permission::kEditRestApis),
       Permission::kEditRestApis,
       kRestApiShape,
       &State::rest_apis,
       &parse_rest_api,
       &Edit::put_rest_api,
       [](Edit& edit, std::string_view name, std::string_view region) {
         return edit.delete_rest_api(name, region);
       },
       {"region"},
       &is_in_region<model::RestApi>,
       NameScope::kRegion,
       [](const model::RestApi& r) { return make_json(r); },
       [](model::RestApi& r, const Json& body, const model::RestApi& stored) {
         if (!body.contains("domain")) r.domain = stored.domain;
         if (!body.contains("version_management")) r.version_management = stored.version_management;
       }});
}

}  // namespace sluice::admin
