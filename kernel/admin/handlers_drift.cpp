// SPDX-License-Identifier: Apache-2.0
// GET /admin/v1/drift: drafts and versions against their tables as they are now. The sources are
// asked on a worker, one table after the other, each table once.
#include "admin/handlers.hpp"
#include "studio/actions.hpp"
#include "studio/script_reading.hpp"

#include <chrono>
#include <map>
#include <set>
#include <type_traits>

namespace sluice::admin {
namespace {

constexpr std::size_t kSubjectsMax = 1000;  // drafts and versions looked at by one request
constexpr std::size_t kTablesMax = 200;     // described by one request
constexpr auto kTimeMax = std::chrono::seconds(30);
constexpr std::array<std::string_view, 4> kGrades = {"none", "info", "warning", "breaking"};

// A draft or a version with all that is needed of it, since the state may change meanwhile.
struct Subject {
  std::string api_id, workspace, name;
  unsigned version = 0;  // 0: the draft
  std::vector<std::string> deployed_on;
  model::ApiDefinition definition;
  model::TableFacts then;
  std::optional<model::DataSource> source;
};

struct Subjects {
  std::vector<Subject> list;
  std::size_t left_out = 0;
};

class Collecting {
 public:
  explicit Collecting(const model::State& state) : state_(state) {}

  void add_draft(const model::Api& api) { add(api, 0, api.draft, api.tested_table, {}); }
  void add_version(const model::Api& api, const model::ApiVersion& version) {
    std::vector<std::string> deployed_on;
    for (const auto instance : studio::list_instances(state_, version)) {
      deployed_on.emplace_back(instance);
    }
    add(api, version.number, version.definition, version.table, std::move(deployed_on));
  }
  Subjects take() { return std::move(subjects_); }

 private:
  void add(const model::Api& api, unsigned version, const model::ApiDefinition& definition,
           const model::TableFacts& then, std::vector<std::string> deployed_on) {
    const bool is_script = definition.mode == model::ApiMode::kScript;
    if (definition.data_source.empty()) return;
    if (is_script ? definition.script.sql.empty() : definition.table.empty()) return;
    // A statement is one of its own.
    auto key = is_script ? model::make_version_key(api.id, version)
                         : model::make_key(model::make_key(api.workspace, definition.data_source),
                                           definition.table);
    if (subjects_.list.size() >= kSubjectsMax ||
        (tables_.size() >= kTablesMax && !tables_.contains(key))) {
      ++subjects_.left_out;
      return;
    }
    tables_.insert(std::move(key));
    Subject subject{
        api.id, api.workspace, api.draft.name, version, std::move(deployed_on), definition, then,
        {}};
    const auto* source =
        state_.data_sources.find(model::make_key(api.workspace, definition.data_source));
    if (source) subject.source = *source;
    subjects_.list.push_back(std::move(subject));
  }

  const model::State& state_;
  Subjects subjects_;
  std::set<std::string, std::less<>> tables_;
};

// What stands now behind a subject; each table is asked for once.
class Looking {
 public:
  explicit Looking(studio::LowerFloor& lower_floor)
      : lower_floor_(lower_floor), end_(std::chrono::steady_clock::now() + kTimeMax) {}

  Json look(const Subject& subject, std::size_t least) {
    std::string error;
    std::vector<studio::DriftFinding> findings;
    if (!subject.source) {
      error = "the data source '" + subject.definition.data_source + "' is gone";
    } else if (subject.definition.mode == model::ApiMode::kScript) {
      const auto now = describe_script(subject);
      if (now) {
        findings = studio::find_script_drift(subject.definition, subject.then, *now);
      } else if (now.error().status == SLUICE_E_UNSUPPORTED) {
        return {};  // a source of this type tells it to nobody
      } else {
        error = now.error().detail;
      }
    } else {
      const auto& now = describe(*subject.source, subject.definition.table);
      if (now) {
        findings = studio::find_drift(subject.definition, subject.then, studio::make_facts(*now));
      } else if (now.error().status == SLUICE_E_NOT_FOUND) {
        findings = studio::find_drift(subject.definition, subject.then, std::nullopt);
      } else {
        error = now.error().detail;
      }
    }
    const auto grade = studio::grade_of(findings);
    if (error.empty() && static_cast<std::size_t>(grade) < least) return {};
    Json told = Json::array();
    for (const auto& finding : findings) {
      if (static_cast<std::size_t>(finding.grade) >= least) told.push_back(make_json(finding));
    }
    return {{"api", subject.api_id},
            {"workspace", subject.workspace},
            {"name", subject.name},
            {"of", subject.version == 0 ? "draft" : "V" + std::to_string(subject.version)},
            {"deployed_on", subject.deployed_on},
            {"data_source", subject.definition.data_source},
            {"table", subject.definition.table},
            {"grade", studio::to_text(grade)},
            {"findings", std::move(told)},
            {"error", error}};
  }

