// SPDX-License-Identifier: Apache-2.0
// POST /admin/v1/apply: documents of several kinds as one transaction, and what is left to do for
// those that ask to be published: a test runs long and may fail, so it is no part of it.
#include "admin/documents.hpp"
#include "admin/handlers.hpp"

#include <algorithm>

namespace sluice::admin {
namespace {

using model::Faults;
using studio::Edit;

// The steps that make the published version be the draft: none of them when it is already.
Json list_steps(const model::State& state, const model::Api& api, const std::string& instance,
                const std::string& domain, Json& todo) {
  const auto* workflow = state.workflows.find(api.workflow_id);
  const auto* rest_api = workflow ? model::find_rest_api(state, *workflow) : nullptr;
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
  const auto* rest_api = workflow ? model::find_rest_api(state, *workflow) : nullptr;
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
    if (auto may = check_document(document, call.access, state(), call.node_region); !may) {
      return make_error_answer(may.error());
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
    if (auto right = model::make_result(faults); !right) return right;
    for (const auto& document : documents) {
      const auto may = check_bound(document, call.access, state(), edit.state(), call.node_region);
      if (!may) return may;
    }
    if (auto may = studio::check_bindings(call.access, state(), edit.state()); !may) return may;
    return studio::check_people(call.access, state(), edit.state(), parts_.studio.now_ms());
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
