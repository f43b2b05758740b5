// SPDX-License-Identifier: Apache-2.0
#pragma once

// The tunnel's record stream (fields, record end, count, stream checksum), both ways. A record that
// was encoded once is also how results are kept until they are fetched, so that a download copies
// bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "types.hpp"

namespace emulator {

// CRC-32C, Castagnoli. update() may be called in pieces.
class Crc32c {
 public:
  void update(std::string_view bytes);
  void update_int32(std::uint32_t value);
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xFFFFFFFFu;
};

// Appends one field to a record and its bytes to the record's checksum. NULL appends nothing.
void append_field(std::string& record, Crc32c& crc, std::uint32_t index, const Type& type,
                  const Value& value);

// A whole record with its end; returns its checksum.
std::uint32_t append_record(std::string& stream, const std::vector<Column>& columns,
                            const Values& row);

// The end of a stream of records whose checksums went into `stream_crc`.
void append_trailer(std::string& stream, std::int64_t count, std::uint32_t stream_crc);

// Reads what the writers above, or a client, wrote. nullopt of next() is the verified end; a fault
// is told by error().
class RecordReader {
 public:
  RecordReader(std::string_view bytes, const std::vector<Column>& columns)
      : rest_(bytes), columns_(columns) {}

  std::optional<Values> next();
  const std::string& error() const { return error_; }

  // One record without a trailer, as append_record made it.
  std::optional<Values> read_single();

 private:
  std::optional<std::uint64_t> read_varint();
  std::optional<std::int64_t> read_zigzag();
  std::optional<std::string_view> read_bytes(std::size_t length);
  std::optional<Value> read_value(const Type& type, Crc32c& crc);
  std::optional<Values> read_items(const Type& type, Crc32c& crc);
  std::optional<Values> read_record(bool may_end);
  std::optional<Values> fail(std::string_view what);

  std::string_view rest_;
  const std::vector<Column>& columns_;
  Crc32c stream_crc_;
  std::int64_t count_ = 0;
  std::string error_;
};

}  // namespace emulator
