// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace sluice::model {
namespace {

using enum ParameterType;
using enum Operator;

ApiDefinition make_definition() {
  ApiDefinition d;
  d.name = "Query Users";
  d.path = "/users";
  d.data_source = "db";
  d.table = "users";
  d.request_parameters = {{.name = "a", .column = "a", .default_value = {}},
                          {.name = "b", .column = "b", .type = kInt, .default_value = {}}};
  d.response_parameters = {{.name = "a", .column = "a"}};
  d.shape = ResultShape::kPage;
  d.resource_group = "default";
  return d;
}

struct Case {
  const char* name;
  std::function<void(ApiDefinition&)> change;
  const char* where;  // of the first fault; empty: none
};

void expect_faults(std::initializer_list<Case> cases) {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto definition = make_definition();
    c.change(definition);
    const auto faults = find_faults(definition);
    EXPECT_EQ(faults.empty() ? "" : faults[0].where, c.where)
        << (faults.empty() ? "" : faults[0].what);
    for (const auto& fault : faults) EXPECT_FALSE(fault.remedy.empty());
  }
}

void set(RequestParameter& p, ParameterType type, Operator op) {
  p.type = type;
  p.op = op;
}

// Proves: R087
TEST(WizardLaws, OperatorsTakeTheirTypes) {
  const struct {
    Operator op;
    std::vector<ParameterType> takes;
  } cases[] = {
      {kEqual, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kNotEqual, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kGreater, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kGreaterOrEqual, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kLess, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kLessOrEqual, {kString, kInt, kLong, kFloat, kDouble, kBoolean}},
      {kLike, {kString}},
      {kNotLike, {kString}},
      {kIn, {kStringList, kIntList, kLongList, kFloatList, kDoubleList, kBooleanList}},
      {kNotIn, {kStringList, kIntList, kLongList, kFloatList, kDoubleList, kBooleanList}},
      {kBetween, {kStringList, kIntList, kLongList, kFloatList, kDoubleList, kBooleanList}},
      {kIsNull, {kBoolean}},
      {kIsNotNull, {kBoolean}},
  };
  for (const auto& c : cases) {
    for (int type = 0; type <= static_cast<int>(kBooleanList); ++type) {
      SCOPED_TRACE(std::string(to_text(c.op)) + " of " +
                   std::string(to_text(static_cast<ParameterType>(type))));
      auto definition = make_definition();
      set(definition.request_parameters[0], static_cast<ParameterType>(type), c.op);
      const bool is_taken = std::ranges::count(c.takes, static_cast<ParameterType>(type)) > 0;
      const auto faults = find_faults(definition);
      EXPECT_EQ(faults.empty(), is_taken);
      EXPECT_EQ(is_taken ? "" : faults.at(0).where, is_taken ? "" : "/request_parameters/0/type");
    }
  }
}

// Proves: R087, R088
TEST(WizardLaws, DefaultsAndSamplesAreWhatACallMaySend) {
  expect_faults({
      {"a list",
       [](auto& d) {
         set(d.request_parameters[0], kIntList, kIn);
         d.request_parameters[0].default_value = "1,2";
         d.request_parameters[0].sample = "3";
       },
       ""},
      {"a list with a hole",
       [](auto& d) {
         set(d.request_parameters[0], kIntList, kIn);
         d.request_parameters[0].sample = "1,,2";
       },
       "/request_parameters/0/sample"},
      {"two ends",
       [](auto& d) {
         set(d.request_parameters[0], kIntList, kBetween);
         d.request_parameters[0].sample = "1,2";
       },
       ""},
      {"one end",
       [](auto& d) {
         set(d.request_parameters[0], kIntList, kBetween);
         d.request_parameters[0].default_value = "1";
       },
       "/request_parameters/0/default_value"},
      {"three ends",
       [](auto& d) {
         set(d.request_parameters[0], kIntList, kBetween);
         d.request_parameters[0].sample = "1,2,3";
       },
       "/request_parameters/0/sample"},
      {"a sample against the range",
       [](auto& d) {
         d.request_parameters[1].validation.max = "5";
         d.request_parameters[1].sample = "6";
       },
       "/request_parameters/1/sample"},
      {"a default against the enumeration",
       [](auto& d) {
         d.request_parameters[0].validation.allowed = {{"x"}};
         d.request_parameters[0].default_value = "y";
       },
       "/request_parameters/0/default_value"},
      {"one value of a list against the pattern",
       [](auto& d) {
         set(d.request_parameters[0], kStringList, kIn);
         d.request_parameters[0].validation.pattern = "[a-z]";
         d.request_parameters[0].sample = "a,B";
       },
       "/request_parameters/0/sample"},
      {"a broken rule", [](auto& d) { d.request_parameters[0].validation.pattern = "("; },
       "/request_parameters/0/validation/pattern"},
      {"a match with LIKE",
       [](auto& d) {
         set(d.request_parameters[0], kString, kLike);
         d.request_parameters[0].match = LikeMatch::kContains;
       },
       ""},
      {"a match without LIKE",
       [](auto& d) { d.request_parameters[0].match = LikeMatch::kContains; },
       "/request_parameters/0/match"},
      {"a response of many values", [](auto& d) { d.response_parameters[0].type = kIntList; },
       "/response_parameters/0/type"},
  });
}

