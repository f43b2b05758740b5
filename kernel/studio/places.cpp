// SPDX-License-Identifier: Apache-2.0
// Where what people design runs: regions, networks, resource groups, gateway instances, domains and
// backend services.
#include "studio/edit_parts.hpp"

#include <algorithm>
#include <utility>

namespace sluice::studio {
namespace {

constexpr std::string_view kDefaultRange = "0.0.0.0/0";

// The versions that are live somewhere, each with its API and its deployment.
struct Live {
  const model::Api* api;
  const model::ApiVersion* version;
  const model::Deployment* deployment;
};
template <class Fits>
std::optional<Live> find_live(const model::State& state, Fits fits) {
  for (const auto& [key, deployment] : state.deployments.all()) {
    const auto* api = state.apis.find(deployment.api_id);
    const auto* version = find_deployed(state, deployment);
    const Live live{api, version, &deployment};
    if (api && version && fits(live)) return live;
  }
  return std::nullopt;
}

// Made of the name, which is unique: an instance that is made again, or on another store from the
// same documents, is known by the same id.
std::string make_instance_id(const model::State& state, std::string_view name) {
  for (std::uint64_t hash = 0xcbf29ce484222325;; ++hash) {  // FNV-1a
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    std::string id = "gw-";
    for (int shift = 60; shift >= 0; shift -= 4) id += "0123456789abcdef"[(hash >> shift) & 15];
    if (!find_first(state.gateway_instances, [&](const auto& i) { return i.id == id; })) return id;
  }
}

bool uses(const model::State& state, const model::ResourceGroup& group, std::string_view workspace,
          const model::ApiDefinition& definition) {
  return definition.resource_group == group.name &&
         model::find_resource_group(state, workspace, group.name) == &group;
}

}  // namespace

Result<const model::ResourceGroup*> find_usable_group(const model::State& state,
                                                      std::string_view workspace,
                                                      std::string_view name, NetworkNeed need) {
  const auto* group = model::find_resource_group(state, workspace, name);
  if (!group) {
    return wrong("the region of workspace " + quote(workspace) + " has no resource group " +
                     quote(name) + " (R091): create it, or choose another one",
                 "/resource_group");
  }
  if (!std::ranges::binary_search(group->workspaces, workspace)) {
    return wrong("resource group " + quote(name) + " is not associated with the workspace " +
                     quote(workspace) + " (R093): choose one that is, or associate it",
                 "/resource_group");
  }
  if (need == NetworkNeed::kNeeded && group->network.empty()) {
    return wrong("resource group " + quote(name) +
                     " has no network (R013): set its network before its APIs are tested",
                 "/resource_group");
  }
  return group;
}

// ---- regions

Result<void> Edit::settle_region(std::string& region, const std::string* before) const {
  if (region.empty()) region = before ? *before : region_;
  if (!before || *before == region) return {};
  return conflict("it is in region " + quote(*before) +
                      " and stays there: create another one in region " + quote(region),
                  "/region");
}

std::string Edit::label_of(std::string_view region, std::string_view name) const {
  return region == region_ ? std::string(name) : model::make_key(region, name);
}

// ---- networks

Result<void> Edit::check_network(std::string_view region, std::string_view network) const {
  if (network.empty() || state_.networks.find(model::make_key(region, network))) return {};
  return wrong("region " + quote(region) + " has no network " + quote(network) +
                   ": create it first, or name another one",
               "/network");
}

void Edit::ensure_default_network(const std::string& region) {
  auto key = model::make_key(region, model::kDefaultPlace);
  if (state_.networks.find(key)) return;
  keep(std::move(key), label_of(region, model::kDefaultPlace),
       model::Network{std::string(model::kDefaultPlace), region, std::string(kDefaultRange),
                      "what the region's nodes reach by themselves"});
}

Result<Put<model::Network>> Edit::put_network(model::Network network) {
  if (auto faults = find_faults(network); !faults.empty()) return make_error(faults);
  if (network.region.empty()) network.region = region_;
  auto key = model::make_key(network.region, network.name);
  auto label = label_of(network.region, network.name);
  return keep(std::move(key), std::move(label), std::move(network));
}

Result<void> Edit::delete_network(std::string_view name, std::string_view given_region) {
  const std::string region(given_region.empty() ? std::string_view(region_) : given_region);
  auto key = model::make_key(region, name);
  if (!state_.networks.find(key)) return not_found("network", name);
  const auto is_in = [&](const auto& noun) {
    return noun.region == region && noun.network == name;
  };
  const auto refuse = [&](std::string_view what, std::string_view who) {
    return conflict("network " + quote(name) + " is that of the " + std::string(what) + " " +
                    quote(who) + ": change that first");
  };
  if (const auto* group = find_first(state_.resource_groups, is_in)) {
    return refuse("resource group", group->name);
  }
  if (const auto* instance = find_first(state_.gateway_instances, is_in)) {
    return refuse("gateway instance", instance->name);
  }
  if (const auto* service = find_first(state_.backend_services, is_in)) {
    return refuse("backend service", service->name);
  }
  drop<model::Network>(std::move(key), label_of(region, name));
  return {};
}

// ---- resource groups

void Edit::associate_default_group(const model::Workspace& workspace) {
  const auto key = model::make_key(workspace.region, model::kDefaultPlace);
  model::ResourceGroup group;
  if (const auto* found = state_.resource_groups.find(key)) {
    group = *found;
  } else {
    ensure_default_network(workspace.region);
    group.name = model::kDefaultPlace;
    group.region = workspace.region;
    group.network = model::kDefaultPlace;
    group.description = "of every new workspace of the region";
  }
  const auto place = std::ranges::lower_bound(group.workspaces, workspace.name);
  if (place == group.workspaces.end() || *place != workspace.name) {
    group.workspaces.insert(place, workspace.name);
  }
  auto label = label_of(group.region, group.name);
  keep(key, std::move(label), std::move(group));
}

Result<Put<model::ResourceGroup>> Edit::put_resource_group(model::ResourceGroup group) {
  if (auto faults = find_faults(group); !faults.empty()) return make_error(faults);
  if (group.region.empty()) group.region = region_;
  if (auto right = check_network(group.region, group.network); !right) return right.error();
  for (std::size_t i = 0; i < group.workspaces.size(); ++i) {
    const auto* workspace = state_.workspaces.find(group.workspaces[i]);
    if (workspace && workspace->region == group.region) continue;
    return wrong((workspace ? "workspace " + quote(group.workspaces[i]) + " is in region " +
                                  quote(workspace->region)
                            : "there is no workspace " + quote(group.workspaces[i])) +
                     " (R093): associate workspaces of the group's region",
                 "/workspaces/" + std::to_string(i));
  }
  std::ranges::sort(group.workspaces);
  const auto twice = std::ranges::unique(group.workspaces);
  group.workspaces.erase(twice.begin(), twice.end());

  auto key = model::make_key(group.region, group.name);
  if (const auto* before = state_.resource_groups.find(key)) {
    const auto is_left_out = [&](std::string_view workspace) {
      return !std::ranges::binary_search(group.workspaces, workspace);
    };
    const auto* draft = find_first(state_.apis, [&](const model::Api& api) {
      return is_left_out(api.workspace) && uses(state_, *before, api.workspace, api.draft);
    });
    const auto live = find_live(state_, [&](const Live& l) {
      return (is_left_out(l.api->workspace) || group.network != before->network) &&
             uses(state_, *before, l.api->workspace, l.version->definition);
    });
    if (draft || (live && is_left_out(live->api->workspace))) {
      const auto& api = draft ? *draft : *live->api;
      return conflict("the API " + quote(name_of(api)) + " uses resource group " +
                          quote(group.name) +
                          ": choose another group for it before its workspace " +
                          quote(api.workspace) + " is taken out",
                      "/workspaces");
    }
    if (live) {
      return conflict("the API " + quote(name_of(*live->api)) +
                          " is deployed on gateway instance " + quote(live->deployment->instance) +
                          " by the network that the resource group has now (R133): undeploy it "
                          "first, or make another group",
                      "/network");
    }
  }
  auto label = label_of(group.region, group.name);
  return keep(std::move(key), std::move(label), std::move(group));
}

Result<void> Edit::delete_resource_group(std::string_view name, std::string_view given_region) {
  const std::string region(given_region.empty() ? std::string_view(region_) : given_region);
  auto key = model::make_key(region, name);
  const auto* group = state_.resource_groups.find(key);
  if (!group) return not_found("resource group", name);
  const auto refuse = [&](const model::Api& api, std::string_view how) {
    return conflict("resource group " + quote(name) + " is used by the " + std::string(how) +
                    " API " + quote(name_of(api)) + ": change that first");
  };
  if (const auto* api = find_first(state_.apis, [&](const model::Api& a) {
        return uses(state_, *group, a.workspace, a.draft);
      })) {
    return refuse(*api, "draft of");
  }
  if (const auto live = find_live(state_, [&](const Live& l) {
        return uses(state_, *group, l.api->workspace, l.version->definition);
      })) {
    return refuse(*live->api, "deployed");
  }
  drop<model::ResourceGroup>(std::move(key), label_of(region, name));
  return {};
}

// Without a word of its own a draft keeps its group; a new one takes `default` where its workspace
// may, or else the only one that it may choose.
void Edit::choose_resource_group(const model::Api* existing, std::string_view workspace,
                                 model::ApiDefinition& definition) const {
  if (!definition.resource_group.empty()) return;
  if (existing && !existing->draft.resource_group.empty()) {
    definition.resource_group = existing->draft.resource_group;
    return;
  }
  const model::ResourceGroup* chosen = nullptr;
  std::size_t choices = 0;
  for (const auto& [key, group] : state_.resource_groups.all()) {
    if (!std::ranges::binary_search(group.workspaces, workspace)) continue;
    ++choices;
    if (!chosen || group.name == model::kDefaultPlace) chosen = &group;
  }
  if (chosen && (choices == 1 || chosen->name == model::kDefaultPlace)) {
    definition.resource_group = chosen->name;
  }
}

// ---- gateway instances

Result<Put<model::GatewayInstance>> Edit::put_gateway_instance(model::GatewayInstance instance) {
  if (auto faults = find_faults(instance); !faults.empty()) return make_error(faults);
  const auto* before = state_.gateway_instances.find(instance.name);
  if (auto settled = settle_region(instance.region, before ? &before->region : nullptr); !settled) {
    return settled.error();
  }
  if (instance.network.empty()) {
    instance.network = before ? before->network : std::string(model::kDefaultPlace);
  }
  if (instance.network == model::kDefaultPlace) ensure_default_network(instance.region);
  if (auto right = check_network(instance.region, instance.network); !right) return right.error();
  before = state_.gateway_instances.find(instance.name);
  if (before) {
    instance.id = before->id;
    instance.status = before->status;
    instance.created_at = before->created_at;
  } else {
    instance.id = make_instance_id(state_, instance.name);
    instance.status = lower_floor_.serves(instance.name) ? model::InstanceStatus::kRunning
                                                         : model::InstanceStatus::kCreating;
    instance.created_at = clock_.now_ms();
  }
  if (before && before->network != instance.network) {
    if (const auto live = find_live(
            state_, [&](const Live& l) { return l.deployment->instance == instance.name; })) {
      return conflict("the API " + quote(name_of(*live->api)) +
                          " is deployed there by the network that the instance has now (R133): "
                          "undeploy it first",
                      "/network");
    }
  }
  auto name = instance.name;
  return keep(name, name, std::move(instance));
}

Result<Put<model::GatewayInstance>> Edit::serve_gateway_instance(const std::string& name) {
  const auto* found = state_.gateway_instances.find(name);
  if (!found) return put_gateway_instance({.name = name});
  const auto status = found->status == model::InstanceStatus::kCreating
                          ? model::InstanceStatus::kRunning
                          : found->status;
  return set_status(name, status);
}

Result<Put<model::GatewayInstance>> Edit::set_status(std::string_view name,
                                                     model::InstanceStatus status) {
  const auto* found = state_.gateway_instances.find(name);
  if (!found) return not_found("gateway instance", name);
  auto instance = *found;
  instance.status = status;
  return keep(std::string(name), std::string(name), std::move(instance));
}

Result<Put<model::GatewayInstance>> Edit::start_gateway_instance(std::string_view name) {
  const bool is_served = lower_floor_.serves(std::string(name));
  const auto* found = state_.gateway_instances.find(name);
  if (found && found->status == model::InstanceStatus::kRunning) {
    return set_status(name, model::InstanceStatus::kRunning);
  }
  return set_status(name,
                    is_served ? model::InstanceStatus::kRunning : model::InstanceStatus::kCreating);
}

Result<Put<model::GatewayInstance>> Edit::stop_gateway_instance(std::string_view name) {
  return set_status(name, model::InstanceStatus::kStopped);
}

Result<void> Edit::delete_gateway_instance(std::string_view name) {
  if (!state_.gateway_instances.find(name)) return not_found("gateway instance", name);
  const auto* deployment =
      find_first(state_.deployments, [&](const auto& d) { return d.instance == name; });
  if (deployment) {
    const auto* api = state_.apis.find(deployment->api_id);
    return conflict("the API " + quote(api ? api->draft.name : deployment->api_id) +
                    " is deployed on gateway instance " + quote(name) + ": undeploy it first");
  }
  drop<model::GatewayInstance>(std::string(name), std::string(name));
  return {};
}

// ---- domains

Result<Put<model::Domain>> Edit::put_domain(model::Domain domain) {
  if (auto faults = find_faults(domain); !faults.empty()) return make_error(faults);
  const auto* before = state_.domains.find(domain.name);
  if (auto settled = settle_region(domain.region, before ? &before->region : nullptr); !settled) {
    return settled.error();
  }
  auto name = domain.name;
  return keep(name, name, std::move(domain));
}

Result<void> Edit::delete_domain(std::string_view name) {
  if (!state_.domains.find(name)) return not_found("domain", name);
  if (const auto* rest_api =
          find_first(state_.rest_apis, [&](const auto& r) { return r.domain == name; })) {
    return conflict("domain " + quote(name) + " is that of the REST API " +
                    quote(label_of(rest_api->region, rest_api->name)) +
                    ": publish its APIs with another domain first");
  }
  drop<model::Domain>(std::string(name), std::string(name));
  return {};
}

// ---- backend services

Result<Put<model::BackendService>> Edit::put_backend_service(model::BackendService service) {
  if (auto faults = find_faults(service); !faults.empty()) return make_error(faults);
  if (service.region.empty()) service.region = region_;
  if (auto right = check_network(service.region, service.network); !right) return right.error();
  auto key = model::make_key(service.region, service.name);
  if (const auto* before = state_.backend_services.find(key);
      before && before->network != service.network) {
    const auto live = find_live(state_, [&](const Live& l) {
      const auto* instance = state_.gateway_instances.find(l.deployment->instance);
      return l.deployment->backend == service.name && instance &&
             instance->region == service.region;
    });
    if (live) {
      return conflict(
          "the API " + quote(name_of(*live->api)) +
              " is deployed through it, by the network that it has now (R134): undeploy "
              "it first, or make another backend service",
          "/network");
    }
  }
  auto label = label_of(service.region, service.name);
  return keep(std::move(key), std::move(label), std::move(service));
}

Result<void> Edit::delete_backend_service(std::string_view name, std::string_view given_region) {
  const std::string region(given_region.empty() ? std::string_view(region_) : given_region);
  auto key = model::make_key(region, name);
  if (!state_.backend_services.find(key)) return not_found("backend service", name);
  const auto live = find_live(state_, [&](const Live& l) {
    const auto* instance = state_.gateway_instances.find(l.deployment->instance);
    return l.deployment->backend == name && instance && instance->region == region;
  });
  if (live) {
    return conflict("the API " + quote(name_of(*live->api)) + " is deployed on gateway instance " +
                    quote(live->deployment->instance) + " through backend service " + quote(name) +
                    ": undeploy it first");
  }
  drop<model::BackendService>(std::move(key), label_of(region, name));
  return {};
}

}  // namespace sluice::studio
