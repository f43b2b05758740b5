// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include "inflater.hpp"
#include "test_records.hpp"

#include <sluice/testing/recorders.hpp>

#include <gtest/gtest.h>

#include <zlib.h>

namespace sluice::maxcompute {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::vector<ColumnSpec> columns_of(std::initializer_list<const char*> types) {
  std::vector<ColumnSpec> columns;
  for (const char* type : types) columns.push_back({"c", type, *parse_type(type)});
  return columns;
}

struct Read {
  RecordReader::Step step = RecordReader::Step::kNeedsMore;
  std::vector<std::vector<std::string>> rows;
  std::string fault;
};

// The stream in pieces of so many bytes.
Read read(std::string_view bytes, std::initializer_list<const char*> types, std::size_t piece) {
  const auto columns = columns_of(types);
  RecordReader reader(columns);
  Read read;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.feed(bytes.substr(at, piece));
    while ((read.step = reader.next()) == RecordReader::Step::kRow) {
      auto& row = read.rows.emplace_back();
      for (const auto& cell : reader.row()) row.push_back(testing::to_text(cell));
    }
    if (read.step == RecordReader::Step::kBroken) break;
  }
  read.fault = reader.fault();
  return read;
}

using Rows = std::vector<std::vector<std::string>>;

// Numbers that no calendar reaches are told as they are, and nothing overflows.
TEST(Records, TellMomentsBeyondEveryCalendar) {
  constexpr std::int64_t kLeast = INT64_MIN, kMost = INT64_MAX;
  const struct {
    const char* type;
    const char* head;  // what stands before the number, in hex
    std::int64_t value;
    bool has_ns;
    const char* text;
  } cases[] = {
      {"datetime", "08", kLeast, false, "'day -106751991168T16:47:04.192Z'"},
      {"datetime", "08", kMost, false, "'day 106751991167T07:12:55.807Z'"},
      {"array<datetime>", "0a0100", kLeast, false, "json'[\"day -106751991168T16:47:04.192Z\"]'"},
      {"timestamp", "0a", kLeast, true, "'day -106751991167301T08:29:52Z'"},
      {"timestamp", "0a", kMost, true, "'day 106751991167300T15:30:07Z'"},
      {"timestamp_ntz", "0a", kLeast, true, "'day -106751991167301T08:29:52'"},
      {"date", "08", kLeast, false, "'day -9223372036854775808'"},
      {"interval_year_month", "08", kLeast, false, "'-768614336404564650-8'"},
      {"interval_day_time", "0a", kLeast, true, "'-106751991167300 15:30:08'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type);
    std::string bytes = from_hex(c.head);
    const auto put = [&](std::uint64_t value) {
      for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
      bytes += static_cast<char>(value);
    };
    Crc32c crc;
    crc.add_int32(1);
    crc.add_int64(static_cast<std::uint64_t>(c.value));
    put(c.value < 0 ? UINT64_MAX : UINT64_MAX - 1);  // zigzag of the least and of the most
    if (c.has_ns) {
      crc.add_int32(0);
      put(0);
    }
    bytes += from_hex("80c0ff7f");
    put(crc.value());
    const auto got = read(bytes, {c.type}, bytes.size());
    EXPECT_EQ(got.rows, (Rows{{c.text}})) << got.fault;
  }
}

// The examples of maxcompute.md 8.4; a single value stands as field 1 with its record's checksum.
TEST(Records, AgreeWithTheVectors) {
  const auto single = [](const char* hex, std::uint32_t crc) {
    std::string bytes = from_hex(hex);
    const auto put = [&](std::uint64_t value) {
      for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
      bytes += static_cast<char>(value);
    };
    put(std::uint64_t{33'553'408} << 3);
    put(crc);
    Crc32c stream;
    stream.add_int32(crc);
    put(std::uint64_t{33'554'430} << 3);
    put(2);
    put(std::uint64_t{33'554'431} << 3);
    put(stream.value());
    return bytes;
  };
  const struct {
    const char* name;
    std::string bytes;
    std::initializer_list<const char*> types;
    Rows rows;
  } cases[] = {
      {"two records",
       from_hex("080212017880c0ff7fc9a8e2f50380c0ff7f00f0ffff7f04f8ffff7fc18c98cc0a"),
       {"bigint", "string"},
       {{"1", "'x'"}, {"NULL", "NULL"}}},
      {"none", from_hex("f0ffff7f00f8ffff7f00"), {"bigint"}, {}},
      {"bigint", single("0803", 0x9762e507), {"bigint"}, {{"-2"}}},
      {"double", single("09000000000000f83f", 0xad6ff93e), {"double"}, {{"1.5"}}},
      {"float", single("0d0000803e", 0xa24cc3c2), {"float"}, {{"0.25"}}},
      {"boolean", single("0801", 0x8f089a9a), {"boolean"}, {{"true"}}},
      {"decimal", single("0a0531322e3334", 0xe912d486), {"decimal(10,2)"}, {{"decimal 12.34"}}},
      {"date", single("08d8c402", 0xfad85357), {"date"}, {{"'2026-11-23'"}}},
      {"datetime",
       single("08f69debefc068", 0x2fe2f2d3),
       {"datetime"},
       {{"timestamp 1795413600123000"}}},
      {"timestamp",
       single("0ac0d99eb00daab4de75", 0x2d8023ec),
       {"timestamp"},
       {{"'2026-11-23T06:00:00.123456789Z'"}}},
      {"timestamp_ntz",
       single("0ac0d99eb00daab4de75", 0x2d8023ec),
       {"timestamp_ntz"},
       {{"'2026-11-23T06:00:00.123456789'"}}},
      {"array", single("0a030002010006", 0xa2ce2b14), {"array<bigint>"}, {{"json'[1,null,3]'"}}},
      {"map",
       single("0a0100016b01000e", 0xecd97808),
       {"map<string,bigint>"},
       {{"json'{\"k\":7}'"}}},
      {"struct",
       single("0a0100017a", 0x671965ac),
       {"struct<a:int,b:string>"},
       {{"json'{\"a\":null,\"b\":\"z\"}'"}}},
      {"as written by another client",
       from_hex("0803120668c3a96c6c6f19000000000000f83f20012a0531322e333430d8c40238f69debefc06842c0"
                "d99eb00daab4de75520200017801"
                "5a0100016b01000e620100017a80c0ff7fb38a891df0ffff7f02f8ffff7f94968cc505"),
       {"bigint", "string", "double", "boolean", "decimal(10,2)", "date", "datetime", "timestamp",
        "bigint", "array<string>", "map<string,bigint>", "struct<a:int,b:string>"},
       {{"-2", "'h\xc3\xa9llo'", "1.5", "true", "decimal 12.34", "'2026-11-23'",
         "timestamp 1795413600123000", "'2026-11-23T06:00:00.123456789Z'", "NULL",
         "json'[\"x\",null]'", "json'{\"k\":7}'", "json'{\"a\":null,\"b\":\"z\"}'"}}},
  };
  for (const auto& c : cases) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, c.bytes.size()}) {
      SCOPED_TRACE(std::string(c.name) + ", pieces of " + std::to_string(piece));
      const Read got = read(c.bytes, c.types, piece);
      EXPECT_EQ(got.step, RecordReader::Step::kEnd) << got.fault;
      EXPECT_EQ(got.rows, c.rows);
    }
  }
}

