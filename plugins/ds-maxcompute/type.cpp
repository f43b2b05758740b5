// SPDX-License-Identifier: Apache-2.0
#include "type.hpp"

#include "text.hpp"

#include <sluice/abi.h>

#include <algorithm>
#include <array>

namespace sluice::maxcompute {
namespace {

struct Known {
  std::string_view name;
  TypeKind kind;
};
constexpr std::array kKnown{
    Known{"tinyint", TypeKind::kTinyint},
    Known{"smallint", TypeKind::kSmallint},
    Known{"int", TypeKind::kInt},
    Known{"integer", TypeKind::kInt},
    Known{"bigint", TypeKind::kBigint},
    Known{"float", TypeKind::kFloat},
    Known{"double", TypeKind::kDouble},
    Known{"decimal", TypeKind::kDecimal},
    Known{"boolean", TypeKind::kBoolean},
    Known{"string", TypeKind::kString},
    Known{"varchar", TypeKind::kVarchar},
    Known{"char", TypeKind::kChar},
    Known{"binary", TypeKind::kBinary},
    Known{"date", TypeKind::kDate},
    Known{"datetime", TypeKind::kDatetime},
    Known{"timestamp", TypeKind::kTimestamp},
    Known{"timestamp_ntz", TypeKind::kTimestampNtz},
    Known{"json", TypeKind::kJson},
    Known{"interval_year_month", TypeKind::kIntervalYearMonth},
    Known{"interval_day_time", TypeKind::kIntervalDayTime},
    Known{"void", TypeKind::kVoid},
    Known{"array", TypeKind::kArray},
    Known{"map", TypeKind::kMap},
    Known{"struct", TypeKind::kStruct},
};

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Type> parse_whole() {
    auto type = parse(0);
    skip_blanks();
    return rest_.empty() ? type : std::nullopt;
  }

 private:
  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }
  bool take(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view take_word() {
    skip_blanks();
    std::size_t n = 0;
    while (n < rest_.size() && is_word(rest_[n])) ++n;
    const auto word = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return word;
  }
  // A field's name, perhaps in backticks with an inner one doubled.
  std::optional<std::string> take_name() {
    if (!take('`')) {
      const auto word = take_word();
      if (word.empty()) return std::nullopt;
      return std::string(word);
    }
    std::string name;
    for (;;) {
      const auto end = rest_.find('`');
      if (end == rest_.npos) return std::nullopt;
      name += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!rest_.starts_with('`')) return name;
      name += '`';
      rest_.remove_prefix(1);
    }
  }

  std::optional<Type> parse(std::size_t depth) {
    if (depth > kTypeDepthMax) return std::nullopt;
    const auto word = take_word();
    const auto known = std::ranges::find_if(
        kKnown, [&](const Known& entry) { return equals_folded(entry.name, word); });
    if (known == kKnown.end()) return std::nullopt;
    Type type{known->kind, {}, {}};
    switch (type.kind) {
      case TypeKind::kArray:
        return parse_parts(std::move(type), 1, depth);
      case TypeKind::kMap:
        return parse_parts(std::move(type), 2, depth);
      case TypeKind::kStruct:
        return parse_fields(std::move(type), depth);
      default:
        // Lengths, precision and scale change nothing in how a value travels.
        if (take('(')) {
          const auto end = rest_.find(')');
          if (end == rest_.npos ||
              rest_.substr(0, end).find_first_not_of("0123456789, ") != rest_.npos) {
            return std::nullopt;
          }
          rest_.remove_prefix(end + 1);
        }
        return type;
    }
  }

  std::optional<Type> parse_parts(Type type, std::size_t count, std::size_t depth) {
    if (!take('<')) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0 && !take(',')) return std::nullopt;
      auto part = parse(depth + 1);
      if (!part) return std::nullopt;
      type.parts.push_back(std::move(*part));
    }
    if (!take('>')) return std::nullopt;
    return type;
  }

  std::optional<Type> parse_fields(Type type, std::size_t depth) {
    if (!take('<')) return std::nullopt;
    do {
      auto name = take_name();
      if (!name || !take(':')) return std::nullopt;
      auto part = parse(depth + 1);
      if (!part) return std::nullopt;
      type.names.push_back(std::move(*name));
      type.parts.push_back(std::move(*part));
    } while (take(','));
    if (!take('>')) return std::nullopt;
    return type;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Type> parse_type(std::string_view text) {
  if (text.size() > kTypeBytesMax) return std::nullopt;
  return Parser(text).parse_whole();
}

std::uint32_t to_cell_type(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyint:
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kBigint:
      return SLUICE_T_INT64;
    case TypeKind::kFloat:
    case TypeKind::kDouble:
      return SLUICE_T_DOUBLE;
    case TypeKind::kDecimal:
      return SLUICE_T_DECIMAL;
    case TypeKind::kBoolean:
      return SLUICE_T_BOOL;
    case TypeKind::kBinary:
      return SLUICE_T_BYTES;
    case TypeKind::kDatetime:
    case TypeKind::kTimestamp:
      return SLUICE_T_TIMESTAMP;
    case TypeKind::kJson:
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kStruct:
      return SLUICE_T_JSON;
    case TypeKind::kString:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kDate:
    case TypeKind::kTimestampNtz:
    case TypeKind::kIntervalYearMonth:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kVoid:
      return SLUICE_T_TEXT;
  }
  return SLUICE_T_TEXT;
}

}  // namespace sluice::maxcompute
