// SPDX-License-Identifier: Apache-2.0
#pragma once
// Threads on which plugins may block. The queue is bounded: at the bound a call is refused, not
// kept.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::call {

class WorkerPool {
 public:
  using Task = void (*)(void* user);

  WorkerPool(unsigned threads, std::size_t queue_max);
  ~WorkerPool();  // runs what is queued, then joins
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False: the queue is full, or the pool is stopping. [any]
  [[nodiscard]] bool try_submit(Task task, void* user);

 private:
  struct Item {
    Task task;
    void* user;
  };
  void work();

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> queue_;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace sluice::call
