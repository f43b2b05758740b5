// SPDX-License-Identifier: Apache-2.0
#include "sql.hpp"

#include "text.hpp"

#include <charconv>
#include <cmath>

namespace sluice::maxcompute {
namespace {

Error refuse(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// What XML 1.0 can carry; the statement travels in it.
bool fits_xml(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') return false;
  }
  // U+FFFE and U+FFFF
  return text.find("\xef\xbf\xbe") == text.npos && text.find("\xef\xbf\xbf") == text.npos;
}

Result<std::string> quote(std::string_view text) {
  if (!is_valid_utf8(text)) return refuse("a text argument is not UTF-8");
  std::string out = "'";
  out.reserve(text.size() + 2);
  for (const char c : text) {
    switch (c) {
      case '\0':
        return refuse("a text argument holds a NUL character");
      case '\\':
        out += "\\\\";
        break;
      case '\'':
        out += "\\'";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
          out += '\\';
          out += static_cast<char>('0' + (byte >> 6));
          out += static_cast<char>('0' + (byte >> 3 & 7));
          out += static_cast<char>('0' + (byte & 7));
        } else {
          out += c;
        }
      }
    }
  }
  out += '\'';
  if (!fits_xml(out)) return refuse("a text argument holds U+FFFE or U+FFFF");
  return out;
}

std::string render_integer(std::int64_t value) {
  // Bare digits are an INT, which LIMIT wants; larger ones need their suffix, and the smallest has
  // no literal at all. A minus may follow another one, and two begin a comment.
  constexpr std::int64_t kInt = 2'147'483'647;
  if (value >= 0 && value <= kInt) return std::to_string(value);
  if (value < 0 && value >= -kInt) return "(" + std::to_string(value) + ")";
  if (value > 0) return std::to_string(value) + "L";
  return "CAST('" + std::to_string(value) + "' AS BIGINT)";
}

Result<std::string> render_double(double value) {
  if (!std::isfinite(value)) return refuse("a number argument is infinite or none");
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return "CAST('" + std::string(text, end) + "' AS DOUBLE)";
}

Result<std::string> render_decimal(const Cell& cell) {
  __extension__ using Wide = unsigned __int128;
  constexpr std::int32_t kScaleMax = 18;
  constexpr std::size_t kDigitsMax = 38;
  const bool is_negative = cell.v.d.hi < 0;
  Wide value = static_cast<Wide>(static_cast<std::uint64_t>(cell.v.d.hi)) << 64 | cell.v.d.lo;
  if (is_negative) value = ~value + 1;
  std::int32_t scale = cell.scale;
  for (; scale > kScaleMax && value % 10 == 0; --scale) value /= 10;  // zeros say nothing
  std::string digits;
  for (; value != 0; value /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + value % 10));
  if (scale < 0) {
    digits.append(static_cast<std::size_t>(-scale), '0');
    scale = 0;
  }
  const auto places = static_cast<std::size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (scale > kScaleMax || digits.size() > kDigitsMax) {
    return refuse("a decimal argument has more digits than the data source's decimals");
  }
  if (places > 0) digits.insert(digits.size() - places, ".");
  return "CAST('" + std::string(is_negative ? "-" : "") + digits + "' AS DECIMAL(38," +
         std::to_string(places) + "))";
}

std::string render_timestamp(std::int64_t us) {
  std::int64_t s = us / 1'000'000, rest = us % 1'000'000;
  if (rest < 0) {
    --s;
    rest += 1'000'000;
  }
  std::string text = "CAST('";
  append_date_time(text, s, ' ');
  append_fraction(text, rest * 1000);
  return text + "' AS TIMESTAMP)";
}

// Walks over a statement: copies what is text, replaces what is a placeholder.
class Renderer {
 public:
  Renderer(std::string_view text, std::span<const Cell> args, NoArgument no_argument)
      : rest_(text), args_(args), no_argument_(no_argument) {}

  Result<std::string> render() {
    if (auto bad = fault_of_text()) return *bad;
    out_.reserve(rest_.size() + 64);
    while (!rest_.empty()) {
      if (auto bad = step()) return *bad;
      if (out_.size() > kStatementBytesMax) {
        return Error{SLUICE_E_TOO_LARGE, "the statement is too large for this data source", {}, {}};
      }
    }
    if (auto bad = judge_statement()) return *bad;
    while (!out_.empty() && is_blank(out_.back())) out_.pop_back();
    if (in_line_comment_) out_ += '\n';  // or the semicolon would be part of it
    return out_ + ';';
  }

 private:
  std::optional<Error> fault_of_text() const {
    if (rest_.size() > kStatementBytesMax) {
      return Error{SLUICE_E_TOO_LARGE, "the statement is too large for this data source", {}, {}};
    }
    if (args_.size() > kArgumentsMax) return refuse("there are more than 1000 arguments");
    if (!is_valid_utf8(rest_)) return refuse("the statement is not UTF-8");
    if (!fits_xml(rest_)) return refuse("the statement holds a control character");
    return std::nullopt;
  }

