// SPDX-License-Identifier: Apache-2.0
#include "main/lower_floor.hpp"

#include "call/arena.hpp"
#include "call/in_process.hpp"
#include "dataservice/default_backend.hpp"
#include "gateway/gateway.hpp"
#include "upstream/proxy_backend.hpp"
#include "http/clock.hpp"
#include "loader/credential.hpp"
#include "problem/problem.hpp"
#include "studio/drift.hpp"
#include "studio/script_reading.hpp"
#include "studio/wizard.hpp"
#include "verify/explain.hpp"

#include <sluice/abilities.h>
#include <sluice/percent.hpp>

#include <algorithm>

namespace sluice::node {
namespace {

constexpr std::uint64_t kCatalogTimeoutNs = 10'000'000'000;
constexpr std::size_t kHintsMax = 16;                        // of one query
constexpr std::size_t kMethodsMax = 32;                      // of acceleration, of one type
constexpr std::size_t kNotesMax = 64, kNoteBytesMax = 4096;  // of one test

// An op of the control side: no request, no credentials, a deadline and a place for the error.
class CatalogOp {
 public:
  CatalogOp() {
    side_.op = {.size = sizeof(sluice_op),
                .mode = SLUICE_RUN_WORKER,
                .vt = &kTable,
                .ticket = 1,
                .deadline_ns = http::monotonic_ns() + kCatalogTimeoutNs,
                .now_ns = http::realtime_ns(),
                .request = nullptr,
                .principal = nullptr,
                .request_id = {nullptr, 0},
                .trace_parent = {nullptr, 0}};
    side_.self = this;
  }
  sluice_op* raw() { return &side_.op; }
  Error to_error(Status status) const {
    Error error = error_;
    error.status = status < 0 ? status : SLUICE_E_UNSUPPORTED;
    if (error.detail.empty()) error.detail = "the data source could not answer";
    return error;
  }

 private:
  struct Side {
    sluice_op op;
    CatalogOp* self;
  };
  static CatalogOp& of(sluice_op* op) { return *reinterpret_cast<Side*>(op)->self; }
  static const sluice_op_vt kTable;

  Side side_{};
  call::Arena arena_;
  Error error_;
};

const sluice_op_vt CatalogOp::kTable{
    .size = sizeof(sluice_op_vt),
    .reserved = 0,
    .checkpoint = [](sluice_op* op) -> sluice_status {
      return http::monotonic_ns() < op->deadline_ns ? SLUICE_OK : SLUICE_E_TIMEOUT;
    },
    .fail =
        [](sluice_op* op, sluice_status status, sluice_str text, sluice_str internal) {
          of(op).error_ = {status, std::string(to_view(text)), std::string(to_view(internal)), {}};
        },
    .complete = [](sluice_op*, std::uint64_t, sluice_status) {},
    .scratch = [](sluice_op* op, std::size_t bytes) { return of(op).arena_.allocate(bytes); },
    .find_credential = [](sluice_op*, sluice_str, sluice_str, sluice_credential*) -> sluice_status {
      return SLUICE_E_NOT_FOUND;
    },
    .find_nth_credential = [](sluice_op*, sluice_str, sluice_str, std::size_t,
                              sluice_credential*) -> sluice_status { return SLUICE_E_NOT_FOUND; },
    .is_granted = [](sluice_op*, sluice_str) -> std::int32_t { return 0; },
};

model::ParameterType to_type(std::uint32_t cell_type) {
  switch (cell_type) {
    case SLUICE_T_BOOL:
      return model::ParameterType::kBoolean;
    case SLUICE_T_INT64:
      return model::ParameterType::kLong;
    case SLUICE_T_DOUBLE:
      return model::ParameterType::kDouble;
    default:
      return model::ParameterType::kString;
  }
}

// What a catalogue pushes, copied.
struct CatalogSide {
  sluice_catalog_out out;
  std::vector<studio::TableInfo> tables;
  studio::TableDescription description;

