// SPDX-License-Identifier: Apache-2.0
#pragma once
// make_query: a wizard definition -> text in the source's dialect. Names are quoted, values are
// placeholders; nothing of a request ever becomes text.

#include "model/nouns.hpp"

#include <sluice/abilities.h>

#include <cstdint>
#include <string>

namespace sluice::dataservice {

// Conditions of the parameters whose bit is set, joined by AND. Arguments are numbered from 1 in
// parameter order, then the limit and, for a page, the offset.
std::string make_select(const model::ApiDefinition& definition, const sluice_dialect& dialect,
                        std::uint64_t present);
std::string make_count(const model::ApiDefinition& definition, const sluice_dialect& dialect,
                       std::uint64_t present);

}  // namespace sluice::dataservice
