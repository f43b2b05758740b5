// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whose a noun is: which workspaces it belongs to, and so who sees it (R011). A new noun gets an
// overload here; without one neither an Edit nor a list of the management API takes it.

#include "model/nouns.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::studio {

struct Owner {
  std::vector<std::string> workspaces;  // members of any of them see it
  bool is_open = false;                 // everybody who may manage anything sees it
};
// Neither: only members of every workspace see it.

Owner owner_of(const model::Workspace& workspace, const model::State& state);
Owner owner_of(const model::DataSource& source, const model::State& state);
Owner owner_of(const model::GatewayInstance& instance, const model::State& state);
Owner owner_of(const model::RestApi& rest_api, const model::State& state);
Owner owner_of(const model::Workflow& workflow, const model::State& state);
Owner owner_of(const model::Api& api, const model::State& state);
Owner owner_of(const model::ApiVersion& version, const model::State& state);
Owner owner_of(const model::Deployment& deployment, const model::State& state);
Owner owner_of(const model::Consumer& consumer, const model::State& state);
Owner owner_of(const model::Credential& credential, const model::State& state);
Owner owner_of(const model::Authorization& authorization, const model::State& state);
Owner owner_of(const model::Network& network, const model::State& state);
Owner owner_of(const model::ResourceGroup& group, const model::State& state);
Owner owner_of(const model::Domain& domain, const model::State& state);
Owner owner_of(const model::BackendService& service, const model::State& state);
Owner owner_of(const model::PublishRecord& record, const model::State& state);
Owner owner_of(const model::TestRecord& record, const model::State& state);
Owner owner_of(const model::Member& member, const model::State& state);
Owner owner_of(const model::Token& token, const model::State& state);

// The workspaces whose workflows are bound to a REST API: who is touched when it changes.
std::vector<std::string> list_workspaces_bound(const model::State& state, std::string_view region,
                                               std::string_view rest_api);

}  // namespace sluice::studio
