// SPDX-License-Identifier: Apache-2.0
// The dialect's grammar, as far as the emulator runs it: queries with joins, sub-queries, unions
// and windows; the statements that keep tables; SHOW, DESC and EXPLAIN. What is not here is a parse
// error.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "sql_lexer.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator::sql {
namespace {

constexpr int kDepthMax = 200;

// Words that end a list or a clause and therefore are no alias.
const std::set<std::string, std::less<>>& reserved_words() {
  static const std::set<std::string, std::less<>> words = {
      "select",    "from",    "where",  "group", "having",  "order",  "limit",    "offset",
      "union",     "join",    "inner",  "left",  "right",   "full",   "cross",    "on",
      "and",       "or",      "not",    "in",    "is",      "null",   "like",     "rlike",
      "regexp",    "between", "case",   "when",  "then",    "else",   "end",      "as",
      "intersect", "except",  "minus",  "by",    "desc",    "asc",    "distinct", "all",
      "with",      "lateral", "exists", "using", "values",  "insert", "into",     "overwrite",
      "partition", "create",  "drop",   "alter", "natural", "outer",  "sort",     "distribute",
      "cluster",   "window",  "semi",   "anti",  "true",    "false",  "cast",     "set",
      "table",     "nulls"};
  return words;
}

class Parser {
 public:
  Parser(const std::string& text, bool new_types)
      : text_(text), tokens_(tokenize(text)), new_types_(new_types) {}

  Script parse() {
    Script script;
    while (true) {
      while (take(";")) {
      }
      if (peek().kind == TokenKind::kEnd) return script;
      if (is_word("set") && script.statements.empty()) {
        parse_setting(script);
        continue;
      }
      script.statements.push_back(parse_statement());
      if (peek().kind != TokenKind::kEnd && !take(";")) throw unexpected();
    }
  }

 private:
  // ------------------------------------------------------------------------------------- tokens

  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }

  bool is_symbol(std::string_view symbol, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kSymbol && peek(ahead).text == symbol;
  }

  bool is_word(std::string_view word, std::size_t ahead = 0) const {
    return peek(ahead).kind == TokenKind::kWord && equals_ignoring_case(peek(ahead).text, word);
  }

  bool take(std::string_view symbol) {
    if (!is_symbol(symbol)) return false;
    ++at_;
    return true;
  }

  bool take_word(std::string_view word) {
    if (!is_word(word)) return false;
    ++at_;
    return true;
  }

  bool take_words(std::string_view first, std::string_view second) {
    if (!is_word(first) || !is_word(second, 1)) return false;
    at_ += 2;
    return true;
  }

  void expect(std::string_view symbol) {
    if (!take(symbol)) throw unexpected(", expect '" + std::string(symbol) + "'");
  }

  void expect_word(std::string_view word) {
    if (!take_word(word)) throw unexpected(", expect " + to_upper(word));
  }

  SqlError unexpected(const std::string& more = {}) const {
    if (peek().kind == TokenKind::kEnd) {
      return parse_error(peek().place, "invalid token '<EOF>'" + more);
    }
    return parse_error(peek().place, "invalid token '" + peek().text + "'" + more);
  }

  bool is_name(std::size_t ahead = 0) const {
    const Token& token = peek(ahead);
    if (token.kind == TokenKind::kQuotedName) return true;
    return token.kind == TokenKind::kWord && !reserved_words().contains(to_lower(token.text));
  }

  std::string take_name() {
    if (!is_name()) throw unexpected(", expect a name");
    return to_lower(tokens_[at_++].text);
  }

  std::string take_string() {
    if (peek().kind != TokenKind::kString) throw unexpected(", expect a string");
    return tokens_[at_++].text;
  }

  std::int64_t take_integer() {
    std::int64_t value = 0;
    const Token& token = peek();
    const auto end =
        std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (token.kind != TokenKind::kNumber || end.ec != std::errc{} ||
        end.ptr != token.text.data() + token.text.size()) {
      throw unexpected(", expect an integer");
    }
    ++at_;
    return value;
  }

