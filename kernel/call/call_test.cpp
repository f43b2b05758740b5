// SPDX-License-Identifier: Apache-2.0
// How a call waits: inline, on a worker, for an asynchronous plugin, and for one that never comes.
#include "call/call.hpp"

#include "call/in_process.hpp"
#include "call/worker_pool.hpp"
#include "http/clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace sluice::call {
namespace {

// One call whose only step does what a test says, and whose answer tells how the step ended.
class OneStep final : public http::Handler {
 public:
  using Run = std::function<Status(Call&)>;

  OneStep(std::uint32_t exec, Run run, std::uint64_t timeout_ms = 20'000)
      : exec_(exec), run_(std::move(run)), timeout_ms_(timeout_ms) {}

  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, 7, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    call_.set_deadline(http::monotonic_ns() + timeout_ms_ * 1'000'000);
    call_.run_step({.exec = exec_,
                    .user = this,
                    .run = [](void* user, Call& call) { return of(user).run_(call); },
                    .discard = [](void* user, Call&) { ++of(user).discarded; },
                    .done =
                        [](void* user, Call& call, Status status) {
                          ++of(user).done;
                          if (status != SLUICE_OK) return call.refuse(call.take_error(status));
                          call.respond({.status = 200}, "done");
                        },
                    .cancel =
                        [](void* user, Call& call) {
                          ++of(user).cancelled;
                          if (of(user).when_cancelled) of(user).when_cancelled(call);
                        }});
  }
  std::function<void(Call&)> when_cancelled;
  std::atomic<int> done{0}, cancelled{0}, discarded{0}, ended{0};

