// SPDX-License-Identifier: Apache-2.0
// Back to what was live before on an instance: a publish of it, chosen from what the instance once
// served.
#include "studio/edit_parts.hpp"

#include <utility>

namespace sluice::studio {

Result<RollbackPlan> plan_rollback(const model::State& state, std::string_view api_id,
                                   std::string_view instance, unsigned to) {
  const auto* api = state.apis.find(api_id);
  if (!api) return not_found("API", api_id, "/api_id");
  if (!state.gateway_instances.find(instance)) {
    return not_found("gateway instance", instance, "/instance");
  }
  const auto* live = state.deployments.find(model::make_key(api_id, instance));
  RollbackPlan plan;
  plan.from = live ? live->version : 0;
  if (to != 0 && to == plan.from) {
    return conflict("V" + std::to_string(to) + " is live there already: choose another version",
                    "/version");
  }
  for (const auto* record : list_publish_records(state, api_id, instance)) {
    if (record->action != model::PublishAction::kPublish) continue;
    if (to != 0 ? record->version != to : record->version == plan.from) continue;
    const auto* version = state.versions.find(model::make_version_key(api_id, record->version));
    if (!version || version->status != model::VersionStatus::kCanBePublished) continue;
    plan.to = record->version;
    plan.published_by = record->actor;
    plan.published_at = record->at;
    plan.backend = record->backend;
    return plan;
  }
  if (to != 0) {
    return conflict("V" + std::to_string(to) + " was never live on gateway instance " +
                        quote(instance) + ", or it is not known any more: publish it",
                    "/version");
  }
  return conflict("no other version of " + quote(api->draft.name) +
                  " was live on gateway instance " + quote(instance) +
                  ", or it is not known any more: publish one");
}

Result<Put<model::Deployment>> Edit::rollback(std::string_view api_id, std::string_view instance,
                                              unsigned to) {
  const auto plan = plan_rollback(state_, api_id, instance, to);
  if (!plan) return plan.error();
  const auto* workflow = state_.workflows.find(state_.apis.find(api_id)->workflow_id);
  const auto* rest_api = workflow ? model::find_rest_api(state_, *workflow) : nullptr;
  if (!rest_api) return conflict("the workflow of this API has lost its REST API");
  PublishRequest request;
  request.api_id = api_id;
  request.version = plan->to;
  request.instance = instance;
  // Where it is served now: a step back of one API moves no other one to another domain.
  request.domain = rest_api->domain;
  request.backend = plan->backend;
  return publish(request);
}

}  // namespace sluice::studio
