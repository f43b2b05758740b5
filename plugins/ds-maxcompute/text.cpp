// SPDX-License-Identifier: Apache-2.0
#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace sluice::maxcompute {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kDayS = 86'400;
constexpr std::int64_t kDayFirst = -719'162, kDayLast = 2'932'896;  // 0001-01-01 to 9999-12-31

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

std::chrono::year_month_day to_civil(std::int64_t days) {
  return std::chrono::sys_days(std::chrono::days(days));
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// How many bytes at the front are one character; 0: none is.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t n = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < n; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return n;
}

template <class Number>
bool take_number(std::string_view& text, std::size_t digits_min, std::size_t digits_max,
                 Number& value) {
  std::size_t n = 0;
  while (n < text.size() && n < digits_max && text[n] >= '0' && text[n] <= '9') ++n;
  if (n < digits_min) return false;
  std::from_chars(text.data(), text.data() + n, value);
  text.remove_prefix(n);
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  int year = 0;
  unsigned month = 0, day = 0;
  if (!take_number(text, 4, 4, year) || !take_char(text, '-') || !take_number(text, 1, 2, month) ||
      !take_char(text, '-') || !take_number(text, 1, 2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day civil{std::chrono::year(year), std::chrono::month(month),
                                          std::chrono::day(day)};
  if (!civil.ok()) return std::nullopt;
  return std::chrono::sys_days(civil).time_since_epoch().count();
}

}  // namespace

void append_encoded(std::string& out, std::string_view text, Slash slash) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == Slash::kKept)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned>(static_cast<unsigned char>(bytes[i])) : 0u;
  };
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned group = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out += kBase64[group >> 18];
    out += kBase64[group >> 12 & 63];
    out += i + 1 < bytes.size() ? kBase64[group >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kBase64[group & 63] : '=';
  }
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  static constexpr auto kValues = [] {
    std::array<signed char, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i) {
      values[static_cast<unsigned char>(kBase64[i])] = static_cast<signed char>(i);
    }
    return values;
  }();
  std::string out;
  out.reserve(text.size() / 4 * 3);
  unsigned bits = 0, group = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      if (++padding > 2) return std::nullopt;
      continue;
    }
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return std::nullopt;
    group = (group << 6 | static_cast<unsigned>(value)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>(group >> bits & 0xff);
    }
  }
  if (bits == 6) return std::nullopt;  // one character of a group says nothing
  return out;
}

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

bool equals_folded(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, [](char x, char y) { return fold(x) == fold(y); });
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), fold);
  return out;
}

bool is_valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t n = utf8_length(text);
    if (n == 0) return false;
    text.remove_prefix(n);
  }
  return true;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const std::size_t n = utf8_length(text.substr(i));
      out += n == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(i, n);
      i += std::max<std::size_t>(n, 1);
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
    ++i;
  }
  out += '"';
}

std::string to_http_date(std::int64_t unix_s) {
  const std::int64_t days = floor_div(unix_s, kDayS), second = unix_s - days * kDayS;
  const auto civil = to_civil(days);
  const auto weekday = std::chrono::weekday(std::chrono::sys_days(std::chrono::days(days)));
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[weekday.c_encoding()], static_cast<unsigned>(civil.day()),
                kMonths[static_cast<unsigned>(civil.month()) - 1], static_cast<int>(civil.year()),
                static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                static_cast<int>(second % 60));
  return text;
}

std::string to_day(std::int64_t unix_s) {
  const auto civil = to_civil(floor_div(unix_s, kDayS));
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02u%02u", static_cast<int>(civil.year()),
                static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
  return text;
}

