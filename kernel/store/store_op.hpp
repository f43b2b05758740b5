// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a call of a store component needs around it. Inside this room only.

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace sluice::store {

// What a store call needs of a call: nobody cancels it, and it remembers why it failed.
struct StoreOp : sluice_op {
  Error error;

  StoreOp() : sluice_op{} {
    static const sluice_op_vt table{
        sizeof(sluice_op_vt),
        0,
        [](sluice_op*) -> sluice_status { return SLUICE_OK; },
        [](sluice_op* op, sluice_status status, sluice_str text, sluice_str internal) {
          static_cast<StoreOp*>(op)->error = {
              status, std::string(to_view(text)), std::string(to_view(internal)), {}};
        },
        [](sluice_op*, std::uint64_t, sluice_status) {},
        [](sluice_op*, std::size_t) -> void* { return nullptr; },
        [](sluice_op*, sluice_str, sluice_str, sluice_credential*) -> sluice_status {
          return SLUICE_E_NOT_FOUND;
        }};
    size = sizeof(sluice_op);
    mode = SLUICE_RUN_WORKER;
    vt = &table;
    deadline_ns = UINT64_MAX;
  }

  Error make_error(Status status) const {
    auto made = error;
    made.status = status < 0 ? status : SLUICE_E_INTERNAL;  // a store here may not answer later
    if (made.detail.empty()) made.detail = "the store failed";
    return made;
  }
};

// Hands on each document as it comes, until `take` answers anything but OK.
struct StoreSink : sluice_store_out {
  std::function<sluice_status(const sluice_store_doc&)> take;

  explicit StoreSink(std::function<sluice_status(const sluice_store_doc&)> taker)
      : sluice_store_out{}, take(std::move(taker)) {
    static const sluice_store_out_vt table{
        sizeof table, 0, [](sluice_store_out* out, const sluice_store_doc* doc) -> sluice_status {
          try {
            return static_cast<StoreSink*>(out)->take(*doc);
          } catch (const std::exception&) {
            return SLUICE_E_INTERNAL;
          }
        }};
    vt = &table;
  }
};

}  // namespace sluice::store
