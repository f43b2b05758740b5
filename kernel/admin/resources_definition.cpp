// SPDX-License-Identifier: Apache-2.0
// What an API does, as a draft edits it and a version freezes it: its definition, the API, the
// version.
#include "admin/answers.hpp"
#include "admin/resources.hpp"
#include "studio/actions.hpp"

#include <array>

namespace sluice::admin {
namespace {

using model::ApiDefinition;

// ---- words, as laws.hpp parses them
constexpr std::array<std::string_view, 2> kVisibilities = {"workspace", "private"};
constexpr std::array<std::string_view, 2> kMethods = {"GET", "POST"};
constexpr std::array<std::string_view, 12> kTypes = {
    "string",      "int",      "long",      "float",      "double",      "boolean",
    "string-list", "int-list", "long-list", "float-list", "double-list", "boolean-list"};
constexpr std::span<const std::string_view> kOneValueTypes{kTypes.data(), 6};
constexpr std::array<std::string_view, 2> kModes = {"wizard", "script"};
constexpr std::array<std::string_view, 2> kScriptModes = {"basic", "advanced"};
constexpr std::array<std::string_view, 2> kPositions = {"query", "body"};
constexpr std::array<std::string_view, 13> kOperators = {
    "=",        "!=", ">",      ">=",      "<",       "<=",         "LIKE",
    "NOT LIKE", "IN", "NOT IN", "BETWEEN", "IS NULL", "IS NOT NULL"};
constexpr std::array<std::string_view, 5> kMatches = {"exact", "prefix", "suffix", "contains",
                                                      "pattern"};
constexpr std::array<std::string_view, 2> kDirections = {"asc", "desc"};
constexpr std::array<std::string_view, 2> kPagings = {"number", "cursor"};
constexpr std::array<std::string_view, 3> kResultShapes = {"single", "list", "page"};
constexpr std::array<std::string_view, 3> kEnvelopes = {"default", "full", "bare"};
constexpr std::array<std::string_view, 4> kStatuses = {"To Be Requested", "Under Approval",
                                                       "Rejected", "Can Be Published"};

constexpr Member kValidationMembers[] = {
    {"enum", Type::kTexts, Need::kOptional, "the values that are allowed"},
    {"min", Type::kScalar, Need::kOptional, "of a number, itself allowed"},
    {"max", Type::kScalar, Need::kOptional, "of a number, itself allowed"},
    {"min_length", Type::kInteger, Need::kOptional, "of a string, in characters"},
    {"max_length", Type::kInteger, Need::kOptional, "of a string, in characters"},
    {"pattern", Type::kText, Need::kOptional, "in RE2's syntax; all of a string must match"},
};
constexpr Shape kValidationShape{"Validation", kValidationMembers};
constexpr Member kRequestParameterMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"column", Type::kText},
    {"type", Type::kWord, Need::kOptional, "string when absent", kTypes},
    {"position", Type::kWord, Need::kOptional, "query when absent", kPositions},
    {"operator", Type::kWord, Need::kOptional, "= when absent", kOperators},
    {"required", Type::kBoolean, Need::kOptional, "true when absent"},
    {"default_value", Type::kScalar, Need::kOptional, "fills an absent optional parameter"},
    {"sample", Type::kScalar},
    {"description", Type::kText},
    {"match", Type::kWord, Need::kOptional,
     "how LIKE takes the text, exact when absent; only pattern gives % and _ their meaning",
     kMatches},
    {"validation",
     Type::kShape,
     Need::kOptional,
     "of a list: of each value",
     {},
     &kValidationShape},
};
constexpr Shape kRequestParameterShape{"RequestParameter", kRequestParameterMembers};
constexpr Member kResponseParameterMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"column", Type::kText},
    {"type", Type::kWord, Need::kOptional, "string when absent", kOneValueTypes},
    {"sample", Type::kScalar},
    {"description", Type::kText},
};
constexpr Shape kResponseParameterShape{"ResponseParameter", kResponseParameterMembers};
constexpr Member kAuthenticationMembers[] = {
    {"type", Type::kText, Need::kOptional,
     "an authenticator component, such as api-key; empty: off"},
    {"settings", Type::kObject, Need::kOptional, "as the component's schema says"},
};
constexpr Shape kAuthenticationShape{"Authentication", kAuthenticationMembers};
constexpr Member kFixedConditionMembers[] = {
    {"name", Type::kText, Need::kRequired, "as conditions call it"},
    {"column", Type::kText, Need::kRequired},
    {"type", Type::kWord, Need::kOptional, "string when absent", kTypes},
    {"operator", Type::kWord, Need::kOptional, "= when absent", kOperators},
    {"value", Type::kScalar, Need::kRequired, "of every call; of a list: a,b"},
    {"match", Type::kWord, Need::kOptional, "exact when absent", kMatches},
};
constexpr Shape kFixedConditionShape{"FixedCondition", kFixedConditionMembers};
constexpr Member kOrderMembers[] = {
    {"column", Type::kText, Need::kRequired},
    {"direction", Type::kWord, Need::kOptional, "asc when absent", kDirections},
};
constexpr Shape kOrderShape{"Order", kOrderMembers};
constexpr Member kOrderChoiceMembers[] = {
    {"name", Type::kText, Need::kRequired, "as callers write it"},
    {"column", Type::kText, Need::kRequired},
};
constexpr Shape kOrderChoiceShape{"OrderChoice", kOrderChoiceMembers};
constexpr Member kCallerOrderMembers[] = {
    {"parameter", Type::kText, Need::kOptional, "of the query, such as orderBy"},
    {"choices", Type::kList, Need::kOptional, {}, {}, &kOrderChoiceShape},
};
constexpr Shape kCallerOrderShape{"CallerOrder", kCallerOrderMembers};
constexpr Member kScriptMembers[] = {
    {"sql", Type::kText, Need::kRequired, "one SELECT with ${parameters}; see docs/script-mode.md"},
    {"mode", Type::kWord, Need::kOptional, "basic when absent; advanced has tags", kScriptModes},
};
constexpr Shape kScriptShape{"Script", kScriptMembers};
constexpr std::array<Member, 26> kDefinitionMembers = {{
    {"name", Type::kText, Need::kKey, "unique in its workspace"},
    {"description", Type::kText},
    {"path", Type::kText, Need::kOptional, "below the base path, starts with /"},
    {"method", Type::kWord, Need::kOptional, "GET when absent", kMethods},
    {"data_source", Type::kText, Need::kOptional, "by name, of the workspace"},
    {"table", Type::kText},
    {"request_parameters", Type::kList, Need::kOptional, {}, {}, &kRequestParameterShape},
    {"response_parameters", Type::kList, Need::kOptional, {}, {}, &kResponseParameterShape},
    {"result_shape", Type::kWord, Need::kOptional, "list when absent", kResultShapes},
    {"envelope", Type::kWord, Need::kOptional, "default when absent", kEnvelopes},
    {"int64_as_string", Type::kBoolean},
    {"resource_group", Type::kText, Need::kOptional,
     "one that is associated with the workspace; when absent it stays, or default is taken"},
    {"timeout_ms", Type::kInteger, Need::kOptional, "3000 when absent"},
    {"max_rows", Type::kInteger, Need::kOptional, "2000 when absent"},
    {"acceleration", Type::kText, Need::kOptional,
     "a method of the data source's type; only where it has some"},
    {"authentication", Type::kShape, Need::kOptional, "off when absent", {}, &kAuthenticationShape},
    {"fixed_conditions", Type::kList, Need::kOptional, {}, {}, &kFixedConditionShape},
    {"conditions", Type::kObject, Need::kOptional,
     "{all: [...]} or {any: [...]} of names and such groups; all of them when empty"},
    {"order", Type::kList, Need::kOptional, "of the rows", {}, &kOrderShape},
    {"caller_order",
     Type::kShape,
     Need::kOptional,
     "what callers may order by",
     {},
     &kCallerOrderShape},
    {"key_columns", Type::kTexts, Need::kOptional,
     "tell rows apart and hold no NULL, such as the primary key; they end the order of pages"},
    {"paging", Type::kWord, Need::kOptional, "of the result shape page; number when absent",
     kPagings},
    {"mode", Type::kWord, Need::kOptional, "wizard when absent", kModes},
    {"script", Type::kShape, Need::kOptional, "of the mode script", {}, &kScriptShape},
    {"success_sample", Type::kText, Need::kOptional,
     "an answer for the description; as it is when absent"},
    {"failure_sample", Type::kText, Need::kOptional, "the same of a failure"},
}};
// An API's document is its place, its definition and what became of it.
constexpr auto kApiMembers = [] {
  std::array<Member, kDefinitionMembers.size() + 13> members;
  std::size_t n = 0;
  members[n++] = {"id", Type::kText, Need::kReadOnly};
  members[n++] = {"workspace", Type::kText, Need::kKey};
  members[n++] = {"workflow", Type::kText, Need::kKey, "by name, of the workspace"};
  members[n++] = {"folder", Type::kText, Need::kOptional,
                  "of the workflow, such as Orders/Daily; empty: its root; as it is when absent"};
  members[n++] = {"tags", Type::kTexts, Need::kOptional, "at most 5; as they are when absent"};
  members[n++] = {"visibility", Type::kWord, Need::kOptional,
                  "private: the draft is its owner's alone; as it is when absent", kVisibilities};
  for (const auto& member : kDefinitionMembers) members[n++] = member;
  members[n++] = {"owner", Type::kText, Need::kReadOnly, "who created it"};
  members[n++] = {"draft_revision", Type::kInteger, Need::kReadOnly, "rises with each edit"};
  members[n++] = {"tested", Type::kBoolean, Need::kReadOnly, "this draft passed its test"};
  members[n++] = {"last_version", Type::kInteger, Need::kReadOnly, "0: never submitted"};
  members[n++] = {"deployments", Type::kList, Need::kReadOnly, {}, {}, &kDeploymentShape};
  members[n++] = {"missing", Type::kList, Need::kReadOnly, "before it can be tested and submitted"};
  members[n++] = {"actions", Type::kTexts, Need::kReadOnly, "what may be done with the draft now"};
  return members;
}();
constexpr Member kVersionMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"version", Type::kInteger, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly, "V1, V2 ..."},
    {"status", Type::kWord, Need::kReadOnly, {}, kStatuses},
    {"submitted_by", Type::kText, Need::kReadOnly},
    {"submitted_at", Type::kTime, Need::kReadOnly},
    {"requested_by", Type::kText, Need::kReadOnly},
    {"decided_by", Type::kText, Need::kReadOnly},
    {"decision_reason", Type::kText, Need::kReadOnly},
    {"requested_at", Type::kTime, Need::kReadOnly},
    {"decided_at", Type::kTime, Need::kReadOnly},
    {"deployed_on", Type::kTexts, Need::kReadOnly, "gateway instances where it is live"},
    {"actions", Type::kTexts, Need::kReadOnly, "what may be done with it now"},
    {"definition", Type::kShape, Need::kReadOnly, {}, {}, &kDefinitionShape},
};
constexpr Member kReadScriptMembers[] = {
    {"script", Type::kShape, Need::kOptional, "the draft's when absent", {}, &kScriptShape},
    {"data_source", Type::kText, Need::kOptional, "the draft's when absent"},
    {"request_parameters",
     Type::kList,
     Need::kOptional,
     "the draft's when absent",
     {},
     &kRequestParameterShape},
    {"response_parameters",
     Type::kList,
     Need::kOptional,
     "the draft's when absent",
     {},
     &kResponseParameterShape},
    {"parameters", Type::kMap, Need::kOptional,
     "values that choose the way through the tags; samples and defaults when absent"},
};
constexpr Member kScriptFaultMembers[] = {
    {"line", Type::kInteger, Need::kReadOnly, "from 1"},
    {"column", Type::kInteger, Need::kReadOnly, "in characters, from 1"},
    {"rule", Type::kText, Need::kReadOnly, "as docs/script-mode.md lists them"},
    {"message", Type::kText, Need::kReadOnly},
    {"remedy", Type::kText, Need::kReadOnly},
};
constexpr Shape kScriptFaultShape{"ScriptFault", kScriptFaultMembers};
constexpr Member kScriptReadingMembers[] = {
    {"faults", Type::kList, Need::kReadOnly, "none: the script is right", {}, &kScriptFaultShape},
    {"request_parameters",
     Type::kList,
     Need::kReadOnly,
     "that the script uses",
     {},
     &kRequestParameterShape},
    {"response_parameters",
     Type::kList,
     Need::kReadOnly,
     "the fields of its statement",
     {},
     &kResponseParameterShape},
    {"described", Type::kBoolean, Need::kReadOnly, "the data source told the fields"},
    {"sql", Type::kText, Need::kReadOnly, "the statement that it was asked about"},
    {"hints", Type::kTexts, Need::kReadOnly},
};

