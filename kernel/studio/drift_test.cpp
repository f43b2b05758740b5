// SPDX-License-Identifier: Apache-2.0
#include "studio/drift.hpp"

#include <gtest/gtest.h>

namespace sluice::studio {
namespace {

using namespace model;

ApiDefinition definition() {
  ApiDefinition d;
  d.table = "user_info";
  d.request_parameters = {{.name = "id", .column = "user_id", .type = ParameterType::kLong}};
  d.response_parameters = {{.name = "name", .column = "user_name"}};
  d.order = {{.column = "created"}};
  return d;
}

TableFacts table() {
  return {{{"user_id", "INTEGER", ParameterType::kLong, false, 1},
           {"user_name", "TEXT", ParameterType::kString, false, 0},
           {"created", "INTEGER", ParameterType::kLong, true, 0},
           {"age", "INTEGER", ParameterType::kLong, true, 0}},
          {{"by_id", true, {"user_id"}}, {"by_age", false, {"age"}}}};
}

std::string tell(const std::vector<DriftFinding>& findings) {
  std::string told;
  for (const auto& f : findings) {
    told += std::string(to_text(f.grade)) + " " + f.column + ": " + f.what + "\n";
  }
  return told;
}

TEST(Drift, GradesWhatConcernsTheDefinitionAndNothingElse) {
  const auto column = [](TableFacts& t, std::string_view name) -> TableColumn& {
    return *std::find_if(t.columns.begin(), t.columns.end(),
                         [&](const auto& c) { return c.name == name; });
  };
  const auto drop = [](TableFacts& t, std::string_view name) {
    std::erase_if(t.columns, [&](const auto& c) { return c.name == name; });
  };
  using Change = std::function<void(TableFacts&)>;
  const struct {
    const char* name;
    Change change;
    const char* told;
  } cases[] = {
      {"nothing", [](TableFacts&) {}, ""},
      {"a column that answers is gone", [&](TableFacts& t) { drop(t, "user_name"); },
       "breaking user_name: the column 'user_name' of 'user_info' is gone or has another name\n"},
      {"a column that is compared is gone", [&](TableFacts& t) { drop(t, "user_id"); },
       "breaking user_id: the column 'user_id' of 'user_info' is gone or has another name\n"},
      {"a column that orders is gone", [&](TableFacts& t) { drop(t, "created"); },
       "breaking created: the column 'created' of 'user_info' is gone or has another name\n"},
      {"a column of nobody is gone", [&](TableFacts& t) { drop(t, "age"); }, ""},
      {"a column of nobody is retyped",
       [&](TableFacts& t) { column(t, "age").type = ParameterType::kString; }, ""},
      {"retyped",
       [&](TableFacts& t) {
         column(t, "user_id").type = ParameterType::kString;
         column(t, "user_id").declared = "TEXT";
       },
       "breaking user_id: the column 'user_id' was long (INTEGER) and is string (TEXT) now\n"},
      {"wider",
       [&](TableFacts& t) {
         column(t, "created").type = ParameterType::kDouble;
         column(t, "created").declared = "REAL";
       },
       "warning created: the column 'created' was long (INTEGER) and is double (REAL) now\n"},
      {"declared otherwise", [&](TableFacts& t) { column(t, "user_name").declared = "VARCHAR(9)"; },
       "warning user_name: the column 'user_name' was declared 'TEXT' and is 'VARCHAR(9)' now\n"},
      {"null now", [&](TableFacts& t) { column(t, "user_name").nullable = true; },
       "warning user_name: the column 'user_name' may be null now\n"},
      {"never null now", [&](TableFacts& t) { column(t, "created").nullable = false; },
       "info created: the column 'created' is never null any more\n"},
      {"no key any more", [&](TableFacts& t) { column(t, "user_id").primary_key = 0; },
       "warning user_id: the column 'user_id' is no part of the primary key any more\n"},
      {"an index that helped is gone", [](TableFacts& t) { t.indexes.erase(t.indexes.begin()); },
       "warning user_id: the index 'by_id' is gone\n"},
      {"an index that helped has another name", [](TableFacts& t) { t.indexes[0].name = "new"; },
       ""},
      {"an index that helped is not unique", [](TableFacts& t) { t.indexes[0].unique = false; },
       "warning user_id: the index 'by_id' is not unique any more\n"},
      {"another index is gone", [](TableFacts& t) { t.indexes.pop_back(); }, ""},
      {"a new column", [](TableFacts& t) { t.columns.push_back({.name = "mail"}); },
       "info mail: the column 'mail' is new\n"},
      {"upper case is the same", [&](TableFacts& t) { column(t, "user_id").name = "USER_ID"; }, ""},
      {"the worst comes first",
       [&](TableFacts& t) {
         t.columns.push_back({.name = "mail"});
         column(t, "user_name").nullable = true;
         drop(t, "user_id");
         t.indexes.clear();
       },
       "breaking user_id: the column 'user_id' of 'user_info' is gone or has another name\n"
       "warning user_name: the column 'user_name' may be null now\n"
       "warning user_id: the index 'by_id' is gone\n"
       "info mail: the column 'mail' is new\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto now = table();
    c.change(now);
    EXPECT_EQ(tell(find_drift(definition(), table(), now)), c.told);
  }
}

TEST(Drift, ATableThatIsGoneBreaks) {
  const auto findings = find_drift(definition(), table(), std::nullopt);
  EXPECT_EQ(tell(findings), "breaking : there is no table 'user_info' any more\n");
  EXPECT_EQ(grade_of(findings), DriftGrade::kBreaking);
}

TEST(Drift, WithoutFactsOfThenOnlyWhatIsGoneIsTold) {
  auto now = table();
  now.columns[0].declared = "BIGINT";
  now.columns.push_back({.name = "mail"});
  EXPECT_EQ(tell(find_drift(definition(), {}, now)), "");
  now.columns.erase(now.columns.begin());
  EXPECT_EQ(grade_of(find_drift(definition(), {}, now)), DriftGrade::kBreaking);
}

ApiDefinition by_script() {
  ApiDefinition d;
  d.mode = ApiMode::kScript;
  d.script.sql = "SELECT user_id AS id, name FROM user_info WHERE user_id > ${from}";
  d.request_parameters = {{.name = "from", .type = ParameterType::kLong}};
  d.response_parameters = {{.name = "id", .type = ParameterType::kLong},
                           {.name = "who", .column = "name"}};
  return d;
}

TEST(Drift, OfAScriptIsMeasuredFromWhatItsStatementAnswers) {
  const StatementDescription then{.columns = {{"ID", "BIGINT", ParameterType::kLong},
                                              {"name", "TEXT", ParameterType::kString},
                                              {"total", "", std::nullopt}}};
  const struct {
    const char* name;
    StatementDescription now;
    const char* told;
  } cases[] = {
      {"nothing", then, ""},
      {"a field that answers is gone",
       {.columns = {{"id", "BIGINT", ParameterType::kLong}, {"total", "", std::nullopt}}},
       "breaking name: the field 'name' of the statement is gone or has another name\n"},
      {"retyped",
       {.columns = {{"id", "TEXT", ParameterType::kString},
                    {"name", "TEXT", ParameterType::kString},
                    {"total", "", std::nullopt}}},
       "breaking id: the column 'id' was long (BIGINT) and is string (TEXT) now\n"},
      {"declared otherwise",
       {.columns = {{"id", "BIGINT", ParameterType::kLong},
                    {"name", "VARCHAR(9)", ParameterType::kString},
                    {"total", "INT", ParameterType::kInt}}},
       "warning name: the column 'name' was declared 'TEXT' and is 'VARCHAR(9)' now\n"},
      {"a type that nobody knows",
       {.columns = {{"id", "", std::nullopt},
                    {"name", "TEXT", ParameterType::kString},
                    {"total", "", std::nullopt}}},
       ""},
      {"a field of nobody is new",
       {.columns = {{"id", "BIGINT", ParameterType::kLong},
                    {"name", "TEXT", ParameterType::kString},
                    {"total", "", std::nullopt},
                    {"age", "INT", ParameterType::kInt}}},
       "info age: the column 'age' is new\n"},
      {"the source refuses it",
       {.columns = {}, .fault = "no such table: user_info", .fault_at = 30},
       "breaking : the data source does not take the script's statement any more: no such table: "
       "user_info\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(tell(find_script_drift(by_script(), make_facts(then), c.now)), c.told);
  }
  EXPECT_EQ(tell(find_script_drift(by_script(), {}, {.columns = {{"id", "", std::nullopt}}})),
            "breaking name: the field 'name' of the statement is gone or has another name\n")
      << "nobody knows how it was";
}

}  // namespace
}  // namespace sluice::studio
