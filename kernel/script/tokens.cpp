// SPDX-License-Identifier: Apache-2.0
// SQL -> tokens, as little of it as the laws need, and strict where dialects read a text in
// different ways: what one of them could take for a comment or the end of a text is refused.
#include "script/tree.hpp"

#include <string_view>

namespace sluice::script {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word_start(char c) {  // letters of other scripts too
  return is_letter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

class Reader {
 public:
  Reader(const Part& part, FaultList& faults) : part_(part), text_(part.text), faults_(faults) {}

  std::vector<Token> read() {
    while (i_ < text_.size()) {
      if (is_blank(text_[i_])) {
        blank_ = true;
        ++i_;
      } else {
        read_token();
      }
    }
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 1) const {
    return i_ + ahead < text_.size() ? text_[i_ + ahead] : '\0';
  }
  void push(TokenKind kind, std::size_t length) {
    Token token{kind, std::string(text_.substr(i_, length)), {}, at(i_), blank_, -1};
    if (kind == TokenKind::kWord) token.upper = to_upper(token.text);
    tokens_.push_back(std::move(token));
    blank_ = false;
    i_ += length;
  }
  std::uint32_t at(std::size_t i) const { return static_cast<std::uint32_t>(part_.place_of(i)); }
  void refuse(std::string rule, std::string what, std::string remedy, std::size_t skip = 1) {
    faults_.add(at(i_), std::move(rule), std::move(what), std::move(remedy));
    i_ += skip;
  }

  void read_token() {
    const char c = text_[i_];
    if (c == kParameterMark) return read_parameter();
    if (is_word_start(c)) {
      std::size_t n = 1;
      while (is_word_part(peek(n))) ++n;
      return push(TokenKind::kWord, n);
    }
    if (is_digit(c)) return read_number();
    if (c == '\'' || c == '"' || c == '`') return read_quoted(c);
    read_symbol(c);
  }

  void read_parameter() {
    const bool is_glued_left =
        !blank_ && !tokens_.empty() && is_wordlike(tokens_.back().kind) && i_ > 0;
    const char next = peek();
    const bool is_glued_right =
        is_word_part(next) || next == '\'' || next == '"' || next == '`' || next == kParameterMark;
    if (is_glued_left || is_glued_right) {
      faults_.add(at(i_), "script.value-only",
                  "a parameter is part of a name or of another value here",
                  "a parameter is a whole value: put blanks or operators around it, and choose "
                  "names with <choose>");
    }
    push(TokenKind::kParameter, 1);
    tokens_.back().text.clear();
    tokens_.back().reference = part_.references[parameters_++];
  }
  static bool is_wordlike(TokenKind kind) {
    return kind == TokenKind::kWord || kind == TokenKind::kNumber || kind == TokenKind::kString ||
           kind == TokenKind::kQuoted;
  }

  void read_number() {
    const bool is_hex = text_[i_] == '0' && (peek() | 0x20) == 'x';
    std::size_t n = 1;
    for (;; ++n) {
      const char c = peek(n);
      const bool is_sign = (c == '+' || c == '-') && !is_hex && (peek(n - 1) | 0x20) == 'e';
      // 1--2 would be a comment's beginning, not an exponent: a sign needs a digit behind it.
      if (!(is_word_part(c) || c == '.' || (is_sign && is_digit(peek(n + 1))))) break;
    }
    push(TokenKind::kNumber, n);
  }

  void read_quoted(char quote) {
    std::size_t n = 1, backslashes = 0;
    for (;; ++n) {
      if (i_ + n >= text_.size()) {
        return refuse("script.quote", std::string("the quote ") + quote + " is not closed here",
                      "close it before the next tag and the end; write a quote inside twice",
                      text_.size() - i_);
      }
      const char c = peek(n);
      if (c == kParameterMark) {
        faults_.add(at(i_ + n), "script.quoted-parameter", "a parameter stands inside quotes",
                    "join texts outside of them, as in concat('%', ${name}, '%') or '%' || "
                    "${name} || '%'; write \\${ for the characters themselves");
        ++parameters_;
      }
      if (c == quote && quote != '`' && backslashes % 2 == 1) {
        // Half of the dialects would see the end of the text here, the others would not.
        faults_.add(at(i_ + n), "script.quote", "a backslash stands before a quote",
                    "write a quote inside a text twice, and no backslash before it");
      }
      backslashes = c == '\\' ? backslashes + 1 : 0;
      if (c != quote) continue;
      if (peek(n + 1) == quote) {
        ++n;
        continue;
      }
      return push(quote == '\'' ? TokenKind::kString : TokenKind::kQuoted, n + 1);
    }
  }

