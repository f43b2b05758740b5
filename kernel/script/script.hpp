// SPDX-License-Identifier: Apache-2.0
#pragma once
// The script of an API in script mode: SQL with ${parameters} and, in its advanced form, the tags
// if choose when otherwise trim foreach where. It is parsed once, when it is saved or published;
// every ${name} becomes a numbered placeholder and a bound argument, so nothing that a caller sends
// ever becomes text of the statement. docs/script-mode.md is the manual.
//
// A leaf: it knows neither the model nor the data service. The laws of a definition (model) ask
// parse() and find_faults(); the data service renders.

#include <sluice/rows.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::script {

inline constexpr std::size_t kTextBytesMax = 64 * 1024;
inline constexpr std::size_t kNestingMax = 20;       // tags within tags
inline constexpr std::size_t kParenthesesMax = 100;  // within each other
inline constexpr std::size_t kPlacesMax = 2000;      // tags, and places of parameters
inline constexpr std::size_t kParametersMax = 200;   // different ones
inline constexpr std::size_t kTestBytesMax = 1000;   // one test expression
inline constexpr std::size_t kTestNestingMax = 20;   // parentheses and nots in it
inline constexpr std::size_t kNameBytesMax = 64;     // of a parameter
inline constexpr std::size_t kItemsMax = 500;        // that one foreach walks
inline constexpr std::size_t kStepsMax = 50'000;     // parts of the script that one call walks
inline constexpr std::size_t kRenderedBytesMax = 96 * 1024;
inline constexpr std::size_t kArgumentsMax = 900;
inline constexpr std::size_t kFaultsMax = 20;  // told at once

enum class Mode {
  kBasic,     // SQL and ${parameters}
  kAdvanced,  // with tags, and with the entities &lt; &gt; &amp; &quot; &apos;
};

// What is wrong, where in the text (both counted from 1, columns in characters), what to do.
struct Fault {
  unsigned line = 1, column = 1;
  std::string rule;  // "script.one-select"; docs/script-mode.md lists them
  std::string what, remedy;
  bool operator==(const Fault&) const = default;
};

// What the engine has to know of a parameter's type.
enum class Kind { kText, kNumber, kBoolean };

struct Parameter {
  std::string name;
  Kind kind = Kind::kText;
  bool is_list = false;
  bool operator==(const Parameter&) const = default;
};

// A parameter that the text uses, where it stands first, and what it seems to be.
struct Use {
  Parameter parameter;
  unsigned line = 1, column = 1;
  bool may_be_absent = false;  // a test asks whether it is null, or only tests ask for it
  bool operator==(const Use&) const = default;
};

// What a call gave for one parameter.
struct Value {
  enum class State { kAbsent, kScalar, kList };
  State state = State::kAbsent;
  std::span<const Cell> cells;  // exactly one of a scalar
};

// Takes a rendered statement: its text and its arguments, in memory that somebody lends. It fails
// for good at its first failure.
class Writer {
 public:
  // Memory that lives as long as the statement; nullptr: there is no more.
  struct Memory {
    void* (*allocate)(void* user, std::size_t bytes);
    void* user;
  };
  enum class State { kGood, kTooLong, kTooManyArguments, kNoMemory };

  // placeholder: '?' writes ?1 ?2, '$' writes $1 $2.
  Writer(Memory memory, char placeholder) : memory_(memory), placeholder_(placeholder) {}

  void add(std::string_view text);
  // The argument and its placeholder.
  void add_argument(const Cell& cell);

  State state() const noexcept { return state_; }
  std::string_view text() const noexcept { return {text_, size_}; }
  std::span<const Cell> arguments() const noexcept { return {arguments_, argument_count_}; }

  // ---- for tags: text before and after a break never becomes one word
  void mark_break() noexcept { has_break_ = true; }
  std::size_t size() const noexcept { return size_; }
  void truncate(std::size_t size) noexcept;
  bool is_blank_from(std::size_t begin) const noexcept;
  struct Trimming {
    std::string_view prefix, suffix;
    std::span<const std::string> prefix_overrides, suffix_overrides;  // upper case
  };
  // Trims what stands from `begin`, and gives it prefix and suffix unless nothing is left.
  void trim(std::size_t begin, const Trimming& trimming);

 private:
  bool make_room(std::size_t bytes);
  bool needs_space_before(std::string_view text) const noexcept;
  void fail(State state) noexcept {
    if (state_ == State::kGood) state_ = state;
  }

  const Memory memory_;
  const char placeholder_;
  State state_ = State::kGood;
  bool has_break_ = false;
  char* text_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
  Cell* arguments_ = nullptr;
  std::size_t argument_count_ = 0, argument_capacity_ = 0;
};

// Why a rendering came to nothing; `parameter` is the place in Script::parameters().
struct Refusal {
  enum class Reason {
    kNone,
    kListMissing,   // a foreach walks a list that was not given
    kListEmpty,     // ... or that has no item: in SQL that would be no condition, or broken text
    kTooManyItems,  // ... or that has too many
    kTooManySteps,  // lists within lists
    kWriter,        // Writer::state() says why
  };
  Reason reason = Reason::kNone;
  std::size_t parameter = 0;
};

struct Parsed;
struct Tree;

class Script {
 public:
  explicit Script(std::unique_ptr<const Tree> tree);
  ~Script();
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // In the order in which they occur first.
  const std::vector<Use>& parameters() const noexcept;
  // No tag: every call runs the same text.
  bool is_fixed() const noexcept;
  // An ORDER BY stands at its end, perhaps in a tag: without one, pages may repeat or lose rows.
  bool has_order() const noexcept;
  // Parameters that are not declared, and uses that do not fit what is declared.
  std::vector<Fault> find_faults(std::span<const Parameter> declared) const;

  // `values`: one for each of parameters(). A scalar that is absent is bound as NULL. [any]
  Refusal render(std::span<const Value> values, Writer& writer) const;

 private:
  const std::unique_ptr<const Tree> tree_;
};

struct Parsed {
  std::shared_ptr<const Script> script;  // null when there are faults
  std::vector<Fault> faults;
};

// The text as a script that keeps the laws of statements: one SELECT and nothing else.
Parsed parse(std::string_view text, Mode mode);

}  // namespace sluice::script
