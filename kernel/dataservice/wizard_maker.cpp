// SPDX-License-Identifier: Apache-2.0
#include "dataservice/wizard_maker.hpp"

#include "dataservice/text_writer.hpp"
#include "model/validation.hpp"
#include "problem/problem.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

namespace sluice::dataservice {
namespace {

using model::Operator;
using Values = std::span<const Cell>;

constexpr std::size_t kOptionalPreparedMax = 4;  // 16 statements made at publish time
constexpr std::size_t kLikeBytesMax =
    1000;                      // of a pattern with its escapes; sources have such bounds
constexpr char kEscape = '!';  // behind LIKE, where a backslash is no escape by itself

Error make_used_up() { return {problem::kOverloaded, "the call's memory is used up", {}, {}}; }

bool takes_list(Operator op) { return op == Operator::kIn || op == Operator::kNotIn; }
bool asks_for_null(Operator op) { return op == Operator::kIsNull || op == Operator::kIsNotNull; }

// A list is padded to the next of 1, 2, 4 ... with its last value: IN means the same, and the
// source prepares nine statements for a list instead of two hundred.
std::size_t pad(std::size_t values) { return std::bit_ceil(values); }

std::string_view to_sql(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return " = ";
    case Operator::kNotEqual:
      return " <> ";
    case Operator::kGreater:
      return " > ";
    case Operator::kGreaterOrEqual:
      return " >= ";
    case Operator::kLess:
      return " < ";
    case Operator::kLessOrEqual:
      return " <= ";
    case Operator::kLike:
      return " LIKE ";
    case Operator::kNotLike:
      return " NOT LIKE ";
    case Operator::kIn:
      return " IN (";
    case Operator::kNotIn:
      return " NOT IN (";
    case Operator::kBetween:
      return " BETWEEN ";
    case Operator::kIsNull:
      return " IS NULL";
    case Operator::kIsNotNull:
      return " IS NOT NULL";
  }
  return {};
}

// One condition: a column compared with a request parameter, or with values that never change.
struct Leaf {
  std::string column;  // quoted
  Operator op;
  model::LikeMatch match;
  std::size_t parameter = 0;  // of the definition, when there are no fixed values
  std::vector<std::string> fixed_texts;
  std::vector<Cell> fixed;  // borrow from fixed_texts
};

struct Node {
  std::size_t leaf = 0;  // when it has no items
  model::Join join = model::Join::kAll;
  std::vector<Node> items;
};

struct Prepared {
  std::uint64_t present;  // leaves, one bit each
  std::string rows, count;
};

class WizardMaker final : public StatementMaker {
 public:
  WizardMaker(const model::ApiDefinition& definition, const Ordering& ordering,
              const sluice_dialect& dialect)
      : definition_(definition), ordering_(ordering), dialect_(dialect) {
    if (SLUICE_FIELD(&dialect, traits)) traits_ = dialect.traits;
  }

  Result<void> prepare();
  Result<void> make(const Asked& asked, call::Arena& arena, Statements& made) const override;

 private:
  // What a text is written from.
  struct Writing {
    TextWriter& sql;
    std::span<const Values> of_leaf;
    unsigned arguments = 0;
  };

  Node make_tree(const model::Condition& condition) const;
  Result<void> add_leaf(const std::string& column, Operator op, model::LikeMatch match);
  Result<void> add_fixed(const model::FixedCondition& condition, const std::string& where);
  std::string quote(std::string_view name) const;

  bool is_live(const Node& node, std::span<const Values> of_leaf) const;
  bool is_prepared_kind(const Asked& asked, std::span<const Values> of_leaf) const;
  Result<void> collect_arguments(const Asked& asked, std::span<const Values> of_leaf,
                                 call::Arena& arena, Statements& made, std::size_t conditions,
                                 std::size_t after) const;
  Result<void> add_pattern(const Leaf& leaf, const Cell& value, call::Arena& arena,
                           Cell& out) const;

