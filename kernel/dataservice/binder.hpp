// SPDX-License-Identifier: Apache-2.0
#pragma once
// Binder: the text of a request -> what the call asks for. Values become typed cells, lists are
// gathered from repeated keys, commas or a JSON array, rules are checked, paging and order are
// read; all faults of a call are told in one message. One for each published version; every mode
// binds with it.

#include "dataservice/cursor.hpp"
#include "dataservice/ordering.hpp"
#include "dataservice/parameters.hpp"
#include "dataservice/statement_maker.hpp"
#include "model/nouns.hpp"
#include "model/validation.hpp"

#include <sluice/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::dataservice {

// The parts of a request that hold parameters.
struct Sent {
  std::string_view query;         // raw
  std::string_view body;          // only when the binder reads_body()
  std::string_view content_type;  // likewise
  const sluice_principal* principal = nullptr;
};

struct Bound {
  Asked asked;
  std::int64_t page_size = 0;
  std::int64_t page_num = 0;  // 0: pages are not numbered
};

class Binder {
 public:
  // All three outlive it. ARGUMENT: a default that is none, a rule that is none. [ctl]
  static Result<Binder> make(const model::ApiDefinition& definition, const Ordering& ordering,
                             const CursorSealer& cursors);

  bool reads_body() const noexcept { return reads_body_; }
  // Borrows from `sent` and the arena. [any]
  Result<void> bind(const Sent& sent, call::Arena& arena, Bound& bound) const;

 private:
  struct Parameter {
    std::string name;
    model::ParameterType type;
    bool is_list, is_pair, is_in_body, is_required;
    std::vector<std::string> default_texts;
    std::vector<Cell> otherwise;  // when it is absent; borrows from default_texts
    model::Rules rules;
  };
  // A value as it was sent; of a list, one in a chain.
  struct Piece {
    std::string_view text;
    bool is_item;  // of an array: not to be taken apart at commas
    Piece* next;
  };
  struct Input {
    Piece* first;
    Piece* last;
    std::size_t count;
    bool is_array;
  };
  struct PagingTexts {
    std::string_view page_num, page_size, wants_total, order, cursor;
  };
  enum class Taken { kNo, kYes, kNoMemory };
  class Reading;

  Binder(const model::ApiDefinition& definition, const Ordering& ordering,
         const CursorSealer& cursors)
      : definition_(definition), ordering_(ordering), cursors_(cursors) {}

  std::span<const Cell> bind_one(const Parameter& parameter, const Input& input, call::Arena& arena,
                                 Faults& faults) const;
  std::span<const Cell> bind_list(const Parameter& parameter, const Input& input,
                                  call::Arena& arena, Faults& faults) const;
  void bind_window(const PagingTexts& texts, call::Arena& arena, Bound& bound,
                   Faults& faults) const;
  bool is_page() const { return definition_.shape == model::ResultShape::kPage; }
  bool has_cursor() const { return definition_.paging == model::Paging::kCursor; }

  const model::ApiDefinition& definition_;
  const Ordering& ordering_;
  const CursorSealer& cursors_;
  std::vector<Parameter> parameters_;
  bool reads_body_ = false;
};

}  // namespace sluice::dataservice
