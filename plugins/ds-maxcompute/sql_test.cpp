// SPDX-License-Identifier: Apache-2.0
#include "sql.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace sluice::maxcompute {
namespace {

std::string render(const Cell& cell) {
  const auto literal = render_literal(cell);
  return literal ? *literal : "refused: " + literal.error().detail;
}

TEST(MaxComputeSql, WritesEveryTypeAsALiteral) {
  using namespace std::string_literals;
  const struct {
    const char* name;
    Cell cell;
    std::string literal;
  } cases[] = {
      {"NULL", make_null(), "NULL"},
      {"true", make_bool(true), "TRUE"},
      {"false", make_bool(false), "FALSE"},
      {"an int", make_int64(5), "5"},
      {"a negative int", make_int64(-5), "(-5)"},
      {"the largest int", make_int64(2147483647), "2147483647"},
      {"a bigint", make_int64(2147483648), "2147483648L"},
      {"the largest", make_int64(INT64_MAX), "9223372036854775807L"},
      {"the smallest", make_int64(INT64_MIN), "CAST('-9223372036854775808' AS BIGINT)"},
      {"a double", make_double(1.5), "CAST('1.5' AS DOUBLE)"},
      {"large", make_double(1e300), "CAST('1e+300' AS DOUBLE)"},
      {"small", make_double(-2.5e-10), "CAST('-2.5e-10' AS DOUBLE)"},
      {"NaN", make_double(std::nan("")), "refused: a number argument is infinite or none"},
      {"infinite", make_double(HUGE_VAL), "refused: a number argument is infinite or none"},
      {"a decimal", make_decimal(1250, 0, 2), "CAST('12.50' AS DECIMAL(38,2))"},
      {"a small decimal", make_decimal(5, 0, 3), "CAST('0.005' AS DECIMAL(38,3))"},
      {"a negative one", make_decimal(static_cast<std::uint64_t>(-1250), -1, 2),
       "CAST('-12.50' AS DECIMAL(38,2))"},
      {"thousands", make_decimal(5, 0, -3), "CAST('5000' AS DECIMAL(38,0))"},
      {"too fine", make_decimal(1, 0, 19),
       "refused: a decimal argument has more digits than the data source's decimals"},
      {"zeros are no digits", make_decimal(10, 0, 19),
       "CAST('0.000000000000000001' AS DECIMAL(38,18))"},
      {"zero", make_decimal(0, 0, 0), "CAST('0' AS DECIMAL(38,0))"},
      {"a text", make_text("it's"), R"('it\'s')"},
      {"backslashes", make_text(R"(\' OR 1=1 --)"), R"('\\\' OR 1=1 --')"},
      {"a backslash at the end", make_text("a\\"), R"('a\\')"},
      {"double quotes", make_text(R"(")"), R"('"')"},
      {"line breaks and tabs", make_text("a\nb\rc\td"), R"('a\nb\rc\td')"},
      {"control characters", make_text("\x01\x1a\x1f\x7f"), R"('\001\032\037\177')"},
      {"semicolons", make_text("a;b"), "'a;b'"},
      {"the end of CDATA", make_text("]]>"), "']]>'"},
      {"letters of everywhere", make_text("h\xc3\xa9llo \xf0\x9f\x8c\x8a"),
       "'h\xc3\xa9llo \xf0\x9f\x8c\x8a'"},
      {"empty", make_text(""), "''"},
      {"NUL", make_text(std::string_view("a\0b", 3)),
       "refused: a text argument holds a NUL character"},
      {"no UTF-8", make_text("\xff"), "refused: a text argument is not UTF-8"},
      {"no character of XML", make_text("\xef\xbf\xbf"),
       "refused: a text argument holds U+FFFE or U+FFFF"},
      {"JSON", make_text(R"({"a":"\n"})", SLUICE_T_JSON), R"('{"a":"\\n"}')"},
      {"bytes", make_bytes(std::string_view("\0\xff'", 3)), "unhex('00ff27')"},
      {"no bytes", make_bytes(""), "unhex('')"},
      {"a timestamp", make_timestamp(1'795'413'600'123'456),
       "CAST('2026-11-23 06:00:00.123456' AS TIMESTAMP)"},
      {"a whole second", make_timestamp(1'795'413'600'000'000),
       "CAST('2026-11-23 06:00:00' AS TIMESTAMP)"},
      {"before 1970", make_timestamp(-1), "CAST('1969-12-31 23:59:59.999999' AS TIMESTAMP)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(render(c.cell), c.literal);
  }
}

TEST(MaxComputeSql, ReplacesPlaceholdersWhereTheyAreSome) {
  const std::vector<Cell> args{make_int64(7), make_text("x'y")};
  const struct {
    const char *name, *text, *rendered;
  } cases[] = {
      {"plain", "SELECT a FROM t WHERE b = ?1 AND c = ?2 LIMIT 5",
       R"(SELECT a FROM t WHERE b = 7 AND c = 'x\'y' LIMIT 5;)"},
      {"out of order, twice", "SELECT ?2, ?1, ?2", R"(SELECT 'x\'y', 7, 'x\'y';)"},
      {"in a text", "SELECT '?1', ?1, ?2", R"(SELECT '?1', 7, 'x\'y';)"},
      {"in a text of double quotes", R"(SELECT "a?1", ?1, ?2)", R"(SELECT "a?1", 7, 'x\'y';)"},
      {"after an escaped quote", R"(SELECT 'a\'?1', ?1, ?2)", R"(SELECT 'a\'?1', 7, 'x\'y';)"},
      {"a doubled quote is two texts", "SELECT 'a'' ?1 ', ?1, ?2",
       R"(SELECT 'a'' ?1 ', 7, 'x\'y';)"},
      {"in a name", "SELECT `?1`, ?1, ?2", R"(SELECT `?1`, 7, 'x\'y';)"},
      {"in a doubled backtick", "SELECT `a``?1`, ?1, ?2", R"(SELECT `a``?1`, 7, 'x\'y';)"},
      {"in a comment", "SELECT ?1, ?2 -- ?1\nFROM t", "SELECT 7, 'x\\'y' -- ?1\nFROM t;"},
      {"in a comment at the end", "SELECT ?1, ?2 -- ?1", "SELECT 7, 'x\\'y' -- ?1\n;"},
      {"in a hint", "SELECT /*+ mapjoin(?1) */ ?1, ?2", R"(SELECT /*+ mapjoin(?1) */ 7, 'x\'y';)"},
      {"it grows together with nothing", "SELECT DATE?2, 1?1,a=?1b",
       R"(SELECT DATE 'x\'y', 1 7,a= 7 b;)"},
      {"a quote beside it", "SELECT 'a'?2'b', ?1", R"(SELECT 'a' 'x\'y' 'b', 7;)"},
      {"one semicolon", "SELECT ?1, ?2 ; -- done", "SELECT 7, 'x\\'y'  -- done\n;"},
      {"in parentheses", "(SELECT ?1, ?2)", R"((SELECT 7, 'x\'y');)"},
      {"WITH", "WITH t AS (SELECT ?1 a) SELECT a, ?2 FROM t",
       R"(WITH t AS (SELECT 7 a) SELECT a, 'x\'y' FROM t;)"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto rendered = render_statement(c.text, args);
    ASSERT_TRUE(rendered) << rendered.error().detail;
    EXPECT_EQ(*rendered, c.rendered);
  }
}

// A minus before a negative number would begin a comment.
TEST(MaxComputeSql, KeepsNegativeNumbersApart) {
  const std::vector<Cell> args{make_int64(-1)};
  const auto rendered = render_statement("SELECT 5-?1", args);
  ASSERT_TRUE(rendered);
  EXPECT_EQ(*rendered, "SELECT 5- (-1);");
}

TEST(MaxComputeSql, RefusesWhatIsNotOneStatementThatReads) {
  const std::vector<Cell> none, one{make_int64(1)};
  const struct {
    const char *name, *text;
    const std::vector<Cell>& args;
    const char* detail;
  } cases[] = {
      {"nothing", "", none, "there is no statement"},
      {"a comment only", "-- x", none, "there is no statement"},
      {"writing", "INSERT INTO t VALUES (1)", none, "only a statement that reads is accepted"},
      {"a setting", "SET a=b", none, "only a statement that reads is accepted"},
      {"writing behind WITH", "WITH a AS (SELECT 1) INSERT OVERWRITE TABLE t SELECT * FROM a", none,
       "only a statement that reads is accepted"},
      {"two", "SELECT 1; SELECT 2", none, "only one statement is accepted"},
      {"two, the second a text", "SELECT 1; 'x'", none, "only one statement is accepted"},
      {"a text without an end", "SELECT 'a", none, "the statement has a text without an end"},
      {"an escaped end", R"(SELECT 'a\')", none, "the statement has a text without an end"},
      {"a name without an end", "SELECT `a", none,
       "the statement has a quoted name without an end"},
      {"a comment without an end", "SELECT 1 /* a", none,
       "the statement has a comment without an end"},
      {"parentheses", "SELECT (1", none, "the statement's parentheses do not match"},
      {"no number", "SELECT ?", one, "a placeholder has no number"},
      {"no argument", "SELECT ?2", one, "a placeholder has no argument"},
      {"zero", "SELECT ?0", one, "a placeholder has no argument"},
      {"a number beyond numbers", "SELECT ?99999999999999999999999", one,
       "a placeholder has no number"},
      {"an argument too many", "SELECT 1", one, "there are more arguments than placeholders"},
      {"a control character", "SELECT '\x01'", none, "the statement holds a control character"},
      {"no UTF-8", "SELECT '\xff'", none, "the statement is not UTF-8"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto rendered = render_statement(c.text, c.args);
    ASSERT_FALSE(rendered) << *rendered;
    EXPECT_EQ(rendered.error().status, SLUICE_E_ARGUMENT);
    EXPECT_EQ(rendered.error().detail, c.detail);
  }
}

TEST(MaxComputeSql, TakesNullForWhatIsNotGivenWhereOnlyColumnsAreAskedFor) {
  const auto rendered = render_statement("SELECT ?1 AS a, ?2 AS b", {}, NoArgument::kNull);
  ASSERT_TRUE(rendered);
  EXPECT_EQ(*rendered, "SELECT NULL AS a, NULL AS b;");
  EXPECT_FALSE(render_statement("SELECT ?0", {}, NoArgument::kNull));
}

TEST(MaxComputeSql, HasABound) {
  const std::string large = "SELECT '" + std::string(kStatementBytesMax, 'a') + "'";
  EXPECT_EQ(render_statement(large, {}).error().status, SLUICE_E_TOO_LARGE);
  const std::string value(kStatementBytesMax, 'a');
  const std::vector<Cell> args{make_text(value)};
  EXPECT_EQ(render_statement("SELECT ?1", args).error().status, SLUICE_E_TOO_LARGE);
}

}  // namespace
}  // namespace sluice::maxcompute
