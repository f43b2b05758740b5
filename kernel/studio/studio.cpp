// SPDX-License-Identifier: Apache-2.0
// How an edit becomes true, and how a draft is tested.
#include "studio/studio.hpp"

#include "store/repository.hpp"
#include "studio/edit_parts.hpp"

#include <algorithm>
#include <utility>

namespace sluice::studio {

std::string_view to_text(Applied applied) {
  switch (applied) {
    case Applied::kCreated:
      return "created";
    case Applied::kUpdated:
      return "updated";
    case Applied::kUnchanged:
      return "unchanged";
    case Applied::kDeleted:
      return "deleted";
  }
  return "?";
}

std::string_view to_text(TestVerdict verdict) {
  switch (verdict) {
    case TestVerdict::kPassed:
      return "passed";
    case TestVerdict::kFailed:
      return "failed";
    case TestVerdict::kDraftChanged:
      return "draft changed";
  }
  return "?";
}

bool is_success(const TestOutcome& outcome) {
  return outcome.http_status >= 200 && outcome.http_status < 300;
}

Studio::Studio(store::Store& store, LowerFloor& lower_floor, const Clock& clock,
               RandomSource random, std::string region)
    : store_(store),
      lower_floor_(lower_floor),
      clock_(clock),
      random_(std::move(random)),
      region_(std::move(region)) {}
Studio::~Studio() = default;

Result<std::unique_ptr<Studio>> Studio::make(store::Store& store, LowerFloor& lower_floor,
                                             const Clock& clock, RandomSource random,
                                             std::string region) {
  auto state = store.load_state();
  if (!state) return state.error();
  std::unique_ptr<Studio> studio(
      new Studio(store, lower_floor, clock, std::move(random), std::move(region)));
  studio->state_ = std::move(*state);
  return studio;
}

Result<void> Studio::serve() {
  auto prepared = lower_floor_.prepare(state_);
  if (!prepared) return prepared.error();
  (*prepared)->swap_in();
  return {};
}

Result<void> Studio::refresh() {
  auto state = store_.load_state();
  if (!state) return state.error();
  // Adopted even when it cannot be served: later edits must start from what the store says. What
  // was served goes on serving.
  state_ = std::move(*state);
  return serve();
}

Edit Studio::begin_edit(std::string_view actor) const {
  return Edit(state_, std::string(actor), region_, lower_floor_, clock_, random_);
}

// Prepare, commit, swap in, adopt, in that order: what can fail comes before what cannot, and what
// is served never runs ahead of what is stored.
Result<std::vector<AppliedChange>> Studio::finish_edit(Edit&& edit, ApplyMode mode) {
  if (edit.touched_.empty()) return std::move(edit.changes_);
  std::unique_ptr<PreparedSnapshots> prepared;
  if (edit.serving_changes_) {
    auto made = lower_floor_.prepare(edit.state_);
    if (!made) return made.error();
    prepared = std::move(*made);
  }
  if (mode == ApplyMode::kDryRun) return std::move(edit.changes_);
  if (auto kept = store_.commit(edit.state_, edit.touched_); !kept) return kept.error();
  if (prepared) prepared->swap_in();
  state_ = std::move(edit.state_);
  return std::move(edit.changes_);
}

Result<std::vector<AppliedChange>> Studio::apply(std::string_view actor,
                                                 const std::function<Result<void>(Edit&)>& fill,
                                                 ApplyMode mode) {
  auto edit = begin_edit(actor);
  if (auto filled = fill(edit); !filled) return filled.error();
  return finish_edit(std::move(edit), mode);
}

// ---- looking at sources

Result<void> Studio::check_data_source(const model::DataSource& source) {
  if (auto faults = find_faults(source); !faults.empty()) return make_error(faults);
  return lower_floor_.check_data_source(source);
}

Result<std::vector<TableInfo>> Studio::list_tables(std::string_view workspace,
                                                   std::string_view name,
                                                   const std::string& search) {
  const auto* source = state_.data_sources.find(model::make_key(workspace, name));
  if (!source) return not_found("data source", model::make_key(workspace, name));
  return lower_floor_.list_tables(*source, search);
}

Result<TableDescription> Studio::describe_table(std::string_view workspace, std::string_view name,
                                                const std::string& table) {
  const auto* source = state_.data_sources.find(model::make_key(workspace, name));
  if (!source) return not_found("data source", model::make_key(workspace, name));
  return lower_floor_.describe_table(*source, table);
}

// ---- testing a draft

Result<TestTicket> Studio::begin_test(std::string_view api_id,
                                      std::vector<std::pair<std::string, std::string>> parameters) {
  const auto* api = state_.apis.find(api_id);
  if (!api) return not_found("API", api_id);
  if (auto faults = find_faults(api->draft); !faults.empty()) return make_error(faults);
  if (auto missing = find_missing(api->draft); !missing.empty()) return make_error(missing);
  const auto* source =
      state_.data_sources.find(model::make_key(api->workspace, api->draft.data_source));
  if (!source) {
    return wrong("workspace '" + api->workspace + "' has no data source '" +
                     api->draft.data_source + "' (R080): create it, or choose another one",
                 "/data_source");
  }
  const auto group =
      find_usable_group(state_, api->workspace, api->draft.resource_group, NetworkNeed::kNeeded);
  if (!group) return group.error();
  if (parameters.size() > model::kParametersMax) {
    return wrong("there are too many parameters: give those of the API", "/parameters");
  }
  model::Faults faults;
  for (const auto& parameter : api->draft.request_parameters) {
    if (!parameter.required) continue;
    const bool given = std::any_of(parameters.begin(), parameters.end(), [&](const auto& p) {
      return p.first == parameter.name && !p.second.empty();
    });
    if (!given) {
      faults.push_back({"/parameters/" + parameter.name, "R111",
                        "the required parameter '" + parameter.name + "' has no value",
                        "enter one"});
    }
  }
  if (!faults.empty()) return make_error(faults);
  return TestTicket{api->id, api->draft_revision,   api->draft,
                    *source, std::move(parameters), **group};
}

Result<TestVerdict> Studio::finish_test(const TestTicket& ticket, bool passed) {
  const auto* found = state_.apis.find(ticket.api_id);
  if (!found) return not_found("API", ticket.api_id);
  if (!passed) return TestVerdict::kFailed;
  if (found->draft_revision != ticket.draft_revision) return TestVerdict::kDraftChanged;
  auto edit = begin_edit({});
  auto api = *found;
  api.tested_revision = ticket.draft_revision;
  auto name = edit.name_of(api);
  edit.keep(ticket.api_id, std::move(name), std::move(api));
  if (auto done = finish_edit(std::move(edit), ApplyMode::kCommit); !done) return done.error();
  return TestVerdict::kPassed;
}

Result<TestReport> Studio::test_api(std::string_view api_id,
                                    std::vector<std::pair<std::string, std::string>> parameters) {
  auto ticket = begin_test(api_id, std::move(parameters));
  if (!ticket) return ticket.error();
  auto outcome =
      lower_floor_.run_draft(ticket->definition, ticket->source, ticket->group, ticket->parameters);
  if (!outcome) return outcome.error();
  auto verdict = finish_test(*ticket, is_success(*outcome));
  if (!verdict) return verdict.error();
  return TestReport{std::move(*outcome), *verdict};
}

// ---- addresses

std::string make_access_url(std::string_view origin, const model::Domain* domain,
                            const model::RestApi& rest_api,
                            const model::ApiDefinition& definition) {
  while (origin.ends_with('/')) origin.remove_suffix(1);
  std::string url(origin);
  if (domain) {
    const auto scheme = origin.find("://");
    const auto host = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto colon = origin.rfind(':');
    const auto bracket = origin.rfind(']');  // an IPv6 address has colons of its own
    const bool has_port = colon != std::string_view::npos && colon >= host &&
                          (bracket == std::string_view::npos || colon > bracket);
    const auto port = has_port ? origin.substr(colon) : std::string_view();
    url = std::string(to_text(domain->protocol)) + "://" + domain->name;
    if (domain->protocol == model::Protocol::kHttp && port != ":80") url += port;
  }
  if (url.empty()) return url;
  return url + model::join_paths(rest_api.base_path, definition.path);
}

}  // namespace sluice::studio
