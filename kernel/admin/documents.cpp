// SPDX-License-Identifier: Apache-2.0
#include "admin/documents.hpp"

#include "admin/handlers.hpp"
#include "studio/actions.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::admin {
namespace {

using model::Faults;
using model::State;
using studio::Applied;
using studio::Edit;

// Takes over a noun's faults, placed at the document. True: there were some.
bool take_faults(Faults own, const Document& document, Faults& faults) {
  for (auto& fault : own) {
    fault.where.insert(0, document.pointer);
    if (faults.size() < kFaultsMax) faults.push_back(std::move(fault));
  }
  return !own.empty();
}

template <class T>
Result<Applied> answer_put(Result<studio::Put<T>> done) {
  if (!done) return done.error();
  return done->what;
}

// ---- what a document refers to

std::string make_api_reference(const State& state, std::string_view api_id) {
  const auto* api = state.apis.find(api_id);
  return api ? model::make_key(api->workspace, api->draft.name) : std::string(api_id);
}

Result<const model::Api*> find_referred_api(const State& state, const Document& document) {
  const auto reference = read_text(document.body, "api");
  if (const auto* api = find_api_by_reference(state, reference)) return api;
  return make_unknown_api(reference);
}

// ---- nouns that have a name

// What a document does not say of a resource that is there stays.
void complete(model::RestApi& noun, const Document& document, const State& state,
              const std::string& region) {
  const auto key = model::make_key(noun.region.empty() ? region : noun.region, noun.name);
  const auto* stored = state.rest_apis.find(key);
  if (!stored) return;
  if (!document.body.contains("domain")) noun.domain = stored->domain;
  if (!document.body.contains("version_management")) {
    noun.version_management = stored->version_management;
  }
}
void complete(model::ResourceGroup& noun, const Document& document, const State& state,
              const std::string& region) {
  const auto key = model::make_key(noun.region.empty() ? region : noun.region, noun.name);
  const auto* stored = state.resource_groups.find(key);
  if (stored && !document.body.contains("workspaces")) noun.workspaces = stored->workspaces;
}
template <class T>
void complete(T&, const Document&, const State&, const std::string&) {}

template <class T, T (*parse)(const Json&), Result<studio::Put<T>> (Edit::*put)(T)>
Result<Applied> put_named(Edit& edit, const Document& document, Faults& faults) {
  T noun = parse(document.body);
  complete(noun, document, edit.state(), edit.region());
  if (take_faults(model::find_faults(noun), document, faults)) return Applied::kUnchanged;
  return answer_put((edit.*put)(std::move(noun)));
}

template <class T, model::Collection<T> State::*collection, const Shape* shape>
std::vector<Listed> list_named(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, noun] : (context.state.*collection).all()) {
    listed.push_back({key, make_portable(make_json(noun), *shape)});
  }
  return listed;
}

std::vector<Listed> list_rest_apis(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, rest_api] : context.state.rest_apis.all()) {
    auto json = make_portable(make_json(rest_api), kRestApiShape);
    if (!rest_api.version_management.enabled) json.erase("version_management");
    listed.push_back({key, std::move(json)});
  }
  return listed;
}

std::vector<Listed> list_backend_services(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, service] : context.state.backend_services.all()) {
    listed.push_back({key, make_portable(make_json(service, {}), kBackendServiceShape)});
  }
  return listed;
}

// ---- data sources

Result<Applied> put_data_source(Edit& edit, const Document& document, Faults& faults) {
  const auto key =
      model::make_key(read_text(document.body, "workspace"), read_text(document.body, "name"));
  Faults own;
  auto source = parse_data_source(document.body, edit.state().data_sources.find(key), "", own);
  for (auto& fault : model::find_faults(source)) own.push_back(std::move(fault));
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  return answer_put(edit.put_data_source(std::move(source)));
}

std::vector<Listed> list_data_sources(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, source] : context.state.data_sources.all()) {
    listed.push_back({key, make_portable(make_json(source, context.secrets), kDataSourceShape)});
  }
  return listed;
}

