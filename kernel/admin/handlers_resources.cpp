// SPDX-License-Identifier: Apache-2.0
// Workspaces, data sources, gateway instances, REST APIs, workflows, consumers: list, get, create,
// replace, delete.
#include "admin/handlers.hpp"

namespace sluice::admin {

// A resource whose key is its name.
template <class T>
struct AdminApi::Handlers::NamedResource {
  const char *noun, *collection, *item;  // "workspace", ".../workspaces", ".../workspaces/{name}"
  struct Operations {
    const char *list, *create, *get, *replace, *remove;
  } operations;
  const Shape& shape;
  model::Collection<T> model::State::*nouns;
  T (*parse)(const Json&);
  Result<studio::Put<T>> (studio::Edit::*put)(T);
  Result<void> (studio::Edit::*remove)(std::string_view);
  std::vector<std::string_view> filters = {};
  bool (*keep)(const T&, const Call&) = [](const T&, const Call&) { return true; };
};

namespace {

AdminResponse make_exists(std::string_view noun, std::string_view name) {
  return make_refusal(409, "conflict",
                      "there is a " + std::string(noun) + " '" + std::string(name) + "' already",
                      "replace it with PUT, or take another name");
}

// The path names what is replaced; the body may repeat it, and not contradict.
AdminResponse make_contradiction(const char* member) {
  return make_faults_answer({{"/" + std::string(member),
                              {},
                              "is not what the path says",
                              "leave it out, or write the same"}});
}

bool contradicts(const Json& body, const char* member, const std::string& value) {
  return body.contains(member) && body[member] != Json(value);
}

template <class T>
AdminResponse make_deleted(const Result<T>& done) {
  return done ? make_empty_answer() : make_error_answer(done.error());
}

}  // namespace

template <class T>
void AdminApi::Handlers::add_named_routes(const NamedResource<T>& r) {
  const auto answer_now = [](auto handler) {
    return
        [handler](const Call& call, const AdminApi::Respond& respond) { respond(handler(call)); };
  };
  const auto put = [this, r](const Call& call, T noun, int status) {
    if (const auto faults = model::find_faults(noun); !faults.empty()) {
      return make_faults_answer(faults);
    }
    const auto done = parts_.studio.run(
        call.actor, [&](studio::Edit& edit) { return (edit.*r.put)(std::move(noun)); });
    if (!done) return make_error_answer(done.error());
    return make_answer(status, make_json(done->stored));
  };
  add_route("GET", r.collection, r.operations.list, "list", answer_now([=, this](const Call& call) {
              return make_page(
                  call, state().*r.nouns, [&](const T& noun) { return r.keep(noun, call); },
                  [](const T& noun) { return make_json(noun); });
            }))
      .answer_list(r.shape, r.filters);
  add_route("POST", r.collection, r.operations.create, "create",
            answer_now([=, this](const Call& call) {
              T noun = r.parse(call.body);
              if ((state().*r.nouns).find(noun.name)) return make_exists(r.noun, noun.name);
              return put(call, std::move(noun), 201);
            }))
      .take(r.shape)
      .answer(201, r.shape);
  add_route("GET", r.item, r.operations.get, "get", answer_now([=, this](const Call& call) {
              const auto* noun = (state().*r.nouns).find(call.path[0]);
              if (!noun) return make_unknown(r.noun, call.path[0]);
              return make_answer(200, make_json(*noun));
            }))
      .answer(200, r.shape);
  add_route("PUT", r.item, r.operations.replace, "replace", answer_now([=, this](const Call& call) {
              if (!(state().*r.nouns).find(call.path[0])) {
                return make_unknown(r.noun, call.path[0]);
              }
              if (contradicts(call.body, "name", call.path[0])) {
                return make_contradiction("name");
              }
              T noun = r.parse(call.body);
              noun.name = call.path[0];
              return put(call, std::move(noun), 200);
            }))
      .take(r.shape, Purpose::kReplace)
      .answer(200, r.shape);
  add_route("DELETE", r.item, r.operations.remove, "delete",
            answer_now([=, this](const Call& call) {
              return make_deleted(parts_.studio.run(
                  call.actor, [&](studio::Edit& edit) { return (edit.*r.remove)(call.path[0]); }));
            }))
      .answer_nothing();
}

void AdminApi::Handlers::add_resource_routes() {
  using model::State;
  using studio::Edit;
  add_named_routes<model::Workspace>(
      {"workspace",
       "/admin/v1/workspaces",
       "/admin/v1/workspaces/{name}",
       {"listWorkspaces", "createWorkspace", "getWorkspace", "replaceWorkspace", "deleteWorkspace"},
       kWorkspaceShape,
       &State::workspaces,
       &parse_workspace,
       &Edit::put_workspace,
       &Edit::delete_workspace});
  add_named_routes<model::GatewayInstance>(
      {"gateway instance",
       "/admin/v1/gateway-instances",
       "/admin/v1/gateway-instances/{name}",
       {"listGatewayInstances", "createGatewayInstance", "getGatewayInstance",
        "replaceGatewayInstance", "deleteGatewayInstance"},
       kGatewayInstanceShape,
       &State::gateway_instances,
       &parse_gateway_instance,
       &Edit::put_gateway_instance,
       &Edit::delete_gateway_instance});
  add_named_routes<model::RestApi>(
      {"REST API",
       "/admin/v1/rest-apis",
       "/admin/v1/rest-apis/{name}",
       {"listRestApis", "createRestApi", "getRestApi", "replaceRestApi", "deleteRestApi"},
       kRestApiShape,
       &State::rest_apis,
       &parse_rest_api,
       &Edit::put_rest_api,
       &Edit::delete_rest_api});
  add_named_routes<model::Consumer>(
      {"consumer",
       "/admin/v1/consumers",
       "/admin/v1/consumers/{name}",
       {"listConsumers", "createConsumer", "getConsumer", "replaceConsumer", "deleteConsumer"},
       kConsumerShape,
       &State::consumers,
       &parse_consumer,
       &Edit::put_consumer,
       &Edit::delete_consumer,
       {"workspace"},
       [](const model::Consumer& c, const Call& call) {
         return fits(call, "workspace", c.workspace);
       }});

  // ---- data sources: workspace and name
  constexpr auto kSources = "/admin/v1/data-sources";
  constexpr auto kSource = "/admin/v1/data-sources/{workspace}/{name}";
  const auto at_once = [](auto handler) -> Handler {
    return
        [handler](const Call& call, const AdminApi::Respond& respond) { respond(handler(call)); };
  };
  add_route("GET", kSources, "listDataSources", "list", at_once([this](const Call& call) {
              return make_page(
                  call, state().data_sources,
                  [&](const model::DataSource& s) {
                    return fits(call, "workspace", s.workspace) && fits(call, "name", s.name);
                  },
                  [&](const model::DataSource& s) { return make_json(s, secrets_); });
            }))
      .answer_list(kDataSourceShape, {"workspace", "name"});
  add_route("POST", kSources, "createDataSource", "create", now(&Handlers::create_data_source))
      .take(kDataSourceShape)
      .answer(201, kDataSourceShape);
  add_route("GET", kSource, "getDataSource", "get", at_once([this](const Call& call) {
              const auto key = model::make_key(call.path[0], call.path[1]);
              const auto* source = state().data_sources.find(key);
              if (!source) return make_unknown("data source", key);
              return make_answer(200, make_json(*source, secrets_));
            }))
      .answer(200, kDataSourceShape);
  add_route("PUT", kSource, "replaceDataSource", "replace", now(&Handlers::replace_data_source))
      .take(kDataSourceShape, Purpose::kReplace)
      .answer(200, kDataSourceShape);
  add_route("DELETE", kSource, "deleteDataSource", "delete", at_once([this](const Call& call) {
              return make_deleted(parts_.studio.run(call.actor, [&](studio::Edit& edit) {
                return edit.delete_data_source(call.path[0], call.path[1]);
              }));
            }))
      .answer_nothing();
  add_route("POST", "/admin/v1/data-sources/{workspace}/{name}/test", "testDataSource",
            "check settings and connection", now(&Handlers::check_data_source));
  add_route("GET", "/admin/v1/data-sources/{workspace}/{name}/tables", "listTables",
            "list its tables", now(&Handlers::list_tables))
      .with_query({"search"});
  add_route("GET", "/admin/v1/data-sources/{workspace}/{name}/tables/{table}", "describeTable",
            "columns and indexes of a table", now(&Handlers::describe_table));

  // ---- workflows: by id
  constexpr auto kWorkflow = "/admin/v1/workflows/{id}";
  add_route("GET", "/admin/v1/workflows", "listWorkflows", "list",
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
            now(&Handlers::create_workflow))
      .take(kWorkflowShape)
      .answer(201, kWorkflowShape);
  add_route("GET", kWorkflow, "getWorkflow", "get", at_once([this](const Call& call) {
              const auto* workflow = state().workflows.find(call.path[0]);
              if (!workflow) return make_unknown("workflow", call.path[0]);
              return make_answer(200, make_json(*workflow));
            }))
      .answer(200, kWorkflowShape);
  add_route("PUT", kWorkflow, "replaceWorkflow", "replace", now(&Handlers::replace_workflow))
      .take(kWorkflowShape, Purpose::kReplace)
      .answer(200, kWorkflowShape);
  add_route("DELETE", kWorkflow, "deleteWorkflow", "delete", at_once([this](const Call& call) {
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

AdminResponse AdminApi::Handlers::check_data_source(const Call& call) {
  const auto key = model::make_key(call.path[0], call.path[1]);
  const auto* source = state().data_sources.find(key);
  if (!source) return make_unknown("data source", key);
  // A source that does not answer is what was asked for, and no refusal of the request.
  const auto done = parts_.studio.check_data_source(*source);
  if (done) return make_answer(200, {{"passed", true}});
  return make_answer(200, {{"passed", false}, {"error", make_error_json(done.error())}});
}

AdminResponse AdminApi::Handlers::list_tables(const Call& call) {
  const auto tables =
      parts_.studio.list_tables(call.path[0], call.path[1], std::string(call.find_query("search")));
  if (!tables) return make_error_answer(tables.error());
  Json items = Json::array();
  for (const auto& table : *tables) items.push_back(make_json(table));
  return make_answer(200, {{"items", std::move(items)}, {"total", tables->size()}});
}

AdminResponse AdminApi::Handlers::describe_table(const Call& call) {
  const auto table = parts_.studio.describe_table(call.path[0], call.path[1], call.path[2]);
  return table ? make_answer(200, make_json(*table)) : make_error_answer(table.error());
}

// ---- workflows

AdminResponse AdminApi::Handlers::create_workflow(const Call& call) {
  auto workflow = parse_workflow(call.body);
  if (const auto faults = model::find_faults(workflow); !faults.empty()) {
    return make_faults_answer(faults);
  }
  if (studio::find_workflow(state(), workflow.workspace, workflow.name)) {
    return make_exists("workflow", model::make_key(workflow.workspace, workflow.name));
  }
  const auto done = parts_.studio.run(
      call.actor, [&](studio::Edit& edit) { return edit.put_workflow(std::move(workflow)); });
  return done ? make_answer(201, make_json(done->stored)) : make_error_answer(done.error());
}

AdminResponse AdminApi::Handlers::replace_workflow(const Call& call) {
  const auto* stored = state().workflows.find(call.path[0]);
  if (!stored) return make_unknown("workflow", call.path[0]);
  auto workflow = parse_workflow(call.body);
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