Json make_settings_json(const std::string& settings_json) {
  Json settings = Json::parse(settings_json, nullptr, false);
  return settings.is_object() ? settings : Json::object();
}

std::optional<std::string> read_maybe(const Json& json, const char* name) {
  const auto member = json.find(name);
  if (member == json.end() || member->is_null()) return {};
  return make_scalar_text(*member);
}

model::Validation parse_validation(const Json& json) {
  model::Validation v;
  if (json.contains("enum")) v.allowed = read_texts(json, "enum");
  v.min = read_maybe(json, "min");
  v.max = read_maybe(json, "max");
  if (json.contains("min_length")) v.min_length = read_integer(json, "min_length", 0);
  if (json.contains("max_length")) v.max_length = read_integer(json, "max_length", 0);
  v.pattern = read_maybe(json, "pattern");
  return v;
}

Json make_validation_json(const model::Validation& v) {
  Json json = Json::object();
  if (v.allowed) json["enum"] = *v.allowed;
  if (v.min) json["min"] = *v.min;
  if (v.max) json["max"] = *v.max;
  if (v.min_length) json["min_length"] = *v.min_length;
  if (v.max_length) json["max_length"] = *v.max_length;
  if (v.pattern) json["pattern"] = *v.pattern;
  return json;
}

model::RequestParameter parse_request_parameter(const Json& json) {
  model::RequestParameter p;
  p.name = read_text(json, "name");
  p.column = read_text(json, "column");
  p.type = read_word(json, "type", &model::parse_parameter_type, p.type);
  p.position = read_word(json, "position", &model::parse_position, p.position);
  p.op = read_word(json, "operator", &model::parse_operator, p.op);
  p.required = read_boolean(json, "required", p.required);
  if (json.contains("default_value") && !json["default_value"].is_null()) {
    p.default_value = make_scalar_text(json["default_value"]);
  }
  if (json.contains("sample") && !json["sample"].is_null()) {
    p.sample = make_scalar_text(json["sample"]);
  }
  p.description = read_text(json, "description");
  p.match = read_word(json, "match", &model::parse_like_match, p.match);
  if (json.contains("validation")) p.validation = parse_validation(json["validation"]);
  return p;
}

