// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include "text.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::maxcompute {
namespace {

constexpr std::uint32_t kEndOfRecord = 33'553'408;
constexpr std::uint32_t kMetricsEnd = 33'554'176;
constexpr std::uint32_t kRecordCount = 33'554'430;
constexpr std::uint32_t kStreamEnd = 33'554'431;

constexpr std::uint32_t kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;
constexpr std::size_t kLargeBytes = std::size_t{1} << 20;
constexpr std::size_t kKeptBytes = 65'536;  // used bytes stay at the buffer's front up to here

constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

struct Moment {
  std::int64_t unix_s, ns;  // ns counts up from the second, also before 1970
};

// Of milliseconds; the smallest number there is has its moment, too.
constexpr Moment make_moment(std::int64_t ms) {
  const std::int64_t rest = ms % 1000;
  return rest < 0 ? Moment{ms / 1000 - 1, (rest + 1000) * 1'000'000}
                  : Moment{ms / 1000, rest * 1'000'000};
}

std::uint32_t to_wire_type(TypeKind kind) {
  switch (kind) {
    case TypeKind::kTinyint:
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kBigint:
    case TypeKind::kBoolean:
    case TypeKind::kDate:
    case TypeKind::kDatetime:
    case TypeKind::kIntervalYearMonth:
      return kVarint;
    case TypeKind::kFloat:
      return kFixed32;
    case TypeKind::kDouble:
      return kFixed64;
    case TypeKind::kDecimal:
    case TypeKind::kString:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
    case TypeKind::kBinary:
    case TypeKind::kJson:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNtz:
    case TypeKind::kIntervalDayTime:
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kStruct:
      return kBytes;
    case TypeKind::kVoid:
      break;
  }
  return UINT32_MAX;  // a column without values
}

}  // namespace

// Reads from the front of what is there; `wants` tells how much more would have to come.
struct RecordReader::Cursor {
  const char* p;
  const char* end;
  const char* begin;
  std::size_t wants = 0;  // from begin

  Got run_short(std::size_t more) {
    wants = static_cast<std::size_t>(p - begin) + more;
    return Got::kShort;
  }
  Got take_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (p == end) return run_short(1);
      const auto byte = static_cast<unsigned char>(*p++);
      if (shift == 63 && byte > 1) return Got::kBroken;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return Got::kAll;
    }
    return Got::kBroken;
  }
  Got take_varint32(std::uint32_t& value) {
    std::uint64_t wide = 0;
    const Got got = take_varint(wide);
    value = static_cast<std::uint32_t>(wide);
    return got == Got::kAll && wide > UINT32_MAX ? Got::kBroken : got;
  }
  template <class Number>
  Got take_fixed(Number& value) {
    if (static_cast<std::size_t>(end - p) < sizeof value) return run_short(sizeof value);
    std::memcpy(&value, p, sizeof value);
    p += sizeof value;
    return Got::kAll;
  }
  Got take_bytes(std::string_view& bytes) {
    std::uint64_t n = 0;
    if (const Got got = take_varint(n); got != Got::kAll) return got;
    if (n > kRecordBytesMax) return Got::kBroken;
    if (static_cast<std::size_t>(end - p) < n) return run_short(static_cast<std::size_t>(n));
    bytes = {p, static_cast<std::size_t>(n)};
    p += n;
    return Got::kAll;
  }
  // Seconds and nanoseconds, as both enter the checksum.
  Got take_instant(Crc32c& crc, std::int64_t& seconds, std::int64_t& nanoseconds) {
    std::uint64_t s = 0, ns = 0;
    if (const Got got = take_varint(s); got != Got::kAll) return got;
    if (const Got got = take_varint(ns); got != Got::kAll) return got;
    seconds = unzigzag(s);
    nanoseconds = unzigzag(ns);
    if (nanoseconds < 0 || nanoseconds > 999'999'999) return Got::kBroken;
    crc.add_int64(static_cast<std::uint64_t>(seconds));
    crc.add_int32(static_cast<std::uint32_t>(nanoseconds));
    return Got::kAll;
  }
};