  void write_placeholder(Writing& w) const { write_placeholder(w, ++w.arguments); }
  void write_placeholder(Writing& w, unsigned number) const {
    w.sql.add(dialect_.placeholder == SLUICE_PLACEHOLDER_DOLLAR ? "$" : "?");
    w.sql.add(number);
  }
  void write_rows(Writing& w, const Asked& asked) const;
  void write_count(Writing& w) const;
  bool write_where(Writing& w) const;
  void write_node(Writing& w, const Node& node, bool is_inner) const;
  void write_leaf(Writing& w, const Leaf& leaf, Values values) const;
  void write_after(Writing& w, const Asked& asked) const;
  void write_after_from(Writing& w, const Asked& asked, std::size_t key, unsigned first) const;
  void write_part(Writing& w, const Asked& asked) const;
  bool write_union(Writing& w, const Asked& asked) const;
  void write_equal(Writing& w, const Asked& asked, std::size_t keys, unsigned first) const;
  bool is_after_possible(const OrderTerm& term, const Cell& value) const;
  bool comes_null_last(const OrderTerm& term) const {
    return term.is_descending == ((traits_ & SLUICE_DIALECT_NULLS_HIGH) == 0);
  }
  void write_order(Writing& w, const Asked& asked) const;
  void write_window(Writing& w, const Asked& asked) const;
  void write_order_column(Writing& w, std::string_view column) const;

