// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

using Scheme = VersionScheme;

// Proves: R054
TEST(RestApiLaws, AVersionIsSaidInOnePlaceOrNotAtAll) {
  const std::string longest(kRestApiVersionBytesMax, 'v');
  const struct {
    VersionManagement versions;
    const char *where, *says;  // of the one fault; null: it is right
  } cases[] = {
      {{}, nullptr, nullptr},
      {{.enabled = true, .version = "v1"}, nullptr, nullptr},
      {{.enabled = true, .version = "2026-01_b.1"}, nullptr, nullptr},
      {{.enabled = true, .version = longest}, nullptr, nullptr},
      {{.enabled = true, .version = longest + "v"}, "/version", "1 to 32"},
      {{.enabled = true}, "/version", "no version is said"},
      {{.enabled = true, .version = "v/1"}, "/version", "is no version"},
      {{.enabled = true, .version = "v 1"}, "/version", "is no version"},
      {{.enabled = true, .version = "%31"}, "/version", "is no version"},
      {{.enabled = true, .version = "\xc3\xa9"}, "/version", "is no version"},
      {{.enabled = true, .version = "."}, "/version", "is no version"},
      {{.enabled = true, .version = ".."}, "/version", "is no version"},
      {{.enabled = true, .version = "v1", .name = "v"}, "/name", "in the path has no name"},
      {{.enabled = true, .scheme = Scheme::kQuery, .version = "v1", .name = "version"},
       nullptr,
       nullptr},
      {{.enabled = true, .scheme = Scheme::kQuery, .version = "v1"}, "/name", "has no name"},
      {{.enabled = true, .scheme = Scheme::kQuery, .version = "v1", .name = "a-b"},
       "/name",
       "no parameter name"},
      {{.enabled = true, .scheme = Scheme::kQuery, .version = "v1", .name = "pageNum"},
       "/name",
       "paging"},
      {{.enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = "X-Version"},
       nullptr,
       nullptr},
      {{.enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = "API!v"},
       nullptr,
       nullptr},
      {{.enabled = true, .scheme = Scheme::kHeader, .version = "v1"}, "/name", "has no name"},
      {{.enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = "X Version"},
       "/name",
       "no name of a header"},
      {{.enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = "X:Version"},
       "/name",
       "no name of a header"},
      {{.scheme = Scheme::kHeader}, "/scheme", "is off"},
      {{.version = "v1"}, "/version", "is off"},
      {{.name = "v"}, "/name", "is off"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.versions.version + " " + c.versions.name);
    const auto faults = find_faults(c.versions);
    ASSERT_EQ(faults.size(), c.where ? 1u : 0u);
    if (!c.where) continue;
    EXPECT_EQ(faults[0].where, c.where);
    EXPECT_EQ(faults[0].rule, "R054");
    EXPECT_NE(faults[0].remedy, "");
    const auto text = faults[0].what + ": " + faults[0].remedy;
    EXPECT_NE(text.find(c.says), std::string::npos) << text;
  }
}

// Proves: R054
TEST(RestApiLaws, AVersionStandsInNoHeaderThatMeansSomethingElse) {
  for (const char* name :
       {"Authorization", "HOST", "Content-Type", "content-md5", "Accept", "Cookie", "Connection",
        "Transfer-Encoding", "X-Ca-Key", "x-ca-request-id", "X-Mse-Consumer", "X-Forwarded-For",
        "traceparent", "Date", "Expect", "X-API-Key", "Sec-Fetch-Mode"}) {
    const RestApi rest_api{
        .name = "users",
        .base_path = "/v1",
        .version_management = {
            .enabled = true, .scheme = Scheme::kHeader, .version = "v1", .name = name}};
    const auto faults = find_faults(rest_api);
    ASSERT_EQ(faults.size(), 1u) << name;
    EXPECT_EQ(faults[0].where, "/version_management/name");
    EXPECT_NE(faults[0].what.find("a meaning of its own"), std::string::npos) << faults[0].what;
  }
}

// Proves: R053, R054
TEST(RestApiLaws, AVersionInThePathIsPartOfIt) {
  const struct {
    const char* base;
    VersionManagement versions;
    const char *api, *path;
  } cases[] = {
      {"/v1", {}, "/user/info", "/v1/user/info"},
      {"/", {}, "/x", "/x"},
      {"/shop", {.enabled = true, .version = "v2"}, "/user/info", "/shop/v2/user/info"},
      {"/", {.enabled = true, .version = "v2"}, "/x", "/v2/x"},
      {"/shop",
       {.enabled = true, .scheme = Scheme::kQuery, .version = "v2", .name = "v"},
       "/x",
       "/shop/x"},
      {"/shop",
       {.enabled = true, .scheme = Scheme::kHeader, .version = "v2", .name = "X-V"},
       "/x",
       "/shop/x"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(make_call_path({.base_path = c.base, .version_management = c.versions}, c.api),
              c.path);
  }
}

// Proves: R054
TEST(RestApiLaws, TheVersionsParameterIsNoneOfTheApis) {
  ApiDefinition d;
  d.request_parameters = {{.name = "user_id"}, {.name = "v", .position = Position::kBody}};
  d.caller_order.parameter = "sort";
  const auto find = [&](Scheme scheme, const char* name) {
    const auto fault = find_version_parameter_fault(
        {.enabled = true, .scheme = scheme, .version = "v1", .name = name}, d);
    return fault ? fault->where : std::string();
  };
  EXPECT_EQ(find(Scheme::kQuery, "version"), "");
  EXPECT_EQ(find(Scheme::kQuery, "V"), "") << "upper and lower case differ";
  EXPECT_EQ(find(Scheme::kQuery, "user_id"), "/request_parameters/0/name");
  EXPECT_EQ(find(Scheme::kQuery, "v"), "/request_parameters/1/name");
  EXPECT_EQ(find(Scheme::kQuery, "sort"), "/caller_order/parameter");
  EXPECT_EQ(find(Scheme::kHeader, "user_id"), "");
  EXPECT_FALSE(find_version_parameter_fault({}, d));
}

}  // namespace
}  // namespace sluice::model
