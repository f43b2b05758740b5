// SPDX-License-Identifier: Apache-2.0
#include "studio/drift.hpp"

#include "model/laws.hpp"
#include "model/script_laws.hpp"

#include <algorithm>
#include <array>

namespace sluice::studio {
namespace {

using model::TableColumn;
using model::TableFacts;
using model::TableIndex;

constexpr std::size_t kNewColumnsToldMax = 50;

// Names of columns are the same to a source in upper and lower case.
bool is_same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

const TableColumn* find_column(const TableFacts& table, std::string_view name) {
  const auto it = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const auto& c) { return is_same_name(c.name, name); });
  return it == table.columns.end() ? nullptr : &*it;
}

bool is_same_columns(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), is_same_name);
}

std::string quote(std::string_view text) { return "'" + std::string(text) + "'"; }

// A whole number read as a fraction still is the same number, mostly.
bool is_widening(model::ParameterType from, model::ParameterType to) {
  using model::ParameterType;
  return (from == ParameterType::kInt && to == ParameterType::kLong) ||
         (from == ParameterType::kFloat && to == ParameterType::kDouble) ||
         (from == ParameterType::kLong && to == ParameterType::kDouble) ||
         (from == ParameterType::kInt && to == ParameterType::kDouble);
}

class Watch {
 public:
  Watch(const model::ApiDefinition& definition, const TableFacts& then, const TableFacts& now)
      : definition_(definition), then_(then), now_(now) {}

  std::vector<DriftFinding> take() {
    for (const auto column : list_used_columns(definition_)) watch_column(column);
    if (!then_.columns.empty()) {
      watch_indexes();
      tell_new_columns();
    }
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const auto& a, const auto& b) { return a.grade > b.grade; });
    return std::move(findings_);
  }

 private:
  void add(DriftGrade grade, std::string_view column, std::string what, std::string remedy) {
    findings_.push_back({grade, std::string(column), std::move(what), std::move(remedy)});
  }

  void watch_column(std::string_view name) {
    const auto* after = find_column(now_, name);
    if (!after) {
      const bool is_script = definition_.mode == model::ApiMode::kScript;
      return add(DriftGrade::kBreaking, name,
                 (is_script ? "the field " + quote(name) + " of the statement"
                            : "the column " + quote(name) + " of " + quote(definition_.table)) +
                     " is gone or has another name",
                 "bring it back, or take it out of the draft, test and publish a new version");
    }
    const auto* before = find_column(then_, name);
    if (!before) return;
    if (is_unknown(*before) || is_unknown(*after)) return;
    if (before->type != after->type) {
      const bool wider = is_widening(before->type, after->type);
      add(wider ? DriftGrade::kWarning : DriftGrade::kBreaking, name,
          "the column " + quote(name) + " was " + describe(*before) + " and is " +
              describe(*after) + " now",
          wider ? "test the draft and submit it, so that the type is as it is now"
                : "choose the parameter's type anew, test and publish a new version");
    } else if (before->declared != after->declared) {
      add(DriftGrade::kWarning, name,
          "the column " + quote(name) + " was declared " + quote(before->declared) + " and is " +
              quote(after->declared) + " now",
          "look whether all its values still fit");
    }
    if (!before->nullable && after->nullable) {
      add(DriftGrade::kWarning, name, "the column " + quote(name) + " may be null now",
          "tell consumers, or forbid it in the table again");
    } else if (before->nullable && !after->nullable) {
      add(DriftGrade::kInfo, name, "the column " + quote(name) + " is never null any more", "");
    }
    if (before->primary_key != 0 && after->primary_key == 0) {
      add(DriftGrade::kWarning, name,
          "the column " + quote(name) + " is no part of the primary key any more",
          "look whether one row is still all that is found");
    }
  }

  // The source tells the type of a field only when the statement runs.
  bool is_unknown(const TableColumn& column) const {
    return definition_.mode == model::ApiMode::kScript && column.declared.empty();
  }

  static std::string describe(const TableColumn& column) {
    return std::string(model::to_text(column.type)) +
           (column.declared.empty() ? "" : " (" + column.declared + ")");
  }

  // Indexes that helped to find rows: their first column is one that a request is compared with.
  void watch_indexes() {
    for (const auto& index : then_.indexes) {
      if (index.columns.empty() || !is_compared(index.columns.front())) continue;
      const auto after = std::find_if(
          now_.indexes.begin(), now_.indexes.end(),
          [&](const TableIndex& i) { return is_same_columns(i.columns, index.columns); });
      if (after == now_.indexes.end()) {
        add(DriftGrade::kWarning, index.columns.front(),
            "the index " + quote(index.name) + " is gone",
            "create it again, or calls read the whole table (R090)");
      } else if (index.unique && !after->unique) {
        add(DriftGrade::kWarning, index.columns.front(),
            "the index " + quote(index.name) + " is not unique any more",
            "look whether one row is still all that is found");
      }
    }
  }

  bool is_compared(std::string_view column) const {
    const auto is_it = [&](const auto& p) { return is_same_name(p.column, column); };
    return std::any_of(definition_.request_parameters.begin(), definition_.request_parameters.end(),
                       is_it) ||
           std::any_of(definition_.fixed_conditions.begin(), definition_.fixed_conditions.end(),
                       is_it);
  }

  void tell_new_columns() {
    std::size_t told = 0;
    for (const auto& column : now_.columns) {
      if (find_column(then_, column.name)) continue;
      if (++told > kNewColumnsToldMax) return;
      add(DriftGrade::kInfo, column.name, "the column " + quote(column.name) + " is new",
          "set it as a response parameter if callers shall see it");
    }
  }

  const model::ApiDefinition& definition_;
  const TableFacts &then_, &now_;
  std::vector<DriftFinding> findings_;
};

}  // namespace

