// SPDX-License-Identifier: Apache-2.0
#include "dataservice/script_maker.hpp"

#include "model/script_laws.hpp"
#include "problem/problem.hpp"
#include "script/script.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

namespace sluice::dataservice {
namespace {

// The name is there because some dialects want one.
constexpr std::string_view kCountBegin = "SELECT COUNT(*) FROM (", kCountEnd = ") AS counted";

Error make_used_up() { return {problem::kOverloaded, "the call's memory is used up", {}, {}}; }

// What the dialect says of placeholders and bounds.
struct Window {
  char mark;      // before a placeholder's number
  bool is_limit;  // LIMIT n OFFSET m; otherwise the standard's words
};

// " LIMIT ?3 OFFSET ?4" behind a statement of so many arguments; the limit is always the first of
// the two. At most kBoundsBytesMax.
constexpr std::size_t kBoundsBytesMax = 64;
class Bounds {
 public:
  Bounds(const Window& window, bool is_paged, std::size_t arguments) {
    const char mark = window.mark;
    const std::size_t limit = arguments + 1, offset = arguments + 2;
    if (window.is_limit) {
      add(" LIMIT ", mark, limit);
      if (is_paged) add(" OFFSET ", mark, offset);
      return;
    }
    if (is_paged) {
      add(" OFFSET ", mark, offset);
      add(" ROWS");
    }
    add(" FETCH FIRST ", mark, limit);
    add(" ROWS ONLY");
  }
  std::string_view text() const noexcept { return {text_, size_}; }

