// SPDX-License-Identifier: Apache-2.0
#pragma once
// Timers: what waits for time without a thread of its own, and the clocks. One thread serves all
// queries of an instance.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace sluice::maxcompute {

class Timers {
 public:
  virtual ~Timers() = default;
  using Id = std::uint64_t;
  // `run` is called once, later, on another thread than this one; never after stop(). [any]
  virtual Id schedule(std::uint64_t due_monotonic_ns, std::function<void()> run) = 0;
  virtual void cancel(Id id) = 0;  // [any] it may be running already
  // Forgets what is scheduled and waits for what is running. Before the last owner goes, which may
  // be a callback: a thread does not wait for itself. [ctl]
  virtual void stop() = 0;
  virtual std::uint64_t monotonic_ns() const = 0;  // [any]
  virtual std::int64_t unix_s() const = 0;         // [any]
};

class ThreadTimers final : public Timers {
 public:
  ThreadTimers();
  ~ThreadTimers() override;  // stop()

  Id schedule(std::uint64_t due_monotonic_ns, std::function<void()> run) override;
  void cancel(Id id) override;
  void stop() override;
  std::uint64_t monotonic_ns() const override;
  std::int64_t unix_s() const override;

 private:
  using Key = std::pair<std::uint64_t, Id>;  // due, then in the order they came
  void work();

  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<Key, std::function<void()>> waiting_;
  std::map<Id, std::uint64_t> due_;
  Id last_ = 0;
  bool stopping_ = false;
  std::jthread thread_;
};

}  // namespace sluice::maxcompute