  const model::ApiDefinition& definition_;
  const Ordering& ordering_;
  const sluice_dialect dialect_;
  std::uint64_t traits_ = 0;
  std::vector<Leaf> leaves_;                 // request parameters, then fixed conditions
  std::vector<std::size_t> argument_order_;  // leaves as the tree has them
  Node tree_;
  std::string select_, from_, table_;
  std::vector<Prepared> prepared_;  // the fullest first
};

// ---------------------------------------------------------------------------------- when published

std::string WizardMaker::quote(std::string_view name) const {
  call::Arena arena;
  TextWriter text(arena);
  text.add_name(name, dialect_);
  return std::string(text.view());
}

Result<void> WizardMaker::add_fixed(const model::FixedCondition& condition,
                                    const std::string& where) {
  Leaf leaf{.column = quote(condition.column),
            .op = condition.op,
            .match = condition.match,
            .fixed_texts = {},
            .fixed = {}};
  std::string_view rest = condition.value;
  while (model::is_list(condition.type) && rest.find(',') != std::string_view::npos) {
    leaf.fixed_texts.emplace_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(rest.find(',') + 1);
  }
  leaf.fixed_texts.emplace_back(rest);
  for (const auto& text : leaf.fixed_texts) {
    const auto cell = model::parse_value(condition.type, text);
    if (!cell) return Error{SLUICE_E_ARGUMENT, "the value is none of its type", {}, where};
    leaf.fixed.push_back(*cell);
  }
  leaves_.push_back(std::move(leaf));
  return {};
}

Node WizardMaker::make_tree(const model::Condition& condition) const {
  Node node{.join = condition.join, .items = {}};
  if (condition.name.empty()) {
    for (const auto& item : condition.items) node.items.push_back(make_tree(item));
    return node;
  }
  const auto& requests = definition_.request_parameters;
  const auto& fixed = definition_.fixed_conditions;
  const auto is_named = [&](const auto& one) { return one.name == condition.name; };
  const auto request = std::ranges::find_if(requests, is_named);
  node.leaf = static_cast<std::size_t>(request != requests.end()
                                           ? request - requests.begin()
                                           : std::ranges::find_if(fixed, is_named) - fixed.begin() +
                                                 static_cast<std::ptrdiff_t>(requests.size()));
  return node;
}

Result<void> WizardMaker::prepare() {
  const auto& requests = definition_.request_parameters;
  const auto& fixed = definition_.fixed_conditions;
  leaves_.reserve(requests.size() + fixed.size());  // cells borrow from the leaves' texts
  for (std::size_t i = 0; i < requests.size(); ++i) {
    leaves_.push_back({.column = quote(requests[i].column),
                       .op = requests[i].op,
                       .match = requests[i].match,
                       .parameter = i,
                       .fixed_texts = {},
                       .fixed = {}});
  }
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const auto where = "/fixed_conditions/" + std::to_string(i) + "/value";
    if (auto added = add_fixed(fixed[i], where); !added) return added.error();
  }
  if (leaves_.size() > 64) {  // one bit each
    return Error{SLUICE_E_ARGUMENT,
                 "an API has at most 64 request parameters and fixed conditions",
                 {},
                 "/request_parameters"};
  }
  tree_ = make_tree(definition_.conditions);
  if (tree_.items.empty()) {
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      tree_.items.push_back({.leaf = i, .items = {}});
    }
  }
  const auto walk = [&](const auto& self, const Node& node) -> void {
    if (node.items.empty()) return argument_order_.push_back(node.leaf);
    for (const auto& item : node.items) self(self, item);
  };
  if (!leaves_.empty()) walk(walk, tree_);

  std::string_view comma;
  select_ = "SELECT ";
  for (const auto& parameter : definition_.response_parameters) {
    select_ += comma;
    select_ += quote(parameter.column);
    if (parameter.name != parameter.column) select_ += " AS " + quote(parameter.name);
    comma = ", ";
  }
  table_ = quote(definition_.table);
  from_ = " FROM " + table_;

  // Statements for the calls that differ by which parameters are there and by nothing else.
  std::uint64_t always = 0, sometimes = 0, varying = 0;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const bool varies = takes_list(leaves_[i].op) || asks_for_null(leaves_[i].op);
    const bool is_always =
        !leaves_[i].fixed.empty() || requests[i].required || requests[i].default_value.has_value();
    const auto bit = std::uint64_t{1} << i;
    if (varies && leaves_[i].fixed.empty()) {
      if (is_always) return {};  // every call has its own text
      varying |= bit;
    } else {
      (is_always ? always : sometimes) |= bit;
    }
  }
  const Cell any = make_bool(true);
  const auto add = [&](std::uint64_t present) {
    std::vector<Values> of_leaf(leaves_.size());
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      if (!leaves_[i].fixed.empty()) {
        of_leaf[i] = leaves_[i].fixed;
      } else if (present >> i & 1) {
        of_leaf[i] = {&any, 1};
      }
    }
    call::Arena arena;
    TextWriter rows(arena), count(arena);
    Writing of_rows{rows, of_leaf}, of_count{count, of_leaf};
    const bool has_cursor = definition_.paging == model::Paging::kCursor;
    const bool is_page = definition_.shape == model::ResultShape::kPage;
    write_rows(of_rows, {.values = {},
                         .is_paged = is_page && !has_cursor,
                         .has_cursor = has_cursor,
                         .order = ordering_.fixed(),
                         .after = {}});
    write_count(of_count);
    prepared_.push_back(
        {present, std::string(rows.view()), is_page ? std::string(count.view()) : std::string()});
  };
  add(always | sometimes);
  if (std::popcount(sometimes) <= static_cast<int>(kOptionalPreparedMax)) {
    // Every other subset of the optional ones, by the usual walk over submasks.
    for (std::uint64_t subset = sometimes; subset != 0;) {
      subset = (subset - 1) & sometimes;
      add(always | subset);
    }
  }
  return {};
}

// ------------------------------------------------------------------------------------ for each
// call

