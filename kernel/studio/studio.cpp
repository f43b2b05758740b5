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

bool is_success(const TestOutcome& outcome) {
  return outcome.http_status >= 200 && outcome.http_status < 300;
}

namespace {

// The form of a test opens with the samples (R089): they stand for what is not given.
void fill_with_samples(const model::ApiDefinition& definition,
                       std::vector<std::pair<std::string, std::string>>& parameters) {
  for (const auto& parameter : definition.request_parameters) {
    if (parameter.sample.empty()) continue;
    const bool given = std::any_of(parameters.begin(), parameters.end(),
                                   [&](const auto& p) { return p.first == parameter.name; });
    if (!given) parameters.emplace_back(parameter.name, parameter.sample);
  }
}

}  // namespace

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
  const auto note = make_note(edit);
  if (!note) return note.error();
  std::vector<store::DocumentRef> touched;
  for (const auto& one : edit.touched_) touched.push_back(one.ref);
  if (auto kept = store_.commit(edit.state_, touched, *note); !kept) return kept.error();
  if (prepared) prepared->swap_in();
  state_ = std::move(edit.state_);
  return std::move(edit.changes_);
}

// What the edit did to each document as a whole, whichever steps it took.
Result<store::AuditNote> Studio::make_note(const Edit& edit) const {
  store::AuditNote note{edit.actor_, clock_.now_ms(), {}};
  std::map<store::DocumentRef, const Edit::Touched*> touched;
  for (const auto& one : edit.touched_) touched[one.ref] = &one;
  for (const auto& [ref, one] : touched) {
    auto before = store_.describe(state_, ref);
    if (!before) return before.error();
    auto after = store_.describe(edit.state_, ref);
    if (!after) return after.error();
    if (!*before && !*after) continue;  // made and dropped again
    const auto what = !*before  ? Applied::kCreated
                      : !*after ? Applied::kDeleted
                                : Applied::kUpdated;
    note.entries.push_back({std::string(to_text(what)), std::string(store::to_text(ref.kind)),
                            ref.key, one->name, one->workspace, std::move(*before),
                            std::move(*after)});
  }
  return note;
}

Result<std::vector<std::pair<std::string, std::string>>> Studio::reveal_credential(
    std::string_view actor, std::string_view id) {
  const auto* credential = state_.credentials.find(id);
  if (!credential) return not_found("credential", id);
  if (credential->shown.empty()) return credential->shown;
  const auto owner = owner_of(*credential, state_);
  const store::AuditNote note{
      std::string(actor),
      clock_.now_ms(),
      {{.action = "revealed",
        .kind = std::string(store::to_text(store::Kind::kCredential)),
        .key = credential->id,
        .name = model::make_key(credential->consumer, credential->display),
        .workspace = owner.workspaces.empty() ? std::string() : owner.workspaces.front(),
        .before = {},
        .after = {}}}};
  // Told only once it is written down.
  if (auto kept = store_.commit(state_, {}, note); !kept) return kept.error();
  return credential->shown;
}

Result<void> Studio::note_export(std::string_view actor) {
  const store::AuditNote note{std::string(actor),
                              clock_.now_ms(),
                              {{.action = "revealed",
                                .kind = "export",
                                .key = {},
                                .name = "every secret",
                                .workspace = {},
                                .before = {},
                                .after = {}}}};
  return store_.commit(state_, {}, note);
}

std::string Studio::find_tag(const store::DocumentRef& ref) const {
  const auto described = store_.describe(state_, ref);
  return described && *described ? (*described)->tag : std::string();
}

std::string Studio::describe(const store::DocumentRef& ref) const {
  const auto described = store_.describe(state_, ref);
  return described && *described ? (*described)->json : std::string("null");
}

const store::AuditLog& Studio::audit_log() const { return store_.audit_log(); }

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

Result<TestTicket> Studio::begin_test(std::string_view actor, TestRequest request) const {
  const auto* api = state_.apis.find(request.api_id);
  if (!api) return not_found("API", request.api_id);
  const auto* version =
      request.version == 0
          ? nullptr
          : state_.versions.find(model::make_version_key(request.api_id, request.version));
  if (request.version != 0 && !version) {
    return not_found("version", "V" + std::to_string(request.version));
  }
  const auto& definition = version ? version->definition : api->draft;
  if (auto faults = find_faults(definition); !faults.empty()) return make_error(faults);
  if (auto missing = studio::find_missing_parts(state_, lower_floor_, api->workspace, definition);
      !missing.empty()) {
    return make_error(missing);
  }
  const auto* source =
      state_.data_sources.find(model::make_key(api->workspace, definition.data_source));
  if (!source) {
    return wrong("workspace '" + api->workspace + "' has no data source '" +
                     definition.data_source + "' (R080): create it, or choose another one",
                 "/data_source");
  }
  const auto group =
      find_usable_group(state_, api->workspace, definition.resource_group, NetworkNeed::kNeeded);
  if (!group) return group.error();
  auto& parameters = request.parameters;
  if (parameters.size() > model::kParametersMax) {
    return wrong("there are too many parameters: give those of the API", "/parameters");
  }
  if (request.fills_with_samples) fill_with_samples(definition, parameters);
  model::Faults faults;
  for (const auto& parameter : definition.request_parameters) {
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
  TestTicket ticket;
  ticket.actor = actor;
  ticket.started_at = clock_.now_ms();
  ticket.api_id = api->id;
  ticket.version = request.version;
  ticket.draft_revision = version ? 0 : api->draft_revision;
  ticket.definition = definition;
  ticket.source = *source;
  ticket.group = **group;
  ticket.parameters = std::move(parameters);
  return ticket;
}

Result<TestReport> Studio::test_api(std::string_view api_id,
                                    std::vector<std::pair<std::string, std::string>> parameters) {
  TestRequest request;
  request.api_id = api_id;
  request.parameters = std::move(parameters);
  auto ticket = begin_test("node", std::move(request));  // nobody asked for it by name
  if (!ticket) return ticket.error();
  auto outcome =
      lower_floor_.run_draft(ticket->definition, ticket->source, ticket->group, ticket->parameters);
  return finish_test(*ticket, std::move(outcome));
}

// ---- addresses

std::string make_base_url(std::string_view origin, const model::Domain* domain,
                          const model::RestApi& rest_api) {
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
  url += model::make_call_path(rest_api, "/");
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string make_access_url(std::string_view origin, const model::Domain* domain,
                            const model::RestApi& rest_api,
                            const model::ApiDefinition& definition) {
  auto url = make_base_url(origin, domain, rest_api);
  if (url.empty()) return url;
  url = model::join_paths(url, definition.path);
  const auto& versions = rest_api.version_management;
  if (model::is_said_apart(versions) && versions.scheme == model::VersionScheme::kQuery) {
    url += "?" + versions.name + "=" + versions.version;
  }
  return url;
}

}  // namespace sluice::studio
