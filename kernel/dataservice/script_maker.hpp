// SPDX-License-Identifier: Apache-2.0
#pragma once
// Script mode: a StatementMaker over what a developer wrote. A script without tags is one text,
// made when the API is published; one with tags is rendered into the call's arena. The bounds of a
// page or a list are written behind the script, since an order inside of a subquery binds no
// engine; a count is asked around it.

#include "dataservice/statement_maker.hpp"
#include "model/nouns.hpp"

#include <sluice/abilities.h>

#include <memory>

namespace sluice::dataservice {

// ARGUMENT: the script is none, which no saved definition can be. [ctl]
Result<std::unique_ptr<const StatementMaker>> make_script_maker(
    const model::ApiDefinition& definition, const sluice_dialect& dialect);

}  // namespace sluice::dataservice
