// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "text.hpp"

namespace emulator {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kDaySeconds = 86400;

std::string format_real(double number, bool is_float) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  std::array<char, 64> buffer{};
  const auto end = is_float ? std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                            static_cast<float>(number))
                            : std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  std::string text(buffer.data(), end.ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<double> parse_real(std::string_view text) {
  text = trim(text);
  if (equals_ignoring_case(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (equals_ignoring_case(text, "infinity")) return std::numeric_limits<double>::infinity();
  if (equals_ignoring_case(text, "-infinity")) return -std::numeric_limits<double>::infinity();
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || end.ec != std::errc{} || end.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

bool fits(std::int64_t number, Kind kind) {
  switch (kind) {
    case Kind::kTinyint:
      return number >= -128 && number <= 127;
    case Kind::kSmallint:
      return number >= -32768 && number <= 32767;
    case Kind::kInt:
      return number >= -2147483648LL && number <= 2147483647LL;
    default:
      return true;
  }
}

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::string cut_characters(std::string text, std::size_t characters) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && characters-- == 0) break;
  }
  text.resize(at);
  return text;
}

Instant instant_of_ms(std::int64_t ms) {
  std::int64_t seconds = ms / 1000;
  if (ms % 1000 < 0) --seconds;
  return {seconds, static_cast<std::int32_t>((ms - seconds * 1000) * 1000000)};
}

// As SQLite keeps a value of a type that has a text form there.
std::string to_stored_text(const Value& value, const Type& type) {
  switch (type.kind) {
    case Kind::kDate:
      return format_date(value.integer());
    case Kind::kDatetime:
      return format_time(instant_of_ms(value.integer()), 3);
    case Kind::kTimestamp:
    case Kind::kTimestampNtz:
      return format_time(value.instant(), 9);
    case Kind::kIntervalDayTime: {
      std::array<char, 16> tail{};
      std::snprintf(tail.data(), tail.size(), " %09d", value.instant().nanoseconds);
      return std::to_string(value.instant().seconds) + tail.data();
    }
    case Kind::kDecimal:
      return make_decimal(value.text(), type.precision, type.scale).value_or(value.text());
    default:
      return value.text();
  }
}

Value from_stored_text(std::string_view text, const Type& type) {
  switch (type.kind) {
    case Kind::kDate: {
      const auto days = parse_date(text);
      return days ? Value{*days} : Value{};
    }
    case Kind::kDatetime: {
      const auto time = parse_time(text);
      return time ? Value{time->seconds * 1000 + time->nanoseconds / 1000000} : Value{};
    }
    case Kind::kTimestamp:
    case Kind::kTimestampNtz: {
      const auto time = parse_time(text);
      return time ? Value{*time} : Value{};
    }
    case Kind::kIntervalDayTime: {
      const auto parts = split(text, ' ');
      const auto seconds = parse_integer(parts[0]);
      const auto nanoseconds = parts.size() > 1 ? parse_integer(parts[1]) : 0;
      if (!seconds || !nanoseconds) return {};
      return Value{Instant{*seconds, static_cast<std::int32_t>(*nanoseconds)}};
    }
    case Kind::kFloat:
    case Kind::kDouble: {
      const auto number = parse_real(text);
      return number ? Value{*number} : Value{};
    }
    case Kind::kArray:
    case Kind::kMap:
    case Kind::kStruct:
      return from_json(text, type).value_or(Value{});
    default:
      return Value{std::string(text)};
  }
}

Json json_of(const Value& value, const Type& type) {
  if (value.is_null()) return nullptr;
  switch (type.kind) {
    case Kind::kBoolean:
      return value.integer() != 0;
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kIntervalYearMonth:
      return value.integer();
    case Kind::kFloat:
    case Kind::kDouble:
      if (!std::isfinite(value.real())) return format_real(value.real(), false);
      return value.real();
    case Kind::kBinary:
      return to_base64(value.text());
    case Kind::kArray: {
      Json array = Json::array();
      for (const Value& item : value.items()) array.push_back(json_of(item, type.parts[0]));
      return array;
    }
    case Kind::kMap: {
      Json object = Json::object();
      for (std::size_t i = 0; i + 1 < value.items().size(); i += 2) {
        object[to_text(value.items()[i], type.parts[0], *Zone::utc())] =
            json_of(value.items()[i + 1], type.parts[1]);
      }
      return object;
    }
    case Kind::kStruct: {
      Json object = Json::object();
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        object[type.names[i]] = json_of(value.items()[i], type.parts[i]);
      }
      return object;
    }
    default:
      return to_stored_text(value, type);
  }
}

