// SPDX-License-Identifier: Apache-2.0
#pragma once
// RowFilter: what stands between a data source and the serializer's writer, as the source sees it:
// a sink of rows that hands them on. A filter derives from it and writes begin() or push() anew.
//
//   class Mine : public RowFilter<Mine> { ... sluice_status push(const sluice_cell*, std::size_t);
//   };

#include <sluice/rows.hpp>

#include <cstddef>

namespace sluice::dataservice {

// One query's; stands in the call's arena. What it is made over outlives the step.
template <class Filter>
class RowFilter {
 public:
  // Lent until the object moves or ends.
  sluice_rows* sink() noexcept {
    side_ = {{&table_}, static_cast<Filter*>(this)};
    return &side_.rows;
  }

  sluice_status begin(const sluice_column* columns, std::size_t n) {
    return next_->vt->begin(next_, columns, n);
  }
  sluice_status push(const sluice_cell* cells, std::size_t n) {
    return next_->vt->push(next_, cells, n);
  }

 protected:
  RowFilter() = default;
  explicit RowFilter(sluice_rows* next) noexcept
      : table_{.size = sizeof(sluice_rows_vt),
               .types = next->vt->types,
               .begin = [](sluice_rows* rows, const sluice_column* columns,
                           std::size_t n) { return of(rows).begin(columns, n); },
               .push = [](sluice_rows* rows, const sluice_cell* cells,
                          std::size_t n) { return of(rows).push(cells, n); },
               .extension = nullptr},
        next_(next) {}

 private:
  struct Side {  // first member is what the source sees
    sluice_rows rows;
    Filter* self;
  };
  static Filter& of(sluice_rows* rows) noexcept { return *reinterpret_cast<Side*>(rows)->self; }

  sluice_rows_vt table_{};
  sluice_rows* next_ = nullptr;
  Side side_{};
};

}  // namespace sluice::dataservice
