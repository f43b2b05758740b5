// SPDX-License-Identifier: Apache-2.0
#include "dataservice/parameters.hpp"

#include "problem/problem.hpp"

#include <sluice/percent.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::dataservice {
namespace {

constexpr std::size_t kFaultTextBytesMax = 4096;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string_view> decode_component(std::string_view raw, call::Arena& arena) {
  if (raw.find_first_of("%+") == std::string_view::npos) return raw;
  const auto room = arena.make_array<char>(raw.size());
  if (room.empty()) return std::nullopt;
  return decode_percent(raw, Plus::kSpace, room);
}

bool is_valid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {
      ++p;
      continue;
    }
    const std::size_t n = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
    if (*p < 0xc2 || *p > 0xf4 || static_cast<std::size_t>(end - p) < n) return false;
    for (std::size_t i = 1; i < n; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
    }
    const bool is_overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
    const bool is_out = (*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f);
    if (is_overlong || is_out) return false;
    p += n;
  }
  return true;
}

std::optional<Cell> parse_value(model::ParameterType type, std::string_view text) {
  switch (type) {
    case model::ParameterType::kString:
      // No source agrees with the others about a NUL inside of text.
      if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) return std::nullopt;
      return make_text(text);
    case model::ParameterType::kInt: {
      const auto value = parse_number<std::int32_t>(text);
      return value ? std::optional(make_int64(*value)) : std::nullopt;
    }
    case model::ParameterType::kLong: {
      const auto value = parse_number<std::int64_t>(text);
      return value ? std::optional(make_int64(*value)) : std::nullopt;
    }
    case model::ParameterType::kFloat:
    case model::ParameterType::kDouble: {
      const auto value = parse_number<double>(text);
      if (!value || !std::isfinite(*value)) return std::nullopt;
      if (type == model::ParameterType::kFloat &&
          std::abs(*value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return std::nullopt;
      }
      return make_double(*value);
    }
    case model::ParameterType::kBoolean:
      if (text == "true" || text == "1") return make_bool(true);
      if (text == "false" || text == "0") return make_bool(false);
      return std::nullopt;
  }
  return std::nullopt;
}

std::string_view describe(model::ParameterType type) {
  switch (type) {
    case model::ParameterType::kString:
      return "must be valid UTF-8 text without NUL";
    case model::ParameterType::kInt:
      return "must be a whole number from -2147483648 to 2147483647";
    case model::ParameterType::kLong:
      return "must be a whole number from -9223372036854775808 to 9223372036854775807";
    case model::ParameterType::kFloat:
    case model::ParameterType::kDouble:
      return "must be a number such as 12.5";
    case model::ParameterType::kBoolean:
      return "must be true or false";
  }
  return "is malformed";
}

void Faults::add(Severity severity, std::string_view name, std::string_view what) {
  worst_ = std::max(worst_, severity);
  if (detail_.size() > kFaultTextBytesMax) return;
  if (!detail_.empty()) detail_ += "; ";
  detail_ += name;
  detail_ += ' ';
  detail_ += what;
}

Error Faults::to_error() const {
  const Status status = worst_ == kMissing  ? problem::kParameterMissing
                        : worst_ == kFormat ? problem::kParameterFormat
                                            : problem::kParameterValue;
  return {status, detail_, {}, {}};
}

}  // namespace sluice::dataservice
