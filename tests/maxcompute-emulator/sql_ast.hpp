// SPDX-License-Identifier: Apache-2.0
#pragma once

// Statements of the service's dialect as the parser reads them. Names stand as written; nothing is
// resolved here.

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "types.hpp"

namespace emulator::sql {

// A statement that cannot run. The text is the service's: "ODPS-0130161:[1,1] Parse exception - …".
class SqlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Place {
  int line = 0;
  int column = 0;
};

SqlError parse_error(Place place, const std::string& what);
SqlError semantic_error(Place place, const std::string& what);

struct Query;
struct Expr;
using ExprPtr = std::unique_ptr<Expr>;
using QueryPtr = std::unique_ptr<Query>;

enum class ExprKind {
  kLiteral,
  kColumn,
  kStar,
  kUnary,   // name: - + not ~
  kBinary,  // name: the operator, lower case
  kCall,
  kCast,
  kCase,  // args: [operand] when then … [else]
  kIn,    // args: operand, values …; or a query
  kBetween,
  kIsNull,
  kLike,  // name: like or rlike
  kExists,
  kScalar,
  kIndex,  // args: composite, key
  kField,  // args: struct; name
};

struct OrderTerm {
  ExprPtr expr;
  bool descending = false;
  std::optional<bool> nulls_first;
};

struct Window {
  std::vector<ExprPtr> partition_by;
  std::vector<OrderTerm> order_by;
};

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  Place place;
  std::string name;
  std::string qualifier;
  Value value;
  Type type;
  std::vector<ExprPtr> args;
  QueryPtr query;
  bool negated = false;
  bool distinct = false;
  bool has_operand = false;  // CASE x WHEN …
  bool has_else = false;
  std::optional<Window> window;
};

struct TableName {
  std::vector<std::string> parts;
  Place place;
};

enum class Join { kComma, kInner, kLeft, kRight, kFull, kCross, kLeftSemi, kLeftAnti };

struct Source {
  TableName table;                         // either
  QueryPtr query;                          // or
  std::vector<std::vector<ExprPtr>> rows;  // or VALUES (…), (…)
  std::string alias;
  std::vector<std::string> column_aliases;
  Join join = Join::kComma;
  ExprPtr on;
};

struct SelectItem {
  ExprPtr expr;
  std::string alias;
};

struct Select {
  bool distinct = false;
  std::vector<SelectItem> items;
  std::vector<Source> from;
  ExprPtr where;
  std::vector<ExprPtr> group_by;
  ExprPtr having;
};

enum class SetOperation { kUnionAll, kUnionDistinct, kIntersect, kExcept };

struct Query {
  std::vector<std::pair<std::string, QueryPtr>> with;
  std::vector<Select> selects;
  std::vector<SetOperation> operations;  // between the selects
  std::vector<OrderTerm> order_by;
  Place order_place;
  std::optional<std::int64_t> limit;
  std::int64_t offset = 0;
};

using PartitionSpec = std::vector<std::pair<std::string, ExprPtr>>;  // no value: dynamic

enum class StatementKind {
  kQuery,
  kExplain,
  kShowTables,
  kShowPartitions,
  kShowSchemas,
  kShowCreateTable,
  kDescribe,
  kCreateTable,
  kCreateView,
  kCreateSchema,
  kDropTable,
  kDropView,
  kDropSchema,
  kAddPartition,
  kDropPartition,
  kSetComment,
  kTruncate,
  kInsert,
  kNothing,  // only settings
};

struct Statement {
  StatementKind kind = StatementKind::kNothing;
  TableName table;
  QueryPtr query;
  std::unique_ptr<Statement> explained;
  bool output_only = false;  // EXPLAIN OUTPUT
  bool if_exists = false;    // or IF NOT EXISTS
  bool replace = false;
  bool overwrite = false;
  std::vector<Column> columns;
  std::vector<Column> partition_columns;
  std::vector<std::string> names;  // columns of an INSERT
  std::optional<TableName> like;
  std::string comment;
  std::string pattern;
  std::int64_t lifecycle = -1;
  std::vector<PartitionSpec> partitions;
  std::vector<std::vector<ExprPtr>> rows;
  std::string text;  // of a view's query, as written
};

struct Script {
  std::vector<std::pair<std::string, std::string>> settings;  // SET k=v in front
  std::vector<Statement> statements;
};

// Reads statements that end with semicolons. Throws SqlError.
Script parse_script(const std::string& text, bool new_types);

}  // namespace emulator::sql
