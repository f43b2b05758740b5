// SPDX-License-Identifier: Apache-2.0
// Workspaces, data sources, workflows, consumers: list, get, create, replace, delete.
#include "admin/named_routes.hpp"

namespace sluice::admin {

void AdminApi::Handlers::add_resource_routes() {
  using model::State;
  using studio::Edit;
  add_named_routes<model::Workspace>(
      {"workspace",
       "/admin/v1/workspaces",
       "/admin/v1/workspaces/{name}",
       {"listWorkspaces", "createWorkspace", "getWorkspace", "replaceWorkspace", "deleteWorkspace"},
       everywhere(Permission::kManageWorkspaces),
       Permission::kEditWorkspace,
       kWorkspaceShape,
       &State::workspaces,
       &parse_workspace,
       &Edit::put_workspace,
       [](Edit& edit, std::string_view name, std::string_view) {
         return edit.delete_workspace(name);
       },
       {"region"},
       [](const model::Workspace& w, const Call& call) { return fits(call, "region", w.region); }});
  add_named_routes<model::Consumer>(
      {"consumer",
       "/admin/v1/consumers",
       "/admin/v1/consumers/{name}",
       {"listConsumers", "createConsumer", "getConsumer", "replaceConsumer", "deleteConsumer"},
       everywhere(Permission::kManageConsumers),
       Permission::kManageConsumers,
       kConsumerShape,
       &State::consumers,
       &parse_consumer,
       &Edit::put_consumer,
       [](Edit& edit, std::string_view name, std::string_view) {
         return edit.delete_consumer(name);
       },
       {"workspace"},
       [](const model::Consumer& c, const Call& call) {
         return fits(call, "workspace", c.workspace);
       }});

  // ---- data sources: workspace and name
  constexpr auto kSources = "/admin/v1/data-sources";
  constexpr auto kSource = "/admin/v1/data-sources/{workspace}/{name}";
  const auto on_source = [](Permission permission) {
    return on(permission, "data source", &State::data_sources);
  };
  const auto at_once = [](auto handler) -> Handler {
    return
        [handler](const Call& call, const AdminApi::Respond& respond) { respond(handler(call)); };
  };
  add_route("GET", kSources, "listDataSources", "list", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().data_sources,
                  [&](const model::DataSource& s) {
                    return fits(call, "workspace", s.workspace) && fits(call, "name", s.name) &&
                           fits(call, "type", s.type);
                  },
                  [&](const model::DataSource& s) { return make_json(s, secrets_); });
            }))
      .answer_list(kDataSourceShape, {"workspace", "name", "type"});
  add_route("GET", "/admin/v1/data-source-types", "listDataSourceTypes",
            "types of data source that are loaded, and what can be made of each", signed_in(),
            at_once([this](const Call&) {
              Json items = Json::array();
              for (const auto& type : parts_.lower_floor.list_source_types()) {
                items.push_back(make_json(type));
              }
              const auto total = items.size();
              return make_answer(200, {{"items", std::move(items)}, {"total", total}});
            }))
      .answer_list(kSourceTypeShape);
  add_route("POST", kSources, "createDataSource", "create", in_body(Permission::kEditSources),
            now(&Handlers::create_data_source))
      .take(kDataSourceShape)
      .answer(201, kDataSourceShape);
  add_route("GET", kSource, "getDataSource", "get", on_source(Permission::kLook),
            at_once([this](const Call& call) {
              const auto key = model::make_key(call.path[0], call.path[1]);
              const auto* source = state().data_sources.find(key);
              if (!source) return make_unknown("data source", key);
              return make_answer(200, make_json(*source, secrets_));
            }))
      .answer(200, kDataSourceShape)
      .tagged();
  add_route("PUT", kSource, "replaceDataSource", "replace", on_source(Permission::kEditSources),
            now(&Handlers::replace_data_source))
      .take(kDataSourceShape, Purpose::kReplace)
      .answer(200, kDataSourceShape)
      .tagged();
  add_route("DELETE", kSource, "deleteDataSource", "delete", on_source(Permission::kEditSources),
            at_once([this](const Call& call) {
              return make_deleted(parts_.studio.run(call.actor, [&](studio::Edit& edit) {
                return edit.delete_data_source(call.path[0], call.path[1]);
              }));
            }))
      .answer_nothing();
  add_route("POST", "/admin/v1/data-sources/{workspace}/{name}/test", "testDataSource",
            "check settings and connection", on_source(Permission::kExploreSources),
            aside(&Handlers::check_data_source));
  add_route("GET", "/admin/v1/data-sources/{workspace}/{name}/tables", "listTables",
            "list its tables", on_source(Permission::kExploreSources),
            aside(&Handlers::list_tables))
      .with_query({"search"});
  add_route("GET", "/admin/v1/data-sources/{workspace}/{name}/tables/{table}", "describeTable",
            "columns and indexes of a table", on_source(Permission::kExploreSources),
            aside(&Handlers::describe_table));

  // ---- workflows: by id
  constexpr auto kWorkflow = "/admin/v1/workflows/{id}";
  add_route("GET", "/admin/v1/workflows", "listWorkflows", "list", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().workflows,
                  [&](const model::Workflow& w) {
                    return fits(call, "workspace", w.workspace) && fits(call, "name", w.name) &&
                           fits(call, "rest_api", w.rest_api);
                  },
                  [](const model::Workflow& w) { return make_json(w); });
            }))
      .answer_list(kWorkflowShape, {"workspace", "name", "rest_api"});
  add_route("POST", "/admin/v1/workflows", "createWorkflow", "create",
            in_body(Permission::kEditWorkflows), now(&Handlers::create_workflow))
      .take(kWorkflowShape)
      .answer(201, kWorkflowShape);
  add_route("GET", kWorkflow, "getWorkflow", "get", on_workflow(Permission::kLook),
            at_once([this](const Call& call) {
              const auto* workflow = state().workflows.find(call.path[0]);
              if (!workflow) return make_unknown("workflow", call.path[0]);
              return make_answer(200, make_json(*workflow));
            }))
      .answer(200, kWorkflowShape)
      .tagged();
  add_route("PUT", kWorkflow, "replaceWorkflow", "replace", on_workflow(Permission::kEditWorkflows),
            now(&Handlers::replace_workflow))
      .take(kWorkflowShape, Purpose::kReplace)
      .answer(200, kWorkflowShape)
      .tagged();
  add_route("DELETE", kWorkflow, "deleteWorkflow", "delete",
            on_workflow(Permission::kEditWorkflows), at_once([this](const Call& call) {
              return make_deleted(parts_.studio.run(call.actor, [&](studio::Edit& edit) {
                return edit.delete_workflow(call.path[0]);
              }));
            }))
      .answer_nothing();
}

