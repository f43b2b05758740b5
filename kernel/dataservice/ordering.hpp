// SPDX-License-Identifier: Apache-2.0
#pragma once
// In which order rows come: the definition's, or what a caller chose from its list. For pages the
// key columns end both, so that no two rows are equal and no page repeats or loses one.

#include "call/arena.hpp"
#include "dataservice/statement_maker.hpp"
#include "model/nouns.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::dataservice {

class Ordering {
 public:
  explicit Ordering(const model::ApiDefinition& definition);  // which outlives it

  std::span<const OrderTerm> fixed() const noexcept { return fixed_; }
  // The parameter by which a caller chooses; empty: he does not.
  std::string_view parameter() const noexcept { return definition_.caller_order.parameter; }
  // "name:desc,age" as an order; nullopt: it is none of ours, or the arena is used up. [io]
  std::optional<std::span<const OrderTerm>> parse(std::string_view text, call::Arena& arena) const;
  // "must name one or more of name, age, ...": for an error.
  const std::string& description() const noexcept { return description_; }

 private:
  bool is_key(std::string_view column) const;
  template <class Add>
  void add_keys(Add add, bool is_descending, std::span<const OrderTerm> terms) const;

  const model::ApiDefinition& definition_;
  std::vector<OrderTerm> fixed_;
  std::string description_;
};

}  // namespace sluice::dataservice