std::string_view to_text(DriftGrade grade) {
  constexpr std::array<std::string_view, 4> kWords = {"none", "info", "warning", "breaking"};
  return kWords[static_cast<std::size_t>(grade)];
}

TableFacts make_facts(const TableDescription& description) {
  TableFacts facts;
  for (const auto& c : description.columns) {
    facts.columns.push_back({c.name, c.declared, c.type, c.nullable, c.primary_key});
  }
  for (const auto& i : description.indexes) {
    facts.indexes.push_back({i.name, i.unique, i.columns});
  }
  return facts;
}

TableFacts make_facts(const StatementDescription& description) {
  TableFacts facts;
  if (!description.fault.empty()) return facts;
  for (const auto& c : description.columns) {
    facts.columns.push_back({.name = c.name,
                             .declared = c.type ? c.declared : std::string(),
                             .type = c.type.value_or(model::ParameterType::kString)});
    if (c.type && c.declared.empty()) facts.columns.back().declared = model::to_text(*c.type);
  }
  return facts;
}

std::vector<std::string_view> list_used_columns(const model::ApiDefinition& definition) {
  std::vector<std::string_view> columns;
  const auto add = [&](std::string_view column) {
    if (column.empty()) return;
    if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
      columns.push_back(column);
    }
  };
  if (definition.mode == model::ApiMode::kScript) {
    for (const auto& p : definition.response_parameters) add(model::find_column(p));
    return columns;
  }
  for (const auto& p : definition.request_parameters) add(p.column);
  for (const auto& p : definition.response_parameters) add(p.column);
  for (const auto& c : definition.fixed_conditions) add(c.column);
  for (const auto& o : definition.order) add(o.column);
  for (const auto& o : definition.caller_order.choices) add(o.column);
  for (const auto& column : definition.key_columns) add(column);
  return columns;
}

std::vector<DriftFinding> find_drift(const model::ApiDefinition& definition, const TableFacts& then,
                                     const std::optional<TableFacts>& now) {
  if (!now) {
    return {{DriftGrade::kBreaking,
             {},
             "there is no table " + quote(definition.table) + " any more",
             "bring it back, or choose another one in the draft, test and publish a new version"}};
  }
  return Watch(definition, then, *now).take();
}

std::vector<DriftFinding> find_script_drift(const model::ApiDefinition& definition,
                                            const TableFacts& then,
                                            const StatementDescription& now) {
  if (!now.fault.empty()) {
    return {{DriftGrade::kBreaking,
             {},
             "the data source does not take the script's statement any more: " + now.fault,
             "bring back what it names, or change the draft's script, test and publish a new "
             "version"}};
  }
  return Watch(definition, then, make_facts(now)).take();
}

DriftGrade grade_of(const std::vector<DriftFinding>& findings) {
  auto worst = DriftGrade::kNone;
  for (const auto& finding : findings) worst = std::max(worst, finding.grade);
  return worst;
}

}  // namespace sluice::studio
