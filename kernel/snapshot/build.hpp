// SPDX-License-Identifier: Apache-2.0
#pragma once
// build_snapshot: the deployments of one gateway instance -> the value that it serves. Changes
// nothing but the running instances it asks for; an Error leaves what serves now untouched.

#include "model/nouns.hpp"
#include "snapshot/instances.hpp"
#include "snapshot/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::snapshot {

// What a route is made with. [ctl]
struct Makers {
  // The data service's backend of a definition, over its running source.
  std::function<Result<std::shared_ptr<const Backend>>(const model::ApiDefinition& definition,
                                                       std::shared_ptr<loader::Instance> source)>
      make_default;
  // The backend that hands the calls of a definition on (R134). Absent: they answer 503.
  std::function<std::shared_ptr<const Backend>(const model::ApiDefinition& definition,
                                               const model::BackendService& service)>
      make_proxy = {};
  // The bound of a resource group. Absent: there is none.
  std::function<std::shared_ptr<call::Admission>(const model::ResourceGroup& group)>
      find_admission = {};
};

// The credentials of enabled consumers. What did not change since `before` is taken over. [any]
std::shared_ptr<const CredentialIndex> make_credential_index(
    const model::State& state, const CredentialIndex* before = nullptr);

// Two APIs on one path are an Error. An API whose authenticator or source is missing is no Error:
// it answers 503 (fail closed), and `troubles` says why. [ctl]
Result<std::shared_ptr<const Snapshot>> build_snapshot(
    const model::State& state, const std::string& instance,
    std::shared_ptr<const CredentialIndex> credentials, Instances& instances, const Makers& makers,
    std::vector<InstanceTrouble>& troubles);

}  // namespace sluice::snapshot
