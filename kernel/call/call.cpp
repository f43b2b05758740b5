// SPDX-License-Identifier: Apache-2.0
#include "call/call.hpp"

#include "http/clock.hpp"
#include "problem/problem.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

namespace sluice::call {
namespace {

constexpr std::size_t kFirstBodyBytes = 4096;

bool names_equal(std::string_view sent, std::string_view lower) noexcept {
  if (sent.size() != lower.size()) return false;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const char c = sent[i] >= 'A' && sent[i] <= 'Z' ? static_cast<char>(sent[i] | 0x20) : sent[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::string_view trim(std::string_view value) noexcept {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

}  // namespace

const sluice_op_vt Call::kOpTable{
    .size = sizeof(sluice_op_vt),
    .reserved = 0,
    .checkpoint = [](sluice_op* op) { return of(op).check(); },
    .fail =
        [](sluice_op* op, sluice_status status, sluice_str text, sluice_str internal) {
          of(op).attach_error(status, to_view(text), to_view(internal));
        },
    .complete = [](sluice_op* op, std::uint64_t ticket,
                   sluice_status status) { of(op).complete(ticket, status); },
    .scratch = [](sluice_op* op, std::size_t bytes) { return of(op).arena_.allocate(bytes); },
    .find_credential = [](sluice_op* op, sluice_str kind, sluice_str key, sluice_credential* out)
        -> sluice_status { return of(op).find_credential(to_view(kind), to_view(key), 0, out); },
    .find_nth_credential = [](sluice_op* op, sluice_str kind, sluice_str key, std::size_t n,
                              sluice_credential* out) -> sluice_status {
      return of(op).find_credential(to_view(kind), to_view(key), n, out);
    },
    .is_granted = [](sluice_op* op, sluice_str consumer) -> std::int32_t {
      const Call& call = of(op);
      return call.grants_ && call.grants_->is_granted(to_view(consumer), op->now_ns) ? 1 : 0;
    },
    .note =
        [](sluice_op* op, sluice_str name, sluice_str value) {
          if (auto* notes = of(op).notes_) notes->note(to_view(name), to_view(value));
        },
    .retry_after =
        [](sluice_op* op, std::uint64_t ms) {
          of(op).retry_after_ms_.store(ms, std::memory_order_relaxed);
        },
};

const sluice_request_vt Call::kRequestTable{
    .size = sizeof(sluice_request_vt),
    .reserved = 0,
    .header = [](const sluice_request* r, sluice_str name) -> sluice_str {
      for (const auto& header : of(r).request().headers) {
        if (names_equal(header.name, to_view(name))) return to_str(trim(header.value));
      }
      return {nullptr, 0};
    },
    .header_count =
        [](const sluice_request* r, sluice_str name) {
          std::size_t n = 0;
          for (const auto& header : of(r).request().headers)
            n += names_equal(header.name, to_view(name));
          return n;
        },
    .header_at = [](const sluice_request* r, std::size_t i, sluice_str* name,
                    sluice_str* value) -> std::int32_t {
      const auto headers = of(r).request().headers;
      if (i >= headers.size()) return 0;
      *name = to_str(headers[i].name);
      *value = to_str(trim(headers[i].value));
      return 1;
    },
    .body = [](const sluice_request* r) { return to_str(of(r).request().body); },
};

Call::Call(WorkerPool& workers, Finished finished, void* user)
    : workers_(workers), finished_(finished), finished_user_(user) {
  side_.call = this;
  request_side_.call = this;
  out_side_.call = this;
  out_side_.out.reserve = [](sluice_out* out, std::size_t need) { return of(out).reserve(need); };
  buffer_ = std::make_unique_for_overwrite<char[]>(kFirstBodyBytes);
  buffer_bytes_ = kFirstBodyBytes;
}
Call::~Call() = default;

void Call::begin(http::Exchange& exchange, std::uint64_t ticket,
                 const CredentialFinder* credentials,
                 std::shared_ptr<const void> (*pin)(void* user), void* pin_user) {
  const http::Request& request = exchange.request();
  exchange_ = &exchange;
  io_ = &exchange.io();
  exchange_open_ = true;
  when_written_ = nullptr;
  if (error_.status != SLUICE_OK) error_ = {.status = SLUICE_OK};
  credentials_ = credentials;
  grants_ = nullptr;
  notes_ = nullptr;
  retry_after_ms_.store(0, std::memory_order_relaxed);
  ended_ = nullptr;
  pin_ = pin;
  pin_user_ = pin_user;
  arena_.reset();
  const std::size_t id_bytes = std::min(request.request_id.size(), request_id_.size());
  std::memcpy(request_id_.data(), request.request_id.data(), id_bytes);
  observation_ = {.request_id = {request_id_.data(), id_bytes}, .received_ns = request.received_ns};
  away_ = in_step_ = answered_ = finished_already_ = streaming_ = head_sent_ = false;
  piece_in_flight_ = piece_failed_ = paused_ = false;
  cancelled_.store(SLUICE_OK, std::memory_order_relaxed);
  stream_type_ = "application/json";
  rewind_body();

  request_side_.request = {.size = sizeof(sluice_request),
                           .reserved = 0,
                           .vt = &kRequestTable,
                           .method = to_str(request.method),
                           .path = to_str(request.path),
                           .query = to_str(request.query),
                           .peer = to_str(request.peer),
                           .authority = to_str(request.authority)};
  side_.op = {.size = sizeof(sluice_op),
              .mode = SLUICE_RUN_INLINE,
              .vt = &kOpTable,
              .ticket = ticket,
              .deadline_ns = UINT64_MAX,
              .now_ns = request.unix_ns ? request.unix_ns : http::realtime_ns(),
              .request = &request_side_.request,
              .principal = nullptr,
              .request_id = to_str(observation_.request_id),
              .trace_parent = {nullptr, 0}};
}

// A plugin of an older minor version has a shorter credential: it gets as much as it knows.
Status Call::find_credential(std::string_view kind, std::string_view key, std::size_t n,
                             sluice_credential* out) const {
  sluice_credential found;
  if (!credentials_ || !credentials_->find_credential(kind, key, n, found)) {
    return SLUICE_E_NOT_FOUND;
  }
  found.size = static_cast<std::uint32_t>(std::min<std::size_t>(out->size, sizeof found));
  std::memcpy(out, &found, found.size);
  return SLUICE_OK;
}

// ------------------------------------------------------------------------------------------ steps

void Call::run_step(const Step& step) {
  step_ = step;
  switch (step.exec) {
    case SLUICE_EXEC_INLINE:
      side_.op.mode = SLUICE_RUN_INLINE;
      inline_started_ns_ = UINT64_MAX;  // no budget: it promised to be short
      return finish_step(step.run(step.user, *this));
    case SLUICE_EXEC_INLINE_FIRST: {
      side_.op.mode = SLUICE_RUN_INLINE;
      inline_started_ns_ = 0;
      const Status status = step.run(step.user, *this);
      if (status != SLUICE_RETRY_ON_WORKER) return finish_step(status);
      if (step.discard) step.discard(step.user, *this);
      return run_on_worker();
    }
    case SLUICE_EXEC_WORKER:
      return run_on_worker();
    case SLUICE_EXEC_ASYNC:
      return run_async();
    default:
      attach_error(SLUICE_E_UNSUPPORTED, "", "unknown execution class");
      return finish_step(SLUICE_E_UNSUPPORTED);
  }
}

// The exchange is suspended, the snapshot pinned and the deadline watched, once for a call.
void Call::leave_thread() {
  if (away_) return;
  away_ = true;
  pinned_ = pin_ ? pin_(pin_user_) : nullptr;
  exchange_->suspend(*this);
  if (side_.op.deadline_ns != UINT64_MAX) {
    const std::uint64_t now = http::monotonic_ns();
    const std::uint64_t left = side_.op.deadline_ns > now ? side_.op.deadline_ns - now : 0;
    timer_ = io_->start_timer(
        left, [](void* call) { static_cast<Call*>(call)->on_deadline(); }, this);
  }
}

void Call::run_on_worker() {
  leave_thread();
  side_.op.mode = SLUICE_RUN_WORKER;
  in_step_ = true;
  const bool queued = workers_.try_submit(
      [](void* user) {
        auto& call = *static_cast<Call*>(user);
        // A call that waited in the queue past its end is not begun at all.
        const Status before = call.check();
        call.step_status_ = before == SLUICE_OK ? call.step_.run(call.step_.user, call) : before;
        call.io_->post(
            [](void* back) {
              auto& finished = *static_cast<Call*>(back);
              finished.finish_step(finished.step_status_);
            },
            &call);
      },
      this);
  if (!queued) {
    attach_error(problem::kOverloaded, "all workers are busy; try again later",
                 "worker queue full");
    finish_step(problem::kOverloaded);
  }
}

void Call::run_async() {
  side_.op.mode = SLUICE_RUN_INLINE;
  inline_started_ns_ = UINT64_MAX;
  leave_thread();
  in_step_ = true;
  pending_.store(Pending::kRunning);
  live_ticket_.store(side_.op.ticket);
  const Status status = step_.run(step_.user, *this);
  if (status != SLUICE_PENDING) {
    live_ticket_.store(0);
    return finish_step(status);
  }
  // It may have completed before it came back; whoever is second ends the step.
  if (pending_.exchange(Pending::kPending) == Pending::kEarly) finish_step(step_status_);
}

void Call::complete(std::uint64_t ticket, Status status) {
  std::uint64_t expected = ticket;
  // A late or second completion finds another ticket, or none, in this type-stable slot.
  if (ticket == 0 || !live_ticket_.compare_exchange_strong(expected, 0)) return;
  step_status_ = status;
  if (pending_.exchange(Pending::kEarly) != Pending::kPending) return;
  io_->post(
      [](void* call) {
        auto& self = *static_cast<Call*>(call);
        self.finish_step(self.step_status_);
      },
      this);
}

void Call::finish_step(Status status) {
  in_step_ = false;
  if (step_.exec == SLUICE_EXEC_ASYNC) {
    const std::lock_guard lock(piece_mutex_);
    paused_ = false;  // it ended without waiting: nobody is left to resume
  }
  if (const Status why = cancelled_.load(); why != SLUICE_OK && status != SLUICE_OK) status = why;
  // A plugin may answer only with what the boundary knows.
  if (status > 0 && status != SLUICE_SKIP) {
    attach_error(SLUICE_E_INTERNAL, "", "the plugin answered with a status it may not use here");
    status = SLUICE_E_INTERNAL;
  }
  if (answered_) return finish();  // an orphan came home
  step_.done(step_.user, *this, status);
}

Status Call::check() noexcept {
  if (const Status why = cancelled_.load(std::memory_order_relaxed); why != SLUICE_OK) return why;
  const std::uint64_t now = http::monotonic_ns();
  if (now >= side_.op.deadline_ns) return SLUICE_E_TIMEOUT;
  if (side_.op.mode == SLUICE_RUN_INLINE && inline_started_ns_ != UINT64_MAX) {
    // The clock is first read here, so a call that needs no checkpoint pays for none.
    if (inline_started_ns_ == 0) {
      inline_started_ns_ = now;
    } else if (now - inline_started_ns_ > kInlineBudgetNs) {
      return SLUICE_RETRY_ON_WORKER;
    }
  }
  return SLUICE_OK;
}

void Call::cancel_step(Status why) {
  Status none = SLUICE_OK;
  if (!cancelled_.compare_exchange_strong(none, why)) return;
  piece_changed_.notify_all();
  if (in_step_ && step_.cancel) step_.cancel(step_.user, *this);
}

void Call::client_gone() {
  answered_ = true;
  observation_.http_status = problem::to_problem(SLUICE_E_CANCELLED).http_status;
  cancel_step(SLUICE_E_CANCELLED);
  // Not in a step and away: a piece or the tail is being written; its `written` ends the call.
}

void Call::on_deadline() {
  timer_ = 0;
  if (!in_step_ || answered_) return;
  if (cancelled_.load() == SLUICE_OK) {
    cancel_step(SLUICE_E_TIMEOUT);
    timer_ = io_->start_timer(
        kOrphanGraceNs, [](void* call) { static_cast<Call*>(call)->on_deadline(); }, this);
    return;
  }
  // The plugin does not come back. The caller gets an answer, the slot waits for the plugin.
  answered_ = true;
  const auto problem = problem::to_problem(SLUICE_E_TIMEOUT);
  observation_.http_status = problem.http_status;
  observation_.err_code = problem.err_code;
  const http::ResponseHead head{.status = problem.http_status};
  // The plugin may still read the request: it is kept until the plugin is done.
  exchange_->abandon(streaming_ ? nullptr : &head,
                     problem::make_body(problem, "the data source did not stop in time",
                                        to_view(side_.op.request_id)));
}

void Call::attach_error(Status status, std::string_view text, std::string_view internal) {
  const std::lock_guard lock(error_mutex_);
  error_ = {status, std::string(text), std::string(internal), {}};
}

Error Call::take_error(Status status) {
  const std::lock_guard lock(error_mutex_);
  Error error = std::move(error_);
  error_ = {.status = SLUICE_OK};
  if (error.status != status) error.detail.clear();  // it speaks of something else
  error.status = status;
  return error;
}

// ------------------------------------------------------------------------------------------- body

void Call::rewind_body() noexcept {
  out_side_.out.cur = reinterpret_cast<std::uint8_t*>(buffer_.get());
  out_side_.out.end = out_side_.out.cur + buffer_bytes_;
}

Status Call::reserve(std::size_t need) {
  sluice_out& out = out_side_.out;
  auto* const begin = reinterpret_cast<std::uint8_t*>(buffer_.get());
  const auto used = static_cast<std::size_t>(out.cur - begin);
  const bool may_stream = side_.op.mode == SLUICE_RUN_WORKER;
  const std::size_t bound = may_stream                        ? kPieceBytes
                            : step_.exec == SLUICE_EXEC_ASYNC ? kAsyncBodyBytesMax
                                                              : kInlineBodyBytesMax;
  if (need > kPieceBytesMax) {
    attach_error(SLUICE_E_TOO_LARGE, "one row is larger than this gateway sends", "");
    return SLUICE_E_TOO_LARGE;
  }
  if (may_stream && used > 0 && used + need > bound) {
    if (const Status status = hand_over_piece(); status != SLUICE_OK) return status;
    return reserve(need);
  }
  if (!may_stream && used + need > bound) {
    if (step_.exec == SLUICE_EXEC_INLINE_FIRST) return SLUICE_RETRY_ON_WORKER;
    attach_error(SLUICE_E_TOO_LARGE, "the result is larger than this source may answer", "");
    return SLUICE_E_TOO_LARGE;
  }
  std::size_t grown = std::max(buffer_bytes_ * 2, used + need);
  auto larger = std::make_unique_for_overwrite<char[]>(grown);
  std::memcpy(larger.get(), buffer_.get(), used);
  buffer_ = std::move(larger);
  buffer_bytes_ = grown;
  out.cur = reinterpret_cast<std::uint8_t*>(buffer_.get()) + used;
  out.end = reinterpret_cast<std::uint8_t*>(buffer_.get()) + buffer_bytes_;
  return SLUICE_OK;
}

// On a worker: gives the full buffer to the I/O thread and takes the other one, when it is back.
Status Call::hand_over_piece() {
  {
    std::unique_lock lock(piece_mutex_);
    const auto may_go_on = [this] {
      return !piece_in_flight_ || piece_failed_ || cancelled_.load() != SLUICE_OK;
    };
    while (!may_go_on()) {
      const std::uint64_t now = http::monotonic_ns();
      if (now >= side_.op.deadline_ns) return SLUICE_E_TIMEOUT;
      // The bound on one wait covers a cancellation that came between the check and the wait.
      const std::uint64_t left = std::min<std::uint64_t>(side_.op.deadline_ns - now, 50'000'000);
      piece_changed_.wait_for(lock, std::chrono::nanoseconds(left), may_go_on);
    }
    if (piece_failed_) return SLUICE_E_CANCELLED;
    if (const Status why = cancelled_.load(); why != SLUICE_OK) return why;
    piece_in_flight_ = true;
  }
  send_buffer();
  return SLUICE_OK;
}

Status Call::offer_piece() {
  const auto used =
      static_cast<std::size_t>(out_side_.out.cur - reinterpret_cast<std::uint8_t*>(buffer_.get()));
  if (used < kPieceBytes || !step_.resume) return SLUICE_OK;
  {
    const std::lock_guard lock(piece_mutex_);
    if (piece_failed_) return SLUICE_E_CANCELLED;
    if (const Status why = cancelled_.load(); why != SLUICE_OK) return why;
    if (piece_in_flight_) {
      paused_ = true;
      return SLUICE_PAUSE;
    }
    piece_in_flight_ = true;
  }
  send_buffer();
  return SLUICE_OK;
}

// Takes the full buffer to the I/O thread; whoever writes goes on in the other one. The caller has
// set piece_in_flight_.
void Call::send_buffer() {
  sending_used_ =
      static_cast<std::size_t>(out_side_.out.cur - reinterpret_cast<std::uint8_t*>(buffer_.get()));
  std::swap(buffer_, sending_);
  std::swap(buffer_bytes_, sending_bytes_);
  if (!buffer_) {
    buffer_ = std::make_unique_for_overwrite<char[]>(kPieceBytes);
    buffer_bytes_ = kPieceBytes;
  }
  rewind_body();
  streaming_ = true;
  io_->post(
      [](void* user) {
        auto& call = *static_cast<Call*>(user);
        if (!std::exchange(call.head_sent_, true)) {
          call.observation_.http_status = 200;
          call.exchange_->begin_stream({.content_type = call.stream_type_});
        }
        call.observation_.bytes += call.sending_used_;
        call.exchange_->write_piece(
            {call.sending_.get(), call.sending_used_},
            [](void* written, bool ok) { static_cast<Call*>(written)->piece_written(ok); }, &call);
      },
      this);
}

void Call::piece_written(bool ok) {
  bool was_paused = false, resumes = false;
  {
    const std::lock_guard lock(piece_mutex_);
    piece_failed_ = piece_failed_ || !ok;
    was_paused = std::exchange(paused_, false);
    resumes = was_paused && !piece_failed_ && cancelled_.load() == SLUICE_OK;
    piece_in_flight_ = resumes;
    piece_changed_.notify_all();
  }
  if (resumes) {
    send_buffer();  // what was full when the step was paused
    step_.resume(step_.user, *this);
  } else if (was_paused) {
    cancel_step(SLUICE_E_CANCELLED);  // nobody will take the rest
  }
  if (const auto then = std::exchange(when_written_, nullptr)) (this->*then)();
}

// -------------------------------------------------------------------------------------------- end

void Call::respond(const http::ResponseHead& head, std::string_view body) {
  observation_.http_status = head.status;
  observation_.bytes = body.size();
  answered_ = true;
  exchange_open_ = false;
  exchange_->send(head, body);
  finish();
}

void Call::respond_with_body() { respond_with_body({.status = 200, .content_type = stream_type_}); }

void Call::respond_with_body(const http::ResponseHead& head) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(buffer_.get());
  const auto used = static_cast<std::size_t>(out_side_.out.cur - begin);
  if (!streaming_) return respond(head, {buffer_.get(), used});

  if (!wait_for_piece(&Call::send_tail)) send_tail();
}

// True when a piece is on its way; `then` follows once it was written, or could not be.
bool Call::wait_for_piece(void (Call::*then)()) {
  const std::lock_guard lock(piece_mutex_);
  if (piece_in_flight_) when_written_ = then;
  return piece_in_flight_;
}

void Call::send_tail() {
  answered_ = true;
  if (piece_failed_) return finish();
  const auto* begin = reinterpret_cast<const std::uint8_t*>(buffer_.get());
  const auto used = static_cast<std::size_t>(out_side_.out.cur - begin);
  observation_.bytes += used;
  exchange_->write_piece(
      {buffer_.get(), used},
      [](void* user, bool ok) {
        auto& call = *static_cast<Call*>(user);
        if (ok) {
          call.exchange_open_ = false;
          call.exchange_->end_stream();
        }
        call.finish();
      },
      this);
}

void Call::refuse(const Error& error, std::span<const http::Header> headers) {
  const auto problem = problem::to_problem(error.status);
  observation_.http_status = problem.http_status;
  observation_.err_code = problem.err_code;
  answered_ = true;
  if (streaming_) return finish();  // which cuts what has begun
  const std::string body = problem::make_body(problem, error.detail, to_view(side_.op.request_id));
  std::array<http::Header, 16> all;
  std::size_t n = 0;
  std::string message, retry_after;
  const std::uint64_t retry_ms = retry_after_ms_.load(std::memory_order_relaxed);
  if (retry_ms > 0 && (problem.http_status == 503 || problem.http_status == 502)) {
    retry_after = std::to_string((retry_ms - 1) / 1000 + 1);
    all[n++] = {"Retry-After", retry_after};
  }
  if (!problem.gateway_code.empty()) {
    message = problem::escape_header(error.detail.empty() ? problem.err_msg
                                                          : std::string_view(error.detail));
    all[n++] = {"X-Ca-Error-Code", problem.gateway_code};
    all[n++] = {"X-Ca-Error-Message", message};
  }
  for (const auto& header : headers.first(std::min(headers.size(), all.size() - n))) {
    all[n++] = header;
  }
  observation_.bytes = body.size();
  exchange_open_ = false;
  exchange_->send({.status = problem.http_status, .headers = {all.data(), n}}, body);
  finish();
}

void Call::refuse(int http_status, std::string_view gateway_code, std::string_view message,
                  std::span<const http::Header> headers) {
  const problem::Problem problem{http_status, http_status, message, gateway_code};
  const std::string body = problem::make_body(problem, {}, to_view(side_.op.request_id));
  const std::string escaped = problem::escape_header(message);
  std::array<http::Header, 16> all;
  std::size_t n = 0;
  all[n++] = {"X-Ca-Error-Code", gateway_code};
  all[n++] = {"X-Ca-Error-Message", escaped};
  for (const auto& header : headers.first(std::min(headers.size(), all.size() - n))) {
    all[n++] = header;
  }
  observation_.err_code = http_status;
  respond({.status = http_status, .headers = {all.data(), n}}, body);
}

void Call::finish() {
  if (finished_already_) return;
  // An answer that is not whole must not look whole, and the request must be let go.
  if (std::exchange(exchange_open_, false)) exchange_->abort_stream();
  if (streaming_ && wait_for_piece(&Call::finish)) return;
  finished_already_ = true;
  if (const auto ended = std::exchange(ended_, nullptr)) ended(ended_user_);
  if (timer_) io_->cancel_timer(std::exchange(timer_, 0));
  if (away_) {
    pinned_.reset();
  }
  // Large buffers do not stay with the slot.
  if (buffer_bytes_ > kInlineBodyBytesMax) {
    buffer_ = std::make_unique_for_overwrite<char[]>(kFirstBodyBytes);
    buffer_bytes_ = kFirstBodyBytes;
  }
  sending_.reset();
  sending_bytes_ = 0;
  finished_(finished_user_, *this);
}

}  // namespace sluice::call
