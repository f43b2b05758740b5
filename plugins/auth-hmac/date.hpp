// SPDX-License-Identifier: Apache-2.0
#pragma once
// Times of a request. No locale, no time zone of the machine.

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::hmac {

// Seconds since 1970 of a Date header in one of the four forms of auth.md 4.6:
//   Wed, 09 May 2018 13:30:29 GMT         Wed, 09 May 2018 13:30:29 GMT+00:00
//   Wednesday, 09-May-18 13:30:29 GMT     Wed May  9 13:30:29 2018
// Names in the letter case shown. The day of the week must be one, but whether it is that day's is
// not checked: Higress does not either. Two digits of a year mean 1970 to 2069. [any]
std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

// Milliseconds since 1970 of an x-ca-timestamp: 1 to 16 digits; 13 or more of them are milliseconds
// already, fewer are seconds (auth.md 4.1, 4.6). [any]
std::optional<std::int64_t> parse_timestamp_ms(std::string_view text) noexcept;

}  // namespace sluice::hmac
