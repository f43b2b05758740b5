// SPDX-License-Identifier: Apache-2.0
// What an API meets on its way: folders, tests and their records, approvals, search, drift.
#include "admin/answers.hpp"
#include "admin/resources.hpp"
#include "studio/actions.hpp"

#include <algorithm>
#include <array>

namespace sluice::admin {
namespace {

constexpr std::array<std::string_view, 3> kVerdicts = {"passed", "failed", "draft changed"};
constexpr std::array<std::string_view, 4> kStatuses = {"To Be Requested", "Under Approval",
                                                       "Rejected", "Can Be Published"};
constexpr std::array<std::string_view, 4> kGrades = {"none", "info", "warning", "breaking"};

constexpr Member kFolderMembers[] = {
    {"path", Type::kText, Need::kRequired, "Orders/Daily; the folder it lies in is there"},
    {"apis", Type::kInteger, Need::kReadOnly, "that lie in it"},
    {"folders", Type::kInteger, Need::kReadOnly, "that lie in it"},
};
constexpr Member kMoveMembers[] = {
    {"workflow", Type::kText, Need::kOptional, "by name, bound to the same REST API; the same"},
    {"folder", Type::kText, Need::kOptional, "of that workflow; empty: its root"},
};
constexpr Member kCloneMembers[] = {
    {"name", Type::kText, Need::kRequired},
    {"path", Type::kText, Need::kRequired},
    {"description", Type::kText, Need::kOptional, "the same when absent"},
    {"workflow", Type::kText, Need::kOptional, "by name, of the workspace; the same when absent"},
    {"folder", Type::kText, Need::kOptional, "of that workflow; its root when absent"},
};
constexpr Member kTestMembers[] = {
    {"parameters", Type::kMap, Need::kOptional,
     "request parameters by name; the samples of all when this is absent"},
    {"samples", Type::kBoolean, Need::kOptional, "samples stand for what parameters does not name"},
};
constexpr Member kTestFormParameterMembers[] = {
    {"name", Type::kText, Need::kReadOnly},
    {"type", Type::kText, Need::kReadOnly},
    {"position", Type::kText, Need::kReadOnly},
    {"required", Type::kBoolean, Need::kReadOnly},
    {"value", Type::kText, Need::kReadOnly, "its sample, to begin with"},
    {"description", Type::kText, Need::kReadOnly},
};
constexpr Shape kTestFormParameterShape{"TestFormParameter", kTestFormParameterMembers};
constexpr Member kTestFormMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"tested", Type::kBoolean, Need::kReadOnly, "this draft passed its test"},
    {"parameters", Type::kList, Need::kReadOnly, {}, {}, &kTestFormParameterShape},
    {"missing", Type::kList, Need::kReadOnly, "before it can be tested"},
};
constexpr Member kHeaderMembers[] = {
    {"name", Type::kText, Need::kReadOnly},
    {"value", Type::kText, Need::kReadOnly},
};
constexpr Shape kHeaderShape{"Header", kHeaderMembers};
constexpr Member kTestReportMembers[] = {
    {"passed", Type::kBoolean, Need::kReadOnly},
    {"verdict", Type::kWord, Need::kReadOnly, {}, kVerdicts},
    {"status", Type::kInteger, Need::kReadOnly},
    {"headers", Type::kList, Need::kReadOnly, {}, {}, &kHeaderShape},
    {"body", Type::kText, Need::kReadOnly},
    {"duration_ms", Type::kNumber, Need::kReadOnly},
    {"sql", Type::kText, Need::kReadOnly, "with placeholders"},
    {"hints", Type::kTexts, Need::kReadOnly},
    {"details", Type::kList, Need::kReadOnly, "what the data source did", {}, &kHeaderShape},
    {"fault", Type::kText, Need::kReadOnly, "of a failure, as the part that failed says it"},
    {"request", Type::kObject, Need::kReadOnly, "as it was sent: method, target, headers, body"},
    {"record", Type::kText, Need::kReadOnly, "T1, T2 ...: where it is kept"},
};
constexpr Member kTestRecordMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"number", Type::kInteger, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly, "T1, T2 ..."},
    {"of", Type::kText, Need::kReadOnly, "draft, or V1, V2 ..."},
    {"draft_revision", Type::kInteger, Need::kReadOnly, "0: it was a version"},
    {"actor", Type::kText, Need::kReadOnly},
    {"started_at", Type::kTime, Need::kReadOnly},
    {"passed", Type::kBoolean, Need::kReadOnly},
    {"verdict", Type::kWord, Need::kReadOnly, {}, kVerdicts},
    {"parameters", Type::kMap, Need::kReadOnly},
    {"request", Type::kObject, Need::kReadOnly, "target and body as they were sent"},
    {"status", Type::kInteger, Need::kReadOnly, "0: it could not be tried"},
    {"headers", Type::kList, Need::kReadOnly, {}, {}, &kHeaderShape},
    {"body", Type::kText, Need::kReadOnly},
    {"body_cut", Type::kBoolean, Need::kReadOnly, "it was longer than what is kept"},
    {"duration_ms", Type::kNumber, Need::kReadOnly},
    {"sql", Type::kText, Need::kReadOnly, "with placeholders"},
    {"hints", Type::kTexts, Need::kReadOnly},
    {"details", Type::kList, Need::kReadOnly, "what the data source did", {}, &kHeaderShape},
    {"fault", Type::kText, Need::kReadOnly, "of a failure, as the part that failed says it"},
};
constexpr Member kApprovalMembers[] = {
    {"workspace", Type::kText, Need::kReadOnly},
    {"workflow", Type::kText, Need::kReadOnly},
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"api_name", Type::kText, Need::kReadOnly},
    {"version", Type::kInteger, Need::kReadOnly},
    {"status", Type::kWord, Need::kReadOnly, {}, kStatuses},
    {"submitted_by", Type::kText, Need::kReadOnly},
    {"requested_by", Type::kText, Need::kReadOnly},
    {"requested_at", Type::kTime, Need::kReadOnly},
    {"decided_by", Type::kText, Need::kReadOnly},
    {"decided_at", Type::kTime, Need::kReadOnly},
    {"decision_reason", Type::kText, Need::kReadOnly},
    {"actions", Type::kTexts, Need::kReadOnly, "what the one who asks may do with it now"},
};
constexpr Member kRollbackMembers[] = {
    {"instance", Type::kText, Need::kRequired},
    {"version", Type::kText, Need::kOptional,
     "one that was live there; the one before when absent"},
};
constexpr std::array<std::string_view, 2> kBatchActions = {"publish", "undeploy"};
constexpr Member kBatchItemMembers[] = {
    {"api", Type::kText, Need::kRequired, "an id, workspace/name or workspace/workflow/name"},
    {"version", Type::kText, Need::kOptional, "V1, V2 ...; the newest that Can Be Published"},
};
constexpr Shape kBatchItemShape{"BatchItem", kBatchItemMembers};
constexpr Member kBatchMembers[] = {
    {"action", Type::kWord, Need::kRequired, {}, kBatchActions},
    {"instance", Type::kText, Need::kRequired},
    {"items", Type::kList, Need::kRequired, "at most 200", {}, &kBatchItemShape},
    {"backend", Type::kText, Need::kOptional, "of a publish; Default when absent"},
};
constexpr Member kRollbackPlanMembers[] = {
    {"from", Type::kText, Need::kReadOnly, "live now; empty: nothing is"},
    {"to", Type::kText, Need::kReadOnly, "V1, V2 ..."},
    {"backend", Type::kText, Need::kReadOnly},
    {"published_by", Type::kText, Need::kReadOnly, "when it was live there before"},
    {"published_at", Type::kTime, Need::kReadOnly},
};
constexpr Member kSearchHitMembers[] = {
    {"kind", Type::kText, Need::kReadOnly, "workflow or api"},
    {"id", Type::kText, Need::kReadOnly},
    {"workspace", Type::kText, Need::kReadOnly},
    {"workflow", Type::kText, Need::kReadOnly},
    {"folder", Type::kText, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly},
    {"method", Type::kText, Need::kReadOnly},
    {"path", Type::kText, Need::kReadOnly},
    {"matched", Type::kTexts, Need::kReadOnly,
     "where: name, path, description, sql, parameters, tags, folder"},
};
constexpr Member kDriftFindingMembers[] = {
    {"grade", Type::kWord, Need::kReadOnly, {}, kGrades},
    {"column", Type::kText, Need::kReadOnly},
    {"message", Type::kText, Need::kReadOnly},
    {"remedy", Type::kText, Need::kReadOnly},
};
constexpr Shape kDriftFindingShape{"DriftFinding", kDriftFindingMembers};
constexpr Member kDriftMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"workspace", Type::kText, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly},
    {"of", Type::kText, Need::kReadOnly, "draft, or V1, V2 ..."},
    {"deployed_on", Type::kTexts, Need::kReadOnly},
    {"data_source", Type::kText, Need::kReadOnly},
    {"table", Type::kText, Need::kReadOnly, "empty: a script"},
    {"grade", Type::kWord, Need::kReadOnly, "of the worst finding", kGrades},
    {"findings", Type::kList, Need::kReadOnly, {}, {}, &kDriftFindingShape},
    {"error", Type::kText, Need::kReadOnly, "why it could not be looked at; empty: it was"},
};

