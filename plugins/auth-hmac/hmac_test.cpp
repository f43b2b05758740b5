// SPDX-License-Identifier: Apache-2.0
// The published examples: whole requests with the signatures that others computed for them.
#include "workbench.hpp"

#include <gtest/gtest.h>

namespace sluice::hmac {
namespace {

using testing::FakeRequest;

FakeRequest make_6_1(std::string query) {
  return FakeRequest()
      .path("/v1/user/info")
      .query(std::move(query))
      .header("Host", "api.example.com")
      .header("x-ca-key", "demo-key-01")
      .header("x-ca-signature-method", "HmacSHA256")
      .header("Date", kDate)
      .header("Accept", "application/json")
      .header("x-ca-signature", "Oys4oGVKDWKhe8nCohn/UMMF9/yEGuujNcD4jiDe49Y=");
}

FakeRequest make_6_2() {
  return FakeRequest()
      .method("POST")
      .path("/v1/user/search")
      .query("tag=b&tag=a&page=2&empty=")
      .header("Accept", "application/json")
      .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
      .header("x-ca-key", "demo-key-02")
      .header("x-ca-timestamp", "1735689600123")
      .header("x-ca-nonce", "7e2f1c3a-0b5d-4c8e-9a11-2f6d3b9c0e55")
      .header("x-ca-signature-headers", "x-ca-timestamp,x-ca-nonce,x-ca-key")
      .header("x-ca-signature", "+W0GXJXKhynMHMC+ehGgS9hnlCbquaHj8vWk383yUtQ=")
      .body("user_name=O%27Neil+%26+Co%3D1&dept=%E7%A0%94%E5%8F%91+%E9%83%A8&City=Berlin");
}

FakeRequest make_6_3(const char* method, const char* signature) {
  return FakeRequest()
      .method("POST")
      .path("/v1/user/update")
      .header("Accept", "application/json; charset=utf-8")
      .header("Content-Type", "application/json; charset=utf-8")
      .header("Content-MD5", "tD6lxK5vXkxl+FKrXlHW9A==")
      .header("Date", kDate)
      .header("X-Ca-Key", "demo-key-03")
      .header("X-Ca-Nonce", "n-42")
      .header("X-Ca-Signature-Method", method)
      .header("X-Ca-Stage", "RELEASE")
      .header("X-Ca-Signature-Headers",
              "x-trace,X-Ca-Stage,X-Ca-Nonce,X-Ca-Signature-Method,X-Ca-Key,Date")
      .header("X-Ca-Signature", signature)
      .body("{\"user_id\":10001,\"note\":\"h\xc3\xa9llo\"}");
}

// product.md 2.11: key demo-key, these two headers on each.
FakeRequest make_demo(const char* method, const char* signature) {
  return FakeRequest()
      .method(method)
      .path("/v1/user/info")
      .header("Accept", "application/json")
      .header("Date", kDate)
      .header("x-ca-key", "demo-key")
      .header("x-ca-signature", signature);
}

// Proves: R107
TEST(HmacExamples, AreAcceptedAsPublished) {
  const struct {
    const char* name;
    FakeRequest request;
    std::int64_t now_s;
    const char* outcome;
  } cases[] = {
      {"auth.md 6.1", make_6_1("user_id=10001"), 1735689610, "alice user_id=10001"},
      {"auth.md 6.2", make_6_2(), 1735689605,
       "bob City=Berlin&dept=\xe7\xa0\x94\xe5\x8f\x91 "
       "\xe9\x83\xa8&empty=&page=2&tag=b&user_name=O'Neil & Co=1"},
      {"auth.md 6.3, SHA-1", make_6_3("HmacSHA1", "r1R20vA0/5S10oOktdhLr6BwRMU="), 1735689610,
       "carol"},
      {"auth.md 6.3, SHA-256",
       make_6_3("HmacSHA256", "pVS53T2c/V/UsWbQBxLk22VtFo2Qt3wRPgtLw/OYvII="), 1735689610, "carol"},
      {"product.md 2.11 V1",
       make_demo("GET", "Ki8iYnyAy1sw6vN5G6B5IWHJIUKIDccqsqfSJetW5vI=").query("user_id=10001"),
       1735689600, "dave user_id=10001"},
      {"product.md 2.11 V2",
       make_demo("GET", "7Qdvopf7q9nujXKW3MymkHcBu2k=")
           .query("user_id=10001")
           .header("x-ca-signature-method", "HmacSHA1"),
       1735689600, "dave user_id=10001"},
      {"product.md 2.11 V3",
       make_demo("GET", "Vo2A0SXcAFlb2+WtwCl2EVUrizW8uaG7XVxYfOcUx9k=")
           .query("user_id=10001")
           .header("x-ca-signature-headers", "x-ca-signature-method,x-ca-key")
           .header("x-ca-signature-method", "HmacSHA256"),
       1735689600, "dave user_id=10001"},
      {"product.md 2.11 V4",
       make_demo("POST", "mJradBD0FmPQ9xQ7U9eS2nA7MDZ14g4hU1ukuTaZt9k=")
           .header("Content-Type", "application/json; charset=utf-8")
           .header("Content-MD5", "fbOj7OsRlsBDqkWKEKqFQA==")
           .body(R"({"user_id":10001})"),
       1735689600, "dave"},
      {"product.md 2.11 V5",
       make_demo("POST", "ancGKJ2CL5NkUhiF67uD0a4/4DE1Y838ba66EM7nDvU=")
           .query("b=2")
           .header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
           .body("user_id=10001&a=1"),
       1735689600, "dave a=1&b=2&user_id=10001"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Bench().judge(c.request, c.now_s * 1000), c.outcome);
  }
}

TEST(HmacExamples, V6HasNoTimeAndPassesOnlyWithoutAWindow) {
  const auto request =
      FakeRequest()
          .path("/Third/Tools/checkSign")
          .header("Accept", "application/json")
          .header("x-ca-key", "appKey")
          .header("x-ca-signature", "ZpJhkHdtjLTJiR6CJWHL8ikLtPB2z6CoztG21wG3PT4=");
  EXPECT_EQ(Bench(R"({"date_offset":0})").judge(request), "erin");
  EXPECT_EQ(Bench().judge(request), "400 A400ID Invalid Date");
}

TEST(HmacExamples, AChangedParameterIsToldWithTheGatewaysText) {
  EXPECT_EQ(Bench().judge(make_6_1("user_id=10002"), 1735689610'000),
            "400 A403IS Invalid Signature, Server StringToSign:`GET#application/json###Wed, 01 Jan "
            "2025 00:00:00 GMT#/v1/user/info?user_id=10002`");
}

// Any changed byte of a query, and of everything else that is signed (R107).
// Proves: R107
TEST(HmacExamples, NoOtherRequestPassesWithTheirSignatures) {
  const std::string query = "user_id=10001";
  for (std::size_t i = 0; i < query.size(); ++i) {
    auto changed = query;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(Bench().judge(make_6_1(changed)).substr(0, 3), "400") << changed;
  }
  const struct {
    const char* name;
    FakeRequest request;
  } cases[] = {
      {"method", make_6_1(query).method("POST")},
      {"path", make_6_1(query).path("/v1/user/infO")},
      {"another parameter", make_6_1(query + "&a=1")},
      {"content type", make_6_1(query).header("Content-Type", "application/json")},
      {"body of the form", make_6_2().body("City=Berlin")},
      {"stage", make_6_3("HmacSHA1", "r1R20vA0/5S10oOktdhLr6BwRMU=").header("x-trace", "1")},
      {"method of the MAC", make_6_3("HmacSHA256", "r1R20vA0/5S10oOktdhLr6BwRMU=")},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Bench().judge(c.request).substr(0, 28), "400 A403IS Invalid Signature") << c.name;
  }
  const auto other_body = make_6_3("HmacSHA1", "r1R20vA0/5S10oOktdhLr6BwRMU=").body("{}");
  EXPECT_EQ(Bench().judge(other_body), "400 I400I5 Invalid Content-MD5");
}

// The header set of the page that the product was made after: no list of signed headers, a JSON
// content type on a GET, the client's own Accept, x-ca-timestamp that nobody signed.
// Proves: R147
TEST(HmacExamples, TheSeedsHeaderSetPasses) {
  const auto request = FakeRequest()
                           .path("/v1/user/info")
                           .query("user_id=10001")
                           .header("Host", "api.example.com")
                           .header("User-Agent", "curl/8.5.0")
                           .header("Accept", "*/*")
                           .header("Content-Type", "application/json; charset=utf-8")
                           .header("ca_version", "1.1.2")
                           .header("x-ca-timestamp", "1")
                           .header("x-ca-signature-method", "HmacSHA256")
                           .header("Date", kDate);
  EXPECT_EQ(Bench().judge(signed_by_alice(
                request,
                "GET\n*/*\n\napplication/json; charset=utf-8\nWed, 01 Jan 2025 00:00:00 "
                "GMT\n/v1/user/info?user_id=10001")),
            "alice user_id=10001");
}

}  // namespace
}  // namespace sluice::hmac
