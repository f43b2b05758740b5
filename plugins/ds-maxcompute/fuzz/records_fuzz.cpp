// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reader of record streams, in pieces, plain and behind zlib. The first byte chooses.
#include "../inflater.hpp"
#include "../records.hpp"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::maxcompute;
  static const std::vector<ColumnSpec> columns = [] {
    std::vector<ColumnSpec> made;
    for (const char* type :
         {"bigint", "string", "double", "float", "boolean", "decimal(38,18)", "date", "datetime",
          "timestamp", "timestamp_ntz", "binary", "json", "array<string>",
          "map<string,array<bigint>>", "struct<a:int,b:struct<c:timestamp,d:decimal>>",
          "interval_year_month", "interval_day_time", "void"}) {
      made.push_back({"c", type, *parse_type(type)});
    }
    return made;
  }();
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  Inflater inflater((choice & 1) != 0);
  RecordReader reader(columns);
  const std::size_t piece = 1 + (choice >> 1);
  std::size_t made = 0;
  const auto drain = [&] {
    auto step = RecordReader::Step::kNeedsMore;
    while ((step = reader.next()) == RecordReader::Step::kRow) {
      for (const auto& cell : reader.row()) made += cell.type;
    }
    return step == RecordReader::Step::kNeedsMore || step == RecordReader::Step::kEnd;
  };
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    inflater.give(std::string(bytes.substr(at, piece)));
    while (inflater.has_input()) {
      const auto plain = inflater.take();
      if (!plain || made > (1u << 20)) return 0;
      reader.feed(*plain);
      if (!drain()) return 0;
    }
  }
  reader.finish();
  (void)drain();
  return 0;
}