TEST(Records, TellWhatIsDamaged) {
  const auto row = [](RecordWriter writer) { return writer.integer(1, 5).end_record(); };
  const std::string good = row({}).finish();
  RecordWriter damaged;
  damaged.damage();
  const struct {
    const char* name;
    std::string bytes;
    RecordReader::Step step;
    std::size_t rows;
    const char* fault;
  } cases[] = {
      {"a record", row(damaged).finish(), RecordReader::Step::kBroken, 0,
       "a record's checksum is wrong"},
      {"the stream", row({}).finish(0, 1), RecordReader::Step::kBroken, 1,
       "the stream's checksum is wrong"},
      {"the count", row({}).finish(1), RecordReader::Step::kBroken, 1,
       "the stream has another number of records than it says"},
      {"cut", good.substr(0, good.size() - 1), RecordReader::Step::kNeedsMore, 1, ""},
      {"cut in a record", good.substr(0, 3), RecordReader::Step::kNeedsMore, 0, ""},
      {"more than the end", good + "x", RecordReader::Step::kBroken, 1,
       "bytes follow the end of the stream"},
      {"an unknown field", std::string("\x10\x02", 2), RecordReader::Step::kBroken, 0,
       "an unknown field"},
      {"another wire type", std::string("\x0a\x01x", 3), RecordReader::Step::kBroken, 0,
       "a record is malformed"},
      {"a column twice", std::string("\x08\x02\x08\x02", 4), RecordReader::Step::kBroken, 0,
       "a record is malformed"},
      {"a number beyond 64 bits", "\x08" + std::string(9, '\xff') + "\x7f",
       RecordReader::Step::kBroken, 0, "a record is malformed"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const Read got = read(c.bytes, {"bigint"}, c.bytes.size());
    EXPECT_EQ(got.step, c.step);
    EXPECT_EQ(got.rows.size(), c.rows);
    EXPECT_EQ(got.fault, c.fault);
  }
}

TEST(Records, KeepEveryDigitAndSayWhatHasNoCell) {
  const struct {
    const char *type, *value, *cell;
  } cases[] = {
      {"decimal(38,18)", "12345678901234567890.123456789012345678",
       "decimal 12345678901234567890.123456789012345678"},
      {"decimal(38,0)", "-99999999999999999999999999999999999999",
       "decimal -99999999999999999999999999999999999999"},
      {"decimal(38,2)", "0.10", "decimal 0.10"},
      {"decimal", "what", "'what'"},
      {"json", R"({"a":[1,2]})", R"(json'{"a":[1,2]}')"},
      {"json", "{broken", "'{broken'"},
      {"binary", "\x01\xff", "x'01ff'"},
      {"varchar(10)", "v", "'v'"},
      {"char(3)", "abc", "'abc'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type + std::string(" ") + c.value);
    const std::string bytes = RecordWriter().text(1, c.value).end_record().finish();
    EXPECT_EQ(read(bytes, {c.type}, bytes.size()).rows, (Rows{{c.cell}}));
  }
}

TEST(Records, SkipMetrics) {
  // count 0, metrics "{}" with its checksum, the end.
  Crc32c crc;
  crc.add_int32(1);
  crc.add("{}");
  std::string bytes = from_hex("f0ffff7f00") + "\x0a\x02{}" + from_hex("80f0ff7f");
  for (std::uint32_t value = crc.value();; value >>= 7) {
    if (value < 0x80) {
      bytes += static_cast<char>(value);
      break;
    }
    bytes += static_cast<char>(value | 0x80);
  }
  bytes += from_hex("f8ffff7f00");
  EXPECT_EQ(read(bytes, {"bigint"}, 1).step, RecordReader::Step::kEnd);
}

TEST(Records, AreBounded) {
  const auto columns = columns_of({"string"});
  RecordReader reader(columns);
  // A string of 65 MiB is announced.
  reader.feed(std::string("\x0a\x80\x80\xc0\x20", 5));
  EXPECT_EQ(reader.next(), RecordReader::Step::kBroken);
}

TEST(Inflater, TakesAStreamInPiecesAndSeesItsEnd) {
  std::string plain;
  for (int i = 0; i < 200'000; ++i) plain += static_cast<char>('a' + i % 7);
  uLongf size = compressBound(plain.size());
  std::string packed(size, '\0');
  ASSERT_EQ(compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                     reinterpret_cast<const Bytef*>(plain.data()), plain.size()),
            Z_OK);
  packed.resize(size);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, packed.size()}) {
    SCOPED_TRACE(piece);
    Inflater inflater(true);
    std::string got;
    for (std::size_t at = 0; at < packed.size(); at += piece) {
      EXPECT_FALSE(inflater.is_whole());
      inflater.give(packed.substr(at, piece));
      while (inflater.has_input()) {
        const auto taken = inflater.take();
        ASSERT_TRUE(taken);
        EXPECT_LE(taken->size(), 65'536u);
        got += *taken;
      }
    }
    EXPECT_TRUE(inflater.is_whole());
    EXPECT_EQ(got, plain);
  }
  Inflater damaged(true);
  damaged.give("no zlib stream");
  EXPECT_FALSE(damaged.take());
}

TEST(Crc32c, AgreesWithTheKnownValue) {
  Crc32c crc;
  crc.add("123456789");
  EXPECT_EQ(crc.value(), 0xE3069283u);
}

}  // namespace
}  // namespace sluice::maxcompute
