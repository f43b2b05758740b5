// SPDX-License-Identifier: Apache-2.0
#include "calendar.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

#include "text.hpp"

namespace emulator {
namespace {

constexpr std::int64_t kDaySeconds = 86400;
constexpr std::size_t kZoneFileBytesMax = 1 << 16;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

std::optional<int> take_digits(std::string_view& text, std::size_t min, std::size_t max) {
  std::size_t length = 0;
  int value = 0;
  while (length < text.size() && length < max && text[length] >= '0' && text[length] <= '9') {
    value = value * 10 + (text[length] - '0');
    ++length;
  }
  if (length < min) return std::nullopt;
  text.remove_prefix(length);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 1, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 1, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::int64_t read_big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  if (bytes.size() == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

// "+08:00", "+8", "GMT+8", "UTC-05:30"
std::optional<std::int32_t> parse_fixed_offset(std::string_view name) {
  for (const std::string_view prefix : {"GMT", "UTC"}) {
    if (name.substr(0, 3) == prefix) name.remove_prefix(3);
  }
  if (name.empty()) return 0;
  const int sign = name.front() == '-' ? -1 : 1;
  if (!take(name, '+') && !take(name, '-')) return std::nullopt;
  const auto hours = take_digits(name, 1, 2);
  std::optional<int> minutes = 0;
  if (take(name, ':')) minutes = take_digits(name, 2, 2);
  if (!hours || !minutes || !name.empty() || *hours > 14 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600 + *minutes * 60);
}

}  // namespace

std::shared_ptr<const Zone> Zone::utc() {
  static const auto zone = std::make_shared<const Zone>();
  return zone;
}

std::shared_ptr<const Zone> Zone::find(std::string_view name) {
  if (const auto offset = parse_fixed_offset(name)) {
    auto zone = std::make_shared<Zone>();
    zone->first_offset_ = *offset;
    return zone;
  }
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Zone>, std::less<>> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '_' || c == '-' || c == '+';
    if (!good) return nullptr;
  }
  std::shared_ptr<Zone> zone = read_file("/usr/share/zoneinfo/" + std::string(name));
  if (!zone && name == "Asia/Shanghai") {  // known without the system's files
    zone = std::make_shared<Zone>();
    zone->first_offset_ = 8 * 3600;
  }
  if (zone) known.emplace(name, zone);
  return zone;
}

// The 64-bit part of a TZif file (RFC 8536); its rule for the far future is not read.
std::shared_ptr<Zone> Zone::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  constexpr std::size_t kHeader = 44;
  const auto count = [&bytes](std::size_t start, std::size_t index) {
    return static_cast<std::size_t>(
        read_big_endian(std::string_view(bytes).substr(start + 20 + index * 4, 4)));
  };
  if (bytes.size() < kHeader || bytes.size() > kZoneFileBytesMax || bytes.substr(0, 4) != "TZif" ||
      bytes[4] < '2') {
    return nullptr;
  }
  const std::size_t second = kHeader + count(0, 3) * 5 + count(0, 4) * 6 + count(0, 5) +
                             count(0, 2) * 8 + count(0, 1) + count(0, 0);
  if (bytes.size() < second + kHeader) return nullptr;
  const std::size_t times = count(second, 3);
  const std::size_t types = count(second, 4);
  const std::size_t body = second + kHeader;
  if (bytes.size() < body + times * 9 + types * 6 || types == 0) return nullptr;
  const std::string_view view(bytes);
  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int32_t>(read_big_endian(view.substr(body + times * 9 + type * 6, 4)));
  };
  auto zone = std::make_shared<Zone>();
  zone->first_offset_ = offset_of(0);
  for (std::size_t i = 0; i < times; ++i) {
    const auto type = static_cast<unsigned char>(bytes[body + times * 8 + i]);
    if (type >= types) return nullptr;
    zone->spans_.push_back({read_big_endian(view.substr(body + i * 8, 8)), offset_of(type)});
  }
  return zone;
}

std::int32_t Zone::offset(std::int64_t utc_seconds) const {
  const auto after =
      std::upper_bound(spans_.begin(), spans_.end(), utc_seconds,
                       [](std::int64_t time, const Span& span) { return time < span.from; });
  return after == spans_.begin() ? first_offset_ : std::prev(after)->offset;
}

std::int64_t Zone::to_utc(std::int64_t local_seconds) const {
  const std::int64_t guess = local_seconds - offset(local_seconds);
  return local_seconds - offset(guess);
}

std::int64_t days_of(int year, int month, int day) {
  return std::chrono::sys_days(
             std::chrono::year_month_day{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))})
      .time_since_epoch()
      .count();
}

std::string format_date(std::int64_t days) {
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days)))};
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return buffer.data();
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  text = trim(text);
  const auto days = take_date(text);
  if (!days) return std::nullopt;
  if (text.empty()) return days;
  return text.front() == ' ' || text.front() == 'T' ? days : std::nullopt;
}

std::string format_time(Instant local, int digits) {
  const std::int64_t days = floor_div(local.seconds, kDaySeconds);
  const auto rest = static_cast<int>(local.seconds - days * kDaySeconds);
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), " %02d:%02d:%02d", rest / 3600, rest / 60 % 60,
                rest % 60);
  std::string text = format_date(days) + buffer.data();
  if (digits > 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%09d", local.nanoseconds);
    text += std::string_view(buffer.data(), static_cast<std::size_t>(digits) + 1);
  }
  return text;
}

std::string format_time_shortest(Instant local) {
  if (local.nanoseconds == 0) return format_time(local, 0);
  return format_time(local, local.nanoseconds % 1000000 == 0 ? 3 : 9);
}

std::optional<Instant> parse_time(std::string_view text) {
  text = trim(text);
  const auto days = take_date(text);
  if (!days) return std::nullopt;
  Instant instant{*days * kDaySeconds, 0};
  if (text.empty()) return instant;
  if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  const auto hour = take_digits(text, 1, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 1, 2);
  std::optional<int> second = 0;
  if (take(text, ':')) second = take_digits(text, 1, 2);
  if (!minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  instant.seconds += *hour * 3600 + *minute * 60 + *second;
  if (take(text, '.')) {
    const std::size_t before = text.size();
    auto fraction = take_digits(text, 1, 9);
    if (!fraction) return std::nullopt;
    for (std::size_t digits = before - text.size(); digits < 9; ++digits) *fraction *= 10;
    instant.nanoseconds = *fraction;
  }
  return text.empty() ? std::optional(instant) : std::nullopt;
}

}  // namespace emulator
