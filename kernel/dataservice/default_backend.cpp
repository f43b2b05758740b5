// SPDX-License-Identifier: Apache-2.0
#include "dataservice/default_backend.hpp"

#include "dataservice/body.hpp"
#include "dataservice/paced_rows.hpp"
#include "dataservice/parameters.hpp"
#include "dataservice/sql.hpp"
#include "problem/problem.hpp"

#include <sluice/abilities.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace sluice::dataservice {
namespace {

constexpr std::size_t kRequestParametersMax = 64;  // one bit each
constexpr std::size_t kOptionalPreparedMax = 4;    // 16 statements made at publish time
constexpr std::int64_t kPageSizeDefault = 10;

// A request parameter as a call needs it.
struct Bound {
  std::string name;
  model::ParameterType type;
  bool is_in_body;
  bool is_required;
  std::optional<Cell> otherwise;  // borrows from default_text
  std::string default_text;
};

struct Statements {
  std::uint64_t present;
  std::string select, count;
};

class DefaultBackend;

// Takes the one number of a COUNT.
struct CountRows {
  sluice_rows rows;
  std::int64_t total;
  static const sluice_rows_vt kTable;
};

// One call on its way through the data service; stands in the call's arena.
struct BoundCall {
  const DefaultBackend* backend;
  call::Call* call;
  std::span<Cell> args;  // present parameters, then limit and offset
  std::size_t condition_args;
  std::uint64_t present;
  std::string_view select, count;
  sluice_render render;
  bool wants_total;
  // Lent to the source until the step ends, which for an asynchronous one is long after run().
  sluice_query query;
  CountRows count_rows;
  sluice_rows* writer;  // open; null once it was closed
  PacedRows paced;      // before the writer, for an asynchronous source
};

const sluice_rows_vt CountRows::kTable{
    .size = sizeof(sluice_rows_vt),
    .types = 1u << SLUICE_T_INT64,
    .begin = [](sluice_rows*, const sluice_column*, std::size_t) -> sluice_status {
      return SLUICE_OK;
    },
    .push = [](sluice_rows* rows, const sluice_cell* cells, std::size_t) -> sluice_status {
      reinterpret_cast<CountRows*>(rows)->total = cells[0].v.i;
      return SLUICE_OK;
    },
    .extension = nullptr,
};

class DefaultBackend final : public snapshot::Backend {
 public:
  DefaultBackend(const model::ApiDefinition& definition, const sluice_dialect& dialect,
                 std::shared_ptr<loader::Instance> source,
                 std::shared_ptr<loader::Instance> serializer)
      : definition_(definition),
        dialect_(dialect),
        source_(std::move(source)),
        serializer_(std::move(serializer)) {}

  Result<void> prepare();
  void serve(call::Call& call, const snapshot::Route& route) const override;

 private:
  Result<BoundCall*> bind(call::Call& call) const;
  bool bind_text(BoundCall& bound, std::span<const std::string_view> texts, Faults& faults) const;
  bool read_body(call::Call& call, std::span<std::string_view> texts, std::span<bool> seen,
                 Faults& faults) const;
  bool choose_statement(BoundCall& bound) const;
  static void count(BoundCall& bound);
  static void select(BoundCall& bound);
  static Status run_query(BoundCall& bound, std::string_view text, std::span<const Cell> args,
                          std::uint64_t max_rows, sluice_rows* rows);
  static Status close_writer(BoundCall& bound, Status why);
  static void refuse(BoundCall& bound, Status status);
  static void cancel(void* user, call::Call& call);
  static void resume(void* user, call::Call& call);

  const sluice_data_source& source_table() const {
    return *static_cast<const sluice_data_source*>(source_->component().api);
  }
  const sluice_serializer& serializer_table() const {
    return *static_cast<const sluice_serializer*>(serializer_->component().api);
  }
  bool is_page() const { return definition_.shape == model::ResultShape::kPage; }

