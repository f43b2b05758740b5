// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <array>
#include <bit>
#include <cstring>

namespace emulator {
namespace {

constexpr std::uint32_t kEndField = 33553408;
constexpr std::uint32_t kCountField = 33554430;
constexpr std::uint32_t kChecksumField = 33554431;

constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kFixed32 = 5;

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
    tables[0][i] = crc;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[slice - 1][i];
      tables[slice][i] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void append_zigzag(std::string& out, std::int64_t value) {
  append_varint(out,
                (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void append_tag(std::string& out, std::uint32_t field, unsigned wire) {
  append_varint(out, static_cast<std::uint64_t>(field) << 3 | wire);
}

template <typename T>
std::string_view bytes_of(const T& value) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

unsigned wire_type(Kind kind) {
  switch (kind) {
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kBoolean:
    case Kind::kDate:
    case Kind::kDatetime:
    case Kind::kIntervalYearMonth:
      return kVarint;
    case Kind::kFloat:
      return kFixed32;
    case Kind::kDouble:
      return kFixed64;
    case Kind::kDecimal:
    case Kind::kString:
    case Kind::kVarchar:
    case Kind::kChar:
    case Kind::kBinary:
    case Kind::kJson:
    case Kind::kTimestamp:
    case Kind::kTimestampNtz:
    case Kind::kIntervalDayTime:
    case Kind::kArray:
    case Kind::kMap:
    case Kind::kStruct:
    case Kind::kVoid:
      return kBytes;
  }
  return kBytes;
}

void append_value(std::string& out, Crc32c& crc, const Type& type, const Value& value);

void append_items(std::string& out, Crc32c& crc, const Type& element, const Values& items,
                  std::size_t first, std::size_t step) {
  append_varint(out, (items.size() - first + step - 1) / step);
  for (std::size_t i = first; i < items.size(); i += step) {
    out += items[i].is_null() ? '\1' : '\0';
    if (!items[i].is_null()) append_value(out, crc, element, items[i]);
  }
}

void append_value(std::string& out, Crc32c& crc, const Type& type, const Value& value) {
  switch (type.kind) {
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kDate:
    case Kind::kDatetime:
    case Kind::kIntervalYearMonth: {
      const std::int64_t number = value.integer();
      append_zigzag(out, number);
      crc.update(bytes_of(number));
      return;
    }
    case Kind::kBoolean: {
      const char flag = value.integer() != 0 ? '\1' : '\0';
      out += flag;
      crc.update({&flag, 1});
      return;
    }
    case Kind::kFloat: {
      const auto number = static_cast<float>(value.real());
      out += bytes_of(number);
      crc.update(bytes_of(number));
      return;
    }
    case Kind::kDouble: {
      const double number = value.real();
      out += bytes_of(number);
      crc.update(bytes_of(number));
      return;
    }
    case Kind::kDecimal:
    case Kind::kString:
    case Kind::kVarchar:
    case Kind::kChar:
    case Kind::kBinary:
    case Kind::kJson:
      append_varint(out, value.text().size());
      out += value.text();
      crc.update(value.text());
      return;
    case Kind::kTimestamp:
    case Kind::kTimestampNtz:
    case Kind::kIntervalDayTime: {
      const Instant& instant = value.instant();
      append_zigzag(out, instant.seconds);
      append_zigzag(out, instant.nanoseconds);
      crc.update(bytes_of(instant.seconds));
      crc.update(bytes_of(instant.nanoseconds));
      return;
    }
    case Kind::kArray:
      append_items(out, crc, type.parts[0], value.items(), 0, 1);
      return;
    case Kind::kMap:
      append_items(out, crc, type.parts[0], value.items(), 0, 2);
      append_items(out, crc, type.parts[1], value.items(), 1, 2);
      return;
    case Kind::kStruct:
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        const Value& field = value.items()[i];
        out += field.is_null() ? '\1' : '\0';
        if (!field.is_null()) append_value(out, crc, type.parts[i], field);
      }
      return;
    case Kind::kVoid:
      return;
  }
}

}  // namespace

void Crc32c::update(std::string_view bytes) {
  std::uint32_t state = state_;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, at, 8);
    block ^= state;
    state = 0;
    for (std::size_t i = 0; i < 8; ++i) state ^= kTables[7 - i][block >> (8 * i) & 255];
    at += 8;
    left -= 8;
  }
  for (; left > 0; --left, ++at) {
    state = (state >> 8) ^ kTables[0][(state ^ static_cast<unsigned char>(*at)) & 255];
  }
  state_ = state;
}

void Crc32c::update_int32(std::uint32_t value) { update(bytes_of(value)); }

void append_field(std::string& record, Crc32c& crc, std::uint32_t index, const Type& type,
                  const Value& value) {
  if (value.is_null() || type.kind == Kind::kVoid) return;
  append_tag(record, index, wire_type(type.kind));
  crc.update_int32(index);
  append_value(record, crc, type, value);
}

std::uint32_t append_record(std::string& stream, const std::vector<Column>& columns,
                            const Values& row) {
  Crc32c crc;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    append_field(stream, crc, static_cast<std::uint32_t>(i + 1), columns[i].type, row[i]);
  }
  append_tag(stream, kEndField, kVarint);
  append_varint(stream, crc.value());
  return crc.value();
}

