// SPDX-License-Identifier: Apache-2.0
#pragma once
// Gateway: the first half of a call's walk: match, authenticate, authorize, admit; then the route's
// backend has it. One Gateway per gateway instance, for all its I/O threads.

#include "call/call.hpp"
#include "snapshot/snapshot.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::gateway {

// What the walk tells of a call that ended. [io] on the call's thread; must not block.
class Observer {
 public:
  virtual void observe(unsigned io_thread, const call::Observation& observation,
                       std::uint64_t duration_ns) = 0;

 protected:
  ~Observer() = default;
};

// The walk from a matched route on: deadline, authenticate, authorize, admit, serve. The call
// answers whatever happens. [io]
void walk_route(call::Call& call, const snapshot::Route& route);

class Gateway final : public http::Handler {
 public:
  // calls_max: calls in flight on one I/O thread; at the bound 503.
  Gateway(snapshot::Holder& snapshots, call::WorkerPool& workers, Observer& observer,
          unsigned io_threads, std::size_t calls_max = 16384);
  ~Gateway();

  void handle(http::Exchange& exchange) override;  // [io]

 private:
  class Local;
  snapshot::Holder& snapshots_;
  std::vector<std::unique_ptr<Local>> locals_;
};

}  // namespace sluice::gateway
