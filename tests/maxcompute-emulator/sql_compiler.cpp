// SPDX-License-Identifier: Apache-2.0
#include "sql_compiler.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "sql_typed.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator::sql {
namespace {

const Type kString{Kind::kString};
const Type kDouble{Kind::kDouble};
const Type kBigint{Kind::kBigint};
const Type kBoolean{Kind::kBoolean};

std::string type_text(const Type& type) { return quote_text(to_text(type)); }

bool is_number(Kind kind) {
  return is_integer(kind) || kind == Kind::kFloat || kind == Kind::kDouble ||
         kind == Kind::kDecimal;
}

bool needs_new_types(Kind kind) {
  return kind == Kind::kTinyint || kind == Kind::kSmallint || kind == Kind::kInt ||
         kind == Kind::kFloat || kind == Kind::kVarchar || kind == Kind::kChar ||
         kind == Kind::kTimestamp || kind == Kind::kDate || kind == Kind::kBinary;
}

int time_rank(Kind kind) {
  switch (kind) {
    case Kind::kDate:
      return 0;
    case Kind::kDatetime:
      return 1;
    case Kind::kTimestampNtz:
      return 2;
    default:
      return 3;
  }
}

struct ScopeColumn {
  std::string name;
  Type type;
  std::string text;
  bool partition = false;
};

struct Relation {
  std::string alias;
  std::vector<ScopeColumn> columns;
  std::string table;  // "project,table", when it is a table with partitions
  bool constrained = false;
};

using CommonTables = std::map<std::string, std::pair<std::string, std::vector<Column>>>;

class Compiler {
 public:
  Compiler(Connection& connection, const Rules& rules) : connection_(connection), rules_(rules) {}

  Compiled compile(const Query& query) {
    const auto before = common_;
    for (const auto& [name, body] : query.with) {
      Compiled inner = compile(*body);
      common_[name] = {std::move(inner.text), std::move(inner.columns)};
    }
    if (!query.order_by.empty() && !query.limit && rules_.order_needs_limit) {
      throw semantic_error({query.order_place.line, 1},
                           "ORDER BY must be used with a LIMIT clause, please set "
                           "odps.sql.validate.orderby.limit=false to use it.");
    }
    Compiled result = query.selects.size() == 1 ? compile_single(query) : compile_union(query);
    if (query.limit) {
      result.text += " LIMIT " + std::to_string(*query.limit);
      if (query.offset > 0) result.text += " OFFSET " + std::to_string(query.offset);
    }
    common_ = before;
    return result;
  }

  Typed compile_alone(const Expr& expr) { return compile_expr(expr); }

 private:
  struct Scope {
    std::vector<Relation> relations;
    const std::vector<std::pair<std::string, Typed>>* aliases = nullptr;  // of ORDER BY
    Scope* outer = nullptr;
  };

  // ------------------------------------------------------------------------------------- queries

  Compiled compile_single(const Query& query) {
    Scope scope;
    scope.outer = scope_;
    Scope* const before = std::exchange(scope_, &scope);
    std::vector<std::pair<std::string, Typed>> items;
    Compiled result = compile_select(query.selects[0], items);
    if (!query.order_by.empty()) {
      scope.aliases = &items;
      result.text += " ORDER BY " + compile_order(query.order_by, true);
    }
    scope_ = before;
    return result;
  }

  Compiled compile_union(const Query& query) {
    std::vector<Compiled> parts;
    for (const Select& select : query.selects) {
      Scope scope;
      scope.outer = scope_;
      Scope* const before = std::exchange(scope_, &scope);
      std::vector<std::pair<std::string, Typed>> items;
      parts.push_back(compile_select(select, items));
      scope_ = before;
    }
    Compiled result;
    result.columns = parts[0].columns;
    for (const Compiled& part : parts) {
      if (part.columns.size() != result.columns.size()) {
        throw semantic_error({0, 0},
                             "the sides of a set operation have different numbers of columns");
      }
      for (std::size_t i = 0; i < part.columns.size(); ++i) {
        result.columns[i].type =
            find_common(result.columns[i].type, part.columns[i].type, {0, 0}, "union");
      }
    }
    std::string text;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      if (k > 0) {
        switch (query.operations[k - 1]) {
          case SetOperation::kUnionAll:
            text += " UNION ALL ";
            break;
          case SetOperation::kUnionDistinct:
            text += " UNION ";
            break;
          case SetOperation::kIntersect:
            text += " INTERSECT ";
            break;
          case SetOperation::kExcept:
            text += " EXCEPT ";
            break;
        }
      }
      std::vector<std::string> items;
      for (std::size_t i = 0; i < result.columns.size(); ++i) {
        const std::string name = "c" + std::to_string(i);
        items.push_back(coerce(name, parts[k].columns[i].type, result.columns[i].type, {0, 0}) +
                        " AS " + name);
      }
      text += "SELECT " + join(items, ", ") + " FROM (" + parts[k].text + ")";
    }
    const std::string alias = make_alias();
    result.text = "SELECT * FROM (" + text + ") AS " + alias;
    if (!query.order_by.empty()) {
      Scope scope;
      scope.relations.push_back(relation_of(result.columns, alias, ""));
      scope.outer = scope_;
      Scope* const before = std::exchange(scope_, &scope);
      result.text += " ORDER BY " + compile_order(query.order_by, false);
      scope_ = before;
    }
    return result;
  }

