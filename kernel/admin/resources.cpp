// SPDX-License-Identifier: Apache-2.0
#include "admin/resources.hpp"

#include <array>

namespace sluice::admin {
namespace {

using model::ApiDefinition;

// ---- words, as laws.hpp parses them
constexpr std::array<std::string_view, 2> kMethods = {"GET", "POST"};
constexpr std::array<std::string_view, 6> kTypes = {"string", "int",    "long",
                                                    "float",  "double", "boolean"};
constexpr std::array<std::string_view, 2> kPositions = {"query", "body"};
constexpr std::array<std::string_view, 6> kOperators = {"=", "!=", ">", ">=", "<", "<="};
constexpr std::array<std::string_view, 3> kResultShapes = {"single", "list", "page"};
constexpr std::array<std::string_view, 3> kEnvelopes = {"default", "full", "bare"};
constexpr std::array<std::string_view, 4> kStatuses = {"To Be Requested", "Under Approval",
                                                       "Rejected", "Can Be Published"};

// ---- members
constexpr Member kWorkspaceMembers[] = {
    {"name", Type::kText, Need::kKey, "unique"},
    {"description", Type::kText},
    {"requires_approval", Type::kBoolean, Need::kOptional, "a version waits for an approver"},
    {"allows_self_approval", Type::kBoolean, Need::kOptional,
     "who asked for an approval may give it"},
};
constexpr Member kDataSourceMembers[] = {
    {"workspace", Type::kText, Need::kKey},
    {"name", Type::kText, Need::kKey, "unique in its workspace"},
    {"type", Type::kText, Need::kRequired, "a data source component, such as sqlite"},
    {"settings", Type::kObject, Need::kOptional,
     "as the component's schema says; secrets are told as ********, which keeps them when written"},
    {"description", Type::kText},
};
constexpr Member kGatewayInstanceMembers[] = {{"name", Type::kText, Need::kKey, "unique"}};
constexpr Member kRestApiMembers[] = {
    {"name", Type::kText, Need::kKey, "unique"},
    {"base_path", Type::kText, Need::kRequired, "starts with /"},
    {"domain", Type::kText, Need::kOptional, "of all its APIs; empty: the instance's own address"},
    {"description", Type::kText},
};
constexpr Member kWorkflowMembers[] = {
    {"id", Type::kText, Need::kReadOnly},
    {"workspace", Type::kText, Need::kKey},
    {"name", Type::kText, Need::kKey, "unique in its workspace"},
    {"rest_api", Type::kText, Need::kKey, "the REST API it is bound to for ever"},
    {"gateway_type", Type::kText},
};
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
};
constexpr Shape kRequestParameterShape{"RequestParameter", kRequestParameterMembers};
constexpr Member kResponseParameterMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"column", Type::kText},
    {"type", Type::kWord, Need::kOptional, "string when absent", kTypes},
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
constexpr std::array<Member, 14> kDefinitionMembers = {{
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
    {"timeout_ms", Type::kInteger, Need::kOptional, "3000 when absent"},
    {"max_rows", Type::kInteger, Need::kOptional, "2000 when absent"},
    {"authentication", Type::kShape, Need::kOptional, "off when absent", {}, &kAuthenticationShape},
}};
// An API's document is its place, its definition and what became of it.
constexpr auto kApiMembers = [] {
  std::array<Member, kDefinitionMembers.size() + 7> members;
  std::size_t n = 0;
  members[n++] = {"id", Type::kText, Need::kReadOnly};
  members[n++] = {"workspace", Type::kText, Need::kKey};
  members[n++] = {"workflow", Type::kText, Need::kKey, "by name, of the workspace"};
  for (const auto& member : kDefinitionMembers) members[n++] = member;
  members[n++] = {"draft_revision", Type::kInteger, Need::kReadOnly, "rises with each edit"};
  members[n++] = {"tested", Type::kBoolean, Need::kReadOnly, "this draft passed its test"};
  members[n++] = {"last_version", Type::kInteger, Need::kReadOnly, "0: never submitted"};
  members[n++] = {"deployments", Type::kList, Need::kReadOnly, {}, {}, &kDeploymentShape};
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
    {"definition", Type::kShape, Need::kReadOnly, {}, {}, &kDefinitionShape},
};
constexpr Member kDeploymentMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"instance", Type::kText, Need::kReadOnly},
    {"version", Type::kInteger, Need::kReadOnly},
    {"backend", Type::kText, Need::kReadOnly},
    {"deployed_by", Type::kText, Need::kReadOnly},
    {"deployed_at", Type::kTime, Need::kReadOnly},
};
constexpr Member kConsumerMembers[] = {
    {"name", Type::kText, Need::kKey, "unique"},
    {"workspace", Type::kText, Need::kReadOnly, "set on a workspace's own consumer"},
    {"description", Type::kText},
    {"enabled", Type::kBoolean, Need::kOptional, "true when absent"},
};
constexpr Member kCredentialMembers[] = {
    {"id", Type::kText, Need::kReadOnly},
    {"consumer", Type::kText, Need::kReadOnly},
    {"type", Type::kText, Need::kReadOnly, "the authenticator: api-key, jwt, hmac"},
    {"display", Type::kText, Need::kReadOnly, "what it is told by; not enough to use it"},
    {"attributes", Type::kMap, Need::kReadOnly, "the authenticator's; no secrets"},
    {"enabled", Type::kBoolean, Need::kReadOnly},
    {"valid_from", Type::kTime, Need::kReadOnly},
    {"valid_until", Type::kTime, Need::kReadOnly},
    {"created_at", Type::kTime, Need::kReadOnly},
};
constexpr Member kCredentialChangeMembers[] = {
    {"enabled", Type::kBoolean, Need::kOptional, "as it is when absent"},
    {"valid_from", Type::kTime, Need::kOptional, "null: always; as it is when absent"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end; as it is when absent"},
};
constexpr Member kRotationMembers[] = {
    {"given", Type::kObject, Need::kOptional, "for the new one, as when it is made"},
    {"overlap_seconds", Type::kInteger, Need::kOptional,
     "how long the old one goes on; a day when absent, 0: it is revoked"},
};
constexpr Member kAuthorizationMembers[] = {
    {"consumer", Type::kText, Need::kRequired},
    {"api", Type::kText, Need::kOptional, "an id, workspace/name or workspace/workflow/name"},
    {"rest_api", Type::kText, Need::kOptional,
     "instead of api: all APIs under it, also those to come"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};
constexpr Member kTestMembers[] = {
    {"parameters", Type::kMap, Need::kOptional, "request parameters by name"},
};
constexpr Member kPublishMembers[] = {
    {"instance", Type::kText, Need::kRequired},
    {"domain", Type::kText, Need::kRequired,
     "of every API under the REST API; empty: the instance's own address only"},
    {"backend", Type::kText, Need::kRequired, "Default"},
};
constexpr Member kUndeployMembers[] = {{"instance", Type::kText, Need::kRequired}};
constexpr Member kRejectMembers[] = {{"reason", Type::kText, Need::kRequired}};
constexpr Member kNewCredentialMembers[] = {
    {"type", Type::kText, Need::kRequired, "the authenticator: api-key, jwt, hmac"},
    {"given", Type::kObject, Need::kOptional,
     "what the authenticator takes; a secret that is absent is made"},
    {"valid_from", Type::kTime, Need::kOptional, "null: from now on"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};
constexpr Member kIssuedCredentialMembers[] = {
    {"credential", Type::kShape, Need::kReadOnly, {}, {}, &kCredentialShape},
    {"shown", Type::kMap, Need::kReadOnly, "the secret, told here and never again"},
};
constexpr Member kApplyPublishMembers[] = {
    {"instance", Type::kText, Need::kRequired},
    {"domain", Type::kText, Need::kOptional, "the REST API's own when absent"},
    {"backend", Type::kText, Need::kOptional, "Default when absent"},
};

std::string make_scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// A word that check_shape has passed; otherwise, what stands for an absent one.
template <class T>
T read_word(const Json& json, const char* name, std::optional<T> (*parse)(std::string_view),
            T otherwise) {
  const auto member = json.find(name);
  if (member == json.end()) return otherwise;
  return parse(member->get_ref<const std::string&>()).value_or(otherwise);
}

Json make_time_json(model::UnixMs time) { return time == 0 ? Json() : Json(make_time_text(time)); }

Json make_settings_json(const std::string& settings_json) {
  Json settings = Json::parse(settings_json, nullptr, false);
  return settings.is_object() ? settings : Json::object();
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
  return p;
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

const Shape kWorkspaceShape{"Workspace", kWorkspaceMembers};
const Shape kDataSourceShape{"DataSource", kDataSourceMembers};
const Shape kGatewayInstanceShape{"GatewayInstance", kGatewayInstanceMembers};
const Shape kRestApiShape{"RestApi", kRestApiMembers};
const Shape kWorkflowShape{"Workflow", kWorkflowMembers};
const Shape kApiShape{"Api", kApiMembers};
const Shape kDefinitionShape{"Definition", kDefinitionMembers};
const Shape kVersionShape{"Version", kVersionMembers};
const Shape kDeploymentShape{"Deployment", kDeploymentMembers};
const Shape kConsumerShape{"Consumer", kConsumerMembers};
const Shape kCredentialShape{"Credential", kCredentialMembers};
const Shape kAuthorizationShape{"Authorization", kAuthorizationMembers};
const Shape kCredentialChangeShape{"CredentialChange", kCredentialChangeMembers};
const Shape kRotationShape{"Rotation", kRotationMembers};
const Shape kTestShape{"Test", kTestMembers};
const Shape kPublishShape{"Publish", kPublishMembers};
const Shape kUndeployShape{"Undeploy", kUndeployMembers};
const Shape kRejectShape{"Reject", kRejectMembers};
const Shape kNewCredentialShape{"NewCredential", kNewCredentialMembers};
const Shape kIssuedCredentialShape{"IssuedCredential", kIssuedCredentialMembers};
const Shape kApplyPublishShape{"ApplyPublish", kApplyPublishMembers};

// ---- noun to JSON

Json make_json(const model::Workspace& w) {
  return {{"name", w.name},
          {"description", w.description},
          {"requires_approval", w.requires_approval},
          {"allows_self_approval", w.allows_self_approval}};
}

Json make_json(const model::DataSource& s, const SecretSettings& secrets) {
  return {{"workspace", s.workspace},
          {"name", s.name},
          {"type", s.type},
          {"settings", secrets.mask("data-source", s.type, s.settings_json)},
          {"description", s.description}};
}

Json make_json(const model::GatewayInstance& i) { return {{"name", i.name}}; }

Json make_json(const model::RestApi& r) {
  return {{"name", r.name},
          {"base_path", r.base_path},
          {"domain", r.domain},
          {"description", r.description}};
}

Json make_json(const model::Workflow& w) {
  return {{"id", w.id},
          {"workspace", w.workspace},
          {"name", w.name},
          {"rest_api", w.rest_api},
          {"gateway_type", w.gateway_type}};
}

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
                        {"description", p.description}});
  }
  for (const auto& p : d.response_parameters) {
    responses.push_back({{"name", p.name},
                         {"column", p.column},
                         {"type", model::to_text(p.type)},
                         {"sample", p.sample},
                         {"description", p.description}});
  }
  const auto& auth = d.authentication;
  return {{"name", d.name},
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
          {"timeout_ms", d.timeout_ms},
          {"max_rows", d.max_rows},
          {"authentication",
           {{"type", auth.type},
            {"settings", auth.type.empty()
                             ? make_settings_json(auth.settings_json)
                             : secrets.mask("authenticator", auth.type, auth.settings_json)}}}};
}

