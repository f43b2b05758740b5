// SPDX-License-Identifier: Apache-2.0
// How rows come back: by the instance tunnel in windows, as the stream of a session, as CSV.
#include "run_parts.hpp"

#include "csv.hpp"
#include "inflater.hpp"
#include "text.hpp"
#include "values.hpp"

#include <algorithm>
#include <utility>

namespace sluice::maxcompute {
namespace {

constexpr std::uint64_t kRowsPerCheckpoint = 16;
constexpr std::size_t kErrorBytesMax = 65'536;
constexpr int kRepeatsMax = 3;
constexpr std::uint64_t kFirstWindowRows = 4'096;
// Rows are asked for in windows of about so many bytes. Where the client cannot pause, what comes
// after the sink's PAUSE is kept, so windows are small.
constexpr std::uint64_t kWindowBytes = 32u << 20, kWindowBytesUnpaused = 4u << 20;
constexpr std::uint64_t kWindowRowsMax = 10'000'000;
constexpr std::uint64_t kCsvRowsMax = 10'000;  // more are cut by the service
constexpr std::uint64_t kFirstPollMs = 100, kPollMsMax = 5'000;

// Rows of one tunnel are not to be had: is the way over CSV still open?
bool is_of_tunnel(const Fault& fault) {
  return fault.error.status == SLUICE_E_UNAVAILABLE || fault.error.status == SLUICE_E_FORBIDDEN;
}

}  // namespace

Trouble Run::begin_rows(std::span<const ColumnSpec> columns) {
  std::vector<Column> told;
  for (const auto& column : columns) {
    told.push_back(make_column(column.name, column.declared.empty()
                                                ? std::uint32_t{SLUICE_T_NULL}
                                                : to_cell_type(column.type.kind)));
  }
  has_begun_ = true;
  if (recorder_) recorder_->begin(told);
  sink_status_ = rows_.begin(told);
  if (sink_status_ != SLUICE_OK) return make_stopped();
  return std::nullopt;
}

Run::Pushed Run::push_row(std::span<const Cell> row) {
  if (wanted_.max_rows != 0 && pushed_ == wanted_.max_rows) {
    is_full_ = true;
    return Pushed::kFull;
  }
  if (pushed_ % kRowsPerCheckpoint == 0 && is_given_up()) return Pushed::kStop;
  ++pushed_;
  if (recorder_) {
    recorder_->add(row);
    if (recorder_->is_too_large()) {
      recorder_.reset();
      note("cache", "too large to be kept");
    }
  }
  const Status status = rows_.push(row);
  if (status == SLUICE_OK) return Pushed::kOk;
  if (status == SLUICE_PAUSE) return Pushed::kPause;
  sink_status_ = status;
  return Pushed::kStop;
}

Task<Trouble> Run::read_rows() {
  if (shared_->settings.results == ResultRoute::kCsv) {
    Trouble trouble = co_await read_csv_result();
    co_return trouble;
  }
  Trouble trouble = co_await read_tunnel();
  if (!trouble || has_begun_ || !op_ || !is_of_tunnel(*trouble)) co_return trouble;
  note("tunnel", "not available, rows by CSV: " + trouble->error.internal);
  shared_->host.warn("no rows by tunnel, CSV instead: " + trouble->error.internal);
  const Fault of_tunnel = *trouble;
  trouble = co_await read_csv_result();
  // When neither works the first fault says more.
  if (trouble && !has_begun_ && trouble->error.status == SLUICE_E_UNAVAILABLE) co_return of_tunnel;
  co_return trouble;
}

Task<Trouble> Run::find_tunnel(std::string& url) {
  url = shared_->tunnel();
  if (!url.empty()) co_return std::nullopt;
  const auto& settings = shared_->settings;
  Draft draft;
  draft.path = "/projects/" + settings.project + "/tunnel";
  draft.parameters = {{"service", ""}};
  if (!settings.tunnel_quota.empty()) {
    draft.parameters.emplace_back("quotaName", settings.tunnel_quota);
  }
  const Answer answer = co_await ask_again(draft);
  if (answer.trouble) co_return answer.trouble;
  std::string_view host = answer.body;
  while (!host.empty() && (host.back() == '\n' || host.back() == '\r' || host.back() == ' ')) {
    host.remove_suffix(1);
  }
  constexpr std::string_view kLetters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._:[]";
  if (host.empty() || host.size() > 512 || host.find_first_not_of(kLetters) != host.npos) {
    co_return make_protocol_fault("the tunnel's address is none");
  }
  const auto scheme = settings.endpoint.substr(0, settings.endpoint.find("://") + 3);
  url = scheme + std::string(host);
  shared_->set_tunnel(url);
  co_return std::nullopt;
}

Task<Trouble> Run::read_tunnel() {
  std::string tunnel;
  Trouble trouble = co_await find_tunnel(tunnel);
  if (trouble) co_return trouble;
  const std::string path = instances_path(false) + "/" + job_.id;
  const Pairs headers{{"x-odps-tunnel-version", "6"}};

  Draft open;
  open.method = "POST";
  open.base = tunnel;
  open.path = path;
  open.parameters = {{"downloads", ""}};
  open.headers = headers;
  std::optional<DownloadSession> session;
  std::uint64_t pause_ms = kFirstPollMs;
  for (;;) {
    const Answer answer = co_await ask_again(open);
    if (answer.trouble) co_return answer.trouble;
    session = parse_download_session(answer.body);
    if (!session) co_return make_protocol_fault("a download session is no such document");
    if (session->status != "initiating") break;
    const bool goes_on = co_await sleep(pause_ms);
    if (!goes_on) co_return make_stopped();
    pause_ms = std::min(pause_ms * 2, kPollMsMax);
    open.method = "GET";
    open.parameters = {{"downloadid", session->id}};
  }
  trouble = begin_rows(session->columns);
  if (trouble) co_return trouble;
  note("records", std::to_string(session->record_count));

  std::uint64_t all = session->record_count;
  if (wanted_.max_rows != 0) all = std::min(all, wanted_.max_rows);
  const std::uint64_t window_bytes =
      shared_->wire->can_pause() ? kWindowBytes : kWindowBytesUnpaused;
  std::uint64_t window = kFirstWindowRows, start = 0, bytes = 0;
  for (int repeats = 0; start < all && !is_full_;) {
    const std::uint64_t count = std::min(window, all - start);
    Draft read;
    read.base = tunnel;
    read.path = path;
    read.parameters = {
        {"downloadid", session->id},
        {"rowrange", "(" + std::to_string(start) + "," + std::to_string(count) + ")"},
        {"data", ""}};
    read.headers = headers;
    if (shared_->settings.compresses) read.headers.emplace_back("Accept-Encoding", "deflate");
    std::uint64_t taken = 0;
    trouble = co_await stream(read, &session->columns, taken, bytes);
    start += taken;
    if (!trouble && taken == 0) trouble = make_protocol_fault("a range of rows came empty");
    if (trouble) {
      // A session is a snapshot, so the rest can be asked for again from the next row.
      const std::uint64_t ms = std::max(kFirstPollMs << repeats, trouble->retry_after_ms);
      const bool may_repeat = trouble->is_transient && op_ && sink_status_ == SLUICE_OK &&
                              ++repeats <= kRepeatsMax && fits_deadline(ms);
      if (!may_repeat) co_return trouble;
      const bool goes_on = co_await sleep(ms);
      if (!goes_on) co_return make_stopped();
      continue;
    }
    repeats = 0;
    const std::uint64_t row_bytes = std::max<std::uint64_t>(bytes / start, 1);
    window = std::clamp<std::uint64_t>(window_bytes / row_bytes, 1, kWindowRowsMax);
  }
  co_return std::nullopt;
}

// One answer of records. `taken` counts the rows that were pushed, `bytes` grows by their size.
// `columns` null: they come with the answer, and begin() with them.
Task<Trouble> Run::stream(const Draft& draft, const std::vector<ColumnSpec>* columns,
                          std::uint64_t& taken, std::uint64_t& bytes) {
  if (is_given_up()) co_return make_stopped();
  const std::uint64_t request = ++last_request_;
  std::uint64_t id = 0;
  const Status sent = shared_->wire->send(
      draft, deadline_ns_, shared_->wire->can_pause() ? UINT64_MAX : kRowsBytesMax,
      std::make_shared<HttpListener>(shared_from_this(), request), &id);
  if (sent != SLUICE_OK) co_return make_transport_fault(sent, "the request could not be sent");

  std::vector<ColumnSpec> own_columns;
  std::optional<RecordReader> reader;
  std::optional<Inflater> inflater;
  Answer failed;  // an answer that is no success
  for (bool is_over = false;;) {
    // First what is there already.
    while (reader) {
      const auto step = reader->next();
      if (step == RecordReader::Step::kBroken) {
        shared_->wire->cancel(id);
        co_return make_protocol_fault("record " + std::to_string(taken) +
                                      " of a download: " + std::string(reader->fault()));
      }
      if (step == RecordReader::Step::kTooLarge) {
        shared_->wire->cancel(id);
        co_return make_transport_fault(SLUICE_E_TOO_LARGE, "a record is larger than 64 MiB");
      }
      if (step == RecordReader::Step::kRow) {
        const Pushed pushed = push_row(reader->row());
        if (pushed == Pushed::kOk || pushed == Pushed::kPause) ++taken;
        if (pushed == Pushed::kPause) {
          const bool goes_on = co_await await_resume();
          if (goes_on) continue;
        }
        if (pushed == Pushed::kOk) continue;
        shared_->wire->cancel(id);
        if (pushed == Pushed::kFull) co_return std::nullopt;
        co_return make_stopped();
      }
      if (inflater->has_input()) {
        const auto piece = inflater->take();
        if (!piece) {
          shared_->wire->cancel(id);
          co_return make_protocol_fault("the compression of a download is damaged");
        }
        bytes += piece->size();
        reader->feed(*piece);
        continue;
      }
      if (is_over && step == RecordReader::Step::kNeedsMore) {
        Fault fault = make_protocol_fault("a download ends in the middle");
        fault.is_transient = true;
        co_return fault;
      }
      if (is_over && !inflater->is_whole()) {
        co_return make_protocol_fault("the compression of a download has no end");
      }
      break;
    }
    if (is_over) co_return std::nullopt;

    co_await wait(kForHttp);
    if (is_given_up()) {
      shared_->wire->cancel(id);
      co_return make_stopped();
    }
    auto event = take_http();
    std::uint64_t paused = 0;
    {
      const std::lock_guard lock(mutex_);
      if (signals_.http_bytes < kInboxBytesLow) paused = std::exchange(signals_.paused_request, 0);
    }
    if (paused == request) shared_->wire->resume(id);
    if (!event || event->request != request) continue;
    switch (event->kind) {
      case HttpEvent::Kind::kHead: {
        failed.http_status = event->http_status;
        failed.headers = std::move(event->headers);
        if (failed.http_status != 200) break;
        if (!columns) {
          auto read = parse_tunnel_schema(find_header(failed.headers, "odps-tunnel-schema"));
          if (!read) {
            shared_->wire->cancel(id);
            co_return make_protocol_fault("a download tells no columns");
          }
          own_columns = std::move(*read);
          columns = &own_columns;
          if (Trouble trouble = begin_rows(own_columns)) {
            shared_->wire->cancel(id);
            co_return trouble;
          }
        }
        const auto coding = find_header(failed.headers, "Content-Encoding");
        const bool is_plain = coding.empty() || equals_folded(coding, "identity");
        if (!is_plain && !equals_folded(coding, "deflate")) {
          shared_->wire->cancel(id);
          co_return make_protocol_fault("a download is compressed in an unknown way: " +
                                        std::string(coding));
        }
        reader.emplace(*columns);
        inflater.emplace(!is_plain);
        break;
      }
      case HttpEvent::Kind::kData:
        if (inflater) {
          inflater->give(std::move(event->text));
        } else if (failed.body.size() < kErrorBytesMax) {
          failed.body += event->text;
        }
        break;
      case HttpEvent::Kind::kEnd:
        if (event->status != SLUICE_OK) {
          co_return make_transport_fault(event->status, event->text);
        }
        if (!reader) {
          const auto retry = parse_retry_after(find_header(failed.headers, "Retry-After"),
                                               shared_->timers->unix_s());
          co_return make_http_fault(failed.http_status, failed.body,
                                    find_header(failed.headers, "x-odps-request-id"),
                                    retry.value_or(0));
        }
        is_over = true;
        reader->finish();
        break;
    }
  }
}

Task<Trouble> Run::read_session_rows(const std::string& session) {
  if (shared_->settings.results == ResultRoute::kCsv) {
    Trouble trouble = co_await read_session_csv(session);
    co_return trouble;
  }
  std::string tunnel;
  Trouble trouble = co_await find_tunnel(tunnel);
  if (!trouble) {
    Draft draft;
    draft.base = tunnel;
    draft.path = instances_path(false) + "/" + session;
    draft.parameters = {{"cached", ""},
                        {"taskname", std::string(kSessionTask)},
                        {"queryid", std::to_string(job_.query_id)},
                        {"data", ""}};
    draft.headers = {{"x-odps-tunnel-version", "6"}};
    if (shared_->settings.compresses) draft.headers.emplace_back("Accept-Encoding", "deflate");
    std::uint64_t taken = 0, bytes = 0;
    trouble = co_await stream(draft, nullptr, taken, bytes);
    if (trouble && find_odps_code(trouble->error.internal).empty() &&
        trouble->error.status == SLUICE_E_TIMEOUT) {
      trouble->is_of_accelerator = true;
    }
  }
  const bool may_use_csv = trouble && !has_begun_ && op_ && !trouble->is_session_lost &&
                           !trouble->is_of_accelerator && is_of_tunnel(*trouble);
  if (!may_use_csv) co_return trouble;
  note("tunnel", "not available, rows by CSV: " + trouble->error.internal);
  trouble = co_await read_session_csv(session);
  co_return trouble;
}

Task<Trouble> Run::read_csv_result() {
  Draft draft = make_draft("GET", job_.path, {{"result", ""}});
  const Answer answer = co_await ask_again(draft, kRowsBytesMax);
  if (answer.trouble) co_return answer.trouble;
  auto state = parse_instance(answer.body);
  if (!state || state->tasks.empty()) {
    co_return make_protocol_fault("the result of a job is no such document");
  }
  auto& task = state->tasks.front();
  ResultDescriptor descriptor = parse_descriptor(task.descriptor);
  using Extent = ResultDescriptor::Extent;
  if (descriptor.extent == Extent::kNone || !task.result) {
    co_return make_protocol_fault("the result of a job is not there as CSV");
  }
  Trouble trouble = co_await push_csv(*task.result, std::move(descriptor.columns));
  if (trouble) co_return trouble;
  // Without a word about it, as many rows as the bound are taken for a cut.
  const bool may_be_cut = descriptor.extent == Extent::kTruncated ||
                          (descriptor.extent == Extent::kUnknown && pushed_ >= kCsvRowsMax);
  if (may_be_cut && (wanted_.max_rows == 0 || pushed_ < wanted_.max_rows)) {
    Fault fault = make_transport_fault(SLUICE_E_TOO_LARGE, "CSV is cut at 10000 rows");
    fault.error.detail = "the result has more rows than can be had without a tunnel";
    co_return fault;
  }
  co_return std::nullopt;
}

Task<Trouble> Run::push_csv(const std::string& text, std::vector<ColumnSpec> columns) {
  CsvReader reader(text);
  std::vector<CsvField> row;
  if (reader.next(row) != CsvReader::Step::kRow) co_return make_protocol_fault("CSV without names");
  const bool has_types = columns.size() == row.size();
  if (!has_types) {
    columns.clear();
    for (const auto& field : row) columns.push_back({field.text, {}, {}});
  }
  Trouble trouble = begin_rows(columns);
  if (trouble) co_return trouble;
  RowCells cells;
  for (;;) {
    const auto step = reader.next(row);
    if (step == CsvReader::Step::kEnd) co_return std::nullopt;
    if (step == CsvReader::Step::kBroken || row.size() != columns.size()) {
      co_return make_protocol_fault("a row of CSV is malformed");
    }
    cells.begin(columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].is_null()) continue;
      set_from_csv(cells, i, has_types ? &columns[i].type : nullptr, row[i].text,
                   row[i].was_quoted);
    }
    const Pushed pushed = push_row(cells.finish());
    if (pushed == Pushed::kFull) co_return std::nullopt;
    if (pushed == Pushed::kStop) co_return make_stopped();
    if (pushed == Pushed::kPause) {
      const bool goes_on = co_await await_resume();
      if (!goes_on) co_return make_stopped();
    }
  }
}

}  // namespace sluice::maxcompute
