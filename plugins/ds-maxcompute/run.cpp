// SPDX-License-Identifier: Apache-2.0
// How a query waits, asks and ends. What it asks for stands in run_job.cpp, run_session.cpp and
// run_rows.cpp.
#include "run_parts.hpp"

#include "text.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace sluice::maxcompute {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr int kAttemptsMax = 4;
constexpr std::uint64_t kFirstPauseMs = 100;

}  // namespace

// ---------------------------------------------------------------------------------------- waiting

Run::Waiting Run::wait(unsigned for_what) { return {*this, for_what}; }

bool Run::is_ready(unsigned for_what) const {
  return (signals_.stop && signals_.accepts_stop) ||
         ((for_what & kForHttp) && !signals_.http.empty()) ||
         ((for_what & kForTimer) && signals_.fired_timer == last_timer_) ||
         ((for_what & kForResume) && signals_.resume) || ((for_what & kForWake) && signals_.wake);
}

std::optional<Run::HttpEvent> Run::take_http() {
  const std::lock_guard lock(mutex_);
  if (signals_.http.empty()) return std::nullopt;
  HttpEvent event = std::move(signals_.http.front());
  signals_.http.pop_front();
  if (event.kind == HttpEvent::Kind::kData) signals_.http_bytes -= event.text.size();
  return event;
}

// -------------------------------------------------------------------------------------------- life

Run::Run(std::shared_ptr<Shared> shared, Wanted wanted, Rows rows, Pending pending)
    : shared_(std::move(shared)),
      wanted_(std::move(wanted)),
      rows_(rows),
      pending_(std::move(pending)),
      op_(pending_.op().raw()),
      deadline_ns_(std::min(op_->deadline_ns, shared_->timers->monotonic_ns() +
                                                  shared_->settings.query_timeout_ms * kNsPerMs)) {}

void Run::start() {
  const auto self = shared_from_this();
  deadline_timer_ = shared_->timers->schedule(deadline_ns_, [self] { self->stop(); });
  walk_ = live();
  walk_.start();
}

void Run::refuse(const Error& why) {
  op_ = nullptr;
  pending_.fail(why.status, why.detail, why.internal);
}

void Run::stop() {
  signal([](Signals& signals) { signals.stop = true; });
}
void Run::resume() {
  signal([](Signals& signals) { signals.resume = true; });
}
void Run::wake() {
  signal([](Signals& signals) { signals.wake = true; });
}

Task<bool> Run::live() {
  Trouble trouble;
  try {
    trouble = co_await work();
  } catch (const std::exception& e) {
    trouble = Fault{.error = {SLUICE_E_INTERNAL, "the plugin failed", e.what(), {}}};
  }
  finish(trouble);
  if (job_.is_running) {
    try {
      co_await clean_up();
    } catch (const std::exception& e) {
      shared_->host.warn("job " + job_.id + " could not be stopped: " + e.what());
    }
  }
  shared_->leave(this);
  co_return true;
}

void Run::complete(Status status) {
  shared_->timers->cancel(deadline_timer_);
  shared_->detach(op_);
  op_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    signals_.accepts_stop = false;
  }
  pending_.complete(status);
}

void Run::finish(const Trouble& trouble) {
  if (!op_) return;
  if (!trouble) return complete(SLUICE_OK);
  if (sink_status_ != SLUICE_OK) return complete(sink_status_);  // it said why itself
  Error error = trouble->error;
  if (!job_.id.empty()) error.internal += " (instance " + job_.id + ")";
  if (trouble->retry_after_ms > 0) Op(op_).retry_after(trouble->retry_after_ms);
  complete(Op(op_).fail(error));
}

bool Run::is_given_up() {
  if (!op_) return true;
  bool is_stopped = false;
  {
    const std::lock_guard lock(mutex_);
    is_stopped = signals_.stop;
  }
  if (!is_stopped && Op(op_).checkpoint() == SLUICE_OK) return false;
  give_up();
  return true;
}

// The caller is told now; what must follow at the service follows without him.
void Run::give_up() {
  const Op op(op_);
  Status status = op.checkpoint();
  if (status == SLUICE_OK)
    status = now_ns() >= deadline_ns_ ? SLUICE_E_TIMEOUT : SLUICE_E_CANCELLED;
  const std::string internal = job_.id.empty() ? std::string() : "instance " + job_.id;
  complete(op.fail(status,
                   status == SLUICE_E_TIMEOUT ? "the data source did not answer in time"
                                              : "the query was stopped",
                   internal));
}

