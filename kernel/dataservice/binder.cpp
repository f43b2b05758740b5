// SPDX-License-Identifier: Apache-2.0
#include "dataservice/binder.hpp"

#include "dataservice/body.hpp"
#include "model/laws.hpp"
#include "problem/problem.hpp"

#include <algorithm>

namespace sluice::dataservice {
namespace {

constexpr std::int64_t kPageSizeDefault = 10;
constexpr std::int64_t kPageNumMax = 1'000'000'000;

Error make_used_up() { return {problem::kOverloaded, "the call's memory is used up", {}, {}}; }

// Without parameters: "application/json" of "application/json; charset=utf-8".
bool is_media(std::string_view content_type, std::string_view wanted) {
  auto given = content_type.substr(0, content_type.find(';'));
  while (given.ends_with(' ')) given.remove_suffix(1);
  return std::ranges::equal(given, wanted, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

}  // namespace

Result<Binder> Binder::make(const model::ApiDefinition& definition, const Ordering& ordering,
                            const CursorSealer& cursors) {
  Binder binder(definition, ordering, cursors);
  const auto& wanted = definition.request_parameters;
  binder.parameters_.reserve(wanted.size());  // cells borrow from the parameters' texts
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& parameter = wanted[i];
    const auto at = "/request_parameters/" + std::to_string(i);
    auto rules = model::Rules::make(parameter.type, parameter.validation);
    if (!rules) {
      Error error = rules.error();
      error.where = at + "/validation" + error.where;
      return error;
    }
    const bool is_in_body = parameter.position == model::Position::kBody;
    binder.reads_body_ |= is_in_body;
    auto& made = binder.parameters_.emplace_back(
        Parameter{.name = parameter.name,
                  .type = parameter.type,
                  .is_list = model::is_list(parameter.type),
                  .is_pair = parameter.op == model::Operator::kBetween,
                  .is_in_body = is_in_body,
                  .is_required = parameter.required,
                  .default_texts = {},
                  .otherwise = {},
                  .rules = std::move(*rules)});
    if (!parameter.default_value || parameter.required) continue;
    std::string_view rest = *parameter.default_value;
    while (made.is_list && rest.find(',') != std::string_view::npos) {
      made.default_texts.emplace_back(rest.substr(0, rest.find(',')));
      rest.remove_prefix(rest.find(',') + 1);
    }
    made.default_texts.emplace_back(rest);
    for (const auto& text : made.default_texts) {
      const auto cell = parse_value(parameter.type, text);
      if (!cell) {
        return Error{
            SLUICE_E_ARGUMENT,
            "the default of " + parameter.name + " " + std::string(describe(parameter.type)),
            {},
            at + "/default_value"};
      }
      made.otherwise.push_back(*cell);
    }
  }
  return binder;
}

// What of a request belongs to which parameter.
class Binder::Reading {
 public:
  Reading(const Binder& binder, call::Arena& arena, std::span<Input> inputs)
      : binder_(binder), arena_(arena), inputs_(inputs) {}

  PagingTexts paging;
  bool has_memory = true;

  // A parameter of the query.
  void take_query(std::string_view name, std::string_view value) {
    if (take(name, value, false, Part::kWhole)) return;
    const auto keep_first = [&](std::string_view& text) {
      if (text.data() == nullptr) text = value;
    };
    if (!binder_.ordering_.parameter().empty() && name == binder_.ordering_.parameter()) {
      return keep_first(paging.order);
    }
    if (!binder_.is_page()) return;
    if (name == "pageNum") return keep_first(paging.page_num);
    if (name == "pageSize") return keep_first(paging.page_size);
    if (name == "returnTotalNum") return keep_first(paging.wants_total);
    if (name == "cursor" && binder_.has_cursor()) return keep_first(paging.cursor);
  }
  void take_body(std::string_view name, std::string_view value, Part part) {
    take(name, value, true, part);
  }

 private:
  bool take(std::string_view name, std::string_view value, bool is_in_body, Part part) {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Parameter& parameter = binder_.parameters_[i];
      if (parameter.is_in_body != is_in_body || parameter.name != name) continue;
      add(parameter, inputs_[i], value, part);
      return true;
    }
    return false;
  }
  void add(const Parameter& parameter, Input& input, std::string_view value, Part part) {
    if (part != Part::kWhole) input.is_array = true;
    if (part == Part::kNoItems) return;
    // Of a parameter that is no list the first value counts, as for signed requests (auth.md 4.2).
    if (!parameter.is_list && input.count > 0) return;
    if (++input.count > model::kListValuesMax) return;
    const auto room = arena_.make_array<Piece>(1);
    if (room.empty()) {
      has_memory = false;
      return;
    }
    room[0] = {value, part == Part::kItem, nullptr};
    (input.last ? input.last->next : input.first) = room.data();
    input.last = room.data();
  }