  static CatalogSide& of(sluice_catalog_out* out) { return *reinterpret_cast<CatalogSide*>(out); }
  static const sluice_catalog_out_vt kTable;
};
const sluice_catalog_out_vt CatalogSide::kTable{
    .size = sizeof(sluice_catalog_out_vt),
    .reserved = 0,
    .table = [](sluice_catalog_out* out, const sluice_table_info* info) -> sluice_status {
      of(out).tables.push_back({std::string(to_view(info->name)),
                                std::string(to_view(info->comment)), info->is_view != 0});
      return SLUICE_OK;
    },
    .column = [](sluice_catalog_out* out, const sluice_column_info* info) -> sluice_status {
      of(out).description.columns.push_back(
          {std::string(to_view(info->name)), std::string(to_view(info->declared)),
           std::string(to_view(info->comment)), to_type(info->type), info->nullable != 0,
           info->primary_key});
      return SLUICE_OK;
    },
    .index = [](sluice_catalog_out* out, const sluice_index_info* info) -> sluice_status {
      studio::IndexInfo index{std::string(to_view(info->name)), info->unique != 0, {}};
      for (std::size_t i = 0; i < info->column_count; ++i) {
        index.columns.emplace_back(to_view(info->columns[i]));
      }
      of(out).description.indexes.push_back(std::move(index));
      return SLUICE_OK;
    },
};

// A hint for each step of the plan that reads a whole table (R090). A source that cannot explain
// itself, or not now, gives none: a hint never fails a test.
struct PlanSide {
  sluice_explain_out out;
  std::vector<std::string> hints;

  static PlanSide& of(sluice_explain_out* out) { return *reinterpret_cast<PlanSide*>(out); }
  static const sluice_explain_out_vt kTable;
};
const sluice_explain_out_vt PlanSide::kTable{
    .size = sizeof(sluice_explain_out_vt),
    .reserved = 0,
    .step = [](sluice_explain_out* out, sluice_str text, std::uint32_t full_scan) -> sluice_status {
      auto& hints = of(out).hints;
      if (full_scan && hints.size() < kHintsMax) {
        hints.push_back("the query reads the whole table (" + std::string(to_view(text)) +
                        "): choose indexed columns as request parameters, or add an index");
      }
      return SLUICE_OK;
    },
};

std::vector<std::string> find_plan_hints(const loader::Instance& source, const std::string& sql) {
  const auto* explain =
      static_cast<const sluice_explain*>(source.find_extension(SLUICE_EXPLAIN_ID));
  if (!explain) return {};
  CatalogOp op;
  PlanSide side{.out = {&PlanSide::kTable}, .hints = {}};
  const sluice_query query{.size = sizeof(sluice_query),
                           .reserved = 0,
                           .text = to_str(sql),
                           .resource = {nullptr, 0},
                           .args = nullptr,
                           .arg_count = 0,
                           .max_rows = 0};
  const Status status = explain->explain(source.self(), op.raw(), &query, &side.out);
  return status == SLUICE_OK ? std::move(side.hints) : std::vector<std::string>{};
}

Result<const sluice_catalog*> find_catalog(const loader::Instance& source) {
  const auto* catalog =
      static_cast<const sluice_catalog*>(source.find_extension(SLUICE_CATALOG_ID));
  if (!catalog) {
    return Error{
        SLUICE_E_UNSUPPORTED, "this type of data source has no catalogue of tables", {}, {}};
  }
  return catalog;
}

Result<studio::TableDescription> describe(const loader::Instance& source,
                                          const std::string& table) {
  const auto catalog = find_catalog(source);
  if (!catalog) return catalog.error();
  CatalogOp op;
  CatalogSide side{.out = {&CatalogSide::kTable}};
  const Status status =
      (*catalog)->describe_table(source.self(), op.raw(), to_str(table), &side.out);
  if (status != SLUICE_OK) return op.to_error(status);
  return std::move(side.description);
}

// A table as its source describes it; absent: there is none in script mode, or the source does not
// tell, or not now.
std::optional<studio::TableDescription> find_table(const loader::Instance& source,
                                                   const model::ApiDefinition& definition) {
  if (definition.mode == model::ApiMode::kScript) return {};
  auto described = describe(source, definition.table);
  return described ? std::optional(std::move(*described)) : std::nullopt;
}

// What the source's plan and the table say against a query; nothing of it fails a test.
std::vector<std::string> find_hints(const loader::Instance& source,
                                    const model::ApiDefinition& definition,
                                    const studio::TableDescription* table, const std::string& sql) {
  auto hints = find_plan_hints(source, sql);
  const bool is_page = definition.shape == model::ResultShape::kPage;
  const bool has_order = !definition.order.empty() || !definition.caller_order.choices.empty();
  if (definition.mode == model::ApiMode::kScript) {
    for (auto& hint : studio::find_script_hints(definition)) hints.push_back(std::move(hint));
    return hints;
  }
  if (!is_page && !has_order) return hints;
  for (auto& hint : studio::find_order_hints(definition, table)) {
    if (hints.size() < kHintsMax) hints.push_back(std::move(hint));
  }
  return hints;
}

// What a source tells of a statement, copied.
struct StatementSide {
  sluice_statement_out out;
  studio::StatementDescription description;

