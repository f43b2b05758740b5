// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the graphical editor offers beside a draft: the steps that lead to a whole one (R078), a
// draft out of a table and some of its columns, and what a table says against an order. Pure
// functions.

#include "model/laws.hpp"
#include "model/nouns.hpp"
#include "studio/ports.hpp"

#include <sluice/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::studio {

struct DraftStep {
  std::string_view name;  // "table", "parameters", "configuration"
  std::string_view title;
  model::Faults missing;  // none: the step is complete
};
// Select Table, Select Parameters, Configure Parameters (R078), each with what it still lacks
// (R099).
std::vector<DraftStep> list_steps(const model::ApiDefinition& definition);

// Which columns of a table were chosen (R084, R085); a column may be both (R086).
struct ChosenColumns {
  std::string table;
  std::vector<std::string> request, response;  // in this order
};
struct SuggestedDraft {
  std::vector<model::RequestParameter> request_parameters;
  std::vector<model::ResponseParameter> response_parameters;
  model::ResultShape shape = model::ResultShape::kList;
  std::vector<std::string> key_columns;
  std::vector<std::string> hints;  // about request parameters without an index (R090)
};
// Parameters named and typed like their columns. The shape is `single` when the request columns
// hold a whole unique key, so that at most one row can answer, and `page` when there are none.
// ARGUMENT: a column that is not there.
Result<SuggestedDraft> suggest_draft(const ChosenColumns& chosen, const TableDescription& table);

// Is it the first column of the primary key or of an index (R083, R090)?
bool is_indexed(const TableDescription& table, std::string_view column);

// Where pages may repeat or lose rows, or seek where they scan. `table` absent: nothing is known of
// it.
std::vector<std::string> find_order_hints(const model::ApiDefinition& definition,
                                          const TableDescription* table);

}  // namespace sluice::studio
