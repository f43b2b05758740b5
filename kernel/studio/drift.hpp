// SPDX-License-Identifier: Apache-2.0
#pragma once
// Drift: how far a table has moved away from what was tested against it. Pure. Only what an API
// uses of the table counts, so that an ALTER TABLE touches the APIs concerned and no others.

#include "model/nouns.hpp"
#include "studio/ports.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::studio {

enum class DriftGrade {
  kNone,
  kInfo,      // a column is new, a promise became stronger
  kWarning,   // answers may differ: nulls that were none, a wider type, an index that is gone
  kBreaking,  // calls fail or answer something else: the table or a column is gone or retyped
};
std::string_view to_text(DriftGrade grade);  // "none" "info" "warning" "breaking"

struct DriftFinding {
  DriftGrade grade = DriftGrade::kInfo;
  std::string column;  // or index; empty: the table
  std::string what, remedy;
  bool operator==(const DriftFinding&) const = default;
};

model::TableFacts make_facts(const TableDescription& description);

// Columns that the definition names, each once.
std::vector<std::string_view> list_used_columns(const model::ApiDefinition& definition);

// `then`: when it was tested; without columns nobody knows, and only what is gone is told. `now`
// absent: there is no such table any more. Worst first.
std::vector<DriftFinding> find_drift(const model::ApiDefinition& definition,
                                     const model::TableFacts& then,
                                     const std::optional<model::TableFacts>& now);

DriftGrade grade_of(const std::vector<DriftFinding>& findings);

}  // namespace sluice::studio
