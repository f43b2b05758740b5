// SPDX-License-Identifier: Apache-2.0
// Wizard mode beside the draft: a draft out of a table and its columns, the steps that are left,
// what a call would ask the source.
#include "admin/handlers.hpp"
#include "studio/wizard.hpp"

namespace sluice::admin {
namespace {

constexpr Member kSuggestMembers[] = {
    {"request", Type::kTexts, Need::kOptional, "columns that callers give, in this order"},
    {"response", Type::kTexts, Need::kOptional, "columns that are answered; all when absent"},
};
const Shape kSuggestShape{"Suggest", kSuggestMembers};
constexpr Member kPreviewMembers[] = {
    {"sql", Type::kText, Need::kReadOnly, "the statement of the rows, with placeholders"},
    {"arguments", Type::kTexts, Need::kReadOnly, "what stands for them, in their order"},
    {"count_sql", Type::kText, Need::kReadOnly, "of the total; empty when it is not counted"},
    {"count_arguments", Type::kInteger, Need::kReadOnly, "it takes so many of the arguments"},
    {"hints", Type::kTexts, Need::kReadOnly,
     "where a whole table is read, or an order is not fixed"},
};
const Shape kPreviewShape{"Preview", kPreviewMembers};
constexpr Member kStepMembers[] = {
    {"name", Type::kText, Need::kReadOnly, "table, parameters, configuration"},
    {"title", Type::kText, Need::kReadOnly},
    {"complete", Type::kBoolean, Need::kReadOnly},
    {"missing", Type::kList, Need::kReadOnly, "as refusals tell it"},
};
const Shape kStepShape{"Step", kStepMembers};

std::vector<std::string> read_columns(const Json& json) {
  std::vector<std::string> columns;
  for (const auto& column : json) columns.push_back(make_scalar_text(column));
  return columns;
}

Json make_json(const studio::CallPreview& preview) {
  return {{"sql", preview.sql},
          {"arguments", preview.arguments},
          {"count_sql", preview.count_sql},
          {"count_arguments", preview.count_arguments},
          {"hints", preview.hints}};
}

}  // namespace

void AdminApi::Handlers::add_wizard_routes() {
  add_route(
      "POST", "/admin/v1/data-sources/{workspace}/{name}/tables/{table}/suggest", "suggestDraft",
      "parameters, shape and key of an API over some of its columns",
      on(Permission::kExploreSources, "data source", &model::State::data_sources),
      [this](const Call& call, const AdminApi::Respond& respond) { suggest_draft(call, respond); })
      .take_maybe(kSuggestShape);
  add_route("GET", "/admin/v1/apis/{id}/steps", "listSteps",
            "the way to a whole draft, and what each step lacks", on_api(Permission::kLook),
            at_once([this](const Call& call) {
              const auto* api = state().apis.find(call.path[0]);
              if (!api) return make_unknown("API", call.path[0]);
              Json items = Json::array();
              for (const auto& step : studio::list_steps(api->draft)) {
                items.push_back({{"name", step.name},
                                 {"title", step.title},
                                 {"complete", step.missing.empty()},
                                 {"missing", make_faults_json(step.missing)}});
              }
              const auto total = items.size();
              return make_answer(200, {{"items", std::move(items)}, {"total", total}});
            }))
      .answer_list(kStepShape);
  add_route(
      "POST", "/admin/v1/apis/{id}/preview", "previewCall",
      "the statements of a call with these parameters; nothing is run",
      on_api(Permission::kTestDrafts),
      [this](const Call& call, const AdminApi::Respond& respond) { preview_call(call, respond); })
      .take_maybe(kTestShape)
      .answer(200, kPreviewShape);
}

void AdminApi::Handlers::suggest_draft(const Call& call, const AdminApi::Respond& respond) {
  const auto key = model::make_key(call.path[0], call.path[1]);
  const auto* source = state().data_sources.find(key);
  if (!source) return respond(make_unknown("data source", key));
  studio::ChosenColumns chosen{.table = call.path[2], .request = {}, .response = {}};
  if (call.body.contains("request")) chosen.request = read_columns(call.body["request"]);
  const bool answers_all = !call.body.contains("response");
  if (!answers_all) chosen.response = read_columns(call.body["response"]);

  answer_aside(respond, [this, chosen, answers_all, source = *source]() mutable {
    const auto table = parts_.lower_floor.describe_table(source, chosen.table);
    if (!table) return make_error_answer(table.error());
    if (answers_all) {
      for (const auto& column : table->columns) chosen.response.push_back(column.name);
    }
    const auto draft = studio::suggest_draft(chosen, *table);
    if (!draft) return make_error_answer(draft.error());
    model::ApiDefinition definition;
    definition.data_source = source.name;
    definition.table = chosen.table;
    definition.request_parameters = draft->request_parameters;
    definition.response_parameters = draft->response_parameters;
    definition.shape = draft->shape;
    definition.key_columns = draft->key_columns;
    const auto whole = admin::make_json(definition, secrets_);
    Json json = Json::object();
    for (const char* member : {"data_source", "table", "request_parameters", "response_parameters",
                               "result_shape", "key_columns"}) {
      json[member] = whole[member];
    }
    json["hints"] = draft->hints;
    return make_answer(200, json);
  });
}

// As a test begins (R111), with samples for what is not given; the source only plans.
void AdminApi::Handlers::preview_call(const Call& call, const AdminApi::Respond& respond) {
  if (const auto missing = find_missing_parts(call.path[0]); !missing.empty()) {
    return respond(make_faults_answer(missing));
  }
  studio::TestRequest request;
  request.api_id = call.path[0];
  const bool names_some = call.body.contains("parameters");
  if (names_some) request.parameters = read_scalars(call.body["parameters"]);
  request.fills_with_samples = read_boolean(call.body, "samples", !names_some);
  const auto begun = parts_.studio.begin_test(call.actor, std::move(request));
  if (!begun) return respond(make_error_answer(begun.error()));
  answer_aside(respond, [this, ticket = *begun] {
    const auto preview =
        parts_.lower_floor.preview(ticket.definition, ticket.source, ticket.parameters);
    return preview ? make_answer(200, make_json(*preview)) : make_error_answer(preview.error());
  });
}

}  // namespace sluice::admin
