// SPDX-License-Identifier: Apache-2.0
// What people design: workspaces, sources, REST APIs, workflows and drafts. Where it runs:
// places.cpp.
#include "studio/edit_parts.hpp"
#include "studio/to_script.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::studio {
namespace {

constexpr int kIdAttemptsMax = 8;

}  // namespace

Edit::Edit(model::State state, std::string actor, std::string region, LowerFloor& lower_floor,
           const Clock& clock, const RandomSource& random)
    : state_(std::move(state)),
      actor_(std::move(actor)),
      region_(std::move(region)),
      lower_floor_(lower_floor),
      clock_(clock),
      random_(random) {}

void Edit::touch(store::DocumentRef ref, std::string name, std::string workspace) {
  auto& touched = touched_.emplace_back();
  touched.ref = std::move(ref);
  touched.name = std::move(name);
  touched.workspace = std::move(workspace);
}

std::string Edit::name_of(const model::Api& api) const {
  return model::make_key(api.workspace, api.draft.name);
}

Result<std::string> Edit::make_id(std::string_view prefix) {
  for (int attempt = 0; attempt < kIdAttemptsMax; ++attempt) {
    std::array<unsigned char, 8> bytes{};
    if (!random_(bytes)) break;
    std::string id(prefix);
    for (const auto byte : bytes) {
      id += "0123456789abcdef"[byte >> 4];
      id += "0123456789abcdef"[byte & 15];
    }
    if (!state_.workflows.find(id) && !state_.apis.find(id) && !state_.credentials.find(id) &&
        !state_.tokens.find(id)) {
      return id;
    }
  }
  return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a new id: retry", {}, {}};
}

// ---- workspaces

Result<Put<model::Workspace>> Edit::put_workspace(model::Workspace workspace) {
  if (auto faults = find_faults(workspace); !faults.empty()) return make_error(faults);
  const auto* before = state_.workspaces.find(workspace.name);
  const bool is_new = before == nullptr;
  if (auto settled = settle_region(workspace.region, before ? &before->region : nullptr);
      !settled) {
    return settled.error();
  }
  if (auto made = ensure_workspace_consumer(workspace.name); !made) return made.error();
  auto name = workspace.name;
  auto put = keep(name, name, std::move(workspace));
  if (is_new) associate_default_group(put.stored);
  return put;
}

Result<void> Edit::ensure_workspace_consumer(const std::string& workspace) {
  if (const auto* consumer = state_.consumers.find(workspace)) {
    if (consumer->workspace == workspace) return {};
    return conflict("a consumer is named " + quote(workspace) +
                        " already, and a workspace needs one of its own name (R103): choose "
                        "another name, or delete that consumer",
                    "/name");
  }
  keep(workspace, workspace,
       model::Consumer{workspace, workspace, "consumer of the workspace", true});
  return {};
}

Result<void> Edit::delete_workspace(std::string_view name) {
  if (!state_.workspaces.find(name)) return not_found("workspace", name);
  const auto is_in = [&](const auto& noun) { return noun.workspace == name; };
  const auto refuse = [&](std::string_view what) {
    return conflict("workspace " + quote(name) + " still holds " + std::string(what) +
                    ": delete that first");
  };
  if (const auto* api = find_first(state_.apis, is_in)) {
    return refuse("the API " + show_name(*api, actor_));
  }
  if (const auto* workflow = find_first(state_.workflows, is_in)) {
    return refuse("the workflow " + quote(workflow->name));
  }
  if (const auto* source = find_first(state_.data_sources, is_in)) {
    return refuse("the data source " + quote(source->name));
  }
  const auto* consumer = state_.consumers.find(name);
  if (consumer && consumer->workspace == name) drop_consumer(name);
  std::vector<model::ResourceGroup> groups;
  for (const auto& [key, group] : state_.resource_groups.all()) {
    if (std::ranges::binary_search(group.workspaces, name)) groups.push_back(group);
  }
  for (auto& group : groups) {
    std::erase(group.workspaces, name);
    auto key = model::make_key(group.region, group.name);
    auto label = label_of(group.region, group.name);
    keep(std::move(key), std::move(label), std::move(group));
  }
  std::vector<std::string> members;
  for (const auto& [key, member] : state_.members.all()) {
    if (member.workspace == name) members.push_back(key);
  }
  for (const auto& key : members) drop<model::Member>(key, key);
  drop<model::Workspace>(std::string(name), std::string(name));
  return {};
}