Result<void> WizardMaker::make(const Asked& asked, call::Arena& arena, Statements& made) const {
  const auto of_leaf = arena.make_array<Values>(leaves_.size());
  if (of_leaf.size() != leaves_.size()) return make_used_up();
  std::uint64_t present = 0;
  std::size_t conditions = 0;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Leaf& leaf = leaves_[i];
    of_leaf[i] = leaf.fixed.empty() ? asked.values[leaf.parameter] : Values(leaf.fixed);
    if (of_leaf[i].empty()) continue;
    present |= std::uint64_t{1} << i;
    conditions += asks_for_null(leaf.op) ? 0
                  : takes_list(leaf.op)  ? pad(of_leaf[i].size())
                                         : of_leaf[i].size();
  }
  std::size_t after = 0;
  if (!asked.after.empty()) {
    after = static_cast<std::size_t>(std::ranges::count_if(
        asked.after, [](const Cell& cell) { return cell.type != SLUICE_T_NULL; }));
  }
  if (conditions + after + 2 > kArgumentsMax) {
    return Error{problem::kParameterValue,
                 "the lists of this call have too many values together: send fewer",
                 {},
                 {}};
  }
  if (auto done = collect_arguments(asked, of_leaf, arena, made, conditions, after); !done) {
    return done.error();
  }

  if (is_prepared_kind(asked, of_leaf)) {
    for (const auto& prepared : prepared_) {
      if (prepared.present != present) continue;
      made.rows = prepared.rows;
      made.count = prepared.count;
      return {};
    }
  }
  TextWriter rows(arena), count(arena);
  Writing of_rows{rows, of_leaf}, of_count{count, of_leaf};
  write_rows(of_rows, asked);
  if (asked.wants_count) write_count(of_count);
  if (!rows.is_whole() || !count.is_whole()) return make_used_up();
  made.rows = rows.view();
  made.count = count.view();
  return {};
}

bool WizardMaker::is_prepared_kind(const Asked& asked, std::span<const Values> of_leaf) const {
  if (!asked.after.empty() || asked.order.data() != ordering_.fixed().data()) return false;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (of_leaf[i].empty() || !leaves_[i].fixed.empty()) continue;
    if (takes_list(leaves_[i].op) || asks_for_null(leaves_[i].op)) return false;
  }
  return true;
}

// In the order of the text: conditions, where the page begins, limit, offset.
Result<void> WizardMaker::collect_arguments(const Asked& asked, std::span<const Values> of_leaf,
                                            call::Arena& arena, Statements& made,
                                            std::size_t conditions, std::size_t after) const {
  const auto args = arena.make_array<Cell>(conditions + after + 2);
  if (args.empty()) return make_used_up();
  std::size_t used = 0;
  for (const auto i : argument_order_) {
    const Leaf& leaf = leaves_[i];
    const Values values = of_leaf[i];
    if (values.empty() || asks_for_null(leaf.op)) continue;
    if (leaf.op == Operator::kLike || leaf.op == Operator::kNotLike) {
      if (auto done = add_pattern(leaf, values[0], arena, args[used++]); !done) return done;
      continue;
    }
    for (const Cell& value : values) args[used++] = value;
    if (!takes_list(leaf.op)) continue;
    for (std::size_t n = values.size(); n < pad(values.size()); ++n) args[used++] = values.back();
  }
  made.count_args = args.first(used);
  for (const Cell& key : asked.after) {
    if (key.type != SLUICE_T_NULL) args[used++] = key;
  }
  args[used++] = make_int64(asked.limit);
  if (asked.is_paged) args[used++] = make_int64(asked.offset);
  made.row_args = args.first(used);
  return {};
}

// A text as LIKE compares it: it takes % and _ for themselves unless the parameter says that they
// are the caller's.
Result<void> WizardMaker::add_pattern(const Leaf& leaf, const Cell& value, call::Arena& arena,
                                      Cell& out) const {
  const char escape = traits_ & SLUICE_DIALECT_LIKE_BACKSLASH ? '\\' : kEscape;
  const bool is_pattern = leaf.match == model::LikeMatch::kPattern;
  const auto is_special = [&](char c) {
    return c == escape || (!is_pattern && (c == '%' || c == '_'));
  };
  const bool is_open_before =
      leaf.match == model::LikeMatch::kSuffix || leaf.match == model::LikeMatch::kContains;
  const bool is_open_behind =
      leaf.match == model::LikeMatch::kPrefix || leaf.match == model::LikeMatch::kContains;
  const auto text = to_view(value.v.s);
  const auto size = text.size() +
                    static_cast<std::size_t>(std::ranges::count_if(text, is_special)) +
                    is_open_before + is_open_behind;
  if (size > kLikeBytesMax) {
    const auto& name =
        leaf.fixed.empty() ? definition_.request_parameters[leaf.parameter].name : leaf.column;
    return Error{problem::kParameterValue, name + " is too long for a comparison by LIKE", {}, {}};
  }
  out = value;
  if (size == text.size()) return {};
  const auto room = arena.make_array<char>(size);
  if (room.empty()) return make_used_up();
  std::size_t used = 0;
  if (is_open_before) room[used++] = '%';
  for (const char c : text) {
    if (is_special(c)) room[used++] = escape;
    room[used++] = c;
  }
  if (is_open_behind) room[used++] = '%';
  out = make_text({room.data(), used});
  return {};
}

