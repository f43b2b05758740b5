// SPDX-License-Identifier: Apache-2.0
#include "csv.hpp"

namespace sluice::maxcompute {

CsvReader::Step CsvReader::next(std::vector<CsvField>& row) {
  if (rest_.empty()) return Step::kEnd;
  std::size_t used = 0;
  for (;;) {
    if (used == kCsvFieldsMax) return Step::kBroken;
    if (used == row.size()) row.emplace_back();
    CsvField& field = row[used++];
    field.text.clear();
    field.was_quoted = !rest_.empty() && rest_.front() == '"';
    if (field.was_quoted) {
      rest_.remove_prefix(1);
      for (;;) {
        const auto quote = rest_.find('"');
        if (quote == rest_.npos) return Step::kBroken;
        field.text += rest_.substr(0, quote);
        rest_.remove_prefix(quote + 1);
        if (!rest_.starts_with('"')) break;
        field.text += '"';
        rest_.remove_prefix(1);
      }
    }
    // Bare text, or what wrongly follows a quoted one: up to the next separator.
    const auto end = rest_.find_first_of(",\n");
    auto bare = rest_.substr(0, end);
    const bool ends_row = end == rest_.npos || rest_[end] == '\n';
    if (ends_row && bare.ends_with('\r')) bare.remove_suffix(1);
    field.text += bare;
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    if (ends_row) break;
  }
  row.resize(used);
  return Step::kRow;
}

}  // namespace sluice::maxcompute
