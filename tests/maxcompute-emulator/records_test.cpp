// SPDX-License-Identifier: Apache-2.0
#include "records.hpp"

#include <gtest/gtest.h>

#include "calendar.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator {
namespace {

Type type_of(std::string_view text) {
  const auto type = parse_type(text);
  EXPECT_TRUE(type) << text;
  return type.value_or(Type{});
}

Value number(std::int64_t value) { return Value{value}; }
Value text(std::string value) { return Value{std::move(value)}; }

TEST(EmulatorRecords, ChecksumIsCrc32c) {
  Crc32c crc;
  crc.update("123456789");
  EXPECT_EQ(crc.value(), 0xE3069283u);
  Crc32c pieces;
  pieces.update("12");
  pieces.update("3456789");
  EXPECT_EQ(pieces.value(), 0xE3069283u);
}

TEST(EmulatorRecords, EncodesSingleValuesAsTheReferenceDoes) {
  const Instant moment{1795413600, 123456789};
  const struct {
    const char* type;
    Value value;
    const char* bytes;
    std::uint32_t crc;
  } cases[] = {
      {"bigint", number(-2), "0803", 0x9762e507},
      {"double", Value{1.5}, "09000000000000f83f", 0xad6ff93e},
      {"float", Value{0.25}, "0d0000803e", 0xa24cc3c2},
      {"boolean", number(1), "0801", 0x8f089a9a},
      {"decimal(10,2)", text("12.34"), "0a0531322e3334", 0xe912d486},
      {"date", number(20780), "08d8c402", 0xfad85357},
      {"datetime", number(1795413600123), "08f69debefc068", 0x2fe2f2d3},
      {"timestamp", Value{moment}, "0ac0d99eb00daab4de75", 0x2d8023ec},
      {"array<bigint>", Value{Values{number(1), {}, number(3)}}, "0a030002010006", 0xa2ce2b14},
      {"map<string,bigint>", Value{Values{text("k"), number(7)}}, "0a0100016b01000e", 0xecd97808},
      {"struct<a:int,b:string>", Value{Values{{}, text("z")}}, "0a0100017a", 0x671965ac},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type);
    std::string record;
    Crc32c crc;
    append_field(record, crc, 1, type_of(c.type), c.value);
    EXPECT_EQ(to_hex(record), c.bytes);
    EXPECT_EQ(crc.value(), c.crc);
  }
}

TEST(EmulatorRecords, WritesStreamsAsTheReferenceDoes) {
  const std::vector<Column> columns = {{"a", type_of("bigint")}, {"b", type_of("string")}};
  std::string stream;
  Crc32c sum;
  sum.update_int32(append_record(stream, columns, {number(1), text("x")}));
  sum.update_int32(append_record(stream, columns, {{}, {}}));
  append_trailer(stream, 2, sum.value());
  EXPECT_EQ(to_hex(stream),
            "0802120178"
            "80c0ff7fc9a8e2f503"
            "80c0ff7f00"
            "f0ffff7f04"
            "f8ffff7fc18c98cc0a");
  std::string empty;
  append_trailer(empty, 0, 0);
  EXPECT_EQ(to_hex(empty), "f0ffff7f00f8ffff7f00");
}

TEST(EmulatorRecords, ReadsAndWritesTheVectorOfTheVendorsClient) {
  const struct {
    const char *name, *type;
  } names[] = {
      {"id", "bigint"},          {"name", "string"},          {"price", "double"},
      {"ok", "boolean"},         {"amount", "decimal(10,2)"}, {"d", "date"},
      {"dt", "datetime"},        {"ts", "timestamp"},         {"gone", "bigint"},
      {"tags", "array<string>"}, {"m", "map<string,bigint>"}, {"s", "struct<a:int,b:string>"}};
  std::vector<Column> columns;
  for (const auto& each : names) columns.push_back({each.name, type_of(each.type)});
  const std::string bytes = *from_hex(
      "0803120668c3a96c6c6f19000000000000f83f20012a0531322e333430d8c40238f69debefc06842c0d99eb00daa"
      "b4de755202000178015a0100016b01000e620100017a80c0ff7fb38a891df0ffff7f02f8ffff7f94968cc505");
  RecordReader reader(bytes, columns);
  const auto row = reader.next();
  ASSERT_TRUE(row) << reader.error();
  const Values expected = {number(-2),
                           text("h\xc3\xa9llo"),
                           Value{1.5},
                           number(1),
                           text("12.34"),
                           number(20780),
                           number(1795413600123),
                           Value{Instant{1795413600, 123456789}},
                           {},
                           Value{Values{text("x"), {}}},
                           Value{Values{text("k"), number(7)}},
                           Value{Values{{}, text("z")}}};
  EXPECT_EQ(*row, expected);
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.error(), "");

  std::string again;
  Crc32c sum;
  sum.update_int32(append_record(again, columns, expected));
  append_trailer(again, 1, sum.value());
  EXPECT_EQ(to_hex(again), to_hex(bytes));
}

TEST(EmulatorRecords, EveryChangedBitAndEveryCutIsFound) {
  const std::vector<Column> columns = {{"a", type_of("bigint")}, {"b", type_of("string")}};
  std::string stream;
  Crc32c sum;
  sum.update_int32(append_record(stream, columns, {number(1), text("x")}));
  append_trailer(stream, 1, sum.value());
  const auto reads = [&](const std::string& bytes) {
    RecordReader reader(bytes, columns);
    while (reader.next()) {
    }
    return reader.error().empty();
  };
  EXPECT_TRUE(reads(stream));
  for (std::size_t length = 0; length < stream.size(); ++length) {
    EXPECT_FALSE(reads(stream.substr(0, length))) << length;
  }
  EXPECT_FALSE(reads(stream + '\0'));
  for (std::size_t bit = 0; bit < stream.size() * 8; ++bit) {
    std::string changed = stream;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ 1 << (bit % 8));
    EXPECT_FALSE(reads(changed)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace emulator