  Compiled compile_select(const Select& select, std::vector<std::pair<std::string, Typed>>& items) {
    const std::string from = compile_from(select);
    std::string where;
    std::vector<std::string> conditions = std::move(extra_conditions_);
    extra_conditions_.clear();
    if (select.where) {
      note_constraints(*select.where);
      conditions.insert(conditions.begin(), compile_condition(*select.where));
    }
    if (!conditions.empty()) where = " WHERE (" + join(conditions, ") AND (") + ")";
    check_scans();

    std::vector<std::string> groups;
    std::set<std::string> grouped;
    Compiled result;
    bool aggregate = false;
    for (const SelectItem& item : select.items) add_item(item, items, result.columns);
    for (const ExprPtr& expr : select.group_by) {
      const Typed group = compile_group(*expr, select, items);
      groups.push_back(group.text);
      grouped.insert(group.text);
      grouped.insert(group.free.begin(), group.free.end());
    }
    for (const auto& [name, item] : items) aggregate = aggregate || item.aggregate;
    std::string having;
    if (select.having) {
      scope_->aliases = &items;
      having = " HAVING " + compile_condition(*select.having);
      scope_->aliases = nullptr;
    }
    if (aggregate || !groups.empty()) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (grouped.contains(items[i].second.text)) continue;
        for (const std::string& column : items[i].second.free) {
          if (grouped.contains(column)) continue;
          throw semantic_error(
              select.items[std::min(i, select.items.size() - 1)].expr->place,
              "column reference " + result.columns[i].name + " should appear in GROUP BY key");
        }
      }
    }
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < items.size(); ++i) {
      texts.push_back(items[i].second.text + " AS c" + std::to_string(i));
    }
    result.text = std::string("SELECT ") + (select.distinct ? "DISTINCT " : "") +
                  join(texts, ", ") + from + where;
    if (!groups.empty()) result.text += " GROUP BY " + join(groups, ", ");
    result.text += having;
    return result;
  }

  void add_item(const SelectItem& item, std::vector<std::pair<std::string, Typed>>& items,
                std::vector<Column>& columns) {
    if (item.expr->kind == ExprKind::kStar) {
      bool found = false;
      for (const Relation& relation : scope_->relations) {
        if (!item.expr->qualifier.empty() && relation.alias != item.expr->qualifier) continue;
        found = true;
        for (const ScopeColumn& column : relation.columns) {
          items.emplace_back(column.name, typed_column(column));
          columns.push_back({column.name, column.type});
        }
      }
      if (!found) throw semantic_error(item.expr->place, "there is no table for *");
      return;
    }
    Typed typed = compile_expr(*item.expr);
    std::string name = item.alias;
    if (name.empty() &&
        (item.expr->kind == ExprKind::kColumn || item.expr->kind == ExprKind::kField)) {
      name = item.expr->name;
    }
    if (name.empty()) name = "_c" + std::to_string(items.size());
    columns.push_back({name, typed.type});
    items.emplace_back(std::move(name), std::move(typed));
  }

  // GROUP BY takes an expression, the alias of an item, or its number.
  Typed compile_group(const Expr& expr, const Select& select,
                      const std::vector<std::pair<std::string, Typed>>& items) {
    if (expr.kind == ExprKind::kLiteral && is_integer(expr.type.kind)) {
      const std::int64_t number = expr.value.integer();
      if (number >= 1 && static_cast<std::size_t>(number) <= select.items.size()) {
        return items[static_cast<std::size_t>(number - 1)].second;
      }
    }
    if (expr.kind == ExprKind::kColumn && expr.qualifier.empty() && !find_column(expr)) {
      for (const auto& [name, item] : items) {
        if (name == expr.name) return item;
      }
    }
    return compile_expr(expr);
  }

  std::string compile_order(const std::vector<OrderTerm>& terms, bool with_numbers) {
    std::vector<std::string> texts;
    for (const OrderTerm& term : terms) {
      Typed typed;
      const bool number =
          with_numbers && term.expr->kind == ExprKind::kLiteral &&
          is_integer(term.expr->type.kind) && scope_->aliases != nullptr &&
          term.expr->value.integer() >= 1 &&
          static_cast<std::size_t>(term.expr->value.integer()) <= scope_->aliases->size();
      if (number) {
        typed = (*scope_->aliases)[static_cast<std::size_t>(term.expr->value.integer() - 1)].second;
      } else {
        typed = compile_expr(*term.expr);
      }
      std::string text =
          typed.type.kind == Kind::kDecimal ? "mc_deckey(" + typed.text + ")" : typed.text;
      if (typed.constant && !typed.aggregate) text = "(" + text + " || '')";  // no column number
      if (term.descending) text += " DESC";
      if (term.nulls_first) text += *term.nulls_first ? " NULLS FIRST" : " NULLS LAST";
      texts.push_back(std::move(text));
    }
    return join(texts, ", ");
  }

  // --------------------------------------------------------------------------------------- FROM

  std::string make_alias() { return "s" + std::to_string(++aliases_); }

  static Relation relation_of(const std::vector<Column>& columns, const std::string& alias,
                              std::string name) {
    Relation relation;
    relation.alias = std::move(name);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      relation.columns.push_back(
          {columns[i].name, columns[i].type, alias + ".c" + std::to_string(i)});
    }
    return relation;
  }

  std::string compile_from(const Select& select) {
    std::string text;
    extra_conditions_.clear();
    for (const Source& source : select.from) {
      const bool semi = source.join == Join::kLeftSemi || source.join == Join::kLeftAnti;
      if (semi) {
        compile_semi_join(source);
        continue;
      }
      std::string part = compile_source(source);
      std::string on;
      if (source.on) {
        note_constraints(*source.on);
        on = " ON " + compile_condition(*source.on);
      }
      if (text.empty())
        text = " FROM " + part;
      else
        text += join_word(source.join) + part + on;
    }
    return text;
  }

  static std::string join_word(Join join) {
    switch (join) {
      case Join::kComma:
      case Join::kCross:
        return " CROSS JOIN ";
      case Join::kInner:
        return " JOIN ";
      case Join::kLeft:
        return " LEFT JOIN ";
      case Join::kRight:
        return " RIGHT JOIN ";
      case Join::kFull:
        return " FULL JOIN ";
      case Join::kLeftSemi:
      case Join::kLeftAnti:
        break;
    }
    return " JOIN ";
  }

  // t LEFT SEMI JOIN u ON … is EXISTS (SELECT 1 FROM u WHERE …).
  void compile_semi_join(const Source& source) {
    Scope scope;
    scope.outer = scope_;
    Scope* const before = std::exchange(scope_, &scope);
    const std::string part = compile_source(source);
    std::string condition = "1";
    if (source.on) {
      note_constraints(*source.on);
      condition = compile_condition(*source.on);
    }
    check_scans();
    scope_ = before;
    extra_conditions_.push_back(std::string(source.join == Join::kLeftAnti ? "NOT " : "") +
                                "EXISTS (SELECT 1 FROM " + part + " WHERE " + condition + ")");
  }

  std::string compile_source(const Source& source) {
    const std::string alias = make_alias();
    if (source.query) {
      const std::vector<std::string> kept = std::move(extra_conditions_);
      Scope* const before = std::exchange(scope_, scope_->outer);
      const Compiled inner = compile(*source.query);
      scope_ = before;
      extra_conditions_ = kept;
      scope_->relations.push_back(relation_of(inner.columns, alias, source.alias));
      return "(" + inner.text + ") AS " + alias;
    }
    if (!source.rows.empty()) return compile_values(source, alias);
    if (source.table.parts.size() == 1) {
      const auto found = common_.find(source.table.parts[0]);
      if (found != common_.end()) {
        scope_->relations.push_back(relation_of(
            found->second.second, alias, source.alias.empty() ? found->first : source.alias));
        return "(" + found->second.first + ") AS " + alias;
      }
    }
    const Table table = resolve_table(source.table, connection_, rules_);
    Relation relation;
    relation.alias = source.alias.empty() ? table.name : source.alias;
    for (const Column& column : table.columns) {
      relation.columns.push_back({column.name, column.type, alias + "." + quote_name(column.name)});
    }
    for (const Column& column : table.partition_columns) {
      relation.columns.push_back(
          {column.name, column.type, alias + "." + quote_name(column.name), true});
    }
    if (!table.partition_columns.empty()) {
      relation.table = rules_.project + "," +
                       (rules_.three_levels ? table.schema + "," : std::string()) + table.name;
    }
    scope_->relations.push_back(std::move(relation));
    return table.stored_name() + " AS " + alias;
  }

  std::string compile_values(const Source& source, const std::string& alias) {
    std::vector<Column> columns;
    std::vector<std::vector<Typed>> rows;
    for (const auto& row : source.rows) {
      std::vector<Typed> cells;
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells.push_back(compile_expr(*row[i]));
        if (rows.empty()) {
          const bool named = i < source.column_aliases.size();
          columns.push_back(
              {named ? source.column_aliases[i] : "_c" + std::to_string(i), Type{Kind::kVoid}});
        }
        if (i < columns.size()) {
          columns[i].type = find_common(columns[i].type, cells[i].type, row[i]->place, "values");
        }
      }
      if (cells.size() != columns.size()) {
        throw semantic_error(row[0]->place, "the rows of VALUES have different lengths");
      }
      rows.push_back(std::move(cells));
    }
    std::vector<std::string> selects;
    for (const auto& row : rows) {
      std::vector<std::string> cells;
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells.push_back(coerce_typed(row[i], columns[i].type, {0, 0}).text + " AS c" +
                        std::to_string(i));
      }
      selects.push_back("SELECT " + join(cells, ", "));
    }
    scope_->relations.push_back(relation_of(columns, alias, source.alias));
    return "(" + join(selects, " UNION ALL ") + ") AS " + alias;
  }

  // ---------------------------------------------------------------------------------- partitions

  static bool is_constant(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kLiteral:
        return true;
      case ExprKind::kColumn:
      case ExprKind::kStar:
      case ExprKind::kScalar:
      case ExprKind::kExists:
        return false;
      default:
        break;
    }
    if (expr.query) return false;
    return std::all_of(expr.args.begin(), expr.args.end(),
                       [](const ExprPtr& arg) { return is_constant(*arg); });
  }

  static bool names_partition(const Expr& expr, const Relation& relation) {
    if (expr.kind != ExprKind::kColumn) return false;
    if (!expr.qualifier.empty() && expr.qualifier != relation.alias) return false;
    for (const ScopeColumn& column : relation.columns) {
      if (column.partition && column.name == expr.name) return true;
    }
    return false;
  }

  static bool constrains(const Expr& expr, const Relation& relation) {
    switch (expr.kind) {
      case ExprKind::kBinary: {
        const Expr& left = *expr.args[0];
        const Expr& right = *expr.args[1];
        if (expr.name == "and") return constrains(left, relation) || constrains(right, relation);
        if (expr.name == "or") return constrains(left, relation) && constrains(right, relation);
        const bool compares = expr.name == "=" || expr.name == "<>" || expr.name == "<" ||
                              expr.name == ">" || expr.name == "<=" || expr.name == ">=";
        return compares && ((names_partition(left, relation) && is_constant(right)) ||
                            (names_partition(right, relation) && is_constant(left)));
      }
      case ExprKind::kIn:
      case ExprKind::kBetween:
      case ExprKind::kLike:
      case ExprKind::kIsNull: {
        if (expr.query || !names_partition(*expr.args[0], relation)) return false;
        return std::all_of(expr.args.begin() + 1, expr.args.end(),
                           [](const ExprPtr& arg) { return is_constant(*arg); });
      }
      default:
        return false;
    }
  }

  void note_constraints(const Expr& condition) {
    for (Relation& relation : scope_->relations) {
      if (!relation.table.empty() && constrains(condition, relation)) relation.constrained = true;
    }
  }

  void check_scans() const {
    if (rules_.allow_full_scan) return;
    for (const Relation& relation : scope_->relations) {
      if (relation.table.empty() || relation.constrained) continue;
      throw semantic_error({0, 0}, "physical plan generation failed: Table(" + relation.table +
                                       ") is full scan with all partitions, please specify "
                                       "partition predicates.");
    }
  }

  // --------------------------------------------------------------------------------- expressions

  static Typed typed_column(const ScopeColumn& column) {
    return {column.text, column.type, false, false, {column.text}};
  }

  const ScopeColumn* find_column(const Expr& expr) const {
    for (const Scope* scope = scope_; scope != nullptr; scope = scope->outer) {
      const ScopeColumn* found = nullptr;
      for (const Relation& relation : scope->relations) {
        if (!expr.qualifier.empty() && relation.alias != expr.qualifier) continue;
        for (const ScopeColumn& column : relation.columns) {
          if (column.name != expr.name) continue;
          if (found != nullptr) {
            throw semantic_error(expr.place, "column " + expr.name + " is ambiguous");
          }
          found = &column;
        }
      }
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  std::string compile_condition(const Expr& expr) {
    const Typed typed = compile_expr(expr);
    if (typed.type.kind == Kind::kBoolean || typed.type.kind == Kind::kVoid) return typed.text;
    throw semantic_error(expr.place,
                         "expect BOOLEAN type in WHERE, but got " + to_upper(to_text(typed.type)));
  }

  Typed combine(std::string text, Type type, const std::vector<const Typed*>& parts) const {
    Typed result;
    result.text = std::move(text);
    result.type = std::move(type);
    result.constant = true;
    for (const Typed* part : parts) {
      result.constant = result.constant && part->constant;
      result.aggregate = result.aggregate || part->aggregate;
      result.free.insert(part->free.begin(), part->free.end());
    }
    return result;
  }

  Typed compile_expr(const Expr& expr) {
    switch (expr.kind) {
      case ExprKind::kLiteral:
        return compile_literal(expr);
      case ExprKind::kColumn:
        return compile_column(expr);
      case ExprKind::kStar:
        throw parse_error(expr.place, "invalid token '*'");
      case ExprKind::kUnary:
        return compile_unary(expr);
      case ExprKind::kBinary:
        return compile_binary(expr);
      case ExprKind::kCall:
        return compile_call(expr);
      case ExprKind::kCast:
        return compile_cast(expr);
      case ExprKind::kCase:
        return compile_case(expr);
      case ExprKind::kIn:
        return compile_in(expr);
      case ExprKind::kBetween:
        return compile_between(expr);
      case ExprKind::kIsNull: {
        const Typed operand = compile_expr(*expr.args[0]);
        return combine("(" + operand.text + (expr.negated ? " IS NOT NULL)" : " IS NULL)"),
                       kBoolean, {&operand});
      }
      case ExprKind::kLike:
        return compile_like(expr);
      case ExprKind::kExists: {
        const Compiled inner = compile_inner(*expr.query);
        return {"EXISTS (" + inner.text + ")", kBoolean};
      }
      case ExprKind::kScalar: {
        const Compiled inner = compile_inner(*expr.query);
        if (inner.columns.size() != 1) {
          throw semantic_error(expr.place, "a scalar sub-query must have one column");
        }
        return {"(" + inner.text + ")", inner.columns[0].type};
      }
      case ExprKind::kIndex:
        return compile_index(expr);
      case ExprKind::kField:
        return compile_field(expr);
    }
    throw parse_error(expr.place, "unexpected expression");
  }

  Compiled compile_inner(const Query& query) {
    const std::vector<std::string> kept = std::move(extra_conditions_);
    Compiled inner = compile(query);
    extra_conditions_ = kept;
    return inner;
  }

  Typed compile_literal(const Expr& expr) const {
    Typed typed;
    typed.constant = true;
    typed.type = expr.type;
    if (expr.value.is_null()) {
      typed.text = "NULL";
    } else if (std::holds_alternative<std::int64_t>(expr.value.data)) {
      typed.text = std::to_string(expr.value.integer());
      if (expr.value.integer() == INT64_MIN) typed.text = "(-9223372036854775807 - 1)";
    } else if (std::holds_alternative<double>(expr.value.data)) {
      typed.text = to_text(expr.value, Type{Kind::kDouble}, *Zone::utc());
    } else {
      typed.text = quote_text(expr.value.text());
    }
    return typed;
  }

  Typed compile_column(const Expr& expr) {
    if (const ScopeColumn* column = find_column(expr)) return typed_column(*column);
    if (scope_ != nullptr && scope_->aliases != nullptr && expr.qualifier.empty()) {
      for (const auto& [name, item] : *scope_->aliases) {
        if (name == expr.name) return item;
      }
    }
    if (!expr.qualifier.empty()) {  // perhaps a field of a struct column
      Expr column;
      column.kind = ExprKind::kColumn;
      column.name = expr.qualifier;
      column.place = expr.place;
      const ScopeColumn* owner = find_column(column);
      if (owner != nullptr && owner->type.kind == Kind::kStruct) {
        return make_field(typed_column(*owner), expr.name, expr.place);
      }
    }
    throw semantic_error(expr.place, "column " +
                                         (expr.qualifier.empty() ? "" : expr.qualifier + ".") +
                                         expr.name + " cannot be resolved");
  }

  Typed compile_unary(const Expr& expr) {
    const Typed operand = compile_expr(*expr.args[0]);
    if (expr.name == "not") {
      if (operand.type.kind != Kind::kBoolean && operand.type.kind != Kind::kVoid) {
        throw semantic_error(expr.place, "NOT needs a BOOLEAN");
      }
      return combine("(NOT " + operand.text + ")", kBoolean, {&operand});
    }
    if (expr.name == "+") return operand;
    if (expr.name == "~") return combine("(~" + operand.text + ")", operand.type, {&operand});
    if (operand.type.kind == Kind::kDecimal) {
      return combine("mc_decop('-', '0', " + operand.text + ")", operand.type, {&operand});
    }
    const Typed number =
        is_text(operand.type.kind) ? coerce_typed(operand, kDouble, expr.place) : operand;
    return combine("(-" + number.text + ")", number.type, {&operand});
  }

  Typed compile_binary(const Expr& expr) {
    Typed left = compile_expr(*expr.args[0]);
    Typed right = compile_expr(*expr.args[1]);
    const std::string& name = expr.name;
    if (name == "and" || name == "or") {
      for (const Typed* side : {&left, &right}) {
        if (side->type.kind != Kind::kBoolean && side->type.kind != Kind::kVoid) {
          throw semantic_error(expr.place, to_upper(name) + " needs BOOLEANs, but got " +
                                               to_upper(to_text(side->type)));
        }
      }
      return combine("(" + left.text + (name == "and" ? " AND " : " OR ") + right.text + ")",
                     kBoolean, {&left, &right});
    }
    if (name == "||") {
      const Typed a = coerce_typed(left, kString, expr.place);
      const Typed b = coerce_typed(right, kString, expr.place);
      return combine("(" + a.text + " || " + b.text + ")", kString, {&left, &right});
    }
    if (name == "=" || name == "<>" || name == "<" || name == ">" || name == "<=" || name == ">=") {
      return compile_comparison(name, left, right, expr.place);
    }
    return compile_arithmetic(expr, left, right);
  }

  Typed compile_comparison(const std::string& name, const Typed& left, const Typed& right,
                           Place place) const {
    const Type type = find_common(left.type, right.type, place, name);
    const Typed a = coerce_typed(left, type, place);
    const Typed b = coerce_typed(right, type, place);
    if (type.kind == Kind::kDecimal) {
      return combine("(mc_deccmp(" + a.text + ", " + b.text + ") " + name + " 0)", kBoolean,
                     {&left, &right});
    }
    return combine("(" + a.text + " " + name + " " + b.text + ")", kBoolean, {&left, &right});
  }

  Typed compile_arithmetic(const Expr& expr, Typed left, Typed right) {
    for (Typed* side : {&left, &right}) {
      if (is_text(side->type.kind)) *side = coerce_typed(*side, kDouble, expr.place);
      if (!is_number(side->type.kind) && side->type.kind != Kind::kVoid) {
        throw semantic_error(expr.place, "invalid operand type " + to_upper(to_text(side->type)) +
                                             " for " + expr.name);
      }
    }
    const bool decimal = left.type.kind == Kind::kDecimal || right.type.kind == Kind::kDecimal;
    const bool real = left.type.kind == Kind::kDouble || right.type.kind == Kind::kDouble ||
                      left.type.kind == Kind::kFloat || right.type.kind == Kind::kFloat;
    if (decimal && !real) {
      const Type type{Kind::kDecimal, 38, 18};
      return combine("mc_decop('" + expr.name + "', " + coerce_typed(left, type, expr.place).text +
                         ", " + coerce_typed(right, type, expr.place).text + ")",
                     type, {&left, &right});
    }
    if (decimal) {
      left = coerce_typed(left, kDouble, expr.place);
      right = coerce_typed(right, kDouble, expr.place);
    }
    if (expr.name == "/") {
      return combine("mc_div(" + left.text + ", " + right.text + ")", kDouble, {&left, &right});
    }
    Type type = real || decimal ? kDouble : kBigint;
    if (left.type.kind == Kind::kInt && right.type.kind == Kind::kInt) type = left.type;
    if (expr.name == "%") {
      return combine("mc_mod(" + left.text + ", " + right.text + ")", type, {&left, &right});
    }
    if (expr.name == "div") {
      return combine("mc_idiv(" + left.text + ", " + right.text + ")", kBigint, {&left, &right});
    }
    if (expr.name == "^") {
      return combine(
          "((" + left.text + " | " + right.text + ") - (" + left.text + " & " + right.text + "))",
          type, {&left, &right});
    }
    return combine("(" + left.text + " " + expr.name + " " + right.text + ")", type,
                   {&left, &right});
  }

  Typed compile_call(const Expr& expr) {
    std::vector<Typed> arguments;
    const bool aggregate = is_aggregate(expr.name) && !expr.window;
    for (const ExprPtr& arg : expr.args) {
      if (arg->kind == ExprKind::kStar && expr.name == "count") continue;
      arguments.push_back(compile_expr(*arg));
      if (aggregate && arguments.back().aggregate) {
        throw semantic_error(expr.place, "aggregate functions cannot be nested");
      }
    }
    Typed result = make_call(expr, std::move(arguments));
    if (aggregate) {
      result.aggregate = true;
      result.free.clear();
    }
    if (expr.window) add_window(*expr.window, result);
    return result;
  }

  void add_window(const Window& window, Typed& result) {
    std::vector<std::string> parts;
    for (const ExprPtr& expr : window.partition_by) {
      const Typed typed = compile_expr(*expr);
      parts.push_back(typed.text);
      result.free.insert(typed.free.begin(), typed.free.end());
    }
    result.text += " OVER (";
    if (!parts.empty()) result.text += "PARTITION BY " + join(parts, ", ");
    if (!window.order_by.empty()) {
      result.text += " ORDER BY " + compile_order(window.order_by, false);
    }
    result.text += ")";
    result.constant = false;
  }

  Typed compile_cast(const Expr& expr) {
    if (!rules_.new_types && needs_new_types(expr.type.kind) && expr.name != "literal") {
      throw semantic_error(expr.place, to_upper(to_text(expr.type)) +
                                           " type is not enabled in current mode. Please set "
                                           "odps.sql.type.system.odps2=true to use it.");
    }
    const Typed operand = compile_expr(*expr.args[0]);
    return combine(coerce(operand.text, operand.type, expr.type, expr.place), expr.type,
                   {&operand});
  }

  Typed compile_case(const Expr& expr) {
    std::size_t at = 0;
    Typed operand;
    if (expr.has_operand) operand = compile_expr(*expr.args[at++]);
    std::vector<Typed> conditions;
    std::vector<Typed> results;
    const std::size_t end = expr.args.size() - (expr.has_else ? 1 : 0);
    for (; at + 1 < end + 1; at += 2) {
      Typed when = compile_expr(*expr.args[at]);
      if (expr.has_operand) when = compile_comparison("=", operand, when, expr.place);
      conditions.push_back(std::move(when));
      results.push_back(compile_expr(*expr.args[at + 1]));
    }
    if (expr.has_else) results.push_back(compile_expr(*expr.args.back()));
    Type type{Kind::kVoid};
    for (const Typed& result : results) {
      type = find_common(type, result.type, expr.place, "case");
    }
    std::string text = "CASE";
    std::vector<const Typed*> parts;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      text += " WHEN " + conditions[i].text + " THEN " +
              coerce_typed(results[i], type, expr.place).text;
      parts.push_back(&conditions[i]);
    }
    if (expr.has_else) text += " ELSE " + coerce_typed(results.back(), type, expr.place).text;
    for (const Typed& result : results) parts.push_back(&result);
    return combine(text + " END", type, parts);
  }

  Typed compile_in(const Expr& expr) {
    const Typed operand = compile_expr(*expr.args[0]);
    if (expr.query) {
      const Compiled inner = compile_inner(*expr.query);
      if (inner.columns.size() != 1) {
        throw semantic_error(expr.place, "the sub-query of IN must have one column");
      }
      const Type type = find_common(operand.type, inner.columns[0].type, expr.place, "in");
      return combine("(" + coerce_typed(operand, type, expr.place).text +
                         (expr.negated ? " NOT IN (SELECT " : " IN (SELECT ") +
                         coerce("c0", inner.columns[0].type, type, expr.place) + " FROM (" +
                         inner.text + ")))",
                     kBoolean, {&operand});
    }
    std::vector<std::string> texts;
    std::vector<Typed> values;
    for (std::size_t i = 1; i < expr.args.size(); ++i) {
      values.push_back(compile_expr(*expr.args[i]));
      texts.push_back(compile_comparison("=", operand, values.back(), expr.place).text);
    }
    std::vector<const Typed*> parts = {&operand};
    for (const Typed& value : values) parts.push_back(&value);
    return combine((expr.negated ? "(NOT (" : "((") + join(texts, " OR ") + "))", kBoolean, parts);
  }

  Typed compile_between(const Expr& expr) {
    const Typed operand = compile_expr(*expr.args[0]);
    const Typed low = compile_expr(*expr.args[1]);
    const Typed high = compile_expr(*expr.args[2]);
    return combine((expr.negated ? "(NOT (" : "((") +
                       compile_comparison(">=", operand, low, expr.place).text + " AND " +
                       compile_comparison("<=", operand, high, expr.place).text + "))",
                   kBoolean, {&operand, &low, &high});
  }

  Typed compile_like(const Expr& expr) {
    const Typed text = coerce_typed(compile_expr(*expr.args[0]), kString, expr.place);
    const Typed pattern = coerce_typed(compile_expr(*expr.args[1]), kString, expr.place);
    const std::string negated = expr.negated ? "NOT " : "";
    if (expr.name == "rlike") {
      return combine("(" + negated + "mc_rlike(" + text.text + ", " + pattern.text + "))", kBoolean,
                     {&text, &pattern});
    }
    return combine("(" + text.text + " " + negated + "LIKE " + pattern.text + " ESCAPE '\\')",
                   kBoolean, {&text, &pattern});
  }

  Typed compile_index(const Expr& expr) {
    const Typed composite = compile_expr(*expr.args[0]);
    Typed key = compile_expr(*expr.args[1]);
    if (composite.type.kind != Kind::kArray && composite.type.kind != Kind::kMap) {
      throw semantic_error(expr.place, "only arrays and maps have elements");
    }
    const bool map = composite.type.kind == Kind::kMap;
    key = coerce_typed(key, map ? composite.type.parts[0] : kBigint, expr.place);
    return combine(
        "mc_index(" + composite.text + ", " + type_text(composite.type) + ", " + key.text + ")",
        composite.type.parts[map ? 1 : 0], {&composite, &key});
  }

  Typed compile_field(const Expr& expr) {
    return make_field(compile_expr(*expr.args[0]), expr.name, expr.place);
  }

  Typed make_field(const Typed& owner, const std::string& name, Place place) const {
    for (std::size_t i = 0; i < owner.type.names.size(); ++i) {
      if (equals_ignoring_case(owner.type.names[i], name)) {
        return combine(
            "mc_field(" + owner.text + ", " + type_text(owner.type) + ", " + quote_text(name) + ")",
            owner.type.parts[i], {&owner});
      }
    }
    throw semantic_error(place, "field " + name + " cannot be resolved");
  }

  Connection& connection_;
  const Rules& rules_;
  Scope* scope_ = nullptr;
  CommonTables common_;
  std::vector<std::string> extra_conditions_;
  int aliases_ = 0;
};

}  // namespace

