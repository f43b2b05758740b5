// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what the service answered to an Error that tells the cases apart.

#include <sluice/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

struct Fault {
  Error error;
  std::uint64_t retry_after_ms = 0;  // 0: nobody knows; never of what is throttled
  bool is_of_accelerator = false;    // an ordinary job may still do
  bool is_session_lost = false;      // ODPS-181: attach again
  bool is_transient = false;         // the same request may do a moment later
  bool is_throttled = false;
  bool is_unanswered = false;  // nobody knows whether the service took the request
};

// An answer that is no success: XML, JSON or text. [any]
Fault make_http_fault(int http_status, std::string_view body, std::string_view request_id,
                      std::uint64_t retry_after_ms);
// The text of a job that failed. [any]
Fault make_task_fault(std::string_view text);
// The client could not bring the request through. [any]
Fault make_transport_fault(Status status, std::string_view why);
// What the service answers is not what it should be. [any]
Fault make_protocol_fault(std::string what);

// "ODPS-0130131" of a text, empty when there is none. [any]
std::string_view find_odps_code(std::string_view text);

}  // namespace sluice::maxcompute
