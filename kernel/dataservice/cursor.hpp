// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cursors: where a page ended, as a text that only this gateway can have written. It holds the
// order columns of the last row and a MAC over them, the table and the order; a cursor of another
// order, of another table, or with one character changed is none.

#include "call/arena.hpp"
#include "dataservice/statement_maker.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::dataservice {

inline constexpr std::size_t kCursorBytesMax = 3000;  // as text; a URL has to hold it

// What a cursor is good for.
struct CursorScope {
  std::string_view table;
  std::span<const OrderTerm> order;
};

class CursorSealer {
 public:
  // The same key on every node, so that a cursor of one is good on all.
  explicit CursorSealer(std::string key) : key_(std::move(key)) {}

  // Both in the arena. nullopt: too long, a type that cannot stand in it, or no memory. [any]
  std::optional<std::string_view> seal(std::span<const Cell> keys, const CursorScope& scope,
                                       call::Arena& arena) const;
  // As many cells as the order has columns; nullopt: it is no cursor of this scope. [any]
  std::optional<std::span<const Cell>> open(std::string_view text, const CursorScope& scope,
                                            call::Arena& arena) const;

 private:
  std::string key_;
};

// A copy of the cell whose text lives in the arena; false: no memory.
bool copy_cell(const Cell& from, call::Arena& arena, Cell& to);

}  // namespace sluice::dataservice
