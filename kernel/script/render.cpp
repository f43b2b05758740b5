// SPDX-License-Identifier: Apache-2.0
// Tree and values -> one statement. The hot path: nothing here allocates but the Writer's lent
// memory, and the depth of the recursion is bounded by the parser.
#include "script/tree.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace sluice::script {
namespace {

constexpr std::size_t kFirstTextBytes = 512;
constexpr std::size_t kFirstArguments = 8;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool equals_upper(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (to_upper(text[i]) != upper[i]) return false;
  }
  return true;
}

}  // namespace

// ------------------------------------------------------------------------------------------ Writer

bool Writer::make_room(std::size_t bytes) {
  if (state_ != State::kGood) return false;
  if (bytes > kRenderedBytesMax - size_) {
    fail(State::kTooLong);
    return false;
  }
  if (bytes <= capacity_ - size_) return true;
  std::size_t capacity = capacity_ == 0 ? kFirstTextBytes : capacity_ * 2;
  while (capacity < size_ + bytes) capacity *= 2;
  auto* const text = static_cast<char*>(memory_.allocate(memory_.user, capacity));
  if (!text) {
    fail(State::kNoMemory);
    return false;
  }
  if (size_ > 0) std::memcpy(text, text_, size_);
  text_ = text;
  capacity_ = capacity;
  return true;
}

bool Writer::needs_space_before(std::string_view text) const noexcept {
  if (!has_break_ || size_ == 0) return false;
  const char last = text_[size_ - 1], first = text[0];
  return !is_blank(last) && last != '(' && !is_blank(first) && first != ')' && first != ',';
}

void Writer::add(std::string_view text) {
  // One blank is enough on both sides of a tag.
  if (has_break_ && (size_ == 0 || is_blank(text_[size_ - 1]))) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  }
  if (text.empty()) return;
  const bool has_space = needs_space_before(text);
  if (!make_room(text.size() + (has_space ? 1 : 0))) return;
  if (has_space) text_[size_++] = ' ';
  std::memcpy(text_ + size_, text.data(), text.size());
  size_ += text.size();
  has_break_ = false;
}