RecordReader::RecordReader(std::span<const ColumnSpec> columns)
    : columns_(columns), seen_(columns.size()) {}

void RecordReader::feed(std::string_view bytes) {
  if (offset_ == buffer_.size()) {
    buffer_.clear();
    offset_ = 0;
  } else if (offset_ > kKeptBytes) {
    buffer_.erase(0, offset_);
    offset_ = 0;
  }
  buffer_ += bytes;
}

RecordReader::Step RecordReader::give_up(std::string_view why) {
  fault_ = why;
  return Step::kBroken;
}

RecordReader::Step RecordReader::next() {
  if (!fault_.empty()) return Step::kBroken;
  const std::size_t there = buffer_.size() - offset_;
  if (place_ == Place::kAfterEnd) {
    return there > 0 ? give_up("bytes follow the end of the stream") : Step::kEnd;
  }
  if (there == 0 || there < needs_) {
    return needs_ > kRecordBytesMax ? Step::kTooLarge : Step::kNeedsMore;
  }
  return read_record();
}

// Either one record, or the stream's end, or not enough for either: then nothing has changed.
RecordReader::Step RecordReader::read_record() {
  const char* const begin = buffer_.data() + offset_;
  Cursor in{begin, buffer_.data() + buffer_.size(), begin};
  const auto use = [&] {
    offset_ += static_cast<std::size_t>(in.p - begin);
    needs_ = 0;
  };
  const auto stop = [&](Got got) {
    if (got == Got::kBroken) return give_up(fault_.empty() ? "a record is malformed" : fault_);
    needs_ = in.wants;
    // A large record of many small parts is not read again for every piece that comes.
    const auto there = static_cast<std::size_t>(in.end - begin);
    if (there > kLargeBytes) needs_ = std::max(needs_, there + there / 4);
    return needs_ > kRecordBytesMax ? Step::kTooLarge : Step::kNeedsMore;
  };

  Crc32c crc;
  bool has_columns = false;
  if (place_ == Place::kRecords) {
    cells_.begin(columns_.size());
    seen_.assign(columns_.size(), false);
  }
  for (;;) {
    std::uint32_t tag = 0;
    if (const Got got = in.take_varint32(tag); got != Got::kAll) return stop(got);
    const std::uint32_t number = tag >> 3, wire_type = tag & 7;
    if (place_ == Place::kRecords && number >= 1 && number <= columns_.size()) {
      has_columns = true;
      if (const Got got = read_column(in, crc, number, wire_type); got != Got::kAll) {
        return stop(got);
      }
      continue;
    }
    if (place_ == Place::kRecords && tag == kEndOfRecord << 3) {
      // A record of NULLs only has the value 0, which is what no bytes make.
      if (const Got got = read_end(in, crc.value()); got != Got::kAll) return stop(got);
      use();
      ++rows_;
      row_ = cells_.finish();
      return Step::kRow;
    }
    if (has_columns) return give_up("a record has no end");
    if (const Got got = read_trailer(in, tag); got != Got::kAll) return stop(got);
    use();
    if (place_ == Place::kAfterEnd) {
      return in.p == in.end ? Step::kEnd : give_up("bytes follow the end of the stream");
    }
    return next();
  }
}

RecordReader::Got RecordReader::read_end(Cursor& in, std::uint32_t record_crc) {
  std::uint32_t sent = 0;
  if (const Got got = in.take_varint32(sent); got != Got::kAll) return got;
  if (sent != record_crc) {
    fault_ = "a record's checksum is wrong";
    return Got::kBroken;
  }
  stream_crc_.add_int32(record_crc);
  return Got::kAll;
}

