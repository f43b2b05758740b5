// SPDX-License-Identifier: Apache-2.0
#include "studio/to_script.hpp"

#include "model/laws.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::studio {
namespace {

using enum model::ParameterType;
using enum model::Operator;
using model::ApiDefinition;
using model::LikeMatch;

ApiDefinition make_wizard() {
  ApiDefinition d;
  d.name = "Query Users";
  d.path = "/users";
  d.data_source = "db";
  d.table = "users";
  d.resource_group = "default";
  d.request_parameters = {{.name = "id", .column = "user_id", .type = kLong, .default_value = {}}};
  d.response_parameters = {{.name = "user_id", .column = "user_id"},
                           {.name = "name", .column = "user_name"}};
  return d;
}

void set(ApiDefinition& d, model::ParameterType type, model::Operator op,
         LikeMatch match = LikeMatch::kExact) {
  d.request_parameters[0].type = type;
  d.request_parameters[0].op = op;
  d.request_parameters[0].match = match;
}

void add_optional(ApiDefinition& d, const char* name) {
  d.request_parameters.push_back(
      {.name = name, .column = name, .required = false, .default_value = {}});
}

constexpr const char* kSelect = "SELECT \"user_id\", \"user_name\" AS \"name\"\nFROM \"users\"";

// Proves: R067
TEST(ToScript, AsksTheSameAsTheWizard) {
  const struct {
    const char* name;
    std::function<void(ApiDefinition&)> change;
    const char* rest;  // of the script, behind FROM
  } cases[] = {
      {"no condition",
       [](auto& d) {
         d.request_parameters.clear();
         d.shape = model::ResultShape::kPage;
       },
       ""},
      {"equal", [](auto&) {}, "\nWHERE \"user_id\" = ${id}"},
      {"not equal", [](auto& d) { set(d, kLong, kNotEqual); }, "\nWHERE \"user_id\" <> ${id}"},
      {"less", [](auto& d) { set(d, kLong, kLess); }, "\nWHERE \"user_id\" < ${id}"},
      {"like", [](auto& d) { set(d, kString, kLike, LikeMatch::kPattern); },
       "\nWHERE \"user_id\" LIKE replace(${id}, '!', '!!') ESCAPE '!'"},
      {"contains", [](auto& d) { set(d, kString, kNotLike, LikeMatch::kContains); },
       "\nWHERE \"user_id\" NOT LIKE '%' || replace(replace(replace(${id}, '!', '!!'), '%', '!%'), "
       "'_', '!_') || '%' ESCAPE '!'"},
      {"in", [](auto& d) { set(d, kLongList, kIn); },
       "\nWHERE \"user_id\" IN <foreach collection=\"id\" item=\"id_item\" open=\"(\" "
       "separator=\",\" close=\")\">${id_item}</foreach>"},
      {"between", [](auto& d) { set(d, kLongList, kBetween); },
       "\nWHERE <choose><when test=\"id.size() == 2\">\"user_id\" BETWEEN <foreach "
       "collection=\"id\" item=\"id_item\" separator=\" AND \">${id_item}</foreach></when>"
       "<otherwise>1 = 0</otherwise></choose>"},
      {"is null", [](auto& d) { set(d, kBoolean, kIsNull); },
       "\nWHERE <choose><when test=\"id\">\"user_id\" IS NULL</when><otherwise>\"user_id\" IS NOT "
       "NULL</otherwise></choose>"},
      {"optional",
       [](auto& d) {
         d.request_parameters[0].required = false;
         add_optional(d, "age");
       },
       "\n<where>\n  <if test=\"id != null\">AND \"user_id\" = ${id}</if>\n  <if test=\"age != "
       "null\">AND \"age\" = ${age}</if>\n</where>"},
      {"groups",
       [](auto& d) {
         add_optional(d, "a");
         add_optional(d, "b");
         d.fixed_conditions = {{.name = "f", .column = "kind", .value = "it's ${a}"}};
         model::Condition group;
         for (const char* name : {"a", "b"}) {
           model::Condition item;
           item.name = name;
           group.items.push_back(item);
         }
         group.join = model::Join::kAny;
         model::Condition first, second;
         first.name = "id";
         second.name = "f";
         d.conditions.items = {group, first, second};
       },
       "\n<where>\n  <trim prefix=\"AND (\" suffix=\")\" prefixOverrides=\"AND|OR\">\n    <if "
       "test=\"a != null\">OR \"a\" = ${a}</if>\n    <if test=\"b != null\">OR \"b\" = ${b}</if>\n "
       " </trim>\n  AND \"user_id\" = ${id}\n  AND \"kind\" = 'it''s \\${a}'\n</where>"},
      {"fixed lists and pages",
       [](auto& d) {
         d.request_parameters.clear();
         d.fixed_conditions = {
             {.name = "f", .column = "n", .type = kIntList, .op = kIn, .value = "1,2"},
             {.name = "g", .column = "m", .type = kIntList, .op = kBetween, .value = "3,4"},
             {.name = "h",
              .column = "o",
              .op = kLike,
              .value = "50%!",
              .match = LikeMatch::kPrefix},
             {.name = "i", .column = "p", .type = kBoolean, .op = kIsNull, .value = "false"}};
         d.shape = model::ResultShape::kPage;
         d.order = {{.column = "name", .direction = model::Direction::kDescending}};
         d.key_columns = {"user_id"};
       },
       "\nWHERE \"n\" IN (1, 2) AND \"m\" BETWEEN 3 AND 4 AND \"o\" LIKE '50!%!!%' ESCAPE '!' AND "
       "\"p\" IS NOT NULL\nORDER BY \"users\".\"name\" DESC, \"user_id\" DESC"},
      {"names that look like tags and entities",
       [](auto& d) {
         d.request_parameters[0].column = "a&lt;<if \"x\">";
         d.request_parameters[0].required = false;
       },
       "\n<where>\n  <if test=\"id != null\">AND \"a&amp;lt;&lt;if \"\"x\"\">\" = ${id}</if>\n"
       "</where>"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto wizard = make_wizard();
    c.change(wizard);
    ASSERT_TRUE(model::find_faults(wizard).empty()) << model::find_faults(wizard)[0].what;
    const auto made = make_script_definition(wizard, {"\"", "\"", false});
    ASSERT_TRUE(made) << made.error().detail;
    EXPECT_EQ(made->script.sql, std::string(kSelect) + c.rest);
    EXPECT_EQ(made->mode, model::ApiMode::kScript);
    EXPECT_TRUE(model::find_missing(*made).empty());
    EXPECT_EQ(made->request_parameters.size(), wizard.request_parameters.size());
    EXPECT_EQ(made->response_parameters.size(), wizard.response_parameters.size());
  }
}

// Proves: R067
TEST(ToScript, RefusesWhatOnlyTheWizardHas) {
  const struct {
    const char* name;
    std::function<void(ApiDefinition&)> change;
    const char* where;
    Status status;
  } cases[] = {
      {"cursor",
       [](auto& d) {
         d.shape = model::ResultShape::kPage;
         d.paging = model::Paging::kCursor;
         d.key_columns = {"user_id"};
       },
       "/paging", SLUICE_E_UNSUPPORTED},
      {"order by callers",
       [](auto& d) {
         d.caller_order.parameter = "orderBy";
         d.caller_order.choices = {{.name = "id", .column = "user_id"}};
       },
       "/caller_order", SLUICE_E_UNSUPPORTED},
      {"incomplete", [](auto& d) { d.table.clear(); }, "/table", SLUICE_E_ARGUMENT},
      {"a script already", [](auto& d) { d.mode = model::ApiMode::kScript; }, "/mode",
       SLUICE_E_CONFLICT},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto wizard = make_wizard();
    c.change(wizard);
    const auto made = make_script_definition(wizard, {"\"", "\"", false});
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().where, c.where);
    EXPECT_EQ(made.error().status, c.status);
  }
}

}  // namespace
}  // namespace sluice::studio
