// SPDX-License-Identifier: Apache-2.0
// What wizard mode asks of a source, as text and arguments; what it finds is proved over a real one
// in tests/plugins.
#include "dataservice/wizard_maker.hpp"

#include "dataservice/binder.hpp"
#include "problem/problem.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::dataservice {
namespace {

using namespace model;
using enum ParameterType;

constexpr sluice_dialect kQuestion{
    sizeof(sluice_dialect), SLUICE_PLACEHOLDER_QUESTION, SLUICE_LIMIT_OFFSET, 0, SLUICE_STR("\""),
    SLUICE_STR("\""),       SLUICE_DIALECT_MERGES_UNIONS};
constexpr sluice_dialect kStandard{sizeof(sluice_dialect),
                                   SLUICE_PLACEHOLDER_DOLLAR,
                                   SLUICE_FETCH_FIRST,
                                   0,
                                   SLUICE_STR("`"),
                                   SLUICE_STR("`"),
                                   SLUICE_DIALECT_NULLS_HIGH | SLUICE_DIALECT_LIKE_BACKSLASH};
// One that was written before there were traits.
constexpr sluice_dialect kOld{offsetof(sluice_dialect, traits),
                              SLUICE_PLACEHOLDER_QUESTION,
                              SLUICE_LIMIT_OFFSET,
                              0,
                              SLUICE_STR("\""),
                              SLUICE_STR("\""),
                              ~std::uint64_t{0}};

ApiDefinition make_definition() {
  ApiDefinition api;
  api.table = "t";
  const auto add = [&](const char* name, ParameterType type, Operator op) {
    RequestParameter parameter;
    parameter.name = parameter.column = name;
    parameter.type = type;
    parameter.op = op;
    parameter.required = false;
    api.request_parameters.push_back(parameter);
  };
  add("a", kLong, Operator::kEqual);
  add("b", kLongList, Operator::kIn);
  add("c", kString, Operator::kLike);
  add("d", kLongList, Operator::kBetween);
  add("e", kBoolean, Operator::kIsNull);
  api.response_parameters = {{.name = "a", .column = "a"}};
  return api;
}

std::string to_text(const Cell& cell) {
  return cell.type == SLUICE_T_TEXT     ? "'" + std::string(to_view(cell.v.s)) + "'"
         : cell.type == SLUICE_T_DOUBLE ? std::to_string(cell.v.f)
                                        : std::to_string(cell.v.i);
}

// The statement of the rows from WHERE or ORDER BY on, and its arguments.
std::string ask(const ApiDefinition& api, std::string_view query,
                const sluice_dialect& dialect = kQuestion) {
  const Ordering ordering(api);
  const CursorSealer cursors("key");
  const auto binder = Binder::make(api, ordering, cursors);
  const auto maker = make_wizard_maker(api, ordering, dialect);
  if (!binder || !maker) return "not made";
  call::Arena arena;
  Bound bound;
  if (auto done = binder->bind({.query = query}, arena, bound); !done) return done.error().detail;
  Statements made;
  if (auto done = (*maker)->make(bound.asked, arena, made); !done) return done.error().detail;
  std::string text(made.rows);
  const auto table = text.find(dialect.quote_open.p[0] + std::string("t") + dialect.quote_close.p);
  text.erase(0, table + 4);
  text += " <-";
  for (const Cell& cell : made.row_args) text += " " + to_text(cell);
  return text;
}

TEST(WizardMaker, WritesTheConditionsOfTheParametersThatAreThere) {
  const struct {
    const char *query, *text;
  } cases[] = {
      {"", "LIMIT ?1 <- 2000"},
      {"a=1", "WHERE \"a\" = ?1 LIMIT ?2 <- 1 2000"},
      {"b=1", "WHERE \"b\" IN (?1) LIMIT ?2 <- 1 2000"},
      {"b=1,2,3", "WHERE \"b\" IN (?1, ?2, ?3, ?4) LIMIT ?5 <- 1 2 3 3 2000"},
      {"b=1&b=2", "WHERE \"b\" IN (?1, ?2) LIMIT ?3 <- 1 2 2000"},
      {"c=50%25_!", "WHERE \"c\" LIKE ?1 ESCAPE '!' LIMIT ?2 <- '50!%!_!!' 2000"},
      {"d=1,2", "WHERE \"d\" BETWEEN ?1 AND ?2 LIMIT ?3 <- 1 2 2000"},
      {"e=true", "WHERE \"e\" IS NULL LIMIT ?1 <- 2000"},
      {"e=false", "WHERE \"e\" IS NOT NULL LIMIT ?1 <- 2000"},
      {"a=1&b=2&c=x&d=3,4&e=true",
       "WHERE \"a\" = ?1 AND \"b\" IN (?2) AND \"c\" LIKE ?3 ESCAPE '!' AND \"d\" BETWEEN ?4 AND "
       "?5 AND \"e\" IS NULL LIMIT ?6 <- 1 2 'x' 3 4 2000"},
      {"d=1", "d must have two values, from and to"},
      {"b=", "b (value 1) must be a whole number from -9223372036854775808 to 9223372036854775807"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    EXPECT_EQ(ask(make_definition(), c.query), c.text);
  }
}

TEST(WizardMaker, JoinsConditionsAsTheGroupsSayAndDropsWhatIsEmpty) {
  auto api = make_definition();
  api.fixed_conditions = {{.name = "f", .column = "f", .type = kLong, .value = "7"}};
  const auto all = [](std::vector<Condition> items) { return Condition{"", Join::kAll, items}; };
  const auto any = [](std::vector<Condition> items) { return Condition{"", Join::kAny, items}; };
  api.conditions = any({{"e"}, all({{"f"}, any({{"a"}, {"d"}})}), all({{"b"}, {"c"}})});
  const struct {
    const char *query, *text;
  } cases[] = {
      {"", "WHERE \"f\" = ?1 LIMIT ?2 <- 7 2000"},
      {"a=1", "WHERE \"f\" = ?1 AND \"a\" = ?2 LIMIT ?3 <- 7 1 2000"},
      {"a=1&d=2,3",
       "WHERE \"f\" = ?1 AND (\"a\" = ?2 OR \"d\" BETWEEN ?3 AND ?4) LIMIT ?5 <- 7 1 2 3 2000"},
      {"a=1&e=true", "WHERE (\"e\" IS NULL OR (\"f\" = ?1 AND \"a\" = ?2)) LIMIT ?3 <- 7 1 2000"},
      {"c=x", "WHERE (\"f\" = ?1 OR \"c\" LIKE ?2 ESCAPE '!') LIMIT ?3 <- 7 'x' 2000"},
      {"b=4&c=x",
       "WHERE (\"f\" = ?1 OR (\"b\" IN (?2) AND \"c\" LIKE ?3 ESCAPE '!')) LIMIT ?4 <- 7 4 'x' "
       "2000"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.query);
    EXPECT_EQ(ask(api, c.query), c.text);
  }
}

TEST(WizardMaker, LikeLeavesTheWildcardsToThePatternOnly) {
  const struct {
    LikeMatch match;
    const char* argument;
  } cases[] = {
      {LikeMatch::kExact, "'a!%b!_c!!d\\'"},   {LikeMatch::kPrefix, "'a!%b!_c!!d\\%'"},
      {LikeMatch::kSuffix, "'%a!%b!_c!!d\\'"}, {LikeMatch::kContains, "'%a!%b!_c!!d\\%'"},
      {LikeMatch::kPattern, "'a%b_c!!d\\'"},
  };
  auto api = make_definition();
  for (const auto& c : cases) {
    api.request_parameters[2].match = c.match;
    SCOPED_TRACE(c.argument);
    EXPECT_EQ(ask(api, "c=a%25b_c!d%5C"),
              "WHERE \"c\" LIKE ?1 ESCAPE '!' LIMIT ?2 <- " + std::string(c.argument) + " 2000");
  }
  api.request_parameters[2].match = LikeMatch::kContains;
  EXPECT_EQ(ask(api, "c=a%25b_c!d%5C", kStandard),
            "WHERE `c` LIKE $1 FETCH FIRST $2 ROWS ONLY <- '%a\\%b\\_c!d\\\\%' 2000");
}

TEST(WizardMaker, OrdersByOurNamesOnly) {
  auto api = make_definition();
  api.order = {{"x", Direction::kDescending}};
  api.caller_order = {"orderBy", {{"age", "years"}, {"id", "id"}}};
  const struct {
    const char *name, *query, *text;
  } cases[] = {
      {"the definition's", "", "ORDER BY \"x\" DESC LIMIT ?1 <- 2000"},
      {"one", "orderBy=age", "ORDER BY \"years\" LIMIT ?1 <- 2000"},
      {"two", "orderBy=age:desc,id:asc", "ORDER BY \"years\" DESC, \"id\" LIMIT ?1 <- 2000"},
      {"the first of two", "orderBy=id&orderBy=age", "ORDER BY \"id\" LIMIT ?1 <- 2000"},
      {"a column", "orderBy=years", "refused"},
      {"twice", "orderBy=age,age", "refused"},
      {"nothing", "orderBy=", "refused"},
      {"a hole", "orderBy=age,,id", "refused"},
      {"no direction", "orderBy=age:", "refused"},
      {"another direction", "orderBy=age:DESC", "refused"},
      {"SQL", "orderBy=age:desc%3B DROP TABLE t", "refused"},
      {"an expression", "orderBy=(SELECT 1)", "refused"},
  };
  const std::string refused =
      "orderBy must name one or more of age, id, each once and perhaps with :asc or :desc";
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ask(api, c.query), std::string_view(c.text) == "refused" ? refused : c.text);
  }
}