  static StatementSide& of(sluice_statement_out* out) {
    return *reinterpret_cast<StatementSide*>(out);
  }
  static const sluice_statement_out_vt kTable;
};
const sluice_statement_out_vt StatementSide::kTable{
    .size = sizeof(sluice_statement_out_vt),
    .reserved = 0,
    .column = [](sluice_statement_out* out, const sluice_column_info* info) -> sluice_status {
      auto& columns = of(out).description.columns;
      if (columns.size() == model::kParametersMax) return SLUICE_E_TOO_LARGE;
      const bool is_known = info->type != SLUICE_T_NULL;
      columns.push_back({std::string(to_view(info->name)), std::string(to_view(info->declared)),
                         is_known ? std::optional(to_type(info->type)) : std::nullopt});
      return SLUICE_OK;
    },
    .fault =
        [](sluice_statement_out* out, sluice_str text, std::uint64_t offset) {
          auto& description = of(out).description;
          description.fault = to_view(text);
          if (offset != UINT64_MAX) description.fault_at = static_cast<std::size_t>(offset);
        },
};

// The parameters of a test as a request has them.
struct SentTexts {
  std::string query, form;
};
SentTexts make_texts(const model::ApiDefinition& definition,
                     const std::vector<std::pair<std::string, std::string>>& parameters) {
  SentTexts texts;
  for (const auto& [name, value] : parameters) {
    std::string* text = &texts.query;
    for (const auto& parameter : definition.request_parameters) {
      if (parameter.name == name && parameter.position == model::Position::kBody)
        text = &texts.form;
    }
    if (!text->empty()) *text += '&';
    *text += encode_percent(name) + '=' + encode_percent(value);
  }
  return texts;
}

// What plugins did for one test, in bounds.
class Notes final : public call::NoteTaker {
 public:
  void note(std::string_view name, std::string_view value) override {
    const std::lock_guard lock(mutex_);
    if (notes_.size() == kNotesMax) return;
    notes_.emplace_back(name.substr(0, kNoteBytesMax), value.substr(0, kNoteBytesMax));
  }
  std::vector<std::pair<std::string, std::string>> take() {
    const std::lock_guard lock(mutex_);
    return std::move(notes_);
  }

 private:
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::string>> notes_;
};

call::Admission::Limits to_limits(const model::ResourceGroup& group) {
  return {.concurrency_max = static_cast<std::uint32_t>(group.concurrency_max),
          .queue_max = static_cast<std::uint32_t>(group.queue_max)};
}

// Of the one call of a test: why it failed, in the words of the plugin that failed.
class ReasonKeeper final : public gateway::Observer {
 public:
  void observe(unsigned, const call::Observation& call, std::uint64_t) override {
    reason = call.refusal_reason;
  }
  std::string reason;
};

}  // namespace

class LowerFloor::Prepared final : public studio::PreparedSnapshots {
 public:
  Prepared(LowerFloor& floor, std::vector<snapshot::InstanceTrouble> troubles)
      : troubles(std::move(troubles)), floor_(floor) {}
  void swap_in() noexcept override {
    for (auto& [holder, next] : snapshots) holder->store(std::move(next));
    for (auto& [admission, wanted] : limits) admission->set_limits(wanted);
    {
      const std::lock_guard lock(floor_.mutex_);
      floor_.troubles_.swap(troubles);
    }
    floor_.collect();
  }
  std::vector<std::pair<snapshot::Holder*, std::shared_ptr<const snapshot::Snapshot>>> snapshots;
  std::vector<snapshot::InstanceTrouble> troubles;
  std::map<std::shared_ptr<call::Admission>, call::Admission::Limits> limits;