void append_date(std::string& out, std::int64_t days) {
  if (days < kDayFirst || days > kDayLast) {  // no calendar of this service reaches there
    out += "day ";
    out += std::to_string(days);
    return;
  }
  const auto civil = to_civil(days);
  const int year = static_cast<int>(civil.year());
  const unsigned month = static_cast<unsigned>(civil.month()),
                 day = static_cast<unsigned>(civil.day());
  const char text[10] = {static_cast<char>('0' + year / 1000),
                         static_cast<char>('0' + year / 100 % 10),
                         static_cast<char>('0' + year / 10 % 10),
                         static_cast<char>('0' + year % 10),
                         '-',
                         static_cast<char>('0' + month / 10),
                         static_cast<char>('0' + month % 10),
                         '-',
                         static_cast<char>('0' + day / 10),
                         static_cast<char>('0' + day % 10)};
  out.append(text, sizeof text);
}

void append_date_time(std::string& out, std::int64_t unix_s, char separator) {
  const std::int64_t days = floor_div(unix_s, kDayS);
  // Not unix_s - days * kDayS: a service may send the smallest number there is.
  const std::int64_t second = (unix_s % kDayS + kDayS) % kDayS;
  append_date(out, days);
  const auto two = [&](std::int64_t value) {
    out += static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
  };
  out += separator;
  two(second / 3600);
  out += ':';
  two(second / 60 % 60);
  out += ':';
  two(second % 60);
}

void append_fraction(std::string& out, std::int64_t nanoseconds) {
  if (nanoseconds <= 0) return;
  char digits[9];
  for (int i = 8; i >= 0; --i, nanoseconds /= 10) {
    digits[i] = static_cast<char>('0' + nanoseconds % 10);
  }
  std::size_t n = sizeof digits;
  while (n > 0 && digits[n - 1] == '0') --n;
  out += '.';
  out.append(digits, n);
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const auto days = take_date(text);
  return text.empty() ? days : std::nullopt;
}

std::optional<Instant> parse_date_time(std::string_view text) {
  const auto days = take_date(text);
  if (!days || text.empty() || (text.front() != ' ' && text.front() != 'T')) return std::nullopt;
  text.remove_prefix(1);
  int hour = 0, minute = 0, second = 0;
  if (!take_number(text, 1, 2, hour) || !take_char(text, ':') || !take_number(text, 2, 2, minute) ||
      !take_char(text, ':') || !take_number(text, 2, 2, second) || hour > 23 || minute > 59 ||
      second > 59) {
    return std::nullopt;
  }
  Instant instant{*days * kDayS + hour * 3600 + minute * 60 + second, 0};
  if (take_char(text, '.')) {
    const std::size_t before = text.size();
    if (!take_number(text, 1, 9, instant.nanoseconds)) return std::nullopt;
    for (std::size_t n = before - text.size(); n < 9; ++n) instant.nanoseconds *= 10;
  }
  return text.empty() ? std::optional(instant) : std::nullopt;
}

std::optional<std::uint64_t> parse_retry_after(std::string_view value, std::int64_t now_unix_s) {
  constexpr std::uint64_t kMostS = 86'400;
  std::uint64_t seconds = 0;
  const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (ec == std::errc{} && end == value.data() + value.size()) {
    return std::min(seconds, kMostS) * 1000;
  }
  // "Mon, 23 Nov 2026 06:00:00 GMT"
  if (value.size() != 29 || !value.ends_with(" GMT")) return std::nullopt;
  std::string_view text = value.substr(5);
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  if (!take_number(text, 2, 2, day) || !take_char(text, ' ')) return std::nullopt;
  const auto month = std::ranges::find(kMonths, text.substr(0, 3));
  if (month == kMonths.end()) return std::nullopt;
  text.remove_prefix(3);
  if (!take_char(text, ' ') || !take_number(text, 4, 4, year) || !take_char(text, ' ') ||
      !take_number(text, 2, 2, hour) || !take_char(text, ':') || !take_number(text, 2, 2, minute) ||
      !take_char(text, ':') || !take_number(text, 2, 2, second)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day civil{
      std::chrono::year(year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!civil.ok()) return std::nullopt;
  const std::int64_t at = std::chrono::sys_days(civil).time_since_epoch().count() * kDayS +
                          hour * 3600 + minute * 60 + second;
  if (at <= now_unix_s) return 0;
  return std::min(static_cast<std::uint64_t>(at - now_unix_s), kMostS) * 1000;
}

}  // namespace sluice::maxcompute
