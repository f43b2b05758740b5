// SPDX-License-Identifier: Apache-2.0
#include "shared.hpp"

#include "run.hpp"

#include <chrono>
#include <utility>

namespace sluice::maxcompute {
namespace {

// Stopping a job at the service is one request; longer than this nobody waits for it.
constexpr auto kStopPatience = std::chrono::seconds(5);

}  // namespace

Shared::Shared(SourceSettings given, Host owner, std::unique_ptr<Timers> clock)
    : settings(std::move(given)),
      host(owner),
      timers(std::move(clock)),
      wire(std::make_shared<Wire>(host, settings, *timers)),
      cache(settings.cache_bytes, settings.cache_seconds * 1'000'000'000) {}

bool Shared::admit(std::shared_ptr<Run> run) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || runs_.size() >= settings.queries_max) return false;
  Run* const key = run.get();
  runs_.emplace(key, std::move(run));
  return true;
}

void Shared::attach(const void* op, Run* run) {
  const std::lock_guard lock(mutex_);
  by_op_[op] = run;
}

void Shared::detach(const void* op) {
  const std::lock_guard lock(mutex_);
  by_op_.erase(op);
}

std::shared_ptr<Run> Shared::find(const void* op) {
  const std::lock_guard lock(mutex_);
  const auto found = by_op_.find(op);
  if (found == by_op_.end()) return nullptr;
  const auto run = runs_.find(found->second);
  return run == runs_.end() ? nullptr : run->second;
}

void Shared::leave(Run* run) {
  std::shared_ptr<Run> kept;  // outlives the lock
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  kept = std::move(found->second);
  runs_.erase(found);
  changed_.notify_all();
}

std::size_t Shared::running() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

std::string Shared::stop_queries() {
  std::vector<std::shared_ptr<Run>> all;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [key, run] : runs_) all.push_back(run);
  }
  for (const auto& run : all) run->stop();
  all.clear();
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kStopPatience, [this] { return runs_.empty(); });
  return std::exchange(session_, {});
}

void Shared::stop() {
  wire->stop();  // queries that are left end with that
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kStopPatience, [this] { return runs_.empty(); });
  }
  timers->stop();
}

std::string Shared::tunnel() const {
  if (!settings.tunnel_endpoint.empty()) return settings.tunnel_endpoint;
  const std::lock_guard lock(mutex_);
  return tunnel_;
}

void Shared::set_tunnel(std::string url) {
  const std::lock_guard lock(mutex_);
  tunnel_ = std::move(url);
}

std::string Shared::connection() const {
  const std::lock_guard lock(mutex_);
  return connection_;
}

void Shared::set_connection(std::string connection) {
  const std::lock_guard lock(mutex_);
  connection_ = std::move(connection);
}

void Shared::drop_connection(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  if (connection_ == connection) connection_.clear();
}

Shared::Session Shared::take_session(std::string& id, const std::shared_ptr<Run>& run) {
  const std::lock_guard lock(mutex_);
  if (!session_.empty()) {
    id = session_;
    return Session::kReady;
  }
  if (is_attaching_) {
    waiting_.push_back(run);
    return Session::kWait;
  }
  is_attaching_ = true;
  return Session::kMine;
}

void Shared::end_attaching(std::string id) {
  std::vector<std::weak_ptr<Run>> waiting;
  {
    const std::lock_guard lock(mutex_);
    is_attaching_ = false;
    session_ = std::move(id);
    waiting.swap(waiting_);
  }
  for (const auto& weak : waiting) {
    if (const auto run = weak.lock()) run->wake();
  }
}

void Shared::drop_session(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (session_ == id) session_.clear();
}

}  // namespace sluice::maxcompute