 private:
  LowerFloor& floor_;
};

LowerFloor::LowerFloor(const loader::Registry& registry, loader::HostServices& services,
                       call::WorkerPool& workers, Holders& holders, http::OutgoingClient& outgoing,
                       std::string cursor_key, config::FileAccess files)
    : registry_(registry),
      services_(services),
      workers_(workers),
      holders_(holders),
      cursor_key_(std::move(cursor_key)),
      instances_(registry, services, std::move(files)),
      upstreams_(outgoing) {}

Result<std::shared_ptr<loader::Instance>> LowerFloor::find_source(const model::DataSource& source) {
  return instances_.find_or_make(SLUICE_KIND_DATA_SOURCE, source.type,
                                 model::make_key(source.workspace, source.name),
                                 source.settings_json);
}

Result<std::shared_ptr<const snapshot::Backend>> LowerFloor::make_backend(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source) {
  auto serializer = instances_.find_or_make(SLUICE_KIND_SERIALIZER, "json", "json", "{}");
  if (!serializer) return serializer.error();
  return dataservice::make_default_backend(definition, std::move(source), *serializer, cursor_key_);
}

Result<void> LowerFloor::check_data_source(const model::DataSource& source) {
  auto running = find_source(source);
  if (!running) return running.error();
  return (*running)->check_health();
}

Result<std::vector<studio::TableInfo>> LowerFloor::list_tables(const model::DataSource& source,
                                                               const std::string& search) {
  auto running = find_source(source);
  if (!running) return running.error();
  const auto catalog = find_catalog(**running);
  if (!catalog) return catalog.error();
  CatalogOp op;
  CatalogSide side{.out = {&CatalogSide::kTable}};
  const Status status =
      (*catalog)->list_tables((*running)->self(), op.raw(), to_str(search), &side.out);
  if (status != SLUICE_OK) return op.to_error(status);
  return std::move(side.tables);
}

Result<studio::TableDescription> LowerFloor::describe_table(const model::DataSource& source,
                                                            const std::string& table) {
  auto running = find_source(source);
  if (!running) return running.error();
  return describe(**running, table);
}

std::optional<studio::Acceleration> LowerFloor::find_acceleration(const std::string& source_type) {
  const auto* component = registry_.find(SLUICE_KIND_DATA_SOURCE, source_type);
  if (!component) return std::nullopt;
  // It belongs to the component: no instance is asked.
  const auto* offer = SLUICE_HAS(component, extension)
                          ? static_cast<const sluice_acceleration*>(
                                component->extension(nullptr, SLUICE_ACCELERATION_ID))
                          : nullptr;
  studio::Acceleration told;
  if (!offer) return told;
  told.is_required = offer->required != 0;
  for (std::size_t i = 0; i < std::min(offer->method_count, kMethodsMax); ++i) {
    const auto& method = *offer->methods[i];
    told.methods.push_back({std::string(to_view(method.name)), std::string(to_view(method.title)),
                            std::string(to_view(method.summary)),
                            std::string(to_view(method.warning))});
  }
  return told;
}

Result<studio::TestOutcome> LowerFloor::run_draft(
    const model::ApiDefinition& definition, const model::DataSource& source,
    const model::ResourceGroup& group,
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  auto running = find_source(source);
  if (!running) return running.error();
  auto backend = make_backend(definition, *running);
  if (!backend) return backend.error();
  const auto sent = make_texts(definition, parameters);
  const auto preview =
      dataservice::preview_call(definition, **running, cursor_key_, sent.query, sent.form);

  Notes notes;  // outlives every call of the gateway below
  // A gateway of one route, without authentication: the walk from there on is a client's.
  const bool is_post = definition.method == model::HttpMethod::kPost;
  snapshot::Route route;
  route.api_id = "draft";
  route.method = is_post ? "POST" : "GET";
  route.path = definition.path;
  route.timeout_ms = definition.timeout_ms;
  route.is_anonymous = true;
  route.admission =
      admissions_.find_or_make(model::make_key(group.region, group.name), to_limits(group));
  route.backend = *backend;
  route.notes = &notes;
  std::vector<snapshot::Route> routes;
  routes.push_back(std::move(route));
  auto only = snapshot::Snapshot::make(std::move(routes), nullptr);
  if (!only) return only.error();
  snapshot::Holder holder(1);
  holder.store(*only);
  ReasonKeeper observer;
  gateway::Gateway gateway(holder, workers_, observer, 1);

  call::InProcessRequest request{.method = is_post ? "POST" : "GET",
                                 .path = definition.path,
                                 .query = sent.query,
                                 .body = sent.form};
  if (!request.body.empty()) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  }
  const std::uint64_t started = http::monotonic_ns();
  auto response = call::run_in_process(gateway, request);
  const std::uint64_t ended = http::monotonic_ns();
  const auto table = find_table(**running, definition);
  const auto* known = table ? &*table : nullptr;
  auto facts = table ? studio::make_facts(*table) : model::TableFacts{};
  if (definition.mode == model::ApiMode::kScript) {
    if (const auto told = studio::describe_script(definition, source, *this)) {
      facts = studio::make_facts(*told);
    }
  }
  auto hints = preview ? find_hints(**running, definition, known, preview->rows)
                       : std::vector<std::string>{};
  if (const auto offer = find_acceleration(source.type)) {
    for (const auto& method : offer->methods) {
      if (method.name != definition.acceleration || method.warning.empty()) continue;
      hints.push_back("acceleration method " + method.name + ": " + method.warning);
    }
  }
  return studio::TestOutcome{
      .http_status = response.status,
      .headers = std::move(response.headers),
      .body = std::move(response.body),
      .duration_us = static_cast<std::int64_t>((ended - started) / 1000),
      .sql = preview ? preview->rows : std::string{},
      .hints = std::move(hints),
      .request = {request.method, request.path, request.query, request.headers, request.body},
      .fault = std::move(observer.reason),
      .table = std::move(facts),
      .notes = notes.take()};
}

