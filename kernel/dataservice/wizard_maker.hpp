// SPDX-License-Identifier: Apache-2.0
#pragma once
// Wizard mode's statements: a table, conditions of request parameters and fixed ones joined by all
// and any, an order, a window of rows, in the dialect of the source. Statements for every
// combination of a few optional parameters are made when the API is published; those with lists, a
// chosen order or a cursor are written into the call's arena.

#include "dataservice/ordering.hpp"
#include "dataservice/statement_maker.hpp"
#include "model/nouns.hpp"

#include <sluice/abilities.h>

#include <memory>

namespace sluice::dataservice {

// All three outlive it. ARGUMENT: a definition whose values are none. [ctl]
Result<std::unique_ptr<const StatementMaker>> make_wizard_maker(
    const model::ApiDefinition& definition, const Ordering& ordering,
    const sluice_dialect& dialect);

}  // namespace sluice::dataservice