  const model::ApiDefinition definition_;
  const sluice_dialect dialect_;
  const std::shared_ptr<loader::Instance> source_, serializer_;
  std::vector<Bound> parameters_;
  std::vector<Statements> statements_;  // by the parameters present; the fullest first
  bool reads_body_ = false;
};

Result<void> DefaultBackend::prepare() {
  const auto& wanted = definition_.request_parameters;
  if (wanted.size() > kRequestParametersMax) {
    return Error{
        SLUICE_E_ARGUMENT, "an API has at most 64 request parameters", {}, "/request_parameters"};
  }
  if (!definition_.fixed_conditions.empty() || !definition_.conditions.items.empty() ||
      !definition_.order.empty() || !definition_.caller_order.choices.empty() ||
      definition_.paging != model::Paging::kNumber ||
      std::ranges::any_of(wanted, [](const auto& parameter) {
        return parameter.op > model::Operator::kLessOrEqual ||
               parameter.validation != model::Validation();
      })) {
    return Error{SLUICE_E_UNSUPPORTED, "this definition cannot be served yet", {}, {}};
  }
  parameters_.reserve(wanted.size());
  std::uint64_t always = 0, sometimes = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& parameter = wanted[i];
    const bool is_in_body = parameter.position == model::Position::kBody;
    reads_body_ |= is_in_body;
    auto& bound = parameters_.emplace_back(Bound{parameter.name, parameter.type, is_in_body,
                                                 parameter.required, std::nullopt,
                                                 parameter.default_value.value_or("")});
    if (parameter.default_value && !parameter.required) {
      bound.otherwise = parse_value(parameter.type, bound.default_text);
      if (!bound.otherwise) {
        return Error{
            SLUICE_E_ARGUMENT,
            "the default of " + parameter.name + " " + std::string(describe(parameter.type)),
            {},
            "/request_parameters/" + std::to_string(i) + "/default_value"};
      }
    }
    const bool is_always = parameter.required || bound.otherwise;
    (is_always ? always : sometimes) |= std::uint64_t{1} << i;
  }
  const auto add = [&](std::uint64_t present) {
    statements_.push_back({present, make_select(definition_, dialect_, present),
                           is_page() ? make_count(definition_, dialect_, present) : std::string{}});
  };
  add(always | sometimes);
  if (std::popcount(sometimes) <= static_cast<int>(kOptionalPreparedMax)) {
    // Every other subset of the optional ones, by the usual walk over submasks.
    for (std::uint64_t subset = sometimes; subset != 0;) {
      subset = (subset - 1) & sometimes;
      add(always | subset);
    }
  }
  return {};
}

void DefaultBackend::serve(call::Call& call, const snapshot::Route&) const {
  auto bound = bind(call);
  if (!bound) return call.refuse(bound.error());
  if ((*bound)->wants_total) return count(**bound);
  select(**bound);
}

// ------------------------------------------------------------------------------------------- bind

bool DefaultBackend::read_body(call::Call& call, std::span<std::string_view> texts,
                               std::span<bool> seen, Faults& faults) const {
  const auto take = [&](std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].is_in_body && parameters_[i].name == name && !seen[i]) {
        seen[i] = true;
        texts[i] = value;
      }
    }
  };
  const std::string_view body = call.request().body;
  if (body.empty()) return true;
  const sluice_request& raw = *call.op()->request;
  const auto type = to_view(raw.vt->header(&raw, SLUICE_STR("content-type")));
  const auto media = type.substr(0, type.find(';'));
  const auto is_media = [&](std::string_view wanted) {
    std::string_view given = media;
    while (given.ends_with(' ')) given.remove_suffix(1);
    return std::ranges::equal(given, wanted, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
    });
  };
  const sluice_principal* who = call.op()->principal;
  const bool is_verified = who && who->parameters_verified;
  if (is_media("application/x-www-form-urlencoded")) {
    if (is_verified) return true;  // the signature covers it: what it holds was handed over
    if (!for_each_pair(body, call.arena(), take)) faults.add_body("has a malformed %-escape");
    return true;
  }
  if (!type.empty() && !is_media("application/json")) return false;
  if (const auto fault = parse_json_object(body, call.arena(), take)) faults.add_body(*fault);
  return true;
}

