// SPDX-License-Identifier: Apache-2.0
#pragma once

// Queries of the service's dialect to SQLite's, with the type of every column. Here names are
// resolved, implicit conversions made, and the rules kept that the service is strict about: no scan
// of all partitions, no ORDER BY without LIMIT.

#include <string>
#include <vector>

#include "sql_ast.hpp"
#include "warehouse.hpp"

namespace emulator::sql {

struct Rules {
  std::string project;
  std::string schema{kDefaultSchema};
  bool three_levels = false;
  bool allow_full_scan = false;
  bool order_needs_limit = true;
  bool new_types = true;
};

struct Compiled {
  std::string text;
  std::vector<Column> columns;
};

Compiled compile_query(const Query& query, Connection& connection, const Rules& rules);

// A constant, evaluated; of the type it has by itself.
Value evaluate(const Expr& expr, Connection& connection, const Rules& rules, Type& type);

// An expression without columns, brought to a type, in SQLite's words.
std::string translate(const Expr& expr, const Type& type, Connection& connection,
                      const Rules& rules);

// The table a statement means. Throws the service's error when there is none.
Table resolve_table(const TableName& name, Connection& connection, const Rules& rules);
// Schema and name that a statement means, whether or not there is such a table.
std::pair<std::string, std::string> resolve_name(const TableName& name, const Rules& rules);

// A value of one type where another is wanted, in SQLite's words; throws when they do not convert.
std::string coerce(const std::string& text, const Type& from, const Type& to, Place place);

}  // namespace emulator::sql