Json make_json(const model::Api& api, const model::State& state, const SecretSettings& secrets) {
  const auto* workflow = state.workflows.find(api.workflow_id);
  Json json = {{"id", api.id},
               {"workspace", api.workspace},
               {"workflow", workflow ? workflow->name : std::string()}};
  json.update(make_json(api.draft, secrets));
  json["draft_revision"] = api.draft_revision;
  json["tested"] = api.tested_revision == api.draft_revision;
  json["last_version"] = api.last_version;
  json["deployments"] = Json::array();
  for (const auto* d : studio::list_deployments(state, api.id)) {
    json["deployments"].push_back(make_json(*d));
  }
  return json;
}

Json make_json(const model::ApiVersion& v, const SecretSettings& secrets) {
  return {{"api", v.api_id},
          {"version", v.number},
          {"name", "V" + std::to_string(v.number)},
          {"status", model::to_text(v.status)},
          {"submitted_by", v.submitted_by},
          {"submitted_at", make_time_json(v.submitted_at)},
          {"requested_by", v.requested_by},
          {"decided_by", v.decided_by},
          {"decision_reason", v.decision_reason},
          {"definition", make_json(v.definition, secrets)}};
}

Json make_json(const model::Deployment& d) {
  return {{"api", d.api_id},
          {"instance", d.instance},
          {"version", d.version},
          {"backend", d.backend},
          {"deployed_by", d.deployed_by},
          {"deployed_at", make_time_json(d.deployed_at)}};
}