model::FixedCondition parse_fixed_condition(const Json& json) {
  model::FixedCondition c;
  c.name = read_text(json, "name");
  c.column = read_text(json, "column");
  c.type = read_word(json, "type", &model::parse_parameter_type, c.type);
  c.op = read_word(json, "operator", &model::parse_operator, c.op);
  c.value = json["value"].is_null() ? std::string() : make_scalar_text(json["value"]);
  c.match = read_word(json, "match", &model::parse_like_match, c.match);
  return c;
}

// {"all": ["a", {"any": ["b", "c"]}]}; shapes have no words for something that holds itself.
model::Condition parse_condition(const Json& json, const std::string& where,
                                 model::Faults& faults) {
  model::Condition condition;
  if (json.is_string()) {
    condition.name = json.get<std::string>();
    if (!condition.name.empty()) return condition;
  } else if (json.is_object() && json.size() == 1 && json.begin().value().is_array()) {
    const auto join = model::parse_join(json.begin().key());
    if (join) {
      condition.join = *join;
      for (const auto& item : json.begin().value()) {
        const auto at =
            where + "/" + json.begin().key() + "/" + std::to_string(condition.items.size());
        condition.items.push_back(parse_condition(item, at, faults));
      }
      return condition;
    }
  }
  faults.push_back({where,
                    {},
                    "is neither a name nor a group",
                    R"(write a name, {"all": [...]} or {"any": [...]})"});
  return condition;
}

