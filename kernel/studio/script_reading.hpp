// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the editor of script mode offers beside a draft: which request parameters a script uses,
// which fields its statement answers, and what is wrong with it at which place.

#include "model/nouns.hpp"
#include "studio/ports.hpp"

#include <sluice/result.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice::studio {

struct ScriptFault {
  unsigned line = 1, column = 1;
  std::string rule, what, remedy;
  bool operator==(const ScriptFault&) const = default;
};

struct ScriptReading {
  std::vector<ScriptFault> faults;  // none: the script is right
  // What the draft declares, as far as the script uses it, then what else it uses; fields likewise.
  std::vector<model::RequestParameter> request_parameters;
  std::vector<model::ResponseParameter> response_parameters;
  bool is_described = false;  // the source told the fields
  std::string sql;            // what it was asked about
  std::vector<std::string> hints;
};

// `definition`: a draft in script mode, complete or not. `source` absent: it is not asked.
// `parameters` choose the way through the script's tags; samples and defaults stand in for those
// that are not given. An Error: the source could not be asked, or a parameter is wrong. Blocks.
Result<ScriptReading> read_script(
    const model::ApiDefinition& definition, const model::DataSource* source,
    const std::vector<std::pair<std::string, std::string>>& parameters, LowerFloor& lower_floor);

// What the script of a whole definition answers, on the way through its tags that samples and
// defaults take: the same way whenever it is asked. Blocks.
Result<StatementDescription> describe_script(const model::ApiDefinition& definition,
                                             const model::DataSource& source,
                                             LowerFloor& lower_floor);

// Of a script that is right: pages without an order.
std::vector<std::string> find_script_hints(const model::ApiDefinition& definition);

}  // namespace sluice::studio