  TableName take_table_name() {
    TableName name;
    name.place = peek().place;
    name.parts.push_back(take_name());
    while (take(".")) name.parts.push_back(take_name());
    if (name.parts.size() > 3) throw parse_error(name.place, "a table name has too many parts");
    return name;
  }

  struct Deeper {
    explicit Deeper(Parser& parser) : depth(parser.depth_) {
      if (++depth > kDepthMax) {
        throw parse_error(parser.peek().place, "the statement is nested too deeply");
      }
    }
    ~Deeper() { --depth; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;
    int& depth;
  };

  // ---------------------------------------------------------------------------------- statements

  void parse_setting(Script& script) {
    expect_word("set");
    const std::size_t start = peek().start;
    while (peek().kind != TokenKind::kEnd && !is_symbol(";")) ++at_;
    const std::string_view all = std::string_view(text_).substr(start, peek().start - start);
    const auto equals = all.find('=');
    if (equals == std::string_view::npos) throw unexpected(", expect '='");
    script.settings.emplace_back(std::string(trim(all.substr(0, equals))),
                                 std::string(trim(all.substr(equals + 1))));
    take(";");
  }

  Statement parse_statement() {
    Statement statement;
    if (is_word("select") || is_word("with") || is_symbol("(")) {
      statement.kind = StatementKind::kQuery;
      statement.query = parse_query();
      return statement;
    }
    if (take_word("explain")) {
      statement.kind = StatementKind::kExplain;
      statement.output_only = take_word("output");
      statement.explained = std::make_unique<Statement>(parse_statement());
      return statement;
    }
    if (take_word("show")) return parse_show();
    if (take_word("desc") || take_word("describe")) return parse_describe();
    if (take_word("create")) return parse_create();
    if (take_word("drop")) return parse_drop();
    if (take_word("alter")) return parse_alter();
    if (take_word("truncate")) {
      take_word("table");
      statement.kind = StatementKind::kTruncate;
      statement.table = take_table_name();
      if (take_word("partition")) statement.partitions.push_back(parse_partition_spec());
      return statement;
    }
    if (take_word("insert")) return parse_insert();
    throw unexpected();
  }

  Statement parse_show() {
    Statement statement;
    if (take_word("tables")) {
      statement.kind = StatementKind::kShowTables;
      if (take_word("in") || take_word("from")) statement.table = take_table_name();
      if (take_word("like") || peek().kind == TokenKind::kString) statement.pattern = take_string();
      return statement;
    }
    if (take_word("schemas") || take_word("databases")) {
      statement.kind = StatementKind::kShowSchemas;
      if (take_word("in") || take_word("from")) statement.table = take_table_name();
      return statement;
    }
    if (take_word("partitions")) {
      statement.kind = StatementKind::kShowPartitions;
      statement.table = take_table_name();
      return statement;
    }
    if (take_word("create")) {
      expect_word("table");
      statement.kind = StatementKind::kShowCreateTable;
      statement.table = take_table_name();
      return statement;
    }
    throw unexpected();
  }

  Statement parse_describe() {
    Statement statement;
    statement.kind = StatementKind::kDescribe;
    take_word("extended");
    statement.table = take_table_name();
    if (take_word("partition")) statement.partitions.push_back(parse_partition_spec());
    return statement;
  }