 private:
  static OneStep& of(void* user) { return *static_cast<OneStep*>(user); }
  const std::uint32_t exec_;
  const Run run_;
  const std::uint64_t timeout_ms_;
  WorkerPool workers_{2, 16};
  Call call_{workers_, [](void* user, Call&) { ++of(user).ended; }, this};
};

std::string answer_of(OneStep& handler) {
  const auto response = run_in_process(handler, {.path = "/x"});
  return std::to_string(response.status) + (response.status == 200 ? " " + response.body : "");
}

void complete(Call& call, std::uint64_t ticket, Status status) {
  call.op()->vt->complete(call.op(), ticket, status);
}

TEST(Call, RunsAnInlineStepOnItsThread) {
  const auto here = std::this_thread::get_id();
  OneStep handler(SLUICE_EXEC_INLINE, [&](Call& call) {
    EXPECT_EQ(std::this_thread::get_id(), here);
    EXPECT_EQ(call.op()->mode, std::uint32_t{SLUICE_RUN_INLINE});
    return Status{SLUICE_OK};
  });
  EXPECT_EQ(answer_of(handler), "200 done");
  EXPECT_EQ(handler.ended, 1);
}

TEST(Call, RunsAStepAgainOnAWorkerWhenItsInlineAttemptGaveUp) {
  const auto here = std::this_thread::get_id();
  int runs = 0;
  OneStep handler(SLUICE_EXEC_INLINE_FIRST, [&](Call& call) {
    ++runs;
    if (call.op()->mode == SLUICE_RUN_INLINE) return Status{SLUICE_RETRY_ON_WORKER};
    EXPECT_NE(std::this_thread::get_id(), here);
    return Status{SLUICE_OK};
  });
  EXPECT_EQ(answer_of(handler), "200 done");
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(handler.discarded, 1);
}

TEST(Call, WaitsForAnAsynchronousPluginWhereverItCompletes) {
  const struct {
    const char* name;
    std::function<Status(Call&, std::jthread&)> run;
    const char* answer;
  } cases[] = {
      {"later, from its own thread",
       [](Call& call, std::jthread& thread) {
         thread = std::jthread(
             [&call, ticket = call.op()->ticket] { complete(call, ticket, SLUICE_OK); });
         return Status{SLUICE_PENDING};
       },
       "200 done"},
      {"before it came back",
       [](Call& call, std::jthread&) {
         complete(call, call.op()->ticket, SLUICE_OK);
         return Status{SLUICE_PENDING};
       },
       "200 done"},
      {"twice: the first counts",
       [](Call& call, std::jthread& thread) {
         thread = std::jthread([&call, ticket = call.op()->ticket] {
           complete(call, ticket, SLUICE_OK);
           complete(call, ticket, SLUICE_E_INTERNAL);
         });
         return Status{SLUICE_PENDING};
       },
       "200 done"},
      {"with another call's ticket first",
       [](Call& call, std::jthread& thread) {
         thread = std::jthread([&call, ticket = call.op()->ticket] {
           complete(call, ticket + 1, SLUICE_E_INTERNAL);
           complete(call, 0, SLUICE_E_INTERNAL);
           complete(call, ticket, SLUICE_OK);
         });
         return Status{SLUICE_PENDING};
       },
       "200 done"},
      {"with an error",
       [](Call& call, std::jthread& thread) {
         thread = std::jthread(
             [&call, ticket = call.op()->ticket] { complete(call, ticket, SLUICE_E_TIMEOUT); });
         return Status{SLUICE_PENDING};
       },
       "504"},
      {"at once, without PENDING", [](Call&, std::jthread&) { return Status{SLUICE_OK}; },
       "200 done"},
      {"with a status that is none of a plugin's",
       [](Call& call, std::jthread&) {
         complete(call, call.op()->ticket, SLUICE_PENDING);
         return Status{SLUICE_PENDING};
       },
       "500"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::jthread thread;
    OneStep handler(SLUICE_EXEC_ASYNC, [&](Call& call) { return c.run(call, thread); });
    EXPECT_EQ(answer_of(handler), c.answer);
    if (thread.joinable()) thread.join();
    EXPECT_EQ(handler.done, 1);
    EXPECT_EQ(handler.ended, 1);
  }
}

TEST(Call, CancelsAtItsDeadlineAndAnswersInTime) {
  // The plugin completes when it is told to hurry, with whatever it likes.
  for (const Status status : {SLUICE_E_CANCELLED, SLUICE_E_UNAVAILABLE}) {
    OneStep handler(
        SLUICE_EXEC_ASYNC, [](Call&) { return Status{SLUICE_PENDING}; }, 30);
    handler.when_cancelled = [status](Call& call) { complete(call, call.op()->ticket, status); };
    EXPECT_EQ(answer_of(handler), "504");
    EXPECT_EQ(handler.cancelled, 1);
    EXPECT_EQ(handler.done, 1);
  }
  // A worker that looks at its checkpoints.
  OneStep worker(
      SLUICE_EXEC_WORKER,
      [](Call& call) {
        Status status = SLUICE_OK;
        while (status == SLUICE_OK) status = call.op()->vt->checkpoint(call.op());
        return status;
      },
      30);
  EXPECT_EQ(answer_of(worker), "504");
}

TEST(Call, AnswersForAPluginThatDoesNotComeBackAndIgnoresItLater) {
  std::atomic<bool> may_return{false};
  std::jthread releaser;
  OneStep handler(
      SLUICE_EXEC_WORKER,
      [&](Call&) {
        may_return.wait(false);
        return Status{SLUICE_OK};  // as if nothing had happened
      },
      20);
  const std::uint64_t began = http::monotonic_ns();
  handler.when_cancelled = [&](Call&) {
    // Told to stop, it does not; it comes home half a second after the grace is over.
    releaser = std::jthread([&] {
      const std::uint64_t home = http::monotonic_ns() + Call::kOrphanGraceNs + 500'000'000;
      while (http::monotonic_ns() < home) std::this_thread::yield();
      may_return = true;
      may_return.notify_all();
    });
  };
  const auto response = run_in_process(handler, {.path = "/x"});
  EXPECT_EQ(response.status, 504);
  EXPECT_NE(response.body.find("did not stop in time"), std::string::npos);
  EXPECT_EQ(handler.done, 0) << "nobody hears it any more";
  EXPECT_EQ(handler.ended, 1);
  EXPECT_GE(http::monotonic_ns() - began, Call::kOrphanGraceNs) << "the slot waited for it";
}

TEST(Call, RefusesWhenNoWorkerTakesIt) {
  // One worker that is held, a queue of one that is full.
  WorkerPool pool(1, 1);
  std::atomic<bool> may_go{false};
  std::atomic<bool> is_held{false};
  struct Held {
    std::atomic<bool>&may_go, &is_held;
  } held{may_go, is_held};
  const auto hold = [](void* user) {
    auto& self = *static_cast<Held*>(user);
    self.is_held = true;
    self.is_held.notify_all();
    self.may_go.wait(false);
  };
  ASSERT_TRUE(pool.try_submit(hold, &held));
  is_held.wait(false);
  ASSERT_TRUE(pool.try_submit(hold, &held));
  EXPECT_FALSE(pool.try_submit(hold, &held));
  may_go = true;
  may_go.notify_all();
}

// An exchange whose client takes a piece only when the event loop comes round again.
class SlowExchange final : public http::Exchange {
 public:
  explicit SlowExchange(http::Exchange& inner) : inner_(inner) {}
  const http::Request& request() const noexcept override { return inner_.request(); }
  http::IoThread& io() noexcept override { return inner_.io(); }
  void send(const http::ResponseHead& head, std::string_view body) override {
    inner_.send(head, body);
  }
  void begin_stream(const http::ResponseHead& head) override { inner_.begin_stream(head); }
  void write_piece(std::string_view piece, Written written, void* user) override {
    bytes_max = std::max(bytes_max, piece.size());
    waiting_ = {piece, written, user};
    io().post(
        [](void* self) {
          auto& slow = *static_cast<SlowExchange*>(self);
          const auto waiting = slow.waiting_;
          slow.inner_.write_piece(
              waiting.piece, [](void*, bool) {}, nullptr);
          waiting.written(waiting.user, ++slow.written != slow.fails_at);
        },
        this);
  }
  void end_stream() override { inner_.end_stream(); }
  void abort_stream() override { inner_.abort_stream(); }
  void suspend(http::ClientGoneListener& listener) override { inner_.suspend(listener); }
  void abandon(const http::ResponseHead* head, std::string_view body) override {
    inner_.abandon(head, body);
  }

  std::size_t bytes_max = 0;
  int written = 0;
  int fails_at = 0;  // which piece does not reach the client; 0: none

 private:
  struct Waiting {
    std::string_view piece;
    Written written = nullptr;
    void* user = nullptr;
  };
  http::Exchange& inner_;
  Waiting waiting_;
};

// An asynchronous step that writes lines until it is paused, and goes on when it is resumed; on the
// I/O thread, or always on a thread of its own.
class PacedStep final : public http::Handler {
 public:
  static constexpr std::size_t kLineBytes = 1000;

  PacedStep(int lines, bool has_thread) : lines_(lines), has_thread_(has_thread) {}
  ~PacedStep() {
    if (thread_.joinable()) thread_.join();
  }

  void handle(http::Exchange& exchange) override {
    slow = std::make_unique<SlowExchange>(exchange);
    slow->fails_at = fails_at;
    call_.begin(
        *slow, 7, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    call_.set_deadline(http::monotonic_ns() + 20'000'000'000);
    call_.run_step({.exec = SLUICE_EXEC_ASYNC,
                    .user = this,
                    .run =
                        [](void* user, Call&) {
                          of(user).go_on();
                          return Status{SLUICE_PENDING};
                        },
                    .done =
                        [](void*, Call& call, Status status) {
                          if (status != SLUICE_OK) return call.refuse(call.take_error(status));
                          call.respond_with_body();
                        },
                    .cancel =
                        [](void* user, Call& call) {
                          ++of(user).cancelled;
                          complete(call, 7, SLUICE_E_CANCELLED);
                        },
                    .resume = [](void* user, Call&) { of(user).go_on(); }});
  }

  std::unique_ptr<SlowExchange> slow;
  int fails_at = 0;
  int pauses = 0, cancelled = 0;

 private:
  static PacedStep& of(void* user) { return *static_cast<PacedStep*>(user); }
  void go_on() {
    if (!has_thread_) return write_lines();
    // The thread before this one has been told to pause: it ends by itself.
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this] { write_lines(); });
  }
  void write_lines() {
    sluice_out* const out = call_.body_out();
    while (lines_ > 0) {
      if (static_cast<std::size_t>(out->end - out->cur) < kLineBytes &&
          out->reserve(out, kLineBytes) != SLUICE_OK) {
        return complete(call_, 7, SLUICE_E_TOO_LARGE);
      }
      std::fill_n(out->cur, kLineBytes, static_cast<std::uint8_t>('a' + lines_ % 26));
      out->cur += kLineBytes;
      --lines_;
      const Status status = call_.offer_piece();
      if (status == SLUICE_PAUSE) {
        ++pauses;
        return;
      }
      if (status != SLUICE_OK) return complete(call_, 7, status);
    }
    complete(call_, 7, SLUICE_OK);
  }

  int lines_;
  const bool has_thread_;
  std::thread thread_;
  WorkerPool workers_{1, 1};
  Call call_{workers_, [](void*, Call&) {}, nullptr};
};

TEST(Call, PausesAnAsynchronousSourceThatIsFasterThanItsClient) {
  constexpr int kLines = 40'000;  // 40 MB, far beyond what may wait
  for (const bool has_thread : {false, true}) {
    SCOPED_TRACE(has_thread ? "pushes from its own thread" : "pushes from the I/O thread");
    PacedStep handler(kLines, has_thread);
    const auto response = run_in_process(handler, {.path = "/x"});
    EXPECT_EQ(response.status, 200);
    EXPECT_FALSE(response.was_cut);
    ASSERT_EQ(response.body.size(), kLines * PacedStep::kLineBytes);
    std::size_t wrong = 0;
    for (int line = 0; line < kLines; ++line) {
      const char expected = static_cast<char>('a' + (kLines - line) % 26);
      wrong += response.body[static_cast<std::size_t>(line) * PacedStep::kLineBytes] != expected;
    }
    EXPECT_EQ(wrong, 0u) << "lines out of order";
    EXPECT_GT(handler.pauses, 0);
    EXPECT_LE(handler.slow->bytes_max, Call::kPieceBytes + PacedStep::kLineBytes);
  }
}

TEST(Call, CancelsAPausedSourceWhoseClientHasLeft) {
  PacedStep handler(40'000, false);
  handler.fails_at = 3;
  const auto response = run_in_process(handler, {.path = "/x"});
  EXPECT_TRUE(response.was_cut);
  EXPECT_EQ(handler.cancelled, 1);
}

}  // namespace
}  // namespace sluice::call
