// SPDX-License-Identifier: Apache-2.0
#include "call/admission.hpp"

#include "call/in_process.hpp"
#include "http/clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <thread>

namespace sluice::call {
namespace {

// Calls whose work lasts until somebody says so, as an asynchronous plugin's would.
class Work {
 public:
  void begin(Call& call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(&call);
    ++begun_;
    changed_.notify_all();
  }
  // Ends the work of the call that began first.
  void end_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !calls_.empty(); });
    Call* const call = calls_.front();
    calls_.erase(calls_.begin());
    lock.unlock();
    call->op()->vt->complete(call->op(), call->op()->ticket, SLUICE_OK);
  }
  void wait_until_begun(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  int begun() {
    const std::lock_guard lock(mutex_);
    return begun_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call*> calls_;
  int begun_ = 0;
};

// One call at a time through an Admission; then a step that does what the test says.
class Admitted final : public http::Handler {
 public:
  Admitted(Admission& admission, std::function<Status(Call&)> run,
           std::uint64_t timeout_ms = 20'000, std::uint32_t exec = SLUICE_EXEC_ASYNC)
      : admission_(admission), run_(std::move(run)), timeout_ms_(timeout_ms), exec_(exec) {}

  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, ++ticket_, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    call_.set_deadline(http::monotonic_ns() + timeout_ms_ * 1'000'000);
    admission_.admit(
        call_,
        [](const void* user, Call& call) {
          const auto& self = *static_cast<const Admitted*>(user);
          call.run_step(
              {.exec = self.exec_,
               .user = const_cast<Admitted*>(&self),
               .run = [](void* handler,
                         Call& running) { return static_cast<Admitted*>(handler)->run_(running); },
               .discard = [](void*, Call&) {},
               .done =
                   [](void*, Call& ended, Status status) {
                     if (status != SLUICE_OK) return ended.refuse(ended.take_error(status));
                     ended.respond({.status = 200}, "done");
                   }});
        },
        this);
  }
  InProcessResponse send() { return run_in_process(*this, {.path = "/x"}); }

 private:
  Admission& admission_;
  const std::function<Status(Call&)> run_;
  const std::uint64_t timeout_ms_;
  const std::uint32_t exec_;
  std::uint64_t ticket_ = 0;
  WorkerPool workers_{1, 4};
  Call call_{workers_, [](void*, Call&) {}, nullptr};
};

void expect_counts(const Admission& admission, std::uint32_t in_flight, std::uint32_t waiting,
                   std::uint64_t refused) {
  const auto counts = admission.counts();
  EXPECT_EQ(counts.in_flight, in_flight);
  EXPECT_EQ(counts.waiting, waiting);
  EXPECT_EQ(counts.refused, refused);
}

void wait_for(const std::function<bool()>& is_so) {
  while (!is_so()) std::this_thread::yield();
}

// A call on its own thread, which is its I/O thread; its status once it is answered.
struct Sent {
  Sent(Admission& admission, Work& work, std::uint64_t timeout_ms = 20'000)
      : handler(
            admission,
            [&work](Call& call) {
              work.begin(call);
              return Status{SLUICE_PENDING};
            },
            timeout_ms),
        thread([this] { status = handler.send().status; }) {}
  int wait() {
    thread.join();
    return status;
  }
  int status = 0;
  Admitted handler;
  std::jthread thread;
};

// Proves: R091
TEST(Admission, HowACallEndsItGivesItsPlaceBack) {
  const struct {
    const char* name;
    std::uint32_t exec;
    Status status;
    int answered;
  } cases[] = {
      {"at once", SLUICE_EXEC_INLINE, SLUICE_OK, 200},
      {"refused at once", SLUICE_EXEC_INLINE, SLUICE_E_UNAVAILABLE, 500},
      {"on a worker", SLUICE_EXEC_WORKER, SLUICE_OK, 200},
      {"refused on a worker", SLUICE_EXEC_WORKER, SLUICE_E_TIMEOUT, 504},
      {"asynchronously", SLUICE_EXEC_ASYNC, SLUICE_OK, 200},
      {"an unknown way of running", 77, SLUICE_OK, 500},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Admission admission({.concurrency_max = 1, .queue_max = 0});
    int inside = 0;
    Admitted handler(
        admission,
        [&](Call&) {
          inside = static_cast<int>(admission.counts().in_flight);
          return c.status;
        },
        20'000, c.exec);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(handler.send().status, c.answered) << "call " << i;
    if (c.exec != 77) {
      EXPECT_EQ(inside, 1);
    }
    expect_counts(admission, 0, 0, 0);
  }
}

TEST(Admission, BeyondItsBoundsItRefusesAtOnce) {
  Admission admission({.concurrency_max = 1, .queue_max = 1});
  Work work;
  Sent first(admission, work);
  work.wait_until_begun(1);
  Sent second(admission, work);
  wait_for([&] { return admission.counts().waiting == 1; });
  Admitted third(admission, [](Call&) { return Status{SLUICE_OK}; });
  const auto refused = third.send();
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("\"errCode\":1108113002"), std::string::npos) << refused.body;
  bool tells_when = false;
  for (const auto& [name, value] : refused.headers)
    tells_when |= name == "Retry-After" && value == "1";
  EXPECT_TRUE(tells_when);
  expect_counts(admission, 1, 1, 1);
  EXPECT_EQ(work.begun(), 1) << "who waits has not begun";
  work.end_one();
  EXPECT_EQ(first.wait(), 200);
  work.end_one();
  EXPECT_EQ(second.wait(), 200);
  expect_counts(admission, 0, 0, 1);
}

TEST(Admission, WhoWaitsGoesInOrder) {
  Admission admission({.concurrency_max = 1, .queue_max = 10});
  Work work;
  std::vector<std::unique_ptr<Sent>> sent;
  sent.push_back(std::make_unique<Sent>(admission, work));
  work.wait_until_begun(1);
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::unique_ptr<Admitted>> handlers;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    handlers.push_back(std::make_unique<Admitted>(
        admission,
        [&, i](Call&) {
          const std::lock_guard lock(mutex);
          order.push_back(i);
          return Status{SLUICE_OK};
        },
        20'000, SLUICE_EXEC_INLINE));
    threads.emplace_back([handler = handlers.back().get()] { handler->send(); });
    wait_for([&] { return admission.counts().waiting == static_cast<std::uint32_t>(i + 1); });
  }
  work.end_one();
  sent[0]->wait();
  threads.clear();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
  expect_counts(admission, 0, 0, 0);
}

TEST(Admission, ADeadlineEndsTheWait) {
  Admission admission({.concurrency_max = 1, .queue_max = 5});
  Work work;
  Sent holder(admission, work);
  work.wait_until_begun(1);
  Sent late(admission, work, 20);
  EXPECT_EQ(late.wait(), 504);
  expect_counts(admission, 1, 0, 0);
  EXPECT_EQ(work.begun(), 1);
  work.end_one();
  EXPECT_EQ(holder.wait(), 200);
  expect_counts(admission, 0, 0, 0);
  // One whose time is over before it comes does not wait at all.
  Sent again(admission, work);
  work.wait_until_begun(2);
  Sent too_late(admission, work, 0);
  EXPECT_EQ(too_late.wait(), 504);
  work.end_one();
  EXPECT_EQ(again.wait(), 200);
}

TEST(Admission, NewLimitsHoldForWhoWaits) {
  Admission admission({.concurrency_max = 1, .queue_max = 5});
  Work work;
  Sent a(admission, work);
  work.wait_until_begun(1);
  Sent b(admission, work), c(admission, work);
  wait_for([&] { return admission.counts().waiting == 2; });
  admission.set_limits({.concurrency_max = 3, .queue_max = 5});
  work.wait_until_begun(3);
  expect_counts(admission, 3, 0, 0);
  admission.set_limits({.concurrency_max = 1, .queue_max = 5});
  Sent d(admission, work);
  wait_for([&] { return admission.counts().waiting == 1; });
  work.end_one();
  work.end_one();
  wait_for([&] { return admission.counts().in_flight == 1; });
  EXPECT_EQ(work.begun(), 3) << "one too many stays out until the bound is kept";
  work.end_one();
  work.wait_until_begun(4);
  work.end_one();
  for (auto* sent : {&a, &b, &c, &d}) EXPECT_EQ(sent->wait(), 200);
  expect_counts(admission, 0, 0, 0);
}

// Eight I/O threads, half of whose calls come to the bound: never more than it allows inside, every
// call answered, every place given back.
TEST(Admission, ManyThreadsNeverPassTheBound) {
  constexpr int kThreads = 8, kCalls = 400;
  Admission admission({.concurrency_max = 3, .queue_max = 3});
  std::atomic<int> inside{0}, most{0}, served{0}, refused{0}, late{0};
  const auto work = [&](Call&) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::yield();
    --inside;
    return Status{SLUICE_OK};
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      // Some give up so soon that their end and their turn meet.
      Admitted patient(admission, work, 20'000, t % 2 ? SLUICE_EXEC_WORKER : SLUICE_EXEC_INLINE);
      Admitted hasty(admission, work, t % 3, SLUICE_EXEC_WORKER);
      for (int i = 0; i < kCalls; ++i) {
        const int status = (i % 4 == 0 ? hasty : patient).send().status;
        ++(status == 200 ? served : status == 429 ? refused : late);
      }
    });
  }
  threads.emplace_back([&] {
    for (std::uint32_t i = 0; i < 200; ++i) {
      admission.set_limits({.concurrency_max = 1 + i % 3, .queue_max = 3});
      std::this_thread::yield();
    }
    admission.set_limits({.concurrency_max = 3, .queue_max = 3});
  });
  threads.clear();
  EXPECT_LE(most, 3);
  EXPECT_EQ(served + refused + late, kThreads * kCalls);
  EXPECT_GT(served, 0);
  EXPECT_EQ(admission.counts().refused, static_cast<std::uint64_t>(refused));
  EXPECT_EQ(admission.counts().in_flight, 0u);
  EXPECT_EQ(admission.counts().waiting, 0u);
}

TEST(Admissions, AreKeptByGroupWhileSomebodyUsesThem) {
  Admissions admissions;
  const auto fast = admissions.find_or_make("local/fast", {.concurrency_max = 1});
  EXPECT_EQ(admissions.find_or_make("local/fast", {.concurrency_max = 9}), fast);
  admissions.find_or_make("local/slow", {});
  EXPECT_EQ(admissions.list().size(), 2u);
  admissions.collect();
  ASSERT_EQ(admissions.list().size(), 1u);
  EXPECT_EQ(admissions.list()[0].first, "local/fast");
}

}  // namespace
}  // namespace sluice::call
