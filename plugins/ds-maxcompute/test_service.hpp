// SPDX-License-Identifier: Apache-2.0
#pragma once
// A service and a clock inside of the test: requests are answered from a script at once, and time
// passes when the test says so.

#include "source.hpp"

#include <sluice/testing/fake_http_client.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::maxcompute {

class FakeTimers final : public Timers {
 public:
  Id schedule(std::uint64_t due, std::function<void()> run) override {
    waiting_.emplace(std::pair{due, ++last_}, std::move(run));
    return last_;
  }
  void cancel(Id id) override {
    std::erase_if(waiting_, [id](const auto& entry) { return entry.first.second == id; });
  }
  void stop() override { waiting_.clear(); }
  std::uint64_t monotonic_ns() const override { return now_; }
  std::int64_t unix_s() const override { return 1'795'413'600; }

  // To the next timer. False: there is none.
  bool advance() {
    if (waiting_.empty()) return false;
    auto first = waiting_.begin();
    now_ = std::max(now_, first->first.first);
    const auto run = std::move(first->second);
    waiting_.erase(first);
    run();
    return true;
  }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  std::map<std::pair<std::uint64_t, Id>, std::function<void()>> waiting_;
  Id last_ = 0;
  std::uint64_t now_ = 1'000'000'000;
};

// Answers as maxcompute.md says, for one job at a time.
class TestService {
 public:
  using Answer = testing::FakeHttpClient::Answer;
  using Sent = testing::FakeHttpClient::Sent;

  Answer respond(const Sent& sent);

  // ---- what it is to do
  int polls_running = 1;  // looks at a job before it is over
  std::string task_status = "Success";
  std::string task_result;      // of a job that failed
  std::uint64_t records = 3;    // (id, name) of ids from 0
  std::string csv, descriptor;  // of ?result
  // Asked before everything else: an answer of its own, or nothing.
  std::function<std::optional<Answer>(const Sent&)> before;
  int session_polls = 1;
  std::string session_refusal;  // of the next query in a session
  std::string schema = R"([{"name":"id","type":"bigint"},{"name":"name","type":"string"}])";

  // ---- what came
  std::vector<std::string> seen;  // "POST /projects/p/instances"
  std::vector<std::string> bodies;
  int submitted = 0, stopped = 0, attached = 0;

 private:
  std::string make_records(std::uint64_t start, std::uint64_t count) const;
  int polls_left_ = 0, session_polls_left_ = 0;
};

// One source over all of that.
struct House {
  explicit House(std::function<void(SourceSettings&)> change = {});

  struct Call {
    Call(House& house, std::string text, std::vector<testing::OwnedQuery::Argument> args = {},
         std::string acceleration = {}, std::uint64_t max_rows = 0);
    testing::OwnedQuery query;
    testing::ScriptedOp op;
    testing::RecordingRows rows;
    bool is_over() const { return op.completions() > 0; }
    Status status() { return op.await(SLUICE_PENDING); }
    std::string noted(const std::string& name) const;  // the last one
  };
  void execute(Call& call);
  // Lets time pass until the call is over.
  Status settle(Call& call);
  // And until nothing waits any more.
  void drain();

  testing::FakeHost host;
  testing::FakeHttpClient client{host};
  TestService service;
  FakeTimers* timers;
  std::unique_ptr<MaxComputeSource> source;
};

}  // namespace sluice::maxcompute
