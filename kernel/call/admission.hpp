// SPDX-License-Identifier: Apache-2.0
#pragma once
// Admission: how many calls of one resource group this node serves at once, and how many wait for
// their turn. All routes of the group, all gateway instances and all I/O threads share one. The
// gateway asks it last, when a call is authorised; the call gives its place back when it has ended,
// however it ends.
//
// Below the bound a call costs two atomic operations and no lock. At the bound it waits as an
// asynchronous step of the call does, so that its deadline and its client's leaving end the wait.

#include "call/call.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::call {

class Admission {
 public:
  struct Limits {
    std::uint32_t concurrency_max = 1000;  // calls at once
    std::uint32_t queue_max = 1000;        // calls that wait; more: 429
    bool operator==(const Limits&) const = default;
  };
  struct Counts {
    std::uint32_t in_flight = 0, waiting = 0;
    std::uint64_t refused = 0;  // ever
  };
  using Admitted = void (*)(const void* user, Call& call);

  explicit Admission(Limits limits) : limits_(limits) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // `then(user, call)` once the call has its place, perhaps before this returns; or the call was
  // refused: 429 at the bound of those that wait, 504 when its deadline comes first. The call keeps
  // this Admission alive (by its snapshot). [io]
  void admit(Call& call, Admitted then, const void* user);

  // Calls in flight stay; those that wait go by the new bound. [any]
  void set_limits(Limits limits);
  Counts counts() const noexcept;  // [any]

 private:
  struct Waiter;  // stands in its call's arena
  bool try_enter() noexcept;
  void leave();
  Status enqueue(Waiter& waiter);
  bool unlink(Waiter& waiter);  // under mutex_; false: it waits no more
  // Under mutex_: as many as there is room for, in order. All are told but `self`, whose step is
  // not pending yet.
  void let_in(const Waiter* self = nullptr);

  // Both counts in one word, so that one operation tells whether anybody waits.
  static constexpr std::uint64_t kOneWaiting = std::uint64_t{1} << 32;
  static std::uint32_t in_flight_of(std::uint64_t state) {
    return static_cast<std::uint32_t>(state);
  }
  static std::uint32_t waiting_of(std::uint64_t state) {
    return static_cast<std::uint32_t>(state >> 32);
  }

  alignas(64) std::atomic<std::uint64_t> state_{0};
  std::atomic<Limits> limits_;
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;
  Waiter* first_ = nullptr;  // guarded by mutex_
  Waiter* last_ = nullptr;   // guarded by mutex_
};

// The Admissions of a node, by resource group.
class Admissions {
 public:
  // The one of that name; made with these limits when there is none. [any]
  std::shared_ptr<Admission> find_or_make(const std::string& group, Admission::Limits limits);
  // Forgets those that no snapshot and no call uses. [ctl]
  void collect();
  std::vector<std::pair<std::string, Admission::Counts>> list() const;  // [any]

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Admission>> by_group_;  // guarded by mutex_
};

}  // namespace sluice::call