 private:
  const Result<studio::TableDescription>& describe(const model::DataSource& source,
                                                   const std::string& table) {
    auto key = model::make_key(model::make_key(source.workspace, source.name), table);
    const auto known = known_.find(key);
    if (known != known_.end()) return known->second;
    return known_.emplace(std::move(key), ask(source, table)).first->second;
  }
  Result<studio::TableDescription> ask(const model::DataSource& source, const std::string& table) {
    return in_time([&] { return lower_floor_.describe_table(source, table); });
  }
  Result<studio::StatementDescription> describe_script(const Subject& subject) {
    return in_time(
        [&] { return studio::describe_script(subject.definition, *subject.source, lower_floor_); });
  }
  template <class Question>
  std::invoke_result_t<Question> in_time(Question question) {
    if (std::chrono::steady_clock::now() >= end_) {
      return Error{SLUICE_E_TIMEOUT, "there was no time left to look: ask for fewer APIs", {}, {}};
    }
    try {
      return question();
    } catch (const std::exception& e) {
      return Error{SLUICE_E_INTERNAL, "the data source could not be asked", e.what(), {}};
    }
  }

  studio::LowerFloor& lower_floor_;
  std::chrono::steady_clock::time_point end_;
  std::map<std::string, Result<studio::TableDescription>, std::less<>> known_;
};

}  // namespace

void AdminApi::Handlers::drift(const Call& call, const AdminApi::Respond& respond) {
  const auto wanted = call.find_query("grade");
  const auto grade = std::find(kGrades.begin(), kGrades.end(), wanted.empty() ? "info" : wanted);
  if (grade == kGrades.end()) {
    return respond(make_refusal(400, "invalid", "'" + std::string(wanted) + "' is no grade",
                                "write none, info, warning or breaking: the least that is told"));
  }
  if (drifts_in_flight_ >= kDriftsInFlightMax) {
    return respond(make_refusal(429, "busy", "somebody looks for drift at this moment",
                                "wait for the answer and try again"));
  }
  Collecting collecting(state());
  for (const auto& [id, api] : state().apis.all()) {
    if (!fits(call, "workspace", api.workspace) || !fits(call, "api", api.id)) continue;
    if (!call.access.may(Permission::kExploreSources, api.workspace)) continue;
    if (studio::is_visible(api, call.actor)) collecting.add_draft(api);
    for (const auto* version : studio::list_versions(state(), id)) {
      // What is live, and what would be published next.
      const bool is_newest = version->number == api.last_version;
      if (is_newest || !studio::list_instances(state(), *version).empty()) {
        collecting.add_version(api, *version);
      }
    }
  }
  const auto subjects = std::make_shared<const Subjects>(collecting.take());
  const auto least = static_cast<std::size_t>(grade - kGrades.begin());

  ++drifts_in_flight_;
  const auto run = [this, subjects, least, respond] {
    Looking looking(parts_.lower_floor);
    Json items = Json::array();
    for (const auto& subject : subjects->list) {
      if (auto item = looking.look(subject, least); !item.is_null()) {
        items.push_back(std::move(item));
      }
    }
    const auto total = items.size();
    const auto answer =
        std::make_shared<AdminResponse>(make_answer(200, {{"items", std::move(items)},
                                                          {"total", total},
                                                          {"looked_at", subjects->list.size()},
                                                          {"left_out", subjects->left_out}}));
    parts_.post_to_control([this, answer, respond] {
      --drifts_in_flight_;
      respond(std::move(*answer));
    });
  };
  try {
    parts_.run_on_worker(run);
  } catch (const std::exception&) {  // the pool takes no more: what throws has not begun
    --drifts_in_flight_;
    respond(make_refusal(429, "busy", "no worker is free", "try again later"));
  }
}

}  // namespace sluice::admin
