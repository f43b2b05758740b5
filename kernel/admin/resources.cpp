// SPDX-License-Identifier: Apache-2.0
#include "admin/resources.hpp"

#include "studio/wizard.hpp"

#include <array>

namespace sluice::admin {
namespace {

// ---- members
constexpr Member kWorkspaceMembers[] = {
    {"name", Type::kText, Need::kKey, "unique"},
    {"description", Type::kText},
    {"requires_approval", Type::kBoolean, Need::kOptional, "a version waits for an approver"},
    {"allows_self_approval", Type::kBoolean, Need::kOptional,
     "who asked for an approval may give it"},
    {"region", Type::kText, Need::kOptional, "the node's when absent; it never changes"},
};
constexpr Member kDataSourceMembers[] = {
    {"workspace", Type::kText, Need::kKey},
    {"name", Type::kText, Need::kKey, "unique in its workspace"},
    {"type", Type::kText, Need::kRequired, "a data source component, such as sqlite"},
    {"settings", Type::kObject, Need::kOptional,
     "as the component's schema says; secrets are told as ********, which keeps them when written"},
    {"description", Type::kText},
};
constexpr std::array<std::string_view, 3> kVersionSchemes = {"path", "query", "header"};
constexpr Member kVersionManagementMembers[] = {
    {"enabled", Type::kBoolean, Need::kRequired, "false: callers say no version"},
    {"scheme", Type::kWord, Need::kOptional, "where callers say it; path when absent",
     kVersionSchemes},
    {"version", Type::kText, Need::kOptional, "that they say, such as v1"},
    {"name", Type::kText, Need::kOptional, "of the query parameter or the header"},
};
const Shape kVersionManagementShape{"VersionManagement", kVersionManagementMembers};
constexpr Member kRestApiMembers[] = {
    {"name", Type::kText, Need::kKey, "unique in its region"},
    {"base_path", Type::kText, Need::kRequired, "starts with /"},
    {"domain", Type::kText, Need::kOptional,
     "of all its APIs, a registered one; empty: the instance's own address; as it is when absent"},
    {"description", Type::kText},
    {"region", Type::kText, Need::kOptional, "the node's when absent"},
    {"version_management",
     Type::kShape,
     Need::kOptional,
     "as it is when absent",
     {},
     &kVersionManagementShape},
};
constexpr Member kWorkflowMembers[] = {
    {"id", Type::kText, Need::kReadOnly},
    {"workspace", Type::kText, Need::kKey},
    {"name", Type::kText, Need::kKey, "unique in its workspace"},
    {"rest_api", Type::kText, Need::kKey, "the REST API it is bound to for ever"},
    {"gateway_type", Type::kText},
    {"folders", Type::kTexts, Need::kOptional,
     "by path: Orders, Orders/Daily; as they are when absent"},
};
constexpr Member kDeploymentMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"instance", Type::kText, Need::kReadOnly},
    {"version", Type::kInteger, Need::kReadOnly},
    {"backend", Type::kText, Need::kReadOnly},
    {"deployed_by", Type::kText, Need::kReadOnly},
    {"deployed_at", Type::kTime, Need::kReadOnly},
    {"environment", Type::kText, Need::kReadOnly},
    {"record", Type::kInteger, Need::kReadOnly, "the publish record that is current"},
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
    {"shown", Type::kMap, Need::kReadOnly,
     "its secrets, masked; POST .../reveal tells them, and is audited"},
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
    {"region", Type::kText, Need::kOptional, "of the REST API; the node's when absent"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};
constexpr Member kPublishMembers[] = {
    {"instance", Type::kText, Need::kRequired},
    {"domain", Type::kText, Need::kRequired,
     "of every API under the REST API; empty: the instance's own address only"},
    {"backend", Type::kText, Need::kRequired, "Default, or a backend service"},
    {"moves", Type::kTexts, Need::kOptional,
     "ids of the other APIs that a changed domain moves, as the publish plan told them"},
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
    {"shown", Type::kMap, Need::kReadOnly,
     "its secrets; told again to who may reveal them, and audited"},
};
constexpr Member kApplyPublishMembers[] = {
    {"instance", Type::kText, Need::kRequired},
    {"domain", Type::kText, Need::kOptional, "the REST API's own when absent"},
    {"backend", Type::kText, Need::kOptional, "Default when absent"},
};

}  // namespace

const Shape kWorkspaceShape{"Workspace", kWorkspaceMembers};
const Shape kDataSourceShape{"DataSource", kDataSourceMembers};
const Shape kRestApiShape{"RestApi", kRestApiMembers};
const Shape kWorkflowShape{"Workflow", kWorkflowMembers};
const Shape kDeploymentShape{"Deployment", kDeploymentMembers};
const Shape kConsumerShape{"Consumer", kConsumerMembers};
const Shape kCredentialShape{"Credential", kCredentialMembers};
const Shape kAuthorizationShape{"Authorization", kAuthorizationMembers};
const Shape kCredentialChangeShape{"CredentialChange", kCredentialChangeMembers};
const Shape kRotationShape{"Rotation", kRotationMembers};
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
          {"allows_self_approval", w.allows_self_approval},
          {"region", w.region}};
}

