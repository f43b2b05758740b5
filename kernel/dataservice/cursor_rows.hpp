// SPDX-License-Identifier: Apache-2.0
#pragma once
// CursorRows: stands before the serializer's writer when pages are found by cursor. The source is
// asked for one row more than the page has, and for the order's columns behind the response's: the
// writer sees neither; what they say is where the next page begins.

#include "dataservice/cursor.hpp"

#include <sluice/rows.hpp>

namespace sluice::dataservice {

// One query's; stands in the call's arena. What it is made over outlives the step.
class CursorRows {
 public:
  CursorRows() = default;
  // `last`: room for the order's columns of the last row of the page.
  CursorRows(sluice_rows* writer, std::int64_t page_size, std::span<Cell> last,
             call::Arena& arena) noexcept
      : table_{.size = sizeof(sluice_rows_vt),
               .types = writer->vt->types,
               .begin = &begin,
               .push = &push,
               .extension = nullptr},
        writer_(writer),
        page_size_(page_size),
        last_(last),
        arena_(&arena) {}

  // Lent until the object moves or ends.
  sluice_rows* sink() noexcept {
    side_ = {{&table_}, this};
    return &side_.rows;
  }
  // The last row's order columns when another page follows; otherwise none.
  std::span<const Cell> last() const noexcept {
    return rows_ > page_size_ ? std::span<const Cell>(last_) : std::span<const Cell>();
  }

 private:
  struct Side {  // first member is what the source sees
    sluice_rows rows;
    CursorRows* self;
  };
  static CursorRows& of(sluice_rows* rows) noexcept { return *reinterpret_cast<Side*>(rows)->self; }
  static sluice_status begin(sluice_rows* rows, const sluice_column* columns, std::size_t n) {
    CursorRows& self = of(rows);
    if (n < self.last_.size()) return SLUICE_E_INTERNAL;
    self.columns_ = n;
    return self.writer_->vt->begin(self.writer_, columns, n - self.last_.size());
  }
  static sluice_status push(sluice_rows* rows, const sluice_cell* cells, std::size_t n) {
    CursorRows& self = of(rows);
    for (; n > 0; --n, cells += self.columns_) {
      if (++self.rows_ > self.page_size_) continue;
      if (self.rows_ == self.page_size_ && !self.keep(cells)) return SLUICE_E_TOO_LARGE;
      const Status status = self.writer_->vt->push(self.writer_, cells, 1);
      if (status != SLUICE_OK) return status;
    }
    return SLUICE_OK;
  }
  bool keep(const sluice_cell* row) {
    const sluice_cell* key = row + columns_ - last_.size();
    for (auto& cell : last_) {
      if (!copy_cell(*key++, *arena_, cell)) return false;
    }
    return true;
  }

  sluice_rows_vt table_{};
  sluice_rows* writer_ = nullptr;
  std::int64_t page_size_ = 0, rows_ = 0;
  std::size_t columns_ = 0;
  std::span<Cell> last_;
  call::Arena* arena_ = nullptr;
  Side side_{};
};

}  // namespace sluice::dataservice