Json make_json(const model::Consumer& c) {
  return {{"name", c.name},
          {"workspace", c.workspace},
          {"description", c.description},
          {"enabled", c.enabled}};
}

Json make_json(const model::Credential& c) {
  Json attributes = Json::object();
  for (const auto& [name, value] : c.attributes) attributes[name] = value;
  return {{"id", c.id},
          {"consumer", c.consumer},
          {"type", c.type},
          {"display", c.display},
          {"attributes", std::move(attributes)},
          {"enabled", c.enabled},
          {"valid_from", make_time_json(c.valid_from)},
          {"valid_until", make_time_json(c.valid_until)},
          {"created_at", make_time_json(c.created_at)}};
}

Json make_json(const studio::IssuedCredential& issued) {
  Json shown = Json::object();
  for (const auto& [name, value] : issued.shown) shown[name] = value;
  return {{"credential", make_json(issued.credential)}, {"shown", std::move(shown)}};
}

Json make_json(const model::Authorization& a) {
  Json json{{"consumer", a.consumer}};
  if (a.rest_api.empty()) {
    json["api"] = a.api_id;
  } else {
    json["rest_api"] = a.rest_api;
  }
  json["valid_until"] = make_time_json(a.valid_until);
  return json;
}

Json make_json(const studio::TableInfo& t) {
  return {{"name", t.name}, {"comment", t.comment}, {"is_view", t.is_view}};
}

