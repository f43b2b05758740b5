// SPDX-License-Identifier: Apache-2.0
#include "dataservice/default_backend.hpp"

#include "dataservice/binder.hpp"
#include "dataservice/cursor_rows.hpp"
#include "dataservice/named_rows.hpp"
#include "dataservice/paced_rows.hpp"
#include "dataservice/script_maker.hpp"
#include "dataservice/wizard_maker.hpp"
#include "problem/problem.hpp"

#include <sluice/abilities.h>
#include <sluice/op.hpp>

#include <charconv>
#include <optional>

namespace sluice::dataservice {
namespace {

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
  Bound bound;
  Statements statements;
  sluice_render render;
  sluice_str next_cursor;  // told to the serializer before it is closed
  // Lent to the source until the step ends, which for an asynchronous one is long after run().
  sluice_query query;
  CountRows count_rows;
  sluice_rows* writer;  // open; null once it was closed
  CursorRows* cursor;   // before the writer; null unless pages are found by cursor
};

// A filter of this call, before `sink`, which becomes it. Null at the call's memory bound.
template <class Filter, class... Parts>
Filter* add_filter(call::Call& call, sluice_rows*& sink, Parts&&... parts) {
  const auto room = call.arena().make_array<Filter>(1);
  if (room.empty()) return nullptr;
  room[0] = Filter(sink, std::forward<Parts>(parts)...);
  sink = room[0].sink();
  return &room[0];
}

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

// Definitions of every mode end here, as a maker of statements. [ctl]
Result<std::unique_ptr<const StatementMaker>> make_statement_maker(
    const model::ApiDefinition& definition, const Ordering& ordering,
    const loader::Instance& source) {
  const auto* dialect =
      static_cast<const sluice_dialect*>(source.find_extension(SLUICE_DIALECT_ID));
  if (!dialect) {
    return Error{SLUICE_E_UNSUPPORTED,
                 "the data source type '" + std::string(to_view(source.component().type)) +
                     "' does not say how a table is queried, so neither mode can use it",
                 {},
                 "/data_source"};
  }
  if (definition.mode == model::ApiMode::kScript) return make_script_maker(definition, *dialect);
  return make_wizard_maker(definition, ordering, *dialect);
}

class DefaultBackend final : public snapshot::Backend {
 public:
  DefaultBackend(const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source,
                 std::shared_ptr<loader::Instance> serializer, std::string cursor_key)
      : definition_(definition),
        source_(std::move(source)),
        serializer_(std::move(serializer)),
        ordering_(definition_),
        cursors_(std::move(cursor_key)) {}

  Result<void> prepare();
  void serve(call::Call& call, const snapshot::Route& route) const override;

 private:
  Result<BoundCall*> bind(call::Call& call) const;
  static void count(BoundCall& bound);
  static void select(BoundCall& bound);
  static Status run_select(BoundCall& bound);
  static Status run_query(BoundCall& bound, std::string_view text, std::span<const Cell> args,
                          std::uint64_t max_rows, sluice_rows* rows);
  static Status close_writer(BoundCall& bound, Status why);
  static bool tell_next_cursor(BoundCall& bound);
  static void refuse(BoundCall& bound, Status status);
  static void cancel(void* user, call::Call& call);
  static void resume(void* user, call::Call& call);

  const sluice_data_source& source_table() const {
    return *static_cast<const sluice_data_source*>(source_->component().api);
  }
  const sluice_serializer& serializer_table() const {
    return *static_cast<const sluice_serializer*>(serializer_->component().api);
  }