// ---- data sources

AdminResponse AdminApi::Handlers::create_data_source(const Call& call) {
  model::Faults faults;
  auto source = parse_data_source(call.body, nullptr, "", faults);
  for (auto& fault : model::find_faults(source)) faults.push_back(std::move(fault));
  if (!faults.empty()) return make_faults_answer(faults);
  const auto key = model::make_key(source.workspace, source.name);
  if (state().data_sources.find(key)) return make_exists("data source", key);
  const auto done = parts_.studio.run(
      call.actor, [&](studio::Edit& edit) { return edit.put_data_source(std::move(source)); });
  if (!done) return make_error_answer(done.error());
  return make_answer(201, make_json(done->stored, secrets_));
}

AdminResponse AdminApi::Handlers::replace_data_source(const Call& call) {
  const auto key = model::make_key(call.path[0], call.path[1]);
  const auto* stored = state().data_sources.find(key);
  if (!stored) return make_unknown("data source", key);
  if (contradicts(call.body, "workspace", call.path[0])) return make_contradiction("workspace");
  if (contradicts(call.body, "name", call.path[1])) return make_contradiction("name");
  model::Faults faults;
  auto source = parse_data_source(call.body, stored, "", faults);
  source.workspace = call.path[0];
  source.name = call.path[1];
  for (auto& fault : model::find_faults(source)) faults.push_back(std::move(fault));
  if (!faults.empty()) return make_faults_answer(faults);
  const auto done = parts_.studio.run(
      call.actor, [&](studio::Edit& edit) { return edit.put_data_source(std::move(source)); });
  if (!done) return make_error_answer(done.error());
  return make_answer(200, make_json(done->stored, secrets_));
}

