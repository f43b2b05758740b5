// SPDX-License-Identifier: Apache-2.0
#pragma once
// The backend that hands an authorised call on to a backend service of another network (R134): what
// listens there is another node's data service, or anything that speaks HTTP.
//
// Handed on are the method, the API's whole path, those query parameters that the API declares, the
// body, and of the headers only what names the content: credentials end at this gateway. The
// consumer's name, the request id and the trace go with it, and are never the client's own words.

#include "model/nouns.hpp"
#include "snapshot/snapshot.hpp"
#include "upstream/upstream.hpp"

#include <memory>

namespace sluice::upstream {

std::shared_ptr<const snapshot::Backend> make_proxy_backend(const model::ApiDefinition& definition,
                                                            std::shared_ptr<Upstream> upstream);

}  // namespace sluice::upstream
