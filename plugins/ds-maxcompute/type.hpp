// SPDX-License-Identifier: Apache-2.0
#pragma once
// The types of MaxCompute as its schemas write them, and what they are sent as.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

enum class TypeKind {
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
  kVoid,
  kArray,
  kMap,
  kStruct,
};

inline constexpr std::size_t kTypeDepthMax = 16;
inline constexpr std::size_t kTypeBytesMax = 65'536;

struct Type {
  TypeKind kind = TypeKind::kString;
  std::vector<Type> parts;         // ARRAY: element; MAP: key, value; STRUCT: fields
  std::vector<std::string> names;  // STRUCT: of the fields
  friend bool operator==(const Type&, const Type&) = default;
};

// "bigint", "DECIMAL(10,2)", "struct<a:bigint,`b c`:array<string>>". Nothing when it is none.
std::optional<Type> parse_type(std::string_view text);

// The type of the cells it is sent as, SLUICE_T_*.
std::uint32_t to_cell_type(TypeKind kind);

struct ColumnSpec {
  std::string name, declared;
  Type type;
};

}  // namespace sluice::maxcompute