  void read_symbol(char c) {
    const char next = peek();
    switch (c) {
      case '(':
      case '[':
        return push(TokenKind::kOpen, 1);
      case ')':
      case ']':
        return push(TokenKind::kClose, 1);
      case '-':
        if (next == '-') return refuse_comment(2);
        break;
      case '/':
        if (next == '*') return refuse_comment(2);
        break;
      case '#':
        return refuse_comment(1);
      case ';':
        return refuse("script.one-select", "a semicolon would end the statement",
                      "leave it out: a script is one SELECT");
      case '?':
      case '$':
      case '@':
        return refuse("script.placeholder",
                      std::string("the character ") + c + " has no meaning here",
                      "write a parameter as ${name}");
      case ':':
        if (is_word_part(next) && !(i_ > 0 && text_[i_ - 1] == ':')) {
          return refuse("script.placeholder", "a name after a colon has no meaning here",
                        "write a parameter as ${name}");
        }
        break;
      case '<':
        if (is_tag()) {
          return refuse("script.tag", "a tag stands here, and the script's mode is basic",
                        "set the mode to advanced; put a blank between < and a column's name");
        }
        break;
      case ',':
      case '.':
      case '+':
      case '*':
      case '%':
      case '>':
      case '=':
      case '!':
      case '|':
      case '&':
      case '^':
      case '~':
        break;
      default:
        return refuse("script.symbol", std::string("the character ") + c + " is not accepted here",
                      "put it into quotes if it is part of a text or of a name");
    }
    push(TokenKind::kSymbol, 1);
  }
  // Of the advanced mode, where they are found before any SQL is read.
  bool is_tag() const {
    const std::size_t begin = i_ + (peek() == '/' ? 2 : 1);
    std::size_t end = begin;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    const auto name = text_.substr(begin, end - begin);
    const char after = end < text_.size() ? text_[end] : '\0';
    if (!is_blank(after) && after != '>' && after != '/') return false;
    for (const std::string_view tag :
         {"if", "choose", "when", "otherwise", "trim", "foreach", "where"}) {
      if (name == tag) return true;
    }
    return false;
  }
  void refuse_comment(std::size_t length) {
    refuse("script.comment", "a comment begins here",
           "leave it out: scripts hold no comments; describe the API in its description", length);
  }

  const Part& part_;
  const std::string_view text_;
  FaultList& faults_;
  std::vector<Token> tokens_;
  std::size_t i_ = 0, parameters_ = 0;
  bool blank_ = false;
};

}  // namespace

std::vector<Token> read_tokens(const Part& part, FaultList& faults) {
  return Reader(part, faults).read();
}

std::string join_tokens(const std::vector<Token>& tokens) {
  std::string text;
  for (const auto& token : tokens) {
    if (token.follows_blank && !text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

Run make_run(const Part& part, FaultList& faults) {
  Run run;
  run.tokens = read_tokens(part, faults);
  std::string text;
  for (const auto& token : run.tokens) {
    if (token.follows_blank) text += ' ';
    if (token.kind != TokenKind::kParameter) {
      text += token.text;
      continue;
    }
    if (!text.empty()) run.pieces.push_back({std::move(text), -1});
    text.clear();
    run.pieces.push_back({{}, token.reference});
  }
  if (!part.text.empty() && is_blank(part.text.back())) text += ' ';
  if (!text.empty()) run.pieces.push_back({std::move(text), -1});
  return run;
}

}  // namespace sluice::script