  std::optional<Error> step() {
    const char c = rest_.front();
    in_line_comment_ = false;
    if (c == '\'' || c == '"') return copy_literal(c);
    if (c == '`') return copy_name();
    if (rest_.starts_with("--")) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      in_line_comment_ = true;
      copy(end);
      return std::nullopt;
    }
    if (rest_.starts_with("/*")) {
      const auto end = rest_.find("*/", 2);
      if (end == rest_.npos) return refuse("the statement has a comment without an end");
      copy(end + 2);
      return std::nullopt;
    }
    if (is_blank(c)) {
      copy(1);
      return std::nullopt;
    }
    if (c == ';') {
      has_ended_ = true;
      rest_.remove_prefix(1);
      return std::nullopt;
    }
    if (has_ended_) return refuse("only one statement is accepted");
    if (c == '?') return replace_placeholder();
    if (is_word(c)) return copy_word();
    if (c == '(') ++depth_;
    if (c == ')') --depth_;
    if (words_ == 0 && c != '(') return refuse("only a statement that reads is accepted");
    copy(1);
    return std::nullopt;
  }

  void copy(std::size_t n) {
    out_ += rest_.substr(0, n);
    rest_.remove_prefix(n);
  }

  std::optional<Error> copy_literal(char quote_mark) {
    if (has_ended_) return refuse("only one statement is accepted");
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == quote_mark) {
        copy(i + 1);
        return std::nullopt;
      }
    }
    return refuse("the statement has a text without an end");
  }

  std::optional<Error> copy_name() {
    if (has_ended_) return refuse("only one statement is accepted");
    const auto end = rest_.find('`', 1);  // a doubled one begins the next name at once
    if (end == rest_.npos) return refuse("the statement has a quoted name without an end");
    copy(end + 1);
    return std::nullopt;
  }

  std::optional<Error> copy_word() {
    std::size_t n = 0;
    while (n < rest_.size() && is_word(rest_[n])) ++n;
    const auto word = rest_.substr(0, n);
    if (words_++ == 0) {
      is_with_ = equals_folded(word, "with");
      if (!is_with_ && !equals_folded(word, "select") && !equals_folded(word, "values")) {
        return refuse("only a statement that reads is accepted");
      }
    }
    // WITH t AS (SELECT ...) INSERT ...: no word of reading is ever this one.
    if (is_with_ && (equals_folded(word, "insert") || equals_folded(word, "overwrite"))) {
      return refuse("only a statement that reads is accepted");
    }
    copy(n);
    return std::nullopt;
  }

  std::optional<Error> replace_placeholder() {
    std::size_t number = 0;
    const auto [end, ec] = std::from_chars(rest_.data() + 1, rest_.data() + rest_.size(), number);
    if (ec != std::errc{}) return refuse("a placeholder has no number");
    const bool has_argument = number >= 1 && number <= args_.size();
    const bool may_lack =
        no_argument_ == NoArgument::kNull && number >= 1 && number <= kArgumentsMax;
    if (!has_argument && !may_lack) return refuse("a placeholder has no argument");
    largest_ = std::max(largest_, number);
    auto literal = render_literal(has_argument ? args_[number - 1] : make_null());
    if (!literal) return literal.error();
    // What stands beside it must not grow together with it: DATE?1 is no typed literal.
    if (!out_.empty() && !is_blank(out_.back()) && out_.back() != '(' && out_.back() != ',') {
      out_ += ' ';
    }
    out_ += *literal;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (!rest_.empty() && !is_blank(rest_.front()) && rest_.front() != ')' &&
        rest_.front() != ',' && rest_.front() != ';') {
      out_ += ' ';
    }
    return std::nullopt;
  }

  std::optional<Error> judge_statement() const {
    if (words_ == 0) return refuse("there is no statement");
    if (depth_ != 0) return refuse("the statement's parentheses do not match");
    if (largest_ < args_.size()) return refuse("there are more arguments than placeholders");
    return std::nullopt;
  }

  std::string_view rest_;
  const std::span<const Cell> args_;
  const NoArgument no_argument_;
  std::string out_;
  std::size_t words_ = 0, largest_ = 0;
  int depth_ = 0;
  bool is_with_ = false, has_ended_ = false, in_line_comment_ = false;
};

}  // namespace

Result<std::string> render_literal(const Cell& cell) {
  switch (cell.type) {
    case SLUICE_T_NULL:
      return std::string("NULL");
    case SLUICE_T_BOOL:
      return std::string(cell.v.i ? "TRUE" : "FALSE");
    case SLUICE_T_INT64:
      return render_integer(cell.v.i);
    case SLUICE_T_DOUBLE:
      return render_double(cell.v.f);
    case SLUICE_T_TEXT:
    case SLUICE_T_JSON:
      return quote(to_view(cell.v.s));
    case SLUICE_T_BYTES:
      return "unhex('" + encode_hex(to_view(cell.v.s)) + "')";
    case SLUICE_T_TIMESTAMP:
      return render_timestamp(cell.v.i);
    case SLUICE_T_DECIMAL:
      return render_decimal(cell);
    default:
      return refuse("an argument has a type that this data source does not know");
  }
}

Result<std::string> render_statement(std::string_view text, std::span<const Cell> args,
                                     NoArgument no_argument) {
  return Renderer(text, args, no_argument).render();
}

}  // namespace sluice::maxcompute
