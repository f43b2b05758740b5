// SPDX-License-Identifier: Apache-2.0
#pragma once

// An expression that was translated, and what the built-in functions make of such.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sql_ast.hpp"

namespace emulator::sql {

struct Typed {
  std::string text;  // in SQLite's words
  Type type;
  bool constant = false;       // no column in it
  bool aggregate = false;      // an aggregate in it
  std::set<std::string> free;  // columns outside of aggregates
};

Typed coerce_typed(Typed value, const Type& to, Place place);
std::string quote_text(std::string_view text);

// The type to which two sides of a comparison, or two branches, are brought.
Type find_common(const Type& a, const Type& b, Place place, const std::string& what);

bool is_aggregate(const std::string& name);

// A call, its arguments translated. Throws the service's error for what is not there.
Typed make_call(const Expr& call, std::vector<Typed> arguments);

}  // namespace emulator::sql