 private:
  void add(std::string_view text) {
    std::memcpy(text_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void add(std::string_view text, char mark, std::size_t number) {
    add(text);
    text_[size_++] = mark;
    size_ = static_cast<std::size_t>(
        std::to_chars(text_ + size_, text_ + kBoundsBytesMax, number).ptr - text_);
  }
  char text_[kBoundsBytesMax];
  std::size_t size_ = 0;
};

std::string_view join(call::Arena& arena, std::string_view a, std::string_view b,
                      std::string_view c = {}) {
  const auto room = arena.make_array<char>(a.size() + b.size() + c.size());
  if (room.empty()) return {};
  char* end = std::ranges::copy(a, room.data()).out;
  end = std::ranges::copy(b, end).out;
  std::ranges::copy(c, end);
  return {room.data(), room.size()};
}

// What is written behind a statement begins with a blank.
std::string_view strip(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

class ScriptMaker final : public StatementMaker {
 public:
  ScriptMaker(std::shared_ptr<const script::Script> script, Window window)
      : script_(std::move(script)), window_(window) {}

  Result<void> prepare(const model::ApiDefinition& definition);
  Result<void> make(const Asked& asked, call::Arena& arena, Statements& made) const override;

 private:
  struct Source {  // of a value: which request parameter
    std::size_t parameter = 0;
    bool is_list = false;
    std::string name;
  };

  Result<void> prepare_fixed();
  Result<void> make_fixed(const Asked& asked, call::Arena& arena, Statements& made) const;
  Result<void> render(const Asked& asked, call::Arena& arena, Statements& made) const;
  Error make_refusal(const script::Refusal& refusal, const script::Writer& writer) const;

  const std::shared_ptr<const script::Script> script_;
  const Window window_;
  std::vector<Source> sources_;  // by Script::parameters()
  // Of a script without tags.
  std::vector<std::size_t> places_;  // the request parameter of each argument
  std::string list_, page_, count_;
};

Result<void> ScriptMaker::prepare(const model::ApiDefinition& definition) {
  for (const auto& use : script_->parameters()) {
    const auto& declared = definition.request_parameters;
    const auto found = std::ranges::find(declared, use.parameter.name,
                                         [](const auto& parameter) { return parameter.name; });
    if (found == declared.end()) {
      return Error{SLUICE_E_ARGUMENT,
                   "there is no request parameter '" + use.parameter.name + "'",
                   {},
                   "/script/sql"};
    }
    sources_.push_back({static_cast<std::size_t>(found - declared.begin()),
                        model::is_list(found->type), found->name});
  }
  return script_->is_fixed() ? prepare_fixed() : Result<void>();
}

// Renders the script once, with each parameter's place as its value, to learn which is where.
Result<void> ScriptMaker::prepare_fixed() {
  call::Arena arena;
  std::vector<Cell> numbers;
  std::vector<script::Value> values;
  for (const auto& source : sources_) {
    numbers.push_back(make_int64(static_cast<std::int64_t>(source.parameter)));
  }
  for (const auto& number : numbers) {
    values.push_back({script::Value::State::kScalar, {&number, 1}});
  }
  script::Writer writer({[](void* user, std::size_t bytes) {
                           return static_cast<call::Arena*>(user)->allocate(bytes);
                         },
                         &arena},
                        window_.mark);
  if (const auto refusal = script_->render(values, writer);
      refusal.reason != script::Refusal::Reason::kNone) {
    return Error{SLUICE_E_ARGUMENT, "the script is too large", {}, "/script/sql"};
  }
  for (const auto& cell : writer.arguments()) {
    places_.push_back(static_cast<std::size_t>(cell.v.i));
  }
  const std::string text(strip(writer.text()));
  list_ = text + std::string(Bounds(window_, false, places_.size()).text());
  page_ = text + std::string(Bounds(window_, true, places_.size()).text());
  count_ = std::string(kCountBegin) + text + std::string(kCountEnd);
  return {};
}

Result<void> ScriptMaker::make(const Asked& asked, call::Arena& arena, Statements& made) const {
  return script_->is_fixed() ? make_fixed(asked, arena, made) : render(asked, arena, made);
}

Result<void> ScriptMaker::make_fixed(const Asked& asked, call::Arena& arena,
                                     Statements& made) const {
  const auto args = arena.make_array<Cell>(places_.size() + 2);
  if (args.empty()) return make_used_up();
  std::size_t used = 0;
  for (const auto place : places_) {
    const auto& value = asked.values[place];
    args[used++] = value.empty() ? make_null() : value[0];
  }
  args[used] = make_int64(asked.limit);
  args[used + 1] = make_int64(asked.offset);
  made.rows = asked.is_paged ? page_ : list_;
  made.row_args = args.first(used + (asked.is_paged ? 2 : 1));
  if (!asked.wants_count) return {};
  made.count = count_;
  made.count_args = args.first(used);
  return {};
}

Result<void> ScriptMaker::render(const Asked& asked, call::Arena& arena, Statements& made) const {
  const auto values = arena.make_array<script::Value>(sources_.size());
  if (values.size() != sources_.size()) return make_used_up();
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const auto& cells = asked.values[sources_[i].parameter];
    using State = script::Value::State;
    values[i] = {cells.empty()         ? State::kAbsent
                 : sources_[i].is_list ? State::kList
                                       : State::kScalar,
                 cells};
  }
  script::Writer writer({[](void* user, std::size_t bytes) {
                           return static_cast<call::Arena*>(user)->allocate(bytes);
                         },
                         &arena},
                        window_.mark);
  if (const auto refusal = script_->render(values, writer);
      refusal.reason != script::Refusal::Reason::kNone) {
    return make_refusal(refusal, writer);
  }
  const auto given = writer.arguments();
  const auto args = arena.make_array<Cell>(given.size() + 2);
  if (args.empty()) return make_used_up();
  std::ranges::copy(given, args.begin());
  args[given.size()] = make_int64(asked.limit);
  args[given.size() + 1] = make_int64(asked.offset);
  const Bounds bounds(window_, asked.is_paged, given.size());
  made.rows = join(arena, strip(writer.text()), bounds.text());
  made.row_args = args.first(given.size() + (asked.is_paged ? 2 : 1));
  if (made.rows.empty()) return make_used_up();
  if (!asked.wants_count) return {};
  made.count = join(arena, kCountBegin, strip(writer.text()), kCountEnd);
  made.count_args = args.first(given.size());
  return made.count.empty() ? Result<void>(make_used_up()) : Result<void>();
}

Error ScriptMaker::make_refusal(const script::Refusal& refusal,
                                const script::Writer& writer) const {
  using Reason = script::Refusal::Reason;
  const auto name = [&] { return sources_[refusal.parameter].name; };
  switch (refusal.reason) {
    case Reason::kListMissing:
      return {problem::kParameterMissing, name() + " is required here and missing", {}, {}};
    case Reason::kListEmpty:
      return {problem::kParameterValue, name() + " must have at least one value", {}, {}};
    case Reason::kTooManyItems:
      return {problem::kParameterValue,
              name() + " must have at most " + std::to_string(script::kItemsMax) + " values",
              {},
              {}};
    case Reason::kTooManySteps:
      return {problem::kParameterValue, "the lists have too many values together", {}, {}};
    case Reason::kWriter:
      if (writer.state() == script::Writer::State::kNoMemory) return make_used_up();
      return {problem::kParameterValue, "the lists have too many values together", {}, {}};
    case Reason::kNone:
      break;
  }
  return {SLUICE_E_INTERNAL, {}, "a script that was rendered has no refusal", {}};
}

}  // namespace

Result<std::unique_ptr<const StatementMaker>> make_script_maker(
    const model::ApiDefinition& definition, const sluice_dialect& dialect) {
  auto parsed = script::parse(definition.script.sql, model::to_mode(definition.script.mode));
  if (!parsed.script) {
    const auto& fault = parsed.faults.front();
    return Error{SLUICE_E_ARGUMENT,
                 "line " + std::to_string(fault.line) + ", column " + std::to_string(fault.column) +
                     ": " + fault.what,
                 {},
                 "/script/sql"};
  }
  auto made = std::make_unique<ScriptMaker>(
      std::move(parsed.script), Window{dialect.placeholder == SLUICE_PLACEHOLDER_DOLLAR ? '$' : '?',
                                       dialect.limit == SLUICE_LIMIT_OFFSET});
  if (auto prepared = made->prepare(definition); !prepared) return prepared.error();
  return std::unique_ptr<const StatementMaker>(std::move(made));
}

}  // namespace sluice::dataservice