TEST(WizardLaws, ConditionsNameEachParameterOnce) {
  const auto all = [](std::vector<Condition> items) { return Condition{"", Join::kAll, items}; };
  const auto any = [](std::vector<Condition> items) { return Condition{"", Join::kAny, items}; };
  const FixedCondition live{
      .name = "live", .column = "gone", .type = kBoolean, .op = kIsNull, .value = "true"};
  expect_faults({
      {"none", [](auto&) {}, ""},
      {"a group",
       [&](auto& d) {
         d.conditions = any({{"a"}, {"b"}});
       },
       ""},
      {"groups in groups",
       [&](auto& d) {
         d.fixed_conditions = {live};
         d.conditions = all({{"live"}, any({{"a"}, all({{"b"}})})});
       },
       ""},
      {"an unknown name",
       [&](auto& d) {
         d.conditions = any({{"a"}, {"b"}, {"c"}});
       },
       "/conditions/any/2"},
      {"a name twice",
       [&](auto& d) {
         d.conditions = all({{"a"}, any({{"b"}, {"a"}})});
       },
       "/conditions/all/1/any/1"},
      {"a name left out", [&](auto& d) { d.conditions = all({{"a"}}); }, "/conditions"},
      {"a fixed one left out",
       [&](auto& d) {
         d.fixed_conditions = {live};
         d.conditions = all({{"a"}, {"b"}});
       },
       "/conditions"},
      {"an empty group",
       [&](auto& d) {
         d.conditions = all({{"a"}, {"b"}, any({})});
       },
       "/conditions/all/2"},
      {"no group", [](auto& d) { d.conditions = {"a"}; }, "/conditions"},
      {"eight levels",
       [&](auto& d) {
         d.conditions = all({{"a"}, {"b"}});
         for (int i = 0; i < 7; ++i) d.conditions = any({d.conditions});
       },
       ""},
      {"nine levels",
       [&](auto& d) {
         d.conditions = all({{"a"}, {"b"}});
         for (int i = 0; i < 8; ++i) d.conditions = any({d.conditions});
       },
       "/conditions/any/0/any/0/any/0/any/0/any/0/any/0/any/0/any/0"},
      {"a fixed value", [&](auto& d) { d.fixed_conditions = {live}; }, ""},
      {"a fixed value of no type",
       [&](auto& d) {
         d.fixed_conditions = {live};
         d.fixed_conditions[0].value = "x";
       },
       "/fixed_conditions/0/value"},
      {"a fixed one named like a parameter",
       [&](auto& d) {
         d.fixed_conditions = {live};
         d.fixed_conditions[0].name = "a";
       },
       "/fixed_conditions/0/name"},
      {"a fixed one without a column",
       [&](auto& d) {
         d.fixed_conditions = {live};
         d.fixed_conditions[0].column = "";
       },
       "/fixed_conditions/0/column"},
      {"a fixed pair",
       [&](auto& d) {
         d.fixed_conditions = {
             {.name = "f", .column = "c", .type = kIntList, .op = kBetween, .value = "1"}};
       },
       "/fixed_conditions/0/value"},
  });
}

TEST(WizardLaws, OrdersAndKeysNameColumnsOnce) {
  expect_faults({
      {"an order",
       [](auto& d) {
         d.order = {{"a"}, {"b", Direction::kDescending}};
       },
       ""},
      {"a column twice",
       [](auto& d) {
         d.order = {{"a"}, {"a", Direction::kDescending}};
       },
       "/order/1/column"},
      {"no column", [](auto& d) { d.order = {{""}}; }, "/order/0/column"},
      {"nine columns",
       [](auto& d) {
         for (char c = '1'; c <= '9'; ++c) d.order.push_back({std::string(1, c)});
       },
       "/order"},
      {"a key",
       [](auto& d) {
         d.key_columns = {"a", "b"};
       },
       ""},
      {"a key twice",
       [](auto& d) {
         d.key_columns = {"a", "a"};
       },
       "/key_columns/1"},
      {"a choice",
       [](auto& d) {
         d.caller_order = {"orderBy", {{"n", "a"}}};
       },
       ""},
      {"a choice without a name",
       [](auto& d) {
         d.caller_order = {"orderBy", {{"", "a"}}};
       },
       "/caller_order/choices/0/name"},
      {"choices without a parameter",
       [](auto& d) {
         d.caller_order = {"", {{"n", "a"}}};
       },
       "/caller_order"},
      {"a parameter without choices",
       [](auto& d) {
         d.caller_order = {"orderBy", {}};
       },
       "/caller_order"},
      {"a parameter that is taken",
       [](auto& d) {
         d.caller_order = {"a", {{"n", "a"}}};
       },
       "/caller_order/parameter"},
      {"a parameter of the paging",
       [](auto& d) {
         d.caller_order = {"pageNum", {{"n", "a"}}};
       },
       "/caller_order/parameter"},
      {"a choice twice",
       [](auto& d) {
         d.caller_order = {"orderBy", {{"n", "a"}, {"n", "b"}}};
       },
       "/caller_order/choices/1/name"},
      {"a cursor", [](auto& d) { d.paging = Paging::kCursor; }, ""},
      {"a cursor without pages",
       [](auto& d) {
         d.paging = Paging::kCursor;
         d.shape = ResultShape::kList;
       },
       "/paging"},
      {"a parameter called cursor", [](auto& d) { d.request_parameters[0].name = "cursor"; }, ""},
      {"a parameter called cursor beside one",
       [](auto& d) {
         d.paging = Paging::kCursor;
         d.request_parameters[0].name = "cursor";
       },
       "/request_parameters/0/name"},
  });
}

// Proves: R099
TEST(WizardLaws, PagesByCursorLackAKeyUntilItIsNamed) {
  auto definition = make_definition();
  definition.paging = Paging::kCursor;
  ASSERT_EQ(find_missing(definition).size(), 1u);
  EXPECT_EQ(find_missing(definition)[0].where, "/key_columns");
  definition.key_columns = {"a"};
  EXPECT_TRUE(find_missing(definition).empty());
}

}  // namespace
}  // namespace sluice::model