// ---- workflows and APIs: their keys are ids, which every store rolls for itself

Result<Applied> put_workflow(Edit& edit, const Document& document, Faults& faults) {
  const auto* stored = studio::find_workflow(edit.state(), read_text(document.body, "workspace"),
                                             read_text(document.body, "name"));
  auto workflow = parse_workflow(document.body, stored);
  if (take_faults(model::find_faults(workflow), document, faults)) return Applied::kUnchanged;
  return answer_put(edit.put_workflow(std::move(workflow)));
}

std::vector<Listed> list_workflows(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [id, workflow] : context.state.workflows.all()) {
    listed.push_back({model::make_key(workflow.workspace, workflow.name),
                      make_portable(make_json(workflow), kWorkflowShape)});
  }
  return listed;
}

Result<Applied> put_api(Edit& edit, const Document& document, Faults& faults) {
  const auto workspace = read_text(document.body, "workspace");
  const auto* stored = studio::find_api(edit.state(), workspace, read_text(document.body, "name"));
  Faults own;
  auto definition = parse_definition(document.body, stored ? &stored->draft : nullptr, "", own);
  auto placement = parse_placement(document.body, stored);
  for (auto& fault : model::find_faults(definition)) own.push_back(std::move(fault));
  if (placement) {
    for (auto& fault : model::find_faults(*placement)) own.push_back(std::move(fault));
  }
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  return answer_put(edit.put_api(workspace, read_text(document.body, "workflow"),
                                 std::move(definition), std::move(placement)));
}

std::vector<Listed> list_apis(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [id, api] : context.state.apis.all()) {
    if (!context.reader.empty() && !studio::is_visible(api, context.reader)) continue;
    listed.push_back({make_api_reference(context.state, id),
                      make_portable(make_json(api, context.state, context.secrets), kApiShape)});
  }
  return listed;
}

// ---- versions and deployments: records of what happened, as they were

constexpr Member kFactColumnMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"declared", Type::kText, Need::kOptional, "the source's own word"},
    {"type", Type::kText, Need::kRequired, "as of a parameter: string, long ..."},
    {"nullable", Type::kBoolean, Need::kOptional, "true when absent"},
    {"primary_key", Type::kInteger, Need::kOptional, "its place in the key, from 1"},
};
const Shape kFactColumnShape{"TableFactsColumn", kFactColumnMembers};
constexpr Member kFactIndexMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"unique", Type::kBoolean, Need::kOptional, "false when absent"},
    {"columns", Type::kTexts, Need::kRequired},
};
const Shape kFactIndexShape{"TableFactsIndex", kFactIndexMembers};
constexpr Member kFactsMembers[] = {
    {"columns", Type::kList, Need::kRequired, {}, {}, &kFactColumnShape},
    {"indexes", Type::kList, Need::kOptional, {}, {}, &kFactIndexShape},
};
const Shape kFactsShape{"TableFacts", kFactsMembers};
constexpr Member kVersionDocumentMembers[] = {
    {"api", Type::kText, Need::kRequired, "workspace/name or workspace/workflow/name"},
    {"version", Type::kInteger, Need::kRequired, "1 for V1; they rise"},
    {"status", Type::kText, Need::kRequired, "such as Can Be Published"},
    {"submitted_by", Type::kText},
    {"submitted_at", Type::kTime},
    {"requested_by", Type::kText},
    {"requested_at", Type::kTime},
    {"decided_by", Type::kText},
    {"decided_at", Type::kTime},
    {"decision_reason", Type::kText},
    {"definition", Type::kShape, Need::kRequired, "as it was frozen", {}, &kDefinitionShape},
    {"tested_table",
     Type::kShape,
     Need::kOptional,
     "what it was tested against: drift is measured from there",
     {},
     &kFactsShape},
};
const Shape kVersionDocumentShape{"VersionDocument", kVersionDocumentMembers};

