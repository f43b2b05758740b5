// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small texts of the protocol: encodings, dates, comparisons.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

// RFC 3986: unreserved bytes stay, all others become %XX. With keeps_slash '/' stays too.
enum class Slash { kEncoded, kKept };
void append_encoded(std::string& out, std::string_view text, Slash slash);

std::string encode_base64(std::string_view bytes);
// Blanks and line breaks inside are skipped. Nothing when it is no Base64.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_hex(std::string_view bytes);

bool equals_folded(std::string_view a, std::string_view b) noexcept;  // ASCII letters
std::string to_lower(std::string_view text);                          // ASCII letters

bool is_valid_utf8(std::string_view text) noexcept;
// A JSON string with its quotes; what is no UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// "Mon, 23 Nov 2026 06:00:00 GMT"
std::string to_http_date(std::int64_t unix_s);
std::string to_day(std::int64_t unix_s);  // "20261123", UTC

// A date and time of the proleptic Gregorian calendar from a count since 1970.
void append_date(std::string& out, std::int64_t days);  // 2026-11-23; out of 0001..9999: as text
// 2026-11-23T06:00:00, with `separator` between date and time.
void append_date_time(std::string& out, std::int64_t unix_s, char separator);
// ".5" for 500000000: without its last zeros, nothing for 0.
void append_fraction(std::string& out, std::int64_t nanoseconds);

// Days since 1970 of "2026-11-23", and microseconds since 1970 of "2026-11-23 06:00:00.123456".
// Nothing when the text is not such a time.
std::optional<std::int64_t> parse_date(std::string_view text);
struct Instant {
  std::int64_t unix_s = 0, nanoseconds = 0;
};
std::optional<Instant> parse_date_time(std::string_view text);

// Retry-After: seconds, or an HTTP date; milliseconds from now, at most a day.
std::optional<std::uint64_t> parse_retry_after(std::string_view value, std::int64_t now_unix_s);

}  // namespace sluice::maxcompute
