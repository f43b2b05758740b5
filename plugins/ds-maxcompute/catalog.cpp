// SPDX-License-Identifier: Apache-2.0
#include "catalog.hpp"

#include "documents.hpp"
#include "fault.hpp"
#include "sql.hpp"
#include "text.hpp"
#include "type.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

namespace sluice::maxcompute {
namespace {

constexpr auto kCheckEvery = std::chrono::milliseconds(100);  // a waiting call looks up
constexpr int kAttemptsMax = 3;
constexpr std::uint64_t kStopPatienceMs = 3'000;
constexpr std::uint64_t kGraceNs = 1'000'000'000;
constexpr std::size_t kPagesMax = 10'000;

struct Answer {
  std::optional<Fault> fault;
  int http_status = 0;
  std::string body;
  Pairs headers = {};
};

class Collector final : public Listener {
 public:
  void head(int http_status, Pairs headers) override {
    answer_.http_status = http_status;
    headers_ = std::move(headers);
  }
  Status data(std::string_view bytes) override {
    answer_.body += bytes;
    return SLUICE_OK;
  }
  void end(Status status, std::string_view why) override {
    const std::lock_guard lock(mutex_);
    if (status != SLUICE_OK) {
      answer_.fault = make_transport_fault(status, why);
    } else if (answer_.http_status >= 300) {
      answer_.fault = make_http_fault(answer_.http_status, answer_.body,
                                      find_header(headers_, "x-odps-request-id"), 0);
    }
    is_over_ = true;
    changed_.notify_all();
  }
  bool await(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return is_over_; });
  }
  Answer take() {
    answer_.headers = std::move(headers_);
    return std::move(answer_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;
  Answer answer_;
  Pairs headers_;
};

// `op` null: nobody's call, the request's own time holds.
Answer ask_once(Shared& shared, const Draft& draft, const Op* op,
                std::uint64_t patience_ms_max = UINT64_MAX) {
  const auto collector = std::make_shared<Collector>();
  const std::uint64_t now = shared.timers->monotonic_ns();
  std::uint64_t deadline =
      now + std::min(shared.settings.request_timeout_ms, patience_ms_max) * 1'000'000;
  if (op) deadline = std::min(deadline, op->deadline_ns());
  std::uint64_t id = 0;
  const Status sent = shared.wire->send(draft, deadline, kAnswerBytesMax, collector, &id);
  if (sent != SLUICE_OK)
    return {make_transport_fault(sent, "the request could not be sent"), 0, {}};
  while (!collector->await(kCheckEvery)) {
    Status status = op ? op->checkpoint() : SLUICE_OK;
    // The client ends what is late itself; should it not, nobody waits for ever.
    const std::uint64_t waited_ns = shared.timers->monotonic_ns() - now;
    if (waited_ns > deadline - now + kGraceNs) status = SLUICE_E_TIMEOUT;
    if (status == SLUICE_OK) continue;
    shared.wire->cancel(id);
    return {make_transport_fault(status, "stopped"), 0, {}};
  }
  return collector->take();
}

// Reading is safe to repeat, and so is stopping.
Answer ask(Shared& shared, const Draft& draft, const Op* op,
           std::uint64_t patience_ms_max = UINT64_MAX) {
  for (int attempt = 1;; ++attempt) {
    Answer answer = ask_once(shared, draft, op, patience_ms_max);
    const bool may_repeat = answer.fault && answer.fault->is_transient && attempt < kAttemptsMax &&
                            answer.fault->error.status != SLUICE_E_TIMEOUT;
    if (!may_repeat || (op && op->checkpoint() != SLUICE_OK)) return answer;
  }
}

std::string project_path(const Shared& shared) { return "/projects/" + shared.settings.project; }

// A pause of a call that waits on a worker; false: it is to end.
bool pause(std::chrono::milliseconds span, const Op& op) {
  for (; span.count() > 0; span -= kCheckEvery) {
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(span, kCheckEvery));
    if (op.checkpoint() != SLUICE_OK) return false;
  }
  return true;
}

Answer stop_job(Shared& shared, const std::string& path) {
  Draft draft;
  draft.method = "PUT";
  draft.path = path;
  draft.headers = {{"Content-Type", "application/xml"}};
  draft.body = kStopXml;
  return ask(shared, draft, nullptr, kStopPatienceMs);
}

// The columns of a statement, or why not. maxcompute.md 14.
std::variant<std::vector<ColumnSpec>, Fault> explain_output(Shared& shared,
                                                            const std::string& statement,
                                                            const Op& op) {
  Draft submit;
  submit.method = "POST";
  submit.path = project_path(shared) + "/instances";
  submit.headers = {{"Content-Type", "application/xml"}};
  JobSettings job_settings = make_job_settings(shared.settings);
  job_settings["odps.sql.select.output.format"] = "json";
  submit.body = make_job_xml("explain output " + statement, job_settings, make_uuid());
  const Answer submitted = ask_once(shared, submit, &op);
  if (submitted.fault) return *submitted.fault;
  const auto id = parse_instance_id(find_header(submitted.headers, "Location"));
  if (!id) return make_protocol_fault("a submission was answered without a job");
  Draft draft;
  draft.path = submit.path + "/" + *id;

  std::optional<InstanceState> state;
  if (submitted.http_status == 200) state = parse_instance(submitted.body);
  auto span = std::chrono::milliseconds(50);
  while (!state || state->tasks.empty()) {
    if (!pause(span, op)) {
      (void)stop_job(shared, draft.path);
      return make_transport_fault(op.checkpoint(), "stopped");
    }
    span = std::min(span * 2, std::chrono::milliseconds(1'000));
    draft.parameters = {{"taskstatus", ""}};
    const Answer looked = ask(shared, draft, &op);
    if (looked.fault) {
      (void)stop_job(shared, draft.path);
      return *looked.fault;
    }
    state = parse_instance(looked.body);
    if (!state) return make_protocol_fault("the status of a job is no such document");
    if (!equals_folded(state->status, "Terminated")) state.reset();
  }
  if (!state->tasks.front().result) {
    draft.parameters = {{"result", ""}};
    const Answer result = ask(shared, draft, &op);
    if (result.fault) return *result.fault;
    auto read = parse_instance(result.body);
    if (!read || read->tasks.empty()) {
      return make_protocol_fault("the result of a job is no such document");
    }
    if (read->tasks.front().status.empty()) {
      read->tasks.front().status = state->tasks.front().status;
    }
    state = std::move(read);
  }
  const TaskState& task = state->tasks.front();
  const std::string text = task.result.value_or("");
  if (!equals_folded(task.status, "Success")) return make_task_fault(text);
  auto columns = parse_explained(text);
  if (!columns)
    return make_protocol_fault("what a statement would answer is not told: " + text.substr(0, 200));
  return std::move(*columns);
}

bool contains_folded(std::string_view text, std::string_view part) {
  return std::ranges::search(
             text, part,
             [](char a, char b) {
               const auto fold = [](char c) {
                 return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
               };
               return fold(a) == fold(b);
             }).begin() != text.end() ||
         part.empty();
}

// What can be a table's name: anything else is no path of the service.
bool can_be_a_table(std::string_view name) {
  return !name.empty() && name.size() <= 128 && is_valid_utf8(name) &&
         std::ranges::none_of(name, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f ||
                  std::string_view(" /\\?#%&+'\"`;:*<>|").find(c) != std::string_view::npos;
         });
}

}  // namespace

Status list_tables(Shared& shared, std::string_view search, const CatalogOut& out, const Op& op) {
  std::vector<TableEntry> found;
  std::string marker;
  for (std::size_t page = 0; page < kPagesMax; ++page) {
    Draft draft;
    draft.path = project_path(shared) + "/tables";
    draft.parameters = {{"expectmarker", "true"}};
    if (!marker.empty()) draft.parameters.emplace_back("marker", marker);
    const Answer answer = ask(shared, draft, &op);
    if (answer.fault) return op.fail(answer.fault->error);
    auto read = parse_table_page(answer.body);
    if (!read) return op.fail(make_protocol_fault("a list of tables is no such document").error);
    for (auto& table : read->tables) {
      if (!table.name.empty() && contains_folded(table.name, search)) {
        found.push_back(std::move(table));
      }
    }
    if (found.size() > kTablesMax) {
      shared.host.warn("more than 10000 tables: the list is cut, search for a part of a name");
      found.resize(kTablesMax);
      break;
    }
    if (read->marker.empty() || read->marker == marker) break;
    marker = std::move(read->marker);
  }
  std::ranges::sort(found, {}, &TableEntry::name);
  for (const auto& table : found) {
    const Status status = out.table(
        {sizeof(sluice_table_info), table.is_view, to_str(table.name), to_str(table.comment)});
    if (status != SLUICE_OK) return status;
  }
  return SLUICE_OK;
}

Status describe_table(Shared& shared, std::string_view table, const CatalogOut& out, const Op& op) {
  constexpr std::string_view kNoTable = "the data source has no such table";
  if (!can_be_a_table(table)) return op.fail(SLUICE_E_NOT_FOUND, kNoTable);
  Draft draft;
  draft.path = project_path(shared) + "/tables/" + std::string(table);
  const Answer answer = ask(shared, draft, &op);
  if (answer.http_status == 404 && answer.fault &&
      answer.fault->error.status == SLUICE_E_NOT_FOUND) {
    return op.fail(SLUICE_E_NOT_FOUND, kNoTable, answer.fault->error.internal);
  }
  if (answer.fault) return op.fail(answer.fault->error);
  const auto columns = parse_table(answer.body);
  if (!columns || columns->empty()) {
    return op.fail(make_protocol_fault("the description of a table is no such document").error);
  }
  std::vector<sluice_str> partitions;
  for (const auto& column : *columns) {
    const auto type = parse_type(column.declared);
    std::string comment = column.comment;
    if (column.is_partition)
      comment.insert(0, comment.empty() ? "partition column" : "partition column: ");
    const Status status = out.column(
        {sizeof(sluice_column_info), type ? to_cell_type(type->kind) : std::uint32_t{SLUICE_T_TEXT},
         to_str(column.name), to_str(column.declared), to_str(comment), column.is_nullable, 0});
    if (status != SLUICE_OK) return status;
    if (column.is_partition) partitions.push_back(to_str(column.name));
  }
  if (partitions.empty()) return SLUICE_OK;
  // A condition on a partition column is what an index is elsewhere.
  return out.index(
      {sizeof(sluice_index_info), 0, to_str("partition"), partitions.data(), partitions.size()});
}

Status describe_statement(Shared& shared, const Query& query, const StatementOut& out,
                          const Op& op) {
  auto statement = render_statement(query.text(), query.args(), NoArgument::kNull);
  if (!statement) {
    out.fault(statement.error().detail);
    return op.fail(statement.error());
  }
  auto explained = explain_output(shared, *statement, op);
  if (const Fault* fault = std::get_if<Fault>(&explained)) {
    const Status status = fault->error.status;
    if (status == SLUICE_E_ARGUMENT || status == SLUICE_E_NOT_FOUND) {
      out.fault(fault->error.internal);  // the service's own words, for whoever writes it
    }
    return op.fail(fault->error);
  }
  for (const auto& column : std::get<std::vector<ColumnSpec>>(explained)) {
    const Status status =
        out.column({sizeof(sluice_column_info), to_cell_type(column.type.kind), to_str(column.name),
                    to_str(column.declared), to_str(""), 1, 0});
    if (status != SLUICE_OK) return status;
  }
  return SLUICE_OK;
}

void end_session(Shared& shared, const std::string& session) {
  const Answer answer = stop_job(shared, project_path(shared) + "/instances/" + session);
  if (answer.fault && answer.http_status != 404) {
    shared.host.warn("session " + session +
                     " could not be ended and stays: " + answer.fault->error.internal);
  }
}

Result<void> check_project(Shared& shared) {
  Draft draft;
  draft.path = project_path(shared);
  const Answer answer = ask(shared, draft, nullptr);
  if (!answer.fault) return {};
  Error error = answer.fault->error;
  error.status = SLUICE_E_UNAVAILABLE;
  if (answer.http_status == 404) {
    error.detail = "the data source has no such project";
    error.where = "/project";
  } else if (answer.http_status == 401 || answer.http_status == 403) {
    error.where = "/access_id";
  } else {
    error.where = "/endpoint";
  }
  error.detail += "; check the setting " + error.where;
  // For operators: what the service said is worth more than our words for it.
  if (!error.internal.empty()) error.detail += " (" + error.internal + ")";
  return error;
}

}  // namespace sluice::maxcompute