Json make_condition_json(const model::Condition& condition) {
  if (!condition.name.empty()) return condition.name;
  Json items = Json::array();
  for (const auto& item : condition.items) items.push_back(make_condition_json(item));
  return {{std::string(model::to_text(condition.join)), std::move(items)}};
}

model::ResponseParameter parse_response_parameter(const Json& json) {
  model::ResponseParameter p;
  p.name = read_text(json, "name");
  p.column = read_text(json, "column");
  p.type = read_word(json, "type", &model::parse_parameter_type, p.type);
  if (json.contains("sample") && !json["sample"].is_null()) {
    p.sample = make_scalar_text(json["sample"]);
  }
  p.description = read_text(json, "description");
  return p;
}

}  // namespace

const Shape kApiShape{"Api", kApiMembers};
const Shape kDefinitionShape{"Definition", kDefinitionMembers};
const Shape kVersionShape{"Version", kVersionMembers};
const Shape kReadScriptShape{"ReadScript", kReadScriptMembers};
const Shape kScriptReadingShape{"ScriptReading", kScriptReadingMembers};

// ---- noun to JSON

Json make_json(const ApiDefinition& d, const SecretSettings& secrets) {
  Json requests = Json::array(), responses = Json::array();
  for (const auto& p : d.request_parameters) {
    requests.push_back({{"name", p.name},
                        {"column", p.column},
                        {"type", model::to_text(p.type)},
                        {"position", model::to_text(p.position)},
                        {"operator", model::to_text(p.op)},
                        {"required", p.required},
                        {"default_value", p.default_value ? Json(*p.default_value) : Json()},
                        {"sample", p.sample},
                        {"description", p.description},
                        {"match", model::to_text(p.match)},
                        {"validation", make_validation_json(p.validation)}});
  }
  for (const auto& p : d.response_parameters) {
    responses.push_back({{"name", p.name},
                         {"column", p.column},
                         {"type", model::to_text(p.type)},
                         {"sample", p.sample},
                         {"description", p.description}});
  }
  Json fixed = Json::array(), order = Json::array(), choices = Json::array();
  for (const auto& c : d.fixed_conditions) {
    fixed.push_back({{"name", c.name},
                     {"column", c.column},
                     {"type", model::to_text(c.type)},
                     {"operator", model::to_text(c.op)},
                     {"value", c.value},
                     {"match", model::to_text(c.match)}});
  }
  for (const auto& key : d.order) {
    order.push_back({{"column", key.column}, {"direction", model::to_text(key.direction)}});
  }
  for (const auto& c : d.caller_order.choices) {
    choices.push_back({{"name", c.name}, {"column", c.column}});
  }
  const auto& auth = d.authentication;
  Json json = {
      {"name", d.name},
      {"description", d.description},
      {"path", d.path},
      {"method", model::to_text(d.method)},
      {"data_source", d.data_source},
      {"table", d.table},
      {"request_parameters", std::move(requests)},
      {"response_parameters", std::move(responses)},
      {"result_shape", model::to_text(d.shape)},
      {"envelope", model::to_text(d.envelope)},
      {"int64_as_string", d.int64_as_string},
      {"resource_group", d.resource_group},
      {"timeout_ms", d.timeout_ms},
      {"max_rows", d.max_rows},
      {"acceleration", d.acceleration},
      {"authentication",
       {{"type", auth.type},
        {"settings", auth.type.empty()
                         ? make_settings_json(auth.settings_json)
                         : secrets.mask("authenticator", auth.type, auth.settings_json)}}},
      {"fixed_conditions", std::move(fixed)},
      {"conditions",
       d.conditions.items.empty() ? Json(Json::object()) : make_condition_json(d.conditions)},
      {"order", std::move(order)},
      {"caller_order", {{"parameter", d.caller_order.parameter}, {"choices", std::move(choices)}}},
      {"key_columns", d.key_columns},
      {"paging", model::to_text(d.paging)},
      {"mode", model::to_text(d.mode)},
      {"success_sample", d.success_sample.get()},
      {"failure_sample", d.failure_sample.get()}};
  if (d.mode == model::ApiMode::kScript) {
    json["script"] = {{"sql", d.script.sql}, {"mode", model::to_text(d.script.mode)}};
  }
  return json;
}