Result<studio::CallPreview> LowerFloor::preview(
    const model::ApiDefinition& definition, const model::DataSource& source,
    const std::vector<std::pair<std::string, std::string>>& parameters) {
  auto running = find_source(source);
  if (!running) return running.error();
  const auto sent = make_texts(definition, parameters);
  auto preview =
      dataservice::preview_call(definition, **running, cursor_key_, sent.query, sent.form);
  if (!preview) {
    // What the caller of the API would be told; here it is about the parameters that were given.
    Error error = preview.error();
    if (error.where.empty()) error.where = "/parameters";
    if (error.status <= problem::kBadRequest) error.status = SLUICE_E_ARGUMENT;
    return error;
  }
  const auto table = find_table(**running, definition);
  return studio::CallPreview{
      .sql = std::move(preview->rows),
      .count_sql = std::move(preview->count),
      .arguments = std::move(preview->arguments),
      .count_arguments = preview->count_arguments,
      .hints = find_hints(**running, definition, table ? &*table : nullptr, preview->rows)};
}

Result<studio::StatementDescription> LowerFloor::describe_statement(const model::DataSource& source,
                                                                    const std::string& sql) {
  auto running = find_source(source);
  if (!running) return running.error();
  const auto* ability =
      static_cast<const sluice_statement*>((*running)->find_extension(SLUICE_STATEMENT_ID));
  if (!ability) {
    return Error{SLUICE_E_UNSUPPORTED,
                 "this type of data source does not tell what a statement answers",
                 {},
                 {}};
  }
  CatalogOp op;
  StatementSide side{.out = {&StatementSide::kTable}, .description = {}};
  sluice_query query{};
  query.size = sizeof query;
  query.text = to_str(sql);
  const Status status = ability->describe((*running)->self(), op.raw(), &query, &side.out);
  if (status == SLUICE_OK) return std::move(side.description);
  const bool is_refused = status == SLUICE_E_ARGUMENT || status == SLUICE_E_NOT_FOUND;
  if (!is_refused) return op.to_error(status);
  if (side.description.fault.empty()) side.description.fault = op.to_error(status).detail;
  return std::move(side.description);
}

