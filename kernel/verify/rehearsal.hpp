// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rehearsal: a request through the gateway's own authenticate and authorize steps on one route, up
// to the door of the data service and not through it.

#include "call/worker_pool.hpp"
#include "snapshot/snapshot.hpp"
#include "verify/cases.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::verify {

// What became of one request.
struct Verdict {
  bool accept = false;
  std::string consumer;       // who calls; of a refused one, when only the grant was missing
  std::string credential_id;  // when accepted
  int status = 0;             // 200 when accepted
  std::string code, message;  // X-Ca-Error-Code and X-Ca-Error-Message of a refusal
  std::string reason;         // the exact one; for operators, never for callers
  std::map<std::string, std::string> bind;                   // the parameters that the API may see
  std::vector<std::pair<std::string, std::string>> headers;  // of the refusal
};

// The value of Host, as it was sent; empty when there is none. [any]
std::string find_authority(const SentRequest& request);

// [ctl] One request at a time.
class Rehearsal {
 public:
  // `route`: its authenticator and grants count, its backend does not.
  Rehearsal(std::shared_ptr<const snapshot::Snapshot> snapshot, snapshot::Route route,
            call::WorkerPool& workers);

  Verdict send(const SentRequest& sent, std::uint64_t now_ns);  // CLOCK_REALTIME

 private:
  std::shared_ptr<const snapshot::Snapshot> snapshot_;
  snapshot::Route route_;
  call::WorkerPool& workers_;
};

}  // namespace sluice::verify