std::string quote_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    return "CAST(x'" + to_hex(text) + "' AS TEXT)";
  }
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += '\'';
    quoted += c;
  }
  return quoted + "'";
}

std::string coerce(const std::string& text, const Type& from, const Type& to, Place place) {
  if (from == to || from.kind == Kind::kVoid || to.kind == Kind::kVoid) return text;
  const bool to_wider = is_integer(from.kind) && is_integer(to.kind) && from.kind <= to.kind;
  const bool same_text = is_text(from.kind) && to.kind == Kind::kString;
  const bool same_decimal = from.kind == Kind::kDecimal && to.kind == Kind::kDecimal &&
                            from.scale <= to.scale &&
                            from.precision - from.scale <= to.precision - to.scale;
  const bool same_real = from.kind == Kind::kFloat && to.kind == Kind::kDouble;
  if (to_wider || same_text || same_decimal || same_real) return text;
  if (is_composite(from.kind) && from.kind == to.kind) return text;  // one JSON text for both
  if (is_integer(from.kind) && to.kind == Kind::kDouble) return "CAST(" + text + " AS REAL)";
  const bool impossible = (is_composite(from.kind) && !is_text(to.kind)) || is_composite(to.kind) ||
                          (is_number(from.kind) && is_time(to.kind)) ||
                          (is_time(from.kind) && is_number(to.kind)) ||
                          (from.kind == Kind::kBinary && !is_text(to.kind)) ||
                          (to.kind == Kind::kBinary && !is_text(from.kind));
  if (impossible) {
    throw SqlError("ODPS-0130141:[" + std::to_string(place.line) + "," +
                   std::to_string(place.column) +
                   "] Illegal implicit type cast - cannot cast from " + to_upper(to_text(from)) +
                   " to " + to_upper(to_text(to)));
  }
  return "mc_cast(" + text + ", " + type_text(from) + ", " + type_text(to) + ")";
}

