// SPDX-License-Identifier: Apache-2.0
// A Date header or an x-ca-timestamp of whatever bytes: a time in the bounds of its form or none,
// and a time that was read is read again from the form that HTTP prefers.
#include "date.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// Sun, 06 Nov 1994 08:49:37 GMT
void write_imf(std::int64_t seconds, char (&text)[64]) {
  using namespace std::chrono;
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const sys_seconds time{std::chrono::seconds{seconds}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::hmac;
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  if (const auto seconds = parse_date(text)) {
    // Years 0000 to 9999, and the leap second at their end.
    if (*seconds < -62'167'219'200 || *seconds > 253'402'300'800) std::abort();
    if (size < 24 || size > 35) std::abort();
    char again[64];
    write_imf(*seconds, again);
    if (*seconds < 253'402'300'800 && parse_date(again) != seconds) std::abort();
    // Nothing may stand around a date.
    if (parse_date(std::string(text) + " ") || parse_date(" " + std::string(text))) std::abort();
  }
  if (const auto ms = parse_timestamp_ms(text)) {
    if (size == 0 || size > 16 || *ms < 0 || *ms > 9'999'999'999'999'999) std::abort();
    if (size < 13 && *ms % 1000 != 0) std::abort();
    if (parse_date(text)) std::abort();
  }
  return 0;
}
