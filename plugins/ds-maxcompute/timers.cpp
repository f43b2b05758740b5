// SPDX-License-Identifier: Apache-2.0
#include "timers.hpp"

#include <algorithm>
#include <chrono>

namespace sluice::maxcompute {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

ThreadTimers::ThreadTimers() : thread_([this] { work(); }) {}

ThreadTimers::~ThreadTimers() { stop(); }

void ThreadTimers::stop() {
  std::map<Key, std::function<void()>>
      dropped;  // outlives the lock: it may own what cancels timers
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
    due_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Timers::Id ThreadTimers::schedule(std::uint64_t due, std::function<void()> run) {
  const std::lock_guard lock(mutex_);
  const Id id = ++last_;
  if (stopping_) return id;
  waiting_.emplace(Key{due, id}, std::move(run));
  due_.emplace(id, due);
  if (waiting_.begin()->first.second == id) changed_.notify_all();
  return id;
}

void ThreadTimers::cancel(Id id) {
  std::function<void()> dropped;  // outlives the lock: it may own what cancels timers
  const std::lock_guard lock(mutex_);
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  const auto place = waiting_.find(Key{found->second, id});
  dropped = std::move(place->second);
  waiting_.erase(place);
  due_.erase(found);
}

std::uint64_t ThreadTimers::monotonic_ns() const {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
          .count());
}

std::int64_t ThreadTimers::unix_s() const {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void ThreadTimers::work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = waiting_.begin();
    const std::uint64_t now = monotonic_ns(), due = first->first.first;
    if (due > now) {
      // A day at most, so that "never" is no overflow.
      const auto left = std::min<std::uint64_t>(due - now, 86'400'000'000'000);
      changed_.wait_for(lock, std::chrono::nanoseconds(left));
      continue;
    }
    auto run = std::move(first->second);
    due_.erase(first->first.second);
    waiting_.erase(first);
    lock.unlock();
    run();
    run = nullptr;  // what it owned goes while nothing is locked
    lock.lock();
  }
}

}  // namespace sluice::maxcompute