Typed coerce_typed(Typed value, const Type& to, Place place) {
  value.text = coerce(value.text, value.type, to, place);
  value.type = to;
  return value;
}

Type find_common(const Type& a, const Type& b, Place place, const std::string& what) {
  if (a == b || b.kind == Kind::kVoid) return a;
  if (a.kind == Kind::kVoid) return b;
  if (is_integer(a.kind) && is_integer(b.kind)) return a.kind > b.kind ? a : b;
  if (is_number(a.kind) && is_number(b.kind)) {
    const bool real = a.kind == Kind::kDouble || b.kind == Kind::kDouble ||
                      a.kind == Kind::kFloat || b.kind == Kind::kFloat;
    if (real) return kDouble;
    return Type{Kind::kDecimal, 38, 18};
  }
  if (is_text(a.kind) && is_text(b.kind)) return kString;
  const bool a_text = is_text(a.kind);
  const bool b_text = is_text(b.kind);
  if (a_text && is_number(b.kind)) return kDouble;
  if (b_text && is_number(a.kind)) return kDouble;
  if (a_text && (is_time(b.kind) || b.kind == Kind::kBoolean)) return b;
  if (b_text && (is_time(a.kind) || a.kind == Kind::kBoolean)) return a;
  if (a_text && (b.kind == Kind::kJson || b.kind == Kind::kBinary)) return kString;
  if (b_text && (a.kind == Kind::kJson || a.kind == Kind::kBinary)) return kString;
  if (is_time(a.kind) && is_time(b.kind)) return time_rank(a.kind) > time_rank(b.kind) ? a : b;
  throw SqlError("ODPS-0130141:[" + std::to_string(place.line) + "," +
                 std::to_string(place.column) + "] Illegal implicit type cast - in " + what +
                 ", cannot bring " + to_upper(to_text(a)) + " and " + to_upper(to_text(b)) +
                 " to one type");
}

