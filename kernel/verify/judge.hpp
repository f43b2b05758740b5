// SPDX-License-Identifier: Apache-2.0
#pragma once
// Judge: one case through the gateway's own walk (authenticate, authorize) with a fresh instance of
// the authenticator, without a server and without a data source.

#include "call/worker_pool.hpp"
#include "loader/registry.hpp"
#include "verify/rehearsal.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::verify {

struct Judgement {
  Verdict verdict;
  std::vector<std::string> troubles;  // credentials that could not be made, requests before
  std::optional<bool> pass;           // where the case expects something
  std::string why_not;                // the first expectation that was not met
};

class Judge {
 public:
  Judge(const loader::Registry& registry, loader::HostServices& services);

  // An Error: the case cannot be judged here, since its authenticator is missing or refuses the
  // settings. [ctl]
  Result<Judgement> judge(const Case& one);

 private:
  const loader::Registry& registry_;
  loader::HostServices& services_;
  call::WorkerPool workers_;
};

}  // namespace sluice::verify
