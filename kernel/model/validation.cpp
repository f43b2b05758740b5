// SPDX-License-Identifier: Apache-2.0
#include "model/validation.hpp"

#include "model/laws.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::model {
namespace {

constexpr std::size_t kWordsToldMax = 20;  // of an enumeration, in an error

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
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

// Of text that is valid UTF-8.
std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

bool is_text(ParameterType type) { return type == ParameterType::kString; }
bool is_floating(ParameterType type) {
  return type == ParameterType::kFloat || type == ParameterType::kDouble;
}
bool is_number(ParameterType type) {
  return type == ParameterType::kInt || type == ParameterType::kLong || is_floating(type);
}

// Both are cells of the same number type.
bool is_less(const Cell& a, const Cell& b) {
  return a.type == SLUICE_T_DOUBLE ? a.v.f < b.v.f : a.v.i < b.v.i;
}

Error wrong(std::string what, std::string where) {
  return {SLUICE_E_ARGUMENT, std::move(what), {}, std::move(where)};
}

}  // namespace

std::optional<Cell> parse_value(ParameterType type, std::string_view text) {
  switch (element_of(type)) {
    case ParameterType::kInt: {
      const auto value = parse_number<std::int32_t>(text);
      return value ? std::optional(make_int64(*value)) : std::nullopt;
    }
    case ParameterType::kLong: {
      const auto value = parse_number<std::int64_t>(text);
      return value ? std::optional(make_int64(*value)) : std::nullopt;
    }
    case ParameterType::kFloat:
    case ParameterType::kDouble: {
      const auto value = parse_number<double>(text);
      if (!value || !std::isfinite(*value)) return std::nullopt;
      if (element_of(type) == ParameterType::kFloat &&
          std::abs(*value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return std::nullopt;
      }
      return make_double(*value);
    }
    case ParameterType::kBoolean:
      if (text == "true" || text == "1") return make_bool(true);
      if (text == "false" || text == "0") return make_bool(false);
      return std::nullopt;
    case ParameterType::kString:
    case ParameterType::kStringList:
    case ParameterType::kIntList:
    case ParameterType::kLongList:
    case ParameterType::kFloatList:
    case ParameterType::kDoubleList:
    case ParameterType::kBooleanList:
      break;
  }
  // No source agrees with the others about a NUL inside of text.
  if (text.find('\0') != std::string_view::npos || !is_valid_utf8(text)) return std::nullopt;
  return make_text(text);
}

Result<Rules> Rules::make(ParameterType list_or_one, const Validation& validation) {
  Rules rules;
  const auto type = rules.type_ = element_of(list_or_one);
  const auto parse = [&](const std::string& text, std::string where) -> Result<Cell> {
    if (const auto cell = parse_value(type, text)) return *cell;
    return wrong("'" + text + "' is no " + std::string(to_text(type)), std::move(where));
  };

  if (validation.allowed) {
    const auto& allowed = *validation.allowed;
    if (allowed.empty()) return wrong("an enumeration without values allows nothing", "/enum");
    if (allowed.size() > kAllowedValuesMax) return wrong("the enumeration is too long", "/enum");
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      const auto cell = parse(allowed[i], "/enum/" + std::to_string(i));
      if (!cell) return cell.error();
      if (is_text(type)) {
        rules.texts_.push_back(allowed[i]);
      } else if (is_floating(type)) {
        rules.doubles_.push_back(cell->v.f);
      } else {
        rules.integers_.push_back(cell->v.i);
      }
      if (i < kWordsToldMax) rules.allowed_text_ += (i ? ", " : "") + allowed[i];
    }
    if (allowed.size() > kWordsToldMax) {
      rules.allowed_text_ += " and " + std::to_string(allowed.size() - kWordsToldMax) + " more";
    }
    rules.allowed_text_.insert(0, "must be one of ");
    std::ranges::sort(rules.texts_);
    std::ranges::sort(rules.integers_);
    std::ranges::sort(rules.doubles_);
    rules.has_allowed_ = true;
  }

  if (validation.min || validation.max) {
    const char* const first = validation.min ? "/min" : "/max";
    if (!is_number(type)) return wrong("only a number has a range", first);
    if (validation.min) {
      const auto cell = parse(*validation.min, "/min");
      if (!cell) return cell.error();
      rules.min_ = *cell;
    }
    if (validation.max) {
      const auto cell = parse(*validation.max, "/max");
      if (!cell) return cell.error();
      rules.max_ = *cell;
    }
    if (rules.min_ && rules.max_ && is_less(*rules.max_, *rules.min_)) {
      return wrong("the range ends before it begins", "/max");
    }
    rules.has_range_ = true;
    rules.range_text_ = validation.min && validation.max
                            ? "must be from " + *validation.min + " to " + *validation.max
                        : validation.min ? "must be at least " + *validation.min
                                         : "must be at most " + *validation.max;
  }

  if (validation.min_length || validation.max_length) {
    const char* const first = validation.min_length ? "/min_length" : "/max_length";
    if (!is_text(type)) return wrong("only a string has a length", first);
    if (validation.min_length.value_or(0) < 0) return wrong("a length is never negative", first);
    if (validation.max_length.value_or(0) < 0) {
      return wrong("a length is never negative", "/max_length");
    }
    rules.min_length_ = static_cast<std::size_t>(validation.min_length.value_or(0));
    if (validation.max_length) {
      rules.max_length_ = static_cast<std::size_t>(*validation.max_length);
    }
    if (rules.max_length_ < rules.min_length_) {
      return wrong("the longest length is below the shortest", "/max_length");
    }
    const auto least = std::to_string(rules.min_length_);
    rules.has_length_ = true;
    rules.length_text_ =
        !validation.max_length ? "must have at least " + least + " characters"
        : rules.min_length_ == 0
            ? "must have at most " + std::to_string(rules.max_length_) + " characters"
            : "must have " + least + " to " + std::to_string(rules.max_length_) + " characters";
  }

  if (validation.pattern) {
    if (!is_text(type)) return wrong("only a string has a pattern", "/pattern");
    auto pattern = Pattern::make(*validation.pattern);
    if (!pattern) return wrong(pattern.error().detail, "/pattern");
    rules.pattern_ = std::move(*pattern);
    rules.pattern_text_ = "must match " + *validation.pattern;
  }
  return rules;
}

const std::string* Rules::find_breach(const Cell& value) const {
  if (has_allowed_) {
    const bool is_allowed =
        is_text(type_)       ? std::ranges::binary_search(texts_, to_view(value.v.s), std::less<>{})
        : is_floating(type_) ? std::ranges::binary_search(doubles_, value.v.f)
                             : std::ranges::binary_search(integers_, value.v.i);
    if (!is_allowed) return &allowed_text_;
  }
  if (has_range_) {
    if ((min_ && is_less(value, *min_)) || (max_ && is_less(*max_, value))) return &range_text_;
  }
  if (has_length_) {
    const auto length = count_code_points(to_view(value.v.s));
    if (length < min_length_ || length > max_length_) return &length_text_;
  }
  if (pattern_ && !pattern_->matches(to_view(value.v.s))) return &pattern_text_;
  return nullptr;
}

}  // namespace sluice::model
