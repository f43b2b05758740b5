// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of CSV and what makes cells of its fields, by every type and by look.
#include "../csv.hpp"
#include "../values.hpp"

#include <array>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::maxcompute;
  static const auto types = [] {
    std::array<Type, 9> made;
    std::size_t i = 0;
    for (const char* type : {"bigint", "double", "decimal", "boolean", "datetime", "timestamp_ntz",
                             "json", "binary", "string"}) {
      made[i++] = *parse_type(type);
    }
    return made;
  }();
  CsvReader reader({reinterpret_cast<const char*>(data), size});
  std::vector<CsvField> row;
  RowCells cells;
  while (reader.next(row) == CsvReader::Step::kRow) {
    cells.begin(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i].is_null()) continue;
      const std::size_t kind = i % (types.size() + 1);
      set_from_csv(cells, i, kind == types.size() ? nullptr : &types[kind], row[i].text,
                   row[i].was_quoted);
    }
    (void)cells.finish();
  }
  return 0;
}