Json make_facts_json(const model::TableFacts& facts) {
  Json columns = Json::array(), indexes = Json::array();
  for (const auto& c : facts.columns) {
    auto& column = columns.emplace_back(
        Json{{"name", c.name}, {"declared", c.declared}, {"type", model::to_text(c.type)}});
    if (!c.nullable) column["nullable"] = false;
    if (c.primary_key != 0) column["primary_key"] = c.primary_key;
  }
  for (const auto& i : facts.indexes) {
    indexes.push_back({{"name", i.name}, {"unique", i.unique}, {"columns", i.columns}});
  }
  Json json = {{"columns", std::move(columns)}};
  if (!indexes.empty()) json["indexes"] = std::move(indexes);
  return json;
}

model::TableFacts parse_facts(const Json& json, const std::string& where, Faults& faults) {
  model::TableFacts facts;
  if (json["columns"].size() > model::kTableColumnsMax) {
    faults.push_back({where + "/columns",
                      {},
                      "there are too many columns",
                      "keep at most " + std::to_string(model::kTableColumnsMax)});
    return facts;
  }
  for (const auto& c : json["columns"]) {
    const auto type = model::parse_parameter_type(read_text(c, "type"));
    if (!type) {
      faults.push_back({where + "/columns/" + std::to_string(facts.columns.size()) + "/type",
                        {},
                        "is no type of a column",
                        "write string, int, long, float, double or boolean"});
    }
    const auto key = read_integer(c, "primary_key", 0);
    facts.columns.push_back(
        {.name = read_text(c, "name"),
         .declared = read_text(c, "declared"),
         .type = type.value_or(model::ParameterType::kString),
         .nullable = read_boolean(c, "nullable", true),
         .primary_key = key > 0 && key <= static_cast<std::int64_t>(model::kTableColumnsMax)
                            ? static_cast<unsigned>(key)
                            : 0});
  }
  for (const auto& i : json.value("indexes", Json::array())) {
    facts.indexes.push_back(
        {read_text(i, "name"), read_boolean(i, "unique", false), read_texts(i, "columns")});
  }
  return facts;
}

Result<unsigned> read_version_number(const Document& document) {
  const auto number = read_integer(document.body, "version", 0);
  if (number >= 1 && number <= 999'999'999) return static_cast<unsigned>(number);
  return Error{SLUICE_E_ARGUMENT, "is no version number: write 1 for V1", {}, "/version"};
}

Result<Applied> put_version(Edit& edit, const Document& document, Faults& faults) {
  const auto api = find_referred_api(edit.state(), document);
  if (!api) return api.error();
  const auto number = read_version_number(document);
  if (!number) return number.error();
  const auto* stored = edit.state().versions.find(model::make_version_key((*api)->id, *number));
  Faults own;
  model::ApiVersion version;
  version.api_id = (*api)->id;
  version.number = *number;
  version.definition = parse_definition(document.body["definition"],
                                        stored ? &stored->definition : nullptr, "/definition", own);
  const auto status = model::parse_version_status(read_text(document.body, "status"));
  if (!status) {
    own.push_back({"/status",
                   {},
                   "is no status of a version",
                   "write To Be Requested, Under Approval, Rejected or Can Be Published"});
  }
  version.status = status.value_or(version.status);
  version.submitted_by = read_text(document.body, "submitted_by");
  version.submitted_at = read_time(document.body, "submitted_at");
  version.requested_by = read_text(document.body, "requested_by");
  version.requested_at = read_time(document.body, "requested_at");
  version.decided_by = read_text(document.body, "decided_by");
  version.decided_at = read_time(document.body, "decided_at");
  if (document.body.contains("tested_table")) {
    version.table = parse_facts(document.body["tested_table"], "/tested_table", own);
  }
  // Of one that is there it is known already, and a document without it takes nothing away.
  if (stored) version.table = stored->table;
  version.decision_reason = read_text(document.body, "decision_reason");
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  auto restored = edit.restore_version(std::move(version));
  if (restored) return restored->what;
  auto error = restored.error();
  if (error.where == "/number") error.where = "/version";  // as this document calls it
  return error;
}

