// SPDX-License-Identifier: Apache-2.0
#pragma once
// A table whose rows are known, and what each operator of wizard mode means for them, said a second
// time and in another way than by SQL: the reference that answers are compared with.

#include "model/nouns.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::tests {

using Value = std::variant<std::int64_t, double, std::string>;  // booleans are 0 and 1
using Field = std::optional<Value>;                             // none: NULL

struct Person {
  std::int64_t id;
  Field name, age, score, active;
  const Field& column(std::string_view column) const;
};

// `more` names are added to those that every table has; the ids count from 1.
std::vector<Person> make_people(const std::vector<std::string>& more = {});
// The table "people" with these rows, and indexes over name and age.
std::string make_people_sql(const std::vector<Person>& people);

struct Question {
  std::string column;
  model::Operator op = model::Operator::kEqual;
  model::LikeMatch match = model::LikeMatch::kExact;
  std::vector<Value> values;
};
// As SQL has it: none is "unknown", which NULL makes of everything but IS NULL.
std::optional<bool> evaluate(const Question& question, const Person& person);

// The text as a value of the type, by rules of its own; none: it is no such value.
std::optional<Value> read_value(model::ParameterType type, std::string_view text);

// Strings of the corpus as names, so that there is something to find.
std::vector<std::string> pick_names();

}  // namespace sluice::tests
