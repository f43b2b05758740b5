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

// Makes the backend of a definition over its running source.
using BackendFactory = std::function<Result<std::shared_ptr<const Backend>>(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source)>;

// The credentials of enabled consumers. What did not change since `before` is taken over. [any]
std::shared_ptr<const CredentialIndex> make_credential_index(
    const model::State& state, const CredentialIndex* before = nullptr);

// Two APIs on one path are an Error. An API whose authenticator or source is missing is no Error:
// it answers 503 (fail closed), and `troubles` says why. [ctl]
Result<std::shared_ptr<const Snapshot>> build_snapshot(
    const model::State& state, const std::string& instance,
    std::shared_ptr<const CredentialIndex> credentials, Instances& instances,
    const BackendFactory& make_backend, std::vector<InstanceTrouble>& troubles);

}  // namespace sluice::snapshot
