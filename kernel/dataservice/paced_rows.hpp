// SPDX-License-Identifier: Apache-2.0
#pragma once
// PacedRows: stands between an asynchronous data source and the serializer's writer, and tells the
// source to pause when the client is slower than it (SLUICE_PAUSE). Other sources push into the
// writer itself: they wait on their worker.

#include "call/call.hpp"
#include "dataservice/row_filter.hpp"

namespace sluice::dataservice {

class PacedRows : public RowFilter<PacedRows> {
 public:
  PacedRows() = default;
  PacedRows(sluice_rows* next, call::Call& call) noexcept : RowFilter(next), call_(&call) {}

  sluice_status push(const sluice_cell* cells, std::size_t n) {
    const Status status = RowFilter::push(cells, n);
    return status == SLUICE_OK ? call_->offer_piece() : status;
  }

 private:
  call::Call* call_ = nullptr;
};

}  // namespace sluice::dataservice
