// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what a result says about a value to a cell, whatever route it came by.

#include "type.hpp"

#include <sluice/rows.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

// The cells of one row and the texts that were made for them. Cells borrow from here, and where it
// was not needed from what they were read from.
class RowCells {
 public:
  // All NULL.
  void begin(std::size_t columns);
  void set(std::size_t column, const Cell& cell) { cells_[column] = cell; }
  // A text that is made here: append to text(), then say for which column and type.
  std::string& text() { return text_; }
  std::size_t mark() const { return text_.size(); }
  void set_made(std::size_t column, std::uint32_t type, std::size_t from);
  // Once all columns are set.
  std::span<const Cell> finish();

 private:
  struct Made {
    std::size_t column, from, size;
  };
  std::vector<Cell> cells_;
  std::string text_;
  std::vector<Made> made_;
};

// "-12.340" with every digit; nothing when it does not fit into 128 bits or is no decimal.
std::optional<Cell> parse_decimal(std::string_view text);
// The double that has the same shortest text: 0.1f is 0.1, not 0.10000000149.
double widen(float value);
// A number of JSON, or null for what JSON has none for.
void append_json_number(std::string& out, double value);

// 2026-11-23T06:00:00.123456789Z as a cell: a TIMESTAMP when microseconds hold it, else a text with
// all digits.
void set_timestamp(RowCells& row, std::size_t column, std::int64_t unix_s, std::int64_t ns);
// Without a zone: always a text.
void append_timestamp_ntz(std::string& out, std::int64_t unix_s, std::int64_t ns);
void append_timestamp(std::string& out, std::int64_t unix_s, std::int64_t ns);
void append_year_month(std::string& out, std::int64_t months);            // 1-2
void append_day_time(std::string& out, std::int64_t s, std::int64_t ns);  // 1 02:03:04.5
bool is_json(std::string_view text);

// One field of CSV, that is not NULL, as its type says; without a type as it looks.
void set_from_csv(RowCells& row, std::size_t column, const Type* type, std::string_view text,
                  bool was_quoted);

}  // namespace sluice::maxcompute