// ---- data sources

Result<Put<model::DataSource>> Edit::put_data_source(model::DataSource source) {
  if (auto faults = find_faults(source); !faults.empty()) return make_error(faults);
  if (!state_.workspaces.find(source.workspace)) {
    return wrong("there is no workspace " + quote(source.workspace) + ": create it first",
                 "/workspace");
  }
  auto key = model::make_key(source.workspace, source.name);
  // What is there already may be put again where its plugin is not loaded.
  if (const auto* before = state_.data_sources.find(key);
      !before || before->type != source.type || before->settings_json != source.settings_json) {
    if (auto right = lower_floor_.check_settings(source); !right) {
      Error error = right.error();
      error.where = error.status == SLUICE_E_NOT_FOUND ? "/type" : "/settings" + error.where;
      error.status = SLUICE_E_ARGUMENT;
      return error;
    }
  }
  return keep(key, key, std::move(source));
}

Result<void> Edit::delete_data_source(std::string_view workspace, std::string_view name) {
  auto key = model::make_key(workspace, name);
  if (!state_.data_sources.find(key)) return not_found("data source", key);
  const auto refuse = [&](const model::Api& api, std::string_view how) {
    return conflict("data source " + quote(key) + " is used by the " + std::string(how) + " API " +
                    show_name(api, actor_) + ": change that first");
  };
  for (const auto& [id, api] : state_.apis.all()) {
    if (api.workspace == workspace && api.draft.data_source == name) return refuse(api, "draft of");
  }
  for (const auto& [id, deployment] : state_.deployments.all()) {
    const auto* api = state_.apis.find(deployment.api_id);
    const auto* version = find_deployed(state_, deployment);
    if (api && version && api->workspace == workspace && version->definition.data_source == name) {
      return refuse(*api, "deployed");
    }
  }
  drop<model::DataSource>(key, key);
  return {};
}

// ---- REST APIs

Result<Put<model::RestApi>> Edit::put_rest_api(model::RestApi rest_api) {
  if (auto faults = find_faults(rest_api); !faults.empty()) return make_error(faults);
  if (rest_api.region.empty()) rest_api.region = region_;
  auto key = model::make_key(rest_api.region, rest_api.name);
  if (!rest_api.domain.empty()) {
    const auto* domain = state_.domains.find(rest_api.domain);
    if (!domain || domain->region != rest_api.region) {
      return wrong("region " + quote(rest_api.region) + " has no domain " + quote(rest_api.domain) +
                       " (R129): register it first, or name another one",
                   "/domain");
    }
  }
  const auto* before = state_.rest_apis.find(key);
  const auto deployed =
      before ? list_deployed_apis(state_, *before) : std::vector<const model::Api*>();
  if (before && before->base_path != rest_api.base_path && !deployed.empty()) {
    return conflict("the base path of REST API " + quote(rest_api.name) +
                        " is part of addresses that callers use: undeploy its APIs first, " +
                        quote(deployed.front()->draft.name) + " for one",
                    "/base_path");
  }
  if (before && before->domain != rest_api.domain && !deployed.empty()) {
    return conflict("the domain of REST API " + quote(rest_api.name) +
                        " is part of addresses that callers use, those of the API " +
                        quote(deployed.front()->draft.name) +
                        " for one (R131): change it by publishing, which shows who moves",
                    "/domain");
  }
  if (before && before->version_management != rest_api.version_management && !deployed.empty()) {
    return conflict("the version of REST API " + quote(rest_api.name) +
                        " is part of what callers send (R054): undeploy its APIs first, " +
                        quote(deployed.front()->draft.name) + " for one",
                    "/version_management");
  }
  if (before) {
    for (const auto& [id, api] : state_.apis.all()) {
      const auto fault =
          model::find_version_parameter_fault(rest_api.version_management, api.draft);
      const auto* workflow = fault ? state_.workflows.find(api.workflow_id) : nullptr;
      if (!workflow || model::find_rest_api(state_, *workflow) != before) continue;
      return conflict("the API " + show_whole_name(api, actor_) + " has a parameter " +
                          quote(rest_api.version_management.name) +
                          " (R054): let callers say the version elsewhere, or change that one",
                      "/version_management/name");
    }
  }
  auto label = label_of(rest_api.region, rest_api.name);
  return keep(std::move(key), std::move(label), std::move(rest_api));
}