void append_trailer(std::string& stream, std::int64_t count, std::uint32_t stream_crc) {
  append_tag(stream, kCountField, kVarint);
  append_zigzag(stream, count);
  append_tag(stream, kChecksumField, kVarint);
  append_varint(stream, stream_crc);
}

std::optional<std::uint64_t> RecordReader::read_varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::int64_t> RecordReader::read_zigzag() {
  const auto raw = read_varint();
  if (!raw) return std::nullopt;
  return static_cast<std::int64_t>(*raw >> 1) ^ -static_cast<std::int64_t>(*raw & 1);
}

std::optional<std::string_view> RecordReader::read_bytes(std::size_t length) {
  if (length > rest_.size()) return std::nullopt;
  const auto bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return bytes;
}

std::optional<Values> RecordReader::read_items(const Type& type, Crc32c& crc) {
  const auto count = read_varint();
  if (!count || *count > rest_.size()) return std::nullopt;
  Values items;
  for (std::uint64_t i = 0; i < *count; ++i) {
    const auto flag = read_bytes(1);
    if (!flag) return std::nullopt;
    if (flag->front() != '\0') {
      items.push_back({});
      continue;
    }
    auto item = read_value(type, crc);
    if (!item) return std::nullopt;
    items.push_back(std::move(*item));
  }
  return items;
}

