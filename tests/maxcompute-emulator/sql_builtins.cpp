// SPDX-License-Identifier: Apache-2.0
// The built-in functions of the dialect, as far as the emulator has them.
#include <algorithm>
#include <functional>
#include <map>

#include "sql_compiler.hpp"
#include "sql_typed.hpp"
#include "text.hpp"

namespace emulator::sql {
namespace {

const Type kString{Kind::kString};
const Type kBigint{Kind::kBigint};
const Type kDouble{Kind::kDouble};
const Type kBoolean{Kind::kBoolean};
const Type kDatetime{Kind::kDatetime};

using Arguments = std::vector<Typed>;

std::string list_of(const Arguments& arguments) {
  std::vector<std::string> texts;
  for (const Typed& argument : arguments) texts.push_back(argument.text);
  return join(texts, ", ");
}

std::string type_text(const Type& type) { return quote_text(to_text(type)); }

Type common_of(const Arguments& arguments, std::size_t from, Place place, const std::string& name) {
  Type type{Kind::kVoid};
  for (std::size_t i = from; i < arguments.size(); ++i) {
    type = find_common(type, arguments[i].type, place, name);
  }
  return type;
}

struct Builtin {
  std::size_t min;
  std::size_t max;
  std::function<Typed(const Expr&, Arguments&)> make;
};

// A function whose arguments are all brought to one type and whose SQLite namesake does the rest.
Builtin plain(std::size_t min, std::size_t max, std::string target, Type argument, Type result) {
  return {min, max, [=](const Expr& call, Arguments& arguments) {
            for (Typed& each : arguments) each = coerce_typed(each, argument, call.place);
            return Typed{target + "(" + list_of(arguments) + ")", result};
          }};
}

Builtin date_part(std::string part) {
  return {1, 1, [=](const Expr& call, Arguments& arguments) {
            Typed& time = arguments[0];
            if (is_text(time.type.kind)) time = coerce_typed(time, kDatetime, call.place);
            return Typed{
                "mc_datepart(" + time.text + ", " + type_text(time.type) + ", '" + part + "')",
                kBigint};
          }};
}

Typed make_substring(const Expr& call, Arguments& arguments) {
  arguments[0] = coerce_typed(arguments[0], kString, call.place);
  return {"substr(" + list_of(arguments) + ")", kString};
}

Typed make_if(const Expr& call, Arguments& arguments) {
  const Type type = common_of(arguments, 1, call.place, "if");
  return {"CASE WHEN " + arguments[0].text + " THEN " +
              coerce_typed(arguments[1], type, call.place).text + " ELSE " +
              coerce_typed(arguments[2], type, call.place).text + " END",
          type};
}

Typed make_coalesce(const Expr& call, Arguments& arguments) {
  const Type type = common_of(arguments, 0, call.place, call.name);
  for (Typed& each : arguments) each = coerce_typed(each, type, call.place);
  if (arguments.size() == 1) return {arguments[0].text, type};
  return {"coalesce(" + list_of(arguments) + ")", type};
}

Typed make_extreme(const Expr& call, Arguments& arguments) {
  const Type type = common_of(arguments, 0, call.place, call.name);
  for (Typed& each : arguments) each = coerce_typed(each, type, call.place);
  return {(call.name == "greatest" ? "max(" : "min(") + list_of(arguments) + ")", type};
}

Typed make_concat(const Expr& call, Arguments& arguments) {
  std::vector<std::string> texts;
  for (Typed& each : arguments) texts.push_back(coerce_typed(each, kString, call.place).text);
  return {"(" + join(texts, " || ") + ")", kString};
}

Typed make_round(const Expr& call, Arguments& arguments) {
  Typed& number = arguments[0];
  if (number.type.kind == Kind::kDecimal) {
    const Type type{Kind::kDecimal, 38, 18};
    return {"mc_cast(round(CAST(" + number.text + " AS REAL)" +
                (arguments.size() > 1 ? ", " + arguments[1].text : std::string()) +
                "), 'double', " + type_text(type) + ")",
            type};
  }
  number = coerce_typed(number, kDouble, call.place);
  return {"round(" + list_of(arguments) + ")", kDouble};
}

Typed make_abs(const Expr&, Arguments& arguments) {
  if (arguments[0].type.kind == Kind::kDecimal) {
    return {"ltrim(" + arguments[0].text + ", '-')", arguments[0].type};
  }
  return {"abs(" + arguments[0].text + ")", arguments[0].type};
}

// Array, map and struct constructors.
Typed make_composite(const Expr& call, Arguments& arguments) {
  Type type;
  if (call.name == "array") {
    Type item = common_of(arguments, 0, call.place, "array");
    if (item.kind == Kind::kVoid) item = kString;
    for (Typed& each : arguments) each = coerce_typed(each, item, call.place);
    type = Type{Kind::kArray, 0, 0, {item}};
  } else if (call.name == "map") {
    if (arguments.size() % 2 != 0) throw semantic_error(call.place, "map needs pairs");
    Type key{Kind::kVoid};
    Type item{Kind::kVoid};
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
      key = find_common(key, arguments[i].type, call.place, "map");
      item = find_common(item, arguments[i + 1].type, call.place, "map");
    }
    if (key.kind == Kind::kVoid) key = kString;
    if (item.kind == Kind::kVoid) item = kString;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      arguments[i] = coerce_typed(arguments[i], i % 2 == 0 ? key : item, call.place);
    }
    type = Type{Kind::kMap, 0, 0, {key, item}};
  } else {
    type.kind = Kind::kStruct;
    Arguments fields;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const bool named = call.name == "named_struct";
      if (named && i % 2 == 0) {
        if (call.args[i]->kind != ExprKind::kLiteral || !is_text(call.args[i]->type.kind)) {
          throw semantic_error(call.place, "named_struct needs literal names");
        }
        type.names.push_back(to_lower(call.args[i]->value.text()));
        continue;
      }
      if (!named) type.names.push_back("col" + std::to_string(i + 1));
      if (arguments[i].type.kind == Kind::kVoid) arguments[i].type = kString;
      type.parts.push_back(arguments[i].type);
      fields.push_back(arguments[i]);
    }
    arguments = std::move(fields);
  }
  const std::string items = arguments.empty() ? std::string() : ", " + list_of(arguments);
  return {"mc_make(" + type_text(type) + items + ")", type};
}

