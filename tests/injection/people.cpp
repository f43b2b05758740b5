// SPDX-License-Identifier: Apache-2.0
#include "tests/injection/people.hpp"

#include "tests/injection/corpus.hpp"

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <regex>

namespace sluice::tests {
namespace {

using model::LikeMatch;
using model::Operator;

std::string make_literal(const Field& field) {
  if (!field) return "NULL";
  if (const auto* number = std::get_if<std::int64_t>(&*field)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&*field)) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", *number);
    return std::string(text).find_first_of(".e") == std::string::npos ? std::string(text) + ".0"
                                                                      : text;
  }
  // As bytes: this file shall not have to trust its own quoting.
  std::string literal = "CAST(x'";
  for (const char c : std::get<std::string>(*field)) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned char>(c));
    literal += hex;
  }
  return literal + "' AS TEXT)";
}

// Code points, ASCII in lower case: what SQLite's LIKE compares.
std::u32string fold(std::string_view text) {
  std::u32string points;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80 && !points.empty()) {
      points.back() = points.back() << 6 | (byte & 0x3f);
    } else {
      points += byte >= 0xf0                 ? byte & 0x07u
                : byte >= 0xe0               ? byte & 0x0fu
                : byte >= 0xc0               ? byte & 0x1fu
                : byte >= 'A' && byte <= 'Z' ? byte + 32u
                                             : byte;
    }
  }
  for (auto& point : points) {
    // SQLite's LIKE reads these two, which are no characters, as U+FFFD.
    if (point == 0xfffe || point == 0xffff) point = 0xfffd;
  }
  return points;
}

// Which beginnings of the text a beginning of the pattern matches: no backtracking to get wrong.
bool is_like(std::string_view given_text, std::string_view given, LikeMatch match) {
  constexpr char32_t kMany = 0x110000, kOne = 0x110001;  // no code points
  std::u32string pattern;
  if (match == LikeMatch::kSuffix || match == LikeMatch::kContains) pattern += kMany;
  for (const char32_t point : fold(given)) {
    const bool is_wild = match == LikeMatch::kPattern;
    pattern += is_wild && point == U'%' ? kMany : is_wild && point == U'_' ? kOne : point;
  }
  if (match == LikeMatch::kPrefix || match == LikeMatch::kContains) pattern += kMany;
  const auto text = fold(given_text);
  std::vector<bool> reached(text.size() + 1);
  reached[0] = true;
  for (const char32_t part : pattern) {
    std::vector<bool> next(text.size() + 1);
    bool seen = false, goes_on = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
      seen = seen || reached[i];
      if (part == kMany) {
        next[i] = seen;
      } else if (i < text.size() && reached[i] && (part == kOne || part == text[i])) {
        next[i + 1] = true;
      }
      goes_on = goes_on || next[i];
    }
    if (!goes_on && !next[text.size()]) return false;
    reached = std::move(next);
  }
  return reached[text.size()];
}

