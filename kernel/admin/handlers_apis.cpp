// SPDX-License-Identifier: Apache-2.0
// APIs from draft to deployment; the service's own state (health, metrics, plugins, description).
#include "admin/handlers.hpp"

#include <algorithm>

namespace sluice::admin {
void AdminApi::Handlers::add_api_routes() {
  using studio::Edit;
  constexpr auto kApis = "/admin/v1/apis";
  constexpr auto kApi = "/admin/v1/apis/{id}";
  add_route(
      "GET", kApis, "listApis", "list", somewhere(Permission::kLook),
      at_once([this](const Call& call) {
        return make_page(
            call, state().apis,
            [&](const model::Api& api) {
              const auto* workflow = state().workflows.find(api.workflow_id);
              const auto tag = call.find_query("tag");
              const auto& tags = api.placement.tags;
              return studio::is_visible(api, call.actor) &&
                     fits(call, "workspace", api.workspace) && fits(call, "name", api.draft.name) &&
                     fits(call, "folder", api.placement.folder) &&
                     (tag.empty() || std::find(tags.begin(), tags.end(), tag) != tags.end()) &&
                     fits(call, "workflow", workflow ? workflow->name : std::string());
            },
            [&](const model::Api& api) { return describe(call, api); });
      }))
      .answer_list(kApiShape, {"workspace", "workflow", "name", "folder", "tag"});
  add_route("POST", kApis, "createApi", "create a draft", in_body(Permission::kEditDrafts),
            now(&Handlers::create_api))
      .take(kApiShape)
      .answer(201, kApiShape);
  add_route("GET", kApi, "getApi", "get the draft", on_api(Permission::kLook),
            at_once([this](const Call& call) {
              const auto* api = state().apis.find(call.path[0]);
              if (!api) return make_unknown("API", call.path[0]);
              return make_answer(200, describe(call, *api));
            }))
      .answer(200, kApiShape)
      .tagged();
  add_route("PUT", kApi, "replaceApi", "replace the draft; it is untested then",
            on_api(Permission::kEditDrafts), now(&Handlers::replace_api))
      .take(kApiShape, Purpose::kReplace)
      .answer(200, kApiShape)
      .tagged();
  add_route("DELETE", kApi, "deleteApi", "delete, with its versions",
            on_api(Permission::kEditDrafts), at_once([this](const Call& call) {
              const auto done = parts_.studio.run(
                  call.actor, [&](Edit& edit) { return edit.delete_api(call.path[0]); });
              return done ? make_empty_answer() : make_error_answer(done.error());
            }))
      .answer_nothing();
  add_route("POST", "/admin/v1/apis/{id}/test", "testApi", "run the draft",
            on_api(Permission::kTestDrafts),
            [this](const Call& call, const AdminApi::Respond& respond) { test_api(call, respond); })
      .take_maybe(kTestShape)
      .answer(200, kTestReportShape);
  add_route("POST", "/admin/v1/apis/{id}/submit", "submitApi", "freeze the draft as a version",
            on_api(Permission::kSubmitDrafts), now(&Handlers::submit))
      .answer(201, kVersionShape);
  add_route("POST", "/admin/v1/apis/{id}/undeploy", "undeployApi", "take it offline",
            on_api(Permission::kPublish), now(&Handlers::undeploy))
      .take(kUndeployShape)
      .answer_nothing();

  add_route("POST", "/admin/v1/apis/{id}/versions/{version}/publish", "publishVersion",
            "make it the live one of an instance", on_version(Permission::kPublish),
            now(&Handlers::publish))
      .take(kPublishShape)
      .answer(200, kDeploymentShape);

  add_route("GET", "/admin/v1/deployments", "listDeployments", "list", somewhere(Permission::kLook),
            at_once([this](const Call& call) {
              return make_page(
                  call, state().deployments,
                  [&](const model::Deployment& d) {
                    return fits(call, "api", d.api_id) && fits(call, "instance", d.instance);
                  },
                  [](const model::Deployment& d) { return make_json(d); });
            }))
      .answer_list(kDeploymentShape, {"api", "instance"});
}

AdminResponse AdminApi::Handlers::create_api(const Call& call) {
  model::Faults faults;
  auto definition = parse_definition(call.body, nullptr, "", faults);
  const auto placement = parse_placement(call.body, nullptr);
  for (auto& fault : model::find_faults(definition)) faults.push_back(std::move(fault));
  if (placement) {
    for (auto& fault : model::find_faults(*placement)) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) return make_faults_answer(faults);
  const auto workspace = read_text(call.body, "workspace");
  if (studio::find_api(state(), workspace, definition.name)) {
    return make_refusal(
        409, "conflict",
        "there is an API '" + model::make_key(workspace, definition.name) + "' already",
        "replace it with PUT, or take another name");
  }
  const auto done = parts_.studio.run(call.actor, [&](studio::Edit& edit) {
    return edit.put_api(workspace, read_text(call.body, "workflow"), std::move(definition),
                        placement);
  });
  if (!done) return make_error_answer(done.error());
  return make_answer(201, describe(call, done->stored));
}

AdminResponse AdminApi::Handlers::replace_api(const Call& call) {
  const auto* stored = state().apis.find(call.path[0]);
  if (!stored) return make_unknown("API", call.path[0]);
  model::Faults faults;
  auto definition = parse_definition(call.body, &stored->draft, "", faults);
  const auto placement = parse_placement(call.body, stored);
  if (!call.body.contains("name")) definition.name = stored->draft.name;
  const auto* workflow = state().workflows.find(stored->workflow_id);
  const auto check_place = [&](const char* member, const std::string& value) {
    if (read_text(call.body, member, value) == value) return;
    faults.push_back({"/" + std::string(member),
                      {},
                      "an API moves by a request of its own",
                      "leave it out, or write '" + value + "'; POST .../move moves it"});
  };
  check_place("workspace", stored->workspace);
  if (workflow) check_place("workflow", workflow->name);
  for (auto& fault : model::find_faults(definition)) faults.push_back(std::move(fault));
  if (placement) {
    for (auto& fault : model::find_faults(*placement)) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) return make_faults_answer(faults);
  const auto done = parts_.studio.run(call.actor, [&](studio::Edit& edit) {
    return edit.update_draft(call.path[0], std::move(definition), placement);
  });
  if (!done) return make_error_answer(done.error());
  return make_answer(200, describe(call, done->stored));
}

// The draft, or the version that the path names. It runs on a worker, so that a slow source holds
// up nobody else's management.
void AdminApi::Handlers::test_api(const Call& call, const AdminApi::Respond& respond) {
  if (tests_in_flight_ >= kTestsInFlightMax) {
    return respond(make_refusal(429, "busy", "too many tests run at this moment",
                                "wait for one of them to end and try again"));
  }
  studio::TestRequest request;
  request.api_id = call.path[0];
  if (call.path.size() > 1) {
    request.version = parse_version_number(call.path[1]);
    if (request.version == 0) return respond(make_no_version(call));
  } else if (const auto missing = find_missing_parts(call.path[0]); !missing.empty()) {
    return respond(make_faults_answer(missing));
  }
  const bool names_some = call.body.contains("parameters");
  if (names_some) request.parameters = read_scalars(call.body["parameters"]);
  request.fills_with_samples = read_boolean(call.body, "samples", !names_some);
  auto begun = parts_.studio.begin_test(call.actor, std::move(request));
  if (!begun) return respond(make_error_answer(begun.error()));
  run_test(std::move(*begun), respond);
}

void AdminApi::Handlers::run_test(studio::TestTicket begun, const AdminApi::Respond& respond) {
  ++tests_in_flight_;
  const auto ticket = std::make_shared<const studio::TestTicket>(std::move(begun));
  const auto run = [this, ticket, respond] {
    const auto run_draft = [&]() -> Result<studio::TestOutcome> {
      try {
        return parts_.lower_floor.run_draft(ticket->definition, ticket->source, ticket->group,
                                            ticket->parameters);
      } catch (const std::exception& e) {
        return Error{SLUICE_E_INTERNAL, "the test failed", e.what(), {}};
      }
    };
    const auto outcome = std::make_shared<Result<studio::TestOutcome>>(run_draft());
    parts_.post_to_control([this, ticket, respond, outcome] {
      --tests_in_flight_;
      respond(finish_test(*ticket, std::move(*outcome)));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --tests_in_flight_;
    respond(make_refusal(429, "busy", "no worker is free for the test", "try again later"));
  }
}

AdminResponse AdminApi::Handlers::finish_test(const studio::TestTicket& ticket,
                                              Result<studio::TestOutcome> outcome) {
  const auto report = parts_.studio.finish_test(ticket, std::move(outcome));
  return report ? make_answer(200, make_json(*report)) : make_error_answer(report.error());
}

// What a draft lacks, each told on its own; the studio would refuse it with all of them in a line.
model::Faults AdminApi::Handlers::find_missing_parts(std::string_view api_id) const {
  return parts_.studio.find_missing_parts(api_id);
}

AdminResponse AdminApi::Handlers::submit(const Call& call) {
  if (const auto missing = find_missing_parts(call.path[0]); !missing.empty()) {
    return make_faults_answer(missing);
  }
  const auto done =
      parts_.studio.run(call.actor, [&](studio::Edit& edit) { return edit.submit(call.path[0]); });
  return done ? make_answer(201, describe(call, *done)) : make_error_answer(done.error());
}

// A publish that moves the APIs of others to another domain touches their workspaces as well.
std::optional<AdminResponse> AdminApi::Handlers::refuse_moves(
    const Call& call, const studio::PublishRequest& request) const {
  if (call.access.is_node()) return {};
  const auto plan = studio::plan_publish(state(), request.api_id, request.version, request.instance,
                                         request.domain);
  if (!plan) return {};  // publish() says why
  for (const auto& move : plan->moves) {
    const auto* api = state().apis.find(move.api_id);
    if (!api || call.access.may(Permission::kPublish, api->workspace)) continue;
    return make_refusal(403, "forbidden",
                        "the domain is shared with APIs of a workspace in which you may not "
                        "publish (R131)",
                        "keep the domain, or have somebody do it who may publish in all of them");
  }
  return {};
}

AdminResponse AdminApi::Handlers::publish(const Call& call) {
  const auto number = parse_version_number(call.path[1]);
  if (number == 0) return make_no_version(call);
  const studio::PublishRequest request{call.path[0],
                                       number,
                                       read_text(call.body, "instance"),
                                       read_text(call.body, "domain"),
                                       read_text(call.body, "backend"),
                                       read_texts(call.body, "moves")};
  if (auto refusal = refuse_moves(call, request)) return std::move(*refusal);
  const auto done =
      parts_.studio.run(call.actor, [&](studio::Edit& edit) { return edit.publish(request); });
  if (done) return make_answer(200, make_json(done->stored));
  if (done.error().where != "/moves") return make_error_answer(done.error());
  // Who moves, to be shown and given back (R131).
  Json body{{"error", make_error_json(done.error())}};
  if (const auto plan =
          studio::plan_publish(state(), request.api_id, number, request.instance, request.domain)) {
    body["error"]["moves"] = make_json(plan->moves);
  }
  return make_answer(409, body);
}

AdminResponse AdminApi::Handlers::undeploy(const Call& call) {
  const auto done = parts_.studio.run(call.actor, [&](studio::Edit& edit) {
    return edit.undeploy(call.path[0], read_text(call.body, "instance"));
  });
  return done ? make_empty_answer() : make_error_answer(done.error());
}

// ---- the service itself

void AdminApi::Handlers::add_service_routes() {
  add_route("GET", "/healthz", "getHealth", "does this process answer", open_to_all(),
            at_once([](const Call&) {
              return make_answer(200, {{"alive", true}});
            }));
  add_route("GET", "/readyz", "getReadiness", "can this node serve", open_to_all(),
            at_once([this](const Call&) { return check_ready(); }));
  add_route("GET", "/metrics", "getMetrics", "Prometheus text", open_to_all(),
            at_once([this](const Call&) {
              return AdminResponse{200,
                                   parts_.metrics ? parts_.metrics() : std::string(),
                                   {{"Content-Type", "text/plain; version=0.0.4"}}};
            }));
  add_route("GET", "/admin/v1/openapi.json", "getDescription", "this API's description",
            signed_in(), at_once([this](const Call&) {
              return make_answer(200, make_openapi(routes_, parts_.version));
            }));
  add_route("GET", "/admin/v1/plugins", "listPlugins", "plugin files and what became of them",
            somewhere(Permission::kLook), at_once([this](const Call&) { return list_plugins(); }));
}

AdminResponse AdminApi::Handlers::check_ready() const {
  const auto report = parts_.health ? parts_.health() : HealthReport{};
  return make_answer(report.ready ? 200 : 503,
                     {{"ready", report.ready}, {"reasons", report.reasons}});
}

AdminResponse AdminApi::Handlers::list_plugins() const {
  Json items = Json::array();
  for (const auto& plugin : parts_.plugins) {
    auto& json = items.emplace_back(make_plugin_json(plugin));
    if (!plugin.loaded) continue;
    for (auto& component : json["components"]) {
      if (component["kind"] != "data-source") continue;
      const auto offer = parts_.lower_floor.find_acceleration(component["type"]);
      if (offer && !offer->methods.empty()) component["acceleration"] = make_json(*offer);
    }
  }
  const auto total = items.size();
  return make_answer(200, {{"items", std::move(items)}, {"total", total}});
}

Json make_plugin_json(const loader::PluginReport& plugin) {
  Json components = Json::array();
  for (const auto& c : plugin.components) {
    components.push_back({{"kind", c.kind},
                          {"type", c.type},
                          {"title", c.title},
                          {"summary", c.summary},
                          {"exec", c.exec},
                          {"settings_schema", Json::parse(c.settings_schema, nullptr, false)}});
    if (components.back()["settings_schema"].is_discarded()) {
      components.back()["settings_schema"] = nullptr;
    }
  }
  return {{"name", plugin.name},
          {"file", plugin.file.string()},
          {"loaded", plugin.loaded},
          {"code", plugin.code},
          {"reason", plugin.reason},
          {"remedy", plugin.remedy},
          {"id", plugin.id},
          {"version", plugin.version},
          {"vendor", plugin.vendor},
          {"license", plugin.license},
          {"sdk", plugin.sdk},
          {"abi", std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor)},
          {"sha256", plugin.sha256},
          {"components", std::move(components)}};
}

}  // namespace sluice::admin
