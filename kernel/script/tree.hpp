// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a script is once it is parsed, and what its parser hands from hand to hand. Internal.

#include "script/script.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice::script {

// ---- tokens of SQL

enum class TokenKind {
  kWord,       // keywords and plain names; `upper` is the word in upper case
  kQuoted,     // a name in "", `` or []
  kString,     // a text in ''
  kNumber,     //
  kSymbol,     // one character: , . + =
  kOpen,       // (
  kClose,      // )
  kParameter,  // ${name}
};

struct Token {
  TokenKind kind = TokenKind::kSymbol;
  std::string text;  // as it is written, without the blanks around it
  std::string upper;
  std::uint32_t at = 0;  // where in the script
  bool follows_blank = false;
  int reference = -1;  // of a parameter: which place in Tree::references
};

// ---- the tree

// Where a value comes from when a script is rendered: a parameter, or what a foreach goes through.
struct Reference {
  std::uint32_t at = 0;
  bool is_local = false;
  std::size_t slot = 0;      // in Tree::uses, or of the locals
  std::size_t list_use = 0;  // a local item's list, in Tree::uses
  bool is_index = false;     // a local that counts
};

struct Operand {
  enum class Type { kNull, kText, kInteger, kReal, kBoolean, kReference, kSize };
  Type type = Type::kNull;
  std::uint32_t at = 0;
  std::string text;
  std::int64_t integer = 0;  // a boolean's too
  double real = 0;
  int reference = -1;  // in Tree::references
};

struct Term {
  enum class Type { kOr, kAnd, kNot, kEqual, kNotEqual, kLess, kLessOrEqual, kIsTrue };
  Type type = Type::kIsTrue;
  std::size_t left = 0, right = 0;  // terms of kOr, kAnd, kNot
  Operand a, b;                     // of the others; > and >= are < and <= the other way round
};

struct Test {
  std::vector<Term> terms;  // the last one is the whole
};

struct Node;
struct Body {
  std::vector<Node> nodes;
};

struct Piece {
  std::string text;
  int reference = -1;  // a parameter instead of text
};
// SQL between two tags.
struct Run {
  std::vector<Piece> pieces;
  std::vector<Token> tokens;  // for the laws; dropped once they were asked
};
struct If {
  Test test;
  Body body;
};
struct Choose {
  std::vector<If> whens;
  Body otherwise;
  bool has_otherwise = false;
};
struct Trim {
  std::string prefix, suffix;
  std::vector<std::string> prefix_overrides, suffix_overrides;  // upper case
  std::vector<Token> prefix_tokens, suffix_tokens;
  Body body;
};
struct Foreach {
  int collection = -1;  // in Tree::references
  std::size_t item_slot = 0, index_slot = 0;
  std::string open, close, separator;
  std::vector<Token> open_tokens, close_tokens, separator_tokens;
  Body body;
};
struct Node {
  std::variant<Run, If, Choose, Trim, Foreach> value;
};

struct Local {
  std::string name;
  std::uint32_t at = 0;
};

struct Tree {
  Body body;
  std::vector<Use> uses;
  std::vector<Reference> references;
  std::vector<Local> locals;  // names that a foreach gives, for the laws
  std::size_t local_slots = 0;
  bool has_tags = false;
  bool has_order = false;
  std::string text;  // to tell lines and columns by
};

// ---- faults

// Collects what is wrong with one script.
class FaultList {
 public:
  explicit FaultList(std::string_view text) : text_(text) {}
  void add(std::size_t at, std::string rule, std::string what, std::string remedy);
  bool empty() const noexcept { return faults_.empty(); }
  std::vector<Fault> take() { return std::move(faults_); }

 private:
  std::string_view text_;
  std::vector<Fault> faults_;
};

struct Place {
  unsigned line = 1, column = 1;
};
Place find_place(std::string_view text, std::size_t at);

// ---- the steps of parse()

// A part of the script after its entities were decoded; each byte knows where it stood. The byte
// kParameterMark stands for a ${name}: no script holds that byte.
inline constexpr char kParameterMark = '\x01';
struct Part {
  std::string text;
  std::vector<std::uint32_t> at;
  std::vector<int> references;  // of the marks, in order
  std::uint32_t end = 0;
  void add(char c, std::size_t place) {
    text += c;
    at.push_back(static_cast<std::uint32_t>(place));
  }
  std::size_t place_of(std::size_t i) const { return i < at.size() ? at[i] : end; }
};

// SQL -> tokens. A quote is closed where it was opened: no token reaches over a tag or a parameter.
std::vector<Token> read_tokens(const Part& part, FaultList& faults);
// As read_tokens(), and with it the text that is sent: blanks shortened, parameters apart.
Run make_run(const Part& part, FaultList& faults);
std::string join_tokens(const std::vector<Token>& tokens);

// A test expression; `find` gives a name its reference (-1: none, and it told why).
class Names {
 public:
  virtual ~Names() = default;
  virtual int refer(std::string_view name, std::size_t at) = 0;
  // A hint from how the name is used.
  virtual void suggest(int reference, Kind kind) = 0;
  virtual void suggest_list(int reference) = 0;
  virtual void suggest_optional(int reference) = 0;
};
Test parse_test(const Part& part, Names& names, FaultList& faults);

// The laws of statements, for every text that the tree can render to. True: rows may be ordered.
bool check_statement(const Tree& tree, FaultList& faults);

bool is_name_start(char c);  // of a parameter
bool is_name_part(char c);

}  // namespace sluice::script
