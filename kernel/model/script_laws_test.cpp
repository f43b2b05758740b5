// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::model {
namespace {

ApiDefinition make_definition() {
  ApiDefinition d;
  d.name = "Query Users";
  d.path = "/users";
  d.data_source = "db";
  d.mode = ApiMode::kScript;
  d.script.sql = "SELECT id, name AS user FROM users WHERE id = ${id} AND age > ${age}";
  d.request_parameters = {{.name = "id", .type = ParameterType::kLong, .default_value = {}},
                          {.name = "age", .type = ParameterType::kInt, .default_value = {}}};
  d.response_parameters = {{.name = "id"}, {.name = "user"}};
  return d;
}

// Proves: R067
TEST(ScriptLaws, AScriptFitsItsDefinition) {
  const struct {
    const char* name;
    std::function<void(ApiDefinition&)> change;
    const char* faults;
  } cases[] = {
      {"right", [](auto&) {}, ""},
      {"right, with a default",
       [](auto& d) {
         d.request_parameters[1].required = false;
         d.request_parameters[1].default_value = "18";
       },
       ""},
      {"right, page", [](auto& d) { d.shape = ResultShape::kPage; }, ""},
      {"no script yet", [](auto& d) { d.script.sql = ""; }, ""},
      {"a script in wizard mode", [](auto& d) { d.mode = ApiMode::kWizard; },
       "/script R067: a script is of script mode\n"},
      {"a fault of the statement", [](auto& d) { d.script.sql = "SELECT id\nFROM users;"; },
       "/script/sql script.one-select: line 2, column 11: a semicolon would end the statement\n"},
      {"not declared", [](auto& d) { d.request_parameters.pop_back(); },
       "/script/sql script.undeclared: line 1, column 63: there is no request parameter 'age'\n"},
      {"not used",
       [](auto& d) { d.request_parameters.push_back({.name = "city", .default_value = {}}); },
       "/request_parameters/2/name script.unused: the script does not use the request parameter "
       "'city'\n"},
      {"optional in basic mode", [](auto& d) { d.request_parameters[0].required = false; },
       "/request_parameters/0/required script.required: the statement of basic mode needs every "
       "parameter\n"},
      {"optional in advanced mode",
       [](auto& d) {
         d.script.mode = ScriptMode::kAdvanced;
         d.request_parameters[0].required = false;
       },
       ""},
      {"a list as one value",
       [](auto& d) { d.request_parameters[0].type = ParameterType::kLongList; },
       "/script/sql script.list: line 1, column 47: 'id' is a list, and one value is needed "
       "here\n"},
      {"a table", [](auto& d) { d.table = "users"; }, "/table R067: a table is of wizard mode\n"},
      {"a column", [](auto& d) { d.request_parameters[0].column = "id"; },
       "/request_parameters/0/column R067: a parameter's column is of wizard mode\n"},
      {"an operator", [](auto& d) { d.request_parameters[0].op = Operator::kLess; },
       "/request_parameters/0/operator R067: a parameter's operator is of wizard mode\n"},
      {"an order", [](auto& d) { d.order = {{.column = "id"}}; },
       "/order R067: an order is of wizard mode\n"},
      {"a fixed condition",
       [](auto& d) { d.fixed_conditions = {{.name = "x", .column = "x", .value = "1"}}; },
       "/fixed_conditions R067: fixed conditions are of wizard mode\n"},
      {"key columns", [](auto& d) { d.key_columns = {"id"}; },
       "/key_columns R067: key columns are of wizard mode\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto definition = make_definition();
    c.change(definition);
    std::string told;
    for (const auto& fault : find_faults(definition)) {
      told += fault.where + " " + fault.rule + ": " + fault.what + "\n";
      EXPECT_FALSE(fault.remedy.empty());
    }
    EXPECT_EQ(told, c.faults);
  }
}

// Proves: R067, R099
TEST(ScriptLaws, ADraftTellsWhatItLacks) {
  auto definition = make_definition();
  definition.resource_group = "default";
  EXPECT_TRUE(find_missing(definition).empty());
  definition.script.sql.clear();
  definition.response_parameters.clear();
  const auto missing = find_missing(definition);
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing[0].where, "/script/sql");
  EXPECT_EQ(missing[1].where, "/response_parameters");
}

// Proves: R099
TEST(ScriptLaws, WithoutAParameterTheResultIsPagedOrOneRow) {
  const struct {
    const char* sql;
    ResultShape shape;
    bool is_whole;
  } cases[] = {
      {"SELECT id FROM t", ResultShape::kList, false},
      {"SELECT id FROM t", ResultShape::kPage, true},
      {"SELECT count(*) AS id FROM t", ResultShape::kSingle, true},
      {"SELECT id FROM (SELECT id FROM t LIMIT 5) t", ResultShape::kList, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sql);
    auto definition = make_definition();
    definition.resource_group = "default";
    definition.request_parameters.clear();
    definition.script = {.sql = c.sql};
    definition.shape = c.shape;
    definition.response_parameters = {{.name = "id"}};
    const auto missing = find_missing(definition);
    ASSERT_EQ(missing.empty(), c.is_whole);
    if (c.is_whole) continue;
    EXPECT_EQ(missing[0].where, "/result_shape");
    EXPECT_NE(missing[0].what.find("the whole result"), std::string::npos) << missing[0].what;
  }
}

}  // namespace
}  // namespace sluice::model
