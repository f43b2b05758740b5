// SPDX-License-Identifier: Apache-2.0
#pragma once
// The data service, the built-in ("Default") backend: bind -> make_query -> execute -> render. What
// can be computed when an API is published is computed in make(); a call binds, runs, renders.

#include "loader/registry.hpp"
#include "model/nouns.hpp"
#include "snapshot/snapshot.hpp"

#include <sluice/result.hpp>

#include <memory>

namespace sluice::dataservice {

// A definition that cannot be served (no dialect, a default value that is none) is an Error. [ctl]
Result<std::shared_ptr<const snapshot::Backend>> make_default_backend(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source,
    std::shared_ptr<loader::Instance> serializer);

// The statement that a call with every parameter runs, for previews and test details.
Result<std::string> preview_sql(const model::ApiDefinition& definition,
                                const loader::Instance& source);

}  // namespace sluice::dataservice
