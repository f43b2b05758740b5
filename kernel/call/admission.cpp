// SPDX-License-Identifier: Apache-2.0
#include "call/admission.hpp"

#include "problem/problem.hpp"

#include <array>
#include <utility>

namespace sluice::call {

struct Admission::Waiter {
  Admission* admission;
  Call* call;
  Admitted then;
  const void* user;
  std::uint64_t ticket;
  Waiter *before, *after;
  bool is_waiting;  // linked; guarded by the admission's mutex
  bool has_place;   // written under the mutex, read by the call after it was told
};

namespace {

void refuse_at_bound(Call& call) {
  constexpr std::array kHeaders{http::Header{"Retry-After", "1"}};
  call.refuse(
      {problem::kRateLimited,
       "the resource group of this API serves no more calls at this moment; try again later",
       {},
       {}},
      kHeaders);
}

}  // namespace

bool Admission::try_enter() noexcept {
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  const std::uint32_t max = limits_.load(std::memory_order_relaxed).concurrency_max;
  // Nobody overtakes who waits.
  while (waiting_of(state) == 0 && in_flight_of(state) < max) {
    if (state_.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) return true;
  }
  return false;
}

void Admission::leave() {
  const std::uint64_t before = state_.fetch_sub(1, std::memory_order_acq_rel);
  if (waiting_of(before) == 0) return;
  const std::lock_guard lock(mutex_);
  let_in();
}

void Admission::admit(Call& call, Admitted then, const void* user) {
  if (try_enter()) {
    call.set_ended([](void* self) { static_cast<Admission*>(self)->leave(); }, this);
    return then(user, call);
  }
  if (waiting_of(state_.load(std::memory_order_relaxed)) >=
      limits_.load(std::memory_order_relaxed).queue_max) {
    // Told without leaving the I/O thread: refusing must stay cheaper than serving. The count is
    // exact under the lock only, and one that is late is refused there.
    refused_.fetch_add(1, std::memory_order_relaxed);
    return refuse_at_bound(call);
  }
  // A deadline that passed during authentication would not be told again.
  sluice_op* const op = call.op();
  if (const Status status = op->vt->checkpoint(op);
      status == SLUICE_E_TIMEOUT || status == SLUICE_E_CANCELLED) {
    return call.refuse({status, {}, {}, {}});
  }
  const auto room = call.arena().make_array<Waiter>(1);
  if (room.empty()) return call.refuse({problem::kOverloaded, {}, {}, {}});
  Waiter& waiter = room[0];
  waiter = {this, &call, then, user, op->ticket, nullptr, nullptr, false, false};
  call.set_ended(
      [](void* ended) {
        Waiter& w = *static_cast<Waiter*>(ended);
        bool has_place = false;
        {
          const std::lock_guard lock(w.admission->mutex_);
          w.admission->unlink(w);
          has_place = w.has_place;
        }
        if (has_place) w.admission->leave();
      },
      &waiter);
  call.run_step(
      {.exec = SLUICE_EXEC_ASYNC,
       .user = &waiter,
       .run =
           [](void* waits, Call&) {
             Waiter& w = *static_cast<Waiter*>(waits);
             return w.admission->enqueue(w);
           },
       .discard = nullptr,
       .done =
           [](void* waited, Call& ended, Status status) {
             Waiter& w = *static_cast<Waiter*>(waited);
             if (status == SLUICE_OK) {
               bool is_let_in = false;
               {
                 const std::lock_guard lock(w.admission->mutex_);
                 is_let_in = w.has_place;
               }
               // An earlier step's plugin that completes twice must not let anybody in.
               if (!is_let_in) return ended.refuse({SLUICE_E_INTERNAL, {}, {}, {}});
               return w.then(w.user, ended);
             }
             if (status == problem::kRateLimited) {
               w.admission->refused_.fetch_add(1, std::memory_order_relaxed);
               return refuse_at_bound(ended);
             }
             ended.refuse(
                 {status,
                  "the call waited for its turn in the resource group until its time ran out",
                  {},
                  {}});
           },
       .cancel =
           [](void* waits, Call&) {
             Waiter& w = *static_cast<Waiter*>(waits);
             bool was_waiting = false;
             {
               const std::lock_guard lock(w.admission->mutex_);
               was_waiting = w.admission->unlink(w);
             }
             // Otherwise it was let in, and whoever did that completes the step.
             if (was_waiting)
               w.call->op()->vt->complete(w.call->op(), w.ticket, SLUICE_E_CANCELLED);
           }});
}

Status Admission::enqueue(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (waiting_of(state_.load(std::memory_order_relaxed)) >=
      limits_.load(std::memory_order_relaxed).queue_max) {
    return problem::kRateLimited;
  }
  waiter.before = last_;
  (last_ ? last_->after : first_) = &waiter;
  last_ = &waiter;
  waiter.is_waiting = true;
  // From here on whoever leaves sees that somebody waits. A place that was left just before is
  // taken now.
  state_.fetch_add(kOneWaiting, std::memory_order_acq_rel);
  let_in(&waiter);
  return waiter.has_place ? SLUICE_OK : SLUICE_PENDING;
}

bool Admission::unlink(Waiter& waiter) {
  if (!waiter.is_waiting) return false;
  (waiter.before ? waiter.before->after : first_) = waiter.after;
  (waiter.after ? waiter.after->before : last_) = waiter.before;
  waiter.before = waiter.after = nullptr;
  waiter.is_waiting = false;
  state_.fetch_sub(kOneWaiting, std::memory_order_acq_rel);
  return true;
}

void Admission::let_in(const Waiter* self) {
  const std::uint32_t max = limits_.load(std::memory_order_relaxed).concurrency_max;
  std::uint64_t state = state_.load(std::memory_order_relaxed);
  while (first_ && in_flight_of(state) < max) {
    // Only the holder of the lock changes who waits; who leaves meanwhile changes the word.
    if (!state_.compare_exchange_weak(state, state + 1 - kOneWaiting, std::memory_order_acq_rel)) {
      continue;
    }
    state = state + 1 - kOneWaiting;
    Waiter& waiter = *first_;
    first_ = waiter.after;
    (first_ ? first_->before : last_) = nullptr;
    waiter.before = waiter.after = nullptr;
    waiter.is_waiting = false;
    waiter.has_place = true;
    // Told under the lock, which a call that ends takes too: until then its memory is there.
    sluice_op* const op = waiter.call->op();
    if (&waiter != self) op->vt->complete(op, waiter.ticket, SLUICE_OK);
  }
}

void Admission::set_limits(Limits limits) {
  if (limits_.exchange(limits, std::memory_order_acq_rel) == limits) return;
  const std::lock_guard lock(mutex_);
  let_in();
}

Admission::Counts Admission::counts() const noexcept {
  const std::uint64_t state = state_.load(std::memory_order_relaxed);
  return {in_flight_of(state), waiting_of(state), refused_.load(std::memory_order_relaxed)};
}

std::shared_ptr<Admission> Admissions::find_or_make(const std::string& group,
                                                    Admission::Limits limits) {
  const std::lock_guard lock(mutex_);
  auto& admission = by_group_[group];
  if (!admission) admission = std::make_shared<Admission>(limits);
  return admission;
}

void Admissions::collect() {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_group_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

std::vector<std::pair<std::string, Admission::Counts>> Admissions::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, Admission::Counts>> listed;
  for (const auto& [group, admission] : by_group_) listed.emplace_back(group, admission->counts());
  return listed;
}

}  // namespace sluice::call