std::optional<Value> value_of(const Json& json, const Type& type) {
  if (json.is_null()) return Value{};
  switch (type.kind) {
    case Kind::kBoolean:
      if (!json.is_boolean()) return std::nullopt;
      return Value{static_cast<std::int64_t>(json.get<bool>() ? 1 : 0)};
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kIntervalYearMonth:
      if (!json.is_number_integer()) return std::nullopt;
      return Value{json.get<std::int64_t>()};
    case Kind::kFloat:
    case Kind::kDouble:
      if (json.is_string()) return from_stored_text(json.get<std::string>(), type);
      if (!json.is_number()) return std::nullopt;
      return Value{json.get<double>()};
    case Kind::kBinary: {
      if (!json.is_string()) return std::nullopt;
      auto bytes = from_base64(json.get<std::string>());
      if (!bytes) return std::nullopt;
      return Value{std::move(*bytes)};
    }
    case Kind::kArray: {
      if (!json.is_array()) return std::nullopt;
      Values items;
      for (const Json& item : json) {
        auto value = value_of(item, type.parts[0]);
        if (!value) return std::nullopt;
        items.push_back(std::move(*value));
      }
      return Value{std::move(items)};
    }
    case Kind::kMap: {
      if (!json.is_object()) return std::nullopt;
      Values pairs;
      for (const auto& [key, item] : json.items()) {
        auto converted = convert(Value{key}, Type{Kind::kString}, type.parts[0], *Zone::utc());
        auto value = value_of(item, type.parts[1]);
        if (!converted || !value) return std::nullopt;
        pairs.push_back(std::move(*converted));
        pairs.push_back(std::move(*value));
      }
      return Value{std::move(pairs)};
    }
    case Kind::kStruct: {
      if (!json.is_object()) return std::nullopt;
      Values fields;
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        const auto field = json.find(type.names[i]);
        if (field == json.end()) {
          fields.push_back({});
          continue;
        }
        auto value = value_of(*field, type.parts[i]);
        if (!value) return std::nullopt;
        fields.push_back(std::move(*value));
      }
      return Value{std::move(fields)};
    }
    default:
      if (!json.is_string()) return std::nullopt;
      return from_stored_text(json.get<std::string>(), type);
  }
}

std::optional<Value> convert_text(const std::string& text, const Type& to, const Zone& zone) {
  switch (to.kind) {
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint: {
      if (const auto number = parse_integer(text)) {
        return fits(*number, to.kind) ? Value{*number} : Value{};
      }
      const auto real = parse_real(text);
      if (!real || !(std::abs(*real) < 9.2e18)) return Value{};
      const auto number = static_cast<std::int64_t>(*real);
      return fits(number, to.kind) ? Value{number} : Value{};
    }
    case Kind::kFloat:
    case Kind::kDouble: {
      const auto number = parse_real(text);
      return number ? Value{*number} : Value{};
    }
    case Kind::kDecimal: {
      auto decimal = make_decimal(text, to.precision, to.scale);
      return decimal ? Value{std::move(*decimal)} : Value{};
    }
    case Kind::kBoolean: {
      if (equals_ignoring_case(text, "true")) return Value{std::int64_t{1}};
      if (equals_ignoring_case(text, "false")) return Value{std::int64_t{0}};
      return Value{};
    }
    case Kind::kDate: {
      const auto days = parse_date(text);
      return days ? Value{*days} : Value{};
    }
    case Kind::kDatetime: {
      const auto time = parse_time(text);
      if (!time) return Value{};
      return Value{zone.to_utc(time->seconds) * 1000 + time->nanoseconds / 1000000};
    }
    case Kind::kTimestamp: {
      const auto time = parse_time(text);
      if (!time) return Value{};
      return Value{Instant{zone.to_utc(time->seconds), time->nanoseconds}};
    }
    case Kind::kTimestampNtz: {
      const auto time = parse_time(text);
      return time ? Value{*time} : Value{};
    }
    case Kind::kBinary:
    case Kind::kJson:
      return Value{text};
    default:
      return std::nullopt;
  }
}