Json make_json(const model::Api& api, const model::State& state, const SecretSettings& secrets) {
  const auto* workflow = state.workflows.find(api.workflow_id);
  Json json = {{"id", api.id},
               {"workspace", api.workspace},
               {"workflow", workflow ? workflow->name : std::string()},
               {"folder", api.placement.folder},
               {"tags", api.placement.tags},
               {"visibility", model::to_text(api.placement.visibility)}};
  json.update(make_json(api.draft, secrets));
  json["owner"] = api.owner;
  json["draft_revision"] = api.draft_revision;
  json["tested"] = api.tested_revision == api.draft_revision;
  json["last_version"] = api.last_version;
  json["deployments"] = Json::array();
  for (const auto* d : studio::list_deployments(state, api.id)) {
    json["deployments"].push_back(make_json(*d));
  }
  json["missing"] = make_faults_json(model::find_missing(api.draft));
  return json;
}

Json make_json(const model::ApiVersion& v, const model::State& state,
               const SecretSettings& secrets) {
  return {{"api", v.api_id},
          {"version", v.number},
          {"name", "V" + std::to_string(v.number)},
          {"status", model::to_text(v.status)},
          {"submitted_by", v.submitted_by},
          {"submitted_at", make_time_json(v.submitted_at)},
          {"requested_by", v.requested_by},
          {"decided_by", v.decided_by},
          {"decision_reason", v.decision_reason},
          {"requested_at", make_time_json(v.requested_at)},
          {"decided_at", make_time_json(v.decided_at)},
          {"deployed_on", studio::list_instances(state, v)},
          {"definition", make_json(v.definition, secrets)}};
}