Json make_headers_json(const std::vector<std::pair<std::string, std::string>>& headers) {
  Json list = Json::array();
  for (const auto& [name, value] : headers) list.push_back({{"name", name}, {"value", value}});
  return list;
}

std::string make_side_text(unsigned version) {
  return version == 0 ? "draft" : "V" + std::to_string(version);
}

double make_ms(std::int64_t duration_us) { return static_cast<double>(duration_us) / 1000; }

}  // namespace

const Shape kFolderShape{"Folder", kFolderMembers};
const Shape kMoveShape{"Move", kMoveMembers};
const Shape kCloneShape{"Clone", kCloneMembers};
const Shape kTestShape{"Test", kTestMembers};
const Shape kTestFormShape{"TestForm", kTestFormMembers};
const Shape kTestReportShape{"TestReport", kTestReportMembers};
const Shape kTestRecordShape{"TestRecord", kTestRecordMembers};
const Shape kApprovalShape{"Approval", kApprovalMembers};
const Shape kRollbackShape{"Rollback", kRollbackMembers};
const Shape kBatchShape{"Batch", kBatchMembers};
const Shape kRollbackPlanShape{"RollbackPlan", kRollbackPlanMembers};
const Shape kSearchHitShape{"SearchHit", kSearchHitMembers};
const Shape kDriftShape{"Drift", kDriftMembers};

