// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes record streams for tests: the mirror of RecordReader, for the few types that tests make.

#include "crc32c.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

class RecordWriter {
 public:
  RecordWriter& integer(std::uint32_t column, std::int64_t value) {
    put_tag(column, 0);
    put_varint(zigzag(value));
    crc_.add_int32(column);
    crc_.add_int64(static_cast<std::uint64_t>(value));
    return *this;
  }
  RecordWriter& text(std::uint32_t column, std::string_view value) {
    put_tag(column, 2);
    put_varint(value.size());
    bytes_ += value;
    crc_.add_int32(column);
    crc_.add(value);
    return *this;
  }
  RecordWriter& end_record() {
    put_tag(33'553'408, 0);
    put_varint(crc_.value() ^ damage_);
    stream_.add_int32(crc_.value());
    crc_.reset();
    ++count_;
    return *this;
  }
  // The next records get a wrong checksum.
  RecordWriter& damage() {
    damage_ = 1;
    return *this;
  }
  std::string finish(std::int64_t claimed_more = 0, std::uint32_t stream_damage = 0) {
    put_tag(33'554'430, 0);
    put_varint(zigzag(count_ + claimed_more));
    put_tag(33'554'431, 0);
    put_varint(stream_.value() ^ stream_damage);
    return bytes_;
  }

 private:
  static std::uint64_t zigzag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  }
  void put_tag(std::uint32_t number, std::uint32_t wire_type) {
    put_varint(number << 3 | wire_type);
  }
  void put_varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
  Crc32c crc_, stream_;
  std::int64_t count_ = 0;
  std::uint32_t damage_ = 0;
};

}  // namespace sluice::maxcompute
