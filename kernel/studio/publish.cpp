// SPDX-License-Identifier: Apache-2.0
// From a version that can be published to what is served: where, under which domain, through which
// backend; and the record of it.
#include "studio/edit_parts.hpp"

#include <algorithm>
#include <utility>

namespace sluice::studio {
namespace {

constexpr std::string_view kDefaultBackend = "Default";

const model::Workflow* find_workflow_of(const model::State& state, const model::Api& api) {
  return state.workflows.find(api.workflow_id);
}

// The other addresses under the REST API that a new domain would change: those of other APIs, and
// of this one on other instances.
std::vector<PublishPlan::Move> list_moves(const model::State& state, const model::RestApi& rest_api,
                                          const model::Api& published, std::string_view instance) {
  std::vector<PublishPlan::Move> moves;
  for (const auto* api : list_deployed_apis(state, rest_api)) {
    PublishPlan::Move move{.api_id = api->id,
                           .name = model::make_key(api->workspace, api->draft.name)};
    for (const auto* deployment : list_deployments(state, api->id)) {
      if (api->id == published.id && deployment->instance == instance) continue;
      move.instances.push_back(deployment->instance);
      if (const auto* version = find_deployed(state, *deployment)) {
        move.method = version->definition.method;
        move.path = model::make_call_path(rest_api, version->definition.path);
      }
    }
    if (!move.instances.empty()) moves.push_back(std::move(move));
  }
  return moves;
}

std::string show(std::string_view domain) {
  return domain.empty() ? std::string("the instances' own addresses") : quote(domain);
}

// The backends that a version may be published with on an instance, the preselected one first.
std::vector<std::string> list_backends(const model::State& state,
                                       const model::GatewayInstance& instance,
                                       std::string_view group_network) {
  std::vector<std::string> backends;
  if (instance.network == group_network) backends.emplace_back(kDefaultBackend);
  for (const auto& [key, service] : state.backend_services.all()) {
    if (service.region == instance.region && service.network == group_network) {
      backends.push_back(service.name);
    }
  }
  return backends;
}

std::string list_names(const std::vector<PublishPlan::Move>& moves) {
  constexpr std::size_t kToldMax = 10;
  std::string names;
  for (std::size_t i = 0; i < moves.size() && i < kToldMax; ++i) {
    names += (i ? ", " : "") + quote(moves[i].name) + " [" + moves[i].api_id + "]";
  }
  if (moves.size() > kToldMax) {
    names += " and " + std::to_string(moves.size() - kToldMax) + " more";
  }
  return names;
}

// What nobody could authenticate would refuse every call.
Result<void> check_authenticator(const LowerFloor& lower_floor,
                                 const model::ApiDefinition& definition) {
  const auto fault = find_authenticator_fault(lower_floor, definition);
  if (!fault) return {};
  return conflict(fault->what + ", so this version would refuse every call: " + fault->remedy,
                  "/version");
}

}  // namespace

Result<FoundVersion> find_version(const model::State& state, std::string_view api_id,
                                  unsigned number) {
  const auto* api = state.apis.find(api_id);
  if (!api) return not_found("API", api_id, "/api_id");
  const auto* version = state.versions.find(model::make_version_key(api_id, number));
  if (!version) return not_found("version", "V" + std::to_string(number), "/version");
  return FoundVersion{*api, *version};
}

Result<PublishPlan> plan_publish(const model::State& state, std::string_view api_id,
                                 unsigned number, std::string_view instance_name,
                                 const std::optional<std::string>& domain) {
  const auto found = find_version(state, api_id, number);
  if (!found) return found.error();
  const auto& [api, version] = *found;
  const auto* workspace = state.workspaces.find(api.workspace);
  const auto* workflow = find_workflow_of(state, api);
  const auto* rest_api = workflow ? model::find_rest_api(state, *workflow) : nullptr;
  if (!workspace || !rest_api) {
    return conflict("the workflow of this API has lost its REST API: create it again");
  }
  PublishPlan plan;
  plan.region = workspace->region;
  plan.resource_group = version.definition.resource_group;
  if (const auto* group = model::find_resource_group(state, api.workspace, plan.resource_group)) {
    plan.network = group->network;
  }
  plan.domain = rest_api->domain;
  for (const auto& [name, known] : state.domains.all()) {
    if (known.region == plan.region) plan.domains.push_back(name);
  }
  const model::GatewayInstance* chosen = nullptr;
  std::size_t running = 0;
  for (const auto& [name, instance] : state.gateway_instances.all()) {
    if (instance.region != plan.region) continue;
    const auto* live = state.deployments.find(model::make_key(api_id, name));
    plan.instances.push_back({name, instance.id, instance.network, instance.status,
                              instance.network == plan.network, live ? live->version : 0});
    const bool is_running = instance.status == model::InstanceStatus::kRunning;
    running += is_running;
    if (instance_name.empty() ? is_running : name == instance_name) chosen = &instance;
  }
  if (!instance_name.empty() && !chosen) {
    return Error{SLUICE_E_NOT_FOUND,
                 "there is no gateway instance " + quote(instance_name) + " in the region " +
                     quote(plan.region),
                 {},
                 "/instance"};
  }
  if (chosen && (!instance_name.empty() || running == 1)) {
    plan.instance = chosen->name;
    plan.backends = list_backends(state, *chosen, plan.network);
    if (!plan.backends.empty()) plan.backend = plan.backends.front();
  }
  if (domain && *domain != rest_api->domain) {
    plan.moves = list_moves(state, *rest_api, api, plan.instance);
  }
  return plan;
}

// ---- the rules of the three settings (R128), and what else must fit

Result<void> Edit::check_publish(const PublishRequest& request, const model::Api& api,
                                 const model::ApiVersion& version) const {
  const auto* workspace = state_.workspaces.find(api.workspace);
  const auto* workflow = find_workflow_of(state_, api);
  const auto* rest_api = workflow ? model::find_rest_api(state_, *workflow) : nullptr;
  if (!workspace || !rest_api) {
    return conflict("the workflow of this API has lost its REST API: create it again");
  }
  if (request.instance.empty()) {
    return wrong("no gateway instance is chosen (R132): name one", "/instance");
  }
  const auto* instance = state_.gateway_instances.find(request.instance);
  if (!instance) {
    return wrong(
        "there is no gateway instance " + quote(request.instance) + " (R132): name another one",
        "/instance");
  }
  if (instance->region != workspace->region) {
    return wrong("gateway instance " + quote(request.instance) + " is in region " +
                     quote(instance->region) + ", the workspace in " + quote(workspace->region) +
                     " (R021, R132): name one of the workspace's region",
                 "/instance");
  }
  if (instance->status != model::InstanceStatus::kRunning) {
    return conflict("gateway instance " + quote(request.instance) + " is " +
                        std::string(to_text(instance->status)) +
                        (instance->status == model::InstanceStatus::kStopped
                             ? " (R012, R132): start it, or name one that is Running"
                             : " (R012, R132): no node serves it yet; name it under gateways in a "
                               "node file and start that node, or name one that is Running"),
                    "/instance");
  }

  if (!request.domain) {
    return wrong(
        "no domain is chosen (R129): name one, or give an empty text for the instance's own "
        "address only",
        "/domain");
  }
  if (auto fault = model::find_domain_fault(*request.domain, "/domain")) {
    return model::make_error({std::move(*fault)});
  }
  const auto* domain = state_.domains.find(*request.domain);
  if (!request.domain->empty() && (!domain || domain->region != workspace->region)) {
    return wrong("region " + quote(workspace->region) + " has no domain " + quote(*request.domain) +
                     " (R129): register it first, or name another one",
                 "/domain");
  }
  if (*request.domain != rest_api->domain) {
    auto moves = list_moves(state_, *rest_api, api, request.instance);
    const bool is_shown = std::ranges::all_of(moves, [&](const PublishPlan::Move& move) {
      return std::ranges::find(request.moves, move.api_id) != request.moves.end();
    });
    if (!is_shown) {
      return conflict("all APIs of REST API " + quote(rest_api->name) +
                          " share their domain, and these move from " + show(rest_api->domain) +
                          " to " + show(*request.domain) + " too (R131): " + list_names(moves) +
                          ": give their ids as \"moves\" when that is meant",
                      "/moves");
    }
  }

  const auto group = find_usable_group(state_, api.workspace, version.definition.resource_group,
                                       NetworkNeed::kNeeded);
  if (!group) {
    Error error = group.error();
    return conflict(std::move(error.detail), "/version");
  }
  if (request.backend.empty()) {
    return wrong(
        "no backend service is chosen (R133): use " +
            (instance->network == (*group)->network ? std::string(kDefaultBackend)
                                                    : "one of network " + quote((*group)->network)),
        "/backend");
  }
  if (request.backend == kDefaultBackend) {
    if (instance->network == (*group)->network) return {};
    return wrong("gateway instance " + quote(instance->name) + " is in network " +
                     quote(instance->network) + ", resource group " + quote((*group)->name) +
                     " in " + quote((*group)->network) +
                     ", so Default does not reach it (R134): choose a backend service of network " +
                     quote((*group)->network) + ", or create one",
                 "/backend");
  }
  const auto* service = model::find_backend_service(state_, *instance, request.backend);
  if (!service) {
    return wrong("region " + quote(instance->region) + " has no backend service " +
                     quote(request.backend) + " (R134): create it, or use another one",
                 "/backend");
  }
  if (service->network != (*group)->network) {
    return wrong("backend service " + quote(service->name) + " listens in network " +
                     quote(service->network) + ", resource group " + quote((*group)->name) +
                     " is in " + quote((*group)->network) + " (R134): choose one of that network",
                 "/backend");
  }
  return {};
}

// The record's number, which the deployment keeps. The oldest ones go first.
unsigned Edit::keep_record(model::PublishRecord record, const std::string& name) {
  auto kept = list_publish_records(state_, record.api_id, record.instance);
  record.number = kept.empty() ? 1 : kept.front()->number + 1;
  if (record.actor.empty()) record.actor = actor_;
  if (record.at == 0) record.at = clock_.now_ms();
  std::vector<unsigned> surplus;
  for (std::size_t i = model::kPublishRecordsMax - 1; i < kept.size(); ++i) {
    surplus.push_back(kept[i]->number);
  }
  for (const auto number : surplus) {
    drop<model::PublishRecord>(model::make_record_key(record.api_id, record.instance, number),
                               model::make_record_key(name, record.instance, number));
  }
  const auto number = record.number;
  auto key = model::make_record_key(record.api_id, record.instance, number);
  auto label = model::make_record_key(name, record.instance, number);
  keep(std::move(key), std::move(label), std::move(record));
  return number;
}

Result<Put<model::Deployment>> Edit::publish(const PublishRequest& request) {
  const auto found = find_version(state_, request.api_id, request.version);
  if (!found) return found.error();
  const auto& [api, version] = *found;
  if (version.status != model::VersionStatus::kCanBePublished) {
    return conflict("version V" + std::to_string(version.number) + " is " +
                    std::string(to_text(version.status)) +
                    " (R127): only a version that Can Be Published is published: have it approved");
  }
  if (auto right = check_publish(request, api, version); !right) return right.error();
  if (auto loaded = check_authenticator(lower_floor_, version.definition); !loaded) {
    return loaded.error();
  }
  const auto* bound = model::find_rest_api(state_, *find_workflow_of(state_, api));
  if (const auto fault =
          model::find_version_parameter_fault(bound->version_management, version.definition)) {
    return conflict("version V" + std::to_string(version.number) +
                    " has a parameter that REST API " + quote(bound->name) + " reads for itself: " +
                    fault->what + " (R054): submit a version in which it has another name");
  }
  if (!state_.data_sources.find(model::make_key(api.workspace, version.definition.data_source))) {
    return conflict("the data source " + quote(version.definition.data_source) +
                    " of this version is gone: create it again, or submit a new version");
  }
  for (const auto& [key, other] : state_.deployments.all()) {
    if (other.instance != request.instance || other.api_id == api.id) continue;
    const auto* its_api = state_.apis.find(other.api_id);
    const auto* its_workflow = its_api ? find_workflow_of(state_, *its_api) : nullptr;
    const auto* live = find_deployed(state_, other);
    if (!its_workflow || !live || model::find_rest_api(state_, *its_workflow) != bound) continue;
    if (live->definition.path == version.definition.path &&
        live->definition.method == version.definition.method) {
      return conflict(std::string(to_text(version.definition.method)) + " " +
                      version.definition.path + " is served by " +
                      (its_api->workspace == api.workspace ? "the API " + quote(name_of(*its_api))
                                                           : std::string("another API")) +
                      " on that instance (R073): undeploy that one, or change the path");
    }
  }

  const auto name = name_of(api);
  if (!version.definition.authentication.type.empty()) {
    if (auto made = ensure_workspace_consumer(api.workspace); !made) return made.error();
    auto key = model::make_key(api.workspace, api.id);
    if (!state_.authorizations.find(key)) {
      keep(std::move(key), model::make_key(api.workspace, name),
           model::Authorization{.consumer = api.workspace, .api_id = api.id, .rest_api = {}});
    }
  }
  const bool is_moved = bound->domain != *request.domain;
  if (is_moved) {
    auto rest_api = *bound;
    rest_api.domain = *request.domain;
    auto key = model::make_key(rest_api.region, rest_api.name);
    auto label = label_of(rest_api.region, rest_api.name);
    keep(std::move(key), std::move(label), std::move(rest_api));
  }
  auto key = model::make_key(api.id, request.instance);
  auto label = model::make_version_key(name, version.number) + "@" + request.instance;
  // Who and when are told of the last change, not of the last time that somebody asked for it.
  if (const auto* before = state_.deployments.find(key);
      before && before->version == version.number && before->backend == request.backend &&
      !is_moved) {
    auto same = *before;
    return keep(std::move(key), std::move(label), std::move(same));
  }
  model::Deployment deployment{api.id,          request.instance, version.number,
                               request.backend, actor_,           clock_.now_ms()};
  deployment.record = keep_record({.api_id = api.id,
                                   .instance = request.instance,
                                   .action = model::PublishAction::kPublish,
                                   .version = version.number,
                                   .domain = *request.domain,
                                   .backend = request.backend,
                                   .environment = deployment.environment,
                                   .actor = {}},
                                  name);
  return keep(std::move(key), std::move(label), std::move(deployment));
}

Result<Put<model::Deployment>> Edit::restore_deployment(model::Deployment deployment) {
  const auto found = find_version(state_, deployment.api_id, deployment.version);
  if (!found) return found.error();
  const auto& [api, version] = *found;
  if (version.status != model::VersionStatus::kCanBePublished) {
    return conflict("version V" + std::to_string(version.number) + " is " +
                    std::string(to_text(version.status)) +
                    " (R127): only a version that Can Be Published is deployed");
  }
  const auto* instance = state_.gateway_instances.find(deployment.instance);
  if (!instance) {
    return wrong(
        "there is no gateway instance " + quote(deployment.instance) + " (R132): name another one",
        "/instance");
  }
  if (deployment.backend != kDefaultBackend &&
      !model::find_backend_service(state_, *instance, deployment.backend)) {
    return wrong("region " + quote(instance->region) + " has no backend service " +
                     quote(deployment.backend) + " (R134): create it first",
                 "/backend");
  }
  auto key = model::make_key(api.id, deployment.instance);
  const auto* before = state_.deployments.find(key);
  const bool is_there =
      before && before->version == deployment.version && before->backend == deployment.backend;
  if (!is_there) {
    if (auto loaded = check_authenticator(lower_floor_, version.definition); !loaded) {
      return loaded.error();
    }
  }
  if (deployment.deployed_by.empty()) {
    deployment.deployed_by = is_there ? before->deployed_by : actor_;
  }
  if (deployment.deployed_at == 0) {
    deployment.deployed_at = is_there ? before->deployed_at : clock_.now_ms();
  }
  const auto name = name_of(api);
  if (is_there) {
    deployment.record = before->record;
  } else {
    const auto* rest_api = model::find_rest_api(state_, *find_workflow_of(state_, api));
    deployment.record = keep_record({.api_id = api.id,
                                     .instance = deployment.instance,
                                     .action = model::PublishAction::kPublish,
                                     .version = version.number,
                                     .domain = rest_api ? rest_api->domain : std::string(),
                                     .backend = deployment.backend,
                                     .environment = deployment.environment,
                                     .actor = deployment.deployed_by,
                                     .at = deployment.deployed_at},
                                    name);
  }
  auto label = model::make_version_key(name, version.number) + "@" + deployment.instance;
  return keep(std::move(key), std::move(label), std::move(deployment));
}

Result<void> Edit::undeploy(std::string_view api_id, std::string_view instance) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id, "/api_id");
  const auto key = model::make_key(api_id, instance);
  const auto* found = state_.deployments.find(key);
  if (!found) {
    return Error{SLUICE_E_NOT_FOUND,
                 "API '" + api->draft.name + "' is not deployed on gateway instance '" +
                     std::string(instance) + "': nothing to take offline",
                 {},
                 "/instance"};
  }
  const auto deployment = *found;
  const auto name = name_of(*api);
  const auto* workflow = find_workflow_of(state_, *api);
  const auto* rest_api = workflow ? model::find_rest_api(state_, *workflow) : nullptr;
  keep_record({.api_id = api->id,
               .instance = deployment.instance,
               .action = model::PublishAction::kUndeploy,
               .version = deployment.version,
               .domain = rest_api ? rest_api->domain : std::string(),
               .backend = deployment.backend,
               .environment = deployment.environment,
               .actor = {}},
              name);
  drop<model::Deployment>(
      key, model::make_version_key(name, deployment.version) + "@" + std::string(instance));
  return {};
}

std::vector<const model::PublishRecord*> list_publish_records(const model::State& state,
                                                              std::string_view api_id,
                                                              std::string_view instance) {
  std::vector<const model::PublishRecord*> records;
  const auto prefix = model::make_key(model::make_key(api_id, instance), "");
  const auto& all = state.publish_records.all();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    records.push_back(&it->second);
  }
  std::ranges::sort(records, [](const auto* a, const auto* b) { return a->number > b->number; });
  return records;
}

}  // namespace sluice::studio