std::optional<Value> RecordReader::read_value(const Type& type, Crc32c& crc) {
  switch (type.kind) {
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kDate:
    case Kind::kDatetime:
    case Kind::kIntervalYearMonth: {
      const auto number = read_zigzag();
      if (!number) return std::nullopt;
      crc.update(bytes_of(*number));
      return Value{*number};
    }
    case Kind::kBoolean: {
      const auto flag = read_varint();
      if (!flag) return std::nullopt;
      const char byte = *flag != 0 ? '\1' : '\0';
      crc.update({&byte, 1});
      return Value{static_cast<std::int64_t>(byte)};
    }
    case Kind::kFloat: {
      const auto bytes = read_bytes(4);
      if (!bytes) return std::nullopt;
      crc.update(*bytes);
      float number = 0;
      std::memcpy(&number, bytes->data(), 4);
      return Value{static_cast<double>(number)};
    }
    case Kind::kDouble: {
      const auto bytes = read_bytes(8);
      if (!bytes) return std::nullopt;
      crc.update(*bytes);
      double number = 0;
      std::memcpy(&number, bytes->data(), 8);
      return Value{number};
    }
    case Kind::kDecimal:
    case Kind::kString:
    case Kind::kVarchar:
    case Kind::kChar:
    case Kind::kBinary:
    case Kind::kJson: {
      const auto length = read_varint();
      const auto bytes = length ? read_bytes(*length) : std::nullopt;
      if (!bytes) return std::nullopt;
      crc.update(*bytes);
      return Value{std::string(*bytes)};
    }
    case Kind::kTimestamp:
    case Kind::kTimestampNtz:
    case Kind::kIntervalDayTime: {
      const auto seconds = read_zigzag();
      const auto nanoseconds = read_zigzag();
      if (!seconds || !nanoseconds) return std::nullopt;
      const Instant instant{*seconds, static_cast<std::int32_t>(*nanoseconds)};
      crc.update(bytes_of(instant.seconds));
      crc.update(bytes_of(instant.nanoseconds));
      return Value{instant};
    }
    case Kind::kArray: {
      auto items = read_items(type.parts[0], crc);
      if (!items) return std::nullopt;
      return Value{std::move(*items)};
    }
    case Kind::kMap: {
      auto keys = read_items(type.parts[0], crc);
      auto items = keys ? read_items(type.parts[1], crc) : std::nullopt;
      if (!items || items->size() != keys->size()) return std::nullopt;
      Values pairs;
      for (std::size_t i = 0; i < keys->size(); ++i) {
        pairs.push_back(std::move((*keys)[i]));
        pairs.push_back(std::move((*items)[i]));
      }
      return Value{std::move(pairs)};
    }
    case Kind::kStruct: {
      Values fields;
      for (const Type& part : type.parts) {
        const auto flag = read_bytes(1);
        if (!flag) return std::nullopt;
        if (flag->front() != '\0') {
          fields.push_back({});
          continue;
        }
        auto field = read_value(part, crc);
        if (!field) return std::nullopt;
        fields.push_back(std::move(*field));
      }
      return Value{std::move(fields)};
    }
    case Kind::kVoid:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Values> RecordReader::fail(std::string_view what) {
  error_ = what;
  return std::nullopt;
}

std::optional<Values> RecordReader::next() { return read_record(true); }

std::optional<Values> RecordReader::read_single() { return read_record(false); }

std::optional<Values> RecordReader::read_record(bool may_end) {
  if (!error_.empty()) return std::nullopt;
  Values row(columns_.size());
  Crc32c crc;
  bool first = true;
  while (true) {
    const auto tag = read_varint();
    if (!tag) return fail("the record stream ends too early");
    const std::uint64_t field = *tag >> 3;
    if (field > columns_.size() && (*tag & 7) != kVarint) {
      return fail("a field has another wire type");
    }
    if (field == kEndField) {
      const auto sum = read_varint();
      if (!sum || *sum != crc.value()) return fail("a record's checksum does not match");
      stream_crc_.update_int32(crc.value());
      ++count_;
      return row;
    }
    if (field == kCountField && may_end && first) {
      const auto count = read_zigzag();
      if (!count || *count != count_) return fail("the number of records does not match");
      const auto last = read_varint();
      const auto sum = read_varint();
      const std::uint32_t expected = count_ == 0 ? 0 : stream_crc_.value();
      if (!last || *last != (std::uint64_t{kChecksumField} << 3 | kVarint) || !sum ||
          *sum != expected) {
        return fail("the stream's checksum does not match");
      }
      if (!rest_.empty()) return fail("something follows the stream's checksum");
      return std::nullopt;
    }
    if (field < 1 || field > columns_.size()) return fail("a field has no column");
    const Type& type = columns_[field - 1].type;
    if ((*tag & 7) != wire_type(type.kind)) return fail("a field has another wire type");
    crc.update_int32(static_cast<std::uint32_t>(field));
    auto value = read_value(type, crc);
    if (!value) return fail("a field's value cannot be read");
    row[field - 1] = std::move(*value);
    first = false;
  }
}

}  // namespace emulator
