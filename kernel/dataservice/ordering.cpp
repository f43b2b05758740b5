// SPDX-License-Identifier: Apache-2.0
#include "dataservice/ordering.hpp"

#include "model/laws.hpp"

#include <algorithm>

namespace sluice::dataservice {
namespace {

bool has_column(std::span<const OrderTerm> terms, std::string_view column) {
  return std::ranges::any_of(terms, [&](const auto& term) { return term.column == column; });
}

}  // namespace

Ordering::Ordering(const model::ApiDefinition& definition) : definition_(definition) {
  for (const auto& key : definition.order) {
    fixed_.push_back(
        {key.column, key.direction == model::Direction::kDescending, is_key(key.column)});
  }
  const auto asked = fixed_;
  add_keys([&](const OrderTerm& term) { fixed_.push_back(term); },
           !asked.empty() && asked.back().is_descending, asked);
  description_ = "must name one or more of ";
  for (const auto& choice : definition.caller_order.choices) {
    if (!description_.ends_with("of ")) description_ += ", ";
    description_ += choice.name;
  }
  description_ += ", each once and perhaps with :asc or :desc";
}

bool Ordering::is_key(std::string_view column) const {
  return std::ranges::find(definition_.key_columns, column) != definition_.key_columns.end();
}

// They go on in the direction of the last column before them: an index over all of them then
// serves, forwards or backwards.
template <class Add>
void Ordering::add_keys(Add add, bool is_descending, std::span<const OrderTerm> terms) const {
  if (definition_.shape != model::ResultShape::kPage) return;
  for (const auto& key : definition_.key_columns) {
    if (!has_column(terms, key)) add(OrderTerm{key, is_descending, true});
  }
}

std::optional<std::span<const OrderTerm>> Ordering::parse(std::string_view text,
                                                          call::Arena& arena) const {
  const auto terms =
      arena.make_array<OrderTerm>(model::kOrderKeysMax + definition_.key_columns.size());
  if (terms.empty()) return std::nullopt;
  std::size_t used = 0;
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto part = text.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
    const auto colon = part.find(':');
    const auto name = part.substr(0, colon);
    const auto direction = colon == std::string_view::npos ? "asc" : part.substr(colon + 1);
    const auto choice = std::ranges::find_if(definition_.caller_order.choices,
                                             [&](const auto& c) { return c.name == name; });
    if (choice == definition_.caller_order.choices.end() ||
        (direction != "asc" && direction != "desc") || used == model::kOrderKeysMax ||
        has_column(terms.first(used), choice->column)) {
      return std::nullopt;
    }
    terms[used++] = {choice->column, direction == "desc", is_key(choice->column)};
  }
  const auto chosen = terms.first(used);
  add_keys([&](const OrderTerm& term) { terms[used++] = term; }, chosen.back().is_descending,
           chosen);
  return terms.first(used);
}

}  // namespace sluice::dataservice
