// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values of parameters: text -> typed cell, and the rules that a definition gives for them. The
// laws judge defaults and samples with the very code that judges the values of calls.

#include "model/nouns.hpp"
#include "model/pattern.hpp"

#include <sluice/result.hpp>
#include <sluice/rows.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// The whole text as one value of the type (of a list's, of one value of it); nullopt when it is
// none. Text cells borrow from `text`. [any]
std::optional<Cell> parse_value(ParameterType type, std::string_view text);

// A parameter's Validation, ready to judge values. [any] once made.
class Rules {
 public:
  // An Error's `where` points into the validation: "/pattern".
  static Result<Rules> make(ParameterType type, const Validation& validation);

  bool empty() const noexcept { return !has_allowed_ && !has_range_ && !has_length_ && !pattern_; }

  // What a value of the type must be and is not: "must be from 1 to 10". Null: it is allowed.
  const std::string* find_breach(const Cell& value) const;

 private:
  ParameterType type_ = ParameterType::kString;
  bool has_allowed_ = false, has_range_ = false, has_length_ = false;
  std::vector<std::string> texts_;      // allowed ones, sorted
  std::vector<std::int64_t> integers_;  // booleans too
  std::vector<double> doubles_;
  std::optional<Cell> min_, max_;
  std::size_t min_length_ = 0, max_length_ = static_cast<std::size_t>(-1);
  std::optional<Pattern> pattern_;
  std::string allowed_text_, range_text_, length_text_, pattern_text_;
};

}  // namespace sluice::model