RecordReader::Got RecordReader::read_trailer(Cursor& in, std::uint32_t tag) {
  if (place_ == Place::kRecords && tag == kRecordCount << 3) {
    std::uint64_t count = 0;
    if (const Got got = in.take_varint(count); got != Got::kAll) return got;
    if (unzigzag(count) != static_cast<std::int64_t>(rows_)) {
      fault_ = "the stream has another number of records than it says";
      return Got::kBroken;
    }
    place_ = Place::kAfterCount;
    return Got::kAll;
  }
  if (place_ == Place::kAfterCount && tag == (1u << 3 | kBytes)) {
    std::string_view metrics;
    if (const Got got = in.take_bytes(metrics); got != Got::kAll) return got;
    std::uint32_t end = 0, sent = 0;
    if (const Got got = in.take_varint32(end); got != Got::kAll) return got;
    if (end != kMetricsEnd << 3) return Got::kBroken;
    if (const Got got = in.take_varint32(sent); got != Got::kAll) return got;
    Crc32c crc;
    crc.add_int32(1);
    crc.add(metrics);
    if (crc.value() == sent) return Got::kAll;
    fault_ = "the checksum of the stream's metrics is wrong";
    return Got::kBroken;
  }
  if (place_ == Place::kAfterCount && tag == kStreamEnd << 3) {
    std::uint32_t sent = 0;
    if (const Got got = in.take_varint32(sent); got != Got::kAll) return got;
    if (sent != stream_crc_.value()) {
      fault_ = "the stream's checksum is wrong";
      return Got::kBroken;
    }
    place_ = Place::kAfterEnd;
    return Got::kAll;
  }
  fault_ = "an unknown field";
  return Got::kBroken;
}

RecordReader::Got RecordReader::read_column(Cursor& in, Crc32c& crc, std::uint32_t number,
                                            std::uint32_t wire_type) {
  const std::size_t column = number - 1;
  const Type& type = columns_[column].type;
  if (seen_[column] || wire_type != to_wire_type(type.kind)) return Got::kBroken;
  seen_[column] = true;
  crc.add_int32(number);

  std::uint64_t raw = 0;
  const auto take_integer = [&](std::int64_t& value) {
    const Got got = in.take_varint(raw);
    value = unzigzag(raw);
    if (got == Got::kAll) crc.add_int64(static_cast<std::uint64_t>(value));
    return got;
  };
  const auto made = [&](std::uint32_t cell_type, auto append) {
    const auto from = cells_.mark();
    append(cells_.text());
    cells_.set_made(column, cell_type, from);
    return Got::kAll;
  };
  std::int64_t value = 0, ns = 0;
  std::string_view bytes;
  switch (type.kind) {
    case TypeKind::kTinyint:
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kBigint:
      if (const Got got = take_integer(value); got != Got::kAll) return got;
      cells_.set(column, make_int64(value));
      return Got::kAll;
    case TypeKind::kBoolean: {
      if (const Got got = in.take_varint(raw); got != Got::kAll) return got;
      if (raw > 1) return Got::kBroken;
      const auto byte = static_cast<unsigned char>(raw);
      crc.add(&byte, 1);
      cells_.set(column, make_bool(raw != 0));
      return Got::kAll;
    }
    case TypeKind::kFloat: {
      float single = 0;
      if (const Got got = in.take_fixed(single); got != Got::kAll) return got;
      crc.add(&single, sizeof single);
      cells_.set(column, make_double(widen(single)));
      return Got::kAll;
    }
    case TypeKind::kDouble: {
      double number64 = 0;
      if (const Got got = in.take_fixed(number64); got != Got::kAll) return got;
      crc.add(&number64, sizeof number64);
      cells_.set(column, make_double(number64));
      return Got::kAll;
    }
    case TypeKind::kString:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      cells_.set(column, make_text(bytes));
      return Got::kAll;
    case TypeKind::kBinary:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      cells_.set(column, make_bytes(bytes));
      return Got::kAll;
    case TypeKind::kJson:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      // What is no JSON is told as a text: the answer must stay well-formed.
      cells_.set(column, make_text(bytes, is_json(bytes) ? SLUICE_T_JSON : SLUICE_T_TEXT));
      return Got::kAll;
    case TypeKind::kDecimal: {
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      const auto decimal = parse_decimal(bytes);
      cells_.set(column, decimal ? *decimal : make_text(bytes));
      return Got::kAll;
    }
    case TypeKind::kDate:
      if (const Got got = take_integer(value); got != Got::kAll) return got;
      return made(SLUICE_T_TEXT, [&](std::string& out) { append_date(out, value); });
    case TypeKind::kDatetime: {
      if (const Got got = take_integer(value); got != Got::kAll) return got;
      const Moment moment = make_moment(value);
      set_timestamp(cells_, column, moment.unix_s, moment.ns);
      return Got::kAll;
    }
    case TypeKind::kIntervalYearMonth:
      if (const Got got = take_integer(value); got != Got::kAll) return got;
      return made(SLUICE_T_TEXT, [&](std::string& out) { append_year_month(out, value); });
    case TypeKind::kTimestamp:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      set_timestamp(cells_, column, value, ns);
      return Got::kAll;
    case TypeKind::kTimestampNtz:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      return made(SLUICE_T_TEXT, [&](std::string& out) { append_timestamp_ntz(out, value, ns); });
    case TypeKind::kIntervalDayTime:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      return made(SLUICE_T_TEXT, [&](std::string& out) { append_day_time(out, value, ns); });
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kStruct: {
      const auto from = cells_.mark();
      if (const Got got = read_json(in, crc, type, cells_.text(), 0); got != Got::kAll) return got;
      cells_.set_made(column, SLUICE_T_JSON, from);
      return Got::kAll;
    }
    case TypeKind::kVoid:
      break;
  }
  return Got::kBroken;
}

