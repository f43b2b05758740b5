// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

#include <algorithm>

namespace emulator {
namespace {

constexpr std::size_t kWaitingMax = 2000;
constexpr std::size_t kInstancesMax = 2000;

}  // namespace

bool Job::stop() {
  cancelled_ = true;
  const std::lock_guard lock(mutex_);
  if (is_over()) return false;
  Outcome outcome;
  outcome.failed = true;
  outcome.text = "ODPS-0123105:Job got killed";
  outcome_ = std::move(outcome);
  ended_ = std::chrono::system_clock::now();
  running_answers = 0;
  state_ = JobState::kCancelled;
  return true;
}

void Job::end(JobState state, Outcome outcome) {
  const std::lock_guard lock(mutex_);
  if (is_over()) return;
  outcome_ = std::move(outcome);
  ended_ = std::chrono::system_clock::now();
  state_ = state;
}

void Job::run() {
  {
    const std::lock_guard lock(mutex_);
    if (is_over()) return;
    state_ = JobState::kRunning;
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms_);
  while (!cancelled_ && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  Outcome outcome;
  if (!cancelled_) outcome = work_(cancelled_);
  work_ = nullptr;
  const JobState state = outcome.failed ? JobState::kFailed : JobState::kSuccess;
  end(state, std::move(outcome));
}

Jobs::Jobs(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (const JobPtr& job : waiting_) job->stop();
    for (const JobPtr& job : active_) job->stop();
  }
  wake_.notify_all();
  threads_.clear();
}

void Jobs::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_) return;
    JobPtr job = std::move(waiting_.front());
    waiting_.pop_front();
    active_.push_back(job);
    lock.unlock();
    job->run();
    lock.lock();
    std::erase(active_, job);
  }
}

JobPtr Jobs::start(Work work, int delay_ms) {
  auto job = std::make_shared<Job>(std::move(work), delay_ms);
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kWaitingMax) return nullptr;
    waiting_.push_back(job);
  }
  wake_.notify_one();
  return job;
}

void Jobs::keep(InstancePtr instance) {
  const std::lock_guard lock(mutex_);
  order_.push_back(instance->id);
  instances_[instance->id] = std::move(instance);
  // The oldest that is over goes; sessions and what runs stay.
  for (auto it = order_.begin(); order_.size() > kInstancesMax && it != order_.end();) {
    const InstancePtr& old = instances_.at(*it);
    if (old->session ? !old->lost : !old->job->is_over()) {
      ++it;
      continue;
    }
    instances_.erase(*it);
    it = order_.erase(it);
  }
}

InstancePtr Jobs::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = instances_.find(id);
  return found == instances_.end() ? nullptr : found->second;
}

std::vector<InstancePtr> Jobs::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<InstancePtr> all;
  for (const std::string& id : order_) all.push_back(instances_.at(id));
  return all;
}

std::size_t Jobs::running() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size() + active_.size();
}

}  // namespace emulator