Typed make_map_list(const Expr& call, Arguments& arguments) {
  const Type& map = arguments[0].type;
  if (map.kind != Kind::kMap) throw semantic_error(call.place, call.name + " needs a map");
  const std::size_t part = call.name == "map_keys" ? 0 : 1;
  return {
      "mc_keys(" + arguments[0].text + ", " + type_text(map) + ", " + std::to_string(part) + ")",
      Type{Kind::kArray, 0, 0, {map.parts[part]}}};
}

Typed make_size(const Expr& call, Arguments& arguments) {
  if (!is_composite(arguments[0].type.kind))
    throw semantic_error(call.place, "size needs an array");
  return {"mc_size(" + arguments[0].text + ", " + type_text(arguments[0].type) + ")", kBigint};
}

Typed make_to_char(const Expr& call, Arguments& arguments) {
  if (arguments.size() == 1) return coerce_typed(arguments[0], kString, call.place);
  Typed& time = arguments[0];
  if (is_text(time.type.kind)) time = coerce_typed(time, kDatetime, call.place);
  return {"mc_to_char(" + time.text + ", " + type_text(time.type) + ", " + arguments[1].text + ")",
          kString};
}

Typed make_to_date(const Expr& call, Arguments& arguments) {
  if (arguments.size() == 1) return coerce_typed(arguments[0], Type{Kind::kDate}, call.place);
  return coerce_typed(coerce_typed(arguments[0], kString, call.place), kDatetime, call.place);
}

Typed make_dateadd(const Expr& call, Arguments& arguments) {
  Typed& time = arguments[0];
  if (is_text(time.type.kind)) time = coerce_typed(time, kDatetime, call.place);
  const std::string unit = arguments.size() > 2 ? arguments[2].text : "'dd'";
  const std::string sign = call.name == "date_sub" ? "-" : "";
  return {"mc_dateadd(" + time.text + ", " + type_text(time.type) + ", " + sign + "(" +
              arguments[1].text + "), " + unit + ")",
          time.type};
}

Typed make_datediff(const Expr& call, Arguments& arguments) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (is_text(arguments[i].type.kind)) {
      arguments[i] = coerce_typed(arguments[i], kDatetime, call.place);
    }
  }
  const std::string unit = arguments.size() > 2 ? arguments[2].text : "'dd'";
  return {"mc_datediff(" + arguments[0].text + ", " + type_text(arguments[0].type) + ", " +
              arguments[1].text + ", " + type_text(arguments[1].type) + ", " + unit + ")",
          kBigint};
}

