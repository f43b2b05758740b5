// SPDX-License-Identifier: Apache-2.0
// The way over a session of MCQA: attached once, shared by all queries of an instance.
#include "run_parts.hpp"

#include <algorithm>

namespace sluice::maxcompute {
namespace {

constexpr std::int64_t kSessionReady = 2, kQueryDone = 5;
constexpr std::int64_t kFailed = 4, kTerminated = 5, kCancelled = 6;
constexpr std::uint64_t kFirstPollMs = 50;

}  // namespace

Task<Trouble> Run::run_mcqa() {
  for (int attempt = 0;; ++attempt) {
    std::string session;
    Trouble trouble = co_await find_session(session);
    if (trouble) {
      trouble->is_of_accelerator = trouble->error.status != SLUICE_E_CANCELLED;
      co_return trouble;
    }
    session_ = session;
    trouble = co_await query_session(session);
    if (!trouble || !trouble->is_session_lost) co_return trouble;
    shared_->drop_session(session);
    if (attempt > 0 || has_begun_ || !op_) {
      trouble->is_of_accelerator = true;
      co_return trouble;
    }
    note("session", "lost, attached again");
    job_ = {};
  }
}

Task<Trouble> Run::find_session(std::string& session) {
  for (;;) {
    if (is_given_up()) co_return make_stopped();
    {
      const std::lock_guard lock(mutex_);
      signals_.wake = false;
    }
    switch (shared_->take_session(session, shared_from_this())) {
      case Shared::Session::kReady:
        co_return std::nullopt;
      case Shared::Session::kWait:
        co_await wait(kForWake);
        break;
      case Shared::Session::kMine: {
        Trouble trouble;
        try {
          trouble = co_await attach_session(session);
        } catch (...) {
          shared_->end_attaching({});
          throw;
        }
        shared_->end_attaching(trouble ? std::string() : session);
        co_return trouble;
      }
    }
  }
}

Task<Trouble> Run::attach_session(std::string& session) {
  const std::string xml = make_attach_xml(shared_->settings, make_uuid());
  const std::string no_connection;
  Trouble trouble = co_await submit(xml, false, no_connection);
  if (trouble) co_return trouble;  // what was begun for nobody is stopped as any job
  const std::string id = job_.id;
  double pause_ms = static_cast<double>(kFirstPollMs);
  for (;;) {
    Draft draft =
        make_draft("GET", job_.path,
                   {{"info", ""}, {"taskname", std::string(kSessionTask)}, {"key", "status"}});
    const Answer answer = co_await ask_again(draft);
    if (answer.trouble) co_return answer.trouble;
    const auto told = parse_session_answer(answer.body);
    if (!told) co_return make_protocol_fault("the status of a session is no such document");
    if (told->status == kSessionReady) break;
    if (told->status == kFailed || told->status == kTerminated || told->status == kCancelled) {
      job_.is_running = false;
      co_return make_task_fault("the session ended while it was attached: " + told->result);
    }
    const bool goes_on = co_await sleep(static_cast<std::uint64_t>(pause_ms));
    if (!goes_on) co_return make_stopped();
    pause_ms = std::min(pause_ms * 1.5, static_cast<double>(shared_->settings.poll_ms_max));
  }
  job_.is_running = false;  // it stays, for all
  session = id;
  co_return std::nullopt;
}

Task<Trouble> Run::query_session(const std::string& session) {
  job_ = {};
  job_.id = session;
  job_.path = instances_path(false) + "/" + session;
  Draft draft =
      make_draft("PUT", job_.path, {{"info", ""}, {"taskname", std::string(kSessionTask)}});
  draft.headers.emplace_back("Content-Type", "application/xml");
  draft.body = make_session_query_xml(wanted_.statement, make_job_settings(shared_->settings));
  const Answer answer = co_await hand_in(draft);
  if (answer.trouble) {
    Trouble trouble = answer.trouble;
    // A session that the service does not know any more is a lost one.
    trouble->is_session_lost = trouble->is_session_lost || answer.http_status == 404;
    co_return trouble;
  }
  const auto told = parse_session_answer(answer.body);
  if (!told) co_return make_protocol_fault("the answer to a session's query is no such document");
  if (told->status_text != "ok") {
    co_return make_task_fault(told->result.empty() ? told->status_text : told->result);
  }
  const auto query = parse_session_query(told->result);
  if (!query) co_return make_protocol_fault("the answer to a session's query has no number");
  if (query->query_id < 0) co_return make_task_fault(query->result);
  job_.query_id = query->query_id;
  job_.is_running = true;
  note_job();
  note("query", std::to_string(query->query_id));
  if (is_given_up()) co_return make_stopped();
  Trouble trouble = co_await read_session_rows(session);
  if (!trouble) job_.is_running = false;
  co_return trouble;
}

Task<Trouble> Run::read_session_csv(const std::string& session) {
  const std::string key = "result_" + std::to_string(job_.query_id);
  std::string text;
  double pause_ms = static_cast<double>(kFirstPollMs);
  for (;;) {
    Draft draft = make_draft("GET", instances_path(false) + "/" + session,
                             {{"info", ""}, {"taskname", std::string(kSessionTask)}, {"key", key}});
    const Answer answer = co_await ask_again(draft, kRowsBytesMax);
    if (answer.trouble) co_return answer.trouble;
    const auto told = parse_session_answer(answer.body);
    if (!told) co_return make_protocol_fault("the result of a session's query is no such document");
    if (told->status == kFailed || told->status == kCancelled) {
      co_return make_task_fault(told->result);
    }
    text += told->result;  // it may come in pieces
    if (text.size() > kRowsBytesMax) {
      co_return make_transport_fault(SLUICE_E_TOO_LARGE, "more than 64 MiB of CSV");
    }
    if (told->status == kQueryDone) break;
    const bool goes_on = co_await sleep(static_cast<std::uint64_t>(pause_ms));
    if (!goes_on) co_return make_stopped();
    pause_ms = std::min(pause_ms * 1.5, static_cast<double>(shared_->settings.poll_ms_max));
  }
  Trouble trouble = co_await push_csv(text, {});
  co_return trouble;
}

}  // namespace sluice::maxcompute