Compiled compile_query(const Query& query, Connection& connection, const Rules& rules) {
  return Compiler(connection, rules).compile(query);
}

Value evaluate(const Expr& expr, Connection& connection, const Rules& rules, Type& type) {
  const Typed typed = Compiler(connection, rules).compile_alone(expr);
  type = typed.type;
  auto statement = connection.prepare("SELECT " + typed.text);
  statement.step();
  return value_from_column(statement.handle(), 0, typed.type);
}

std::string translate(const Expr& expr, const Type& type, Connection& connection,
                      const Rules& rules) {
  const Typed typed = Compiler(connection, rules).compile_alone(expr);
  return coerce(typed.text, typed.type, type, expr.place);
}

std::pair<std::string, std::string> resolve_name(const TableName& name, const Rules& rules) {
  const auto& parts = name.parts;
  std::string project = rules.project;
  std::string schema = rules.schema;
  if (parts.size() == 3) {
    project = parts[0];
    schema = parts[1];
  } else if (parts.size() == 2 && rules.three_levels) {
    schema = parts[0];
  } else if (parts.size() == 2) {
    project = parts[0];
  }
  if (!equals_ignoring_case(project, rules.project)) {
    throw SqlError("ODPS-0420111:Project not found - '" + project + "'");
  }
  return {schema, parts.back()};
}

Table resolve_table(const TableName& name, Connection& connection, const Rules& rules) {
  const auto [schema, table] = resolve_name(name, rules);
  auto found = connection.find_table(schema, table);
  if (found) return std::move(*found);
  const std::string full =
      rules.three_levels ? rules.project + "." + schema + "." + table : rules.project + "." + table;
  throw SqlError("ODPS-0130131:[" + std::to_string(name.place.line) + "," +
                 std::to_string(name.place.column) + "] Table not found - table " + full +
                 " cannot be resolved");
}

}  // namespace emulator::sql
