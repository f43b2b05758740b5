// SPDX-License-Identifier: Apache-2.0
// Where drafts stand (folders, move, clone, search), tests and what they left, approvals.
#include "admin/governing.hpp"
#include "admin/handlers.hpp"
#include "studio/actions.hpp"

namespace sluice::admin {
namespace {

constexpr std::size_t kBatchItemsMax = 200;

// "3" and "T3"; 0: none of them.
unsigned parse_record_number(std::string_view text) {
  if (!text.empty() && (text.front() == 'T' || text.front() == 't')) {
    text.remove_prefix(1);
    if (!text.empty() && (text.front() == 'V' || text.front() == 'v')) return 0;
  }
  return parse_version_number(text);
}

// A folder with what the caller sees in it.
Json describe_folder(const Call& call, const model::Workflow& workflow, const std::string& path) {
  auto seen = *call.state;
  for (const auto& [id, api] : call.state->apis.all()) {
    if (!studio::is_visible(api, call.actor)) seen.apis.erase(id);
  }
  return make_folder_json(seen, workflow, path);
}

AdminResponse make_list(Json items) {
  const auto total = items.size();
  return make_answer(200, {{"items", std::move(items)}, {"total", total}});
}

}  // namespace

Json AdminApi::Handlers::describe(const Call& call, const model::Api& api) const {
  auto json = make_json(api, state(), secrets_);
  const auto missing =
      studio::find_missing_parts(state(), parts_.lower_floor, api.workspace, api.draft);
  json["missing"] = make_faults_json(missing);
  auto actions = studio::list_actions(state(), api, call.actor);
  // What only the data source's type knows to be missing (R082).
  if (!missing.empty()) {
    std::erase_if(actions, [](std::string_view a) { return a == "test" || a == "submit"; });
  }
  json["actions"] = actions;
  return json;
}

Json AdminApi::Handlers::describe(const Call& call, const model::ApiVersion& version) const {
  auto json = make_json(version, state(), secrets_);
  json["actions"] = studio::list_actions(state(), version, call.actor);
  return json;
}

void AdminApi::Handlers::add_release_routes() {
  using studio::Edit;

  // ---- folders
  constexpr auto kFolders = "/admin/v1/workflows/{id}/folders";
  constexpr auto kFolder = "/admin/v1/workflows/{id}/folders/{path}";
  const auto tell_folder = [this](const Call& call, int status, const std::string& path,
                                  const Result<model::Workflow>& done) {
    if (!done) return make_error_answer(done.error());
    const auto* workflow = state().workflows.find(call.path[0]);
    if (!workflow) return make_unknown("workflow", call.path[0]);
    return make_answer(status, describe_folder(call, *workflow, path));
  };
  add_route("GET", kFolders, "listFolders", "of a workflow, the root not among them",
            on_workflow(Permission::kLook), at_once([this](const Call& call) {
              const auto* workflow = state().workflows.find(call.path[0]);
              if (!workflow) return make_unknown("workflow", call.path[0]);
              Json items = Json::array();
              for (const auto& path : workflow->folders) {
                items.push_back(describe_folder(call, *workflow, path));
              }
              return make_list(std::move(items));
            }))
      .answer_list(kFolderShape);
  add_route("POST", kFolders, "createFolder", "create", on_workflow(Permission::kEditWorkflows),
            at_once([=, this](const Call& call) {
              const auto path = read_text(call.body, "path");
              return tell_folder(call, 201, path, parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.create_folder(call.path[0], path);
              }));
            }))
      .take(kFolderShape)
      .answer(201, kFolderShape);
  add_route("PUT", kFolder, "renameFolder", "rename or move it, with what it holds",
            on_workflow(Permission::kEditWorkflows), at_once([=, this](const Call& call) {
              const auto to = read_text(call.body, "path");
              return tell_folder(call, 200, to, parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.rename_folder(call.path[0], call.path[1], to);
              }));
            }))
      .take(kFolderShape)
      .answer(200, kFolderShape);
  add_route("DELETE", kFolder, "deleteFolder", "delete, when it is empty",
            on_workflow(Permission::kEditWorkflows), at_once([this](const Call& call) {
              const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.delete_folder(call.path[0], call.path[1]);
              });
              return done ? make_empty_answer() : make_error_answer(done.error());
            }))
      .answer_nothing();

  // ---- move, clone, search
  add_route("POST", "/admin/v1/apis/{id}/move", "moveApi",
            "into a folder, or a workflow of the same REST API", on_api(Permission::kEditDrafts),
            at_once([this](const Call& call) {
              const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.move_api(call.path[0], read_text(call.body, "workflow"),
                                     read_text(call.body, "folder"));
              });
              if (!done) return make_error_answer(done.error());
              return make_answer(200, describe(call, done->stored));
            }))
      .take(kMoveShape)
      .answer(200, kApiShape);
  add_route("POST", "/admin/v1/apis/{id}/clone", "cloneApi", "a new draft that is the same",
            on_api(Permission::kEditDrafts), at_once([this](const Call& call) {
              const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.clone_api(call.path[0], parse_clone_request(call.body));
              });
              if (!done) return make_error_answer(done.error());
              return make_answer(201, describe(call, done->stored));
            }))
      .take(kCloneShape)
      .answer(201, kApiShape);
  add_route("GET", "/admin/v1/search", "search",
            "APIs and workflows by names, paths, what is queried, tags",
            somewhere(Permission::kLook), now(&Handlers::search))
      .answer_list(kSearchHitShape, {"q", "workspace"});

  // ---- tests and their records
  add_route("GET", "/admin/v1/apis/{id}/test", "getTestForm",
            "the parameters of a test, filled with the samples", on_api(Permission::kLook),
            at_once([this](const Call& call) {
              const auto* api = state().apis.find(call.path[0]);
              if (!api) return make_unknown("API", call.path[0]);
              auto json = make_test_form_json(*api);
              json["missing"] = make_faults_json(find_missing_parts(api->id));
              return make_answer(200, std::move(json));
            }))
      .answer(200, kTestFormShape);
  add_route("GET", "/admin/v1/apis/{id}/test-records", "listTestRecords",
            "tests of the draft and of versions, newest first", on_api(Permission::kReadTests),
            at_once([this](const Call& call) {
              if (!state().apis.find(call.path[0])) return make_unknown("API", call.path[0]);
              Json items = Json::array();
              for (const auto* record : studio::list_test_records(state(), call.path[0])) {
                items.push_back(make_json(*record));
              }
              return make_list(std::move(items));
            }))
      .answer_list(kTestRecordShape);
  add_route("GET", "/admin/v1/apis/{id}/test-records/{record}", "getTestRecord", "get",
            on_api(Permission::kReadTests), at_once([this](const Call& call) {
              const auto* record = state().test_records.find(
                  model::make_test_key(call.path[0], parse_record_number(call.path[1])));
              if (!record) return make_unknown("test record", call.path[0] + "/" + call.path[1]);
              return make_answer(200, make_json(*record));
            }))
      .answer(200, kTestRecordShape);
  add_route("POST", "/admin/v1/apis/{id}/test-records/{record}/save-sample", "saveSample",
            "its answer becomes the draft's sample", on_api(Permission::kEditDrafts),
            at_once([this](const Call& call) {
              const auto done = parts_.studio.run(call.actor, [&](Edit& edit) {
                return edit.save_sample(call.path[0], parse_record_number(call.path[1]));
              });
              if (!done) return make_error_answer(done.error());
              return make_answer(200, describe(call, done->stored));
            }))
      .answer(200, kApiShape);

  // ---- back to what was live before
  add_route("GET", "/admin/v1/apis/{id}/rollback", "planRollback",
            "which version a rollback would publish; changes nothing", on_api(Permission::kPublish),
            now(&Handlers::plan_rollback))
      .answer(200, kRollbackPlanShape)
      .with_query({"instance", "version"});
  add_route("POST", "/admin/v1/apis/{id}/rollback", "rollBack",
            "publish what was live on an instance before", on_api(Permission::kPublish),
            now(&Handlers::roll_back))
      .take(kRollbackShape)
      .answer(200, kDeploymentShape);

  // ---- several at once
  add_route("POST", "/admin/v1/deployments/batch", "changeDeployments",
            "publish or undeploy several APIs on an instance, all or none",
            somewhere(Permission::kPublish), now(&Handlers::change_deployments))
      .take(kBatchShape);

  // ---- approvals
  add_route("GET", "/admin/v1/approvals", "listApprovals",
            "versions under approval; those that were decided, by status",
            somewhere(Permission::kLook), at_once([this](const Call& call) {
              const auto status = call.find_query("status");
              return make_page(
                  call, state().versions,
                  [&](const model::ApiVersion& v) {
                    const auto* api = state().apis.find(v.api_id);
                    const bool is_meant =
                        status.empty()
                            ? v.status == model::VersionStatus::kUnderApproval
                            : !v.requested_by.empty() && model::to_text(v.status) == status;
                    return is_meant && api && fits(call, "workspace", api->workspace);
                  },
                  [&](const model::ApiVersion& v) {
                    auto json = make_approval_json(v, state());
                    json["actions"] = studio::list_actions(state(), v, call.actor);
                    return json;
                  });
            }))
      .answer_list(kApprovalShape, {"workspace", "status"});

  add_route("GET", "/admin/v1/drift", "findDrift",
            "how far tables have moved away from drafts and versions; asks the sources",
            somewhere(Permission::kExploreSources),
            [this](const Call& call, const AdminApi::Respond& respond) { drift(call, respond); })
      .with_query({"workspace", "api", "grade"});
}