Typed make_now(const Expr& call, Arguments&) {
  if (call.name == "current_timestamp") return {"mc_now()", Type{Kind::kTimestamp}};
  const Type type = call.name == "current_date" ? Type{Kind::kDate} : kDatetime;
  return {"mc_cast(mc_now(), 'timestamp', " + type_text(type) + ")", type};
}

Typed make_unix(const Expr& call, Arguments& arguments) {
  if (arguments.empty()) return {"mc_unix(mc_now(), 'timestamp')", kBigint};
  Typed& time = arguments[0];
  if (is_text(time.type.kind)) time = coerce_typed(time, kDatetime, call.place);
  return {"mc_unix(" + time.text + ", " + type_text(time.type) + ")", kBigint};
}

Typed make_window(const Expr&, Arguments& arguments) {
  return {(arguments.empty() ? "row_number(" : "row_number(") + list_of(arguments) + ")", kBigint};
}

Typed make_lag(const Expr& call, Arguments& arguments) {
  return {call.name + "(" + list_of(arguments) + ")", arguments[0].type};
}

// ---------------------------------------------------------------------------------- aggregates

Typed make_count(const Expr& call, Arguments& arguments) {
  if (arguments.empty()) {
    if (call.args.empty()) throw semantic_error(call.place, "count needs an argument");
    return {"count(*)", kBigint};
  }
  return {std::string("count(") + (call.distinct ? "DISTINCT " : "") + arguments[0].text + ")",
          kBigint};
}

Typed make_sum(const Expr& call, Arguments& arguments) {
  Typed& number = arguments[0];
  const std::string distinct = call.distinct ? "DISTINCT " : "";
  const bool average = call.name == "avg";
  if (number.type.kind == Kind::kDecimal) {
    if (call.distinct)
      throw semantic_error(call.place, "DISTINCT of decimals is not supported here");
    const int scale = average ? 18 : number.type.scale;
    return {std::string("mc_decagg('") + (average ? "/" : "+") + "', " + number.text + ")",
            Type{Kind::kDecimal, 38, scale}};
  }
  const bool whole = is_integer(number.type.kind);
  if (!whole) number = coerce_typed(number, kDouble, call.place);
  return {call.name + "(" + distinct + number.text + ")", whole && !average ? kBigint : kDouble};
}

Typed make_min(const Expr& call, Arguments& arguments) {
  if (arguments[0].type.kind == Kind::kDecimal) {
    return {std::string("mc_decagg('") + (call.name == "min" ? "<" : ">") + "', " +
                arguments[0].text + ")",
            arguments[0].type};
  }
  return {call.name + "(" + arguments[0].text + ")", arguments[0].type};
}

Typed make_wm_concat(const Expr& call, Arguments& arguments) {
  return {"group_concat(" + coerce_typed(arguments[1], kString, call.place).text + ", " +
              arguments[0].text + ")",
          kString};
}

const std::map<std::string, Builtin>& aggregates() {
  static const std::map<std::string, Builtin> table = {
      {"count", {0, 1, make_count}}, {"sum", {1, 1, make_sum}},
      {"avg", {1, 1, make_sum}},     {"min", {1, 1, make_min}},
      {"max", {1, 1, make_min}},     {"wm_concat", {2, 2, make_wm_concat}},
  };
  return table;
}