  Statement parse_create() {
    Statement statement;
    if (take_words("or", "replace")) statement.replace = true;
    if (take_word("schema")) {
      statement.kind = StatementKind::kCreateSchema;
      if (take_word("if")) {
        expect_word("not");
        expect_word("exists");
        statement.if_exists = true;
      }
      statement.table = take_table_name();
      return statement;
    }
    if (take_word("view")) return parse_create_view(std::move(statement));
    expect_word("table");
    statement.kind = StatementKind::kCreateTable;
    if (take_word("if")) {
      expect_word("not");
      expect_word("exists");
      statement.if_exists = true;
    }
    statement.table = take_table_name();
    if (take_word("like")) {
      statement.like = take_table_name();
      parse_table_options(statement);
      return statement;
    }
    if (is_symbol("(")) statement.columns = parse_column_definitions();
    parse_table_options(statement);
    if (take_word("as")) statement.query = parse_query();
    if (statement.columns.empty() && !statement.query) throw unexpected();
    return statement;
  }

  Statement parse_create_view(Statement statement) {
    statement.kind = StatementKind::kCreateView;
    if (take_word("if")) {
      expect_word("not");
      expect_word("exists");
      statement.if_exists = true;
    }
    statement.table = take_table_name();
    if (take_word("comment")) statement.comment = take_string();
    expect_word("as");
    const std::size_t start = peek().start;
    statement.query = parse_query();
    statement.text = std::string(trim(std::string_view(text_).substr(start, peek().start - start)));
    return statement;
  }

  void parse_table_options(Statement& statement) {
    while (true) {
      if (take_word("comment")) {
        statement.comment = take_string();
      } else if (take_words("partitioned", "by")) {
        statement.partition_columns = parse_column_definitions();
      } else if (take_word("lifecycle")) {
        statement.lifecycle = take_integer();
      } else if (take_words("stored", "as")) {
        take_name();
      } else if (take_word("tblproperties")) {
        expect("(");
        do {
          take_string();
          expect("=");
          take_string();
        } while (take(","));
        expect(")");
      } else {
        return;
      }
    }
  }

  std::vector<Column> parse_column_definitions() {
    std::vector<Column> columns;
    expect("(");
    do {
      Column column;
      column.name = take_name();
      column.type = parse_type_name();
      if (take_word("not")) {
        expect_word("null");
        column.nullable = false;
      } else {
        take_word("null");
      }
      if (take_word("comment")) column.comment = take_string();
      columns.push_back(std::move(column));
    } while (take(","));
    expect(")");
    return columns;
  }

  Type parse_type_name() {
    const Place place = peek().place;
    const std::size_t start = peek().start;
    int angles = 0;
    int rounds = 0;
    std::size_t end = start;
    if (peek().kind != TokenKind::kWord) throw unexpected(", expect a type");
    while (true) {
      const bool opens = is_symbol("<") || is_symbol("(") || is_symbol("<<");
      const bool first = end == start;
      if (!first && !opens && angles == 0 && rounds == 0) break;
      if (peek().kind == TokenKind::kEnd) throw unexpected();
      if (is_symbol("<")) ++angles;
      if (is_symbol(">")) --angles;
      if (is_symbol("(")) ++rounds;
      if (is_symbol(")")) --rounds;
      end = peek().end;
      ++at_;
    }
    const std::string text = text_.substr(start, end - start);
    const auto type = parse_type(text);
    if (!type) throw parse_error(place, "invalid type '" + text + "'");
    return *type;
  }

  Statement parse_drop() {
    Statement statement;
    if (take_word("view"))
      statement.kind = StatementKind::kDropView;
    else if (take_word("schema"))
      statement.kind = StatementKind::kDropSchema;
    else {
      expect_word("table");
      statement.kind = StatementKind::kDropTable;
    }
    if (take_words("if", "exists")) statement.if_exists = true;
    statement.table = take_table_name();
    return statement;
  }