// A result's name comes before a column's in ORDER BY.
TEST(WizardMaker, OrdersByTheColumnThoughAResultHasItsName) {
  auto api = make_definition();
  api.response_parameters = {{.name = "X", .column = "y"}, {.name = "y", .column = "y"}};
  api.order = {{"x"}, {"y"}};
  EXPECT_EQ(ask(api, ""), "ORDER BY \"t\".\"x\", \"y\" LIMIT ?1 <- 2000");
}

TEST(WizardMaker, PagesEndTheirOrderWithTheKey) {
  auto api = make_definition();
  api.shape = ResultShape::kPage;
  api.key_columns = {"k", "id"};
  api.caller_order = {"orderBy", {{"id", "id"}, {"x", "x"}}};
  const struct {
    const char *name, *query, *text;
  } cases[] = {
      {"no order", "", "ORDER BY \"k\", \"id\" LIMIT ?1 OFFSET ?2 <- 10 0"},
      {"a page", "pageNum=3&pageSize=4", "ORDER BY \"k\", \"id\" LIMIT ?1 OFFSET ?2 <- 4 8"},
      {"downwards", "orderBy=x:desc",
       "ORDER BY \"x\" DESC, \"k\" DESC, \"id\" DESC LIMIT ?1 OFFSET ?2 <- 10 0"},
      {"a part of the key", "orderBy=id:desc,x",
       "ORDER BY \"id\" DESC, \"x\", \"k\" LIMIT ?1 OFFSET ?2 <- 10 0"},
      {"no page", "pageNum=0", "pageNum must be from 1 to 1000000000"},
      {"too large", "pageSize=2001", "pageSize must be from 1 to 2000"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(ask(api, c.query), c.text);
  }
  EXPECT_EQ(ask(api, "pageNum=2", kStandard),
            "ORDER BY `k`, `id` OFFSET $2 ROWS FETCH FIRST $1 ROWS ONLY <- 10 10");
}

// The condition behind which a page begins, for every order and every place of a NULL.
TEST(WizardMaker, SeeksBehindTheRowThatWasSeenLast) {
  const Cell null = make_null(), one = make_int64(1), two = make_int64(2);
  const struct {
    const char* name;
    std::vector<OrderKey> order;
    std::vector<Cell> after;
    const sluice_dialect& dialect;
    const char* text;
  } cases[] = {
      {"the key alone", {}, {one}, kQuestion, "(\"id\" > ?1) ORDER BY \"id\" LIMIT ?2"},
      {"a union",
       {{"x"}},
       {one, two},
       kQuestion,
       "\"x\" = ?1 AND \"id\" > ?2 UNION ALL SELECT \"a\", \"x\", \"id\" FROM \"t\" WHERE \"x\" > "
       "?1 ORDER BY 2, 3 LIMIT ?3"},
      {"downwards, NULL comes last",
       {{"x", Direction::kDescending}},
       {one, two},
       kQuestion,
       "\"x\" = ?1 AND \"id\" < ?2 UNION ALL SELECT \"a\", \"x\", \"id\" FROM \"t\" WHERE \"x\" < "
       "?1 UNION ALL SELECT \"a\", \"x\", \"id\" FROM \"t\" WHERE \"x\" IS NULL ORDER BY 2 DESC, 3 "
       "DESC LIMIT ?3"},
      {"NULL was seen, it comes first",
       {{"x"}},
       {null, two},
       kQuestion,
       "\"x\" IS NULL AND \"id\" > ?1 UNION ALL SELECT \"a\", \"x\", \"id\" FROM \"t\" WHERE \"x\" "
       "IS "
       "NOT NULL ORDER BY 2, 3 LIMIT ?2"},
      {"NULL was seen, it comes last",
       {{"x", Direction::kDescending}},
       {null, two},
       kQuestion,
       "\"x\" IS NULL AND \"id\" < ?1 ORDER BY 2 DESC, 3 DESC LIMIT ?2"},
      {"both directions",
       {{"x"}, {"y", Direction::kDescending}},
       {one, null, one},
       kStandard,
       "(`x` > $1 OR `x` IS NULL OR (`x` = $1 AND (`y` IS NOT NULL OR (`y` IS NULL AND (`id` < "
       "$2))))) ORDER BY `x`, `y` DESC, `id` DESC FETCH FIRST $3 ROWS ONLY"},
      {"no union",
       {{"x"}},
       {one, two},
       kOld,
       "\"x\" >= ?1 AND (\"x\" > ?1 OR (\"x\" = ?1 AND (\"id\" > ?2))) ORDER BY \"x\", \"id\" "
       "LIMIT ?3"},
      {"NULL comes high, upwards",
       {{"x"}},
       {one, two},
       kStandard,
       "(`x` > $1 OR `x` IS NULL OR (`x` = $1 AND (`id` > $2))) ORDER BY `x`, `id` FETCH FIRST $3 "
       "ROWS ONLY"},
      {"NULL comes high, downwards",
       {{"x", Direction::kDescending}},
       {one, two},
       kStandard,
       "`x` <= $1 AND (`x` < $1 OR (`x` = $1 AND (`id` < $2))) ORDER BY `x` DESC, `id` DESC FETCH "
       "FIRST $3 ROWS ONLY"},
      {"a key that is NULL", {{"x", Direction::kDescending}}, {one, null}, kOld, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto api = make_definition();
    api.request_parameters.clear();
    api.shape = ResultShape::kPage;
    api.paging = Paging::kCursor;
    api.key_columns = {"id"};
    api.order = c.order;
    const Ordering ordering(api);
    const auto maker = make_wizard_maker(api, ordering, c.dialect);
    ASSERT_TRUE(maker);
    call::Arena arena;
    Statements made;
    ASSERT_TRUE((*maker)->make({.values = {},
                                .limit = 11,
                                .has_cursor = true,
                                .order = ordering.fixed(),
                                .after = c.after},
                               arena, made));
    if (c.after.back().type == SLUICE_T_NULL) {
      EXPECT_NE(made.rows.find("1 = 0"), std::string_view::npos) << made.rows;
      continue;
    }
    EXPECT_EQ(made.rows.substr(made.rows.find(" WHERE ") + 7), c.text);
    const auto nulls = static_cast<std::size_t>(
        std::ranges::count_if(c.after, [](const Cell& k) { return k.type == SLUICE_T_NULL; }));
    EXPECT_EQ(made.row_args.size(), c.after.size() - nulls + 1);
  }
}

TEST(WizardMaker, QuotesNamesAndHoldsNoValue) {
  ApiDefinition api;
  api.table = "odd\"table";
  api.request_parameters = {
      {.name = "id", .column = "user_id\"", .default_value = "secret-default", .validation = {}}};
  api.request_parameters[0].required = false;
  api.response_parameters = {{.name = "id", .column = "user_id"}, {.name = "age", .column = "age"}};
  api.shape = ResultShape::kPage;
  const Ordering ordering(api);
  const CursorSealer cursors("key");
  const auto binder = Binder::make(api, ordering, cursors);
  const auto maker = make_wizard_maker(api, ordering, kQuestion);
  ASSERT_TRUE(binder && maker);
  call::Arena arena;
  Bound bound;
  Statements made;
  ASSERT_TRUE(binder->bind({.query = ""}, arena, bound));
  ASSERT_TRUE((*maker)->make(bound.asked, arena, made));
  EXPECT_EQ(made.rows,
            "SELECT \"user_id\" AS \"id\", \"age\" FROM \"odd\"\"table\" WHERE \"user_id\"\"\" = "
            "?1 LIMIT ?2 OFFSET ?3");
  EXPECT_EQ(made.count, "SELECT COUNT(*) FROM \"odd\"\"table\" WHERE \"user_id\"\"\" = ?1");
  ASSERT_EQ(made.count_args.size(), 1u);
  EXPECT_EQ(to_view(made.count_args[0].v.s), "secret-default");
}

TEST(WizardMaker, RefusesMoreArgumentsThanASourceTakes) {
  ApiDefinition api = make_definition();
  std::string query;
  for (const char* name : {"b1", "b2", "b3", "b4"}) {
    RequestParameter list = api.request_parameters[1];
    list.name = name;
    api.request_parameters.push_back(list);
    query += std::string(query.empty() ? "" : "&") + name + "=1";
    for (int i = 0; i < 199; ++i) query += ",1";
  }
  EXPECT_EQ(ask(api, query), "the lists of this call have too many values together: send fewer");
  EXPECT_NE(ask(api, query.substr(0, query.find("&b4"))).find("LIMIT ?769"), std::string::npos);
  EXPECT_EQ(ask(api, query.substr(0, query.find("&b2")) + ",1"), "b1 must have at most 200 values");
}

}  // namespace
}  // namespace sluice::dataservice
