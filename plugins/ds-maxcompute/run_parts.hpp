// SPDX-License-Identifier: Apache-2.0
#pragma once
// How a walk waits and is woken: included by the sources of Run only.

#include "run.hpp"

#include <coroutine>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::maxcompute {

// Bytes of an answer that wait for the walk: then the client is told to pause, and later to go on.
inline constexpr std::size_t kInboxBytesMax = 1u << 20, kInboxBytesLow = 1u << 18;

template <class Change>
void Run::signal(Change change) {
  const auto self = shared_from_this();  // the walk may end inside, and let go of itself
  std::coroutine_handle<> ready;
  {
    const std::lock_guard lock(mutex_);
    change(signals_);
    if (!waiting_ || !is_ready(waits_for_)) return;
    ready = std::exchange(waiting_, nullptr);
  }
  ready.resume();
}

struct Run::Waiting {
  Run& run;
  unsigned for_what;

  bool await_ready() const {
    const std::lock_guard lock(run.mutex_);
    return run.is_ready(for_what);
  }
  bool await_suspend(std::coroutine_handle<> handle) const {
    const std::lock_guard lock(run.mutex_);
    if (run.is_ready(for_what)) return false;
    run.waits_for_ = for_what;
    run.waiting_ = handle;
    return true;
  }
  void await_resume() const noexcept {}
};

struct Run::HttpListener final : Listener {
  HttpListener(std::shared_ptr<Run> listener, std::uint64_t number)
      : run(std::move(listener)), request(number) {}

  void head(int http_status, Pairs headers) override {
    HttpEvent event{HttpEvent::Kind::kHead, request, http_status, std::move(headers)};
    run->signal([&](Signals& signals) { signals.http.push_back(std::move(event)); });
  }
  Status data(std::string_view bytes) override {
    Status answer = SLUICE_OK;
    HttpEvent event{HttpEvent::Kind::kData, request, 0, {}, std::string(bytes)};
    const bool can_pause = run->shared_->wire->can_pause();
    run->signal([&](Signals& signals) {
      signals.http_bytes += event.text.size();
      signals.http.push_back(std::move(event));
      if (can_pause && signals.http_bytes > kInboxBytesMax) {
        signals.paused_request = request;
        answer = SLUICE_PAUSE;
      }
    });
    return answer;
  }
  void end(Status status, std::string_view why) override {
    HttpEvent event{HttpEvent::Kind::kEnd, request, 0, {}, std::string(why), status};
    run->signal([&](Signals& signals) { signals.http.push_back(std::move(event)); });
  }

  const std::shared_ptr<Run> run;
  const std::uint64_t request;
};

}  // namespace sluice::maxcompute
