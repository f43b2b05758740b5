// SPDX-License-Identifier: Apache-2.0
#include "date.hpp"

#include <array>
#include <chrono>
#include <span>

namespace sluice::hmac {
namespace {

constexpr std::array<std::string_view, 7> kShortDays = {"Mon", "Tue", "Wed", "Thu",
                                                        "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

// Reads a text from its front; the first thing that is not there makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  Reader& skip(std::string_view expected) noexcept {
    if (rest_.starts_with(expected)) {
      rest_.remove_prefix(expected.size());
    } else {
      failed_ = true;
    }
    return *this;
  }
  // Exactly that many digits.
  Reader& number(std::size_t digits, int& out) noexcept {
    if (rest_.size() < digits) failed_ = true;
    out = 0;
    for (std::size_t i = 0; i < digits && !failed_; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') failed_ = true;
      out = out * 10 + (rest_[i] - '0');
    }
    if (!failed_) rest_.remove_prefix(digits);
    return *this;
  }
  // One of the names, counted from 1.
  Reader& name(std::span<const std::string_view> names, int& out) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      out = static_cast<int>(i) + 1;
      return *this;
    }
    failed_ = true;
    return *this;
  }
  Reader& clock(Moment& moment) noexcept {
    return number(2, moment.hour)
        .skip(":")
        .number(2, moment.minute)
        .skip(":")
        .number(2, moment.second);
  }
  bool starts_with(char c) const noexcept { return rest_.starts_with(c); }
  bool is_done() const noexcept { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::optional<Moment> parse_imf(std::string_view text) noexcept {
  Moment moment;
  int weekday = 0;
  Reader reader(text);
  reader.name(kShortDays, weekday).skip(", ").number(2, moment.day).skip(" ");
  reader.name(kMonths, moment.month).skip(" ").number(4, moment.year).skip(" ");
  reader.clock(moment).skip(" GMT");
  if (reader.starts_with('+')) reader.skip("+00:00");
  if (!reader.is_done()) return std::nullopt;
  return moment;
}

std::optional<Moment> parse_rfc850(std::string_view text) noexcept {
  Moment moment;
  int weekday = 0;
  Reader reader(text);
  reader.name(kLongDays, weekday).skip(", ").number(2, moment.day).skip("-");
  reader.name(kMonths, moment.month).skip("-").number(2, moment.year).skip(" ");
  reader.clock(moment).skip(" GMT");
  if (!reader.is_done()) return std::nullopt;
  moment.year += moment.year < 70 ? 2000 : 1900;
  return moment;
}

std::optional<Moment> parse_asctime(std::string_view text) noexcept {
  Moment moment;
  int weekday = 0;
  Reader reader(text);
  reader.name(kShortDays, weekday).skip(" ").name(kMonths, moment.month).skip(" ");
  const bool is_padded = reader.starts_with(' ');
  if (is_padded) reader.skip(" ");
  reader.number(is_padded ? 1 : 2, moment.day).skip(" ").clock(moment).skip(" ");
  reader.number(4, moment.year);
  if (!reader.is_done()) return std::nullopt;
  return moment;
}

// A leap second, :60, is the next one.
std::optional<std::int64_t> to_seconds(const Moment& moment) noexcept {
  using namespace std::chrono;
  const year_month_day date{year{moment.year}, month{static_cast<unsigned>(moment.month)},
                            day{static_cast<unsigned>(moment.day)}};
  if (!date.ok() || moment.hour > 23 || moment.minute > 59 || moment.second > 60) {
    return std::nullopt;
  }
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  return ((days * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second;
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
  auto moment = parse_imf(text);
  if (!moment) moment = parse_rfc850(text);
  if (!moment) moment = parse_asctime(text);
  return moment ? to_seconds(*moment) : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp_ms(std::string_view text) noexcept {
  constexpr std::size_t kDigitsMax = 16, kMillisecondDigitsMin = 13;
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return text.size() < kMillisecondDigitsMin ? number * 1000 : number;
}

}  // namespace sluice::hmac
