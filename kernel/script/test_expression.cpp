// SPDX-License-Identifier: Apache-2.0
// The test of an <if> or <when>:
//
//   test    := and ( ("or" | "||") and )*
//   and     := not ( ("and" | "&&") not )*
//   not     := ("not" | "!") not | compare
//   compare := operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | eq neq lt lte gt gte) operand ]
//   operand := name | name.size() | name.length() | name.isEmpty() | null | true | false | number |
//              'text' | "text" | "(" test ")"
#include "script/tree.hpp"

#include <charconv>

namespace sluice::script {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Symbol {
  enum class Kind { kEnd, kName, kNumber, kText, kMark } kind = Kind::kEnd;
  std::string text;
  std::size_t at = 0;
};

class TestParser {
 public:
  TestParser(const Part& part, Names& names, FaultList& faults)
      : part_(part), text_(part.text), names_(names), faults_(faults) {}

  Test parse() {
    if (text_.size() > kTestBytesMax) {
      refuse(part_.place_of(0), "the test is too long",
             "use at most " + std::to_string(kTestBytesMax) + " bytes");
      return {};
    }
    advance();
    if (good_) parse_or(0);
    if (good_ && now_.kind != Symbol::Kind::kEnd) {
      refuse(now_.at, "'" + now_.text + "' is out of place in this test",
             "join comparisons with and, or");
    }
    return good_ ? std::move(test_) : Test{};
  }

 private:
  void refuse(std::size_t at, std::string what, std::string remedy) {
    if (good_) faults_.add(at, "script.test", std::move(what), std::move(remedy));
    good_ = false;
  }

  void advance() {
    while (i_ < text_.size() &&
           (text_[i_] == ' ' || text_[i_] == '\t' || text_[i_] == '\n' || text_[i_] == '\r')) {
      ++i_;
    }
    now_ = {Symbol::Kind::kEnd, {}, part_.place_of(i_)};
    if (i_ == text_.size()) return;
    const char c = text_[i_];
    const auto take = [&](Symbol::Kind kind, std::size_t begin, std::size_t n) {
      now_.kind = kind;
      now_.text = text_.substr(begin, n);
    };
    if (is_name_start(c)) {
      std::size_t n = 1;
      while (i_ + n < text_.size() && is_name_part(text_[i_ + n])) ++n;
      take(Symbol::Kind::kName, i_, n);
      i_ += n;
    } else if (is_digit(c) || (c == '-' && i_ + 1 < text_.size() && is_digit(text_[i_ + 1]))) {
      std::size_t n = 1;
      while (i_ + n < text_.size() && (is_name_part(text_[i_ + n]) || text_[i_ + n] == '.')) ++n;
      take(Symbol::Kind::kNumber, i_, n);
      i_ += n;
    } else if (c == '\'' || c == '"') {
      const auto end = text_.find(c, i_ + 1);
      if (end == std::string::npos) {
        return refuse(now_.at, "a text in this test is not closed", "close its quote");
      }
      take(Symbol::Kind::kText, i_ + 1, end - i_ - 1);
      i_ = end + 1;
    } else {
      static constexpr std::string_view kMarks[] = {"==", "!=", "<=", ">=", "&&", "||", "<",
                                                    ">",  "!",  "(",  ")",  ".",  "="};
      for (const auto mark : kMarks) {
        if (!std::string_view(text_).substr(i_).starts_with(mark)) continue;
        take(Symbol::Kind::kMark, i_, mark.size());
        i_ += mark.size();
        return;
      }
      const bool is_parameter = c == '$' || c == '#' || c == kParameterMark;
      refuse(now_.at, "a test has no such character",
             is_parameter ? "name the parameter without ${}: test=\"name == 1\""
                          : "compare parameters with values: test=\"name == 1\"");
    }
  }
  bool is_mark(std::string_view mark) const {
    return now_.kind == Symbol::Kind::kMark && now_.text == mark;
  }
  bool is_word(std::string_view word) const {
    return now_.kind == Symbol::Kind::kName && now_.text == word;
  }
  std::size_t add(Term term) {
    test_.terms.push_back(std::move(term));
    return test_.terms.size() - 1;
  }