Result<void> Edit::delete_rest_api(std::string_view name, std::string_view region) {
  auto key = model::make_key(region.empty() ? region_ : region, name);
  const auto* rest_api = state_.rest_apis.find(key);
  if (!rest_api) return not_found("REST API", name);
  if (const auto* workflow = find_first(state_.workflows, [&](const auto& w) {
        return model::find_rest_api(state_, w) == rest_api;
      })) {
    return conflict("REST API " + quote(name) + " is bound by the workflow " +
                    quote(model::make_key(workflow->workspace, workflow->name)) +
                    ": delete that first");
  }
  auto label = label_of(rest_api->region, name);
  drop_authorizations(
      [&](const auto& a) { return a.rest_api == name && a.region == rest_api->region; });
  drop<model::RestApi>(std::move(key), std::move(label));
  return {};
}

// ---- workflows

Result<Put<model::Workflow>> Edit::put_workflow(model::Workflow workflow) {
  if (auto faults = find_faults(workflow); !faults.empty()) return make_error(faults);
  if (!state_.workspaces.find(workflow.workspace)) {
    return wrong("there is no workspace " + quote(workflow.workspace) + ": create it first",
                 "/workspace");
  }
  if (!model::find_rest_api(state_, workflow)) {
    const auto* elsewhere =
        find_first(state_.rest_apis, [&](const auto& r) { return r.name == workflow.rest_api; });
    if (elsewhere) {
      const auto* workspace = state_.workspaces.find(workflow.workspace);
      return wrong("REST API " + quote(workflow.rest_api) + " is in region " +
                       quote(elsewhere->region) + ", the workspace in " +
                       quote(workspace ? workspace->region : "") +
                       " (R021): name one of the workspace's region",
                   "/rest_api");
    }
    return wrong("there is no REST API " + quote(workflow.rest_api) + " (R055): create it first",
                 "/rest_api");
  }
  const auto* same_name = find_workflow(state_, workflow.workspace, workflow.name);
  const auto* before = workflow.id.empty() ? same_name : state_.workflows.find(workflow.id);
  if (!workflow.id.empty() && !before) return not_found("workflow", workflow.id);
  if (same_name && same_name != before) {
    return conflict("a workflow of this workspace has that name (R059): choose another one",
                    "/name");
  }
  if (before && before->workspace != workflow.workspace) {
    return conflict("a workflow stays in its workspace: create one in the other workspace",
                    "/workspace");
  }
  if (before && before->rest_api != workflow.rest_api) {
    return conflict("a workflow is bound to its REST API, here " + quote(before->rest_api) +
                        ", for ever (R065): create another workflow",
                    "/rest_api");
  }
  std::sort(workflow.folders.begin(), workflow.folders.end());
  if (before) {
    workflow.id = before->id;
    for (const auto& [id, api] : state_.apis.all()) {
      if (api.workflow_id != before->id || api.placement.folder.empty()) continue;
      if (std::binary_search(workflow.folders.begin(), workflow.folders.end(),
                             api.placement.folder)) {
        continue;
      }
      return conflict("the folder " + quote(api.placement.folder) + " holds the API " +
                          show_name(api, actor_) + ": move that first, or keep the folder",
                      "/folders");
    }
  } else {
    auto id = make_id("wf-");
    if (!id) return id.error();
    workflow.id = std::move(*id);
  }
  auto key = workflow.id;
  auto name = model::make_key(workflow.workspace, workflow.name);
  return keep(std::move(key), std::move(name), std::move(workflow));
}

Result<void> Edit::delete_workflow(std::string_view id) {
  const auto* workflow = state_.workflows.find(id);
  if (!workflow) return not_found("workflow", id);
  if (const auto* api =
          find_first(state_.apis, [&](const auto& a) { return a.workflow_id == id; })) {
    return conflict("workflow " + quote(workflow->name) + " still holds the API " +
                    show_name(*api, actor_) + ": delete that first");
  }
  drop<model::Workflow>(std::string(id), model::make_key(workflow->workspace, workflow->name));
  return {};
}

// ---- drafts

