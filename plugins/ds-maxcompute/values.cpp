// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include "text.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::maxcompute {
namespace {

constexpr std::size_t kDecimalDigitsMax = 38;  // 10^38 is below 2^127
constexpr std::int64_t kMicrosecondsMaxS = std::numeric_limits<std::int64_t>::max() / 1'000'000 - 1;

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_double(std::string_view text) {
  if (equals_folded(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (equals_folded(text, "infinity")) return std::numeric_limits<double>::infinity();
  if (equals_folded(text, "-infinity")) return -std::numeric_limits<double>::infinity();
  return parse_number<double>(text);
}

std::optional<bool> parse_bool(std::string_view text) {
  if (equals_folded(text, "true") || text == "1") return true;
  if (equals_folded(text, "false") || text == "0") return false;
  return std::nullopt;
}

}  // namespace

void RowCells::begin(std::size_t columns) {
  cells_.assign(columns, make_null());
  text_.clear();
  made_.clear();
}

void RowCells::set_made(std::size_t column, std::uint32_t type, std::size_t from) {
  cells_[column] = make_text({}, type);
  made_.push_back({column, from, text_.size() - from});
}

std::span<const Cell> RowCells::finish() {
  for (const auto& [column, from, size] : made_) {
    cells_[column].v.s = {text_.data() + from, size};
  }
  return cells_;
}

std::optional<Cell> parse_decimal(std::string_view text) {
  __extension__ using Wide = __int128;
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  Wide unscaled = 0;
  std::int32_t scale = 0;
  std::size_t digits = 0, significant = 0;
  bool has_point = false;
  for (const char c : text) {
    if (c == '.' && !has_point) {
      has_point = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    ++digits;
    if (significant > 0 || c != '0') ++significant;
    if (significant > kDecimalDigitsMax || digits > 2 * kDecimalDigitsMax) return std::nullopt;
    unscaled = unscaled * 10 + (c - '0');
    scale += has_point ? 1 : 0;
  }
  if (digits == 0 || scale > static_cast<std::int32_t>(kDecimalDigitsMax)) return std::nullopt;
  if (is_negative) unscaled = -unscaled;
  return make_decimal(static_cast<std::uint64_t>(unscaled),
                      static_cast<std::int64_t>(unscaled >> 64), scale);
}

double widen(float value) {
  if (!std::isfinite(value)) return static_cast<double>(value);
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  double wide = static_cast<double>(value);
  std::from_chars(text, end, wide);
  return wide;
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void set_timestamp(RowCells& row, std::size_t column, std::int64_t unix_s, std::int64_t ns) {
  const bool fits = ns % 1000 == 0 && unix_s < kMicrosecondsMaxS && unix_s > -kMicrosecondsMaxS;
  if (fits) return row.set(column, make_timestamp(unix_s * 1'000'000 + ns / 1000));
  const auto from = row.mark();
  append_timestamp(row.text(), unix_s, ns);
  row.set_made(column, SLUICE_T_TEXT, from);
}

void append_timestamp(std::string& out, std::int64_t unix_s, std::int64_t ns) {
  append_timestamp_ntz(out, unix_s, ns);
  out += 'Z';
}

void append_timestamp_ntz(std::string& out, std::int64_t unix_s, std::int64_t ns) {
  append_date_time(out, unix_s, 'T');
  append_fraction(out, ns);
}

void append_year_month(std::string& out, std::int64_t months) {
  if (months < 0) out += '-';
  const std::uint64_t all =
      months < 0 ? -static_cast<std::uint64_t>(months) : static_cast<std::uint64_t>(months);
  out += std::to_string(all / 12);
  out += '-';
  out += std::to_string(all % 12);
}

void append_day_time(std::string& out, std::int64_t s, std::int64_t ns) {
  // Seconds are floored, so a negative span counts its nanoseconds upwards from them.
  const bool is_negative = s < 0;
  std::uint64_t all = is_negative ? -static_cast<std::uint64_t>(s) : static_cast<std::uint64_t>(s);
  if (is_negative && ns > 0) {
    --all;
    ns = 1'000'000'000 - ns;
  }
  if (is_negative) out += '-';
  out += std::to_string(all / 86'400);
  const auto two = [&](std::uint64_t value) {
    out += static_cast<char>('0' + value / 10);
    out += static_cast<char>('0' + value % 10);
  };
  out += ' ';
  two(all / 3600 % 24);
  out += ':';
  two(all / 60 % 60);
  out += ':';
  two(all % 60);
  append_fraction(out, ns);
}

bool is_json(std::string_view text) { return nlohmann::json::accept(text.begin(), text.end()); }

void set_from_csv(RowCells& row, std::size_t column, const Type* type, std::string_view text,
                  bool was_quoted) {
  const auto set_text = [&] { row.set(column, make_text(text)); };
  const auto set_decimal = [&] {
    if (const auto cell = parse_decimal(text)) return row.set(column, *cell);
    set_text();
  };
  if (!type) {
    // No type came with it: numbers are bare, everything else is quoted.
    if (was_quoted) return set_text();
    if (const auto value = parse_number<std::int64_t>(text)) {
      return row.set(column, make_int64(*value));
    }
    if (text == "true" || text == "false") return row.set(column, make_bool(text == "true"));
    return set_decimal();
  }
  switch (to_cell_type(type->kind)) {
    case SLUICE_T_INT64:
      if (const auto value = parse_number<std::int64_t>(text)) {
        return row.set(column, make_int64(*value));
      }
      return set_text();
    case SLUICE_T_DOUBLE:
      if (const auto value = parse_double(text)) return row.set(column, make_double(*value));
      return set_text();
    case SLUICE_T_DECIMAL:
      return set_decimal();
    case SLUICE_T_BOOL:
      if (const auto value = parse_bool(text)) return row.set(column, make_bool(*value));
      return set_text();
    case SLUICE_T_BYTES:
      return row.set(column, make_bytes(text));
    case SLUICE_T_TIMESTAMP:
      if (const auto at = parse_date_time(text)) {
        return set_timestamp(row, column, at->unix_s, at->nanoseconds);
      }
      return set_text();
    case SLUICE_T_JSON:
      // The text of arrays, maps and structs has no quotes inside: it is JSON by luck only.
      if (is_json(text)) return row.set(column, make_text(text, SLUICE_T_JSON));
      return set_text();
    default:
      if (type->kind == TypeKind::kTimestampNtz) {
        if (const auto at = parse_date_time(text)) {
          const auto from = row.mark();
          append_timestamp_ntz(row.text(), at->unix_s, at->nanoseconds);
          return row.set_made(column, SLUICE_T_TEXT, from);
        }
      }
      return set_text();
  }
}

}  // namespace sluice::maxcompute
