// SPDX-License-Identifier: Apache-2.0
#pragma once
// PacedRows: stands between an asynchronous data source and the serializer's writer, and tells the
// source to pause when the client is slower than it (SLUICE_PAUSE). Other sources push into the
// writer itself: they wait on their worker.

#include "call/call.hpp"

#include <sluice/rows.hpp>

namespace sluice::dataservice {

// One query's; stands in the call's arena. What it is made over outlives the step.
class PacedRows {
 public:
  PacedRows() = default;
  PacedRows(sluice_rows* writer, call::Call& call) noexcept
      : table_{.size = sizeof(sluice_rows_vt),
               .types = writer->vt->types,
               .begin = &begin,
               .push = &push,
               .extension = nullptr},
        writer_(writer),
        call_(&call) {}

  // Lent until the object moves or ends.
  sluice_rows* sink() noexcept {
    side_ = {{&table_}, this};
    return &side_.rows;
  }

 private:
  struct Side {  // first member is what the source sees
    sluice_rows rows;
    PacedRows* self;
  };
  static PacedRows& of(sluice_rows* rows) noexcept { return *reinterpret_cast<Side*>(rows)->self; }
  static sluice_status begin(sluice_rows* rows, const sluice_column* columns, std::size_t n) {
    sluice_rows* const writer = of(rows).writer_;
    return writer->vt->begin(writer, columns, n);
  }
  static sluice_status push(sluice_rows* rows, const sluice_cell* cells, std::size_t n) {
    const PacedRows& self = of(rows);
    const Status status = self.writer_->vt->push(self.writer_, cells, n);
    return status == SLUICE_OK ? self.call_->offer_piece() : status;
  }

  sluice_rows_vt table_{};
  sluice_rows* writer_ = nullptr;
  call::Call* call_ = nullptr;
  Side side_{};
};

}  // namespace sluice::dataservice
