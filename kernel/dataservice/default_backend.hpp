// SPDX-License-Identifier: Apache-2.0
#pragma once
// The data service, the built-in ("Default") backend: bind -> make_query -> execute -> render. What
// can be computed when an API is published is computed in make(); a call binds, runs, renders.

#include "loader/registry.hpp"
#include "model/nouns.hpp"
#include "snapshot/snapshot.hpp"

#include <sluice/result.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::dataservice {

// A definition that cannot be served (no dialect, a default value that is none) is an Error.
// `cursor_key`: what cursors are sealed with, the same on every node. [ctl]
Result<std::shared_ptr<const snapshot::Backend>> make_default_backend(
    const model::ApiDefinition& definition, std::shared_ptr<loader::Instance> source,
    std::shared_ptr<loader::Instance> serializer, std::string cursor_key);

// What a call would ask its source: statements with placeholders, and what stands for them.
struct Preview {
  std::string rows, count;             // no count: it is not wanted
  std::vector<std::string> arguments;  // of the rows, as text
  std::size_t count_arguments = 0;     // the count takes the first ones of them
};
// `query` as a call would have it, `form` its body. Errors are those of a call. [ctl]
Result<Preview> preview_call(const model::ApiDefinition& definition, const loader::Instance& source,
                             std::string cursor_key, std::string_view query, std::string_view form);

}  // namespace sluice::dataservice