  std::size_t parse_or(std::size_t depth) {
    std::size_t left = parse_and(depth);
    while (good_ && (is_mark("||") || is_word("or"))) {
      advance();
      const std::size_t right = parse_and(depth);
      left = add({.type = Term::Type::kOr, .left = left, .right = right, .a = {}, .b = {}});
    }
    return left;
  }
  std::size_t parse_and(std::size_t depth) {
    std::size_t left = parse_not(depth);
    while (good_ && (is_mark("&&") || is_word("and"))) {
      advance();
      const std::size_t right = parse_not(depth);
      left = add({.type = Term::Type::kAnd, .left = left, .right = right, .a = {}, .b = {}});
    }
    return left;
  }
  std::size_t parse_not(std::size_t depth) {
    if (depth > kTestNestingMax) {
      refuse(now_.at, "this test is nested too deeply", "split it into several tags");
    }
    if (!good_) return 0;
    if (is_mark("!") || is_word("not")) {
      advance();
      const std::size_t inner = parse_not(depth + 1);
      return good_ ? add({.type = Term::Type::kNot, .left = inner, .a = {}, .b = {}}) : 0;
    }
    if (is_mark("(")) {
      advance();
      const std::size_t inner = parse_or(depth + 1);
      if (!good_) return 0;
      if (!is_mark(")")) {
        refuse(now_.at, "a parenthesis of this test is not closed", "close it");
        return 0;
      }
      advance();
      return inner;
    }
    return parse_compare();
  }

  std::size_t parse_compare() {
    Operand a = parse_operand();
    if (!good_) return 0;
    using Type = Term::Type;
    static constexpr struct {
      std::string_view mark, word;
      Type type;
      bool is_swapped;
    } kComparisons[] = {
        {"==", "eq", Type::kEqual, false},       {"=", "", Type::kEqual, false},
        {"!=", "neq", Type::kNotEqual, false},   {"<=", "lte", Type::kLessOrEqual, false},
        {">=", "gte", Type::kLessOrEqual, true}, {"<", "lt", Type::kLess, false},
        {">", "gt", Type::kLess, true},
    };
    for (const auto& c : kComparisons) {
      if (!is_mark(c.mark) && !(now_.kind == Symbol::Kind::kName && now_.text == c.word)) continue;
      advance();
      if (!good_) return 0;
      Operand b = parse_operand();
      if (!good_) return 0;
      suggest(a, b);
      suggest(b, a);
      if (c.is_swapped) std::swap(a, b);
      return add({.type = c.type, .a = std::move(a), .b = std::move(b)});
    }
    if (a.type == Operand::Type::kReference) names_.suggest(a.reference, Kind::kBoolean);
    const bool is_truth = a.type == Operand::Type::kBoolean ||
                          a.type == Operand::Type::kReference || a.type == Operand::Type::kSize;
    if (!is_truth) {
      refuse(a.at, "this value is neither true nor false",
             "compare it, as in test=\"name == 'a'\"");
      return 0;
    }
    // name.isEmpty() comes as a size, and is true when it is 0.
    if (a.type == Operand::Type::kSize && !is_empty_test_) {
      refuse(a.at, "a size is neither true nor false", "compare it, as in list.size() > 0");
      return 0;
    }
    if (a.type == Operand::Type::kSize) {
      return add({.type = Term::Type::kEqual, .a = std::move(a), .b = make_zero()});
    }
    return add({.type = Term::Type::kIsTrue, .a = std::move(a), .b = {}});
  }
  static Operand make_zero() {
    Operand zero;
    zero.type = Operand::Type::kInteger;
    return zero;
  }
  void suggest(const Operand& reference, const Operand& other) {
    if (reference.type != Operand::Type::kReference) return;
    if (other.type == Operand::Type::kNull) names_.suggest_optional(reference.reference);
    if (other.type == Operand::Type::kInteger || other.type == Operand::Type::kReal ||
        other.type == Operand::Type::kSize) {
      names_.suggest(reference.reference, Kind::kNumber);
    }
    if (other.type == Operand::Type::kBoolean) {
      names_.suggest(reference.reference, Kind::kBoolean);
    }
  }

