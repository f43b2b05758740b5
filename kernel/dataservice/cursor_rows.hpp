// SPDX-License-Identifier: Apache-2.0
#pragma once
// CursorRows: stands before the serializer's writer when pages are found by cursor. The source is
// asked for one row more than the page has, and for the order's columns behind the response's: the
// writer sees neither; what they say is where the next page begins.

#include "dataservice/cursor.hpp"
#include "dataservice/row_filter.hpp"

namespace sluice::dataservice {

class CursorRows : public RowFilter<CursorRows> {
 public:
  CursorRows() = default;
  // `last`: room for the order's columns of the last row of the page.
  CursorRows(sluice_rows* next, std::int64_t page_size, std::span<Cell> last,
             call::Arena& arena) noexcept
      : RowFilter(next), page_size_(page_size), last_(last), arena_(&arena) {}

  // The last row's order columns when another page follows; otherwise none.
  std::span<const Cell> last() const noexcept {
    return rows_ > page_size_ ? std::span<const Cell>(last_) : std::span<const Cell>();
  }

  sluice_status begin(const sluice_column* columns, std::size_t n) {
    if (n < last_.size()) return SLUICE_E_INTERNAL;
    columns_ = n;
    return RowFilter::begin(columns, n - last_.size());
  }
  sluice_status push(const sluice_cell* cells, std::size_t n) {
    for (; n > 0; --n, cells += columns_) {
      if (++rows_ > page_size_) continue;
      if (rows_ == page_size_ && !keep(cells)) return SLUICE_E_TOO_LARGE;
      if (const Status status = RowFilter::push(cells, 1); status != SLUICE_OK) return status;
    }
    return SLUICE_OK;
  }

 private:
  bool keep(const sluice_cell* row) {
    const sluice_cell* key = row + columns_ - last_.size();
    for (auto& cell : last_) {
      if (!copy_cell(*key++, *arena_, cell)) return false;
    }
    return true;
  }

  std::int64_t page_size_ = 0, rows_ = 0;
  std::size_t columns_ = 0;
  std::span<Cell> last_;
  call::Arena* arena_ = nullptr;
};

}  // namespace sluice::dataservice