Result<studio::SqlWords> LowerFloor::find_sql_words(const model::DataSource& source) {
  auto running = find_source(source);
  if (!running) return running.error();
  const auto* dialect =
      static_cast<const sluice_dialect*>((*running)->find_extension(SLUICE_DIALECT_ID));
  if (!dialect) {
    return Error{SLUICE_E_UNSUPPORTED,
                 "this type of data source does not say how a table is queried",
                 {},
                 "/data_source"};
  }
  const auto traits = SLUICE_FIELD(dialect, traits) ? dialect->traits : 0u;
  return studio::SqlWords{std::string(to_view(dialect->quote_open)),
                          std::string(to_view(dialect->quote_close)),
                          (traits & SLUICE_DIALECT_LIKE_BACKSLASH) != 0};
}

Result<studio::MadeCredential> LowerFloor::make_credential(const std::string& type,
                                                           const std::string& given_json) {
  const auto* component = registry_.find(SLUICE_KIND_AUTHENTICATOR, type);
  if (!component) {
    return Error{SLUICE_E_NOT_FOUND,
                 "no authenticator '" + type +
                     "' is loaded: name its plugin under plugins.load in the node file and restart",
                 {},
                 {}};
  }
  auto made = loader::make_credential(*component, given_json, services_);
  if (!made) return made.error();
  return studio::MadeCredential{.is_unique = made->is_unique,
                                .secret = std::move(made->secret),
                                .display = std::move(made->display),
                                .lookups = std::move(made->lookups),
                                .attributes = std::move(made->attributes),
                                .shown = std::move(made->shown)};
}

Result<studio::Explanation> LowerFloor::explain(const std::string& instance,
                                                const studio::SentRequest& request,
                                                model::UnixMs now) {
  const auto holder = instance.empty() ? holders_.begin() : holders_.find(instance);
  if (holder == holders_.end()) {
    return Error{SLUICE_E_NOT_FOUND,
                 "this node serves no gateway instance '" + instance + "': ask the one that does",
                 {},
                 "/instance"};
  }
  const std::uint64_t now_ns =
      now > 0 ? static_cast<std::uint64_t>(now) * 1'000'000 : http::realtime_ns();
  auto told =
      verify::explain(holder->second->load(),
                      {request.method, request.path, request.query, request.headers, request.body},
                      now_ns, registry_, services_, workers_);
  if (!told) return told.error();
  const auto& verdict = told->verdict;
  studio::Explanation answer{.instance = holder->first,
                             .accept = verdict.accept,
                             .status = verdict.status,
                             .code = verdict.code,
                             .message = verdict.message,
                             .reason = verdict.reason,
                             .consumer = verdict.consumer,
                             .credential_id = verdict.credential_id,
                             .parameters = verdict.bind};
  if (told->route) {
    answer.api_id = told->route->api_id;
    answer.version = told->route->version;
    answer.method = told->route->method;
    answer.path = told->route->path;
    answer.domain = told->route->domain;
    answer.authentication = told->route->authentication;
  }
  return answer;
}