Fault Run::make_stopped() const { return make_transport_fault(SLUICE_E_CANCELLED, "stopped"); }

void Run::note(std::string_view name, std::string_view value) {
  if (op_) Op(op_).note(name, value);
}

// ------------------------------------------------------------------------------------ one request

Task<Run::Answer> Run::ask(const Draft& draft, OnStop on_stop, std::uint64_t body_bytes_max) {
  Answer answer;
  const bool can_stop = on_stop == OnStop::kCancel;
  if (can_stop && is_given_up()) {
    answer.trouble = make_stopped();
    co_return answer;
  }
  const std::uint64_t request = ++last_request_;
  std::uint64_t deadline = now_ns() + shared_->settings.request_timeout_ms * kNsPerMs;
  if (can_stop) deadline = std::min(deadline, deadline_ns_);
  std::uint64_t id = 0;
  const Status sent =
      shared_->wire->send(draft, deadline, body_bytes_max,
                          std::make_shared<HttpListener>(shared_from_this(), request), &id);
  if (sent != SLUICE_OK) {
    answer.trouble = make_transport_fault(sent, "the request could not be sent");
    co_return answer;
  }
  for (;;) {
    co_await wait(kForHttp);
    if (is_given_up() && can_stop) {
      shared_->wire->cancel(id);
      answer.trouble = make_stopped();
      co_return answer;
    }
    while (auto event = take_http()) {
      if (event->request != request) continue;  // of one that was given up
      switch (event->kind) {
        case HttpEvent::Kind::kHead:
          answer.http_status = event->http_status;
          answer.headers = std::move(event->headers);
          break;
        case HttpEvent::Kind::kData:
          answer.body += event->text;
          break;
        case HttpEvent::Kind::kEnd:
          if (event->status != SLUICE_OK) {
            answer.trouble = make_transport_fault(event->status, event->text);
          } else if (answer.http_status >= 300) {
            const auto retry = parse_retry_after(find_header(answer.headers, "Retry-After"),
                                                 shared_->timers->unix_s());
            answer.trouble = make_http_fault(answer.http_status, answer.body,
                                             find_header(answer.headers, "x-odps-request-id"),
                                             retry.value_or(0));
          }
          co_return answer;
      }
    }
    // A document is read as fast as it comes; the client pauses only when this thread was late.
    std::uint64_t paused = 0;
    {
      const std::lock_guard lock(mutex_);
      paused = std::exchange(signals_.paused_request, 0);
    }
    if (paused == request) shared_->wire->resume(id);
  }
}

Task<Run::Answer> Run::ask_again(const Draft& draft, std::uint64_t body_bytes_max) {
  std::uint64_t pause_ms = kFirstPauseMs;
  for (int attempt = 1;; ++attempt, pause_ms *= 2) {
    Answer answer = co_await ask(draft, OnStop::kCancel, body_bytes_max);
    if (!answer.trouble || !answer.trouble->is_transient || attempt == kAttemptsMax) {
      co_return answer;
    }
    const std::uint64_t ms = std::max(pause_ms, answer.trouble->retry_after_ms);
    if (!op_ || !fits_deadline(ms)) co_return answer;
    const bool goes_on = co_await sleep(ms);
    if (!goes_on) {
      answer.trouble = make_stopped();
      co_return answer;
    }
  }
}

Task<bool> Run::sleep(std::uint64_t ms) {
  const std::uint64_t timer = ++last_timer_;
  const auto self = shared_from_this();
  const auto id = shared_->timers->schedule(now_ns() + ms * kNsPerMs, [self, timer] {
    self->signal([timer](Signals& signals) { signals.fired_timer = timer; });
  });
  co_await wait(kForTimer);
  const bool is_over = is_given_up();
  if (is_over) shared_->timers->cancel(id);
  co_return !is_over;
}

Task<bool> Run::await_resume() {
  co_await wait(kForResume);
  {
    const std::lock_guard lock(mutex_);
    signals_.resume = false;
  }
  co_return !is_given_up();
}

}  // namespace sluice::maxcompute