  Statement parse_alter() {
    expect_word("table");
    Statement statement;
    statement.table = take_table_name();
    if (take_word("add")) {
      statement.kind = StatementKind::kAddPartition;
      if (take_word("if")) {
        expect_word("not");
        expect_word("exists");
        statement.if_exists = true;
      }
      while (take_word("partition")) statement.partitions.push_back(parse_partition_spec());
    } else if (take_word("drop")) {
      statement.kind = StatementKind::kDropPartition;
      if (take_words("if", "exists")) statement.if_exists = true;
      do {
        expect_word("partition");
        statement.partitions.push_back(parse_partition_spec());
      } while (take(","));
    } else if (take_word("set")) {
      statement.kind = StatementKind::kSetComment;
      if (take_word("lifecycle"))
        statement.lifecycle = take_integer();
      else {
        expect_word("comment");
        statement.comment = take_string();
      }
      return statement;
    }
    if (statement.partitions.empty()) throw unexpected();
    return statement;
  }

  PartitionSpec parse_partition_spec() {
    PartitionSpec spec;
    expect("(");
    do {
      std::string name = take_name();
      ExprPtr value;
      if (take("=")) value = parse_expr();
      spec.emplace_back(std::move(name), std::move(value));
    } while (take(","));
    expect(")");
    return spec;
  }

  Statement parse_insert() {
    Statement statement;
    statement.kind = StatementKind::kInsert;
    if (take_word("overwrite"))
      statement.overwrite = true;
    else
      expect_word("into");
    take_word("table");
    statement.table = take_table_name();
    if (take_word("partition")) statement.partitions.push_back(parse_partition_spec());
    if (is_symbol("(") && !is_word("select", 1) && !is_word("with", 1)) {
      expect("(");
      do {
        statement.names.push_back(take_name());
      } while (take(","));
      expect(")");
    }
    if (take_word("values")) {
      statement.rows = parse_rows();
    } else {
      statement.query = parse_query();
    }
    return statement;
  }

  std::vector<std::vector<ExprPtr>> parse_rows() {
    std::vector<std::vector<ExprPtr>> rows;
    do {
      expect("(");
      rows.push_back(parse_expr_list());
      expect(")");
    } while (take(","));
    return rows;
  }

  // ------------------------------------------------------------------------------------- queries

  QueryPtr parse_query() {
    const Deeper deeper(*this);
    auto query = std::make_unique<Query>();
    if (take_word("with")) {
      do {
        std::string name = take_name();
        expect_word("as");
        expect("(");
        query->with.emplace_back(std::move(name), parse_query());
        expect(")");
      } while (take(","));
    }
    parse_select_or_parenthesis(*query);
    while (true) {
      if (take_word("union")) {
        const bool all = take_word("all");
        if (!all) take_word("distinct");
        query->operations.push_back(all ? SetOperation::kUnionAll : SetOperation::kUnionDistinct);
      } else if (take_word("intersect")) {
        query->operations.push_back(SetOperation::kIntersect);
      } else if (take_word("except") || take_word("minus")) {
        query->operations.push_back(SetOperation::kExcept);
      } else {
        break;
      }
      parse_select_or_parenthesis(*query);
    }
    query->order_place = peek().place;
    if (take_words("order", "by")) query->order_by = parse_order_terms();
    if (take_word("limit")) {
      query->limit = take_integer();
      if (take(",")) {
        query->offset = *query->limit;
        query->limit = take_integer();
      } else if (take_word("offset")) {
        query->offset = take_integer();
      }
    }
    return query;
  }

  // A parenthesised query inside a union becomes SELECT * FROM (…).
  void parse_select_or_parenthesis(Query& query) {
    if (is_symbol("(")) {
      expect("(");
      QueryPtr inner = parse_query();
      expect(")");
      Select select;
      SelectItem star;
      star.expr = std::make_unique<Expr>();
      star.expr->kind = ExprKind::kStar;
      select.items.push_back(std::move(star));
      Source source;
      source.query = std::move(inner);
      select.from.push_back(std::move(source));
      query.selects.push_back(std::move(select));
      return;
    }
    query.selects.push_back(parse_select());
  }

