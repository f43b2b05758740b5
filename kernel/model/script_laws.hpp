// SPDX-License-Identifier: Apache-2.0
#pragma once
// A definition's script as the script engine takes it. Who parses or renders one asks here, so that
// all see the same parameters.

#include "model/nouns.hpp"
#include "script/script.hpp"

#include <string_view>
#include <vector>

namespace sluice::model {

script::Mode to_mode(ScriptMode mode);

// The request parameters, in their order.
std::vector<script::Parameter> make_script_parameters(const ApiDefinition& definition);

// The name that a statement must give to the column of a response parameter.
inline std::string_view find_column(const ResponseParameter& parameter) {
  return parameter.column.empty() ? parameter.name : parameter.column;
}

}  // namespace sluice::model