// A source may be slow or away: it is asked on a worker, so that nobody else's management waits.
void AdminApi::Handlers::answer_aside(const AdminApi::Respond& respond,
                                      std::function<AdminResponse()> ask) {
  if (sources_in_flight_ >= kSourcesInFlightMax) {
    return respond(make_refusal(429, "busy", "too many data sources are being asked",
                                "wait for one of them to answer and try again"));
  }
  ++sources_in_flight_;
  const auto run = [this, respond, ask = std::move(ask)] {
    const auto ask_source = [&] {
      try {
        return ask();
      } catch (const std::exception& e) {
        return make_error_answer(
            {SLUICE_E_INTERNAL, "the data source was not asked", e.what(), {}});
      }
    };
    const auto answer = std::make_shared<AdminResponse>(ask_source());
    parts_.post_to_control([this, respond, answer] {
      --sources_in_flight_;
      respond(std::move(*answer));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --sources_in_flight_;
    respond(make_refusal(429, "busy", "no worker is free for the data source", "try again later"));
  }
}

Handler AdminApi::Handlers::aside(SourceQuestion question) {
  return [this, question](const Call& call, const AdminApi::Respond& respond) {
    const auto key = model::make_key(call.path[0], call.path[1]);
    const auto* source = state().data_sources.find(key);
    if (!source) return respond(make_unknown("data source", key));
    const std::string what =
        call.path.size() > 2 ? call.path[2] : std::string(call.find_query("search"));
    answer_aside(respond, [this, question, what, source = *source] {
      return (this->*question)(source, what);
    });
  };
}

AdminResponse AdminApi::Handlers::check_data_source(const model::DataSource& source,
                                                    const std::string&) const {
  // A source that does not answer is what was asked for, and no refusal of the request.
  const auto done = parts_.lower_floor.check_data_source(source);
  if (done) return make_answer(200, {{"passed", true}});
  return make_answer(200, {{"passed", false}, {"error", make_error_json(done.error())}});
}

AdminResponse AdminApi::Handlers::list_tables(const model::DataSource& source,
                                              const std::string& search) const {
  const auto tables = parts_.lower_floor.list_tables(source, search);
  if (!tables) return make_error_answer(tables.error());
  Json items = Json::array();
  for (const auto& table : *tables) items.push_back(make_json(table));
  return make_answer(200, {{"items", std::move(items)}, {"total", tables->size()}});
}

AdminResponse AdminApi::Handlers::describe_table(const model::DataSource& source,
                                                 const std::string& table) const {
  const auto described = parts_.lower_floor.describe_table(source, table);
  return described ? make_answer(200, make_json(*described)) : make_error_answer(described.error());
}

// ---- workflows

AdminResponse AdminApi::Handlers::create_workflow(const Call& call) {
  auto workflow = parse_workflow(call.body, nullptr);
  if (const auto faults = model::find_faults(workflow); !faults.empty()) {
    return make_faults_answer(faults);
  }
  if (studio::find_workflow(state(), workflow.workspace, workflow.name)) {
    return make_exists("workflow", model::make_key(workflow.workspace, workflow.name));
  }
  const auto done = parts_.studio.run(call.actor, [&](studio::Edit& edit) {
    auto put = edit.put_workflow(std::move(workflow));
    if (!put) return put;
    const auto may = studio::check_bindings(call.access, state(), edit.state());
    return may ? std::move(put) : decltype(put)(may.error());
  });
  return done ? make_answer(201, make_json(done->stored)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::replace_workflow(const Call& call) {
  const auto* stored = state().workflows.find(call.path[0]);
  if (!stored) return make_unknown("workflow", call.path[0]);
  auto workflow = parse_workflow(call.body, stored);
  workflow.id = stored->id;
  // What the path's id fixes may be left out.
  if (!call.body.contains("workspace")) workflow.workspace = stored->workspace;
  if (!call.body.contains("name")) workflow.name = stored->name;
  if (!call.body.contains("rest_api")) workflow.rest_api = stored->rest_api;
  if (const auto faults = model::find_faults(workflow); !faults.empty()) {
    return make_faults_answer(faults);
  }
  const auto done = parts_.studio.run(
      call.actor, [&](studio::Edit& edit) { return edit.put_workflow(std::move(workflow)); });
  return done ? make_answer(200, make_json(done->stored)) : make_error_answer(done.error());
}

}  // namespace sluice::admin