// The elements of an ARRAY, each as JSON.
RecordReader::Got RecordReader::read_json_items(Cursor& in, Crc32c& crc, const Type& type,
                                                std::vector<std::string>& items,
                                                std::size_t depth) {
  std::uint64_t count = 0;
  if (const Got got = in.take_varint(count); got != Got::kAll) return got;
  if (count > kItemsMax) return Got::kBroken;
  for (std::uint64_t i = 0; i < count; ++i) {
    char is_null = 0;
    if (const Got got = in.take_fixed(is_null); got != Got::kAll) return got;
    auto& item = items.emplace_back();
    if (is_null) {
      item = "null";
      continue;
    }
    if (const Got got = read_json(in, crc, type, item, depth + 1); got != Got::kAll) return got;
  }
  return Got::kAll;
}

// A value without a tag, as JSON. A short read leaves rubbish in `out`, which the next try clears.
RecordReader::Got RecordReader::read_json(Cursor& in, Crc32c& crc, const Type& type,
                                          std::string& out, std::size_t depth) {
  if (depth > kTypeDepthMax) return Got::kBroken;
  std::uint64_t raw = 0;
  std::int64_t value = 0, ns = 0;
  std::string_view bytes;
  const auto take_integer = [&] {
    const Got got = in.take_varint(raw);
    value = unzigzag(raw);
    if (got == Got::kAll) crc.add_int64(static_cast<std::uint64_t>(value));
    return got;
  };
  const auto quoted = [&](auto append) {
    out += '"';
    append();
    out += '"';
    return Got::kAll;
  };
  switch (type.kind) {
    case TypeKind::kTinyint:
    case TypeKind::kSmallint:
    case TypeKind::kInt:
    case TypeKind::kBigint:
      if (const Got got = take_integer(); got != Got::kAll) return got;
      out += std::to_string(value);
      return Got::kAll;
    case TypeKind::kBoolean: {
      if (const Got got = in.take_varint(raw); got != Got::kAll) return got;
      if (raw > 1) return Got::kBroken;
      const auto byte = static_cast<unsigned char>(raw);
      crc.add(&byte, 1);
      out += raw ? "true" : "false";
      return Got::kAll;
    }
    case TypeKind::kFloat: {
      float single = 0;
      if (const Got got = in.take_fixed(single); got != Got::kAll) return got;
      crc.add(&single, sizeof single);
      append_json_number(out, widen(single));
      return Got::kAll;
    }
    case TypeKind::kDouble: {
      double number64 = 0;
      if (const Got got = in.take_fixed(number64); got != Got::kAll) return got;
      crc.add(&number64, sizeof number64);
      append_json_number(out, number64);
      return Got::kAll;
    }
    case TypeKind::kString:
    case TypeKind::kVarchar:
    case TypeKind::kChar:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      append_json_string(out, bytes);
      return Got::kAll;
    case TypeKind::kBinary:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      return quoted([&] { out += encode_base64(bytes); });
    case TypeKind::kJson:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      if (is_json(bytes)) {
        out += bytes;
      } else {
        append_json_string(out, bytes);
      }
      return Got::kAll;
    case TypeKind::kDecimal:
      if (const Got got = in.take_bytes(bytes); got != Got::kAll) return got;
      crc.add(bytes);
      // Its digits stand as they came when that makes a number of JSON.
      if (parse_decimal(bytes) && is_json(bytes)) {
        out += bytes;
      } else {
        append_json_string(out, bytes);
      }
      return Got::kAll;
    case TypeKind::kDate:
      if (const Got got = take_integer(); got != Got::kAll) return got;
      return quoted([&] { append_date(out, value); });
    case TypeKind::kDatetime: {
      if (const Got got = take_integer(); got != Got::kAll) return got;
      const Moment moment = make_moment(value);
      return quoted([&] { append_timestamp(out, moment.unix_s, moment.ns); });
    }
    case TypeKind::kIntervalYearMonth:
      if (const Got got = take_integer(); got != Got::kAll) return got;
      return quoted([&] { append_year_month(out, value); });
    case TypeKind::kTimestamp:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      return quoted([&] { append_timestamp(out, value, ns); });
    case TypeKind::kTimestampNtz:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      return quoted([&] { append_timestamp_ntz(out, value, ns); });
    case TypeKind::kIntervalDayTime:
      if (const Got got = in.take_instant(crc, value, ns); got != Got::kAll) return got;
      return quoted([&] { append_day_time(out, value, ns); });
    case TypeKind::kArray: {
      std::vector<std::string> items;
      if (const Got got = read_json_items(in, crc, type.parts[0], items, depth); got != Got::kAll) {
        return got;
      }
      out += '[';
      for (std::size_t i = 0; i < items.size(); ++i) out += (i > 0 ? "," : "") + items[i];
      out += ']';
      return Got::kAll;
    }
    case TypeKind::kMap: {
      std::vector<std::string> keys, items;
      if (const Got got = read_json_items(in, crc, type.parts[0], keys, depth); got != Got::kAll) {
        return got;
      }
      if (const Got got = read_json_items(in, crc, type.parts[1], items, depth); got != Got::kAll) {
        return got;
      }
      if (keys.size() != items.size()) return Got::kBroken;
      out += '{';
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out += ',';
        // A name in JSON is a text; what is no text is told in its JSON form.
        if (keys[i].starts_with('"')) {
          out += keys[i];
        } else {
          append_json_string(out, keys[i]);
        }
        out += ':' + items[i];
      }
      out += '}';
      return Got::kAll;
    }
    case TypeKind::kStruct: {
      out += '{';
      for (std::size_t i = 0; i < type.parts.size(); ++i) {
        if (i > 0) out += ',';
        append_json_string(out, type.names[i]);
        out += ':';
        char is_null = 0;
        if (const Got got = in.take_fixed(is_null); got != Got::kAll) return got;
        if (is_null) {
          out += "null";
        } else if (const Got got = read_json(in, crc, type.parts[i], out, depth + 1);
                   got != Got::kAll) {
          return got;
        }
      }
      out += '}';
      return Got::kAll;
    }
    case TypeKind::kVoid:
      break;
  }
  return Got::kBroken;
}

}  // namespace sluice::maxcompute