Json make_folder_json(const model::State& state, const model::Workflow& workflow,
                      const std::string& path) {
  std::size_t apis = 0;
  for (const auto& [id, api] : state.apis.all()) {
    if (api.workflow_id == workflow.id && api.placement.folder == path) ++apis;
  }
  const auto is_in = [&](const std::string& folder) {
    return folder.size() > path.size() && folder.starts_with(path) && folder[path.size()] == '/' &&
           folder.find('/', path.size() + 1) == std::string::npos;
  };
  const auto folders = std::count_if(workflow.folders.begin(), workflow.folders.end(), is_in);
  return {{"path", path}, {"apis", apis}, {"folders", folders}};
}

Json make_test_form_json(const model::Api& api) {
  Json parameters = Json::array();
  for (const auto& p : api.draft.request_parameters) {
    parameters.push_back({{"name", p.name},
                          {"type", model::to_text(p.type)},
                          {"position", model::to_text(p.position)},
                          {"required", p.required},
                          {"value", p.sample},
                          {"description", p.description}});
  }
  return {{"api", api.id},
          {"tested", api.tested_revision == api.draft_revision},
          {"parameters", std::move(parameters)},
          {"missing", make_faults_json(model::find_missing(api.draft))}};
}

Json make_json(const studio::TestReport& report) {
  const auto& outcome = report.outcome;
  const auto& request = outcome.request;
  return {{"passed", report.verdict == model::TestVerdict::kPassed},
          {"verdict", model::to_text(report.verdict)},
          {"status", outcome.http_status},
          {"headers", make_headers_json(outcome.headers)},
          {"body", outcome.body},
          {"duration_ms", make_ms(outcome.duration_us)},
          {"sql", outcome.sql},
          {"hints", outcome.hints},
          {"details", make_headers_json(outcome.notes)},
          {"fault", outcome.fault},
          {"request",
           {{"method", request.method},
            {"target", request.query.empty() ? request.path : request.path + "?" + request.query},
            {"headers", make_headers_json(request.headers)},
            {"body", request.body}}},
          {"record", "T" + std::to_string(report.record)}};
}

