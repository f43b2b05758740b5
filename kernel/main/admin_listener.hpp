// SPDX-License-Identifier: Apache-2.0
#pragma once
// The management API behind a listener: its I/O thread is the control thread.

#include "admin/admin_api.hpp"
#include "http/exchange.hpp"

namespace sluice::node {

class AdminListener final : public http::Handler {
 public:
  explicit AdminListener(admin::AdminApi& api) : api_(api) {}
  void handle(http::Exchange& exchange) override;

 private:
  admin::AdminApi& api_;
};

}  // namespace sluice::node
