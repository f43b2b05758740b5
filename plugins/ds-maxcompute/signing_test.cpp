// SPDX-License-Identifier: Apache-2.0
#include "signing.hpp"

#include "text.hpp"

#include <gtest/gtest.h>

namespace sluice::maxcompute {
namespace {

constexpr std::int64_t kNow = 1'795'413'600;  // 2026-11-23 06:00:00 UTC
constexpr const char* kDate = "Mon, 23 Nov 2026 06:00:00 GMT";

// The vectors of maxcompute.md 2.5.
TEST(Signing, AgreesWithTheVectors) {
  const Credentials v2{"testAccessId", "testAccessKey/0123456789", {}, {}};
  Credentials v4 = v2, sts = v2;
  v4.region = "cn-hangzhou";
  sts.sts_token = "CAIS-token-example";
  const struct {
    const char* name;
    const Credentials& credentials;
    const char *method, *path;
    Pairs parameters, headers;
    const char *canonical, *authorization;
  } cases[] = {
      {"1 a project",
       v2,
       "GET",
       "/projects/demo_proj",
       {{"curr_project", "demo_proj"}},
       {},
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\n/projects/demo_proj?curr_project=demo_proj",
       "ODPS testAccessId:qmNCx5cMW3DlCam8E9sc9wNpRc8="},
      {"2 a job",
       v2,
       "POST",
       "/projects/demo_proj/instances",
       {{"curr_project", "demo_proj"}},
       {{"Content-Type", "application/xml"}, {"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "POST\n\napplication/xml\nMon, 23 Nov 2026 06:00:00 GMT\n"
       "x-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/instances?curr_project=demo_proj",
       "ODPS testAccessId:Dw0eIyg0zfcvZmmqW0eSeQeHvbI="},
      {"3 a sub-resource",
       v2,
       "GET",
       "/projects/demo_proj/instances/20261123060000123gabcdefg0",
       {{"taskstatus", ""}, {"curr_project", "demo_proj"}},
       {{"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\nx-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/instances/20261123060000123gabcdefg0?curr_project=demo_proj&taskstatus",
       "ODPS testAccessId:wACrWl2+P24AJBpE7z7+qRevg4w="},
      {"4 the tunnel",
       v2,
       "GET",
       "/projects/demo_proj/instances/20261123060000123gabcdefg0",
       {{"downloadid", "2026112306000012345678abcdef01"},
        {"rowrange", "(0,3)"},
        {"data", ""},
        {"curr_project", "demo_proj"}},
       {{"x-odps-tunnel-version", "6"}, {"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\nx-odps-tunnel-version:6\n"
       "x-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/instances/20261123060000123gabcdefg0?curr_project=demo_proj&data&"
       "downloadid=2026112306000012345678abcdef01&rowrange=(0,3)",
       "ODPS testAccessId:N2oW3dtLut1Qlu+71SHf9miANIg="},
      {"5 everything that is signed",
       v2,
       "PUT",
       "/projects/demo_proj/instances/i1",
       {{"x-odps-foo", "bar"}, {"curr_project", "demo_proj"}},
       {{"Content-Type", "application/xml"},
        {"Content-MD5", "5d41402abc4b2a76b9719d911017c592"},
        {"X-Odps-Zeta", "z"}},
       "PUT\n5d41402abc4b2a76b9719d911017c592\napplication/xml\nMon, 23 Nov 2026 06:00:00 GMT\n"
       "x-odps-foo:bar\nx-odps-zeta:z\n"
       "/projects/demo_proj/instances/i1?curr_project=demo_proj&x-odps-foo=bar",
       "ODPS testAccessId:frAkKoEk23jf4dDtOsryqFj+wlo="},
      {"6 version 4",
       v4,
       "GET",
       "/projects/demo_proj",
       {{"curr_project", "demo_proj"}},
       {},
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\n/projects/demo_proj?curr_project=demo_proj",
       "ODPS "
       "testAccessId/20261123/cn-hangzhou/odps/aliyun_v4_request:H+NvPHvKn/aEUQl7IXp4slslTCQ="},
      {"7 a token is not signed",
       sts,
       "GET",
       "/projects/demo_proj/tables",
       {{"expectmarker", "true"}, {"curr_project", "demo_proj"}},
       {{"x-odps-user-agent", "ds-maxcompute/1.0"},
        {"authorization-sts-token", "CAIS-token-example"}},
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\nx-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/tables?curr_project=demo_proj&expectmarker=true",
       "ODPS testAccessId:bEkIXwiVwvC0p1jpWPyp5yG3fS4="},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Pairs headers = c.headers;
    headers.emplace_back("Date", kDate);
    const std::string canonical = make_canonical_text({c.method, c.path, c.parameters, headers});
    EXPECT_EQ(canonical, c.canonical);
    EXPECT_EQ(make_authorization(c.credentials, canonical, kNow), c.authorization);
  }
}

TEST(Signing, DerivesTheKeyOfVersion4) {
  EXPECT_EQ(encode_hex(make_v4_key("testAccessKey/0123456789", "20261123", "cn-hangzhou")),
            "85e5c7ca977703a261dbd1484c96073977eb1ad920fbd28f0fcab92a877d090c");
}

TEST(Signing, WritesTheDateOfTheVectors) {
  EXPECT_EQ(to_http_date(kNow), kDate);
  EXPECT_EQ(to_day(kNow), "20261123");
}

}  // namespace
}  // namespace sluice::maxcompute
