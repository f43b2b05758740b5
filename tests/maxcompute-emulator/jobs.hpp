// SPDX-License-Identifier: Apache-2.0
#pragma once

// What was submitted and runs, or has run: instances, the sub-queries of an acceleration session,
// and the making of table snapshots. A fixed number of threads runs them; what is over is kept for
// a while, bounded.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "executor.hpp"
#include "text.hpp"

namespace emulator {

enum class JobState { kWaiting, kRunning, kSuccess, kFailed, kCancelled };

using Work = std::function<Outcome(const std::atomic<bool>& cancelled)>;

class Job {
 public:
  Job(Work work, int delay_ms) : work_(std::move(work)), delay_ms_(delay_ms) {}

  JobState state() const { return state_.load(); }
  bool is_over() const { return state() > JobState::kRunning; }
  const Outcome& outcome() const { return outcome_; }  // when it is over
  SystemTime started() const { return started_; }
  SystemTime ended() const { return ended_; }  // when it is over
  bool stop();                                 // false: it was over
  void run();

  // How many more answers say that it runs, whether or not it does.
  std::atomic<int> running_answers{0};

 private:
  void end(JobState state, Outcome outcome);

  std::mutex mutex_;
  Work work_;
  int delay_ms_;
  std::atomic<JobState> state_{JobState::kWaiting};
  std::atomic<bool> cancelled_{false};
  Outcome outcome_;
  SystemTime started_ = std::chrono::system_clock::now();
  SystemTime ended_{};
};

using JobPtr = std::shared_ptr<Job>;

struct SubQuery {
  JobPtr job;
  std::string query;
  Settings settings;
};

struct Instance {
  std::string id;
  std::string task_name;
  std::string task_type = "SQL";
  std::string query;
  std::string job_xml;  // as submitted
  std::string unique_id;
  Settings settings;
  JobPtr job;
  bool accelerated = false;  // MaxQA
  SystemTime created = std::chrono::system_clock::now();

  // Of a session (SQLRT): guarded by Jobs.
  bool session = false;
  std::string session_name;
  int attach_answers = 0;  // answers that it still starts
  bool lost = false;
  int next_query = 1;
  std::map<int, SubQuery> queries;
};

using InstancePtr = std::shared_ptr<Instance>;

class Jobs {
 public:
  explicit Jobs(int threads);
  ~Jobs();

  // nullopt: too many wait.
  JobPtr start(Work work, int delay_ms);

  void keep(InstancePtr instance);
  InstancePtr find(const std::string& id) const;
  std::vector<InstancePtr> list() const;
  std::size_t running() const;

  // Guards the session members of instances.
  std::mutex& sessions() { return sessions_; }

 private:
  void work();

  mutable std::mutex mutex_;
  std::mutex sessions_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::deque<JobPtr> waiting_;
  std::vector<JobPtr> active_;
  std::map<std::string, InstancePtr> instances_;
  std::deque<std::string> order_;
  std::vector<std::jthread> threads_;
};

}  // namespace emulator