void Writer::add_argument(const Cell& cell) {
  if (state_ != State::kGood) return;
  if (argument_count_ == kArgumentsMax) return fail(State::kTooManyArguments);
  if (argument_count_ == argument_capacity_) {
    const std::size_t capacity = argument_capacity_ == 0 ? kFirstArguments : argument_capacity_ * 2;
    auto* const room = static_cast<Cell*>(memory_.allocate(memory_.user, capacity * sizeof(Cell)));
    if (!room) return fail(State::kNoMemory);
    if (argument_count_ > 0) std::memcpy(room, arguments_, argument_count_ * sizeof(Cell));
    arguments_ = room;
    argument_capacity_ = capacity;
  }
  arguments_[argument_count_++] = cell;
  std::array<char, 8> digits;
  digits[0] = placeholder_;
  const auto end = std::to_chars(digits.data() + 1, digits.data() + digits.size(), argument_count_);
  add({digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

void Writer::truncate(std::size_t size) noexcept {
  if (size < size_) size_ = size;
  has_break_ = true;
}

bool Writer::is_blank_from(std::size_t begin) const noexcept {
  for (std::size_t i = begin; i < size_; ++i) {
    if (!is_blank(text_[i])) return false;
  }
  return true;
}

void Writer::trim(std::size_t begin, const Trimming& trimming) {
  if (state_ != State::kGood) return;
  std::size_t from = begin, to = size_;
  const auto strip = [&] {
    while (from < to && is_blank(text_[from])) ++from;
    while (from < to && is_blank(text_[to - 1])) --to;
  };
  strip();
  if (from == to) return truncate(begin);
  for (const auto& word : trimming.prefix_overrides) {
    const std::size_t n = word.size();
    if (n > to - from || !equals_upper({text_ + from, n}, word)) continue;
    if (is_word_part(word.back()) && from + n < to && is_word_part(text_[from + n])) continue;
    from += n;
    break;
  }
  strip();
  for (const auto& word : trimming.suffix_overrides) {
    const std::size_t n = word.size();
    if (n > to - from || !equals_upper({text_ + to - n, n}, word)) continue;
    if (is_word_part(word.front()) && to - n > from && is_word_part(text_[to - n - 1])) continue;
    to -= n;
    break;
  }
  strip();
  if (from == to) return truncate(begin);

  // What is kept moves aside, to behind the prefix; then it is written again piece by piece.
  const std::size_t kept = to - from;
  const std::size_t room = trimming.prefix.size() + trimming.suffix.size() + 3;
  if (!make_room(room)) return;
  const std::size_t head = begin + (trimming.prefix.empty() ? 1 : trimming.prefix.size() + 2);
  std::memmove(text_ + head, text_ + from, kept);
  const std::string_view body(text_ + head, kept);
  size_ = begin;
  has_break_ = true;
  add(trimming.prefix);
  has_break_ = true;
  // The same bytes, moved down by at most the two blanks that were kept free.
  if (needs_space_before(body)) text_[size_++] = ' ';
  std::memmove(text_ + size_, body.data(), kept);
  size_ += kept;
  has_break_ = true;
  add(trimming.suffix);
  has_break_ = true;
}

// --------------------------------------------------------------------------------------- rendering

namespace {

constexpr std::size_t kLocalsMax = 2 * kNestingMax;

class Renderer {
 public:
  Renderer(const Tree& tree, std::span<const Value> values, Writer& writer)
      : tree_(tree), values_(values), writer_(writer) {}

  Refusal render() {
    write(tree_.body);
    if (refusal_.reason == Refusal::Reason::kNone && writer_.state() != Writer::State::kGood) {
      refusal_.reason = Refusal::Reason::kWriter;
    }
    return refusal_;
  }

 private:
  bool is_stopped() const {
    return refusal_.reason != Refusal::Reason::kNone || writer_.state() != Writer::State::kGood;
  }

  const Reference& reference(int place) const {
    return tree_.references[static_cast<std::size_t>(place)];
  }
  // The one cell of a scalar; null: it is absent.
  const Cell* find_cell(int place) const {
    const auto& found = reference(place);
    if (found.is_local) return &locals_[found.slot];
    const Value& value = values_[found.slot];
    return value.state == Value::State::kScalar && !value.cells.empty() ? value.cells.data()
                                                                        : nullptr;
  }

  void write(const Body& body) {
    for (const auto& node : body.nodes) {
      if (is_stopped()) return;
      if (++steps_ > kStepsMax) refusal_.reason = Refusal::Reason::kTooManySteps;
      std::visit([&](const auto& n) { write_node(n); }, node.value);
    }
  }
  void write_apart(const Body& body) {
    writer_.mark_break();
    write(body);
    writer_.mark_break();
  }

  void write_node(const Run& run) {
    for (const auto& piece : run.pieces) {
      if (piece.reference < 0) {
        writer_.add(piece.text);
      } else {
        const Cell* const cell = find_cell(piece.reference);
        writer_.add_argument(cell ? *cell : make_null());
      }
    }
  }
  void write_node(const If& made) {
    if (holds(made.test)) return write_apart(made.body);
    writer_.mark_break();
  }
  void write_node(const Choose& made) {
    for (const auto& when : made.whens) {
      if (holds(when.test)) return write_apart(when.body);
    }
    if (made.has_otherwise) return write_apart(made.otherwise);
    writer_.mark_break();
  }
  void write_node(const Trim& made) {
    const std::size_t begin = writer_.size();
    write_apart(made.body);
    if (is_stopped()) return;
    writer_.trim(begin, {made.prefix, made.suffix, made.prefix_overrides, made.suffix_overrides});
  }
  void write_node(const Foreach& made) {
    using Reason = Refusal::Reason;
    const std::size_t use = reference(made.collection).slot;
    const Value& list = values_[use];
    if (list.state != Value::State::kList) return refuse(Reason::kListMissing, use);
    if (list.cells.empty()) return refuse(Reason::kListEmpty, use);
    if (list.cells.size() > kItemsMax) return refuse(Reason::kTooManyItems, use);
    writer_.mark_break();
    writer_.add(made.open);
    bool has_items = false;
    for (std::size_t i = 0; i < list.cells.size() && !is_stopped(); ++i) {
      locals_[made.item_slot] = list.cells[i];
      locals_[made.index_slot] = make_int64(static_cast<std::int64_t>(i));
      const std::size_t before = writer_.size();
      writer_.mark_break();
      if (has_items) writer_.add(made.separator);
      writer_.mark_break();
      const std::size_t begin = writer_.size();
      write(made.body);
      if (writer_.is_blank_from(begin)) {
        writer_.truncate(before);
      } else {
        has_items = true;
      }
    }
    writer_.mark_break();
    writer_.add(made.close);
    writer_.mark_break();
  }
  void refuse(Refusal::Reason reason, std::size_t use) { refusal_ = {reason, use}; }

  // ---- tests

  struct Comparable {
    enum class Type { kNull, kText, kInteger, kReal, kBoolean, kList } type = Type::kNull;
    std::string_view text;
    std::int64_t integer = 0;
    double real = 0;
    double number() const { return type == Type::kReal ? real : static_cast<double>(integer); }
  };
  static Comparable make_comparable(const Cell& cell) {
    using Type = Comparable::Type;
    switch (cell.type) {
      case SLUICE_T_BOOL:
        return {Type::kBoolean, {}, cell.v.i, 0};
      case SLUICE_T_INT64:
        return {Type::kInteger, {}, cell.v.i, 0};
      case SLUICE_T_DOUBLE:
        return {Type::kReal, {}, 0, cell.v.f};
      case SLUICE_T_TEXT:
        return {Type::kText, to_view(cell.v.s), 0, 0};
      default:
        return {};
    }
  }
  Comparable evaluate(const Operand& operand) const {
    using Type = Comparable::Type;
    switch (operand.type) {
      case Operand::Type::kNull:
        return {};
      case Operand::Type::kText:
        return {Type::kText, operand.text, 0, 0};
      case Operand::Type::kInteger:
        return {Type::kInteger, {}, operand.integer, 0};
      case Operand::Type::kReal:
        return {Type::kReal, {}, 0, operand.real};
      case Operand::Type::kBoolean:
        return {Type::kBoolean, {}, operand.integer, 0};
      case Operand::Type::kReference: {
        const auto& found = reference(operand.reference);
        if (!found.is_local && values_[found.slot].state == Value::State::kList) {
          return {Type::kList, {}, 0, 0};
        }
        const Cell* const cell = find_cell(operand.reference);
        return cell ? make_comparable(*cell) : Comparable{};
      }
      case Operand::Type::kSize:
        return {Type::kInteger, {}, size_of(operand.reference), 0};
    }
    return {};
  }
  // Items of a list, characters of a text; what is absent has none.
  std::int64_t size_of(int place) const {
    const auto& found = reference(place);
    if (!found.is_local && values_[found.slot].state == Value::State::kList) {
      return static_cast<std::int64_t>(values_[found.slot].cells.size());
    }
    const Cell* const cell = find_cell(place);
    if (!cell || cell->type != SLUICE_T_TEXT) return 0;
    std::int64_t characters = 0;
    for (const char c : to_view(cell->v.s)) {
      characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }
    return characters;
  }

  static bool are_equal(const Comparable& a, const Comparable& b) {
    using Type = Comparable::Type;
    if (a.type == Type::kNull || b.type == Type::kNull) return a.type == b.type;
    if (a.type == Type::kText && b.type == Type::kText) return a.text == b.text;
    if (a.type == Type::kBoolean && b.type == Type::kBoolean) return a.integer == b.integer;
    if (a.type == Type::kInteger && b.type == Type::kInteger) return a.integer == b.integer;
    return is_number(a) && is_number(b) && a.number() == b.number();
  }
  static bool is_less(const Comparable& a, const Comparable& b) {
    using Type = Comparable::Type;
    if (a.type == Type::kText && b.type == Type::kText) return a.text < b.text;
    if (a.type == Type::kInteger && b.type == Type::kInteger) return a.integer < b.integer;
    return is_number(a) && is_number(b) && a.number() < b.number();
  }
  static bool is_number(const Comparable& c) {
    return c.type == Comparable::Type::kInteger || c.type == Comparable::Type::kReal;
  }

  bool holds(const Test& test) const { return holds(test, test.terms.size() - 1); }
  bool holds(const Test& test, std::size_t place) const {
    const Term& term = test.terms[place];
    switch (term.type) {
      case Term::Type::kOr:
        return holds(test, term.left) || holds(test, term.right);
      case Term::Type::kAnd:
        return holds(test, term.left) && holds(test, term.right);
      case Term::Type::kNot:
        return !holds(test, term.left);
      case Term::Type::kEqual:
        return are_equal(evaluate(term.a), evaluate(term.b));
      case Term::Type::kNotEqual:
        return !are_equal(evaluate(term.a), evaluate(term.b));
      case Term::Type::kLess:
        return is_less(evaluate(term.a), evaluate(term.b));
      case Term::Type::kLessOrEqual: {
        const auto a = evaluate(term.a), b = evaluate(term.b);
        const bool is_known =
            a.type != Comparable::Type::kNull && b.type != Comparable::Type::kNull;
        return is_known && (is_less(a, b) || are_equal(a, b));
      }
      case Term::Type::kIsTrue: {
        const auto a = evaluate(term.a);
        return a.type == Comparable::Type::kBoolean && a.integer != 0;
      }
    }
    return false;
  }

  const Tree& tree_;
  const std::span<const Value> values_;
  Writer& writer_;
  Refusal refusal_;
  std::size_t steps_ = 0;
  std::array<Cell, kLocalsMax> locals_;
};

// -------------------------------------------------------------------------- what is declared fits?

std::string_view describe(const Parameter& parameter) {
  if (parameter.is_list) return "a list";
  switch (parameter.kind) {
    case Kind::kText:
      return "a text";
    case Kind::kNumber:
      return "a number";
    case Kind::kBoolean:
      return "true or false";
  }
  return "";
}

class Fitting {
 public:
  Fitting(const Tree& tree, std::span<const Parameter> declared, FaultList& faults)
      : tree_(tree), faults_(faults), found_(tree.uses.size(), nullptr) {
    for (std::size_t i = 0; i < tree.uses.size(); ++i) {
      for (const auto& parameter : declared) {
        if (parameter.name == tree.uses[i].parameter.name) found_[i] = &parameter;
      }
    }
    for (const auto& local : tree.locals) {
      for (const auto& parameter : declared) {
        if (parameter.name != local.name) continue;
        faults_.add(local.at, "script.parameter",
                    "<foreach> gives the name '" + local.name + "', which is a parameter's",
                    "choose another name for its item or index");
      }
    }
  }

  void check() {
    for (const auto& reference : tree_.references) {
      if (reference.is_local || found_[reference.slot]) continue;
      const std::string& name = tree_.uses[reference.slot].parameter.name;
      faults_.add(reference.at, "script.undeclared", "there is no request parameter '" + name + "'",
                  "add it to the request parameters, or correct the name");
    }
    check(tree_.body);
  }

 private:
  // What a reference stands for; nullptr: not known, and told already.
  const Parameter* find(int place, Parameter& local) const {
    const auto& reference = tree_.references[static_cast<std::size_t>(place)];
    if (!reference.is_local) return found_[reference.slot];
    const Parameter* const list = found_[reference.list_use];
    if (!list) return nullptr;
    local = {{}, reference.is_index ? Kind::kNumber : list->kind, false};
    return &local;
  }
  std::uint32_t at(int place) const { return tree_.references[static_cast<std::size_t>(place)].at; }

  void check(const Body& body) {
    for (const auto& node : body.nodes) {
      std::visit([&](const auto& n) { check_node(n); }, node.value);
    }
  }
  void check_node(const Run& run) {
    for (const auto& piece : run.pieces) {
      if (piece.reference < 0) continue;
      Parameter local;
      const auto* parameter = find(piece.reference, local);
      if (parameter && parameter->is_list) {
        faults_.add(at(piece.reference), "script.list",
                    "'" + parameter->name + "' is a list, and one value is needed here",
                    "walk it: IN <foreach collection=\"" + parameter->name +
                        "\" item=\"x\" open=\"(\" separator=\",\" close=\")\">${x}</foreach>");
      }
    }
  }
  void check_node(const If& made) {
    for (const auto& term : made.test.terms) check_term(term);
    check(made.body);
  }
  void check_node(const Choose& made) {
    for (const auto& when : made.whens) check_node(when);
    check(made.otherwise);
  }
  void check_node(const Trim& made) { check(made.body); }
  void check_node(const Foreach& made) {
    Parameter local;
    const auto* parameter = find(made.collection, local);
    if (parameter && !parameter->is_list) {
      faults_.add(at(made.collection), "script.list",
                  "'" + parameter->name + "' is " + std::string(describe(*parameter)) +
                      ", and a foreach walks a list",
                  "give it a list type, such as long-list");
    }
    check(made.body);
  }

  void check_term(const Term& term) {
    using Type = Term::Type;
    if (term.type == Type::kOr || term.type == Type::kAnd || term.type == Type::kNot) return;
    Parameter local_a, local_b;
    const Parameter *a = kind_of(term.a, local_a), *b = kind_of(term.b, local_b);
    if (term.type == Type::kIsTrue) {
      if (a && (a->is_list || a->kind != Kind::kBoolean)) {
        refuse(term.a, std::string(describe(*a)) + " is neither true nor false",
               "compare it, as in name != null");
      }
      return;
    }
    check_size(term.a);
    check_size(term.b);
    if (!a || !b) return;  // null fits everything
    const bool is_order = term.type != Type::kEqual && term.type != Type::kNotEqual;
    if (a->is_list || b->is_list) {
      return refuse(a->is_list ? term.a : term.b, "a list is compared with null only",
                    "write name != null, or name.size() > 0");
    }
    if (a->kind != b->kind) {
      return refuse(term.a.reference >= 0 ? term.a : term.b,
                    std::string(describe(*a)) + " is compared with " + std::string(describe(*b)),
                    "write a text in quotes, a number without them, true or false for a boolean");
    }
    if (is_order && a->kind == Kind::kBoolean) {
      refuse(term.a, "true and false have no order", "compare them with == or !=");
    }
  }
  void check_size(const Operand& operand) {
    if (operand.type != Operand::Type::kSize) return;
    Parameter local;
    const auto* parameter = find(operand.reference, local);
    if (parameter && !parameter->is_list && parameter->kind != Kind::kText) {
      refuse(operand, std::string(describe(*parameter)) + " has no size",
             "compare the value itself");
    }
  }
  // What a comparison sees; nullptr: null, or a parameter that is not declared.
  const Parameter* kind_of(const Operand& operand, Parameter& local) const {
    switch (operand.type) {
      case Operand::Type::kNull:
        return nullptr;
      case Operand::Type::kText:
        local.kind = Kind::kText;
        return &local;
      case Operand::Type::kInteger:
      case Operand::Type::kReal:
      case Operand::Type::kSize:
        local.kind = Kind::kNumber;
        return &local;
      case Operand::Type::kBoolean:
        local.kind = Kind::kBoolean;
        return &local;
      case Operand::Type::kReference:
        return find(operand.reference, local);
    }
    return nullptr;
  }
  void refuse(const Operand& operand, std::string what, std::string remedy) {
    faults_.add(operand.at, "script.test", std::move(what), std::move(remedy));
  }

  const Tree& tree_;
  FaultList& faults_;
  std::vector<const Parameter*> found_;  // what each use is declared as
};

}  // namespace

// ------------------------------------------------------------------------------------------ Script

Script::Script(std::unique_ptr<const Tree> tree) : tree_(std::move(tree)) {}
Script::~Script() = default;

const std::vector<Use>& Script::parameters() const noexcept { return tree_->uses; }
bool Script::is_fixed() const noexcept { return !tree_->has_tags; }
bool Script::has_order() const noexcept { return tree_->has_order; }

std::vector<Fault> Script::find_faults(std::span<const Parameter> declared) const {
  FaultList faults(tree_->text);
  Fitting(*tree_, declared, faults).check();
  return faults.take();
}

Refusal Script::render(std::span<const Value> values, Writer& writer) const {
  return Renderer(*tree_, values, writer).render();
}

}  // namespace sluice::script
