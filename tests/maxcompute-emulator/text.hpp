// SPDX-License-Identifier: Apache-2.0
#pragma once

// Small conversions of text that every part of the emulator needs: encodings, digests, HTTP dates,
// and the ids that the service makes up. All are pure but the two that say so.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace emulator {

using SystemTime = std::chrono::system_clock::time_point;

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
std::string md5(std::string_view bytes);  // 16 bytes

// %XX becomes its byte; what is no escape stays as it stands. A plus is a plus.
std::string percent_decode(std::string_view text);

std::string escape_xml(std::string_view text);
// One or more CDATA sections that together hold the text, whatever it contains.
std::string make_cdata(std::string_view text);

bool is_utf8(std::string_view text);

// "Mon, 23 Nov 2026 06:00:00 GMT"
std::string format_http_date(SystemTime time);
std::optional<SystemTime> parse_http_date(std::string_view text);

// Ids as the service forms them; they draw on the clock and on a random source.
std::string make_instance_id(std::string_view suffix = {});
std::string make_request_id();
std::string make_session_id();
std::string make_random_hex(std::size_t digits);

}  // namespace emulator