Json make_json(const studio::TableDescription& description) {
  Json columns = Json::array(), indexes = Json::array();
  for (const auto& c : description.columns) {
    columns.push_back({{"name", c.name},
                       {"type", model::to_text(c.type)},
                       {"declared", c.declared},
                       {"nullable", c.nullable},
                       {"primary_key", c.primary_key},
                       {"comment", c.comment}});
  }
  for (const auto& i : description.indexes) {
    indexes.push_back({{"name", i.name}, {"unique", i.unique}, {"columns", i.columns}});
  }
  return {{"columns", std::move(columns)}, {"indexes", std::move(indexes)}};
}

Json make_json(const studio::TestReport& report) {
  Json headers = Json::array();
  for (const auto& [name, value] : report.outcome.headers) {
    headers.push_back({{"name", name}, {"value", value}});
  }
  return {{"passed", report.verdict == studio::TestVerdict::kPassed},
          {"verdict", studio::to_text(report.verdict)},
          {"status", report.outcome.http_status},
          {"headers", std::move(headers)},
          {"body", report.outcome.body},
          {"duration_ms", static_cast<double>(report.outcome.duration_us) / 1000},
          {"sql", report.outcome.sql},
          {"hints", report.outcome.hints}};
}

// ---- JSON to noun

model::Workspace parse_workspace(const Json& json) {
  return {read_text(json, "name"), read_text(json, "description"),
          read_boolean(json, "requires_approval", false),
          read_boolean(json, "allows_self_approval", false)};
}

