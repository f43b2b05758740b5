// SPDX-License-Identifier: Apache-2.0
#include "types.hpp"

#include <array>
#include <utility>

#include "text.hpp"

namespace emulator {
namespace {

constexpr int kDepthMax = 20;
constexpr std::array<std::pair<std::string_view, Kind>, 23> kNames = {{
    {"tinyint", Kind::kTinyint},
    {"smallint", Kind::kSmallint},
    {"int", Kind::kInt},
    {"bigint", Kind::kBigint},
    {"float", Kind::kFloat},
    {"double", Kind::kDouble},
    {"decimal", Kind::kDecimal},
    {"boolean", Kind::kBoolean},
    {"string", Kind::kString},
    {"varchar", Kind::kVarchar},
    {"char", Kind::kChar},
    {"binary", Kind::kBinary},
    {"date", Kind::kDate},
    {"datetime", Kind::kDatetime},
    {"timestamp", Kind::kTimestamp},
    {"timestamp_ntz", Kind::kTimestampNtz},
    {"json", Kind::kJson},
    {"interval_year_month", Kind::kIntervalYearMonth},
    {"interval_day_time", Kind::kIntervalDayTime},
    {"array", Kind::kArray},
    {"map", Kind::kMap},
    {"struct", Kind::kStruct},
    {"void", Kind::kVoid},
}};

class TypeParser {
 public:
  explicit TypeParser(std::string_view text) : rest_(text) {}

  std::optional<Type> parse_all() {
    auto type = parse(0);
    if (!type || !trim(rest_).empty()) return std::nullopt;
    return type;
  }

 private:
  bool take(char c) {
    rest_ = trim(rest_);
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string take_word() {
    rest_ = trim(rest_);
    if (!rest_.empty() && rest_.front() == '`') {
      const auto end = rest_.find('`', 1);
      if (end == std::string_view::npos) return {};
      std::string word(rest_.substr(1, end - 1));
      rest_.remove_prefix(end + 1);
      return word;
    }
    std::size_t length = 0;
    while (length < rest_.size()) {
      const auto c = static_cast<unsigned char>(rest_[length]);
      const bool in_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
      if (!in_word) break;
      ++length;
    }
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }

  std::optional<int> take_number() {
    const std::string word = take_word();
    if (word.empty() || word.size() > 5) return std::nullopt;
    int value = 0;
    for (const char c : word) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  }

  std::optional<Type> parse(int depth) {
    if (depth > kDepthMax) return std::nullopt;
    const std::string name = to_lower(take_word());
    Type type;
    bool known = false;
    for (const auto& [word, kind] : kNames) {
      if (word == name) {
        type.kind = kind;
        known = true;
      }
    }
    if (name == "integer") {
      type.kind = Kind::kInt;
      known = true;
    }
    if (!known) return std::nullopt;
    switch (type.kind) {
      case Kind::kDecimal:
        return parse_decimal(std::move(type));
      case Kind::kVarchar:
      case Kind::kChar:
        return parse_length(std::move(type));
      case Kind::kArray:
      case Kind::kMap:
        return parse_parts(std::move(type), depth);
      case Kind::kStruct:
        return parse_fields(std::move(type), depth);
      default:
        return type;
    }
  }

  std::optional<Type> parse_decimal(Type type) {
    type.precision = 38;
    type.scale = 18;
    if (!take('(')) return type;
    const auto precision = take_number();
    if (!precision) return std::nullopt;
    type.precision = *precision;
    type.scale = 0;
    if (take(',')) {
      const auto scale = take_number();
      if (!scale) return std::nullopt;
      type.scale = *scale;
    }
    if (!take(')') || type.precision < 1 || type.precision > 38 || type.scale > 18 ||
        type.scale > type.precision) {
      return std::nullopt;
    }
    return type;
  }

  std::optional<Type> parse_length(Type type) {
    if (!take('(')) return std::nullopt;
    const auto length = take_number();
    const int max = type.kind == Kind::kChar ? 255 : 65535;
    if (!length || *length < 1 || *length > max || !take(')')) return std::nullopt;
    type.precision = *length;
    return type;
  }

  std::optional<Type> parse_parts(Type type, int depth) {
    if (!take('<')) return std::nullopt;
    for (int i = type.kind == Kind::kMap ? 2 : 1; i > 0; --i) {
      auto part = parse(depth + 1);
      if (!part || (i > 1 && !take(','))) return std::nullopt;
      type.parts.push_back(std::move(*part));
    }
    if (!take('>')) return std::nullopt;
    return type;
  }

  std::optional<Type> parse_fields(Type type, int depth) {
    if (!take('<')) return std::nullopt;
    do {
      std::string name = take_word();
      if (name.empty() || !take(':')) return std::nullopt;
      auto part = parse(depth + 1);
      if (!part) return std::nullopt;
      type.names.push_back(std::move(name));
      type.parts.push_back(std::move(*part));
    } while (take(','));
    if (!take('>')) return std::nullopt;
    return type;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Type> parse_type(std::string_view text) { return TypeParser(text).parse_all(); }

std::string to_text(const Type& type) {
  std::string text;
  for (const auto& [word, kind] : kNames) {
    if (kind == type.kind) text = word;
  }
  switch (type.kind) {
    case Kind::kDecimal:
      return text + "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
    case Kind::kVarchar:
    case Kind::kChar:
      return text + "(" + std::to_string(type.precision) + ")";
    case Kind::kArray:
      return text + "<" + to_text(type.parts[0]) + ">";
    case Kind::kMap:
      return text + "<" + to_text(type.parts[0]) + "," + to_text(type.parts[1]) + ">";
    case Kind::kStruct: {
      text += '<';
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        if (i > 0) text += ',';
        text += type.names[i] + ":" + to_text(type.parts[i]);
      }
      return text + ">";
    }
    default:
      return text;
  }
}

bool is_integer(Kind kind) {
  return kind == Kind::kTinyint || kind == Kind::kSmallint || kind == Kind::kInt ||
         kind == Kind::kBigint;
}

bool is_text(Kind kind) {
  return kind == Kind::kString || kind == Kind::kVarchar || kind == Kind::kChar;
}

bool is_time(Kind kind) {
  return kind == Kind::kDate || kind == Kind::kDatetime || kind == Kind::kTimestamp ||
         kind == Kind::kTimestampNtz;
}

bool is_composite(Kind kind) {
  return kind == Kind::kArray || kind == Kind::kMap || kind == Kind::kStruct;
}

}  // namespace emulator