std::vector<Listed> list_versions(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, version] : context.state.versions.all()) {
    const auto api = make_api_reference(context.state, version.api_id);
    auto json = make_json(version, context.state, context.secrets);
    json["api"] = api;
    if (!version.table.columns.empty()) json["tested_table"] = make_facts_json(version.table);
    const auto digits = std::to_string(version.number);
    Json body{{"name", model::make_version_key(api, version.number)}};
    body.update(make_portable(std::move(json), kVersionDocumentShape));
    listed.push_back(
        {api + '\0' + std::string(10 - std::min<std::size_t>(digits.size(), 10), '0') + digits,
         std::move(body)});
  }
  return listed;
}

constexpr Member kDeploymentDocumentMembers[] = {
    {"api", Type::kText, Need::kRequired, "workspace/name or workspace/workflow/name"},
    {"instance", Type::kText, Need::kRequired},
    {"version", Type::kInteger, Need::kRequired},
    {"backend", Type::kText, Need::kOptional, "Default when absent"},
    {"deployed_by", Type::kText, Need::kOptional, "who applies it when absent"},
    {"deployed_at", Type::kTime, Need::kOptional, "now when absent"},
};
const Shape kDeploymentDocumentShape{"DeploymentDocument", kDeploymentDocumentMembers};

Result<Applied> put_deployment(Edit& edit, const Document& document, Faults&) {
  const auto api = find_referred_api(edit.state(), document);
  if (!api) return api.error();
  const auto number = read_version_number(document);
  if (!number) return number.error();
  model::Deployment deployment;
  deployment.api_id = (*api)->id;
  deployment.instance = read_text(document.body, "instance");
  deployment.version = *number;
  deployment.backend = read_text(document.body, "backend", deployment.backend);
  deployment.deployed_by = read_text(document.body, "deployed_by");
  deployment.deployed_at = read_time(document.body, "deployed_at");
  return answer_put(edit.restore_deployment(std::move(deployment)));
}

std::vector<Listed> list_deployments(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, deployment] : context.state.deployments.all()) {
    const auto api = make_api_reference(context.state, deployment.api_id);
    auto json = make_json(deployment);
    json["api"] = api;
    const auto name = api + "@" + deployment.instance;
    Json body{{"name", name}};
    body.update(make_portable(std::move(json), kDeploymentDocumentShape));
    listed.push_back({name, std::move(body)});
  }
  return listed;
}

// ---- credentials

constexpr Member kCredentialRecordMembers[] = {
    {"id", Type::kText, Need::kRequired},
    {"lookups", Type::kText, Need::kRequired, "base64 texts with a space between"},
    {"is_unique", Type::kBoolean, Need::kRequired},
    {"secret", Type::kText, Need::kRequired, "base64"},
    {"display", Type::kText, Need::kRequired},
    {"attributes", Type::kMap},
    {"enabled", Type::kBoolean, Need::kRequired},
    {"created_at", Type::kTime, Need::kRequired},
    {"rank", Type::kInteger, Need::kRequired},
    {"shown", Type::kMap, Need::kOptional, "what may be revealed of it"},
};
const Shape kCredentialRecordShape{"CredentialRecord", kCredentialRecordMembers};
constexpr Member kCredentialDocumentMembers[] = {
    {"consumer", Type::kText, Need::kRequired},
    {"type", Type::kText, Need::kRequired, "the authenticator: api-key, jwt, hmac"},
    {"given", Type::kObject, Need::kOptional,
     "what the authenticator takes, the secret included: a made one would be another each time"},
    {"record",
     Type::kShape,
     Need::kOptional,
     "instead of given: as an export has it",
     {},
     &kCredentialRecordShape},
    {"valid_from", Type::kTime, Need::kOptional, "null: from now on"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};
const Shape kCredentialDocumentShape{"CredentialDocument", kCredentialDocumentMembers};

std::string make_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// Only what make_base64() writes.
std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > kBodyBytesMax) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return {};
  const auto padding = text.ends_with("==") ? 2u : text.ends_with("=") ? 1u : 0u;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return make_base64(bytes) == text ? std::optional(std::move(bytes)) : std::nullopt;
}