  Operand parse_operand() {
    Operand operand;
    operand.at = static_cast<std::uint32_t>(now_.at);
    is_empty_test_ = false;
    switch (now_.kind) {
      case Symbol::Kind::kText:
        operand.type = Operand::Type::kText;
        operand.text = now_.text;
        advance();
        return operand;
      case Symbol::Kind::kNumber:
        return parse_number(std::move(operand));
      case Symbol::Kind::kName:
        return parse_name(std::move(operand));
      case Symbol::Kind::kMark:
      case Symbol::Kind::kEnd:
        break;
    }
    refuse(now_.at,
           now_.kind == Symbol::Kind::kEnd ? "this test ends too early"
                                           : "'" + now_.text + "' is out of place in this test",
           "compare parameters with values, as in test=\"name == 'a' and age > 17\"");
    return operand;
  }

  Operand parse_number(Operand operand) {
    const std::string& text = now_.text;
    const char* const end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, operand.integer);
    operand.type = Operand::Type::kInteger;
    if (error != std::errc() || stop != end) {
      operand.type = Operand::Type::kReal;
      const auto real = std::from_chars(text.data(), end, operand.real);
      if (real.ec != std::errc() || real.ptr != end) {
        refuse(now_.at, "'" + text + "' is no number", "write 12 or 12.5; put texts into quotes");
      }
    }
    advance();
    return operand;
  }

  Operand parse_name(Operand operand) {
    const std::string name = now_.text;
    advance();
    if (name == "null" || name == "true" || name == "false") {
      operand.type = name == "null" ? Operand::Type::kNull : Operand::Type::kBoolean;
      operand.integer = name == "true";
      return operand;
    }
    if (!good_) return operand;
    static constexpr std::string_view kWords[] = {"and", "or",  "not", "eq", "neq",
                                                  "lt",  "lte", "gt",  "gte"};
    for (const auto word : kWords) {
      if (name != word) continue;
      refuse(operand.at, "'" + name + "' is out of place in this test",
             "compare parameters with values, as in test=\"name == 'a' and age > 17\"");
      return operand;
    }
    operand.reference = names_.refer(name, operand.at);
    operand.type = Operand::Type::kReference;
    if (operand.reference < 0) good_ = false;
    if (!is_mark(".")) return operand;
    advance();
    const std::string method = now_.kind == Symbol::Kind::kName ? now_.text : std::string();
    const std::size_t at = now_.at;
    if (good_) advance();
    if (method == "size" || method == "length" || method == "isEmpty") {
      if (good_ && is_mark("(")) {
        advance();
        if (good_ && is_mark(")")) {
          advance();
          if (method == "size") names_.suggest_list(operand.reference);
          operand.type = Operand::Type::kSize;
          is_empty_test_ = method == "isEmpty";
          return operand;
        }
      }
    }
    refuse(at, "a parameter has no such part",
           "write name, or name.size() and name.isEmpty() of a list");
    return operand;
  }

  const Part& part_;
  const std::string& text_;
  Names& names_;
  FaultList& faults_;
  Test test_;
  Symbol now_;
  std::size_t i_ = 0;
  bool good_ = true;
  bool is_empty_test_ = false;
};

}  // namespace

Test parse_test(const Part& part, Names& names, FaultList& faults) {
  return TestParser(part, names, faults).parse();
}

}  // namespace sluice::script
