// SPDX-License-Identifier: Apache-2.0
#pragma once
// Cells, columns and the sink that takes rows.

#include <sluice/result.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice {
inline namespace v1 {

using Cell = sluice_cell;      // 24 bytes; text and bytes are borrowed
using Column = sluice_column;  // the name is borrowed

inline Cell make_null() noexcept { return Cell{SLUICE_T_NULL, 0, {0}}; }
inline Cell make_cell(std::uint32_t type, std::int64_t value) noexcept {
  Cell c{type, 0, {0}};
  c.v.i = value;
  return c;
}
inline Cell make_int64(std::int64_t value) noexcept { return make_cell(SLUICE_T_INT64, value); }
inline Cell make_bool(bool value) noexcept { return make_cell(SLUICE_T_BOOL, value); }
// Microseconds since 1970 UTC.
inline Cell make_timestamp(std::int64_t us) noexcept { return make_cell(SLUICE_T_TIMESTAMP, us); }
inline Cell make_double(double value) noexcept {
  Cell c{SLUICE_T_DOUBLE, 0, {0}};
  c.v.f = value;
  return c;
}
inline Cell make_text(std::string_view value, std::uint32_t type = SLUICE_T_TEXT) noexcept {
  Cell c{type, 0, {0}};
  c.v.s = to_str(value);
  return c;
}
inline Cell make_bytes(std::string_view value) noexcept { return make_text(value, SLUICE_T_BYTES); }
// Unscaled 128-bit two's complement; `scale` digits stand after the point.
inline Cell make_decimal(std::uint64_t lo, std::int64_t hi, std::int32_t scale) noexcept {
  Cell c{SLUICE_T_DECIMAL, scale, {0}};
  c.v.d.lo = lo;
  c.v.d.hi = hi;
  return c;
}
inline Column make_column(std::string_view name, std::uint32_t type,
                          bool nullable = true) noexcept {
  return Column{to_str(name), type, nullable, 0};
}

// Where a data source pushes its rows. A borrowed handle, dead when the op completes. [run]
class Rows {
 public:
  explicit Rows(sluice_rows* rows) noexcept : rows_(rows) {}

  // Columns, once, before the first row.
  Status begin(std::span<const Column> columns) const noexcept {
    return rows_->vt->begin(rows_, columns.data(), columns.size());
  }
  // One row. Nothing of the cells is kept. Anything but SLUICE_OK (and SLUICE_PAUSE, which only an
  // asynchronous source sees): stop and return it.
  Status push(std::span<const Cell> row) const noexcept {
    return rows_->vt->push(rows_, row.data(), 1);
  }
  bool takes(std::uint32_t type) const noexcept { return (rows_->vt->types >> type & 1u) != 0; }
  sluice_rows* raw() const noexcept { return rows_; }

 private:
  sluice_rows* rows_;
};

}  // namespace v1
}  // namespace sluice
