// SPDX-License-Identifier: Apache-2.0
#include "studio/wizard.hpp"

#include <algorithm>
#include <set>

namespace sluice::studio {
namespace {

using Columns = std::vector<std::string>;

const ColumnInfo* find_column(const TableDescription& table, std::string_view name) {
  const auto found =
      std::ranges::find_if(table.columns, [&](const auto& c) { return c.name == name; });
  return found == table.columns.end() ? nullptr : &*found;
}

Columns find_primary_key(const TableDescription& table) {
  Columns key;
  for (unsigned place = 1;; ++place) {
    const auto found =
        std::ranges::find_if(table.columns, [&](const auto& c) { return c.primary_key == place; });
    if (found == table.columns.end()) return key;
    key.push_back(found->name);
  }
}

bool holds_null(const TableDescription& table, const Columns& columns) {
  return std::ranges::any_of(columns, [&](const auto& name) {
    const auto* column = find_column(table, name);
    return !column || (column->nullable && column->primary_key == 0);
  });
}

// The primary key first, then unique indexes without NULL.
std::vector<Columns> list_unique_keys(const TableDescription& table) {
  std::vector<Columns> keys;
  if (auto primary = find_primary_key(table); !primary.empty()) keys.push_back(std::move(primary));
  for (const auto& index : table.indexes) {
    if (index.unique && !index.columns.empty() && !holds_null(table, index.columns)) {
      keys.push_back(index.columns);
    }
  }
  return keys;
}

bool includes(const Columns& columns, const Columns& key) {
  return std::ranges::all_of(
      key, [&](const auto& name) { return std::ranges::find(columns, name) != columns.end(); });
}

std::string list_words(const Columns& columns) {
  std::string words;
  for (const auto& column : columns) words += (words.empty() ? "" : ", ") + column;
  return words;
}

// A column's name as a parameter's: what cannot stand there becomes _.
std::string make_parameter_name(std::string_view column, std::set<std::string>& taken) {
  std::string name;
  for (const char c : column.substr(0, model::kParameterNameMax - 4)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    name += is_plain ? c : '_';
  }
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) name.insert(name.begin(), '_');
  const auto base = name;
  for (int n = 2; !taken.insert(name).second; ++n) name = base + "_" + std::to_string(n);
  return name;
}

Result<std::vector<const ColumnInfo*>> find_columns(const TableDescription& table,
                                                    const Columns& names, std::string_view member) {
  std::vector<const ColumnInfo*> columns;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto* column = find_column(table, names[i]);
    if (!column) {
      return Error{SLUICE_E_ARGUMENT,
                   "the table has no column '" + names[i] + "' (R083): choose one that it has",
                   {},
                   "/" + std::string(member) + "/" + std::to_string(i)};
    }
    columns.push_back(column);
  }
  return columns;
}

}  // namespace

std::vector<DraftStep> list_steps(const model::ApiDefinition& definition) {
  std::vector<DraftStep> steps = {{"table", "Select Table", {}},
                                  {"parameters", "Select Parameters", {}},
                                  {"configuration", "Configure Parameters", {}}};
  for (auto& fault : model::find_missing(definition)) {
    const auto& where = fault.where;
    const bool is_table = where == "/data_source" || where == "/table";
    const bool is_choice = where == "/response_parameters" || where.ends_with("/column");
    steps[is_table ? 0 : is_choice ? 1 : 2].missing.push_back(std::move(fault));
  }
  return steps;
}

Result<SuggestedDraft> suggest_draft(const ChosenColumns& chosen, const TableDescription& table) {
  const auto requests = find_columns(table, chosen.request, "request");
  if (!requests) return requests.error();
  const auto responses = find_columns(table, chosen.response, "response");
  if (!responses) return responses.error();

  SuggestedDraft draft;
  std::set<std::string> taken;
  for (const auto* column : *requests) {
    model::RequestParameter parameter;
    parameter.name = make_parameter_name(column->name, taken);
    parameter.column = column->name;
    parameter.type = column->type;
    parameter.description = column->comment;
    draft.request_parameters.push_back(std::move(parameter));
    if (is_indexed(table, column->name)) continue;
    draft.hints.push_back("no index begins with '" + column->name +
                          "': a call may read the whole table (R090)");
  }
  taken.clear();
  for (const auto* column : *responses) {
    draft.response_parameters.push_back({.name = make_parameter_name(column->name, taken),
                                         .column = column->name,
                                         .type = column->type,
                                         .sample = {},
                                         .description = column->comment});
  }
  const auto keys = list_unique_keys(table);
  if (!keys.empty()) draft.key_columns = keys[0];
  const bool finds_one =
      std::ranges::any_of(keys, [&](const auto& key) { return includes(chosen.request, key); });
  if (finds_one) draft.shape = model::ResultShape::kSingle;
  // Who gives nothing gets the whole table, page by page.
  if (chosen.request.empty()) draft.shape = model::ResultShape::kPage;
  return draft;
}

bool is_indexed(const TableDescription& table, std::string_view column) {
  const auto* info = find_column(table, column);
  if (info && info->primary_key == 1) return true;
  return std::ranges::any_of(table.indexes, [&](const auto& index) {
    return !index.columns.empty() && index.columns[0] == column;
  });
}

std::vector<std::string> find_order_hints(const model::ApiDefinition& definition,
                                          const TableDescription* table) {
  std::vector<std::string> hints;
  Columns ordered = definition.key_columns;
  for (const auto& key : definition.order) ordered.push_back(key.column);
  const auto keys = table ? list_unique_keys(*table) : std::vector<Columns>();
  const bool is_unique =
      std::ranges::any_of(keys, [&](const auto& key) { return includes(ordered, key); });

  if (definition.shape == model::ResultShape::kPage) {
    if (table && !definition.key_columns.empty() && !is_unique) {
      hints.push_back("no unique key of the table is within key_columns (" +
                      list_words(definition.key_columns) +
                      "): where two rows are equal in them, pages may repeat or lose rows");
    } else if (definition.key_columns.empty() && !is_unique) {
      hints.push_back("the order of these rows is not fixed, so pages may repeat or lose rows: " +
                      (keys.empty() ? std::string("name the columns that tell rows apart")
                                    : "name " + list_words(keys[0])) +
                      " in key_columns");
    }
  }
  return hints;
}

}  // namespace sluice::studio