Json make_json(const model::DataSource& s, const SecretSettings& secrets) {
  return {{"workspace", s.workspace},
          {"name", s.name},
          {"type", s.type},
          {"settings", secrets.mask("data-source", s.type, s.settings_json)},
          {"description", s.description}};
}

Json make_version_management_json(const model::VersionManagement& v) {
  if (!v.enabled) return {{"enabled", false}};
  Json json = {{"enabled", true}, {"scheme", model::to_text(v.scheme)}, {"version", v.version}};
  if (!v.name.empty()) json["name"] = v.name;
  return json;
}

Json make_json(const model::RestApi& r) {
  return {{"name", r.name},
          {"base_path", r.base_path},
          {"domain", r.domain},
          {"description", r.description},
          {"region", r.region},
          {"version_management", make_version_management_json(r.version_management)}};
}

Json make_json(const model::Workflow& w) {
  return {{"id", w.id},
          {"workspace", w.workspace},
          {"name", w.name},
          {"rest_api", w.rest_api},
          {"gateway_type", w.gateway_type},
          {"folders", w.folders}};
}

Json make_json(const model::Deployment& d) {
  return {{"api", d.api_id},
          {"instance", d.instance},
          {"version", d.version},
          {"backend", d.backend},
          {"deployed_by", d.deployed_by},
          {"deployed_at", make_time_json(d.deployed_at)},
          {"environment", d.environment},
          {"record", d.record}};
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
  Json shown = Json::object();
  for (const auto& [name, value] : c.shown) shown[name] = kSecretMask;
  return {{"id", c.id},
          {"consumer", c.consumer},
          {"type", c.type},
          {"display", c.display},
          {"attributes", std::move(attributes)},
          {"enabled", c.enabled},
          {"valid_from", make_time_json(c.valid_from)},
          {"valid_until", make_time_json(c.valid_until)},
          {"created_at", make_time_json(c.created_at)},
          {"shown", std::move(shown)}};
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
    json["region"] = a.region;
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
                       {"indexed", studio::is_indexed(description, c.name)},
                       {"comment", c.comment}});
  }
  for (const auto& i : description.indexes) {
    indexes.push_back({{"name", i.name}, {"unique", i.unique}, {"columns", i.columns}});
  }
  return {{"columns", std::move(columns)}, {"indexes", std::move(indexes)}};
}

Json make_json(const studio::Acceleration& acceleration) {
  Json methods = Json::array();
  for (const auto& m : acceleration.methods) {
    methods.push_back(
        {{"name", m.name}, {"title", m.title}, {"summary", m.summary}, {"warning", m.warning}});
  }
  return {{"required", acceleration.is_required}, {"methods", std::move(methods)}};
}

// ---- JSON to noun

model::Workspace parse_workspace(const Json& json) {
  return {read_text(json, "name"), read_text(json, "description"),
          read_boolean(json, "requires_approval", false),
          read_boolean(json, "allows_self_approval", false), read_text(json, "region")};
}

model::DataSource parse_data_source(const Json& json, const model::DataSource* stored,
                                    const std::string& where, model::Faults& faults) {
  const auto settings = json.contains("settings") ? json["settings"] : Json::object();
  return {read_text(json, "workspace"), read_text(json, "name"), read_text(json, "type"),
          SecretSettings::unmask(settings, stored ? stored->settings_json : "{}",
                                 where + "/settings", faults),
          read_text(json, "description")};
}

model::RestApi parse_rest_api(const Json& json) {
  model::RestApi rest_api{read_text(json, "name"), read_text(json, "base_path"),
                          read_text(json, "domain"), read_text(json, "description"),
                          read_text(json, "region")};
  if (const auto member = json.find("version_management"); member != json.end()) {
    auto& versions = rest_api.version_management;
    versions.enabled = read_boolean(*member, "enabled", false);
    versions.scheme =
        model::parse_version_scheme(read_text(*member, "scheme")).value_or(versions.scheme);
    versions.version = read_text(*member, "version");
    versions.name = read_text(*member, "name");
  }
  return rest_api;
}

model::Workflow parse_workflow(const Json& json, const model::Workflow* stored) {
  return {{},
          read_text(json, "workspace"),
          read_text(json, "name"),
          read_text(json, "rest_api"),
          read_text(json, "gateway_type", model::Workflow().gateway_type),
          json.contains("folders") ? read_texts(json, "folders")
          : stored                 ? stored->folders
                                   : std::vector<std::string>()};
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

std::string make_scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string read_text(const Json& json, const char* name, std::string_view otherwise) {
  const auto member = json.find(name);
  return member == json.end() ? std::string(otherwise) : member->get<std::string>();
}

std::vector<std::string> read_texts(const Json& json, const char* name) {
  std::vector<std::string> texts;
  const auto member = json.find(name);
  if (member == json.end()) return texts;
  for (const auto& item : *member) texts.push_back(make_scalar_text(item));
  return texts;
}

Json make_time_json(model::UnixMs time) { return time == 0 ? Json() : Json(make_time_text(time)); }

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