  const Binder& binder_;
  call::Arena& arena_;
  std::span<Input> inputs_;
};

Result<void> Binder::bind(const Sent& sent, call::Arena& arena, Bound& bound) const {
  const auto inputs = arena.make_array<Input>(parameters_.size());
  const auto values = arena.make_array<std::span<const Cell>>(parameters_.size());
  if (inputs.size() != parameters_.size() || values.size() != parameters_.size()) {
    return make_used_up();
  }
  std::ranges::fill(inputs, Input{});
  Faults faults;
  Reading reading(*this, arena, inputs);
  const auto take_query = [&](std::string_view name, std::string_view value) {
    reading.take_query(name, value);
  };
  const auto take_form = [&](std::string_view name, std::string_view value) {
    reading.take_body(name, value, Part::kWhole);
  };
  const auto* who = sent.principal;
  const bool is_verified = who && who->parameters_verified;
  if (is_verified) {
    // What the signature covers (auth.md 4.3), wherever the API expects it.
    for (std::size_t p = 0; p < who->parameter_count; ++p) {
      const auto name = to_view(who->parameters[p].name), value = to_view(who->parameters[p].value);
      reading.take_query(name, value);
      reading.take_body(name, value, Part::kWhole);
    }
  } else if (!for_each_pair(sent.query, arena, take_query)) {
    faults.add_format("query", "has a malformed %-escape");
  }
  // A JSON body is never part of a signed text. What a signature says of it is its digest, which
  // the authenticator compared; it adds what was not signed and replaces nothing.
  if (reads_body_ && !sent.body.empty()) {
    if (is_media(sent.content_type, "application/x-www-form-urlencoded")) {
      // Signed: what it holds was handed over.
      if (!is_verified && !for_each_pair(sent.body, arena, take_form)) {
        faults.add_body("has a malformed %-escape");
      }
    } else if (!sent.content_type.empty() && !is_media(sent.content_type, "application/json")) {
      return Error{problem::kMediaTypeNotSupported,
                   "send the body as application/json or application/x-www-form-urlencoded",
                   {},
                   {}};
    } else {
      const auto signed_already = arena.make_array<bool>(parameters_.size());
      if (signed_already.size() != parameters_.size()) return make_used_up();
      for (std::size_t i = 0; i < inputs.size(); ++i) signed_already[i] = inputs[i].count > 0;
      const auto fault = parse_json_object(
          sent.body, arena, [&](std::string_view name, std::string_view text, Part part) {
            for (std::size_t i = 0; i < parameters_.size(); ++i) {
              if (signed_already[i] && parameters_[i].name == name) return;
            }
            reading.take_body(name, text, part);
          });
      if (fault) faults.add_body(*fault);
    }
  }
  if (!reading.has_memory) return make_used_up();

  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = parameters_[i];
    const Input& input = inputs[i];
    values[i] = {};
    if (input.count == 0 && !input.is_array) {
      if (!parameter.otherwise.empty()) {
        values[i] = parameter.otherwise;
      } else if (parameter.is_required) {
        faults.add_missing(parameter.name);
      }
    } else if (parameter.is_list) {
      values[i] = bind_list(parameter, input, arena, faults);
    } else {
      values[i] = bind_one(parameter, input, arena, faults);
    }
  }
  bound.asked.values = values;
  bind_window(reading.paging, arena, bound, faults);
  if (!faults.empty()) return faults.to_error();
  return {};
}

std::span<const Cell> Binder::bind_one(const Parameter& parameter, const Input& input,
                                       call::Arena& arena, Faults& faults) const {
  if (input.is_array) {
    faults.add_format(parameter.name, "must be one value");
    return {};
  }
  const auto cell = parse_value(parameter.type, input.first->text);
  if (!cell) {
    faults.add_format(parameter.name, describe(parameter.type));
    return {};
  }
  if (!parameter.rules.empty()) {
    if (const auto* breach = parameter.rules.find_breach(*cell)) {
      faults.add_value(parameter.name, *breach);
      return {};
    }
  }
  const auto room = arena.make_array<Cell>(1);
  if (room.empty()) {
    faults.add_value(parameter.name, "is too large");
    return {};
  }
  room[0] = *cell;
  return room;
}

