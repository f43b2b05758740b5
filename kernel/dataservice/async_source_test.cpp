// SPDX-License-Identifier: Apache-2.0
// An asynchronous source behind the data service: its answer is whole, it is paused while the
// client is slower, and a failure halfway cuts what has begun.
#include "call/call.hpp"
#include "call/in_process.hpp"
#include "call/worker_pool.hpp"
#include "dataservice/default_backend.hpp"
#include "dataservice/test_kit.hpp"
#include "http/clock.hpp"
#include "serializers/json.hpp"

#include <sluice/data_source.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>

namespace sluice::dataservice {
namespace {

// What the next query does; no test runs two at once.
struct Plan {
  std::int64_t rows = 0;
  std::int64_t fails_after = -1;     // rows; -1: it does not
  std::uint64_t retry_after_ms = 0;  // told with the failure, which is then E_BUSY
};
Plan& plan() {
  static Plan next;
  return next;
}
// What the last query asked for.
std::string& seen_acceleration() {
  static std::string seen;
  return seen;
}
std::atomic<int>& pauses() {
  static std::atomic<int> count{0};
  return count;
}

// Pushes numbers from a thread of its own; waits there while it is paused.
class CountingSource {
 public:
  static constexpr std::string_view kSchema = R"({"type":"object"})";
  static constexpr sluice_dialect kDialect = kTestDialect;
  static Result<std::unique_ptr<CountingSource>> make(const Settings&, Host) {
    return std::make_unique<CountingSource>();
  }
  void execute(const Query& query, Rows rows, Pending pending) {
    if (thread_.joinable()) thread_.join();
    seen_acceleration() = query.acceleration();
    pending.op().note("acceleration", query.acceleration());
    thread_ = std::jthread([this, rows, pending = std::move(pending)]() mutable {
      const Column columns[] = {make_column("n", SLUICE_T_INT64)};
      Status status = rows.begin(columns);
      for (std::int64_t n = 0; status == SLUICE_OK && n < plan().rows; ++n) {
        if (n == plan().fails_after) {
          if (plan().retry_after_ms == 0) {
            return pending.fail(SLUICE_E_UNAVAILABLE, "the source went away");
          }
          pending.op().retry_after(plan().retry_after_ms);
          return pending.fail(SLUICE_E_BUSY, "try again");
        }
        const Cell row[] = {make_int64(n)};
        status = rows.push(row);
        if (status == SLUICE_PAUSE) {
          ++pauses();
          std::unique_lock lock(mutex_);
          changed_.wait(lock, [this] { return may_go_on_ > 0; });
          --may_go_on_;
          status = SLUICE_OK;
        }
      }
      pending.complete(status);
    });
  }
  // May come before push() has told that thread to wait.
  void resume(Op) {
    const std::lock_guard lock(mutex_);
    ++may_go_on_;
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int may_go_on_ = 0;
  std::jthread thread_;
};

class OneCall final : public http::Handler {
 public:
  explicit OneCall(model::ResultShape shape) {
    static const sluice_component source =
        data_source<CountingSource>({.type = "counting", .exec = SLUICE_EXEC_ASYNC});
    model::ApiDefinition api;
    api.table = "t";
    api.shape = shape;
    model::ResponseParameter column;
    column.name = column.column = "n";
    api.response_parameters = {column};
    api.acceleration = "fast";
    auto made =
        make_default_backend(api, make_instance(source),
                             make_instance(*serializers::json_plugin()->components[0]), "key");
    if (!made) std::abort();
    backend_ = *made;
  }
  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, 1, nullptr, [](void*) { return std::shared_ptr<const void>(); }, nullptr);
    call_.set_deadline(http::monotonic_ns() + 20'000'000'000);
    call_.set_notes(notes);
    backend_->serve(call_, route_);
  }

  call::NoteTaker* notes = nullptr;

 private:
  std::shared_ptr<const snapshot::Backend> backend_;
  const snapshot::Route route_;
  call::WorkerPool workers_{1, 1};
  call::Call call_{workers_, [](void*, call::Call&) {}, nullptr};
};

call::InProcessResponse serve(Plan next, model::ResultShape shape) {
  plan() = next;
  OneCall call(shape);
  return call::run_in_process(call, {.path = "/x"});
}

TEST(AsynchronousSource, AnswersAsAnyOther) {
  const struct {
    const char* name;
    std::int64_t rows;
    model::ResultShape shape;
    const char* body;
  } cases[] = {
      {"a list", 2, model::ResultShape::kList, R"({"data":[{"n":0},{"n":1}],"success":true})"},
      {"nothing", 0, model::ResultShape::kList, R"({"data":[],"success":true})"},
      {"one", 1, model::ResultShape::kSingle, R"({"data":{"n":0},"success":true})"},
      {"none", 0, model::ResultShape::kSingle, R"({"data":null,"success":true})"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto response = serve({.rows = c.rows}, c.shape);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, c.body);
  }
}

TEST(AsynchronousSource, IsPausedAndStaysWhole) {
  constexpr std::int64_t kRows = 1'000'000;
  pauses() = 0;
  const auto response = serve({.rows = kRows}, model::ResultShape::kList);
  EXPECT_EQ(response.status, 200);
  EXPECT_FALSE(response.was_cut);
  EXPECT_GT(response.pieces, 100u);
  std::string expected = R"({"data":[)";
  for (std::int64_t n = 0; n < kRows; ++n) {
    expected += (n ? R"(,{"n":)" : R"({"n":)") + std::to_string(n) + "}";
  }
  expected += R"(],"success":true})";
  EXPECT_TRUE(response.body == expected) << "of " << response.body.size() << " bytes";
}

TEST(AsynchronousSource, FailsWithACodeBeforeItHasBegunAndIsCutAfterwards) {
  const auto early = serve({.rows = 10, .fails_after = 5}, model::ResultShape::kList);
  EXPECT_EQ(early.status, 502);
  EXPECT_EQ(early.body.find(R"("n":)"), std::string::npos) << early.body;
  const auto late = serve({.rows = 1'000'000, .fails_after = 900'000}, model::ResultShape::kList);
  EXPECT_EQ(late.status, 200);
  EXPECT_TRUE(late.was_cut);
}

class Notes final : public call::NoteTaker {
 public:
  void note(std::string_view name, std::string_view value) override {
    text += std::string(name) + "=" + std::string(value) + ";";
  }
  std::string text;
};

// Proves: R082
TEST(AsynchronousSource, IsToldTheAccelerationMethodAndItsNotesAreTaken) {
  plan() = {.rows = 1};
  OneCall call(model::ResultShape::kList);
  Notes notes;
  call.notes = &notes;
  EXPECT_EQ(call::run_in_process(call, {.path = "/x"}).status, 200);
  EXPECT_EQ(seen_acceleration(), "fast");
  EXPECT_EQ(notes.text, "acceleration=fast;");
  call.notes = nullptr;
  EXPECT_EQ(call::run_in_process(call, {.path = "/x"}).status, 200) << "without a taker too";
}

TEST(AsynchronousSource, SaysWhenToTryAgain) {
  const auto busy =
      serve({.rows = 10, .fails_after = 0, .retry_after_ms = 2'001}, model::ResultShape::kList);
  EXPECT_EQ(busy.status, 503);
  std::string retry_after;
  for (const auto& [name, value] : busy.headers) {
    if (name == "Retry-After") retry_after = value;
  }
  EXPECT_EQ(retry_after, "3");
}

}  // namespace
}  // namespace sluice::dataservice
