// SPDX-License-Identifier: Apache-2.0
#pragma once

// The service's column types, and values of them in memory. Types are parsed from and written to
// the text that schema documents and CAST use: bigint, decimal(10,2), array<string>, struct<a:int>.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace emulator {

enum class Kind {
  kTinyint,
  kSmallint,
  kInt,
  kBigint,
  kFloat,
  kDouble,
  kDecimal,
  kBoolean,
  kString,
  kVarchar,
  kChar,
  kBinary,
  kDate,
  kDatetime,
  kTimestamp,
  kTimestampNtz,
  kJson,
  kIntervalYearMonth,
  kIntervalDayTime,
  kArray,
  kMap,
  kStruct,
  kVoid,
};

struct Type {
  Kind kind = Kind::kString;
  int precision = 0;  // DECIMAL; the length of VARCHAR and CHAR
  int scale = 0;
  std::vector<Type> parts;         // element; key and value; fields
  std::vector<std::string> names;  // fields of a struct

  bool operator==(const Type&) const = default;
};

std::optional<Type> parse_type(std::string_view text);
std::string to_text(const Type& type);  // lower case

bool is_integer(Kind kind);
bool is_text(Kind kind);       // STRING, VARCHAR, CHAR
bool is_time(Kind kind);       // DATE, DATETIME, TIMESTAMP, TIMESTAMP_NTZ
bool is_composite(Kind kind);  // ARRAY, MAP, STRUCT

// A point in time, or a span: nanoseconds are 0…999999999, seconds are floored.
struct Instant {
  std::int64_t seconds = 0;
  std::int32_t nanoseconds = 0;
  auto operator<=>(const Instant&) const = default;
};

struct Value;
using Values = std::vector<Value>;

// NULL; integers, BOOLEAN, DATE (days), DATETIME (ms since 1970 UTC), INTERVAL_YEAR_MONTH (months);
// FLOAT and DOUBLE; text, bytes and DECIMAL; TIMESTAMPs and INTERVAL_DAY_TIME; composites, where a
// map alternates its keys and values.
struct Value {
  std::variant<std::monostate, std::int64_t, double, std::string, Instant, Values> data;

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  std::int64_t integer() const { return std::get<std::int64_t>(data); }
  double real() const { return std::get<double>(data); }
  const std::string& text() const { return std::get<std::string>(data); }
  const Instant& instant() const { return std::get<Instant>(data); }
  const Values& items() const { return std::get<Values>(data); }
  bool operator==(const Value&) const = default;
};

struct Column {
  std::string name;
  Type type;
  std::string comment;
  bool nullable = true;
};

}  // namespace emulator
