// SPDX-License-Identifier: Apache-2.0
#pragma once
// Judge: one case through the gateway's own walk (authenticate, authorize) with a fresh instance of
// the authenticator, without a server and without a data source.

#include "call/worker_pool.hpp"
#include "loader/registry.hpp"
#include "verify/cases.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice::verify {

// What became of one request.
struct Verdict {
  bool accept = false;
  std::string consumer;                     // when accepted
  std::string credential_id;                // "consumer/2": the consumer's second credential
  int status = 0;                           // 200 when accepted
  std::string code, message;                // X-Ca-Error-Code and X-Ca-Error-Message of a refusal
  std::map<std::string, std::string> bind;  // the parameters that the API may see
  std::vector<std::pair<std::string, std::string>> headers;  // of the refusal
};

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