  std::vector<OrderTerm> parse_order_terms() {
    std::vector<OrderTerm> terms;
    do {
      OrderTerm term;
      term.expr = parse_expr();
      if (take_word("desc"))
        term.descending = true;
      else
        take_word("asc");
      if (take_word("nulls")) {
        if (take_word("first"))
          term.nulls_first = true;
        else {
          expect_word("last");
          term.nulls_first = false;
        }
      }
      terms.push_back(std::move(term));
    } while (take(","));
    return terms;
  }

  Select parse_select() {
    expect_word("select");
    Select select;
    if (take_word("distinct"))
      select.distinct = true;
    else
      take_word("all");
    do {
      SelectItem item;
      item.expr = parse_expr();
      if (take_word("as")) {
        item.alias = take_alias();
      } else if (is_name()) {
        item.alias = take_name();
      }
      select.items.push_back(std::move(item));
    } while (take(","));
    if (take_word("from")) parse_from(select);
    if (take_word("where")) select.where = parse_expr();
    if (take_words("group", "by")) select.group_by = parse_expr_list();
    if (take_word("having")) select.having = parse_expr();
    return select;
  }

  std::string take_alias() {
    if (peek().kind == TokenKind::kString) throw unexpected(", expect a name");
    return take_name();
  }

  void parse_from(Select& select) {
    select.from.push_back(parse_source());
    while (true) {
      Join join = Join::kInner;
      if (take(","))
        join = Join::kComma;
      else if (take_word("join") || take_words("inner", "join"))
        join = Join::kInner;
      else if (take_words("cross", "join"))
        join = Join::kCross;
      else if (is_word("left") || is_word("right") || is_word("full"))
        join = parse_outer_join();
      else
        return;
      Source source = parse_source();
      source.join = join;
      if (take_word("on")) source.on = parse_expr();
      select.from.push_back(std::move(source));
    }
  }

  Join parse_outer_join() {
    Join join = Join::kFull;
    if (take_word("left")) {
      join = Join::kLeft;
      if (take_word("semi"))
        join = Join::kLeftSemi;
      else if (take_word("anti"))
        join = Join::kLeftAnti;
    } else if (take_word("right")) {
      join = Join::kRight;
    } else {
      expect_word("full");
    }
    take_word("outer");
    expect_word("join");
    return join;
  }

  Source parse_source() {
    Source source;
    if (take_word("values")) {
      source.rows = parse_rows();
    } else if (is_symbol("(")) {
      expect("(");
      if (take_word("values"))
        source.rows = parse_rows();
      else
        source.query = parse_query();
      expect(")");
    } else {
      source.table = take_table_name();
    }
    if (take_word("as"))
      source.alias = take_name();
    else if (is_name())
      source.alias = take_name();
    if (!source.alias.empty() && is_symbol("(") && !source.rows.empty()) {
      expect("(");
      do {
        source.column_aliases.push_back(take_name());
      } while (take(","));
      expect(")");
    }
    return source;
  }

  // --------------------------------------------------------------------------------- expressions

  std::vector<ExprPtr> parse_expr_list() {
    std::vector<ExprPtr> list;
    do {
      list.push_back(parse_expr());
    } while (take(","));
    return list;
  }

  ExprPtr make(ExprKind kind, Place place) const {
    auto expr = std::make_unique<Expr>();
    expr->kind = kind;
    expr->place = place;
    return expr;
  }

  ExprPtr make_binary(std::string name, ExprPtr left, ExprPtr right, Place place) const {
    auto expr = make(ExprKind::kBinary, place);
    expr->name = std::move(name);
    expr->args.push_back(std::move(left));
    expr->args.push_back(std::move(right));
    return expr;
  }

  ExprPtr parse_expr() {
    const Deeper deeper(*this);
    return parse_or();
  }

  ExprPtr parse_or() {
    ExprPtr left = parse_and();
    while (is_word("or")) {
      const Place place = peek().place;
      ++at_;
      left = make_binary("or", std::move(left), parse_and(), place);
    }
    return left;
  }

