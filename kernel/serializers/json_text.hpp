// SPDX-License-Identifier: Apache-2.0
#pragma once
// Single values as JSON text, written at a cursor into memory that the caller has made large
// enough. Each returns the new cursor. [any]

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::serializers {

// Room that write_json_string needs at most for so many bytes: \u00xx or a replacement each,
// quotes.
constexpr std::size_t json_string_bytes_max(std::size_t bytes) { return 6 * bytes + 2; }

// A string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that the body stays JSON.
char* write_json_string(char* p, std::string_view text);

char* write_base64(char* p, std::string_view bytes);  // with quotes

// Microseconds since 1970 UTC as "2025-01-01T00:00:00Z" or "…00.250000Z"; at most 40 bytes.
char* write_timestamp(char* p, std::int64_t us);

// Every digit of an unscaled 128-bit number with `scale` digits after the point; a JSON number.
char* write_decimal(char* p, std::uint64_t lo, std::int64_t hi, std::int32_t scale);

}  // namespace sluice::serializers