Result<std::unique_ptr<studio::PreparedSnapshots>> LowerFloor::prepare(const model::State& state) {
  const bool are_same = credentials_ && &state.credentials.all() == &indexed_.credentials.all() &&
                        &state.consumers.all() == &indexed_.consumers.all();
  if (!are_same) {
    credentials_ = snapshot::make_credential_index(state, credentials_.get());
    indexed_ = state;
  }
  auto prepared = std::make_unique<Prepared>(*this, std::vector<snapshot::InstanceTrouble>{});
  // Bounds change when the snapshot is swapped in, with everything else.
  const snapshot::Makers makers{
      .make_default =
          [this](const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source) {
            return make_backend(definition, std::move(source));
          },
      .make_proxy =
          [this](const model::ApiDefinition& definition, const model::BackendService& service) {
            return upstream::make_proxy_backend(definition, upstreams_.find_or_make(service));
          },
      .find_admission =
          [this, &prepared](const model::ResourceGroup& group) {
            auto admission = admissions_.find_or_make(model::make_key(group.region, group.name),
                                                      to_limits(group));
            prepared->limits.emplace(admission, to_limits(group));
            return admission;
          }};
  for (auto& [instance, holder] : holders_) {
    auto built = snapshot::build_snapshot(state, instance, credentials_, instances_, makers,
                                          prepared->troubles);
    if (!built) return built.error();
    prepared->snapshots.emplace_back(holder.get(), *built);
  }
  return std::unique_ptr<studio::PreparedSnapshots>(std::move(prepared));
}

void LowerFloor::collect() {
  for (auto& [instance, holder] : holders_) holder->collect();
  instances_.collect();
  admissions_.collect();
  upstreams_.collect();
}

std::vector<studio::SourceType> LowerFloor::list_source_types() const {
  std::vector<studio::SourceType> types;
  for (const auto& plugin : registry_.reports()) {
    for (const auto& reported : plugin.components) {
      const auto* component = reported.kind == "data-source"
                                  ? registry_.find(SLUICE_KIND_DATA_SOURCE, reported.type)
                                  : nullptr;
      if (!plugin.loaded || !component) continue;
      // Whether there is an ability belongs to the component: no instance is asked.
      const auto has = [&](const char* id) {
        return SLUICE_HAS(component, extension) && component->extension(nullptr, id) != nullptr;
      };
      const bool has_dialect = has(SLUICE_DIALECT_ID);
      types.push_back({reported.type, reported.title, reported.summary, has_dialect, has_dialect,
                       has(SLUICE_CATALOG_ID), has(SLUICE_EXPLAIN_ID), has(SLUICE_STATEMENT_ID)});
    }
  }
  std::ranges::sort(types, {}, &studio::SourceType::type);
  return types;
}

std::vector<std::string> LowerFloor::list_authenticators() const {
  std::vector<std::string> types;
  for (const auto& plugin : registry_.reports()) {
    for (const auto& reported : plugin.components) {
      const bool is_offered = plugin.loaded && reported.kind == "authenticator" &&
                              registry_.find(SLUICE_KIND_AUTHENTICATOR, reported.type);
      if (is_offered) types.push_back(reported.type);
    }
  }
  std::ranges::sort(types);
  return types;
}

Result<void> LowerFloor::check_settings(const model::DataSource& source) {
  const auto* component = registry_.find(SLUICE_KIND_DATA_SOURCE, source.type);
  if (!component) {
    return Error{SLUICE_E_NOT_FOUND,
                 "no data source type '" + source.type +
                     "' is loaded (R079): name its plugin under plugins.load in the node file and "
                     "restart, or choose another type",
                 {},
                 {}};
  }
  return instances_.check_settings(*component, model::make_key(source.workspace, source.name),
                                   source.settings_json);
}

std::vector<studio::AddressHealth> LowerFloor::list_backend_health(
    const model::BackendService& service) const {
  std::vector<studio::AddressHealth> told;
  const auto upstream = upstreams_.find(service);
  if (!upstream) return told;
  for (auto& address : upstream->health()) {
    told.push_back({std::move(address.address), address.is_healthy, std::move(address.reason),
                    address.changed_at});
  }
  return told;
}

std::vector<snapshot::InstanceTrouble> LowerFloor::troubles() const {
  const std::lock_guard lock(mutex_);
  return troubles_;
}

}  // namespace sluice::node