Result<BoundCall*> DefaultBackend::bind(call::Call& call) const {
  auto& arena = call.arena();
  const auto room = arena.make_array<BoundCall>(1);
  const auto texts = arena.make_array<std::string_view>(parameters_.size());
  const auto seen = arena.make_array<bool>(parameters_.size());
  const auto args = arena.make_array<Cell>(parameters_.size() + 2);
  if (room.empty() || args.empty() || texts.size() != parameters_.size() ||
      seen.size() != parameters_.size()) {
    return Error{problem::kOverloaded, "the call's memory is used up", {}, {}};
  }
  std::ranges::fill(texts, std::string_view{});
  std::ranges::fill(seen, false);
  BoundCall& bound = room[0];
  bound = {.backend = this, .call = &call, .args = args};
  bound.render = {.size = sizeof bound.render,
                  .shape = static_cast<std::uint32_t>(definition_.shape),
                  .envelope = static_cast<std::uint32_t>(definition_.envelope),
                  .int64_as_string = definition_.int64_as_string,
                  .total_num = -1,
                  .page_size = std::min(kPageSizeDefault, definition_.max_rows),
                  .page_num = 1,
                  .request_id = call.op()->request_id};
  bound.wants_total = is_page();

  Faults faults;
  std::string_view page_num, page_size, wants_total;
  const auto take = [&](std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!seen[i] && !parameters_[i].is_in_body && parameters_[i].name == name) {
        seen[i] = true;
        texts[i] = value;
        return;
      }
    }
    if (!is_page()) return;
    if (name == "pageNum" && page_num.data() == nullptr) page_num = value;
    if (name == "pageSize" && page_size.data() == nullptr) page_size = value;
    if (name == "returnTotalNum" && wants_total.data() == nullptr) wants_total = value;
  };
  const sluice_principal* who = call.op()->principal;
  if (who && who->parameters_verified) {
    // What the signature covers (auth.md 4.3), wherever the API expects it.
    for (std::size_t p = 0; p < who->parameter_count; ++p) {
      const auto name = to_view(who->parameters[p].name), value = to_view(who->parameters[p].value);
      take(name, value);
      for (std::size_t i = 0; i < parameters_.size(); ++i) {
        if (!seen[i] && parameters_[i].is_in_body && parameters_[i].name == name) {
          seen[i] = true;
          texts[i] = value;
        }
      }
    }
  } else if (!for_each_pair(call.request().query, arena, take)) {
    faults.add_format("query", "has a malformed %-escape");
  }
  // A JSON body is never part of a signed text. What a signature says of it is its digest, which
  // the authenticator compared; it adds what was not signed and replaces nothing.
  if (reads_body_ && !read_body(call, texts, seen, faults)) {
    return Error{problem::kMediaTypeNotSupported,
                 "send the body as application/json or application/x-www-form-urlencoded",
                 {},
                 {}};
  }

  std::size_t used = 0;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Bound& parameter = parameters_[i];
    if (!seen[i]) {
      if (parameter.otherwise) {
        args[used++] = *parameter.otherwise;
        bound.present |= std::uint64_t{1} << i;
      } else if (parameter.is_required) {
        faults.add_missing(parameter.name);
      }
      continue;
    }
    const auto cell = parse_value(parameter.type, texts[i]);
    if (!cell) {
      faults.add_format(parameter.name, describe(parameter.type));
      continue;
    }
    args[used++] = *cell;
    bound.present |= std::uint64_t{1} << i;
  }
  bound.condition_args = used;

  const auto number = [&](std::string_view name, std::string_view text, std::int64_t max,
                          std::int64_t& out) {
    if (text.data() == nullptr) return;
    const auto cell = parse_value(model::ParameterType::kLong, text);
    if (!cell) return faults.add_format(name, "must be a whole number");
    if (cell->v.i < 1 || cell->v.i > max) {
      return faults.add_value(name, "must be from 1 to " + std::to_string(max));
    }
    out = cell->v.i;
  };
  number("pageNum", page_num, 1'000'000'000, bound.render.page_num);
  number("pageSize", page_size, definition_.max_rows, bound.render.page_size);
  if (wants_total.data() != nullptr) {
    const auto cell = parse_value(model::ParameterType::kBoolean, wants_total);
    if (cell) {
      bound.wants_total = cell->v.i != 0;
    } else {
      faults.add_format("returnTotalNum", describe(model::ParameterType::kBoolean));
    }
  }
  if (!faults.empty()) return faults.to_error();

  const bool is_single = definition_.shape == model::ResultShape::kSingle;
  args[used++] = make_int64(is_page()   ? bound.render.page_size
                            : is_single ? 1
                                        : definition_.max_rows);
  if (is_page()) args[used++] = make_int64((bound.render.page_num - 1) * bound.render.page_size);
  bound.args = args.first(used);
  if (!choose_statement(bound)) {
    return Error{problem::kOverloaded, "the call's memory is used up", {}, {}};
  }
  return &bound;
}