Json make_json(const studio::ScriptReading& reading, const SecretSettings& secrets) {
  model::ApiDefinition found;
  found.request_parameters = reading.request_parameters;
  found.response_parameters = reading.response_parameters;
  auto parameters = make_json(found, secrets);
  Json faults = Json::array();
  for (const auto& fault : reading.faults) {
    faults.push_back({{"line", fault.line},
                      {"column", fault.column},
                      {"rule", fault.rule},
                      {"message", fault.what},
                      {"remedy", fault.remedy}});
  }
  return {{"faults", std::move(faults)},
          {"request_parameters", std::move(parameters["request_parameters"])},
          {"response_parameters", std::move(parameters["response_parameters"])},
          {"described", reading.is_described},
          {"sql", reading.sql},
          {"hints", reading.hints}};
}

// ---- JSON to noun

std::optional<model::Placement> parse_placement(const Json& json, const model::Api* stored) {
  if (!json.contains("folder") && !json.contains("tags") && !json.contains("visibility")) return {};
  auto placement = stored ? stored->placement : model::Placement();
  placement.folder = read_text(json, "folder", placement.folder);
  if (json.contains("tags")) placement.tags = read_texts(json, "tags");
  placement.visibility =
      read_word(json, "visibility", &model::parse_visibility, placement.visibility);
  return placement;
}

