// SPDX-License-Identifier: Apache-2.0
#pragma once
// NamedRows: stands between the source and the serializer's writer in script mode, and holds the
// statement to what the API says: the columns of its response parameters, in their order, under
// their names. So no field leaves that is not declared, whatever a script's tags choose.

#include "call/call.hpp"
#include "dataservice/row_filter.hpp"
#include "model/script_laws.hpp"

#include <sluice/op.hpp>

#include <algorithm>
#include <span>

namespace sluice::dataservice {

class NamedRows : public RowFilter<NamedRows> {
 public:
  NamedRows() = default;
  NamedRows(sluice_rows* next, std::span<const model::ResponseParameter> parameters,
            call::Call& call) noexcept
      : RowFilter(next), parameters_(parameters), call_(&call) {}

  sluice_status begin(const sluice_column* columns, std::size_t n) {
    const auto named = call_->arena().make_array<sluice_column>(n);
    bool fits = n == parameters_.size() && named.size() == n;
    for (std::size_t i = 0; fits && i < n; ++i) {
      fits = is_same(to_view(columns[i].name), model::find_column(parameters_[i]));
      named[i] = columns[i];
      named[i].name = to_str(parameters_[i].name);
    }
    if (!fits) {
      return Op(call_->op())
          .fail(SLUICE_E_ARGUMENT,
                "the fields of the script's statement are not the response parameters: set them "
                "to the fields, in their order");
    }
    return RowFilter::begin(named.data(), n);
  }

 private:
  // Engines differ in the case that a name without quotes comes back in.
  static bool is_same(std::string_view a, std::string_view b) noexcept {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    };
    return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
  }

  std::span<const model::ResponseParameter> parameters_;
  call::Call* call_ = nullptr;
};

}  // namespace sluice::dataservice