// ----------------------------------------------------------------------------------------- writing

void WizardMaker::write_rows(Writing& w, const Asked& asked) const {
  if (write_union(w, asked)) return write_window(w, asked);
  write_part(w, asked);
  if (!asked.after.empty()) write_after(w, asked);
  write_order(w, asked);
  write_window(w, asked);
}

// SELECT ... WHERE the conditions; when a condition follows, with the word before it.
void WizardMaker::write_part(Writing& w, const Asked& asked) const {
  w.sql.add(select_);
  if (asked.has_cursor) {
    for (const auto& term : asked.order) {
      w.sql.add(", ");
      w.sql.add_name(term.column, dialect_);
    }
  }
  w.sql.add(from_);
  const bool has_where = write_where(w);
  if (!asked.after.empty()) w.sql.add(has_where ? " AND " : " WHERE ");
}

void WizardMaker::write_count(Writing& w) const {
  w.sql.add("SELECT COUNT(*)");
  w.sql.add(from_);
  write_where(w);
}

bool WizardMaker::is_live(const Node& node, std::span<const Values> of_leaf) const {
  if (node.items.empty()) return node.leaf < of_leaf.size() && !of_leaf[node.leaf].empty();
  return std::ranges::any_of(node.items, [&](const Node& item) { return is_live(item, of_leaf); });
}

bool WizardMaker::write_where(Writing& w) const {
  if (leaves_.empty() || !is_live(tree_, w.of_leaf)) return false;
  w.sql.add(" WHERE ");
  write_node(w, tree_, false);
  return true;
}

// Any of several stands in brackets wherever it is, a cursor's condition may follow with AND; all
// of several where it is a part. A group of one that is left needs none; one of none was not come
// to.
void WizardMaker::write_node(Writing& w, const Node& node, bool is_inner) const {
  if (node.items.empty()) return write_leaf(w, leaves_[node.leaf], w.of_leaf[node.leaf]);
  const auto live =
      std::ranges::count_if(node.items, [&](const Node& item) { return is_live(item, w.of_leaf); });
  const bool has_brackets = live > 1 && (is_inner || node.join == model::Join::kAny);
  if (has_brackets) w.sql.add("(");
  std::string_view word;
  for (const auto& item : node.items) {
    if (!is_live(item, w.of_leaf)) continue;
    w.sql.add(word);
    write_node(w, item, live > 1 || is_inner);
    word = node.join == model::Join::kAll ? " AND " : " OR ";
  }
  if (has_brackets) w.sql.add(")");
}

void WizardMaker::write_leaf(Writing& w, const Leaf& leaf, Values values) const {
  w.sql.add(leaf.column);
  switch (leaf.op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kLess:
    case Operator::kLessOrEqual:
      w.sql.add(to_sql(leaf.op));
      return write_placeholder(w);
    case Operator::kLike:
    case Operator::kNotLike:
      w.sql.add(to_sql(leaf.op));
      write_placeholder(w);
      if (!(traits_ & SLUICE_DIALECT_LIKE_BACKSLASH)) w.sql.add(" ESCAPE '!'");
      return;
    case Operator::kIn:
    case Operator::kNotIn:
      w.sql.add(to_sql(leaf.op));
      for (std::size_t i = 0; i < pad(values.size()); ++i) {
        if (i > 0) w.sql.add(", ");
        write_placeholder(w);
      }
      return w.sql.add(")");
    case Operator::kBetween:
      w.sql.add(to_sql(leaf.op));
      write_placeholder(w);
      w.sql.add(" AND ");
      return write_placeholder(w);
    case Operator::kIsNull:
    case Operator::kIsNotNull: {
      const bool is_true = values.front().v.i != 0;
      const bool is_null = (leaf.op == Operator::kIsNull) == is_true;
      return w.sql.add(to_sql(is_null ? Operator::kIsNull : Operator::kIsNotNull));
    }
  }
}

