// SPDX-License-Identifier: Apache-2.0
#include "declared_type.hpp"
#include "settings.hpp"

#include <sluice/testing/fake_host.hpp>

#include <gtest/gtest.h>

namespace sluice::sqlite {
namespace {

TEST(SqliteSettings, HasDefaultsForAllButTheFile) {
  testing::FakeHost host;
  const auto parsed =
      parse_settings(Settings(host.raw(), host.make_settings(R"({"file":"a.db"})")));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->file, "a.db");
  EXPECT_EQ(parsed->busy_timeout_ms, 1000);
  EXPECT_EQ(parsed->cache_statements, 64u);
  EXPECT_EQ(parsed->page_cache_kib, 2048);
  EXPECT_EQ(parsed->consistency, Consistency::kPass);
}

TEST(SqliteSettings, ReadsEachSetting) {
  testing::FakeHost host;
  const auto parsed = parse_settings(Settings(
      host.raw(), host.make_settings(R"({"file":"a.db","busy_timeout_ms":0,"cache_statements":1,
                                         "page_cache_kib":64,"consistency":"strict"})")));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->busy_timeout_ms, 0);
  EXPECT_EQ(parsed->cache_statements, 1u);
  EXPECT_EQ(parsed->page_cache_kib, 64);
  EXPECT_EQ(parsed->consistency, Consistency::kStrict);
}

TEST(DeclaredType, SaysWhatAColumnsValuesAreSentAs) {
  const struct {
    const char* declared;
    std::uint32_t type;
  } cases[] = {
      {"INTEGER", SLUICE_T_INT64},
      {"bigint", SLUICE_T_INT64},
      {"TINYINT(1)", SLUICE_T_INT64},
      {"BOOLEAN", SLUICE_T_BOOL},
      {"bool", SLUICE_T_BOOL},
      {"DOUBLE PRECISION", SLUICE_T_DOUBLE},
      {"Real", SLUICE_T_DOUBLE},
      {"FLOAT", SLUICE_T_DOUBLE},
      {"DECIMAL(10,2)", SLUICE_T_DOUBLE},
      {"NUMERIC", SLUICE_T_DOUBLE},
      {"TEXT", SLUICE_T_TEXT},
      {"varchar(20)", SLUICE_T_TEXT},
      {"NCHAR", SLUICE_T_TEXT},
      {"CLOB", SLUICE_T_TEXT},
      {"BLOB", SLUICE_T_BYTES},
      {"VARBINARY(8)", SLUICE_T_BYTES},
      {"DATE", SLUICE_T_TEXT},
      {"DATETIME", SLUICE_T_TEXT},
      {"TIMESTAMP", SLUICE_T_TEXT},
      {"JSON", SLUICE_T_TEXT},
      {"", SLUICE_T_TEXT},
      {"whatever", SLUICE_T_TEXT},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_declared_type(c.declared), c.type) << c.declared;
}

}  // namespace
}  // namespace sluice::sqlite