// Times among each other, through the instant.
std::optional<Value> convert_time(const Value& value, const Type& from, const Type& to,
                                  const Zone& zone) {
  Instant instant;
  const bool from_local = from.kind == Kind::kDate || from.kind == Kind::kTimestampNtz;
  if (from.kind == Kind::kDate) instant.seconds = value.integer() * kDaySeconds;
  if (from.kind == Kind::kDatetime) instant = instant_of_ms(value.integer());
  if (from.kind == Kind::kTimestamp || from.kind == Kind::kTimestampNtz) instant = value.instant();
  const bool to_local = to.kind == Kind::kDate || to.kind == Kind::kTimestampNtz;
  if (from_local && !to_local) instant.seconds = zone.to_utc(instant.seconds);
  if (!from_local && to_local) instant.seconds = zone.to_local(instant.seconds);
  switch (to.kind) {
    case Kind::kDate: {
      const std::int64_t days = instant.seconds / kDaySeconds;
      return Value{days - (instant.seconds % kDaySeconds < 0 ? 1 : 0)};
    }
    case Kind::kDatetime:
      return Value{instant.seconds * 1000 + instant.nanoseconds / 1000000};
    case Kind::kTimestamp:
    case Kind::kTimestampNtz:
      return Value{instant};
    default:
      return std::nullopt;
  }
}

std::optional<Value> convert_number(const Value& value, const Type& from, const Type& to,
                                    const Zone& zone) {
  if (to.kind == Kind::kDecimal) return convert_text(to_text(value, from, zone), to, zone);
  if (to.kind == Kind::kFloat || to.kind == Kind::kDouble) {
    if (from.kind == Kind::kFloat || from.kind == Kind::kDouble) return value;
    return Value{static_cast<double>(value.integer())};
  }
  if (to.kind == Kind::kBoolean) {
    const bool truth = from.kind == Kind::kFloat || from.kind == Kind::kDouble
                           ? value.real() != 0
                           : value.integer() != 0;
    return Value{static_cast<std::int64_t>(truth ? 1 : 0)};
  }
  if (is_integer(to.kind)) {
    std::int64_t number = 0;
    if (from.kind == Kind::kFloat || from.kind == Kind::kDouble) {
      if (!(std::abs(value.real()) < 9.2e18)) return Value{};
      number = static_cast<std::int64_t>(value.real());
    } else {
      number = value.integer();
    }
    return fits(number, to.kind) ? Value{number} : Value{};
  }
  return std::nullopt;
}

}  // namespace

Value value_from_sqlite(sqlite3_value* value, const Type& type) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
      return {};
    case SQLITE_INTEGER: {
      const std::int64_t number = sqlite3_value_int64(value);
      if (type.kind == Kind::kFloat || type.kind == Kind::kDouble) {
        return Value{static_cast<double>(number)};
      }
      if (is_integer(type.kind) || type.kind == Kind::kBoolean ||
          type.kind == Kind::kIntervalYearMonth) {
        return Value{number};
      }
      return from_stored_text(std::to_string(number), type);
    }
    case SQLITE_FLOAT: {
      const double number = sqlite3_value_double(value);
      if (type.kind == Kind::kFloat || type.kind == Kind::kDouble) return Value{number};
      if (is_integer(type.kind)) return Value{static_cast<std::int64_t>(number)};
      return from_stored_text(format_real(number, false), type);
    }
    default: {
      const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
      const std::string_view text(data == nullptr ? "" : data,
                                  static_cast<std::size_t>(sqlite3_value_bytes(value)));
      if (is_integer(type.kind) || type.kind == Kind::kBoolean ||
          type.kind == Kind::kIntervalYearMonth) {
        const auto number = parse_integer(text);
        return number ? Value{*number} : Value{};
      }
      return from_stored_text(text, type);
    }
  }
}