  ExprPtr parse_and() {
    ExprPtr left = parse_not();
    while (is_word("and") || is_symbol("&&")) {
      const Place place = peek().place;
      ++at_;
      left = make_binary("and", std::move(left), parse_not(), place);
    }
    return left;
  }

  ExprPtr parse_not() {
    if (is_word("not") || is_symbol("!")) {
      const Deeper deeper(*this);
      auto expr = make(ExprKind::kUnary, peek().place);
      ++at_;
      expr->name = "not";
      expr->args.push_back(parse_not());
      return expr;
    }
    return parse_comparison();
  }

  ExprPtr parse_comparison() {
    ExprPtr left = parse_bits();
    while (true) {
      const Place place = peek().place;
      if (peek().kind == TokenKind::kSymbol) {
        constexpr std::array<std::string_view, 8> kOperators = {
            "=", "==", "<>", "!=", "<=", ">=", "<", ">"};
        const auto found = std::find(kOperators.begin(), kOperators.end(), peek().text);
        if (found == kOperators.end()) return left;
        ++at_;
        std::string name(*found);
        if (name == "==") name = "=";
        if (name == "!=") name = "<>";
        left = make_binary(std::move(name), std::move(left), parse_bits(), place);
        continue;
      }
      if (take_word("is")) {
        auto expr = make(ExprKind::kIsNull, place);
        expr->negated = take_word("not");
        expect_word("null");
        expr->args.push_back(std::move(left));
        left = std::move(expr);
        continue;
      }
      const bool negated =
          is_word("not") && (is_word("in", 1) || is_word("like", 1) || is_word("between", 1) ||
                             is_word("rlike", 1) || is_word("regexp", 1));
      if (negated) ++at_;
      if (take_word("in")) {
        left = parse_in(std::move(left), negated, place);
      } else if (take_word("between")) {
        auto expr = make(ExprKind::kBetween, place);
        expr->negated = negated;
        expr->args.push_back(std::move(left));
        expr->args.push_back(parse_bits());
        expect_word("and");
        expr->args.push_back(parse_bits());
        left = std::move(expr);
      } else if (is_word("like") || is_word("rlike") || is_word("regexp")) {
        auto expr = make(ExprKind::kLike, place);
        expr->name = is_word("like") ? "like" : "rlike";
        ++at_;
        expr->negated = negated;
        expr->args.push_back(std::move(left));
        expr->args.push_back(parse_bits());
        left = std::move(expr);
      } else {
        return left;
      }
    }
  }

  ExprPtr parse_in(ExprPtr left, bool negated, Place place) {
    auto expr = make(ExprKind::kIn, place);
    expr->negated = negated;
    expr->args.push_back(std::move(left));
    expect("(");
    if (is_word("select") || is_word("with")) {
      expr->query = parse_query();
    } else {
      for (auto& value : parse_expr_list()) expr->args.push_back(std::move(value));
    }
    expect(")");
    return expr;
  }

  ExprPtr parse_bits() {
    ExprPtr left = parse_sum();
    while (is_symbol("&") || is_symbol("|") || is_symbol("^")) {
      const Place place = peek().place;
      std::string name = tokens_[at_++].text;
      left = make_binary(std::move(name), std::move(left), parse_sum(), place);
    }
    return left;
  }

  ExprPtr parse_sum() {
    ExprPtr left = parse_product();
    while (is_symbol("+") || is_symbol("-") || is_symbol("||")) {
      const Place place = peek().place;
      std::string name = tokens_[at_++].text;
      left = make_binary(std::move(name), std::move(left), parse_product(), place);
    }
    return left;
  }

  ExprPtr parse_product() {
    ExprPtr left = parse_unary();
    while (is_symbol("*") || is_symbol("/") || is_symbol("%") || is_word("div")) {
      const Place place = peek().place;
      std::string name = to_lower(tokens_[at_++].text);
      left = make_binary(std::move(name), std::move(left), parse_unary(), place);
    }
    return left;
  }

