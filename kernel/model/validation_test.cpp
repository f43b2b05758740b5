// SPDX-License-Identifier: Apache-2.0
#include "model/validation.hpp"

#include "model/laws.hpp"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

using enum ParameterType;

std::string judge(ParameterType type, const Validation& validation, std::string_view text) {
  const auto rules = Rules::make(type, validation);
  if (!rules) return rules.error().where + ": " + rules.error().detail;
  const auto cell = parse_value(type, text);
  if (!cell) return "no value";
  const auto* breach = rules->find_breach(*cell);
  return breach ? *breach : "";
}

TEST(Rules, JudgeAValueByWhatTheDefinitionAllows) {
  const struct {
    const char* name;
    ParameterType type;
    Validation validation;
    std::string text, breach;
  } cases[] = {
      {"no rule", kString, {}, "anything", ""},
      {"one of", kString, {.allowed = {{"b", "a"}}}, "a", ""},
      {"none of", kString, {.allowed = {{"b", "a"}}}, "c", "must be one of b, a"},
      {"case matters", kString, {.allowed = {{"a"}}}, "A", "must be one of a"},
      {"a number of them", kInt, {.allowed = {{"3", "1"}}}, "1", ""},
      {"no number of them", kInt, {.allowed = {{"3", "1"}}}, "2", "must be one of 3, 1"},
      {"a floating one", kDouble, {.allowed = {{"1.5"}}}, "1.50", ""},
      {"a boolean", kBoolean, {.allowed = {{"true"}}}, "false", "must be one of true"},
      {"of a list, one value", kIntList, {.allowed = {{"1"}}}, "2", "must be one of 1"},
      {"at the least", kLong, {.min = "5", .max = "7"}, "5", ""},
      {"at the most", kLong, {.min = "5", .max = "7"}, "7", ""},
      {"below", kLong, {.min = "5", .max = "7"}, "4", "must be from 5 to 7"},
      {"above", kLong, {.min = "5", .max = "7"}, "8", "must be from 5 to 7"},
      {"only a least", kDouble, {.min = "0.5"}, "0.4", "must be at least 0.5"},
      {"only a most", kDouble, {.max = "0.5"}, "0.6", "must be at most 0.5"},
      {"the last integer",
       kLong,
       {.min = "9223372036854775807"},
       "9223372036854775806",
       "must be at least 9223372036854775807"},
      {"short", kString, {.min_length = 2}, "a", "must have at least 2 characters"},
      {"long", kString, {.max_length = 2}, "abc", "must have at most 2 characters"},
      {"between", kString, {.min_length = 1, .max_length = 2}, "", "must have 1 to 2 characters"},
      {"characters, not bytes", kString, {.max_length = 2}, "\xE7\x94\xA8\xE6\x88\xB7", ""},
      {"matches", kString, {.pattern = "[a-z]+[0-9]{2}"}, "ab12", ""},
      {"matches in part", kString, {.pattern = "[a-z]+"}, "ab12", "must match [a-z]+"},
      {"an alternative in part", kString, {.pattern = "a|ab"}, "ab", ""},
      {"a line end behind it", kString, {.pattern = "[a-z]+"}, "ab\n", "must match [a-z]+"},
      {"Chinese", kString, {.pattern = "\\p{Han}+"}, "\xE7\x94\xA8", ""},
      // A pattern that backtracking engines take forever for.
      {"evil", kString, {.pattern = "(a+)+$"}, std::string(50'000, 'a') + "!", "must match (a+)+$"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge(c.type, c.validation, c.text), c.breach);
  }
}

TEST(Rules, ThatAreNoneAreToldWithTheirPlace) {
  const struct {
    const char* name;
    ParameterType type;
    Validation validation;
    std::string_view fault;
  } cases[] = {
      {"empty enumeration",
       kString,
       {.allowed = std::vector<std::string>{}},
       "/enum: an enumeration without values allows nothing"},
      {"of another type", kInt, {.allowed = {{"1", "x"}}}, "/enum/1: 'x' is no int"},
      {"range of text", kString, {.min = "a"}, "/min: only a number has a range"},
      {"range of boolean", kBoolean, {.max = "1"}, "/max: only a number has a range"},
      {"no number", kInt, {.min = "x"}, "/min: 'x' is no int"},
      {"out of its type", kInt, {.max = "2147483648"}, "/max: '2147483648' is no int"},
      {"backwards", kInt, {.min = "2", .max = "1"}, "/max: the range ends before it begins"},
      {"length of a number", kInt, {.min_length = 1}, "/min_length: only a string has a length"},
      {"negative", kString, {.max_length = -1}, "/max_length: a length is never negative"},
      {"lengths backwards",
       kString,
       {.min_length = 2, .max_length = 1},
       "/max_length: the longest length is below the shortest"},
      {"pattern of a number", kInt, {.pattern = "1"}, "/pattern: only a string has a pattern"},
      {"no pattern",
       kString,
       {.pattern = "("},
       "/pattern: the pattern is not understood: missing ): ("},
      {"a backreference",
       kString,
       {.pattern = "(a)\\1"},
       "/pattern: the pattern is not understood: invalid escape sequence: \\1"},
      {"lookahead",
       kString,
       {.pattern = "(?=a)"},
       "/pattern: the pattern is not understood: invalid perl operator: (?="},
      {"too large when unfolded",
       kString,
       {.pattern = "((a{100}){100}){100}"},
       "/pattern: the pattern is not understood: invalid repetition size: {100}"},
      {"long pattern",
       kString,
       {.pattern = std::string(501, 'a')},
       "/pattern: the pattern has more than 500 bytes"},
      {"empty pattern", kString, {.pattern = ""}, "/pattern: the pattern is empty"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge(c.type, c.validation, "1"), c.fault);
  }
}

}  // namespace
}  // namespace sluice::model
