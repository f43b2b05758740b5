// SPDX-License-Identifier: Apache-2.0
#pragma once
// Call: the one value that walks the lower floor, from a request to its answer. It is the plugin's
// sluice_op, owns the call's memory and output, and runs each step where its component's execution
// class says: on the I/O thread, on a worker, or wherever an asynchronous plugin completes it.
//
// Everything is [io] unless said: a call belongs to its exchange's I/O thread. While a step runs on
// a worker, the I/O thread only cancels it.

#include "call/arena.hpp"
#include "call/worker_pool.hpp"
#include "http/exchange.hpp"

#include <sluice/result.hpp>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::call {

class Call;

// Where an authenticator's keyed lookups go: the snapshot's credentials. [any], const.
class CredentialFinder {
 public:
  virtual bool find_credential(std::string_view kind, std::string_view key, std::size_t n,
                               sluice_credential& out) const = 0;

 protected:
  ~CredentialFinder() = default;
};

// Who may call the API of this call. [any], const.
class GrantFinder {
 public:
  virtual bool is_granted(std::string_view consumer, std::uint64_t now_ns) const = 0;

 protected:
  ~GrantFinder() = default;
};

// Who is told what plugins did for a call (sluice_op_vt.note): the test of a draft. [any]
class NoteTaker {
 public:
  virtual void note(std::string_view name, std::string_view value) = 0;

 protected:
  ~NoteTaker() = default;
};

// One visit to a plugin. `user` outlives the step (it stands in the call's arena or the snapshot).
struct Step {
  std::uint32_t exec = SLUICE_EXEC_INLINE;
  void* user = nullptr;
  Status (*run)(void* user, Call& call) = nullptr;    // [run]
  void (*discard)(void* user, Call& call) = nullptr;  // an inline attempt was given up
  void (*done)(void* user, Call& call, Status status) = nullptr;
  void (*cancel)(void* user, Call& call) = nullptr;  // [any] optional, at most once
  // [io] An asynchronous step that was paused may push again.
  void (*resume)(void* user, Call& call) = nullptr;
};

// What the access log and the metrics learn of a call.
struct Observation {
  int http_status = 0;
  std::int64_t err_code = 0;
  std::uint64_t bytes = 0;
  std::string_view method, path;    // the route's, or copies in the call's arena
  std::string_view api_id;          // the route's; empty when none matched
  std::string_view consumer;        // the principal's, in the call's arena
  std::string_view refusal_reason;  // a plugin's exact one, never for callers; arena
  std::string_view request_id;
  std::uint64_t received_ns = 0;  // CLOCK_MONOTONIC
};

class Call final : private http::ClientGoneListener {
 public:
  static constexpr std::size_t kInlineBodyBytesMax = 65536;  // more: the query goes to a worker
  static constexpr std::size_t kPieceBytes = 65536;          // streamed in pieces of about this
  static constexpr std::size_t kPieceBytesMax = 16u << 20;  // one row larger than this: E_TOO_LARGE
  static constexpr std::size_t kAsyncBodyBytesMax = 16u << 20;  // then E_TOO_LARGE
  static constexpr std::uint64_t kInlineBudgetNs = 50'000;
  static constexpr std::uint64_t kOrphanGraceNs = 2'000'000'000;

  // Told once the answer is out (or nobody is left to take it); then the call may be used again.
  using Finished = void (*)(void* user, Call& call);

  Call(WorkerPool& workers, Finished finished, void* user);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // A fresh call on this slot. `pin` keeps the snapshot once the call leaves its I/O thread; until
  // then the thread's own reference does. The finder belongs to the snapshot.
  void begin(http::Exchange& exchange, std::uint64_t ticket, const CredentialFinder* credentials,
             std::shared_ptr<const void> (*pin)(void* user), void* pin_user);

  http::Exchange& exchange() noexcept { return *exchange_; }
  const http::Request& request() const noexcept { return exchange_->request(); }
  sluice_op* op() noexcept { return &side_.op; }
  Arena& arena() noexcept { return arena_; }
  Observation& observation() noexcept { return observation_; }
  std::uint64_t deadline_ns() const noexcept { return side_.op.deadline_ns; }
  void set_deadline(std::uint64_t monotonic_ns) noexcept { side_.op.deadline_ns = monotonic_ns; }
  // Of the route; it outlives the call. Until it is set nobody is granted anything.
  void set_grants(const GrantFinder* grants) noexcept { grants_ = grants; }
  // It outlives the call. Until it is set notes are dropped.
  void set_notes(NoteTaker* notes) noexcept { notes_ = notes; }
  void set_principal(const sluice_principal* principal) noexcept { side_.op.principal = principal; }

  // Runs one step; `done` follows exactly once, perhaps before run_step returns.
  void run_step(const Step& step);

  // The error that the step's plugin attached with op.fail(), for a status that is not OK. [io]
  Error take_error(Status status);