  ExprPtr parse_unary() {
    if (is_symbol("-") || is_symbol("+") || is_symbol("~")) {
      const Deeper deeper(*this);
      auto expr = make(ExprKind::kUnary, peek().place);
      expr->name = tokens_[at_++].text;
      if (expr->name == "-" && peek().kind == TokenKind::kNumber) {
        return parse_postfix(parse_number(true));
      }
      expr->args.push_back(parse_unary());
      return expr;
    }
    return parse_postfix(parse_primary());
  }

  ExprPtr parse_postfix(ExprPtr expr) {
    while (true) {
      const Place place = peek().place;
      if (take("[")) {
        auto index = make(ExprKind::kIndex, place);
        index->args.push_back(std::move(expr));
        index->args.push_back(parse_expr());
        expect("]");
        expr = std::move(index);
      } else if (is_symbol(".") && expr->kind != ExprKind::kLiteral && is_name(1)) {
        ++at_;
        auto field = make(ExprKind::kField, place);
        field->name = take_name();
        field->args.push_back(std::move(expr));
        expr = std::move(field);
      } else {
        return expr;
      }
    }
  }

  ExprPtr make_literal(Value value, Type type, Place place) const {
    auto expr = make(ExprKind::kLiteral, place);
    expr->value = std::move(value);
    expr->type = std::move(type);
    return expr;
  }

  ExprPtr parse_number(bool negative) {
    const Token token = tokens_[at_++];
    const std::string text = (negative ? "-" : "") + token.text;
    const bool whole = token.text.find_first_of(".e") == std::string::npos;
    if (token.suffix == "bd") {
      auto decimal = make_decimal(text, 38, 18);
      if (!decimal) throw parse_error(token.place, "invalid decimal '" + text + "'");
      return make_literal(Value{std::move(*decimal)}, Type{Kind::kDecimal, 38, 18}, token.place);
    }
    if (whole && token.suffix != "d" && token.suffix != "f") {
      std::int64_t number = 0;
      const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
      if (end.ec != std::errc{}) {
        if (token.suffix.empty()) {
          auto decimal = make_decimal(text, 38, 0);
          if (decimal) {
            return make_literal(Value{std::move(*decimal)}, Type{Kind::kDecimal, 38, 0},
                                token.place);
          }
        }
        throw parse_error(token.place, "the number '" + text + "' is out of range");
      }
      Kind kind = Kind::kBigint;
      if (token.suffix == "s") kind = Kind::kSmallint;
      if (token.suffix == "y") kind = Kind::kTinyint;
      if (token.suffix.empty() && new_types_ && number >= -2147483648LL && number <= 2147483647LL) {
        kind = Kind::kInt;
      }
      return make_literal(Value{number}, Type{kind}, token.place);
    }
    if (!token.suffix.empty() && token.suffix != "d" && token.suffix != "f") {
      throw parse_error(token.place, "invalid token '" + text + token.suffix + "'");
    }
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return make_literal(Value{number}, Type{token.suffix == "f" ? Kind::kFloat : Kind::kDouble},
                        token.place);
  }

  ExprPtr parse_primary() {
    const Token& token = peek();
    const Place place = token.place;
    if (token.kind == TokenKind::kNumber) return parse_number(false);
    if (token.kind == TokenKind::kString) {
      ++at_;
      if (peek().kind == TokenKind::kString) throw unexpected();
      return make_literal(Value{tokens_[at_ - 1].text}, Type{Kind::kString}, place);
    }
    if (take("(")) return parse_parenthesis(place);
    if (take("*")) return make(ExprKind::kStar, place);
    if (token.kind == TokenKind::kQuotedName) return parse_name_or_call();
    if (token.kind != TokenKind::kWord) throw unexpected();
    if (take_word("null")) return make_literal({}, Type{Kind::kVoid}, place);
    if (take_word("true")) return make_literal(Value{std::int64_t{1}}, Type{Kind::kBoolean}, place);
    if (take_word("false"))
      return make_literal(Value{std::int64_t{0}}, Type{Kind::kBoolean}, place);
    if (take_word("case")) return parse_case(place);
    if (is_word("cast") && is_symbol("(", 1)) return parse_cast(place);
    if (take_word("exists")) {
      auto expr = make(ExprKind::kExists, place);
      expect("(");
      expr->query = parse_query();
      expect(")");
      return expr;
    }
    if (peek(1).kind == TokenKind::kString) {
      for (const std::string_view name : {"date", "datetime", "timestamp", "timestamp_ntz"}) {
        if (is_word(name)) return parse_time_literal(std::string(name), place);
      }
    }
    return parse_name_or_call();
  }