ApiDefinition parse_definition(const Json& json, const ApiDefinition* stored,
                               const std::string& where, model::Faults& faults) {
  ApiDefinition d;
  d.name = read_text(json, "name");
  d.description = read_text(json, "description");
  d.path = read_text(json, "path");
  d.method = read_word(json, "method", &model::parse_http_method, d.method);
  d.data_source = read_text(json, "data_source");
  d.table = read_text(json, "table");
  if (json.contains("request_parameters")) {
    for (const auto& p : json["request_parameters"]) {
      d.request_parameters.push_back(parse_request_parameter(p));
    }
  }
  if (json.contains("response_parameters")) {
    for (const auto& p : json["response_parameters"]) {
      d.response_parameters.push_back(parse_response_parameter(p));
    }
  }
  d.shape = read_word(json, "result_shape", &model::parse_result_shape, d.shape);
  d.envelope = read_word(json, "envelope", &model::parse_envelope, d.envelope);
  d.int64_as_string = read_boolean(json, "int64_as_string", d.int64_as_string);
  d.resource_group = read_text(json, "resource_group");
  d.timeout_ms = read_integer(json, "timeout_ms", d.timeout_ms);
  d.max_rows = read_integer(json, "max_rows", d.max_rows);
  d.acceleration = read_text(json, "acceleration");
  if (json.contains("authentication")) {
    const auto& auth = json["authentication"];
    d.authentication.type = read_text(auth, "type");
    if (auth.contains("settings")) {
      d.authentication.settings_json = SecretSettings::unmask(
          auth["settings"], stored ? stored->authentication.settings_json : "{}",
          where + "/authentication/settings", faults);
    }
  }
  if (json.contains("fixed_conditions")) {
    for (const auto& c : json["fixed_conditions"]) {
      d.fixed_conditions.push_back(parse_fixed_condition(c));
    }
  }
  if (json.contains("conditions") && !json["conditions"].empty()) {
    d.conditions = parse_condition(json["conditions"], where + "/conditions", faults);
  }
  if (json.contains("order")) {
    for (const auto& key : json["order"]) {
      d.order.push_back(
          {read_text(key, "column"),
           read_word(key, "direction", &model::parse_direction, model::Direction::kAscending)});
    }
  }
  if (json.contains("caller_order")) {
    const auto& caller = json["caller_order"];
    d.caller_order.parameter = read_text(caller, "parameter");
    if (caller.contains("choices")) {
      for (const auto& c : caller["choices"]) {
        d.caller_order.choices.push_back({read_text(c, "name"), read_text(c, "column")});
      }
    }
  }
  if (json.contains("key_columns")) d.key_columns = read_texts(json, "key_columns");
  d.paging = read_word(json, "paging", &model::parse_paging, d.paging);
  d.mode = read_word(json, "mode", &model::parse_api_mode, d.mode);
  if (json.contains("script")) {
    d.script.sql = read_text(json["script"], "sql");
    d.script.mode = read_word(json["script"], "mode", &model::parse_script_mode, d.script.mode);
  }
  // Nobody writes samples into a file by hand: a document without them keeps those that were saved.
  const auto read_sample = [&](const char* name, model::SharedText ApiDefinition::*sample) {
    if (json.contains(name)) {
      d.*sample = read_text(json, name);
    } else if (stored) {
      d.*sample = stored->*sample;
    }
  };
  read_sample("success_sample", &ApiDefinition::success_sample);
  read_sample("failure_sample", &ApiDefinition::failure_sample);
  return d;
}

}  // namespace sluice::admin
