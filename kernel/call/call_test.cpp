// SPDX-License-Identifier: Apache-2.0
// How a call waits: inline, on a worker, for an asynchronous plugin, and for one that never comes.
#include "call/call.hpp"

#include "call/in_process.hpp"
#include "call/worker_pool.hpp"
#include "http/clock.hpp"

#include <gtest/gtest.h>

#include <functional>
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

}  // namespace
}  // namespace sluice::call