  const model::ApiDefinition definition_;
  const std::shared_ptr<loader::Instance> source_, serializer_;
  const Ordering ordering_;
  const CursorSealer cursors_;
  std::optional<Binder> binder_;
  std::unique_ptr<const StatementMaker> maker_;
};

Result<void> DefaultBackend::prepare() {
  auto binder = Binder::make(definition_, ordering_, cursors_);
  if (!binder) return binder.error();
  binder_.emplace(std::move(*binder));
  auto maker = make_statement_maker(definition_, ordering_, *source_);
  if (!maker) return maker.error();
  maker_ = std::move(*maker);
  return {};
}

void DefaultBackend::serve(call::Call& call, const snapshot::Route&) const {
  auto bound = bind(call);
  if (!bound) return call.refuse(bound.error());
  if ((*bound)->bound.asked.wants_count) return count(**bound);
  select(**bound);
}

Result<BoundCall*> DefaultBackend::bind(call::Call& call) const {
  auto& arena = call.arena();
  const auto room = arena.make_array<BoundCall>(1);
  if (room.empty()) return Error{problem::kOverloaded, "the call's memory is used up", {}, {}};
  BoundCall& bound = room[0];
  bound = {.backend = this, .call = &call};

  Sent sent{.query = call.request().query, .principal = call.op()->principal};
  if (binder_->reads_body()) {
    const sluice_request& raw = *call.op()->request;
    sent.body = call.request().body;
    sent.content_type = to_view(raw.vt->header(&raw, SLUICE_STR("content-type")));
  }
  if (auto done = binder_->bind(sent, arena, bound.bound); !done) return done.error();
  if (auto done = maker_->make(bound.bound.asked, arena, bound.statements); !done) {
    return done.error();
  }
  bound.render = {.size = sizeof bound.render,
                  .shape = static_cast<std::uint32_t>(definition_.shape),
                  .envelope = static_cast<std::uint32_t>(definition_.envelope),
                  .int64_as_string = definition_.int64_as_string,
                  .total_num = -1,
                  .page_size = bound.bound.page_size,
                  .page_num = bound.bound.page_num,
                  .request_id = call.op()->request_id,
                  .next_cursor = bound.bound.asked.has_cursor ? &bound.next_cursor : nullptr};
  return &bound;
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
                 .max_rows = max_rows,
                 .acceleration = to_str(self.definition_.acceleration)};
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
                              return run_query(b, b.statements.count, b.statements.count_args, 1,
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
       .run = [](void* user, call::Call&) { return run_select(*static_cast<BoundCall*>(user)); },
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

// From the source to the body: rows pass what paces them, what finds the next page, the writer.
Status DefaultBackend::run_select(BoundCall& b) {
  const DefaultBackend& self = *b.backend;
  const Status opened = self.serializer_table().open(self.serializer_->self(), b.call->op(),
                                                     &b.render, b.call->body_out(), &b.writer);
  if (opened != SLUICE_OK) return opened;
  sluice_rows* sink = b.writer;
  const Asked& asked = b.bound.asked;
  if (asked.has_cursor) {
    const auto last = b.call->arena().make_array<Cell>(asked.order.size());
    b.next_cursor = {};
    if (last.size() == asked.order.size()) {
      b.cursor = add_filter<CursorRows>(*b.call, sink, b.bound.page_size, last, b.call->arena());
    }
    if (!b.cursor) return close_writer(b, SLUICE_E_TOO_LARGE);
  }
  if (self.definition_.mode == model::ApiMode::kScript &&
      !add_filter<NamedRows>(*b.call, sink, self.definition_.response_parameters, *b.call)) {
    return close_writer(b, SLUICE_E_TOO_LARGE);
  }
  if (self.source_->component().exec == SLUICE_EXEC_ASYNC &&
      !add_filter<PacedRows>(*b.call, sink, *b.call)) {
    return close_writer(b, SLUICE_E_TOO_LARGE);
  }
  const Status status = run_query(b, b.statements.rows, b.statements.row_args,
                                  static_cast<std::uint64_t>(asked.limit), sink);
  return status == SLUICE_PENDING ? status : close_writer(b, status);
}

// Where the rows ended: on the thread that pushed them, so that a worker can wait for the socket.
Status DefaultBackend::close_writer(BoundCall& bound, Status why) {
  sluice_rows* const writer = std::exchange(bound.writer, nullptr);
  if (!writer) return why;
  const DefaultBackend& self = *bound.backend;
  if (why == SLUICE_OK && !tell_next_cursor(bound)) {
    why = Op(bound.call->op())
              .fail(SLUICE_E_TOO_LARGE, "the last row's order columns are too long for a cursor");
  }
  return self.serializer_table().close(self.serializer_->self(), writer, why);
}

bool DefaultBackend::tell_next_cursor(BoundCall& bound) {
  const Asked& asked = bound.bound.asked;
  if (!bound.cursor || bound.cursor->last().empty()) return true;
  const DefaultBackend& self = *bound.backend;
  const auto text = self.cursors_.seal(bound.cursor->last(), {self.definition_.table, asked.order},
                                       bound.call->arena());
  if (!text) return false;
  bound.next_cursor = to_str(*text);
  return true;
}

void DefaultBackend::refuse(BoundCall& bound, Status status) {
  Error error = bound.call->take_error(status);
  error.status = problem::from_source(status);
  if (status == SLUICE_E_TIMEOUT) {
    error.detail = "the answer took longer than this API's timeout of " +
                   std::to_string(bound.backend->definition_.timeout_ms) + " ms";
  }
  // For the log and for the test of a draft; a caller reads `detail` only.
  const auto reason = bound.call->arena().make_array<char>(error.internal.size());
  std::copy_n(error.internal.data(), reason.size(), reason.data());
  bound.call->observation().refusal_reason = {reason.data(), reason.size()};
  bound.call->refuse(error);
}

std::string describe_cell(const Cell& cell) {
  switch (cell.type) {
    case SLUICE_T_BOOL:
      return cell.v.i ? "true" : "false";
    case SLUICE_T_INT64:
      return std::to_string(cell.v.i);
    case SLUICE_T_DOUBLE: {
      char text[32];
      return {text, std::to_chars(text, text + sizeof text, cell.v.f).ptr};
    }
    default:
      return std::string(to_view(cell.v.s));
  }
}

}  // namespace

Result<std::shared_ptr<const snapshot::Backend>> make_default_backend(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source,
    std::shared_ptr<loader::Instance> serializer, std::string cursor_key) {
  auto made = std::make_shared<DefaultBackend>(definition, std::move(source), std::move(serializer),
                                               std::move(cursor_key));
  if (auto prepared = made->prepare(); !prepared) return prepared.error();
  return std::shared_ptr<const snapshot::Backend>(std::move(made));
}

Result<Preview> preview_call(const model::ApiDefinition& definition, const loader::Instance& source,
                             std::string cursor_key, std::string_view query,
                             std::string_view form) {
  const Ordering ordering(definition);
  const CursorSealer cursors(std::move(cursor_key));
  const auto binder = Binder::make(definition, ordering, cursors);
  if (!binder) return binder.error();
  const auto maker = make_statement_maker(definition, ordering, source);
  if (!maker) return maker.error();
  call::Arena arena;
  Bound bound;
  const Sent sent{.query = query,
                  .body = form,
                  .content_type = "application/x-www-form-urlencoded",
                  .principal = nullptr};
  if (auto done = binder->bind(sent, arena, bound); !done) return done.error();
  Statements made;
  if (auto done = (*maker)->make(bound.asked, arena, made); !done) return done.error();
  Preview preview{.rows = std::string(made.rows), .count = {}, .arguments = {}};
  if (bound.asked.wants_count) {
    preview.count = made.count;
    preview.count_arguments = made.count_args.size();
  }
  for (const Cell& cell : made.row_args) preview.arguments.push_back(describe_cell(cell));
  return preview;
}

}  // namespace sluice::dataservice