// A key that stands once is taken apart at commas; of a repeated one, and of an array, each is a
// value as it is.
std::span<const Cell> Binder::bind_list(const Parameter& parameter, const Input& input,
                                        call::Arena& arena, Faults& faults) const {
  const auto refuse = [&](std::string_view what) {
    faults.add_value(parameter.name, what);
    return std::span<const Cell>();
  };
  if (input.count == 0) return refuse("must have at least one value");
  const bool is_split = input.count == 1 && !input.first->is_item;
  const std::size_t count =
      is_split ? 1 + static_cast<std::size_t>(std::ranges::count(input.first->text, ','))
               : input.count;
  if (count > model::kListValuesMax) {
    return refuse("must have at most " + std::to_string(model::kListValuesMax) + " values");
  }
  if (parameter.is_pair && count != 2) return refuse("must have two values, from and to");
  const auto cells = arena.make_array<Cell>(count);
  if (cells.empty()) return refuse("is too large");

  std::string_view rest = input.first->text;
  const Piece* piece = input.first;
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view text;
    if (is_split) {
      text = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    } else {
      text = piece->text;
      piece = piece->next;
    }
    const auto place = [&] { return parameter.name + " (value " + std::to_string(i + 1) + ")"; };
    const auto cell = parse_value(parameter.type, text);
    if (!cell) {
      faults.add_format(place(), describe(parameter.type));
      return {};
    }
    if (!parameter.rules.empty()) {
      if (const auto* breach = parameter.rules.find_breach(*cell)) {
        faults.add_value(place(), *breach);
        return {};
      }
    }
    cells[i] = *cell;
  }
  return cells;
}

void Binder::bind_window(const PagingTexts& texts, call::Arena& arena, Bound& bound,
                         Faults& faults) const {
  Asked& asked = bound.asked;
  asked.order = ordering_.fixed();
  if (texts.order.data() != nullptr) {
    if (const auto order = ordering_.parse(texts.order, arena)) {
      asked.order = *order;
    } else {
      faults.add_value(ordering_.parameter(), ordering_.description());
    }
  }
  bound.page_size = std::min(kPageSizeDefault, definition_.max_rows);
  if (!is_page()) {
    asked.limit = definition_.shape == model::ResultShape::kSingle ? 1 : definition_.max_rows;
    return;
  }
  const auto read_number = [&](std::string_view name, std::string_view text, std::int64_t max,
                               std::int64_t& out) {
    if (text.data() == nullptr) return;
    const auto cell = parse_value(model::ParameterType::kLong, text);
    if (!cell) return faults.add_format(name, "must be a whole number");
    if (cell->v.i < 1 || cell->v.i > max) {
      return faults.add_value(name, "must be from 1 to " + std::to_string(max));
    }
    out = cell->v.i;
  };
  read_number("pageSize", texts.page_size, definition_.max_rows, bound.page_size);
  // To count is what a cursor spares.
  asked.wants_count = !has_cursor();
  if (texts.wants_total.data() != nullptr) {
    if (const auto cell = parse_value(model::ParameterType::kBoolean, texts.wants_total)) {
      asked.wants_count = cell->v.i != 0;
    } else {
      faults.add_format("returnTotalNum", describe(model::ParameterType::kBoolean));
    }
  }
  if (!has_cursor()) {
    bound.page_num = 1;
    read_number("pageNum", texts.page_num, kPageNumMax, bound.page_num);
    asked.is_paged = true;
    asked.limit = bound.page_size;
    asked.offset = (bound.page_num - 1) * bound.page_size;
    return;
  }
  asked.has_cursor = true;
  asked.limit = bound.page_size + 1;  // is there another page?
  if (texts.page_num.data() != nullptr) {
    faults.add_value("pageNum",
                     "is not known here: send the nextCursor of one page as the cursor "
                     "of the next");
  }
  if (texts.cursor.data() == nullptr || !faults.empty()) return;
  const auto after = cursors_.open(texts.cursor, {definition_.table, asked.order}, arena);
  if (!after) {
    return faults.add_value("cursor", "must be the nextCursor of the page before, in this order");
  }
  asked.after = *after;
}

}  // namespace sluice::dataservice
