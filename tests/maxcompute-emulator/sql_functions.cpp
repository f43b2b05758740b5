// SPDX-License-Identifier: Apache-2.0
#include "sql_functions.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <unordered_map>

#include "sql_ast.hpp"
#include "text.hpp"
#include "values.hpp"
#include "warehouse.hpp"

namespace emulator::sql {
namespace {

constexpr int kDivisionDigits = 18;

std::string_view text_of(sqlite3_value* value) {
  const auto* data = static_cast<const char*>(sqlite3_value_blob(value));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void give(sqlite3_context* context, std::string_view text) {
  sqlite3_result_text(context, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void fail(sqlite3_context* context, std::string_view text) {
  sqlite3_result_error(context, text.data(), static_cast<int>(text.size()));
}

bool any_null(int count, sqlite3_value** values) {
  for (int i = 0; i < count; ++i) {
    if (sqlite3_value_type(values[i]) == SQLITE_NULL) return true;
  }
  return false;
}

// Types are named in the text of translated statements; each is parsed once per thread.
const Type& type_named(std::string_view name) {
  constexpr std::size_t kKnownMax = 1000;
  thread_local std::unordered_map<std::string, Type> known;
  if (known.size() > kKnownMax) known.clear();
  const std::string key(name);
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known.emplace(key, parse_type(name).value_or(Type{})).first->second;
}

Session& session_of(sqlite3_context* context) {
  return *static_cast<Session*>(sqlite3_user_data(context));
}

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

struct Decimal {
  Wide unscaled = 0;
  int scale = 0;
};

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal decimal;
  bool negative = false;
  bool point = false;
  for (const char c : text) {
    if (c == '-') {
      negative = true;
    } else if (c == '.') {
      point = true;
    } else if (c >= '0' && c <= '9') {
      if (__builtin_mul_overflow(decimal.unscaled, 10, &decimal.unscaled) ||
          __builtin_add_overflow(decimal.unscaled, c - '0', &decimal.unscaled)) {
        return std::nullopt;
      }
      if (point) ++decimal.scale;
    } else {
      return std::nullopt;
    }
  }
  if (negative) decimal.unscaled = -decimal.unscaled;
  return decimal;
}

bool rescale(Decimal& decimal, int scale) {
  for (; decimal.scale < scale; ++decimal.scale) {
    if (__builtin_mul_overflow(decimal.unscaled, 10, &decimal.unscaled)) return false;
  }
  return true;
}

std::string to_string(const Decimal& decimal) {
  const bool negative = decimal.unscaled < 0;
  UnsignedWide rest = negative ? -static_cast<UnsignedWide>(decimal.unscaled)
                               : static_cast<UnsignedWide>(decimal.unscaled);
  std::string digits;
  while (rest > 0 || digits.size() <= static_cast<std::size_t>(decimal.scale)) {
    digits.insert(0, 1, static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  digits.insert(digits.size() - static_cast<std::size_t>(decimal.scale), 1, '.');
  return make_decimal((negative ? "-" : "") + digits, 38, std::min(decimal.scale, 18))
      .value_or(std::string());
}

// A text that sorts as the decimal does.
std::string sort_key(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const auto point = std::min(text.find('.'), text.size());
  std::string key(40 - std::min<std::size_t>(point, 40), '0');
  key += text;
  if (point == text.size()) key += '.';
  key.resize(60, '0');
  if (negative) {
    for (char& c : key) {
      if (c >= '0' && c <= '9') c = static_cast<char>('9' - (c - '0'));
    }
  }
  return (negative ? "-" : "0") + key;
}

// ------------------------------------------------------------------------------ conversions, times

void mc_cast(sqlite3_context* context, int, sqlite3_value** values) {
  const Type& from = type_named(text_of(values[1]));
  const Type& to = type_named(text_of(values[2]));
  const Value value = value_from_sqlite(values[0], from);
  const auto converted = convert(value, from, to, *session_of(context).zone);
  if (!converted) return fail(context, "ODPS-0123091:Illegal type cast");
  result_to_sqlite(context, *converted, to);
}

// Local broken-down parts of a time that is kept as text.
std::optional<Instant> local_time(sqlite3_context* context, sqlite3_value* value,
                                  const Type& type) {
  const Value time = value_from_sqlite(value, type);
  const auto local = convert(time, type, Type{Kind::kTimestampNtz}, *session_of(context).zone);
  if (!local || local->is_null()) return std::nullopt;
  return local->instant();
}

void mc_datepart(sqlite3_context* context, int, sqlite3_value** values) {
  const auto local = local_time(context, values[0], type_named(text_of(values[1])));
  if (!local) return sqlite3_result_null(context);
  const std::string text = format_time(*local, 3);
  const std::string_view part = text_of(values[2]);
  const auto cut = [&text](std::size_t from, std::size_t length) {
    return std::stoll(text.substr(from, length));
  };
  if (part == "year") return sqlite3_result_int64(context, cut(0, 4));
  if (part == "month") return sqlite3_result_int64(context, cut(5, 2));
  if (part == "day") return sqlite3_result_int64(context, cut(8, 2));
  if (part == "hour") return sqlite3_result_int64(context, cut(11, 2));
  if (part == "minute") return sqlite3_result_int64(context, cut(14, 2));
  if (part == "second") return sqlite3_result_int64(context, cut(17, 2));
  if (part == "date") return give(context, text.substr(0, 10));
  fail(context, "ODPS-0121095:Invalid argument - unknown part of a date");
}

// yyyy, mm (or MM), dd, hh (or HH), mi, ss; everything else as it stands.
void mc_to_char(sqlite3_context* context, int, sqlite3_value** values) {
  const auto local = local_time(context, values[0], type_named(text_of(values[1])));
  if (!local || sqlite3_value_type(values[2]) == SQLITE_NULL) return sqlite3_result_null(context);
  const std::string time = format_time(*local, 3);
  const std::string_view format = text_of(values[2]);
  const std::string lower = to_lower(format);
  std::string text;
  for (std::size_t i = 0; i < format.size();) {
    const std::string_view rest = std::string_view(lower).substr(i);
    const struct {
      std::string_view name;
      std::size_t from, length;
    } parts[] = {{"yyyy", 0, 4}, {"ff3", 20, 3}, {"mi", 14, 2}, {"mm", 5, 2},
                 {"dd", 8, 2},   {"hh", 11, 2},  {"ss", 17, 2}};
    bool found = false;
    for (const auto& part : parts) {
      if (found || rest.substr(0, part.name.size()) != part.name) continue;
      // Java's letters: mm after HH is the minute.
      const bool minute =
          part.name == "mm" && format[i] == 'm' && format.find('M') != std::string_view::npos;
      text += minute ? time.substr(14, 2) : time.substr(part.from, part.length);
      i += part.name.size();
      found = true;
    }
    if (!found) text += format[i++];
  }
  give(context, text);
}

void mc_now(sqlite3_context* context, int, sqlite3_value**) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                      std::chrono::system_clock::now().time_since_epoch())
                      .count();
  result_to_sqlite(context,
                   Value{Instant{ns / 1000000000, static_cast<std::int32_t>(ns % 1000000000)}},
                   Type{Kind::kTimestamp});
}

void mc_dateadd(sqlite3_context* context, int, sqlite3_value** values) {
  const Type& type = type_named(text_of(values[1]));
  const auto local = local_time(context, values[0], type);
  if (!local || sqlite3_value_type(values[2]) == SQLITE_NULL) return sqlite3_result_null(context);
  const std::int64_t delta = sqlite3_value_int64(values[2]);
  const std::string unit = to_lower(text_of(values[3]));
  Instant moved = *local;
  if (unit == "dd" || unit == "day")
    moved.seconds += delta * 86400;
  else if (unit == "hh" || unit == "hour")
    moved.seconds += delta * 3600;
  else if (unit == "mi")
    moved.seconds += delta * 60;
  else if (unit == "ss")
    moved.seconds += delta;
  else if (unit == "mm" || unit == "month" || unit == "yyyy" || unit == "year") {
    const std::string text = format_time(*local, 9);
    const std::int64_t months = std::stoll(text.substr(0, 4)) * 12 + std::stoll(text.substr(5, 2)) -
                                1 + delta * (unit[0] == 'y' ? 12 : 1);
    int day = std::stoi(text.substr(8, 2));
    const int year = static_cast<int>(months / 12);
    const int month = static_cast<int>(months % 12) + 1;
    const std::int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    day = std::min(day, static_cast<int>(next - days_of(year, month, 1)));
    moved.seconds = days_of(year, month, day) * 86400 + std::stoll(text.substr(11, 2)) * 3600 +
                    std::stoll(text.substr(14, 2)) * 60 + std::stoll(text.substr(17, 2));
  } else {
    return fail(context, "ODPS-0121095:Invalid argument - unknown part of a date");
  }
  const auto back =
      convert(Value{moved}, Type{Kind::kTimestampNtz}, type, *session_of(context).zone);
  result_to_sqlite(context, back.value_or(Value{}), type);
}

void mc_datediff(sqlite3_context* context, int, sqlite3_value** values) {
  const auto a = local_time(context, values[0], type_named(text_of(values[1])));
  const auto b = local_time(context, values[2], type_named(text_of(values[3])));
  if (!a || !b) return sqlite3_result_null(context);
  const std::string unit = to_lower(text_of(values[4]));
  const auto floor_to = [](std::int64_t seconds, std::int64_t step) {
    return (seconds - ((seconds % step) + step) % step) / step;
  };
  std::int64_t step = 86400;
  if (unit == "hh" || unit == "hour") step = 3600;
  if (unit == "mi") step = 60;
  if (unit == "ss") step = 1;
  sqlite3_result_int64(context, floor_to(a->seconds, step) - floor_to(b->seconds, step));
}

void mc_unix(sqlite3_context* context, int, sqlite3_value** values) {
  const Type& type = type_named(text_of(values[1]));
  const auto instant = convert(value_from_sqlite(values[0], type), type, Type{Kind::kTimestamp},
                               *session_of(context).zone);
  if (!instant || instant->is_null()) return sqlite3_result_null(context);
  sqlite3_result_int64(context, instant->instant().seconds);
}

void mc_from_unix(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  result_to_sqlite(context, Value{sqlite3_value_int64(values[0]) * 1000}, Type{Kind::kDatetime});
}

// ----------------------------------------------------------------------------------------- numbers

void mc_div(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const double divisor = sqlite3_value_double(values[1]);
  if (divisor == 0) return fail(context, "ODPS-0121095:Invalid argument - division by zero");
  sqlite3_result_double(context, sqlite3_value_double(values[0]) / divisor);
}

void mc_idiv(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const std::int64_t divisor = sqlite3_value_int64(values[1]);
  if (divisor == 0) return fail(context, "ODPS-0121095:Invalid argument - division by zero");
  if (divisor == -1) return sqlite3_result_int64(context, -sqlite3_value_int64(values[0]));
  sqlite3_result_int64(context, sqlite3_value_int64(values[0]) / divisor);
}

void mc_mod(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  if (sqlite3_value_type(values[0]) == SQLITE_INTEGER &&
      sqlite3_value_type(values[1]) == SQLITE_INTEGER) {
    const std::int64_t divisor = sqlite3_value_int64(values[1]);
    if (divisor == 0) return fail(context, "ODPS-0121095:Invalid argument - division by zero");
    return sqlite3_result_int64(context,
                                divisor == -1 ? 0 : sqlite3_value_int64(values[0]) % divisor);
  }
  sqlite3_result_double(
      context, std::fmod(sqlite3_value_double(values[0]), sqlite3_value_double(values[1])));
}

void mc_deccmp(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  sqlite3_result_int(context, compare_decimals(text_of(values[0]), text_of(values[1])));
}

void mc_decop(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const char operation = text_of(values[0]).front();
  const std::string_view b = text_of(values[2]);
  if ((operation == '/' || operation == '%') && compare_decimals(b, "0") == 0) {
    return fail(context, "ODPS-0121095:Invalid argument - division by zero");
  }
  const std::string result = combine_decimals(operation, text_of(values[1]), b);
  if (result.empty()) return sqlite3_result_null(context);
  give(context, result);
}

void mc_deckey(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  give(context, sort_key(text_of(values[0])));
}

// SUM, MIN, MAX and AVG of decimals: the first argument says which.
struct DecimalState {
  std::string* value;
  std::int64_t count;
  char operation;
};

void decimal_step(sqlite3_context* context, int, sqlite3_value** values) {
  auto* state =
      static_cast<DecimalState*>(sqlite3_aggregate_context(context, sizeof(DecimalState)));
  if (state == nullptr || sqlite3_value_type(values[1]) == SQLITE_NULL) return;
  state->operation = text_of(values[0]).front();
  const std::string_view next = text_of(values[1]);
  ++state->count;
  if (state->value == nullptr) {
    state->value = new std::string(next);
  } else if (state->operation == '<' || state->operation == '>') {
    const int order = compare_decimals(next, *state->value);
    if (state->operation == '<' ? order < 0 : order > 0) *state->value = next;
  } else {
    *state->value = combine_decimals('+', *state->value, next);
  }
}

void decimal_final(sqlite3_context* context) {
  auto* state = static_cast<DecimalState*>(sqlite3_aggregate_context(context, 0));
  if (state == nullptr || state->value == nullptr) return sqlite3_result_null(context);
  const std::unique_ptr<std::string> owned(state->value);
  std::string result = *owned;
  if (state->operation == '/') result = combine_decimals('/', result, std::to_string(state->count));
  if (result.empty()) return sqlite3_result_null(context);
  give(context, result);
}

// ------------------------------------------------------------------------------- text and
// composites

void mc_rlike(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  constexpr std::size_t kTextMax = 4096;  // std::regex recurses
  if (text_of(values[0]).size() > kTextMax) {
    return fail(context, "ODPS-0121095:Invalid argument - text too long for RLIKE here");
  }
  try {
    const std::regex pattern{std::string(text_of(values[1]))};
    sqlite3_result_int(context,
                       std::regex_search(std::string(text_of(values[0])), pattern) ? 1 : 0);
  } catch (const std::regex_error&) {
    fail(context, "ODPS-0121095:Invalid argument - invalid regular expression");
  }
}

void mc_unhex(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const auto bytes = from_hex(text_of(values[0]));
  if (!bytes) return sqlite3_result_null(context);
  sqlite3_result_blob(context, bytes->data(), static_cast<int>(bytes->size()), SQLITE_TRANSIENT);
}

void mc_unbase64(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const auto bytes = from_base64(text_of(values[0]));
  if (!bytes) return sqlite3_result_null(context);
  sqlite3_result_blob(context, bytes->data(), static_cast<int>(bytes->size()), SQLITE_TRANSIENT);
}

void mc_base64(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  give(context, to_base64(text_of(values[0])));
}

void mc_md5(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  give(context, to_hex(md5(text_of(values[0]))));
}

void mc_index(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const Type& type = type_named(text_of(values[1]));
  const Value composite = value_from_sqlite(values[0], type);
  if (composite.is_null()) return sqlite3_result_null(context);
  if (type.kind == Kind::kArray) {
    const std::int64_t at = sqlite3_value_int64(values[2]);
    const auto& items = composite.items();
    if (at < 0 || static_cast<std::size_t>(at) >= items.size()) return sqlite3_result_null(context);
    return result_to_sqlite(context, items[static_cast<std::size_t>(at)], type.parts[0]);
  }
  const Value key = value_from_sqlite(values[2], type.parts[0]);
  for (std::size_t i = 0; i + 1 < composite.items().size(); i += 2) {
    if (composite.items()[i] == key) {
      return result_to_sqlite(context, composite.items()[i + 1], type.parts[1]);
    }
  }
  sqlite3_result_null(context);
}

void mc_field(sqlite3_context* context, int count, sqlite3_value** values) {
  if (any_null(count, values)) return sqlite3_result_null(context);
  const Type& type = type_named(text_of(values[1]));
  const Value composite = value_from_sqlite(values[0], type);
  for (std::size_t i = 0; i < type.names.size() && !composite.is_null(); ++i) {
    if (equals_ignoring_case(type.names[i], text_of(values[2]))) {
      return result_to_sqlite(context, composite.items()[i], type.parts[i]);
    }
  }
  sqlite3_result_null(context);
}

// mc_make(type, item …): items of an array, keys and values of a map, fields of a struct.
void mc_make(sqlite3_context* context, int count, sqlite3_value** values) {
  const Type& type = type_named(text_of(values[0]));
  Values items;
  for (int i = 1; i < count; ++i) {
    const std::size_t part = type.kind == Kind::kArray ? 0
                             : type.kind == Kind::kMap ? static_cast<std::size_t>((i - 1) % 2)
                                                       : static_cast<std::size_t>(i - 1);
    items.push_back(value_from_sqlite(values[i], type.parts[part]));
  }
  result_to_sqlite(context, Value{std::move(items)}, type);
}

void mc_size(sqlite3_context* context, int, sqlite3_value** values) {
  const Type& type = type_named(text_of(values[1]));
  const Value composite = value_from_sqlite(values[0], type);
  if (composite.is_null()) return sqlite3_result_null(context);
  const auto items = static_cast<std::int64_t>(composite.items().size());
  sqlite3_result_int64(context, type.kind == Kind::kMap ? items / 2 : items);
}

void mc_keys(sqlite3_context* context, int, sqlite3_value** values) {
  const Type& type = type_named(text_of(values[1]));
  const Value composite = value_from_sqlite(values[0], type);
  if (composite.is_null()) return sqlite3_result_null(context);
  const std::size_t first = sqlite3_value_int64(values[2]) == 0 ? 0 : 1;
  Values picked;
  for (std::size_t i = first; i < composite.items().size(); i += 2) {
    picked.push_back(composite.items()[i]);
  }
  result_to_sqlite(context, Value{std::move(picked)},
                   Type{Kind::kArray, 0, 0, {type.parts[first]}});
}

}  // namespace

int compare_decimals(std::string_view a, std::string_view b) {
  return sort_key(a).compare(sort_key(b));
}

std::string combine_decimals(char operation, std::string_view a, std::string_view b) {
  auto left = parse_decimal(a);
  auto right = parse_decimal(b);
  if (!left || !right) return {};
  Decimal result;
  if (operation == '*') {
    if (__builtin_mul_overflow(left->unscaled, right->unscaled, &result.unscaled)) return {};
    result.scale = left->scale + right->scale;
    return to_string(result);
  }
  if (operation == '/') {
    if (right->unscaled == 0 || !rescale(*left, right->scale + kDivisionDigits)) return {};
    result.unscaled = left->unscaled / right->unscaled;
    result.scale = left->scale - right->scale;
    return to_string(result);
  }
  const int scale = std::max(left->scale, right->scale);
  if (!rescale(*left, scale) || !rescale(*right, scale)) return {};
  result.scale = scale;
  if (operation == '%') {
    if (right->unscaled == 0) return {};
    result.unscaled = left->unscaled % right->unscaled;
  } else if (operation == '-'
                 ? __builtin_sub_overflow(left->unscaled, right->unscaled, &result.unscaled)
                 : __builtin_add_overflow(left->unscaled, right->unscaled, &result.unscaled)) {
    return {};
  }
  return to_string(result);
}

void register_functions(sqlite3* database, Session& session) {
  using Function = void (*)(sqlite3_context*, int, sqlite3_value**);
  const struct {
    const char* name;
    int arguments;
    bool deterministic;
    Function function;
  } functions[] = {
      {"mc_cast", 3, true, mc_cast},         {"mc_datepart", 3, true, mc_datepart},
      {"mc_to_char", 3, true, mc_to_char},   {"mc_now", 0, false, mc_now},
      {"mc_dateadd", 4, true, mc_dateadd},   {"mc_datediff", 5, true, mc_datediff},
      {"mc_unix", 2, true, mc_unix},         {"mc_from_unix", 1, true, mc_from_unix},
      {"mc_div", 2, true, mc_div},           {"mc_idiv", 2, true, mc_idiv},
      {"mc_mod", 2, true, mc_mod},           {"mc_deccmp", 2, true, mc_deccmp},
      {"mc_decop", 3, true, mc_decop},       {"mc_deckey", 1, true, mc_deckey},
      {"mc_rlike", 2, true, mc_rlike},       {"mc_unhex", 1, true, mc_unhex},
      {"mc_unbase64", 1, true, mc_unbase64}, {"mc_base64", 1, true, mc_base64},
      {"mc_md5", 1, true, mc_md5},           {"mc_index", 3, true, mc_index},
      {"mc_field", 3, true, mc_field},       {"mc_make", -1, true, mc_make},
      {"mc_size", 2, true, mc_size},         {"mc_keys", 3, true, mc_keys},
  };
  for (const auto& each : functions) {
    sqlite3_create_function_v2(database, each.name, each.arguments,
                               SQLITE_UTF8 | (each.deterministic ? SQLITE_DETERMINISTIC : 0),
                               &session, each.function, nullptr, nullptr, nullptr);
  }
  sqlite3_create_function_v2(database, "mc_decagg", 2, SQLITE_UTF8, &session, nullptr, decimal_step,
                             decimal_final, nullptr);
}

}  // namespace emulator::sql