Result<Applied> restore_credential(Edit& edit, const Document& document, Faults& faults) {
  const auto& record = document.body["record"];
  Faults own;
  const auto decode = [&](const char* member, std::string_view text) -> std::string {
    auto bytes = parse_base64(text);
    if (!bytes) {
      own.push_back({"/record/" + std::string(member), {}, "is no base64", "export it again"});
    }
    return bytes.value_or(std::string());
  };
  model::Credential credential;
  credential.id = read_text(record, "id");
  credential.consumer = read_text(document.body, "consumer");
  credential.type = read_text(document.body, "type");
  const auto lookups = read_text(record, "lookups");
  for (std::string_view rest = lookups; !rest.empty();) {
    const auto end = std::min(rest.find(' '), rest.size());
    credential.lookups.push_back(decode("lookups", rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  credential.is_unique = read_boolean(record, "is_unique", true);
  credential.secret = decode("secret", read_text(record, "secret"));
  credential.display = read_text(record, "display");
  if (record.contains("attributes")) credential.attributes = read_scalars(record["attributes"]);
  if (record.contains("shown")) credential.shown = read_scalars(record["shown"]);
  credential.enabled = read_boolean(record, "enabled", true);
  credential.created_at = read_time(record, "created_at");
  credential.rank =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, read_integer(record, "rank", 0)));
  credential.valid_from = read_time(document.body, "valid_from");
  credential.valid_until = read_time(document.body, "valid_until");
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  return answer_put(edit.restore_credential(std::move(credential)));
}

Result<Applied> put_credential(Edit& edit, const Document& document, Faults& faults) {
  const bool is_given = document.body.contains("given");
  if (document.body.contains("record") == is_given) {
    return Error{SLUICE_E_ARGUMENT,
                 "a credential has either 'given', with its secret, or the 'record' of an export: "
                 "write one of them",
                 {},
                 "/given"};
  }
  if (!is_given) return restore_credential(edit, document, faults);
  return answer_put(edit.put_credential(parse_new_credential(document.body)));
}

std::vector<Listed> list_credentials(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [id, c] : context.state.credentials.all()) {
    std::string lookups;
    for (const auto& lookup : c.lookups) {
      lookups += (lookups.empty() ? "" : " ") + make_base64(lookup);
    }
    const auto told = make_json(c);
    Json shown = Json::object();
    for (const auto& [name, value] : c.shown) shown[name] = value;
    Json record{{"id", c.id},
                {"lookups", std::move(lookups)},
                {"is_unique", c.is_unique},
                {"secret", make_base64(c.secret)},
                {"display", c.display},
                {"attributes", told["attributes"]},
                {"enabled", c.enabled},
                {"created_at", told["created_at"]},
                {"rank", c.rank},
                {"shown", std::move(shown)}};
    Json body{{"name", c.consumer + "/" + c.type + "/" + c.id}};
    body.update(make_portable({{"consumer", c.consumer},
                               {"type", c.type},
                               {"record", std::move(record)},
                               {"valid_from", told["valid_from"]},
                               {"valid_until", told["valid_until"]}},
                              kCredentialDocumentShape));
    listed.push_back({model::make_key(c.consumer, c.type) + "/" + id, std::move(body)});
  }
  return listed;
}

// ---- authorizations

Result<Applied> put_authorization(Edit& edit, const Document& document, Faults&) {
  if (const auto rest_api = read_text(document.body, "rest_api"); !rest_api.empty()) {
    return answer_put(edit.grant({read_text(document.body, "consumer"),
                                  {},
                                  rest_api,
                                  read_time(document.body, "valid_until"),
                                  read_text(document.body, "region")}));
  }
  const auto api = find_referred_api(edit.state(), document);
  if (!api) return api.error();
  return answer_put(edit.grant({read_text(document.body, "consumer"),
                                (*api)->id,
                                {},
                                read_time(document.body, "valid_until")}));
}

