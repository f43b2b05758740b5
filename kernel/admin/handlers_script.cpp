// SPDX-License-Identifier: Apache-2.0
// Script mode beside the draft: what a script uses and answers, and a wizard's draft as a script.
#include "admin/handlers.hpp"

namespace sluice::admin {

void AdminApi::Handlers::add_script_routes() {
  add_route(
      "POST", "/admin/v1/apis/{id}/read-script", "readScript",
      "the parameters of a script, saved or not, the fields of its statement, its faults",
      on_api(Permission::kEditDrafts),
      [this](const Call& call, const AdminApi::Respond& respond) { read_script(call, respond); })
      .take_maybe(kReadScriptShape)
      .answer(200, kScriptReadingShape);
  add_route("POST", "/admin/v1/apis/{id}/turn-into-script", "turnIntoScript",
            "make the wizard's draft a script that asks the same; there is no way back",
            on_api(Permission::kEditDrafts), now(&Handlers::turn_into_script))
      .answer(200, kApiShape);
}

// The source is asked on a worker, so that a slow one holds up nobody else's management.
void AdminApi::Handlers::read_script(const Call& call, const AdminApi::Respond& respond) {
  if (tests_in_flight_ >= kTestsInFlightMax) {
    return respond(make_refusal(429, "busy", "too many drafts are tried at this moment",
                                "wait for one of them to end and try again"));
  }
  const auto* api = state().apis.find(call.path[0]);
  if (!api) return respond(make_unknown("API", call.path[0]));
  auto json = make_json(api->draft, secrets_);
  for (const char* member :
       {"script", "data_source", "request_parameters", "response_parameters"}) {
    if (call.body.contains(member)) json[member] = call.body[member];
  }
  json["mode"] = "script";
  model::Faults faults;
  const auto definition =
      std::make_shared<const model::ApiDefinition>(parse_definition(json, &api->draft, "", faults));
  if (definition->script.sql.empty()) {
    faults.push_back({"/script/sql", "R067", "there is no script", "send one, or save it"});
  }
  std::shared_ptr<const model::DataSource> source;
  if (!definition->data_source.empty()) {
    const auto key = model::make_key(api->workspace, definition->data_source);
    if (const auto* found = state().data_sources.find(key)) {
      source = std::make_shared<const model::DataSource>(*found);
    } else {
      faults.push_back({"/data_source", "R080", "there is no data source '" + key + "'",
                        "create it, or choose another one"});
    }
  }
  if (!faults.empty()) return respond(make_faults_answer(faults));
  const auto parameters = std::make_shared<const std::vector<std::pair<std::string, std::string>>>(
      read_scalars(call.body.contains("parameters") ? call.body["parameters"] : Json::object()));

  ++tests_in_flight_;
  const auto run = [this, definition, source, parameters, respond] {
    const auto read = [&]() -> Result<studio::ScriptReading> {
      try {
        return studio::read_script(*definition, source.get(), *parameters, parts_.lower_floor);
      } catch (const std::exception& e) {
        return Error{SLUICE_E_INTERNAL, "the script could not be read", e.what(), {}};
      }
    };
    const auto reading = std::make_shared<Result<studio::ScriptReading>>(read());
    parts_.post_to_control([this, respond, reading] {
      --tests_in_flight_;
      respond(*reading ? make_answer(200, make_json(**reading, secrets_))
                       : make_error_answer(reading->error()));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --tests_in_flight_;
    respond(
        make_refusal(429, "busy", "no worker is free to ask the data source", "try again later"));
  }
}

AdminResponse AdminApi::Handlers::turn_into_script(const Call& call) {
  const auto done = parts_.studio.run(
      call.actor, [&](studio::Edit& edit) { return edit.turn_into_script(call.path[0]); });
  if (!done) return make_error_answer(done.error());
  return make_answer(200, make_json(done->stored, state(), secrets_));
}

}  // namespace sluice::admin
