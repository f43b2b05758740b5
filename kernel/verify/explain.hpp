// SPDX-License-Identifier: Apache-2.0
#pragma once
// Explaining one request: which route it takes, what that route's authenticator makes of it, and
// whether the consumer is authorised, against what an instance serves at this moment.

#include "loader/registry.hpp"
#include "verify/rehearsal.hpp"

#include <optional>

namespace sluice::verify {

struct Explanation {
  struct RouteTaken {
    std::string api_id, method, path, domain;
    unsigned version = 0;
    std::string authentication;  // the component's type; empty: anonymous
  };
  std::optional<RouteTaken> route;
  // Of the whole walk up to the data service; accept: it would be served. A route that is missing
  // or unavailable is a refusal too.
  Verdict verdict;
};

// A fresh instance of the authenticator judges, so no nonce is used up and none is known: a
// replayed request is not recognised. An Error: that instance cannot be made. [ctl]
Result<Explanation> explain(std::shared_ptr<const snapshot::Snapshot> snapshot,
                            const SentRequest& request, std::uint64_t now_ns,
                            const loader::Registry& registry, loader::HostServices& services,
                            call::WorkerPool& workers);

}  // namespace sluice::verify