std::vector<Listed> list_authorizations(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, authorization] : context.state.authorizations.all()) {
    const auto* api = context.state.apis.find(authorization.api_id);
    if (api && !context.reader.empty() && !studio::is_told(*api, context.reader)) continue;
    auto json = make_json(authorization);
    const auto what = authorization.rest_api.empty()
                          ? make_api_reference(context.state, authorization.api_id)
                          : authorization.rest_api;
    if (authorization.rest_api.empty()) json["api"] = what;
    const auto name = authorization.consumer + " -> " + what;
    Json body{{"name", name}};
    body.update(make_portable(std::move(json), kAuthorizationShape));
    listed.push_back({name, std::move(body)});
  }
  return listed;
}

// ---- the table

const DocumentKind kDocumentKinds[] = {
    {"network", kNetworkShape, Naming::kOwn, Permission::kManageGateway, kEverywhere,
     &put_named<model::Network, &parse_network, &Edit::put_network>,
     &list_named<model::Network, &State::networks, &kNetworkShape>},
    {"gateway-instance", kGatewayInstanceShape, Naming::kOwn, Permission::kManageGateway,
     kEverywhere,
     &put_named<model::GatewayInstance, &parse_gateway_instance, &Edit::put_gateway_instance>,
     &list_named<model::GatewayInstance, &State::gateway_instances, &kGatewayInstanceShape>},
    {"domain", kDomainShape, Naming::kOwn, Permission::kManageGateway, kEverywhere,
     &put_named<model::Domain, &parse_domain, &Edit::put_domain>,
     &list_named<model::Domain, &State::domains, &kDomainShape>},
    {"backend-service", kBackendServiceShape, Naming::kOwn, Permission::kManageGateway, kEverywhere,
     &put_named<model::BackendService, &parse_backend_service, &Edit::put_backend_service>,
     &list_backend_services},
    {"workspace", kWorkspaceShape, Naming::kOwn, Permission::kEditWorkspace, kItself,
     &put_named<model::Workspace, &parse_workspace, &Edit::put_workspace>,
     &list_named<model::Workspace, &State::workspaces, &kWorkspaceShape>},
    {"resource-group", kResourceGroupShape, Naming::kOwn, Permission::kManageGateway, kEverywhere,
     &put_named<model::ResourceGroup, &parse_resource_group, &Edit::put_resource_group>,
     &list_named<model::ResourceGroup, &State::resource_groups, &kResourceGroupShape>},
    {"data-source", kDataSourceShape, Naming::kOwn, Permission::kEditSources, kWorkspaceNamed,
     &put_data_source, &list_data_sources},
    {"rest-api", kRestApiShape, Naming::kOwn, Permission::kEditRestApis, kBoundWorkspaces,
     &put_named<model::RestApi, &parse_rest_api, &Edit::put_rest_api>, &list_rest_apis},
    {"workflow", kWorkflowShape, Naming::kOwn, Permission::kEditWorkflows, kWorkspaceNamed,
     &put_workflow, &list_workflows},
    {"consumer", kConsumerShape, Naming::kOwn, Permission::kManageConsumers, kConsumersWorkspace,
     &put_named<model::Consumer, &parse_consumer, &Edit::put_consumer>,
     &list_named<model::Consumer, &State::consumers, &kConsumerShape>},
    {"credential", kCredentialDocumentShape, Naming::kLabel, Permission::kManageConsumers,
     kCredentialsWorkspace, &put_credential, &list_credentials, true, "record"},
    {"api", kApiShape, Naming::kOwn, Permission::kEditDrafts, kWorkspaceNamed, &put_api,
     &list_apis},
    {"version", kVersionDocumentShape, Naming::kLabel, Permission::kRestoreRecords, kApisWorkspace,
     &put_version, &list_versions},
    {"deployment", kDeploymentDocumentShape, Naming::kLabel, Permission::kRestoreRecords,
     kApisWorkspace, &put_deployment, &list_deployments},
    {"authorization", kAuthorizationShape, Naming::kLabel, Permission::kManageConsumers,
     kAuthorizedWorkspaces, &put_authorization, &list_authorizations},
    {"member", kMemberShape, Naming::kOwn, Permission::kManageMembers, kWorkspaceNamed,
     &put_member_document, &list_member_documents},
    {"token", kTokenDocumentShape, Naming::kOwn, Permission::kManageTokens, kEverywhere,
     &put_token_document, &list_token_documents, true},
};