  ExprPtr parse_time_literal(const std::string& name, Place place) {
    ++at_;
    auto expr = make(ExprKind::kCast, place);
    expr->type = *parse_type(name);
    expr->name = "literal";
    const std::string text = take_string();
    if (!parse_time(text)) throw parse_error(place, "invalid " + name + " literal '" + text + "'");
    expr->args.push_back(make_literal(Value{text}, Type{Kind::kString}, place));
    return expr;
  }

  ExprPtr parse_parenthesis(Place place) {
    if (is_word("select") || is_word("with")) {
      auto expr = make(ExprKind::kScalar, place);
      expr->query = parse_query();
      expect(")");
      return expr;
    }
    ExprPtr expr = parse_expr();
    expect(")");
    return expr;
  }

  ExprPtr parse_case(Place place) {
    auto expr = make(ExprKind::kCase, place);
    if (!is_word("when")) {
      expr->has_operand = true;
      expr->args.push_back(parse_expr());
    }
    while (take_word("when")) {
      expr->args.push_back(parse_expr());
      expect_word("then");
      expr->args.push_back(parse_expr());
    }
    if (take_word("else")) {
      expr->has_else = true;
      expr->args.push_back(parse_expr());
    }
    expect_word("end");
    return expr;
  }

  ExprPtr parse_cast(Place place) {
    at_ += 2;
    auto expr = make(ExprKind::kCast, place);
    expr->args.push_back(parse_expr());
    expect_word("as");
    expr->type = parse_type_name();
    expect(")");
    return expr;
  }

  ExprPtr parse_name_or_call() {
    const Place place = peek().place;
    const bool call = is_symbol("(", 1);
    if (call && peek().kind == TokenKind::kWord) {
      std::string name = to_lower(tokens_[at_++].text);
      if (name != "if" && name != "left" && name != "right" && reserved_words().contains(name)) {
        throw parse_error(place, "invalid token '" + name + "'");
      }
      return parse_call(std::move(name), place);
    }
    auto expr = make(ExprKind::kColumn, place);
    expr->name = take_name();
    if (is_symbol(".") && is_symbol("*", 1)) {
      at_ += 2;
      expr->kind = ExprKind::kStar;
      expr->qualifier = std::move(expr->name);
      return expr;
    }
    if (is_symbol(".") && is_name(1)) {
      ++at_;
      expr->qualifier = std::move(expr->name);
      expr->name = take_name();
    }
    return expr;
  }

  ExprPtr parse_call(std::string name, Place place) {
    auto expr = make(ExprKind::kCall, place);
    expr->name = std::move(name);
    expect("(");
    if (take_word("distinct")) expr->distinct = true;
    if (!is_symbol(")")) expr->args = parse_expr_list();
    expect(")");
    if (take_word("over")) {
      expect("(");
      Window window;
      if (take_words("partition", "by")) window.partition_by = parse_expr_list();
      if (take_words("order", "by")) window.order_by = parse_order_terms();
      expect(")");
      expr->window = std::move(window);
    }
    return expr;
  }

  const std::string& text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool new_types_;
};

}  // namespace

Script parse_script(const std::string& text, bool new_types) {
  return Parser(text, new_types).parse();
}

}  // namespace emulator::sql
