// SPDX-License-Identifier: Apache-2.0
#pragma once
// Error -> HTTP status, product code and body: the one exit for failures of a call, and the only
// room that knows statuses. Codes of the data service are those of product.md 2.7; what the gateway
// itself refuses carries its HTTP status as errCode.

#include <sluice/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::problem {

// Statuses that only the gateway knows; they never cross the plugin boundary.
inline constexpr Status kBadRequest = -1001;        // the bytes are not a request
inline constexpr Status kRouteNotFound = -1002;     // no API under that host and path
inline constexpr Status kMethodNotAllowed = -1003;  // the path is there, the method is not
inline constexpr Status kRequestTimeout = -1004;    // the client was too slow
inline constexpr Status kBodyTooLarge = -1005;
inline constexpr Status kUriTooLong = -1006;
inline constexpr Status kExpectationFailed = -1007;
inline constexpr Status kHeadersTooLarge = -1008;
inline constexpr Status kNotImplemented = -1009;  // a transfer coding nobody here speaks
inline constexpr Status kVersionNotSupported = -1010;
inline constexpr Status kOverloaded = -1011;  // a bound of the gateway is reached
inline constexpr Status kMediaTypeNotSupported = -1012;
inline constexpr Status kComponentMissing = -1013;   // an authenticator or source is not loaded
inline constexpr Status kParameterMissing = -1020;   // 1108110519
inline constexpr Status kParameterFormat = -1021;    // 1108110301: not of its type
inline constexpr Status kParameterValue = -1022;     // 1108110304: of its type, not allowed
inline constexpr Status kSourceFailed = -1030;       // 1108110622: the statement failed
inline constexpr Status kSourceUnreachable = -1031;  // 1108110703
inline constexpr Status kRateLimited = -1040;        // 1108113002

struct Problem {
  int http_status = 500;
  std::int64_t err_code = 500;
  std::string_view err_msg;       // the product's fixed words; Error::detail follows them
  std::string_view gateway_code;  // X-Ca-Error-Code; empty when the answer is the data service's
};

// Never fails: an unknown status is an internal error. [any]
Problem to_problem(Status status) noexcept;

// What a data source's status means to the caller of an API. [any]
Status from_source(Status status) noexcept;

std::string_view reason_phrase(int http_status) noexcept;

// {"data":null,"success":false,"errCode":…,"errMsg":"…","requestId":"…"} — DESIGN 5.3.
std::string make_body(const Problem& problem, std::string_view detail, std::string_view request_id);

// Text as it may stand in a header: bytes 0x20-0x7E and >= 0x80, others percent-encoded, at most
// 8 KiB (auth.md 1.6).
std::string escape_header(std::string_view text);

}  // namespace sluice::problem
