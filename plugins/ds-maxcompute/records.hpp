// SPDX-License-Identifier: Apache-2.0
#pragma once
// RecordReader: the record stream of a tunnel (maxcompute.md 8), as its bytes arrive. Each record's
// checksum is verified before its row is handed out, the stream's and the count at its end.

#include "crc32c.hpp"
#include "type.hpp"
#include "values.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::maxcompute {

inline constexpr std::size_t kRecordBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kItemsMax = 1'000'000;  // of one array or map

class RecordReader {
 public:
  // The columns of the stream, in its order; borrowed.
  explicit RecordReader(std::span<const ColumnSpec> columns);

  void feed(std::string_view bytes);
  // The stream is over: what is there is all that will be.
  void finish() { needs_ = 0; }

  enum class Step { kRow, kNeedsMore, kEnd, kBroken, kTooLarge };
  // A row's cells borrow until the next call of next() or feed(). After kEnd only more bytes are
  // wrong; after kBroken nothing is right.
  Step next();
  std::span<const Cell> row() const { return row_; }
  std::string_view fault() const { return fault_; }  // after kBroken
  std::uint64_t rows() const { return rows_; }

 private:
  enum class Got { kAll, kShort, kBroken };
  struct Cursor;
  Step give_up(std::string_view why);
  Step read_record();
  Got read_column(Cursor& in, Crc32c& crc, std::uint32_t number, std::uint32_t wire_type);
  Got read_end(Cursor& in, std::uint32_t record_crc);
  Got read_trailer(Cursor& in, std::uint32_t tag);
  Got read_json(Cursor& in, Crc32c& crc, const Type& type, std::string& out, std::size_t depth);
  Got read_json_items(Cursor& in, Crc32c& crc, const Type& type, std::vector<std::string>& items,
                      std::size_t depth);

  const std::span<const ColumnSpec> columns_;
  std::string buffer_;
  std::size_t offset_ = 0;  // of the first byte not yet used
  std::size_t needs_ = 0;   // bytes from offset_ below which another try is useless
  RowCells cells_;
  std::vector<bool> seen_;
  std::span<const Cell> row_;
  std::uint64_t rows_ = 0;
  Crc32c stream_crc_;
  enum class Place { kRecords, kAfterCount, kAfterEnd } place_ = Place::kRecords;
  std::string_view fault_;
};

}  // namespace sluice::maxcompute