// A member of the document that is none of the resource; null when absent.
Json take_member(Json& body, const char* name) {
  Json taken;
  if (body.contains(name)) {
    taken = std::move(body[name]);
    body.erase(name);
  }
  return taken;
}

// Says no more than its absence would. An empty default value does: it is a value.
bool is_void(const Json& value, const Member& member) {
  if (member.need == Need::kRequired) return false;
  if (value.is_null()) return true;
  if (value.is_string()) return value == Json("") && member.name != "default_value";
  return value.is_structured() && value.empty();
}

}  // namespace

std::span<const DocumentKind> list_document_kinds() { return kDocumentKinds; }

Error make_unknown_api(std::string_view reference) {
  return {SLUICE_E_NOT_FOUND,
          "there is no API '" + std::string(reference) +
              "': write workspace/name or workspace/workflow/name of one that is there or in these "
              "documents",
          {},
          "/api"};
}

Json make_portable(Json json, const Shape& shape) {
  Json portable = Json::object();
  for (auto& [name, value] : json.items()) {
    const auto member = std::find_if(shape.members.begin(), shape.members.end(),
                                     [&](const Member& m) { return m.name == name; });
    if (member == shape.members.end() || member->need == Need::kReadOnly) continue;
    if (member->type == Type::kShape) value = make_portable(std::move(value), *member->shape);
    if (member->type == Type::kList && member->shape) {
      for (auto& item : value) item = make_portable(std::move(item), *member->shape);
    }
    if (!is_void(value, *member)) portable[name] = std::move(value);
  }
  return portable;
}

Document read_document(const Json& json, std::size_t index, Faults& faults) {
  Document document;
  document.index = index;
  document.body = json;
  document.pointer = "/documents/" + std::to_string(index);
  const auto kind = take_member(document.body, "kind");
  const auto known =
      std::find_if(std::begin(kDocumentKinds), std::end(kDocumentKinds),
                   [&](const DocumentKind& candidate) { return kind == Json(candidate.name); });
  if (known == std::end(kDocumentKinds)) {
    std::string words;
    for (const auto& candidate : kDocumentKinds) {
      words += (words.empty() ? "" : ", ") + std::string(candidate.name);
    }
    faults.push_back({document.pointer + "/kind",
                      {},
                      kind.is_null() ? "is missing" : "is no kind of document",
                      "write one of " + words});
    return document;
  }
  document.kind = known;
  document.order = static_cast<std::size_t>(known - std::begin(kDocumentKinds));
  if (known->name == "api") {
    document.publish = take_member(document.body, "publish");
    document.test = take_member(document.body, "test");
    if (!document.publish.is_null()) {
      check_shape(document.publish, kApplyPublishShape, Purpose::kCreate,
                  document.pointer + "/publish", faults);
    }
    if (!document.test.is_null()) {
      check_shape(document.test, kTestShape, Purpose::kCreate, document.pointer + "/test", faults);
    }
  }
  if (known->naming == Naming::kLabel) document.label = take_member(document.body, "name");
  check_shape(document.body, known->shape, Purpose::kCreate, document.pointer, faults);
  return document;
}

std::string name_document(const Document& document) {
  if (document.label.is_string()) return document.label.get<std::string>();
  const auto text = [&](const char* member) { return read_text(document.body, member); };
  if (document.kind->name == "authorization") return text("consumer") + " -> " + text("api");
  if (document.kind->name == "credential") return text("consumer") + "/" + text("type");
  if (document.kind->naming == Naming::kLabel) return text("api");
  const auto workspace = document.body.contains("workspace") && document.kind->name != "consumer"
                             ? text("workspace") + "/"
                             : std::string();
  return workspace + text("name");
}

}  // namespace sluice::admin