Result<Put<model::Api>> Edit::put_api(std::string_view workspace, std::string_view workflow,
                                      model::ApiDefinition definition,
                                      std::optional<model::Placement> placement) {
  if (!state_.workspaces.find(workspace)) {
    return wrong("there is no workspace " + quote(workspace) + ": create it first", "/workspace");
  }
  const auto* place = find_workflow(state_, workspace, workflow);
  if (!place) {
    return wrong("workspace " + quote(workspace) + " has no workflow " + quote(workflow) +
                     " (R068): create it first, or name another one",
                 "/workflow");
  }
  const auto* existing = find_api(state_, workspace, definition.name);
  if (existing && existing->workflow_id != place->id) {
    const auto* other = state_.workflows.find(existing->workflow_id);
    return conflict("an API of that name lies in the workflow " +
                        quote(other ? other->name : existing->workflow_id) +
                        ": choose another name, or move that one first",
                    "/workflow");
  }
  return put_draft(existing, *place, std::move(definition), std::move(placement));
}

Result<Put<model::Api>> Edit::update_draft(std::string_view api_id, model::ApiDefinition definition,
                                           std::optional<model::Placement> placement) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id);
  const auto* workflow = state_.workflows.find(api->workflow_id);
  if (!workflow) return not_found("workflow", api->workflow_id);
  return put_draft(api, *workflow, std::move(definition), std::move(placement));
}

Result<Put<model::Api>> Edit::turn_into_script(std::string_view api_id) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id);
  if (auto right = check_reference(api->draft, api->workspace); !right) return right.error();
  const auto* source =
      state_.data_sources.find(model::make_key(api->workspace, api->draft.data_source));
  SqlWords words;
  if (source) {
    auto found = lower_floor_.find_sql_words(*source);
    if (!found) return found.error();
    words = std::move(*found);
  }
  auto made = make_script_definition(api->draft, words);
  if (!made) return made.error();
  return update_draft(api_id, std::move(*made));
}

Result<Put<model::Api>> Edit::put_draft(const model::Api* existing, const model::Workflow& workflow,
                                        model::ApiDefinition definition,
                                        std::optional<model::Placement> placement) {
  auto faults = find_faults(definition);
  if (placement) {
    for (auto& fault : find_faults(*placement)) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) return make_error(faults);
  if (placement) {
    if (auto right = check_place(*placement, existing, workflow, actor_); !right) {
      return right.error();
    }
  }
  choose_resource_group(existing, workflow.workspace, definition);
  if (auto right = check_reference(definition, workflow.workspace); !right) return right.error();
  if (auto fault = find_acceleration_fault(state_, lower_floor_, workflow.workspace, definition)) {
    return model::make_error({std::move(*fault)});
  }
  if (existing && existing->draft.mode == model::ApiMode::kScript &&
      definition.mode == model::ApiMode::kWizard) {
    return conflict("an API in script mode does not become a wizard's again (R067): create another",
                    "/mode");
  }
  const auto* rest_api = model::find_rest_api(state_, workflow);
  if (rest_api) {
    auto fault = model::find_version_parameter_fault(rest_api->version_management, definition);
    if (fault) return model::make_error({std::move(*fault)});
  }
  for (const auto& [id, other] : state_.apis.all()) {
    if (existing && id == existing->id) continue;
    if (other.workspace == workflow.workspace && other.draft.name == definition.name) {
      return conflict("an API of this workspace has that name: choose another one", "/name");
    }
    if (other.draft.path != definition.path || other.draft.method != definition.method) continue;
    const auto* its_workflow = state_.workflows.find(other.workflow_id);
    if (its_workflow && model::find_rest_api(state_, *its_workflow) == rest_api) {
      // A REST API may be bound by several workspaces, and who edits one need not see the others.
      const bool is_ours = other.workspace == workflow.workspace;
      return conflict(std::string(to_text(definition.method)) + " " + definition.path +
                          " belongs to " +
                          (is_ours ? "the API " + show_whole_name(other, actor_) : "another API") +
                          " of the same REST API " + quote(workflow.rest_api) +
                          " (R073): choose another path or another method",
                      "/path");
    }
  }
  model::Api api;
  if (existing) {
    api = *existing;
    if (api.draft != definition) ++api.draft_revision;  // and so it is untested
  } else {
    auto id = make_id("api-");
    if (!id) return id.error();
    api.id = std::move(*id);
    api.workspace = workflow.workspace;
    api.workflow_id = workflow.id;
    api.owner = actor_;
  }
  if (placement) api.placement = std::move(*placement);
  api.draft = std::move(definition);
  if (existing && api != *existing) {
    if (auto allowed = check_owner(*existing); !allowed) return allowed.error();
  }
  auto key = api.id;
  auto name = name_of(api);
  return keep(std::move(key), std::move(name), std::move(api));
}

