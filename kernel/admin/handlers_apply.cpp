// SPDX-License-Identifier: Apache-2.0
// POST /admin/v1/apply: documents of several kinds as one transaction, and what is left to do for
// those that ask to be published: a test runs long and may fail, so it is no part of it.
#include "admin/handlers.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace sluice::admin {
namespace {

using model::Fault;
using model::Faults;
using studio::Applied;
using studio::Edit;

struct Document;

// Where a document's permission is needed: in these workspaces; empty: in any.
using Governing = std::vector<std::string> (*)(const Json& body, const model::State& state);

// One kind of document: its shape, its place in the order (what is referred to comes first), who
// may put it, and how it is put. A fault of its law goes to `faults`; an Error ends the
// transaction.
struct DocumentKind {
  std::string_view name;
  const Shape& shape;
  Permission permission;
  Governing governing;
  Result<Applied> (*put)(Edit&, const Document&, Faults&);
};

struct Document {
  std::size_t index = 0;
  std::size_t order = 0;  // of its kind
  const DocumentKind* kind = nullptr;
  Json body;            // without "kind", "publish" and "test"
  Json label;           // the name of a document whose resource has none
  Json publish, test;   // null: not asked for
  std::string pointer;  // "/documents/3"
  Applied applied = Applied::kUnchanged;
};

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

template <class T, T (*parse)(const Json&), Result<studio::Put<T>> (Edit::*put)(T)>
Result<Applied> put_named(Edit& edit, const Document& document, Faults& faults) {
  T noun = parse(document.body);
  if (take_faults(model::find_faults(noun), document, faults)) return Applied::kUnchanged;
  return answer_put((edit.*put)(std::move(noun)));
}

Result<Applied> put_data_source(Edit& edit, const Document& document, Faults& faults) {
  const auto key =
      model::make_key(read_text(document.body, "workspace"), read_text(document.body, "name"));
  Faults own;
  auto source = parse_data_source(document.body, edit.state().data_sources.find(key), "", own);
  for (auto& fault : model::find_faults(source)) own.push_back(std::move(fault));
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  return answer_put(edit.put_data_source(std::move(source)));
}

Result<Applied> put_api(Edit& edit, const Document& document, Faults& faults) {
  const auto workspace = read_text(document.body, "workspace");
  const auto* stored = studio::find_api(edit.state(), workspace, read_text(document.body, "name"));
  Faults own;
  auto definition = parse_definition(document.body, stored ? &stored->draft : nullptr, "", own);
  for (auto& fault : model::find_faults(definition)) own.push_back(std::move(fault));
  if (take_faults(std::move(own), document, faults)) return Applied::kUnchanged;
  return answer_put(
      edit.put_api(workspace, read_text(document.body, "workflow"), std::move(definition)));
}

Result<Applied> put_credential(Edit& edit, const Document& document, Faults&) {
  return answer_put(edit.put_credential(parse_new_credential(document.body)));
}

Result<Applied> put_authorization(Edit& edit, const Document& document, Faults&) {
  if (const auto rest_api = read_text(document.body, "rest_api"); !rest_api.empty()) {
    return answer_put(edit.grant({read_text(document.body, "consumer"),
                                  {},
                                  rest_api,
                                  read_time(document.body, "valid_until")}));
  }
  const auto reference = read_text(document.body, "api");
  const auto* api = find_api_by_reference(edit.state(), reference);
  if (!api) {
    return Error{SLUICE_E_NOT_FOUND,
                 "there is no API '" + reference +
                     "': write workspace/name or workspace/workflow/name of one that is there or "
                     "in these documents",
                 {},
                 "/api"};
  }
  return answer_put(edit.grant({read_text(document.body, "consumer"),
                                api->id,
                                {},
                                read_time(document.body, "valid_until")}));
}

constexpr Member kCredentialDocumentMembers[] = {
    {"consumer", Type::kText, Need::kRequired},
    {"type", Type::kText, Need::kRequired, "the authenticator: api-key, jwt, hmac"},
    {"given", Type::kObject, Need::kRequired,
     "what the authenticator takes, the secret included: a made one would be another each time"},
    {"valid_from", Type::kTime, Need::kOptional, "null: from now on"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};
const Shape kCredentialDocumentShape{"CredentialDocument", kCredentialDocumentMembers};

std::vector<std::string> govern_all(const Json&, const model::State&) {
  return {model::kEveryWorkspace};
}
std::vector<std::string> govern_workspace(const Json& body, const model::State&) {
  return {read_text(body, "workspace")};
}
// A new one is made by who may make workspaces, one that is there changed by its own admin.
std::vector<std::string> govern_itself(const Json& body, const model::State& state) {
  const auto name = read_text(body, "name");
  return {state.workspaces.find(name) ? name : std::string(model::kEveryWorkspace)};
}
std::vector<std::string> govern_rest_api(const Json& body, const model::State& state) {
  return studio::list_workspaces_bound(state, read_text(body, "name"));
}
std::vector<std::string> govern_consumer_named(const std::string& name, const model::State& state) {
  const auto* consumer = state.consumers.find(name);
  return {consumer && !consumer->workspace.empty() ? consumer->workspace
                                                   : std::string(model::kEveryWorkspace)};
}
std::vector<std::string> govern_consumer(const Json& body, const model::State& state) {
  return govern_consumer_named(read_text(body, "name"), state);
}
std::vector<std::string> govern_credential(const Json& body, const model::State& state) {
  return govern_consumer_named(read_text(body, "consumer"), state);
}
std::vector<std::string> govern_authorization(const Json& body, const model::State& state) {
  if (const auto rest_api = read_text(body, "rest_api"); !rest_api.empty()) {
    return studio::list_workspaces_bound(state, rest_api);
  }
  // The API may be in these documents only: what it is called by names its workspace.
  const auto reference = read_text(body, "api");
  if (const auto slash = reference.find('/'); slash != std::string::npos) {
    return {reference.substr(0, slash)};
  }
  const auto* api = state.apis.find(reference);
  return {api ? api->workspace : std::string(model::kEveryWorkspace)};
}

// May the caller put this document? A fault otherwise, in words that do not tell whether a
// workspace is there that he does not see.
std::optional<Fault> find_refusal(const Document& document, const studio::Access& access,
                                  const model::State& state) {
  if (access.is_node()) return {};
  const auto& kind = *document.kind;
  const auto at = [&](const Error& error) { return Fault{document.pointer, {}, error.detail, {}}; };
  if (auto may = access.check_anywhere(kind.permission); !may) return at(may.error());
  for (const auto& workspace : kind.governing(document.body, state)) {
    if (workspace != model::kEveryWorkspace && !access.is_member(workspace)) {
      return Fault{document.pointer,
                   {},
                   "there is no workspace of that name to put it in",
                   "create it first, or have yourself made a member of it"};
    }
    if (auto may = access.check(kind.permission, workspace); !may) return at(may.error());
  }
  return {};
}

AdminResponse make_forbidden(const Fault& fault) {
  Json error = {{"code", "forbidden"}, {"message", fault.what}, {"pointer", fault.where}};
  if (!fault.remedy.empty()) error["remedy"] = fault.remedy;
  return make_answer(403, {{"error", std::move(error)}});
}

// What is referred to stands before what refers to it.
const DocumentKind kDocumentKinds[] = {
    {"gateway-instance", kGatewayInstanceShape, Permission::kManageGateway, &govern_all,
     &put_named<model::GatewayInstance, &parse_gateway_instance, &Edit::put_gateway_instance>},
    {"workspace", kWorkspaceShape, Permission::kEditWorkspace, &govern_itself,
     &put_named<model::Workspace, &parse_workspace, &Edit::put_workspace>},
    {"data-source", kDataSourceShape, Permission::kEditSources, &govern_workspace,
     &put_data_source},
    {"rest-api", kRestApiShape, Permission::kEditRestApis, &govern_rest_api,
     &put_named<model::RestApi, &parse_rest_api, &Edit::put_rest_api>},
    {"workflow", kWorkflowShape, Permission::kEditWorkflows, &govern_workspace,
     &put_named<model::Workflow, &parse_workflow, &Edit::put_workflow>},
    {"consumer", kConsumerShape, Permission::kManageConsumers, &govern_consumer,
     &put_named<model::Consumer, &parse_consumer, &Edit::put_consumer>},
    {"credential", kCredentialDocumentShape, Permission::kManageConsumers, &govern_credential,
     &put_credential},
    {"api", kApiShape, Permission::kEditDrafts, &govern_workspace, &put_api},
    {"authorization", kAuthorizationShape, Permission::kManageConsumers, &govern_authorization,
     &put_authorization},
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
  // Every document of a file has a name; an authorization and a credential have none of their own.
  if (known->name == "authorization" || known->name == "credential") {
    document.label = take_member(document.body, "name");
  }
  check_shape(document.body, known->shape, Purpose::kCreate, document.pointer, faults);
  return document;
}

// What people call it, for the answer.
std::string name_document(const Document& document) {
  if (document.label.is_string()) return document.label.get<std::string>();
  const auto text = [&](const char* member) { return read_text(document.body, member); };
  if (document.kind->name == "authorization") return text("consumer") + " -> " + text("api");
  if (document.kind->name == "credential") return text("consumer") + "/" + text("type");
  const auto workspace = document.body.contains("workspace") && document.kind->name != "consumer"
                             ? text("workspace") + "/"
                             : std::string();
  return workspace + text("name");
}

// The steps that make the published version be the draft: none of them when it is already.
Json list_steps(const model::State& state, const model::Api& api, const std::string& instance,
                const std::string& domain, Json& todo) {
  const auto* workflow = state.workflows.find(api.workflow_id);
  const auto* rest_api = workflow ? state.rest_apis.find(workflow->rest_api) : nullptr;
  const auto* live = state.deployments.find(model::make_key(api.id, instance));
  const auto* live_version =
      live ? state.versions.find(model::make_version_key(api.id, live->version)) : nullptr;
  if (live_version && live_version->definition == api.draft && rest_api &&
      rest_api->domain == domain) {
    return Json::array();
  }
  for (const auto* version : studio::list_versions(state, api.id)) {
    if (version->definition != api.draft || version->status == model::VersionStatus::kRejected) {
      continue;
    }
    todo["version"] = version->number;
    todo["status"] = model::to_text(version->status);
    switch (version->status) {
      case model::VersionStatus::kCanBePublished:
        return {"publish"};
      case model::VersionStatus::kToBeRequested:
        return {"request"};
      case model::VersionStatus::kUnderApproval:
      case model::VersionStatus::kRejected:
        return {"approve"};
    }
  }
  if (api.tested_revision == api.draft_revision) return {"submit", "publish"};
  return {"test", "submit", "publish"};
}

Json make_todo(const model::State& state, const Document& document) {
  const auto workspace = read_text(document.body, "workspace");
  const auto* api = studio::find_api(state, workspace, read_text(document.body, "name"));
  Json todo = {{"index", document.index}, {"name", name_document(document)}};
  const auto instance = read_text(document.publish, "instance");
  std::string domain = read_text(document.publish, "domain");
  const auto* workflow = api ? state.workflows.find(api->workflow_id) : nullptr;
  const auto* rest_api = workflow ? state.rest_apis.find(workflow->rest_api) : nullptr;
  if (!document.publish.contains("domain") && rest_api) domain = rest_api->domain;
  todo["api"] = api ? Json(api->id) : Json();  // null: a dry run made nothing
  todo["steps"] = api ? list_steps(state, *api, instance, domain, todo)
                      : Json::array({"test", "submit", "publish"});
  todo["publish"] = {{"instance", instance},
                     {"domain", domain},
                     {"backend", read_text(document.publish, "backend", "Default")}};
  todo["test"] = document.test.is_null() ? Json{{"parameters", Json::object()}} : document.test;
  return todo;
}

constexpr Member kApplyMembers[] = {
    {"documents", Type::kList, Need::kRequired,
     "each a resource with its kind; an api may hold publish and test besides"},
    {"dry_run", Type::kBoolean, Need::kOptional, "check everything, change nothing"},
};

}  // namespace

const Shape kApplyShape{"Apply", kApplyMembers};

AdminResponse AdminApi::Handlers::apply(const Call& call) {
  Faults faults;
  std::vector<Document> documents;
  for (const auto& json : call.body["documents"]) {
    documents.push_back(read_document(json, documents.size(), faults));
  }
  if (!faults.empty()) return make_faults_answer(faults);
  for (const auto& document : documents) {
    if (auto refusal = find_refusal(document, call.access, state())) {
      return make_forbidden(*refusal);
    }
  }

  std::vector<Document*> in_order;
  for (auto& document : documents) in_order.push_back(&document);
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const Document* a, const Document* b) { return a->order < b->order; });

  std::string failed_at;  // the document whose use case refused
  const auto fill = [&](Edit& edit) -> Result<void> {
    for (auto* document : in_order) {
      auto put = document->kind->put(edit, *document, faults);
      if (!put) {
        failed_at = document->pointer;
        // A document that is wrong may be the reason why another one finds nothing.
        return put.error();
      }
      document->applied = *put;
    }
    return model::make_result(faults);
  };
  const bool dry_run = read_boolean(call.body, "dry_run", false);
  const auto mode = dry_run ? studio::ApplyMode::kDryRun : studio::ApplyMode::kCommit;
  const auto changes = parts_.studio.apply(call.actor, fill, mode);
  if (!faults.empty()) return make_faults_answer(faults);
  if (!changes) return make_error_answer(changes.error(), failed_at);

  Json answer = {{"dry_run", dry_run}, {"documents", Json::array()}, {"todo", Json::array()}};
  for (const auto& document : documents) {
    answer["documents"].push_back({{"index", document.index},
                                   {"kind", document.kind->name},
                                   {"name", name_document(document)},
                                   {"result", studio::to_text(document.applied)}});
    if (document.publish.is_null()) continue;
    auto todo = make_todo(state(), document);
    if (!todo["steps"].empty()) answer["todo"].push_back(std::move(todo));
  }
  return make_answer(200, answer);
}

}  // namespace sluice::admin
