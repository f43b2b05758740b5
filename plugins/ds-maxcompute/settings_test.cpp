// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <sluice/testing/fake_host.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

namespace sluice::maxcompute {
namespace {

using nlohmann::json;
using testing::FakeHost;

json good() {
  return {{"endpoint", "https://service.cn-hangzhou.maxcompute.aliyun.com/api/"},
          {"project", "demo_proj"},
          {"access_id", "AK"},
          {"access_key", "SK"}};
}

Result<SourceSettings> parse(const json& value) {
  FakeHost host;
  return parse_settings(Settings(host.raw(), host.make_settings(value.dump())));
}

TEST(MaxComputeSettings, AreWhatTheyWereAndOtherwiseTheDefaults) {
  const auto parsed = parse(good());
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->endpoint, "https://service.cn-hangzhou.maxcompute.aliyun.com/api");
  EXPECT_EQ(parsed->acceleration, Method::kNone);
  EXPECT_EQ(parsed->results, ResultRoute::kTunnel);
  EXPECT_EQ(parsed->mcqa_session, "public.default");
  EXPECT_TRUE(parsed->compresses);
  EXPECT_TRUE(parsed->falls_back);
  EXPECT_FALSE(parsed->allows_full_scan);
  EXPECT_FALSE(parsed->allows_private_address);
  EXPECT_EQ(parsed->cache_bytes, std::size_t{64} << 20);

  json full = good();
  full.update({{"acceleration", "maxqa"},
               {"quota", "fast_q"},
               {"results", "csv"},
               {"compression", "none"},
               {"job_settings", {{"odps.sql.mapper.split.size", "256"}}},
               {"cache_mib", 1},
               {"region", "cn-hangzhou"}});
  const auto second = parse(full);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->acceleration, Method::kMaxqa);
  EXPECT_EQ(second->results, ResultRoute::kCsv);
  EXPECT_FALSE(second->compresses);
  EXPECT_EQ(second->job_settings.at("odps.sql.mapper.split.size"), "256");
  EXPECT_EQ(second->cache_bytes, std::size_t{1} << 20);
}

TEST(MaxComputeSettings, PointAtWhatIsWrong) {
  const struct {
    const char* name;
    json change;
    const char *where, *part;
  } cases[] = {
      {"no endpoint", {{"endpoint", ""}}, "/endpoint", "is needed"},
      {"plain http", {{"endpoint", "http://h/api"}}, "/endpoint", "/allow_plain_http"},
      {"no scheme", {{"endpoint", "h/api"}}, "/endpoint", "https://"},
      {"a query", {{"endpoint", "https://h/api?x=1"}}, "/endpoint", "query"},
      {"a user name", {{"endpoint", "https://u:p@h/api"}}, "/endpoint", "user name"},
      {"no host", {{"endpoint", "https:///api"}}, "/endpoint", "host"},
      {"a blank", {{"endpoint", "https://h /api"}}, "/endpoint", "space"},
      {"no project", {{"project", ""}}, "/project", "needed"},
      {"a project of SQL", {{"project", "p`; DROP"}}, "/project", "space"},
      {"a project with quotes", {{"project", "p`"}}, "/project", "letters"},
      {"no id", {{"access_id", ""}}, "/access_id", "needed"},
      {"no key", {{"access_key", ""}}, "/access_key", "needed"},
      {"a line break in a header", {{"sts_token", "a\r\nx: y"}}, "/sts_token", "control"},
      {"an unknown method", {{"acceleration", "fast"}}, "/acceleration", "\"maxqa\""},
      {"maxqa without a quota", {{"acceleration", "maxqa"}}, "/quota", "interactive"},
      {"an unknown route", {{"results", "ftp"}}, "/results", "\"csv\""},
      {"not a number", {{"cache_seconds", "9"}}, "/cache_seconds", "whole number"},
      {"too much", {{"queries_max", 513}}, "/queries_max", "between 1 and 512"},
      {"a setting that is ours",
       {{"job_settings", {{"odps.sql.allow.fullscan", "true"}}}},
       "/job_settings/odps.sql.allow.fullscan",
       "itself"},
      {"a setting that is no text", {{"job_settings", {{"a", 1}}}}, "/job_settings/a", "text"},
      {"a flag that is none", {{"full_scan", 1}}, "/full_scan", "true or false"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    json settings = good();
    settings.update(c.change);
    const auto parsed = parse(settings);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().status, SLUICE_E_CONFIG);
    EXPECT_EQ(parsed.error().where, c.where);
    EXPECT_NE(parsed.error().detail.find(c.part), std::string::npos) << parsed.error().detail;
  }
}

// The management API hides what the schema marks.
TEST(MaxComputeSettings, MarkTheirSecrets) {
  const auto schema = json::parse(kSettingsSchema);
  for (const char* secret : {"access_key", "sts_token"}) {
    EXPECT_EQ(schema["properties"][secret]["format"], "password") << secret;
  }
  for (const auto& [name, property] : schema["properties"].items()) {
    EXPECT_TRUE(property.contains("title")) << name;
  }
}

}  // namespace
}  // namespace sluice::maxcompute
