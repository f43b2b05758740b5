// SPDX-License-Identifier: Apache-2.0
// From a tested draft to what is served: versions, their approval, deployments.
#include "studio/edit_parts.hpp"

#include <utility>

namespace sluice::studio {
namespace {

constexpr std::string_view kDefaultBackend = "Default";

std::string label(std::string_view api_name, unsigned number) {
  return model::make_version_key(api_name, number);
}

Error wrong_status(const model::ApiVersion& version, std::string_view rule,
                   std::string_view remedy) {
  return conflict("version V" + std::to_string(version.number) + " is " +
                  std::string(to_text(version.status)) + " (" + std::string(rule) +
                  "): " + std::string(remedy));
}

// A version of an API, both found or the reason why not.
struct Found {
  model::Api api;
  model::ApiVersion version;
};
Result<Found> find_version(const model::State& state, std::string_view api_id, unsigned number) {
  const auto* api = state.apis.find(api_id);
  if (!api) return not_found("API", api_id, "/api_id");
  const auto* version = state.versions.find(model::make_version_key(api_id, number));
  if (!version) {
    return not_found("version", "V" + std::to_string(number), "/version");
  }
  return Found{*api, *version};
}

}  // namespace

Result<model::ApiVersion> Edit::submit(std::string_view api_id) {
  const auto* found = state_.apis.find(api_id);
  if (!found) return not_found("API", api_id);
  auto api = *found;
  if (auto faults = find_faults(api.draft); !faults.empty()) return make_error(faults);
  if (auto missing = find_missing(api.draft); !missing.empty()) return make_error(missing);
  if (auto right = check_reference(api.draft, api.workspace); !right) return right.error();
  if (api.tested_revision != api.draft_revision) {
    return conflict("the draft of '" + api.draft.name +
                    "' has not passed its test since it was last edited (R109): test it, then "
                    "submit");
  }
  const auto* workspace = state_.workspaces.find(api.workspace);
  if (!workspace) return not_found("workspace", api.workspace);

  model::ApiVersion version;
  version.api_id = api.id;
  version.number = ++api.last_version;
  version.definition = api.draft;
  version.status = workspace->requires_approval ? model::VersionStatus::kToBeRequested
                                                : model::VersionStatus::kCanBePublished;
  version.submitted_by = actor_;
  version.submitted_at = clock_.now_ms();

  const auto name = name_of(api);
  auto kept = keep(model::make_version_key(api.id, version.number), label(name, version.number),
                   std::move(version));
  auto key = api.id;
  keep(std::move(key), name, std::move(api));
  return std::move(kept.stored);
}

Result<Put<model::ApiVersion>> Edit::restore_version(model::ApiVersion version) {
  const auto* found = state_.apis.find(version.api_id);
  if (!found) return not_found("API", version.api_id, "/api_id");
  auto api = *found;
  const auto name = name_of(api);
  auto key = model::make_version_key(version.api_id, version.number);
  if (const auto* before = state_.versions.find(key)) {
    if (*before != version) {
      return conflict("version V" + std::to_string(version.number) +
                          " exists and is another one, and versions never change (R119): submit "
                          "the draft as a new version",
                      "/number");
    }
    return keep(std::move(key), label(name, version.number), std::move(version));
  }
  if (version.number <= api.last_version) {  // 0 too
    return conflict("version numbers rise (R118): the next one is at least V" +
                        std::to_string(api.last_version + 1),
                    "/number");
  }
  auto faults = find_faults(version.definition);
  if (faults.empty()) faults = find_missing(version.definition);
  for (auto& fault : faults) fault.where.insert(0, "/definition");
  if (!faults.empty()) return make_error(faults);

  api.last_version = version.number;
  auto api_key = api.id;
  keep(std::move(api_key), name, std::move(api));
  const auto number = version.number;
  return keep(std::move(key), label(name, number), std::move(version));
}

// ---- approval

Result<model::ApiVersion> Edit::set_status(model::ApiVersion version, model::VersionStatus status) {
  const auto* api = state_.apis.find(version.api_id);
  version.status = status;
  auto key = model::make_version_key(version.api_id, version.number);
  auto name = label(api ? name_of(*api) : version.api_id, version.number);
  return keep(std::move(key), std::move(name), std::move(version)).stored;
}

Result<model::ApiVersion> Edit::request_approval(std::string_view api_id, unsigned number) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kToBeRequested &&
      version.status != model::VersionStatus::kRejected) {
    return wrong_status(version, "R122",
                        version.status == model::VersionStatus::kUnderApproval
                            ? "wait for the approver"
                            : "it needs no approval, publish it");
  }
  version.requested_by = actor_;
  version.decided_by.clear();
  version.decision_reason.clear();
  return set_status(std::move(version), model::VersionStatus::kUnderApproval);
}

Result<model::ApiVersion> Edit::approve(std::string_view api_id, unsigned number) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kUnderApproval) {
    return wrong_status(version, "R123", "only a version under approval can be approved");
  }
  const auto* workspace = state_.workspaces.find(found->api.workspace);
  if (version.requested_by == actor_ && !(workspace && workspace->allows_self_approval)) {
    return Error{SLUICE_E_FORBIDDEN,
                 "who asked for an approval may not give it (R123): let somebody else approve, or "
                 "allow it in the workspace (allows_self_approval)",
                 {},
                 {}};
  }
  version.decided_by = actor_;
  version.decision_reason.clear();
  return set_status(std::move(version), model::VersionStatus::kCanBePublished);
}

