// SPDX-License-Identifier: Apache-2.0
#include "dataservice/parameters.hpp"

#include "dataservice/body.hpp"
#include "problem/problem.hpp"

#include <gtest/gtest.h>

namespace sluice::dataservice {
namespace {

using model::ParameterType;

TEST(Bind, TakesAValueOnlyWhenAllOfItIsOfTheType) {
  const struct {
    ParameterType type;
    std::string_view text;
    bool is_taken;
  } cases[] = {
      {ParameterType::kInt, "2147483647", true},
      {ParameterType::kInt, "2147483648", false},
      {ParameterType::kLong, "-9223372036854775808", true},
      {ParameterType::kLong, "9223372036854775808", false},
      {ParameterType::kLong, "1 OR 1=1", false},
      {ParameterType::kLong, "", false},
      {ParameterType::kLong, " 1", false},
      {ParameterType::kLong, "+1", false},
      {ParameterType::kLong, "0x10", false},
      {ParameterType::kDouble, "1e3", true},
      {ParameterType::kDouble, "nan", false},
      {ParameterType::kDouble, "inf", false},
      {ParameterType::kFloat, "1e39", false},
      {ParameterType::kBoolean, "true", true},
      {ParameterType::kBoolean, "TRUE", false},
      {ParameterType::kString, "", true},
      {ParameterType::kString, "' OR '1'='1", true},
      {ParameterType::kString, std::string_view("a\0b", 3), false},
      {ParameterType::kString, "\xff", false},
      {ParameterType::kString, "用户", true},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(parse_value(c.type, c.text).has_value(), c.is_taken);
  }
}

TEST(Bind, DecodesAComponentExactlyOnce) {
  const struct {
    std::string_view raw;
    std::optional<std::string_view> decoded;
  } cases[] = {
      {"abc", "abc"}, {"a+b", "a b"}, {"a%2Bb", "a+b"}, {"%2541", "%41"},
      {"%zz", {}},    {"%", {}},      {"%4", {}},       {"a%20b", "a b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.raw);
    call::Arena arena;
    EXPECT_EQ(decode_component(c.raw, arena), c.decoded);
  }
}

TEST(Bind, TellsAllFaultsOfACallInOneMessage) {
  Faults faults;
  faults.add_value("size", "must be from 1 to 10");
  faults.add_format("user_id", describe(ParameterType::kInt));
  faults.add_missing("name");
  const Error error = faults.to_error();
  EXPECT_EQ(error.status, problem::kParameterMissing);
  EXPECT_EQ(error.detail,
            "size must be from 1 to 10; user_id must be a whole number from -2147483648 to "
            "2147483647; name is required and missing");
}

TEST(Body, IsAnObjectOfScalarsAndArraysOfThem) {
  const struct {
    std::string_view json;
    bool is_taken;
    std::string_view seen;
  } cases[] = {
      {R"({"a":1,"b":"x"})", true, "a=1;b=x;"},
      {R"({"a":1.50,"b":true,"c":null})", true, "a=1.50;b=true;"},
      {R"({})", true, ""},
      {R"([1])", false, ""},
      {R"({"a":[1,"x,y"],"b":2})", true, "a[1;a[x,y;b=2;"},
      {R"({"a":[]})", true, "a[];"},
      {R"({"a":[[1]]})", false, ""},
      {R"({"a":[{"b":1}]})", false, ""},
      {R"({"a":[null]})", false, ""},
      {R"({"a":{"b":1}})", false, ""},
      {R"({"a":1,"a":2})", false, "a=1;"},
      {R"({"a":1} x)", false, "a=1;"},
      {R"(7)", false, ""},
      {"", false, ""},
      {R"({"a":"\ud800"})", false, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.json);
    call::Arena arena;
    std::string seen;
    const auto fault = parse_json_object(
        c.json, arena, [&](std::string_view name, std::string_view text, Part part) {
          seen.append(name);
          seen.append(part == Part::kWhole ? "=" : part == Part::kItem ? "[" : "[]");
          seen.append(text).append(";");
        });
    EXPECT_EQ(!fault.has_value(), c.is_taken);
    EXPECT_EQ(seen, c.seen);
  }
}

}  // namespace
}  // namespace sluice::dataservice
