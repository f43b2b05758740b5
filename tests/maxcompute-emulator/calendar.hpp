// SPDX-License-Identifier: Apache-2.0
#pragma once

// Points in time as the service writes them, and the time zones that its settings name.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "types.hpp"

namespace emulator {

// A zone by its IANA name ("Asia/Shanghai"), "UTC", "GMT+8" or "+08:00". Immutable.
class Zone {
 public:
  static std::shared_ptr<const Zone> find(std::string_view name);
  static std::shared_ptr<const Zone> utc();

  std::int64_t to_local(std::int64_t utc_seconds) const {
    return utc_seconds + offset(utc_seconds);
  }
  std::int64_t to_utc(std::int64_t local_seconds) const;

 private:
  struct Span {
    std::int64_t from;
    std::int32_t offset;
  };
  std::int32_t offset(std::int64_t utc_seconds) const;
  static std::shared_ptr<Zone> read_file(const std::string& path);

  std::int32_t first_offset_ = 0;
  std::vector<Span> spans_;
};

std::int64_t days_of(int year, int month, int day);

// "2026-11-23", and the days since 1970-01-01.
std::string format_date(std::int64_t days);
std::optional<std::int64_t> parse_date(std::string_view text);

// "2026-11-23 06:00:00" with as many digits of the second as asked, of a time that is already
// local.
std::string format_time(Instant local, int digits);
// Takes a date alone, T or a blank between date and time, and up to nine digits of the second.
std::optional<Instant> parse_time(std::string_view text);

// The digits that are there, none for a whole second: ".5" → ".500" when at most milliseconds,
// else nine.
std::string format_time_shortest(Instant local);

}  // namespace emulator