Json make_json(const model::TestRecord& r) {
  Json parameters = Json::object();
  for (const auto& [name, value] : r.parameters) parameters[name] = value;
  return {{"api", r.api_id},
          {"number", r.number},
          {"name", "T" + std::to_string(r.number)},
          {"of", make_side_text(r.version)},
          {"draft_revision", r.draft_revision},
          {"actor", r.actor},
          {"started_at", make_time_json(r.started_at)},
          {"passed", r.verdict == model::TestVerdict::kPassed},
          {"verdict", model::to_text(r.verdict)},
          {"parameters", std::move(parameters)},
          {"request", {{"target", r.request_target}, {"body", r.request_body}}},
          {"status", r.http_status},
          {"headers", make_headers_json(r.headers)},
          {"body", r.body.get()},
          {"body_cut", r.is_body_cut},
          {"duration_ms", make_ms(r.duration_us)},
          {"sql", r.sql},
          {"hints", r.hints},
          {"details", make_headers_json(r.notes)},
          {"fault", r.fault}};
}

Json make_approval_json(const model::ApiVersion& v, const model::State& state) {
  const auto* api = state.apis.find(v.api_id);
  const auto* workflow = api ? state.workflows.find(api->workflow_id) : nullptr;
  return {{"workspace", api ? api->workspace : std::string()},
          {"workflow", workflow ? workflow->name : std::string()},
          {"api", v.api_id},
          {"api_name", v.definition.name},
          {"version", v.number},
          {"status", model::to_text(v.status)},
          {"submitted_by", v.submitted_by},
          {"requested_by", v.requested_by},
          {"requested_at", make_time_json(v.requested_at)},
          {"decided_by", v.decided_by},
          {"decided_at", make_time_json(v.decided_at)},
          {"decision_reason", v.decision_reason}};
}

Json make_json(const studio::RollbackPlan& plan) {
  return {{"from", plan.from == 0 ? std::string() : make_side_text(plan.from)},
          {"to", make_side_text(plan.to)},
          {"backend", plan.backend},
          {"published_by", plan.published_by},
          {"published_at", make_time_json(plan.published_at)}};
}

Json make_json(const studio::SearchHit& hit) {
  const bool is_api = hit.api != nullptr;
  const auto workflow = hit.workflow ? hit.workflow->name : std::string();
  return {{"kind", is_api ? "api" : "workflow"},
          {"id", is_api ? hit.api->id : hit.workflow->id},
          {"workspace", is_api ? hit.api->workspace : hit.workflow->workspace},
          {"workflow", workflow},
          {"folder", is_api ? hit.api->placement.folder : std::string()},
          {"name", is_api ? hit.api->draft.name : workflow},
          {"method", is_api ? std::string(model::to_text(hit.api->draft.method)) : std::string()},
          {"path", is_api ? hit.api->draft.path : std::string()},
          {"matched", hit.matched}};
}

Json make_json(const studio::DriftFinding& finding) {
  return {{"grade", studio::to_text(finding.grade)},
          {"column", finding.column},
          {"message", finding.what},
          {"remedy", finding.remedy}};
}

studio::CloneRequest parse_clone_request(const Json& json) {
  studio::CloneRequest request;
  request.name = read_text(json, "name");
  request.path = read_text(json, "path");
  if (json.contains("description")) request.description = read_text(json, "description");
  request.workflow = read_text(json, "workflow");
  request.folder = read_text(json, "folder");
  return request;
}

}  // namespace sluice::admin