model::DataSource parse_data_source(const Json& json, const model::DataSource* stored,
                                    const std::string& where, model::Faults& faults) {
  const auto settings = json.contains("settings") ? json["settings"] : Json::object();
  return {read_text(json, "workspace"), read_text(json, "name"), read_text(json, "type"),
          SecretSettings::unmask(settings, stored ? stored->settings_json : "{}",
                                 where + "/settings", faults),
          read_text(json, "description")};
}

model::GatewayInstance parse_gateway_instance(const Json& json) {
  return {read_text(json, "name")};
}

model::RestApi parse_rest_api(const Json& json) {
  return {read_text(json, "name"), read_text(json, "base_path"), read_text(json, "domain"),
          read_text(json, "description")};
}

model::Workflow parse_workflow(const Json& json) {
  return {{},
          read_text(json, "workspace"),
          read_text(json, "name"),
          read_text(json, "rest_api"),
          read_text(json, "gateway_type", model::Workflow().gateway_type)};
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
  d.timeout_ms = read_integer(json, "timeout_ms", d.timeout_ms);
  d.max_rows = read_integer(json, "max_rows", d.max_rows);
  if (json.contains("authentication")) {
    const auto& auth = json["authentication"];
    d.authentication.type = read_text(auth, "type");
    if (auth.contains("settings")) {
      d.authentication.settings_json = SecretSettings::unmask(
          auth["settings"], stored ? stored->authentication.settings_json : "{}",
          where + "/authentication/settings", faults);
    }
  }
  return d;
}

model::Consumer parse_consumer(const Json& json) {
  model::Consumer consumer;
  consumer.name = read_text(json, "name");
  consumer.description = read_text(json, "description");
  consumer.enabled = read_boolean(json, "enabled", true);
  return consumer;
}

studio::NewCredential parse_new_credential(const Json& json) {
  return {read_text(json, "consumer"), read_text(json, "type"),
          json.contains("given") ? json["given"].dump() : std::string("{}"),
          read_time(json, "valid_from"), read_time(json, "valid_until")};
}

studio::CredentialChange parse_credential_change(const Json& json) {
  studio::CredentialChange change;
  if (json.contains("enabled")) change.enabled = read_boolean(json, "enabled", true);
  if (json.contains("valid_from")) change.valid_from = read_time(json, "valid_from");
  if (json.contains("valid_until")) change.valid_until = read_time(json, "valid_until");
  return change;
}

std::string read_text(const Json& json, const char* name, std::string_view otherwise) {
  const auto member = json.find(name);
  return member == json.end() ? std::string(otherwise) : member->get<std::string>();
}

bool read_boolean(const Json& json, const char* name, bool otherwise) {
  const auto member = json.find(name);
  return member == json.end() ? otherwise : member->get<bool>();
}

std::int64_t read_integer(const Json& json, const char* name, std::int64_t otherwise) {
  const auto member = json.find(name);
  return member == json.end() ? otherwise : member->get<std::int64_t>();
}

model::UnixMs read_time(const Json& json, const char* name) {
  const auto member = json.find(name);
  if (member == json.end() || member->is_null()) return 0;
  return parse_time(member->get_ref<const std::string&>()).value_or(0);
}

std::vector<std::pair<std::string, std::string>> read_scalars(const Json& map) {
  std::vector<std::pair<std::string, std::string>> scalars;
  for (const auto& [name, value] : map.items()) {
    if (!value.is_null()) scalars.emplace_back(name, make_scalar_text(value));
  }
  return scalars;
}

}  // namespace sluice::admin