AdminResponse AdminApi::Handlers::plan_rollback(const Call& call) {
  const auto plan = studio::plan_rollback(state(), call.path[0], call.find_query("instance"),
                                          parse_version_number(call.find_query("version")));
  return plan ? make_answer(200, make_json(*plan)) : make_error_answer(plan.error());
}

AdminResponse AdminApi::Handlers::roll_back(const Call& call) {
  const auto version = read_text(call.body, "version");
  const auto number = parse_version_number(version);
  if (!version.empty() && number == 0) {
    return make_unknown("version", call.path[0] + "/" + version);
  }
  const auto done = parts_.studio.run(call.actor, [&](studio::Edit& edit) {
    return edit.rollback(call.path[0], read_text(call.body, "instance"), number);
  });
  return done ? make_answer(200, make_json(done->stored)) : make_error_answer(done.error());
}

// Each on the domain that its REST API has: several APIs at once move nothing.
AdminResponse AdminApi::Handlers::change_deployments(const Call& call) {
  const auto& items = call.body["items"];
  if (items.empty() || items.size() > kBatchItemsMax) {
    return make_faults_answer({{"/items",
                                {},
                                "there are " + std::to_string(items.size()) + " items",
                                "name 1 to " + std::to_string(kBatchItemsMax)}});
  }
  const auto instance = read_text(call.body, "instance");
  const bool is_publish = read_text(call.body, "action") == "publish";
  std::string failed_at;
  std::vector<std::string> ids;
  const auto change = [&](studio::Edit& edit, const Json& item) -> Result<void> {
    const auto reference = read_text(item, "api");
    const auto* api = find_api_by_reference(edit.state(), reference);
    if (!api || !call.sees(*api)) {
      return Error{
          SLUICE_E_NOT_FOUND, "there is no API '" + reference + "': check its name", {}, "/api"};
    }
    if (auto may = call.access.check(Permission::kPublish, api->workspace); !may) {
      return may.error();
    }
    ids.push_back(api->id);
    if (!is_publish) return edit.undeploy(ids.back(), instance);
    studio::PublishRequest request;
    request.api_id = api->id;
    request.instance = instance;
    request.backend = read_text(call.body, "backend", "Default");
    request.version = parse_version_number(read_text(item, "version"));
    for (const auto* version : studio::list_versions(edit.state(), api->id)) {
      if (item.contains("version")) break;
      if (version->status != model::VersionStatus::kCanBePublished) continue;
      request.version = version->number;
      break;
    }
    const auto* workflow = edit.state().workflows.find(api->workflow_id);
    const auto* rest_api = workflow ? model::find_rest_api(edit.state(), *workflow) : nullptr;
    if (rest_api) request.domain = rest_api->domain;
    const auto done = edit.publish(request);
    return done ? Result<void>() : Result<void>(done.error());
  };
  const auto fill = [&](studio::Edit& edit) -> Result<void> {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (auto done = change(edit, items[i]); !done) {
        failed_at = "/items/" + std::to_string(i);
        return done;
      }
    }
    return {};
  };
  const auto done = parts_.studio.apply(call.actor, fill, studio::ApplyMode::kCommit);
  if (!done) return make_error_answer(done.error(), failed_at);
  Json live = Json::array();
  for (const auto& id : ids) {
    const auto* deployment = state().deployments.find(model::make_key(id, instance));
    if (deployment) live.push_back(make_json(*deployment));
  }
  return make_list(std::move(live));
}

AdminResponse AdminApi::Handlers::search(const Call& call) {
  const auto text = call.find_query("q");
  const auto characters = model::count_characters(text).value_or(0);
  if (characters == 0 || characters > studio::kSearchCharactersMax) {
    return make_refusal(
        400, "invalid", "there is nothing to search for, or too much",
        "write q=TEXT of 1 to " + std::to_string(studio::kSearchCharactersMax) + " characters");
  }
  std::size_t limit = 0, offset = 0;
  if (!parse_page(call, limit, offset)) {
    return make_refusal(
        400, "invalid", "limit or offset is out of range",
        "use a limit of 1 to " + std::to_string(kItemsPerPageMax) + " and an offset from 0");
  }
  const auto hits = studio::search(make_visible(state(), call.access), call.find_query("workspace"),
                                   text, call.actor);
  Json items = Json::array();
  for (std::size_t i = offset; i < hits.size() && items.size() < limit; ++i) {
    items.push_back(make_json(hits[i]));
  }
  return make_answer(200, {{"items", std::move(items)}, {"total", hits.size()}});
}

}  // namespace sluice::admin