Value value_from_column(sqlite3_stmt* statement, int column, const Type& type) {
  return value_from_sqlite(sqlite3_column_value(statement, column), type);
}

void result_to_sqlite(sqlite3_context* context, const Value& value, const Type& type) {
  if (value.is_null()) return sqlite3_result_null(context);
  if (std::holds_alternative<std::int64_t>(value.data) && !is_time(type.kind)) {
    return sqlite3_result_int64(context, value.integer());
  }
  if (std::holds_alternative<double>(value.data)) {
    if (std::isnan(value.real())) return sqlite3_result_text(context, "NaN", 3, SQLITE_STATIC);
    return sqlite3_result_double(context, value.real());
  }
  const std::string text =
      is_composite(type.kind) ? to_json(value, type) : to_stored_text(value, type);
  if (type.kind == Kind::kBinary) {
    return sqlite3_result_blob(context, text.data(), static_cast<int>(text.size()),
                               SQLITE_TRANSIENT);
  }
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void bind_to_sqlite(sqlite3_stmt* statement, int index, const Value& value, const Type& type) {
  if (value.is_null()) {
    sqlite3_bind_null(statement, index);
    return;
  }
  if (std::holds_alternative<std::int64_t>(value.data) && !is_time(type.kind)) {
    sqlite3_bind_int64(statement, index, value.integer());
    return;
  }
  if (std::holds_alternative<double>(value.data)) {
    if (std::isnan(value.real())) {
      sqlite3_bind_text(statement, index, "NaN", 3, SQLITE_STATIC);
    } else {
      sqlite3_bind_double(statement, index, value.real());
    }
    return;
  }
  const std::string text =
      is_composite(type.kind) ? to_json(value, type) : to_stored_text(value, type);
  if (type.kind == Kind::kBinary) {
    sqlite3_bind_blob(statement, index, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()),
                      SQLITE_TRANSIENT);
  }
}

std::optional<Value> convert(const Value& value, const Type& from, const Type& to,
                             const Zone& zone) {
  if (value.is_null() || from == to) return value;
  if (is_text(to.kind)) {
    std::string text = to_text(value, from, zone);
    if (!is_text(from.kind) && count_characters(text) > 8U * 1024 * 1024) return Value{};
    if (to.kind != Kind::kString) {
      text = cut_characters(std::move(text), static_cast<std::size_t>(to.precision));
    }
    return Value{std::move(text)};
  }
  if (is_text(from.kind) || from.kind == Kind::kDecimal) {
    if (from.kind == Kind::kDecimal && (is_time(to.kind) || to.kind == Kind::kBinary)) {
      return std::nullopt;
    }
    return convert_text(value.text(), to, zone);
  }
  if (is_time(from.kind) && is_time(to.kind)) return convert_time(value, from, to, zone);
  if (is_integer(from.kind) || from.kind == Kind::kFloat || from.kind == Kind::kDouble ||
      from.kind == Kind::kBoolean) {
    return convert_number(value, from, to, zone);
  }
  if (from.kind == Kind::kJson && to.kind == Kind::kString) return value;
  if (from.kind == to.kind) return value;
  return std::nullopt;
}

