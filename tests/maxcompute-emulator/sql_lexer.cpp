// SPDX-License-Identifier: Apache-2.0
#include "sql_lexer.hpp"

#include <array>

#include "text.hpp"

namespace emulator::sql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

class Lexer {
 public:
  explicit Lexer(const std::string& text) : text_(text) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    while (skip_blanks()) {
      Token token;
      token.place = place_;
      token.start = at_;
      read(token);
      token.end = at_;
      tokens.push_back(std::move(token));
    }
    Token end;
    end.place = place_;
    end.start = end.end = at_;
    tokens.push_back(std::move(end));
    return tokens;
  }

 private:
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void step() {
    if (text_[at_] == '\n') {
      ++place_.line;
      place_.column = 1;
    } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
      ++place_.column;
    }
    ++at_;
  }

  bool skip_blanks() {
    while (at_ < text_.size()) {
      const char c = peek();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        step();
      } else if (c == '-' && peek(1) == '-') {
        while (at_ < text_.size() && peek() != '\n') step();
      } else if (c == '/' && peek(1) == '*') {
        const Place start = place_;
        step();
        step();
        while (at_ < text_.size() && !(peek() == '*' && peek(1) == '/')) step();
        if (at_ >= text_.size()) throw parse_error(start, "a comment has no end");
        step();
        step();
      } else {
        return true;
      }
    }
    return false;
  }

  void read(Token& token) {
    const char c = peek();
    if (c == '\'' || c == '"') return read_string(token);
    if (c == '`') return read_quoted_name(token);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return read_number(token);
    if (is_word_start(c)) return read_word(token);
    read_symbol(token);
  }

  void read_word(Token& token) {
    token.kind = TokenKind::kWord;
    while (at_ < text_.size() && (is_word_start(peek()) || is_digit(peek()))) {
      token.text += peek();
      step();
    }
  }

  void read_quoted_name(Token& token) {
    token.kind = TokenKind::kQuotedName;
    step();
    while (true) {
      if (at_ >= text_.size()) throw parse_error(token.place, "a quoted name has no end");
      if (peek() == '`') {
        step();
        if (peek() != '`') break;
      }
      token.text += peek();
      step();
    }
    if (token.text.empty()) throw parse_error(token.place, "a quoted name is empty");
  }

  void read_number(Token& token) {
    token.kind = TokenKind::kNumber;
    const auto take_digits = [&] {
      while (is_digit(peek())) {
        token.text += peek();
        step();
      }
    };
    take_digits();
    if (peek() == '.' && is_digit(peek(1))) {
      token.text += '.';
      step();
      take_digits();
    } else if (peek() == '.' && !is_word_start(peek(1))) {
      step();  // "1." is 1.0
      token.text += ".0";
    }
    if ((peek() == 'e' || peek() == 'E') &&
        (is_digit(peek(1)) || ((peek(1) == '+' || peek(1) == '-') && is_digit(peek(2))))) {
      token.text += 'e';
      step();
      token.text += peek();
      step();
      take_digits();
    }
    while (is_word_start(peek()) || is_digit(peek())) {
      token.suffix += peek();
      step();
    }
    token.suffix = to_lower(token.suffix);
    constexpr std::array<std::string_view, 7> kSuffixes = {"", "l", "s", "y", "bd", "d", "f"};
    for (const auto suffix : kSuffixes) {
      if (token.suffix == suffix) return;
    }
    throw parse_error(token.place, "invalid token '" + token.text + token.suffix + "'");
  }

  void read_string(Token& token) {
    token.kind = TokenKind::kString;
    const char quote = peek();
    step();
    while (true) {
      if (at_ >= text_.size()) throw parse_error(token.place, "a string literal has no end");
      const char c = peek();
      if (c == quote) {
        step();
        return;
      }
      if (c == '\\') {
        read_escape(token);
      } else {
        token.text += c;
        step();
      }
    }
  }

  void read_escape(Token& token) {
    const Place place = place_;
    step();
    const char c = peek();
    if (is_digit(c) && is_digit(peek(1)) && is_digit(peek(2)) && c <= '1') {
      const int code = (c - '0') * 64 + (peek(1) - '0') * 8 + (peek(2) - '0');
      if (peek(1) > '7' || peek(2) > '7' || code == 0) {
        throw parse_error(place, "unexpected escape sequence");
      }
      token.text += static_cast<char>(code);
      step();
      step();
      step();
      return;
    }
    switch (c) {
      case '\\':
      case '\'':
      case '"':
      case ';':
      case '%':  // kept for LIKE, as is the underscore
      case '_':
        if (c == '%' || c == '_') token.text += '\\';
        token.text += c;
        break;
      case 'n':
        token.text += '\n';
        break;
      case 'r':
        token.text += '\r';
        break;
      case 't':
        token.text += '\t';
        break;
      case 'b':
        token.text += '\b';
        break;
      case '0':
        token.text += '\0';
        break;
      case 'Z':
        token.text += '\x1A';
        break;
      default:
        throw parse_error(place, "unexpected escape sequence");
    }
    step();
  }

  void read_symbol(Token& token) {
    token.kind = TokenKind::kSymbol;
    constexpr std::array<std::string_view, 8> kPairs = {
        "<=", ">=", "<>", "!=", "==", "||", "&&", "<<"};
    const std::string pair = text_.substr(at_, 2);
    for (const auto known : kPairs) {
      if (pair == known) {
        token.text = pair;
        step();
        step();
        return;
      }
    }
    constexpr std::string_view kSingles = "()[]<>=,;.*+-/%!~&|^:@$?{}";
    if (kSingles.find(peek()) == std::string_view::npos) {
      throw parse_error(place_, "invalid token '" + std::string(1, peek()) + "'");
    }
    token.text = std::string(1, peek());
    step();
  }

  const std::string& text_;
  std::size_t at_ = 0;
  Place place_{1, 1};
};

std::string format_place(Place place) {
  return "[" + std::to_string(place.line) + "," + std::to_string(place.column) + "]";
}

}  // namespace

SqlError parse_error(Place place, const std::string& what) {
  return SqlError("ODPS-0130161:" + format_place(place) + " Parse exception - " + what);
}

SqlError semantic_error(Place place, const std::string& what) {
  return SqlError("ODPS-0130071:" + format_place(place) + " Semantic analysis exception - " + what);
}

std::vector<Token> tokenize(const std::string& text) { return Lexer(text).run(); }

}  // namespace emulator::sql