bool is_utf8(std::string_view text) {
  static const std::regex kValid(
      "([\\x01-\\x7f]|[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|"
      "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|"
      "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}|[\\xf1-\\xf3][\\x80-\\xbf]{3}|"
      "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2})");
  // One code point at a time: libstdc++ would take a recursion for each character of one match.
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 1;
    while (at + length < text.size() && length < 4 &&
           (static_cast<unsigned char>(text[at + length]) & 0xc0) == 0x80) {
      ++length;
    }
    if (!std::regex_match(text.begin() + static_cast<std::ptrdiff_t>(at),
                          text.begin() + static_cast<std::ptrdiff_t>(at + length), kValid)) {
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace

const Field& Person::column(std::string_view column) const {
  return column == "name" ? name : column == "age" ? age : column == "score" ? score : active;
}

std::vector<Person> make_people(const std::vector<std::string>& more) {
  std::vector<Person> people = {
      {1, "Alice", 31, 1.5, 1},
      {2, "Bob", 31, -2.25, 0},
      {3, "alice", std::nullopt, 0.0, std::nullopt},
      {4, std::nullopt, 0, std::nullopt, 1},
      {5, "", -1, 100.0, 0},
      {6, "A_ice", 2147483647, 1e300, 1},
      {7, "Al%", INT64_MAX, 0.1, 0},
      {8, "100%", INT64_MIN, -0.5, 1},
      {9, "50!%_off", 1, 1.0, 0},
      {10, "O'Brien", 2, 3.4028235e38, 1},
      {11, "x' OR '1'='1", 10, 9007199254740993.0, 0},
      {12, "a\\b", 42, 2.5, std::nullopt},
      {13, "\xe7\x94\xa8\xe6\x88\xb7", 42, 2.5, 1},
      {14, "Alice,Bob", -2147483648LL, 12.5, 0},
      {15, std::nullopt, std::nullopt, std::nullopt, std::nullopt},
  };
  for (const auto& name : more) {
    const auto id = static_cast<std::int64_t>(people.size()) + 1;
    people.push_back({id, name, id % 7, static_cast<double>(id) / 4, id % 2});
  }
  return people;
}

std::string make_people_sql(const std::vector<Person>& people) {
  std::string sql =
      "PRAGMA journal_mode = WAL; CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age "
      "INTEGER, score REAL, active BOOLEAN); BEGIN;";
  for (const auto& p : people) {
    sql += "INSERT INTO people VALUES(" + std::to_string(p.id) + ", " + make_literal(p.name) +
           ", " + make_literal(p.age) + ", " + make_literal(p.score) + ", " +
           make_literal(p.active) + ");";
  }
  return sql + "COMMIT; CREATE INDEX by_name ON people(name); CREATE INDEX by_age ON people(age);";
}

std::optional<bool> evaluate(const Question& question, const Person& person) {
  const Field& field = person.column(question.column);
  const auto& values = question.values;
  if (question.op == Operator::kIsNull) return field.has_value() != (values[0] == Value(1));
  if (question.op == Operator::kIsNotNull) return field.has_value() == (values[0] == Value(1));
  if (!field) return std::nullopt;
  const auto is_among = [&] {
    for (const auto& value : values) {
      if (*field == value) return true;
    }
    return false;
  };
  switch (question.op) {
    case Operator::kEqual:
      return *field == values[0];
    case Operator::kNotEqual:
      return *field != values[0];
    case Operator::kGreater:
      return *field > values[0];
    case Operator::kGreaterOrEqual:
      return *field >= values[0];
    case Operator::kLess:
      return *field < values[0];
    case Operator::kLessOrEqual:
      return *field <= values[0];
    case Operator::kLike:
    case Operator::kNotLike:
      return is_like(std::get<std::string>(*field), std::get<std::string>(values[0]),
                     question.match) == (question.op == Operator::kLike);
    case Operator::kIn:
      return is_among();
    case Operator::kNotIn:
      return !is_among();
    case Operator::kBetween:
      return *field >= values[0] && *field <= values[1];
    case Operator::kIsNull:
    case Operator::kIsNotNull:
      break;
  }
  return std::nullopt;
}

std::optional<Value> read_value(model::ParameterType type, std::string_view given) {
  using enum model::ParameterType;
  const std::string text(given);
  const auto matches = [&](const char* pattern) {
    // Longer than any number: and no match of libstdc++ that recurses four thousand times.
    return text.size() < 1100 && text.find('\0') == std::string::npos &&
           std::regex_match(text, std::regex(pattern));
  };
  switch (element_of(type)) {
    case kInt:
    case kLong: {
      if (!matches("-?[0-9]+")) return {};
      errno = 0;
      const long long number = std::strtoll(text.c_str(), nullptr, 10);
      if (errno == ERANGE) return {};
      if (element_of(type) == kInt && (number < INT32_MIN || number > INT32_MAX)) return {};
      return std::int64_t{number};
    }
    case kFloat:
    case kDouble: {
      const bool is_number = text.size() < 1100
                                 ? matches("-?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?")
                                 : text.find_first_not_of("0123456789.") == std::string::npos;
      if (!is_number) return {};
      errno = 0;
      const double number = std::strtod(text.c_str(), nullptr);
      if (errno == ERANGE && (number == 0 || std::isinf(number))) return {};
      if (element_of(type) == kFloat && std::abs(number) > 3.4028234663852886e38) return {};
      return number;
    }
    case kBoolean:
      if (text == "true" || text == "1") return std::int64_t{1};
      if (text == "false" || text == "0") return std::int64_t{0};
      return {};
    default:
      return is_utf8(given) ? std::optional<Value>(text) : std::nullopt;
  }
}

std::vector<std::string> pick_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < corpus().size(); i += 5) {
    if (read_value(model::ParameterType::kString, corpus()[i])) names.push_back(corpus()[i]);
  }
  return names;
}

}  // namespace sluice::tests
