// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads the CSV text of a result: maxcompute.md 5.4.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

inline constexpr std::size_t kCsvFieldsMax = 4096;

struct CsvField {
  std::string text;  // unquoted
  bool was_quoted = false;
  bool is_null() const { return !was_quoted && text == "\\N"; }
};

// One text, row by row. The text must outlive the reader.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : rest_(text) {}

  enum class Step { kRow, kEnd, kBroken };
  // Fills `row`, reusing its memory. Broken: a quote that never ends, or too many fields.
  Step next(std::vector<CsvField>& row);

 private:
  std::string_view rest_;
};

}  // namespace sluice::maxcompute
