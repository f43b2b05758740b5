// SPDX-License-Identifier: Apache-2.0
#include "call/in_process.hpp"

#include "http/clock.hpp"

#include <chrono>
#include <functional>

namespace sluice::call {
namespace {

// An event loop of one thread that ends with its exchange.
class Loop final : public http::IoThread {
 public:
  explicit Loop(unsigned index) : index_(index) {}

  void post(Task task, void* user) override {
    const std::lock_guard lock(mutex_);
    queue_.emplace_back(task, user);
    changed_.notify_one();
  }
  std::uint64_t start_timer(std::uint64_t delay_ns, Task task, void* user) override {
    timers_.emplace(++last_timer_, Timer{http::monotonic_ns() + delay_ns, task, user});
    return last_timer_;
  }
  void cancel_timer(std::uint64_t id) override { timers_.erase(id); }
  bool run_at_pass_end(Task task, void* user) override {
    at_pass_end_.emplace_back(task, user);
    return true;
  }
  unsigned index() const noexcept override { return index_; }

  void run_until(const std::function<bool()>& is_done) {
    for (;;) {
      for (const auto& [task, user] : std::exchange(at_pass_end_, {})) task(user);
      if (is_done()) return;
      if (auto due = take_due_timer()) {
        due->task(due->user);
        continue;
      }
      std::unique_lock lock(mutex_);
      const auto has_work = [this] { return !queue_.empty(); };
      if (timers_.empty()) {
        changed_.wait(lock, has_work);
      } else {
        const std::uint64_t now = http::monotonic_ns(), next = next_timer_ns();
        changed_.wait_for(lock, std::chrono::nanoseconds(next > now ? next - now : 0), has_work);
      }
      auto work = std::exchange(queue_, {});
      lock.unlock();
      for (const auto& [task, user] : work) task(user);
    }
  }

 private:
  struct Timer {
    std::uint64_t due_ns;
    Task task;
    void* user;
  };
  std::uint64_t next_timer_ns() const {
    std::uint64_t next = UINT64_MAX;
    for (const auto& [id, timer] : timers_) next = std::min(next, timer.due_ns);
    return next;
  }
  std::optional<Timer> take_due_timer() {
    const std::uint64_t now = http::monotonic_ns();
    for (const auto& [id, timer] : timers_) {
      if (timer.due_ns > now) continue;
      const Timer due = timer;
      timers_.erase(id);
      return due;
    }
    return std::nullopt;
  }

  const unsigned index_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Task, void*>> queue_;
  std::map<std::uint64_t, Timer> timers_;
  std::vector<std::pair<Task, void*>> at_pass_end_;
  std::uint64_t last_timer_ = 0;
};

class MemoryExchange final : public http::Exchange {
 public:
  MemoryExchange(const InProcessRequest& request, Loop& loop) : loop_(loop) {
    for (const auto& [name, value] : request.headers) headers_.push_back({name, value});
    request_.method = request.method;
    request_.path = request.path;
    request_.query = request.query;
    request_.authority = request.authority;
    request_.peer = "127.0.0.1";
    request_.request_id = "00000000000000000000000000000000";
    request_.headers = headers_;
    request_.body = request.body;
    request_.is_head = request.method == "HEAD";
    request_.received_ns = http::monotonic_ns();
    request_.unix_ns = request.unix_ns;
  }
  const http::Request& request() const noexcept override { return request_; }
  http::IoThread& io() noexcept override { return loop_; }
  void send(const http::ResponseHead& head, std::string_view body) override {
    begin_stream(head);
    if (!request_.is_head) response.body = body;
    end();
  }
  void begin_stream(const http::ResponseHead& head) override {
    response.status = head.status;
    response.headers.emplace_back("Content-Type", head.content_type);
    for (const auto& header : head.headers)
      response.headers.emplace_back(header.name, header.value);
  }
  void write_piece(std::string_view piece, Written written, void* user) override {
    response.body += piece;
    ++response.pieces;
    written(user, true);
  }
  void end_stream() override { end(); }
  void abort_stream() override {
    response.was_cut = !is_ended && response.status != 0;
    end();
  }
  void suspend(http::ClientGoneListener&) override { is_suspended = true; }
  void abandon(const http::ResponseHead* head, std::string_view body) override {
    if (head && response.status == 0) {
      begin_stream(*head);
      response.body = body;
    }
  }

  InProcessResponse response;
  bool is_ended = false, is_suspended = false;

 private:
  void end() { is_ended = true; }

  Loop& loop_;
  std::vector<http::Header> headers_;
  http::Request request_;
};

}  // namespace

InProcessResponse run_in_process(http::Handler& handler, const InProcessRequest& request,
                                 unsigned io_thread) {
  Loop loop(io_thread);
  MemoryExchange exchange(request, loop);
  handler.handle(exchange);
  loop.run_until([&] { return exchange.is_ended; });
  return std::move(exchange.response);
}

}  // namespace sluice::call