Result<model::ApiVersion> Edit::reject(std::string_view api_id, unsigned number,
                                       std::string reason) {
  auto found = find_version(state_, api_id, number);
  if (!found) return found.error();
  auto& version = found->version;
  if (version.status != model::VersionStatus::kUnderApproval) {
    return wrong_status(version, "R124", "only a version under approval can be rejected");
  }
  const auto characters = model::count_characters(reason);
  if (!characters || *characters == 0 || *characters > kReasonCharactersMax) {
    return wrong("say why it is rejected (R124), in 1 to " + std::to_string(kReasonCharactersMax) +
                     " characters",
                 "/reason");
  }
  version.decided_by = actor_;
  version.decision_reason = std::move(reason);
  return set_status(std::move(version), model::VersionStatus::kRejected);
}

// ---- deployment

Result<Put<model::Deployment>> Edit::publish(const PublishRequest& request) {
  const auto found = find_version(state_, request.api_id, request.version);
  if (!found) return found.error();
  const auto& [api, version] = *found;
  if (version.status != model::VersionStatus::kCanBePublished) {
    return wrong_status(version, "R127",
                        "only a version that Can Be Published is published: have it approved");
  }
  if (request.instance.empty()) {
    return wrong("no gateway instance is chosen (R132): name one", "/instance");
  }
  if (!state_.gateway_instances.find(request.instance)) {
    return wrong("there is no gateway instance '" + request.instance + "' (R132): name another one",
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
  if (request.backend.empty()) {
    return wrong("no backend service is chosen (R133): use Default", "/backend");
  }
  if (request.backend != kDefaultBackend) {
    return wrong("there is no backend service '" + request.backend +
                     "' (R134): this release has Default, the built-in data service",
                 "/backend");
  }
  const auto* workflow = state_.workflows.find(api.workflow_id);
  const auto* bound = workflow ? state_.rest_apis.find(workflow->rest_api) : nullptr;
  if (!bound) return conflict("the workflow of this API has lost its REST API: create it again");
  if (!state_.data_sources.find(model::make_key(api.workspace, version.definition.data_source))) {
    return conflict("the data source '" + version.definition.data_source +
                    "' of this version is gone: create it again, or submit a new version");
  }
  for (const auto& [key, other] : state_.deployments.all()) {
    if (other.instance != request.instance || other.api_id == api.id) continue;
    const auto* its_api = state_.apis.find(other.api_id);
    const auto* its_workflow = its_api ? state_.workflows.find(its_api->workflow_id) : nullptr;
    const auto* live = state_.versions.find(model::make_version_key(other.api_id, other.version));
    if (!its_workflow || !live || its_workflow->rest_api != workflow->rest_api) continue;
    if (live->definition.path == version.definition.path &&
        live->definition.method == version.definition.method) {
      return conflict(std::string(to_text(version.definition.method)) + " " +
                      version.definition.path + " is served by the API '" + name_of(*its_api) +
                      "' on that instance (R073): undeploy that one, or change the path");
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
  if (bound->domain != *request.domain) {
    auto rest_api = *bound;
    rest_api.domain = *request.domain;
    auto key = rest_api.name;
    keep(key, key, std::move(rest_api));
  }
  model::Deployment deployment{api.id,          request.instance, version.number,
                               request.backend, actor_,           clock_.now_ms()};
  auto key = model::make_key(api.id, request.instance);
  // Who and when are told of the last change, not of the last time that somebody asked for it.
  if (const auto* before = state_.deployments.find(key);
      before && before->version == version.number && before->backend == request.backend) {
    deployment = *before;
  }
  return keep(std::move(key), label(name, version.number) + "@" + request.instance,
              std::move(deployment));
}

Result<Put<model::Deployment>> Edit::restore_deployment(model::Deployment deployment) {
  const auto found = find_version(state_, deployment.api_id, deployment.version);
  if (!found) return found.error();
  const auto& [api, version] = *found;
  if (version.status != model::VersionStatus::kCanBePublished) {
    return wrong_status(version, "R127", "only a version that Can Be Published is deployed");
  }
  if (!state_.gateway_instances.find(deployment.instance)) {
    return wrong(
        "there is no gateway instance '" + deployment.instance + "' (R132): name another one",
        "/instance");
  }
  auto key = model::make_key(api.id, deployment.instance);
  const auto* before = state_.deployments.find(key);
  const bool is_there =
      before && before->version == deployment.version && before->backend == deployment.backend;
  if (deployment.deployed_by.empty()) {
    deployment.deployed_by = is_there ? before->deployed_by : actor_;
  }
  if (deployment.deployed_at == 0) {
    deployment.deployed_at = is_there ? before->deployed_at : clock_.now_ms();
  }
  return keep(std::move(key), label(name_of(api), version.number) + "@" + deployment.instance,
              std::move(deployment));
}

Result<void> Edit::undeploy(std::string_view api_id, std::string_view instance) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id, "/api_id");
  const auto key = model::make_key(api_id, instance);
  const auto* deployment = state_.deployments.find(key);
  if (!deployment) {
    return Error{SLUICE_E_NOT_FOUND,
                 "API '" + api->draft.name + "' is not deployed on gateway instance '" +
                     std::string(instance) + "': nothing to take offline",
                 {},
                 "/instance"};
  }
  auto name = label(name_of(*api), deployment->version) + "@" + std::string(instance);
  drop<model::Deployment>(key, std::move(name));
  return {};
}

}  // namespace sluice::studio
