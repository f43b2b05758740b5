// SPDX-License-Identifier: Apache-2.0
// Which way a query takes, and the ways over a job of its own: an ordinary one and one of MaxQA.
#include "run_parts.hpp"

#include "text.hpp"

#include <algorithm>

namespace sluice::maxcompute {
namespace {

constexpr int kSubmissionsMax = 4;
constexpr std::uint64_t kConflictPauseMs = 5'000;
constexpr std::uint64_t kFirstPollMs = 50;
constexpr int kStopsMax = 4;
constexpr std::uint64_t kStopPauseMs = 100;
constexpr std::string_view kConnectionHeader = "x-odps-mcqa-conn";
constexpr std::string_view kCookieHeader = "x-odps-mcqa-query-cookie";

// What a wrong statement is told by; everything else may be the connection's fault.
bool is_of_statement(const Fault& fault) {
  const auto code = find_odps_code(fault.error.internal);
  return code.starts_with("ODPS-013") || code.starts_with("ODPS-012");
}

}  // namespace

Draft Run::make_draft(std::string method, std::string path, Pairs parameters) const {
  Draft draft;
  draft.method = std::move(method);
  draft.path = std::move(path);
  draft.parameters = std::move(parameters);
  draft.headers = job_.headers;
  return draft;
}

std::string Run::instances_path(bool is_maxqa) const {
  return std::string(is_maxqa ? "/mcqa" : "") + "/projects/" + shared_->settings.project +
         "/instances";
}

Task<Trouble> Run::work() {
  note("acceleration", to_text(wanted_.method));
  Trouble trouble;
  switch (wanted_.method) {
    case Method::kCache:
      trouble = co_await run_cached();
      co_return trouble;
    case Method::kMaxqa:
      trouble = co_await run_maxqa();
      break;
    case Method::kMcqa:
      trouble = co_await run_mcqa();
      break;
    case Method::kNone:
      break;
  }
  JobSettings extra;
  if (wanted_.method != Method::kNone) {
    const bool may_fall_back =
        trouble && trouble->is_of_accelerator && !has_begun_ && op_ && shared_->settings.falls_back;
    if (!may_fall_back) co_return trouble;
    note("fallback", "an ordinary job: " + trouble->error.internal);
    shared_->host.info(std::string(to_text(wanted_.method)) +
                       " gave up, an ordinary job runs instead: " + trouble->error.internal);
    if (wanted_.method == Method::kMcqa) {
      extra["odps.task.sql.sqa.enable"] = "false";
      extra["odps.sql.session.fallback.instance"] =
          job_.query_id < 0 ? "fallback4AttachFailed"
                            : session_ + "_" + std::to_string(job_.query_id);
    }
    if (job_.is_running) co_await clean_up();
    job_ = {};
  }
  trouble = co_await run_ordinary(std::move(extra));
  co_return trouble;
}

Task<Trouble> Run::run_cached() {
  // Another bound on rows is another answer.
  const std::string key = std::to_string(wanted_.max_rows) + ' ' + wanted_.statement;
  if (const auto hit = shared_->cache.find(key, now_ns())) {
    note("cache", "hit, " + std::to_string(hit->age_ns / 1'000'000) + " ms old");
    if (const Status begun = hit->result->push_columns(rows_); begun != SLUICE_OK) {
      sink_status_ = begun;
      co_return make_stopped();
    }
    has_begun_ = true;
    std::vector<Cell> room;
    for (std::size_t i = 0; i < hit->result->row_count(); ++i) {
      const Pushed pushed = push_row(hit->result->row(i, room));
      if (pushed == Pushed::kStop) co_return make_stopped();
      if (pushed == Pushed::kFull) break;
      if (pushed == Pushed::kPause) {
        const bool goes_on = co_await await_resume();
        if (!goes_on) co_return make_stopped();
      }
    }
    co_return std::nullopt;
  }
  note("cache", "miss");
  recorder_ = std::make_shared<KeptResult>(shared_->cache.result_bytes_max());
  Trouble trouble = co_await run_ordinary({});
  if (!trouble && recorder_) {
    note("cache", "kept for " + std::to_string(shared_->settings.cache_seconds) + " s");
    shared_->cache.keep(key, std::move(recorder_), now_ns());
  }
  co_return trouble;
}

Task<Trouble> Run::run_ordinary(JobSettings extra) {
  const std::string xml =
      make_job_xml(wanted_.statement, make_job_settings(shared_->settings, extra), make_uuid());
  const std::string no_connection;
  Trouble trouble = co_await submit(xml, false, no_connection);
  if (trouble) co_return trouble;
  trouble = co_await await_job();
  if (trouble) co_return trouble;
  trouble = co_await read_rows();
  co_return trouble;
}

Task<Trouble> Run::run_maxqa() {
  const std::string xml =
      make_job_xml(wanted_.statement, make_job_settings(shared_->settings), make_uuid());
  for (int attempt = 0;; ++attempt) {
    std::string connection = shared_->connection();
    const bool was_kept = !connection.empty();
    Trouble trouble;
    if (!was_kept) {
      trouble = co_await find_connection(connection);
      if (trouble) {
        trouble->is_of_accelerator = true;  // no quota, no connection: a job needs neither
        co_return trouble;
      }
    }
    trouble = co_await submit(xml, true, connection);
    if (trouble && !is_of_statement(*trouble)) {
      shared_->drop_connection(connection);
      // It may run: neither it nor an ordinary job is begun beside it.
      if (trouble->is_unanswered) co_return trouble;
      if (was_kept && attempt == 0 && op_) continue;  // it may have grown too old
      trouble->is_of_accelerator = trouble->error.status != SLUICE_E_CANCELLED;
    }
    if (trouble) co_return trouble;
    trouble = co_await await_job();
    if (trouble) co_return trouble;
    trouble = co_await read_rows();
    co_return trouble;
  }
}

Task<Trouble> Run::find_connection(std::string& connection) {
  const auto& settings = shared_->settings;
  if (settings.quota.empty()) {
    co_return Fault{.error = {SLUICE_E_CONFIG,
                              "maxqa needs an interactive quota: name it in the data source's "
                              "settings",
                              {},
                              "/quota"}};
  }
  Draft draft = make_draft("GET", "/connection/mcqa",
                           {{"project", settings.project}, {"quota", settings.quota}});
  Answer answer = co_await ask_again(draft);
  if (!answer.trouble) connection = parse_connection(answer.body);
  if (answer.http_status == 404) {
    Draft older = make_draft("GET", "/quotas/" + settings.quota,
                             {{"project", settings.project}, {"version", "wlm"}});
    answer = co_await ask_again(older);
    if (!answer.trouble) connection = find_header(answer.headers, kConnectionHeader);
  }
  if (answer.trouble) co_return answer.trouble;
  if (connection.empty()) co_return make_protocol_fault("no connection of MaxQA was told");
  shared_->set_connection(connection);
  co_return std::nullopt;
}

Task<Trouble> Run::submit(const std::string& xml, bool is_maxqa, const std::string& connection) {
  Draft draft = make_draft("POST", instances_path(is_maxqa));
  draft.headers = {{"Content-Type", "application/xml"}};
  if (is_maxqa) draft.headers.emplace_back(kConnectionHeader, connection);
  draft.body = xml;
  const Answer answer = co_await hand_in(draft);
  if (answer.trouble) co_return answer.trouble;
  const auto id = parse_instance_id(find_header(answer.headers, "Location"));
  if (!id) co_return make_protocol_fault("a submission was answered without a job");
  job_ = {};
  job_.id = *id;
  job_.path = instances_path(is_maxqa) + "/" + *id;
  if (is_maxqa) job_.headers.emplace_back(kConnectionHeader, connection);
  job_.is_running = true;
  keep_cookie(answer.headers);
  note_job();
  if (const auto moved = find_header(answer.headers, "x-odps-fallback-infos"); !moved.empty()) {
    note("fallback", "by the service: " + std::string(moved));
  }
  finished_.reset();
  if (answer.http_status == 200) {  // over already, its end is in the body
    finished_ = parse_instance(answer.body);
    if (finished_ && finished_->tasks.empty()) finished_.reset();
  }
  if (is_given_up()) co_return make_stopped();
  co_return std::nullopt;
}

// What begins work at the service. Only what it did not take is sent again: a lost answer may be a
// running job. Not given up when the caller goes: what was begun must be known to be stopped.
Task<Run::Answer> Run::hand_in(const Draft& draft) {
  for (int attempt = 1;; ++attempt) {
    Answer answer;
    if (is_given_up()) {
      answer.trouble = make_stopped();
      co_return answer;
    }
    answer = co_await ask(draft, OnStop::kFinish, kAnswerBytesMax);
    const bool was_refused = answer.http_status == 409 || answer.http_status == 429;
    if (!answer.trouble || !was_refused || attempt == kSubmissionsMax || !op_) co_return answer;
    const std::uint64_t told_ms = answer.trouble->retry_after_ms;
    const std::uint64_t ms = told_ms > 0 ? told_ms : kConflictPauseMs;
    if (!fits_deadline(ms)) co_return answer;
    const bool goes_on = co_await sleep(ms);
    if (!goes_on) {
      answer.trouble = make_stopped();
      co_return answer;
    }
  }
}

void Run::note_job() {
  note("instance", job_.id);
  const auto& settings = shared_->settings;
  if (settings.log_view.empty() || !op_) return;
  // Without a token: whoever opens it signs in. A token would be a credential.
  std::string address = settings.log_view + "/logview/?h=";
  append_encoded(address, settings.endpoint, Slash::kEncoded);
  address += "&p=";
  append_encoded(address, settings.project, Slash::kEncoded);
  address += "&i=";
  append_encoded(address, job_.id, Slash::kEncoded);
  if (job_.query_id >= 0) address += "&subQuery=" + std::to_string(job_.query_id);
  note("log_view", address);
}

void Run::keep_cookie(const Pairs& headers) {
  const auto cookie = find_header(headers, kCookieHeader);
  if (cookie.empty()) return;
  for (auto& [name, value] : job_.headers) {
    if (name == kCookieHeader) {
      value = cookie;
      return;
    }
  }
  job_.headers.emplace_back(kCookieHeader, cookie);
}

Task<Trouble> Run::await_job() {
  const bool is_maxqa = job_.path.starts_with("/mcqa/");
  double pause_ms = static_cast<double>(kFirstPollMs);
  for (bool is_first = true;; is_first = false) {
    InstanceState state;
    if (is_first && finished_) {
      state = std::move(*finished_);
      state.status = "Terminated";
    } else {
      const bool goes_on = co_await sleep(static_cast<std::uint64_t>(pause_ms));
      if (!goes_on) co_return make_stopped();
      pause_ms = std::min(pause_ms * 1.5, static_cast<double>(shared_->settings.poll_ms_max));
      // MaxQA tells the tasks in the plain document, which does not wait.
      Pairs which;
      if (!is_maxqa) which.emplace_back("instancestatus", "");
      Draft draft = make_draft("GET", job_.path, which);
      const Answer answer = co_await ask_again(draft);
      if (answer.trouble) co_return answer.trouble;
      keep_cookie(answer.headers);
      auto read = parse_instance(answer.body);
      if (!read) co_return make_protocol_fault("the status of a job is no such document");
      state = std::move(*read);
    }
    if (!equals_folded(state.status, "Terminated")) continue;
    if (state.tasks.empty()) {
      Draft draft = make_draft("GET", job_.path, {{"taskstatus", ""}});
      const Answer answer = co_await ask_again(draft);
      if (answer.trouble) co_return answer.trouble;
      keep_cookie(answer.headers);
      auto read = parse_instance(answer.body);
      if (!read || read->tasks.empty()) {
        co_return make_protocol_fault("the status of a job's task is no such document");
      }
      state = std::move(*read);
    }
    const std::string& status = state.tasks.front().status;
    if (equals_folded(status, "Waiting") || equals_folded(status, "Running") ||
        equals_folded(status, "Suspended")) {
      continue;
    }
    job_.is_running = false;
    Trouble trouble = co_await judge_job(std::move(state));
    co_return trouble;
  }
}

Task<Trouble> Run::judge_job(InstanceState state) {
  const std::string status = state.tasks.front().status;
  if (equals_folded(status, "Success")) co_return std::nullopt;
  if (equals_folded(status, "Cancelled")) co_return make_task_fault("ODPS-0123105:Job got killed");
  std::optional<std::string> text = std::move(state.tasks.front().result);
  if (!text) {
    Draft draft = make_draft("GET", job_.path, {{"result", ""}});
    const Answer answer = co_await ask_again(draft);
    if (answer.trouble) co_return answer.trouble;
    auto read = parse_instance(answer.body);
    if (read && !read->tasks.empty()) text = std::move(read->tasks.front().result);
  }
  co_return make_task_fault(text.value_or("the job failed without a text"));
}

// The caller is gone and a job still runs: it is stopped.
Task<bool> Run::clean_up() {
  Draft draft = make_draft("PUT", job_.path);
  draft.headers.emplace_back("Content-Type", "application/xml");
  if (job_.query_id >= 0) {
    draft.parameters = {{"info", ""}, {"taskname", std::string(kSessionTask)}};
    draft.body = make_session_cancel_xml(job_.query_id);
  } else {
    draft.body = kStopXml;
  }
  Answer answer = co_await ask(draft, OnStop::kFinish, kAnswerBytesMax);
  // Stopping twice is stopping once, and a job or session that is left runs on, and is paid.
  for (int attempt = 1; attempt < kStopsMax && answer.trouble && answer.trouble->is_transient;
       ++attempt) {
    co_await sleep(kStopPauseMs << attempt);
    answer = co_await ask(draft, OnStop::kFinish, kAnswerBytesMax);
  }
  job_.is_running = false;
  const bool is_over_already = answer.trouble && answer.trouble->error.internal.find(
                                                     "InvalidStateSetting") != std::string::npos;
  if (answer.trouble && !is_over_already) {
    shared_->host.warn("instance " + job_.id +
                       " could not be stopped and runs on: " + answer.trouble->error.internal);
  }
  co_return true;
}

}  // namespace sluice::maxcompute