  // ---- output. Serializers write into it; while nothing was sent it can be rewound. [run]
  sluice_out* body_out() noexcept { return &out_side_.out; }
  void rewind_body() noexcept;
  // After a push of an asynchronous step, on the plugin's thread: sends what is there once it is a
  // piece. PAUSE: the client has not taken the last piece; the step is resumed when it has. Without
  // a step that can be resumed the body grows to kAsyncBodyBytesMax instead. [run]
  Status offer_piece();
  void set_stream_type(std::string_view media_type) noexcept { stream_type_ = media_type; }

  // Told when the call has ended, whichever way: what it holds besides is given back then. One per
  // call. [io]
  void set_ended(void (*ended)(void* user), void* user) noexcept {
    ended_ = ended;
    ended_user_ = user;
  }

  // ---- the end; exactly one of them, then `finished` is called.
  void respond(const http::ResponseHead& head, std::string_view body);
  void respond_with_body();  // 200 and what was written to body_out()
  // The same with a head of its own, unless the answer has begun. [io]
  void respond_with_body(const http::ResponseHead& head);
  // Any failure. Chooses the status unless the answer has begun; then the connection is cut.
  void refuse(const Error& error, std::span<const http::Header> headers = {});
  void refuse(int http_status, std::string_view gateway_code, std::string_view message,
              std::span<const http::Header> headers);

 private:
  struct OpSide {  // first member is what the plugin sees
    sluice_op op;
    Call* call;
  };
  struct RequestSide {
    sluice_request request;
    Call* call;
  };
  struct OutSide {
    sluice_out out;
    Call* call;
  };
  enum class Pending : int { kRunning, kPending, kEarly };

  static Call& of(sluice_op* op) noexcept { return *reinterpret_cast<OpSide*>(op)->call; }
  static const Call& of(const sluice_request* r) noexcept {
    return *reinterpret_cast<const RequestSide*>(r)->call;
  }
  static Call& of(sluice_out* out) noexcept { return *reinterpret_cast<OutSide*>(out)->call; }
  static const sluice_op_vt kOpTable;
  static const sluice_request_vt kRequestTable;

  Status check() noexcept;
  Status find_credential(std::string_view kind, std::string_view key, std::size_t n,
                         sluice_credential* out) const;
  void attach_error(Status status, std::string_view text, std::string_view internal);
  void complete(std::uint64_t ticket, Status status);
  Status reserve(std::size_t need);
  Status hand_over_piece();
  void send_buffer();
  void piece_written(bool ok);
  void leave_thread();
  void run_on_worker();
  void run_async();
  void finish_step(Status status);
  void cancel_step(Status why);
  void client_gone() override;
  void on_deadline();
  bool wait_for_piece(void (Call::*then)());
  void send_tail();
  void finish();

  WorkerPool& workers_;
  const Finished finished_;
  void* const finished_user_;
  void (*ended_)(void*) = nullptr;
  void* ended_user_ = nullptr;

  OpSide side_{};
  RequestSide request_side_{};
  OutSide out_side_{};
  http::Exchange* exchange_ = nullptr;
  http::IoThread* io_ = nullptr;
  const CredentialFinder* credentials_ = nullptr;
  const GrantFinder* grants_ = nullptr;
  NoteTaker* notes_ = nullptr;
  std::atomic<std::uint64_t> retry_after_ms_{0};  // as a plugin said beside an error
  std::shared_ptr<const void> (*pin_)(void*) = nullptr;
  void* pin_user_ = nullptr;
  std::shared_ptr<const void> pinned_;
  Arena arena_;
  Observation observation_;
  std::array<char, 32>
      request_id_{};  // a copy: the answer's log line is written after the exchange

  Step step_;
  Status step_status_ = SLUICE_OK;
  bool away_ = false;           // left its I/O thread at least once: suspended, pinned, timed
  bool in_step_ = false;        // a step is on a worker or pending
  bool answered_ = false;       // an answer was given, or nobody is left to take one
  bool exchange_open_ = false;  // send, end_stream or abort_stream is still owed
  bool finished_already_ = false;
  std::uint64_t timer_ = 0;
  std::uint64_t inline_started_ns_ = 0;
  std::atomic<Status> cancelled_{SLUICE_OK};
  std::atomic<std::uint64_t> live_ticket_{0};
  std::atomic<Pending> pending_{Pending::kRunning};

  std::mutex error_mutex_;  // an asynchronous plugin may fail() from any of its threads
  Error error_{.status = SLUICE_OK};

  // The body: one buffer, and while streaming a second one that the I/O thread sends.
  std::unique_ptr<char[]> buffer_, sending_;
  std::size_t buffer_bytes_ = 0, sending_bytes_ = 0, sending_used_ = 0;
  std::string_view stream_type_ = "application/json";
  bool streaming_ = false;  // the head is out or on its way
  bool head_sent_ = false;  // [io]
  std::mutex piece_mutex_;
  std::condition_variable piece_changed_;
  bool piece_in_flight_ = false, piece_failed_ = false;
  bool paused_ = false;                     // an asynchronous step waits for the piece in flight
  void (Call::*when_written_)() = nullptr;  // [io] what waits for the piece in flight
};

}  // namespace sluice::call
