// SPDX-License-Identifier: Apache-2.0
#pragma once
// A StatementMaker turns what one call asks for into the statements that its data source runs:
// wizard mode from a table and conditions, other modes from what a developer wrote. The data
// service binds the call before and runs the statements after; a maker sees neither request nor
// source. Values are placeholders, numbered from 1 and lent as arguments; nothing of a request ever
// becomes text.

#include "call/arena.hpp"

#include <sluice/result.hpp>
#include <sluice/rows.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::dataservice {

inline constexpr std::size_t kArgumentsMax = 900;  // of one statement

// One column of an order; borrows from the definition.
struct OrderTerm {
  std::string_view column;
  bool is_descending = false;
  bool is_not_null = false;  // of the key: it tells rows apart
};

// What a call asks for. Everything is borrowed until the call ends.
struct Asked {
  // By the definition's request parameters: no cell, it is absent; one; of a list, several.
  std::span<const std::span<const Cell>> values;
  std::int64_t limit = 0, offset = 0;  // of the rows; an offset only when is_paged
  bool is_paged = false;               // pages by number
  bool wants_count = false;            // how many rows there are in all
  // Pages by cursor: the columns of `order` follow the response's in each row. `after` holds those
  // of the row that was seen last; empty: from the first row on.
  bool has_cursor = false;
  std::span<const OrderTerm> order;
  std::span<const Cell> after;
};

// What is asked of the source; `count` only when it is wanted. Texts and arguments live as long as
// the maker, or in the call's arena.
struct Statements {
  std::string_view rows, count;
  std::span<const Cell> row_args, count_args;
};

// [any] const; one for each published version, many calls at once.
class StatementMaker {
 public:
  virtual ~StatementMaker() = default;
  // An Error answers the call: a status of the problem room.
  virtual Result<void> make(const Asked& asked, call::Arena& arena, Statements& made) const = 0;
};

}  // namespace sluice::dataservice