const std::map<std::string, Builtin>& builtins() {
  constexpr std::size_t kMany = 255;
  static const std::map<std::string, Builtin> table = {
      {"upper", plain(1, 1, "upper", kString, kString)},
      {"toupper", plain(1, 1, "upper", kString, kString)},
      {"lower", plain(1, 1, "lower", kString, kString)},
      {"tolower", plain(1, 1, "lower", kString, kString)},
      {"length", plain(1, 1, "length", kString, kBigint)},
      {"trim", plain(1, 1, "trim", kString, kString)},
      {"ltrim", plain(1, 1, "ltrim", kString, kString)},
      {"rtrim", plain(1, 1, "rtrim", kString, kString)},
      {"replace", plain(3, 3, "replace", kString, kString)},
      {"instr", plain(2, 2, "instr", kString, kBigint)},
      {"md5", plain(1, 1, "mc_md5", kString, kString)},
      {"unbase64", plain(1, 1, "mc_unbase64", kString, Type{Kind::kBinary})},
      {"unhex", plain(1, 1, "mc_unhex", kString, Type{Kind::kBinary})},
      {"hex",
       {1, 1,
        [](const Expr&, Arguments& a) {
          return Typed{"hex(" + a[0].text + ")", kString};
        }}},
      {"base64",
       {1, 1,
        [](const Expr&, Arguments& a) {
          return Typed{"mc_base64(" + a[0].text + ")", kString};
        }}},
      {"ceil", plain(1, 1, "ceil", kDouble, kDouble)},
      {"floor", plain(1, 1, "floor", kDouble, kDouble)},
      {"sqrt", plain(1, 1, "sqrt", kDouble, kDouble)},
      {"pow", plain(2, 2, "pow", kDouble, kDouble)},
      {"power", plain(2, 2, "pow", kDouble, kDouble)},
      {"substr", {2, 3, make_substring}},
      {"substring", {2, 3, make_substring}},
      {"concat", {1, kMany, make_concat}},
      {"if", {3, 3, make_if}},
      {"nvl", {2, 2, make_coalesce}},
      {"ifnull", {2, 2, make_coalesce}},
      {"coalesce", {1, kMany, make_coalesce}},
      {"greatest", {2, kMany, make_extreme}},
      {"least", {2, kMany, make_extreme}},
      {"round", {1, 2, make_round}},
      {"abs", {1, 1, make_abs}},
      {"array", {0, kMany, make_composite}},
      {"map", {0, kMany, make_composite}},
      {"struct", {1, kMany, make_composite}},
      {"named_struct", {2, kMany, make_composite}},
      {"map_keys", {1, 1, make_map_list}},
      {"map_values", {1, 1, make_map_list}},
      {"size", {1, 1, make_size}},
      {"json_parse",
       {1, 1,
        [](const Expr& call, Arguments& a) {
          return coerce_typed(a[0], Type{Kind::kJson}, call.place);
        }}},
      {"get_json_object",
       {2, 2,
        [](const Expr&, Arguments& a) {
          return Typed{"(" + a[0].text + " ->> " + a[1].text + ")", kString};
        }}},
      {"year", date_part("year")},
      {"month", date_part("month")},
      {"day", date_part("day")},
      {"dayofmonth", date_part("day")},
      {"hour", date_part("hour")},
      {"minute", date_part("minute")},
      {"second", date_part("second")},
      {"to_char", {1, 2, make_to_char}},
      {"date_format", {2, 2, make_to_char}},
      {"to_date", {1, 2, make_to_date}},
      {"dateadd", {3, 3, make_dateadd}},
      {"date_add", {2, 2, make_dateadd}},
      {"date_sub", {2, 2, make_dateadd}},
      {"datediff", {2, 3, make_datediff}},
      {"getdate", {0, 0, make_now}},
      {"now", {0, 0, make_now}},
      {"current_timestamp", {0, 0, make_now}},
      {"current_date", {0, 0, make_now}},
      {"unix_timestamp", {0, 1, make_unix}},
      {"from_unixtime",
       {1, 1,
        [](const Expr&, Arguments& a) {
          return Typed{"mc_from_unix(" + a[0].text + ")", kDatetime};
        }}},
      {"row_number", {0, 0, make_window}},
      {"rank",
       {0, 0,
        [](const Expr&, Arguments&) {
          return Typed{"rank()", kBigint};
        }}},
      {"dense_rank",
       {0, 0,
        [](const Expr&, Arguments&) {
          return Typed{"dense_rank()", kBigint};
        }}},
      {"lag", {1, 3, make_lag}},
      {"lead", {1, 3, make_lag}},
      {"first_value", {1, 1, make_lag}},
      {"last_value", {1, 1, make_lag}},
  };
  return table;
}

}  // namespace

bool is_aggregate(const std::string& name) { return aggregates().contains(name); }

Typed make_call(const Expr& call, std::vector<Typed> arguments) {
  const auto& table = is_aggregate(call.name) ? aggregates() : builtins();
  const auto found = table.find(call.name);
  if (found == table.end()) {
    throw semantic_error(call.place, "function or view " + call.name + " cannot be resolved");
  }
  if (arguments.size() < found->second.min || arguments.size() > found->second.max) {
    throw semantic_error(call.place, "function " + call.name + " has no overload with " +
                                         std::to_string(arguments.size()) + " arguments");
  }
  Typed inherited;
  inherited.constant = call.name != "row_number" && !is_aggregate(call.name);
  for (const Typed& argument : arguments) {
    inherited.constant = inherited.constant && argument.constant;
    inherited.aggregate = inherited.aggregate || argument.aggregate;
    inherited.free.insert(argument.free.begin(), argument.free.end());
  }
  Typed result = found->second.make(call, arguments);
  result.constant = inherited.constant;
  result.aggregate = inherited.aggregate;
  result.free = std::move(inherited.free);
  return result;
}

}  // namespace emulator::sql