// Rows behind the one that was seen last:
//   a >= ?1 AND (a > ?1 OR (a = ?1 AND b > ?2))
void WizardMaker::write_after(Writing& w, const Asked& asked) const {
  const unsigned first = w.arguments + 1;
  for (const Cell& key : asked.after) w.arguments += key.type != SLUICE_T_NULL;
  const auto& term = asked.order[0];
  const bool can_seek = asked.order.size() > 1 && asked.after[0].type != SLUICE_T_NULL &&
                        (term.is_not_null || !comes_null_last(term));
  if (can_seek) {
    w.sql.add_name(term.column, dialect_);
    w.sql.add(term.is_descending ? " <= " : " >= ");
    write_placeholder(w, first);
    w.sql.add(" AND ");
  }
  write_after_from(w, asked, 0, first);
}

// The same as a union of places to seek to, where the source merges one: no OR and no NULL then
// stands between the condition and an index. With two columns:
//   ... WHERE a = ?1 AND b > ?2 UNION ALL ... WHERE a > ?1 UNION ALL ... WHERE a IS NULL
// False: nothing was written.
bool WizardMaker::write_union(Writing& w, const Asked& asked) const {
  if (!(traits_ & SLUICE_DIALECT_MERGES_UNIONS) || asked.after.size() < 2) return false;
  unsigned keys = 0;
  for (const Cell& key : asked.after) keys += key.type != SLUICE_T_NULL;
  unsigned number = keys;  // of keys before the one that a part is about
  bool is_first = true;
  const auto begin_part = [&] {
    if (!is_first) w.sql.add(" UNION ALL ");
    is_first = false;
    w.arguments = 0;  // the conditions stand in every part, with the same arguments
    write_part(w, asked);
  };
  for (std::size_t key = asked.order.size(); key-- > 0;) {
    const auto& term = asked.order[key];
    const bool is_null = asked.after[key].type == SLUICE_T_NULL;
    if (!is_null) --number;
    if (is_after_possible(term, asked.after[key])) {
      begin_part();
      const unsigned first = w.arguments + 1;
      write_equal(w, asked, key, first);
      w.sql.add_name(term.column, dialect_);
      if (is_null) {
        w.sql.add(" IS NOT NULL");
      } else {
        w.sql.add(term.is_descending ? " < " : " > ");
        write_placeholder(w, first + number);
      }
    }
    if (!is_null && comes_null_last(term) && !term.is_not_null) {
      begin_part();
      write_equal(w, asked, key, w.arguments + 1);
      w.sql.add_name(term.column, dialect_);
      w.sql.add(" IS NULL");
    }
  }
  if (is_first) return false;
  w.arguments += keys;
  std::string_view word = " ORDER BY ";
  for (unsigned key = 0; key < asked.order.size(); ++key) {
    w.sql.add(word);
    w.sql.add(static_cast<unsigned>(definition_.response_parameters.size()) + 1 + key);
    if (asked.order[key].is_descending) w.sql.add(" DESC");
    word = ", ";
  }
  return true;
}

// "a = ?1 AND b IS NULL AND " of the first columns of the order.
void WizardMaker::write_equal(Writing& w, const Asked& asked, std::size_t keys,
                              unsigned first) const {
  for (std::size_t key = 0; key < keys; ++key) {
    w.sql.add_name(asked.order[key].column, dialect_);
    if (asked.after[key].type == SLUICE_T_NULL) {
      w.sql.add(" IS NULL");
    } else {
      w.sql.add(" = ");
      write_placeholder(w, first++);
    }
    w.sql.add(" AND ");
  }
}

