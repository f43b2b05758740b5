// SPDX-License-Identifier: Apache-2.0
#include "dataservice/script_maker.hpp"

#include "problem/problem.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace sluice::dataservice {
namespace {

constexpr sluice_dialect kSqlite{sizeof(sluice_dialect), SLUICE_PLACEHOLDER_QUESTION,
                                 SLUICE_LIMIT_OFFSET,    0,
                                 SLUICE_STR("\""),       SLUICE_STR("\"")};
constexpr sluice_dialect kStandard{sizeof(sluice_dialect), SLUICE_PLACEHOLDER_DOLLAR,
                                   SLUICE_FETCH_FIRST,     0,
                                   SLUICE_STR("\""),       SLUICE_STR("\"")};

model::ApiDefinition make_definition(const char* sql, model::ScriptMode mode) {
  model::ApiDefinition d;
  d.mode = model::ApiMode::kScript;
  d.script = {sql, mode};
  d.request_parameters = {
      {.name = "id", .type = model::ParameterType::kLong, .default_value = {}},
      {.name = "ids", .type = model::ParameterType::kLongList, .default_value = {}},
      {.name = "name", .default_value = {}}};
  return d;
}

std::string to_text(std::span<const Cell> cells) {
  std::string text;
  for (const auto& cell : cells) {
    text += text.empty() ? "" : ", ";
    text += cell.type == SLUICE_T_NULL    ? "null"
            : cell.type == SLUICE_T_INT64 ? std::to_string(cell.v.i)
                                          : std::string(to_view(cell.v.s));
  }
  return text;
}

struct Made {
  std::string text;  // rows -- arguments | count -- arguments, or the refusal
  Status status = SLUICE_OK;
};

Made make(const StatementMaker& maker, const Asked& asked) {
  call::Arena arena;
  Statements made;
  if (const auto done = maker.make(asked, arena, made); !done) {
    return {done.error().detail, done.error().status};
  }
  std::string text = std::string(made.rows) + " -- " + to_text(made.row_args);
  if (asked.wants_count)
    text += " | " + std::string(made.count) + " -- " + to_text(made.count_args);
  return {text, SLUICE_OK};
}

constexpr const char* kBasic = "SELECT id FROM t WHERE id = ${id} OR n = ${name} OR p = ${id}";
constexpr const char* kTags =
    "SELECT id FROM t <where><if test=\"id != null\">id = ${id}</if> <if test=\"ids != null\">AND "
    "id IN <foreach collection=\"ids\" item=\"x\" open=\"(\" separator=\",\" "
    "close=\")\">${x}</foreach></if></where> ORDER BY id";

// Proves: R067
TEST(ScriptMaker, BoundsAndCountsWhatAScriptSays) {
  const Cell id = make_int64(7), name = make_text("x");
  const Cell ids[] = {make_int64(1), make_int64(2)};
  const std::span<const Cell> all[] = {{&id, 1}, ids, {&name, 1}};
  const std::span<const Cell> none[] = {{}, {}, {}};
  const auto list = [](std::span<const std::span<const Cell>> values) {
    Asked asked;
    asked.values = values;
    asked.limit = 50;
    return asked;
  };
  const auto page = [&](std::span<const std::span<const Cell>> values) {
    Asked asked = list(values);
    asked.offset = 100;
    asked.is_paged = asked.wants_count = true;
    return asked;
  };
  const struct {
    const char* name;
    const char* sql;
    model::ScriptMode mode;
    const sluice_dialect& dialect;
    Asked asked;
    const char* statements;
  } cases[] = {
      {"fixed list", kBasic, model::ScriptMode::kBasic, kSqlite, list(all),
       "SELECT id FROM t WHERE id = ?1 OR n = ?2 OR p = ?3 LIMIT ?4 -- 7, x, 7, 50"},
      {"fixed page", kBasic, model::ScriptMode::kBasic, kSqlite, page(all),
       "SELECT id FROM t WHERE id = ?1 OR n = ?2 OR p = ?3 LIMIT ?4 OFFSET ?5 -- 7, x, 7, 50, 100 "
       "| SELECT COUNT(*) FROM (SELECT id FROM t WHERE id = ?1 OR n = ?2 OR p = ?3) AS counted -- "
       "7, x, 7"},
      {"fixed page, the other dialect", kBasic, model::ScriptMode::kBasic, kStandard, page(all),
       "SELECT id FROM t WHERE id = $1 OR n = $2 OR p = $3 OFFSET $5 ROWS FETCH FIRST $4 ROWS ONLY "
       "-- 7, x, 7, 50, 100 | SELECT COUNT(*) FROM (SELECT id FROM t WHERE id = $1 OR n = $2 OR p "
       "= $3) AS counted -- 7, x, 7"},
      {"fixed, absent", kBasic, model::ScriptMode::kAdvanced, kSqlite, list(none),
       "SELECT id FROM t WHERE id = ?1 OR n = ?2 OR p = ?3 LIMIT ?4 -- null, null, null, 50"},
      {"tags, all", kTags, model::ScriptMode::kAdvanced, kSqlite, list(all),
       "SELECT id FROM t WHERE id = ?1 AND id IN (?2, ?3) ORDER BY id LIMIT ?4 -- 7, 1, 2, 50"},
      {"tags, none", kTags, model::ScriptMode::kAdvanced, kSqlite, page(none),
       "SELECT id FROM t ORDER BY id LIMIT ?1 OFFSET ?2 -- 50, 100 | SELECT COUNT(*) FROM (SELECT "
       "id FROM t ORDER BY id) AS counted -- "},
      {"tags, the other dialect", kTags, model::ScriptMode::kAdvanced, kStandard, list(all),
       "SELECT id FROM t WHERE id = $1 AND id IN ($2, $3) ORDER BY id FETCH FIRST $4 ROWS ONLY -- "
       "7, 1, 2, 50"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto maker = make_script_maker(make_definition(c.sql, c.mode), c.dialect);
    ASSERT_TRUE(maker) << maker.error().detail;
    EXPECT_EQ(make(**maker, c.asked).text, c.statements);
  }
}

TEST(ScriptMaker, RefusesACallThatItCannotRender) {
  const auto maker = make_script_maker(
      make_definition("SELECT id FROM t WHERE id IN <foreach collection=\"ids\" item=\"x\" "
                      "open=\"(\" separator=\",\" close=\")\">${x}, ${x}</foreach>",
                      model::ScriptMode::kAdvanced),
      kSqlite);
  ASSERT_TRUE(maker);
  const struct {
    std::size_t items;
    const char* detail;
    Status status;
  } cases[] = {
      {0, "ids is required here and missing", problem::kParameterMissing},
      {501, "ids must have at most 500 values", problem::kParameterValue},
      {500, "the lists have too many values together", problem::kParameterValue},
  };
  for (const auto& c : cases) {
    const std::vector<Cell> cells(c.items, make_int64(1));
    const std::span<const Cell> values[] = {{}, cells, {}};
    Asked asked;
    asked.values = values;
    const auto made = make(**maker, asked);
    EXPECT_EQ(made.text, c.detail);
    EXPECT_EQ(made.status, c.status);
  }
  const auto wrong =
      make_script_maker(make_definition("SELECT * FROM t", model::ScriptMode::kBasic), kSqlite);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().where, "/script/sql");
  EXPECT_FALSE(make_script_maker(
      make_definition("SELECT id FROM t WHERE id = ${other}", model::ScriptMode::kBasic), kSqlite));
}

}  // namespace
}  // namespace sluice::dataservice
