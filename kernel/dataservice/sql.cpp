// SPDX-License-Identifier: Apache-2.0
#include "dataservice/sql.hpp"

#include <sluice/result.hpp>

namespace sluice::dataservice {
namespace {

class Writer {
 public:
  explicit Writer(const sluice_dialect& dialect) : dialect_(dialect) {}

  void add(std::string_view text) { sql_ += text; }
  void add_name(std::string_view name) {
    const std::string_view close = to_view(dialect_.quote_close);
    sql_ += to_view(dialect_.quote_open);
    for (const char c : name) {
      if (close.size() == 1 && c == close[0]) sql_ += c;
      sql_ += c;
    }
    sql_ += close;
  }
  void add_placeholder() {
    sql_ += dialect_.placeholder == SLUICE_PLACEHOLDER_DOLLAR ? '$' : '?';
    sql_ += std::to_string(++arguments_);
  }
  void add_bounds(bool with_offset) {
    if (dialect_.limit == SLUICE_LIMIT_OFFSET) {
      add(" LIMIT ");
      add_placeholder();
      if (with_offset) {
        add(" OFFSET ");
        add_placeholder();
      }
      return;
    }
    // OFFSET stands first in the standard's form, so the arguments are named out of order.
    const unsigned limit = ++arguments_;
    if (with_offset) {
      add(" OFFSET ");
      add_placeholder();
      add(" ROWS");
    }
    add(" FETCH FIRST ");
    sql_ += dialect_.placeholder == SLUICE_PLACEHOLDER_DOLLAR ? '$' : '?';
    sql_ += std::to_string(limit);
    add(" ROWS ONLY");
  }
  std::string take() { return std::move(sql_); }

 private:
  const sluice_dialect& dialect_;
  std::string sql_;
  unsigned arguments_ = 0;
};

std::string_view to_sql(model::Operator op) {
  switch (op) {
    case model::Operator::kEqual:
      return " = ";
    case model::Operator::kNotEqual:
      return " <> ";
    case model::Operator::kGreater:
      return " > ";
    case model::Operator::kGreaterOrEqual:
      return " >= ";
    case model::Operator::kLess:
      return " < ";
    case model::Operator::kLessOrEqual:
      return " <= ";
    case model::Operator::kLike:
    case model::Operator::kNotLike:
    case model::Operator::kIn:
    case model::Operator::kNotIn:
    case model::Operator::kBetween:
    case model::Operator::kIsNull:
    case model::Operator::kIsNotNull:
      break;  // refused when the backend is made
  }
  return " = ";
}

void add_where(Writer& sql, const model::ApiDefinition& definition, std::uint64_t present) {
  std::string_view word = " WHERE ";
  for (std::size_t i = 0; i < definition.request_parameters.size(); ++i) {
    if (!(present >> i & 1)) continue;
    const auto& parameter = definition.request_parameters[i];
    sql.add(word);
    sql.add_name(parameter.column);
    sql.add(to_sql(parameter.op));
    sql.add_placeholder();
    word = " AND ";
  }
}

}  // namespace

std::string make_select(const model::ApiDefinition& definition, const sluice_dialect& dialect,
                        std::uint64_t present) {
  Writer sql(dialect);
  sql.add("SELECT ");
  std::string_view comma;
  for (const auto& parameter : definition.response_parameters) {
    sql.add(comma);
    sql.add_name(parameter.column);
    if (parameter.name != parameter.column) {
      sql.add(" AS ");
      sql.add_name(parameter.name);
    }
    comma = ", ";
  }
  sql.add(" FROM ");
  sql.add_name(definition.table);
  add_where(sql, definition, present);
  sql.add_bounds(definition.shape == model::ResultShape::kPage);
  return sql.take();
}

std::string make_count(const model::ApiDefinition& definition, const sluice_dialect& dialect,
                       std::uint64_t present) {
  Writer sql(dialect);
  sql.add("SELECT COUNT(*) FROM ");
  sql.add_name(definition.table);
  add_where(sql, definition, present);
  return sql.take();
}

}  // namespace sluice::dataservice