// Is there anything behind this value of the column?
bool WizardMaker::is_after_possible(const OrderTerm& term, const Cell& value) const {
  return value.type != SLUICE_T_NULL || !comes_null_last(term);
}

// Rows that are equal in the columns before `key`, and behind in it or in those that follow.
void WizardMaker::write_after_from(Writing& w, const Asked& asked, std::size_t key,
                                   unsigned first) const {
  if (key == asked.order.size()) return w.sql.add("1 = 0");
  const auto& term = asked.order[key];
  const Cell& value = asked.after[key];
  const bool is_null = value.type == SLUICE_T_NULL;
  const bool is_last = key + 1 == asked.order.size();
  const bool has_after = is_after_possible(term, value);
  if (is_last && !has_after) return w.sql.add("1 = 0");
  w.sql.add("(");
  if (has_after) {
    w.sql.add_name(term.column, dialect_);
    if (is_null) {
      w.sql.add(" IS NOT NULL");
    } else {
      w.sql.add(term.is_descending ? " < " : " > ");
      write_placeholder(w, first);
      if (comes_null_last(term) && !term.is_not_null) {
        w.sql.add(" OR ");
        w.sql.add_name(term.column, dialect_);
        w.sql.add(" IS NULL");
      }
    }
  }
  if (!is_last) {
    if (has_after) w.sql.add(" OR (");
    w.sql.add_name(term.column, dialect_);
    if (is_null) {
      w.sql.add(" IS NULL");
    } else {
      w.sql.add(" = ");
      write_placeholder(w, first);
    }
    w.sql.add(" AND ");
    write_after_from(w, asked, key + 1, first + (is_null ? 0 : 1));
    if (has_after) w.sql.add(")");
  }
  w.sql.add(")");
}

void WizardMaker::write_order(Writing& w, const Asked& asked) const {
  std::string_view word = " ORDER BY ";
  for (const auto& term : asked.order) {
    w.sql.add(word);
    write_order_column(w, term.column);
    if (term.is_descending) w.sql.add(" DESC");
    word = ", ";
  }
}

// In an ORDER BY the name of a result comes before the name of a column: where a response parameter
// has the name of another column, the column is told by its table.
void WizardMaker::write_order_column(Writing& w, std::string_view column) const {
  const bool is_hidden = std::ranges::any_of(definition_.response_parameters, [&](const auto& p) {
    return p.name != p.column && std::ranges::equal(p.name, column, [](char a, char b) {
             const auto lower = [](char c) {
               return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
             };
             return lower(a) == lower(b);
           });
  });
  if (is_hidden) {
    w.sql.add(table_);
    w.sql.add(".");
  }
  w.sql.add_name(column, dialect_);
}

void WizardMaker::write_window(Writing& w, const Asked& asked) const {
  if (dialect_.limit == SLUICE_LIMIT_OFFSET) {
    w.sql.add(" LIMIT ");
    write_placeholder(w);
    if (!asked.is_paged) return;
    w.sql.add(" OFFSET ");
    return write_placeholder(w);
  }
  // OFFSET stands first in the standard's form, so the arguments are named out of order.
  const unsigned limit = ++w.arguments;
  if (asked.is_paged) {
    w.sql.add(" OFFSET ");
    write_placeholder(w);
    w.sql.add(" ROWS");
  }
  w.sql.add(" FETCH FIRST ");
  write_placeholder(w, limit);
  w.sql.add(" ROWS ONLY");
}

}  // namespace

Result<std::unique_ptr<const StatementMaker>> make_wizard_maker(
    const model::ApiDefinition& definition, const Ordering& ordering,
    const sluice_dialect& dialect) {
  auto maker = std::make_unique<WizardMaker>(definition, ordering, dialect);
  if (auto prepared = maker->prepare(); !prepared) return prepared.error();
  return std::unique_ptr<const StatementMaker>(std::move(maker));
}

}  // namespace sluice::dataservice