std::string to_text(const Value& value, const Type& type, const Zone& zone) {
  if (value.is_null()) return "\\N";
  switch (type.kind) {
    case Kind::kBoolean:
      return value.integer() != 0 ? "true" : "false";
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kIntervalYearMonth:
      return std::to_string(value.integer());
    case Kind::kFloat:
      return format_real(value.real(), true);
    case Kind::kDouble:
      return format_real(value.real(), false);
    case Kind::kDate:
      return format_date(value.integer());
    case Kind::kDatetime: {
      Instant instant = instant_of_ms(value.integer());
      instant.seconds = zone.to_local(instant.seconds);
      return format_time_shortest(instant);
    }
    case Kind::kTimestamp:
      return format_time_shortest(
          {zone.to_local(value.instant().seconds), value.instant().nanoseconds});
    case Kind::kTimestampNtz:
      return format_time_shortest(value.instant());
    case Kind::kIntervalDayTime:
      return to_stored_text(value, type);
    case Kind::kArray: {
      std::string text = "[";
      for (std::size_t i = 0; i < value.items().size(); ++i) {
        if (i > 0) text += ',';
        text += to_text(value.items()[i], type.parts[0], zone);
      }
      return text + "]";
    }
    case Kind::kMap: {
      std::string text = "{";
      for (std::size_t i = 0; i + 1 < value.items().size(); i += 2) {
        if (i > 0) text += ',';
        text += to_text(value.items()[i], type.parts[0], zone) + ":" +
                to_text(value.items()[i + 1], type.parts[1], zone);
      }
      return text + "}";
    }
    case Kind::kStruct: {
      std::string text = "{";
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        if (i > 0) text += ',';
        text += type.names[i] + ":" + to_text(value.items()[i], type.parts[i], zone);
      }
      return text + "}";
    }
    case Kind::kDecimal:
    case Kind::kString:
    case Kind::kVarchar:
    case Kind::kChar:
    case Kind::kBinary:
    case Kind::kJson:
      return value.text();
    case Kind::kVoid:
      return "\\N";
  }
  return {};
}

std::string quote_csv(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string to_csv(const Value& value, const Type& type, const Zone& zone) {
  const std::string text = to_text(value, type, zone);
  const bool quoted = !value.is_null() && (is_text(type.kind) || type.kind == Kind::kBinary ||
                                           type.kind == Kind::kJson || is_composite(type.kind));
  return quoted ? quote_csv(text) : text;
}

std::string to_json(const Value& value, const Type& type) {
  return json_of(value, type).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Value> from_json(std::string_view text, const Type& type) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return value_of(json, type);
}

std::optional<std::string> make_decimal(std::string_view text, int precision, int scale) {
  text = trim(text);
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;
  int exponent = 0;
  bool point = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
    } else if (c >= '0' && c <= '9') {
      digits += c;
      if (point) --exponent;
    } else {
      break;
    }
  }
  if (digits.empty()) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    const auto power = parse_integer(text.substr(at + 1));
    if (!power || *power > 100 || *power < -100) return std::nullopt;
    exponent += static_cast<int>(*power);
  }
  if (exponent > 0) digits.append(static_cast<std::size_t>(exponent), '0');
  int fraction = exponent < 0 ? -exponent : 0;
  if (digits.size() < static_cast<std::size_t>(fraction) + 1) {
    digits.insert(0, static_cast<std::size_t>(fraction) + 1 - digits.size(), '0');
  }
  if (fraction > scale) {
    const std::size_t keep = digits.size() - static_cast<std::size_t>(fraction - scale);
    const bool up = digits[keep] >= '5';
    digits.resize(keep);
    fraction = scale;
    if (up) {
      std::size_t i = digits.size();
      while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
      if (i == 0)
        digits.insert(0, 1, '1');
      else
        ++digits[i - 1];
    }
    if (digits.empty()) digits = "0";
  }
  while (fraction > 0 && digits.back() == '0') {
    digits.pop_back();
    --fraction;
  }
  const auto whole_digits = digits.size() - static_cast<std::size_t>(fraction);
  std::string whole = digits.substr(0, whole_digits);
  const std::string tail = digits.substr(whole_digits);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  if (whole.size() > static_cast<std::size_t>(precision - scale)) return std::nullopt;
  if (whole.empty()) whole = "0";
  const bool zero = whole == "0" && tail.empty();
  return (negative && !zero ? "-" : "") + whole + (tail.empty() ? "" : "." + tail);
}

}  // namespace emulator
