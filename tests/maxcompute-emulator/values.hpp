// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values between their forms: in memory, as SQLite keeps them, as CAST converts them, as CSV shows
// them. SQLite keeps integers, reals, text and blobs as such; DECIMAL as its shortest text; times
// as text of fixed width in UTC, which sorts; composites as JSON text.

#include <optional>
#include <string>

#include "calendar.hpp"
#include "types.hpp"

struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;

namespace emulator {

Value value_from_sqlite(sqlite3_value* value, const Type& type);
Value value_from_column(sqlite3_stmt* statement, int column, const Type& type);
void result_to_sqlite(sqlite3_context* context, const Value& value, const Type& type);
void bind_to_sqlite(sqlite3_stmt* statement, int index, const Value& value, const Type& type);

// CAST. nullopt: these types do not convert; a text that is no number is NULL, as in the service.
std::optional<Value> convert(const Value& value, const Type& from, const Type& to,
                             const Zone& zone);

// As CSV and as the text of CAST(x AS STRING).
std::string to_text(const Value& value, const Type& type, const Zone& zone);
// The cell of a CSV result: quoted where the service quotes, \N for NULL.
std::string to_csv(const Value& value, const Type& type, const Zone& zone);
std::string quote_csv(std::string_view text);

// A composite's JSON text, both ways.
std::string to_json(const Value& value, const Type& type);
std::optional<Value> from_json(std::string_view text, const Type& type);

// Decimals as their shortest text: "-12.34". Rounds half up to the scale; nullopt beyond precision.
std::optional<std::string> make_decimal(std::string_view text, int precision, int scale);

}  // namespace emulator