// ------------------------------------------------------------------------------------- make_query

bool DefaultBackend::choose_statement(BoundCall& bound) const {
  for (const auto& made : statements_) {
    if (made.present != bound.present) continue;
    bound.select = made.select;
    bound.count = made.count;
    return true;
  }
  // More optional parameters than statements made ahead: this one's text lives with the call.
  const auto keep = [&](const std::string& text) -> std::string_view {
    const auto copy = bound.call->arena().make_array<char>(text.size());
    std::memcpy(copy.data(), text.data(), copy.size());
    return {copy.data(), copy.size()};
  };
  bound.select = keep(make_select(definition_, dialect_, bound.present));
  if (is_page()) bound.count = keep(make_count(definition_, dialect_, bound.present));
  return !bound.select.empty() && (!is_page() || !bound.count.empty());
}

// ---------------------------------------------------------------------------------------- execute

Status DefaultBackend::run_query(BoundCall& bound, std::string_view text,
                                 std::span<const Cell> args, std::uint64_t max_rows,
                                 sluice_rows* rows) {
  const DefaultBackend& self = *bound.backend;
  bound.query = {.size = sizeof bound.query,
                 .reserved = 0,
                 .text = to_str(text),
                 .resource = to_str(self.definition_.table),
                 .args = args.data(),
                 .arg_count = args.size(),
                 .max_rows = max_rows};
  return self.source_table().execute(self.source_->self(), bound.call->op(), &bound.query, rows);
}

void DefaultBackend::cancel(void* user, call::Call& call) {
  const DefaultBackend& self = *static_cast<BoundCall*>(user)->backend;
  const auto* table = &self.source_table();
  if (SLUICE_HAS(table, cancel)) table->cancel(self.source_->self(), call.op());
}

void DefaultBackend::resume(void* user, call::Call& call) {
  const DefaultBackend& self = *static_cast<BoundCall*>(user)->backend;
  const auto* table = &self.source_table();
  if (SLUICE_HAS(table, resume)) table->resume(self.source_->self(), call.op());
}

// COUNT runs first: the total stands before the rows in the answer.
void DefaultBackend::count(BoundCall& bound) {
  bound.call->run_step({.exec = bound.backend->source_->component().exec,
                        .user = &bound,
                        .run =
                            [](void* user, call::Call&) {
                              auto& b = *static_cast<BoundCall*>(user);
                              b.count_rows = {{&CountRows::kTable}, 0};
                              return run_query(b, b.count, b.args.first(b.condition_args), 1,
                                               &b.count_rows.rows);
                            },
                        .discard = nullptr,
                        .done =
                            [](void* user, call::Call&, Status status) {
                              auto& b = *static_cast<BoundCall*>(user);
                              if (status != SLUICE_OK) return refuse(b, status);
                              b.render.total_num = b.count_rows.total;
                              select(b);
                            },
                        .cancel = &cancel});
}

