// SPDX-License-Identifier: Apache-2.0
#pragma once
// What may be done now with a draft or a version, as words: what a page offers as buttons. One
// place decides; the use cases refuse the rest. Who may do it by his role is not asked here.

#include "model/nouns.hpp"

#include <string_view>
#include <vector>

namespace sluice::studio {

// edit clone move test submit delete; nothing of a private draft of somebody else.
std::vector<std::string_view> list_actions(const model::State& state, const model::Api& api,
                                           std::string_view actor);

// test request withdraw approve reject publish undeploy
std::vector<std::string_view> list_actions(const model::State& state,
                                           const model::ApiVersion& version,
                                           std::string_view actor);

// Instances where this very version is live, in order.
std::vector<std::string_view> list_instances(const model::State& state,
                                             const model::ApiVersion& version);

// Is an API for this actor to know of? A private draft is its owner's, what was submitted the
// workspace's.
bool is_told(const model::Api& api, std::string_view actor);

}  // namespace sluice::studio
