// SPDX-License-Identifier: Apache-2.0
#pragma once
// Drift: how far a table, or what a script's statement answers, has moved away from what was tested
// against it. Pure. Only what an API uses of it counts, so that an ALTER TABLE touches the APIs
// concerned and no others.

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
// The fields of a statement as columns. Of one whose type nobody knows before it runs, `declared`
// is empty.
model::TableFacts make_facts(const StatementDescription& description);

// Columns that the definition names, each once; of a script, the fields that it answers.
std::vector<std::string_view> list_used_columns(const model::ApiDefinition& definition);

// `then`: when it was tested; without columns nobody knows, and only what is gone is told. `now`
// absent: there is no such table any more. Worst first.
std::vector<DriftFinding> find_drift(const model::ApiDefinition& definition,
                                     const model::TableFacts& then,
                                     const std::optional<model::TableFacts>& now);
// The same of a script, whose statement the source may not take any more.
std::vector<DriftFinding> find_script_drift(const model::ApiDefinition& definition,
                                            const model::TableFacts& then,
                                            const StatementDescription& now);

DriftGrade grade_of(const std::vector<DriftFinding>& findings);

}  // namespace sluice::studio