Result<void> Edit::check_reference(const model::ApiDefinition& definition,
                                   std::string_view workspace) const {
  if (!definition.resource_group.empty()) {
    if (auto group =
            find_usable_group(state_, workspace, definition.resource_group, NetworkNeed::kMayLack);
        !group) {
      return group.error();
    }
  }
  if (definition.data_source.empty()) return {};
  if (state_.data_sources.find(model::make_key(workspace, definition.data_source))) return {};
  return wrong("workspace " + quote(workspace) + " has no data source " +
                   quote(definition.data_source) + " (R080): create it, or choose another one",
               "/data_source");
}

Result<void> Edit::delete_api(std::string_view api_id) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id);
  if (auto allowed = check_owner(*api); !allowed) return allowed.error();
  const auto deployments = list_deployments(state_, api_id);
  if (!deployments.empty()) {
    return conflict("API " + quote(api->draft.name) + " is deployed on gateway instance " +
                    quote(deployments.front()->instance) + ": undeploy it first (R139)");
  }
  const auto name = name_of(*api);
  std::vector<unsigned> numbers;
  for (const auto* version : list_versions(state_, api_id)) numbers.push_back(version->number);
  for (const auto number : numbers) {
    drop<model::ApiVersion>(model::make_version_key(api_id, number),
                            model::make_version_key(name, number));
  }
  numbers.clear();
  for (const auto* record : list_test_records(state_, api_id)) numbers.push_back(record->number);
  for (const auto number : numbers) {
    drop<model::TestRecord>(model::make_test_key(api_id, number),
                            model::make_test_key(name, number));
  }
  drop_authorizations([&](const auto& a) { return a.api_id == api_id; });
  std::vector<model::PublishRecord> records;
  for (const auto& [key, record] : state_.publish_records.all()) {
    if (record.api_id == api_id) records.push_back(record);
  }
  for (const auto& record : records) {
    drop<model::PublishRecord>(
        model::make_record_key(record.api_id, record.instance, record.number),
        model::make_record_key(name, record.instance, record.number));
  }
  drop<model::Api>(std::string(api_id), name);
  return {};
}

// ---- finding

const model::Workflow* find_workflow(const model::State& state, std::string_view workspace,
                                     std::string_view name) {
  return find_first(state.workflows,
                    [&](const auto& w) { return w.workspace == workspace && w.name == name; });
}

const model::Api* find_api(const model::State& state, std::string_view workspace,
                           std::string_view name) {
  return find_first(
      state.apis, [&](const auto& a) { return a.workspace == workspace && a.draft.name == name; });
}

std::vector<const model::ApiVersion*> list_versions(const model::State& state,
                                                    std::string_view api_id) {
  std::vector<const model::ApiVersion*> versions;
  const auto prefix = model::make_key(api_id, "");
  const auto& all = state.versions.all();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    versions.push_back(&it->second);
  }
  // Keys sort as text, V10 before V2.
  std::sort(versions.begin(), versions.end(),
            [](const auto* a, const auto* b) { return a->number > b->number; });
  return versions;
}

std::vector<const model::Deployment*> list_deployments(const model::State& state,
                                                       std::string_view api_id) {
  std::vector<const model::Deployment*> deployments;
  const auto prefix = model::make_key(api_id, "");
  const auto& all = state.deployments.all();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    deployments.push_back(&it->second);
  }
  return deployments;
}

std::vector<const model::Api*> list_deployed_apis(const model::State& state,
                                                  const model::RestApi& rest_api) {
  std::vector<const model::Api*> apis;
  const std::string* last = nullptr;  // an API's deployments lie side by side
  for (const auto& [key, deployment] : state.deployments.all()) {
    if (last && *last == deployment.api_id) continue;
    last = &deployment.api_id;
    const auto* api = state.apis.find(deployment.api_id);
    const auto* workflow = api ? state.workflows.find(api->workflow_id) : nullptr;
    const auto* its = workflow ? model::find_rest_api(state, *workflow) : nullptr;
    if (its && its->name == rest_api.name && its->region == rest_api.region) apis.push_back(api);
  }
  return apis;
}

}  // namespace sluice::studio
