// SPDX-License-Identifier: Apache-2.0
#include "signer.hpp"

#include <gtest/gtest.h>

#include "text.hpp"

namespace emulator {
namespace {

constexpr const char* kDate = "Mon, 23 Nov 2026 06:00:00 GMT";
const Credentials kCredentials{"testAccessId", "testAccessKey/0123456789", ""};

SystemTime now() { return *parse_http_date(kDate); }

Request make_request(std::string method, std::string target, Headers headers,
                     std::string body = {}) {
  Request request;
  request.method = std::move(method);
  request.target = "/api" + std::move(target);
  request.headers = std::move(headers);
  request.headers.emplace_back("Date", kDate);
  request.body = std::move(body);
  EXPECT_TRUE(parse_target(request));
  return request;
}

struct Vector {
  const char* name;
  const char* method;
  const char* target;
  Headers headers;
  const char* body;
  const char* canonical;
  const char* authorization;
};

const std::vector<Vector>& vectors() {
  static const std::vector<Vector> list = {
      {"1: plain",
       "GET",
       "/projects/demo_proj?curr_project=demo_proj",
       {},
       "",
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\n/projects/demo_proj?curr_project=demo_proj",
       "ODPS testAccessId:qmNCx5cMW3DlCam8E9sc9wNpRc8="},
      {"2: a body's type and the user agent",
       "POST",
       "/projects/demo_proj/instances?curr_project=demo_proj",
       {{"Content-Type", "application/xml"},
        {"User-Agent", "ds-maxcompute/1.0"},
        {"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "",
       "POST\n\napplication/xml\nMon, 23 Nov 2026 06:00:00 "
       "GMT\nx-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/instances?curr_project=demo_proj",
       "ODPS testAccessId:Dw0eIyg0zfcvZmmqW0eSeQeHvbI="},
      {"3: a sub-resource",
       "GET",
       "/projects/demo_proj/instances/20261123060000123gabcdefg0?taskstatus&curr_project=demo_proj",
       {{"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "",
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\nx-odps-user-agent:ds-maxcompute/1.0\n"
       "/projects/demo_proj/instances/20261123060000123gabcdefg0?curr_project=demo_proj&taskstatus",
       "ODPS testAccessId:wACrWl2+P24AJBpE7z7+qRevg4w="},
      {"4: encoded parameters",
       "GET",
       "/projects/demo_proj/instances/20261123060000123gabcdefg0?downloadid="
       "2026112306000012345678abcdef01&rowrange=%280%2C3%29&data=&curr_project=demo_proj",
       {{"x-odps-tunnel-version", "6"}, {"x-odps-user-agent", "ds-maxcompute/1.0"}},
       "",
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\nx-odps-tunnel-version:6\n"
       "x-odps-user-agent:ds-maxcompute/1.0\n/projects/demo_proj/instances/"
       "20261123060000123gabcdefg0?curr_project=demo_proj&data&downloadid="
       "2026112306000012345678abcdef01&rowrange=(0,3)",
       "ODPS testAccessId:N2oW3dtLut1Qlu+71SHf9miANIg="},
      {"5: digest, parameters and headers of the service",
       "PUT",
       "/projects/demo_proj/instances/i1?x-odps-foo=bar&curr_project=demo_proj",
       {{"Content-Type", "application/xml"},
        {"Content-MD5", "5d41402abc4b2a76b9719d911017c592"},
        {"X-Odps-Zeta", "z"}},
       "hello",
       "PUT\n5d41402abc4b2a76b9719d911017c592\napplication/xml\nMon, 23 Nov 2026 06:00:00 GMT\n"
       "x-odps-foo:bar\nx-odps-zeta:z\n"
       "/projects/demo_proj/instances/i1?curr_project=demo_proj&x-odps-foo=bar",
       "ODPS testAccessId:frAkKoEk23jf4dDtOsryqFj+wlo="},
      {"6: version 4",
       "GET",
       "/projects/demo_proj?curr_project=demo_proj",
       {},
       "",
       "GET\n\n\nMon, 23 Nov 2026 06:00:00 GMT\n/projects/demo_proj?curr_project=demo_proj",
       "ODPS "
       "testAccessId/20261123/cn-hangzhou/odps/aliyun_v4_request:H+NvPHvKn/aEUQl7IXp4slslTCQ="},
  };
  return list;
}

TEST(EmulatorSigner, MakesTheReferencesCanonicalStringsAndTakesItsSignatures) {
  for (const Vector& vector : vectors()) {
    SCOPED_TRACE(vector.name);
    Request request = make_request(vector.method, vector.target, vector.headers, vector.body);
    EXPECT_EQ(make_canonical(request), vector.canonical);
    request.headers.emplace_back("Authorization", vector.authorization);
    std::string canonical;
    const auto refusal = find_refusal(request, kCredentials, now(), canonical);
    EXPECT_FALSE(refusal) << refusal->code << ": " << refusal->message;
    EXPECT_EQ(canonical, vector.canonical);
  }
}

TEST(EmulatorSigner, TakesATemporaryCredentialWithItsTokenOnly) {
  Credentials temporary = kCredentials;
  temporary.token = "CAIS-token-example";
  const struct {
    const char *name, *token, *code;
  } cases[] = {{"the token", "CAIS-token-example", ""},
               {"another token", "CAIS-token-exampl", "InvalidAuthorization"},
               {"no token", nullptr, "InvalidAuthorization"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Request request =
        make_request("GET", "/projects/demo_proj/tables?expectmarker=true&curr_project=demo_proj",
                     {{"x-odps-user-agent", "ds-maxcompute/1.0"},
                      {"Authorization", "ODPS testAccessId:bEkIXwiVwvC0p1jpWPyp5yG3fS4="}});
    if (c.token != nullptr) request.headers.emplace_back("authorization-sts-token", c.token);
    std::string canonical;
    const auto refusal = find_refusal(request, temporary, now(), canonical);
    EXPECT_EQ(refusal ? refusal->code : "", c.code);
  }
}

TEST(EmulatorSigner, DerivesTheKeyOfVersion4) {
  EXPECT_EQ(to_hex(make_key_v4("testAccessKey/0123456789", "20261123", "cn-hangzhou")),
            "85e5c7ca977703a261dbd1484c96073977eb1ad920fbd28f0fcab92a877d090c");
}

TEST(EmulatorSigner, RefusesWhatIsNotRight) {
  const std::string good = "ODPS testAccessId:qmNCx5cMW3DlCam8E9sc9wNpRc8=";
  const struct {
    const char* name;
    std::string authorization;
    int skew_s;
    int status;
    const char* code;
  } cases[] = {
      {"no authorization", "", 0, 401, "Unauthorized"},
      {"another scheme", "Bearer abc", 0, 401, "Unauthorized"},
      {"no signature", "ODPS testAccessId", 0, 401, "Unauthorized"},
      {"another key", "ODPS otherId:qmNCx5cMW3DlCam8E9sc9wNpRc8=", 0, 401, "InvalidAuthorization"},
      {"another signature", "ODPS testAccessId:qmNCx5cMW3DlCam8E9sc9wNpRc9=", 0, 401,
       "SignatureNotMatch"},
      {"a clock that is 15 minutes slow", good, 900, 0, ""},
      {"a clock that is more than 15 minutes slow", good, 901, 400, "RequestTimeTooSkewd"},
      {"a clock that is more than 15 minutes fast", good, -901, 400, "RequestTimeTooSkewd"},
      {"another day of version 4",
       "ODPS testAccessId/20261121/cn-hangzhou/odps/aliyun_v4_request:AAAA", 0, 401,
       "SignatureNotMatch"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Request request = make_request("GET", "/projects/demo_proj?curr_project=demo_proj", {});
    if (!c.authorization.empty()) request.headers.emplace_back("Authorization", c.authorization);
    std::string canonical;
    const auto refusal =
        find_refusal(request, kCredentials, now() + std::chrono::seconds(c.skew_s), canonical);
    EXPECT_EQ(refusal ? refusal->code : "", c.code);
    EXPECT_EQ(refusal ? refusal->status : 0, c.status);
  }
}

TEST(EmulatorSigner, RefusesABodyThatIsNotTheDigests) {
  const Vector& vector = vectors()[4];
  Request request = make_request(vector.method, vector.target, vector.headers, "hallo");
  request.headers.emplace_back("Authorization", vector.authorization);
  std::string canonical;
  const auto refusal = find_refusal(request, kCredentials, now(), canonical);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->code, "InvalidParameter");
}

// A name twice: one client signs the first value, another the last; one decodes twice.
TEST(EmulatorSigner, TakesEveryReadingThatClientsSign) {
  const struct {
    const char *name, *target, *resource;
  } cases[] = {
      {"the last of two", "/projects/p/tables?marker=a&marker=b", "/projects/p/tables?marker=b"},
      {"the first of two", "/projects/p/tables?marker=a&marker=b", "/projects/p/tables?marker=a"},
      {"decoded once", "/projects/p/tables?name=a%2541", "/projects/p/tables?name=a%41"},
      {"decoded twice", "/projects/p/tables?name=a%2541", "/projects/p/tables?name=aA"},
      {"a plus as a blank", "/projects/p/tables?name=a+b", "/projects/p/tables?name=a b"},
      {"a path that begins twice", "//projects/p/tables?name=a", "/projects/p/tables?name=a"},
      {"a plus as a plus", "/projects/p/tables?name=a+b", "/projects/p/tables?name=a+b"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Request request = make_request("GET", c.target, {});
    request.headers.emplace_back(
        "Authorization",
        "ODPS testAccessId:" +
            sign_v2(kCredentials.secret, std::string("GET\n\n\n") + kDate + "\n" + c.resource));
    std::string canonical;
    const auto refusal = find_refusal(request, kCredentials, now(), canonical);
    EXPECT_FALSE(refusal) << refusal->code;
  }
}

}  // namespace
}  // namespace emulator
