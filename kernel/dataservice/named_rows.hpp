// SPDX-License-Identifier: Apache-2.0
#pragma once
// NamedRows: stands between the source and the serializer's writer in script mode, and holds the
// statement to what the API says: the columns of its response parameters, in their order, under
// their names. So no field leaves that is not declared, whatever a script's tags choose.

#include "call/call.hpp"
#include "model/script_laws.hpp"

#include <sluice/op.hpp>
#include <sluice/rows.hpp>

#include <algorithm>
#include <span>

namespace sluice::dataservice {

// One query's; stands in the call's arena. What it is made over outlives the step.
class NamedRows {
 public:
  NamedRows() = default;
  NamedRows(sluice_rows* writer, std::span<const model::ResponseParameter> parameters,
            call::Call& call) noexcept
      : table_{.size = sizeof(sluice_rows_vt),
               .types = writer->vt->types,
               .begin = &begin,
               .push = &push,
               .extension = nullptr},
        writer_(writer),
        parameters_(parameters),
        call_(&call) {}

  // Lent until the object moves or ends.
  sluice_rows* sink() noexcept {
    side_ = {{&table_}, this};
    return &side_.rows;
  }

 private:
  struct Side {  // first member is what the source sees
    sluice_rows rows;
    NamedRows* self;
  };
  static NamedRows& of(sluice_rows* rows) noexcept { return *reinterpret_cast<Side*>(rows)->self; }

  // Engines differ in the case that a name without quotes comes back in.
  static bool is_same(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
  }

  static sluice_status begin(sluice_rows* rows, const sluice_column* columns, std::size_t n) {
    const NamedRows& self = of(rows);
    const auto& wanted = self.parameters_;
    const auto named = self.call_->arena().make_array<sluice_column>(n);
    bool fits = n == wanted.size() && named.size() == n;
    for (std::size_t i = 0; fits && i < n; ++i) {
      fits = is_same(to_view(columns[i].name), model::find_column(wanted[i]));
      named[i] = columns[i];
      named[i].name = to_str(wanted[i].name);
    }
    if (!fits) {
      return Op(self.call_->op())
          .fail(SLUICE_E_ARGUMENT,
                "the fields of the script's statement are not the response parameters: set them "
                "to the fields, in their order");
    }
    return self.writer_->vt->begin(self.writer_, named.data(), n);
  }
  static sluice_status push(sluice_rows* rows, const sluice_cell* cells, std::size_t n) {
    sluice_rows* const writer = of(rows).writer_;
    return writer->vt->push(writer, cells, n);
  }

  sluice_rows_vt table_{};
  sluice_rows* writer_ = nullptr;
  std::span<const model::ResponseParameter> parameters_;
  call::Call* call_ = nullptr;
  Side side_{};
};

}  // namespace sluice::dataservice
