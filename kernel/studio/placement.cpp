// SPDX-License-Identifier: Apache-2.0
// Where drafts stand: folders, moves, clones, and whose they are.
#include "studio/edit_parts.hpp"

#include <algorithm>
#include <utility>

namespace sluice::studio {
namespace {

bool holds(const std::vector<std::string>& folders, const std::string& path) {
  return std::find(folders.begin(), folders.end(), path) != folders.end();
}

// Is `path` the folder itself, or inside it?
bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Error no_folder(const std::string& path, const model::Workflow& workflow, std::string where) {
  return {SLUICE_E_NOT_FOUND,
          "workflow " + quote(workflow.name) + " has no folder " + quote(path) +
              ": create it, or name another one",
          {},
          std::move(where)};
}

}  // namespace

bool is_visible(const model::Api& api, std::string_view actor) {
  return api.placement.visibility == model::Visibility::kWorkspace || api.owner == actor;
}

Result<void> Edit::check_owner(const model::Api& api) const {
  if (is_visible(api, actor_)) return {};
  return Error{SLUICE_E_FORBIDDEN,
               "the draft of " + quote(api.draft.name) +
                   " is private: ask its owner, or choose another name for yours",
               {},
               {}};
}

Result<void> check_place(const model::Placement& placement, const model::Api* existing,
                         const model::Workflow& workflow, std::string_view actor) {
  if (!placement.folder.empty() && !holds(workflow.folders, placement.folder)) {
    return no_folder(placement.folder, workflow, "/folder");
  }
  const auto before = existing ? existing->placement.visibility : model::Visibility::kWorkspace;
  if (existing && before != placement.visibility && existing->owner != actor) {
    return Error{SLUICE_E_FORBIDDEN,
                 "only its owner " + quote(existing->owner) + " says who sees a draft",
                 {},
                 "/visibility"};
  }
  return {};
}

// ---- folders

Result<model::Workflow> Edit::keep_folders(model::Workflow workflow,
                                           std::vector<std::string> folders) {
  workflow.folders = std::move(folders);
  std::sort(workflow.folders.begin(), workflow.folders.end());
  if (auto faults = find_faults(workflow); !faults.empty()) {
    // Told at the path that was given, not at its place among all folders.
    for (auto& fault : faults) {
      if (fault.where.starts_with("/folders")) fault.where = "/path";
    }
    return make_error(faults);
  }
  auto key = workflow.id;
  auto name = model::make_key(workflow.workspace, workflow.name);
  return keep(std::move(key), std::move(name), std::move(workflow)).stored;
}

Result<model::Workflow> Edit::create_folder(std::string_view workflow_id, const std::string& path) {
  const auto* workflow = state_.workflows.find(workflow_id);
  if (!workflow) return not_found("workflow", workflow_id);
  if (holds(workflow->folders, path)) {
    return conflict("there is a folder " + quote(path) + " already: choose another name", "/path");
  }
  auto folders = workflow->folders;
  folders.push_back(path);
  return keep_folders(*workflow, std::move(folders));
}

Result<model::Workflow> Edit::rename_folder(std::string_view workflow_id, const std::string& path,
                                            const std::string& to) {
  const auto* workflow = state_.workflows.find(workflow_id);
  if (!workflow) return not_found("workflow", workflow_id);
  if (!holds(workflow->folders, path)) return no_folder(path, *workflow, {});
  if (path == to) return *workflow;
  if (is_below(to, path)) {
    return conflict("a folder cannot move into itself: choose another place", "/path");
  }
  if (holds(workflow->folders, to)) {
    return conflict("there is a folder " + quote(to) + " already: choose another name", "/path");
  }
  const auto rename = [&](std::string& folder) {
    if (is_below(folder, path)) folder.replace(0, path.size(), to);
  };
  const auto before = *workflow;
  auto folders = before.folders;
  for (auto& folder : folders) rename(folder);
  auto kept = keep_folders(before, std::move(folders));
  if (!kept) return kept;
  std::vector<model::Api> moved;
  for (const auto& [id, api] : state_.apis.all()) {
    if (api.workflow_id == before.id && is_below(api.placement.folder, path)) moved.push_back(api);
  }
  for (auto& api : moved) {
    rename(api.placement.folder);
    auto key = api.id;
    auto name = name_of(api);
    keep(std::move(key), std::move(name), std::move(api));
  }
  return kept;
}

Result<model::Workflow> Edit::delete_folder(std::string_view workflow_id, const std::string& path) {
  const auto* workflow = state_.workflows.find(workflow_id);
  if (!workflow) return not_found("workflow", workflow_id);
  if (!holds(workflow->folders, path)) return no_folder(path, *workflow, {});
  for (const auto& folder : workflow->folders) {
    if (folder == path || !is_below(folder, path)) continue;
    return conflict("the folder " + quote(path) + " still holds the folder " + quote(folder) +
                    ": delete that first");
  }
  for (const auto& [id, api] : state_.apis.all()) {
    if (api.workflow_id != workflow->id || api.placement.folder != path) continue;
    return conflict("the folder " + quote(path) + " still holds the API " + show_name(api, actor_) +
                    ": move or delete that first");
  }
  auto folders = workflow->folders;
  std::erase(folders, path);
  return keep_folders(*workflow, std::move(folders));
}

// ---- move and clone

Result<Put<model::Api>> Edit::move_api(std::string_view api_id, std::string_view workflow,
                                       std::string folder) {
  const auto* found = state_.apis.find(api_id);
  if (!found) return not_found("API", api_id);
  if (auto allowed = check_owner(*found); !allowed) return allowed.error();
  const auto* from = state_.workflows.find(found->workflow_id);
  if (!from) return not_found("workflow", found->workflow_id);
  const auto* to = workflow.empty() ? from : find_workflow(state_, found->workspace, workflow);
  if (!to) {
    return wrong("workspace " + quote(found->workspace) + " has no workflow " + quote(workflow) +
                     " (R068): name one that is there",
                 "/workflow");
  }
  if (to->rest_api != from->rest_api) {
    return conflict("workflow " + quote(to->name) + " is bound to the REST API " +
                        quote(to->rest_api) + ", this one to " + quote(from->rest_api) +
                        " (R065), so the API's address would change: clone it there",
                    "/workflow");
  }
  auto api = *found;
  api.workflow_id = to->id;
  api.placement.folder = std::move(folder);
  if (auto right = check_place(api.placement, found, *to, actor_); !right) return right.error();
  auto key = api.id;
  auto name = name_of(api);
  return keep(std::move(key), std::move(name), std::move(api));
}

Result<Put<model::Api>> Edit::clone_api(std::string_view api_id, const CloneRequest& request) {
  const auto* source = state_.apis.find(api_id);
  if (!source) return not_found("API", api_id);
  if (auto allowed = check_owner(*source); !allowed) return allowed.error();
  const auto* from = state_.workflows.find(source->workflow_id);
  const auto* to =
      request.workflow.empty() ? from : find_workflow(state_, source->workspace, request.workflow);
  if (!to) {
    return wrong("workspace " + quote(source->workspace) + " has no workflow " +
                     quote(request.workflow) + " (R068): name one that is there",
                 "/workflow");
  }
  auto definition = source->draft;
  definition.name = request.name;
  definition.path = request.path;
  if (request.description) definition.description = *request.description;
  auto placement = source->placement;
  placement.folder = request.folder;
  placement.visibility = model::Visibility::kWorkspace;
  return put_draft(nullptr, *to, std::move(definition), std::move(placement));
}

}  // namespace sluice::studio
