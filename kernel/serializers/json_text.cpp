// SPDX-License-Identifier: Apache-2.0
#include "serializers/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace sluice::serializers {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// 0: copied as it is. Otherwise: control, quote, backslash, or part of a longer UTF-8 sequence.
constexpr std::array<std::uint8_t, 256> kSpecial = [] {
  std::array<std::uint8_t, 256> table{};
  for (int i = 0; i < 256; ++i) table[i] = i < 0x20 || i == '"' || i == '\\' || i >= 0x80;
  return table;
}();

// Bytes of the well-formed sequence at the start of `text`; 0 when there is none (RFC 3629).
std::size_t utf8_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (at(i) & 0xc0) == 0x80; };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continues(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!continues(1) || !continues(2)) return 0;
    if (lead == 0xe0 && at(1) < 0xa0) return 0;  // overlong
    if (lead == 0xed && at(1) > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (lead == 0xf0 && at(1) < 0x90) return 0;
    if (lead == 0xf4 && at(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

char* copy(char* p, std::string_view text) {
  std::memcpy(p, text.data(), text.size());
  return p + text.size();
}

}  // namespace

char* write_json_string(char* p, std::string_view text) {
  *p++ = '"';
  std::size_t run = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!kSpecial[byte]) [[likely]] {
      ++i;
      continue;
    }
    if (byte >= 0x80) {
      if (const std::size_t n = utf8_bytes(text.substr(i))) {
        i += n;
        continue;
      }
    }
    p = copy(p, text.substr(run, i - run));
    switch (byte) {
      case '"':
        p = copy(p, "\\\"");
        break;
      case '\\':
        p = copy(p, "\\\\");
        break;
      case '\n':
        p = copy(p, "\\n");
        break;
      case '\r':
        p = copy(p, "\\r");
        break;
      case '\t':
        p = copy(p, "\\t");
        break;
      default:
        if (byte >= 0x80) {
          p = copy(p, "\xef\xbf\xbd");
        } else {
          p = copy(p, "\\u00");
          *p++ = kHex[byte >> 4];
          *p++ = kHex[byte & 15];
        }
    }
    run = ++i;
  }
  p = copy(p, text.substr(run));
  *p++ = '"';
  return p;
}

char* write_base64(char* p, std::string_view bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  *p++ = '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    *p++ = kAlphabet[group >> 18];
    *p++ = kAlphabet[group >> 12 & 63];
    *p++ = i + 1 < bytes.size() ? kAlphabet[group >> 6 & 63] : '=';
    *p++ = i + 2 < bytes.size() ? kAlphabet[group & 63] : '=';
  }
  *p++ = '"';
  return p;
}

char* write_timestamp(char* p, std::int64_t us) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds(us)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  const int fraction = static_cast<int>(clock.subseconds().count());
  char text[64];
  int n = std::snprintf(text, sizeof text, "\"%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                        unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                        int(clock.minutes().count()), int(clock.seconds().count()));
  if (fraction) n += std::snprintf(text + n, sizeof text - n, ".%06d", fraction);
  p = copy(p, {text, static_cast<std::size_t>(n)});
  return copy(p, "Z\"");
}

char* write_decimal(char* p, std::uint64_t lo, std::int64_t hi, std::int32_t scale) {
  __extension__ using Wide = unsigned __int128;
  Wide value = static_cast<Wide>(static_cast<std::uint64_t>(hi)) << 64 | lo;
  const bool is_negative = hi < 0;
  if (is_negative) value = ~value + 1;
  char digits[40];  // least significant first
  std::size_t n = 0;
  do {
    digits[n++] = static_cast<char>('0' + static_cast<unsigned>(value % 10));
    value /= 10;
  } while (value);
  const auto point = static_cast<std::size_t>(std::clamp(scale, 0, 38));
  while (n <= point) digits[n++] = '0';
  if (is_negative) *p++ = '-';
  while (n > 0) {
    if (n == point) *p++ = '.';
    *p++ = digits[--n];
  }
  return p;
}

}  // namespace sluice::serializers