void DefaultBackend::select(BoundCall& bound) {
  bound.call->set_stream_type(to_view(bound.backend->serializer_table().media_type));
  bound.call->run_step(
      {.exec = bound.backend->source_->component().exec,
       .user = &bound,
       .run =
           [](void* user, call::Call& call) {
             auto& b = *static_cast<BoundCall*>(user);
             const DefaultBackend& self = *b.backend;
             Status status = self.serializer_table().open(self.serializer_->self(), call.op(),
                                                          &b.render, call.body_out(), &b.writer);
             if (status != SLUICE_OK) return status;
             const std::uint64_t rows_max =
                 static_cast<std::uint64_t>(self.is_page() ? b.render.page_size
                                            : self.definition_.shape == model::ResultShape::kSingle
                                                ? 1
                                                : self.definition_.max_rows);
             sluice_rows* sink = b.writer;
             if (self.source_->component().exec == SLUICE_EXEC_ASYNC) {
               b.paced = PacedRows(b.writer, call);
               sink = b.paced.sink();
             }
             status = run_query(b, b.select, b.args, rows_max, sink);
             return status == SLUICE_PENDING ? status : close_writer(b, status);
           },
       .discard = [](void*, call::Call& call) { call.rewind_body(); },
       .done =
           [](void* user, call::Call& call, Status status) {
             auto& b = *static_cast<BoundCall*>(user);
             status = close_writer(b, status);  // still open after an asynchronous source
             if (status == SLUICE_OK) return call.respond_with_body();
             refuse(b, status);
           },
       .cancel = &cancel,
       .resume = &resume});
}

// Where the rows ended: on the thread that pushed them, so that a worker can wait for the socket.
Status DefaultBackend::close_writer(BoundCall& bound, Status why) {
  sluice_rows* const writer = std::exchange(bound.writer, nullptr);
  if (!writer) return why;
  const DefaultBackend& self = *bound.backend;
  return self.serializer_table().close(self.serializer_->self(), writer, why);
}

void DefaultBackend::refuse(BoundCall& bound, Status status) {
  Error error = bound.call->take_error(status);
  error.status = problem::from_source(status);
  if (status == SLUICE_E_TIMEOUT) {
    error.detail = "the answer took longer than this API's timeout of " +
                   std::to_string(bound.backend->definition_.timeout_ms) + " ms";
  }
  bound.call->refuse(error);
}

Result<const sluice_dialect*> find_dialect(const loader::Instance& source) {
  const auto* dialect =
      static_cast<const sluice_dialect*>(source.find_extension(SLUICE_DIALECT_ID));
  if (!dialect) {
    return Error{SLUICE_E_UNSUPPORTED,
                 "the data source type '" + std::string(to_view(source.component().type)) +
                     "' does not say how a table is queried, so wizard mode cannot use it",
                 {},
                 "/data_source"};
  }
  return dialect;
}

}  // namespace

Result<std::shared_ptr<const snapshot::Backend>> make_default_backend(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source,
    std::shared_ptr<loader::Instance> serializer) {
  if (definition.mode == model::ApiMode::kScript) {
    return Error{SLUICE_E_UNSUPPORTED, "script mode cannot be served yet", {}, "/mode"};
  }
  const auto dialect = find_dialect(*source);
  if (!dialect) return dialect.error();
  auto made = std::make_shared<DefaultBackend>(definition, **dialect, std::move(source),
                                               std::move(serializer));
  if (auto prepared = made->prepare(); !prepared) return prepared.error();
  return std::shared_ptr<const snapshot::Backend>(std::move(made));
}

Result<std::string> preview_sql(const model::ApiDefinition& definition,
                                const loader::Instance& source) {
  const auto dialect = find_dialect(source);
  if (!dialect) return dialect.error();
  return make_select(definition, **dialect, ~std::uint64_t{0});
}

}  // namespace sluice::dataservice
