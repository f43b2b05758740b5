// SPDX-License-Identifier: Apache-2.0
#include "serializers/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::serializers {
namespace {

std::string string_of(std::string_view text) {
  std::string out(json_string_bytes_max(text.size()), '\0');
  out.resize(static_cast<std::size_t>(write_json_string(out.data(), text) - out.data()));
  return out;
}

TEST(JsonText, EscapesWhatJsonNeedsAndRepairsWhatIsNotUtf8) {
  const struct {
    std::string_view text, json;
  } cases[] = {
      {"", "\"\""},
      {"Alice", "\"Alice\""},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {"\n\r\t\x01", "\"\\n\\r\\t\\u0001\""},
      {"用户 é 😀", "\"用户 é 😀\""},
      {"\xff", "\"\xef\xbf\xbd\""},
      {"a\xc3", "\"a\xef\xbf\xbd\""},                                // cut sequence
      {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // surrogate
  };
  for (const auto& c : cases) EXPECT_EQ(string_of(c.text), c.json);
}

TEST(JsonText, KeepsEveryDigitOfADecimal) {
  const struct {
    std::uint64_t lo;
    std::int64_t hi;
    int scale;
    std::string_view json;
  } cases[] = {
      {0, 0, 0, "0"},
      {5, 0, 2, "0.05"},
      {12345, 0, 2, "123.45"},
      {100, 0, 0, "100"},
      {0, 1, 0, "18446744073709551616"},
      {static_cast<std::uint64_t>(-5), -1, 1, "-0.5"},
  };
  for (const auto& c : cases) {
    char text[64];
    EXPECT_EQ(std::string_view(text, write_decimal(text, c.lo, c.hi, c.scale) - text), c.json);
  }
}

TEST(JsonText, WritesTimesInUtcAndBytesInBase64) {
  char text[64];
  EXPECT_EQ(std::string_view(text, write_timestamp(text, 1735689600000000) - text),
            "\"2025-01-01T00:00:00Z\"");
  EXPECT_EQ(std::string_view(text, write_timestamp(text, -1) - text),
            "\"1969-12-31T23:59:59.999999Z\"");
  EXPECT_EQ(std::string_view(text, write_base64(text, "a") - text), "\"YQ==\"");
  EXPECT_EQ(std::string_view(text, write_base64(text, "abcd") - text), "\"YWJjZA==\"");
}

}  // namespace
}  // namespace sluice::serializers
