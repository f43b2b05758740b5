// SPDX-License-Identifier: Apache-2.0
#include "main/hmac_signer.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

const HmacCredential kCredential{"demo-key-02", "demo-secret-02/+="};
const HmacMoment kMoment{1735689600123, "7e2f1c3a-0b5d-4c8e-9a11-2f6d3b9c0e55"};

std::string find(const http::ClientRequest& request, std::string_view name) {
  for (const auto& [sent, value] : request.headers) {
    if (sent == name) return value;
  }
  return "(absent)";
}

// The text follows auth.md 4.2; the signatures were computed with OpenSSL's command line.
TEST(HmacSigner, SignsWhatTheGatewayWillRead) {
  const struct {
    const char* name;
    http::ClientRequest request;
    const char* text;
  } cases[] = {
      {"a query, decoded, sorted, first of a name, empty without '='",
       {.url = "http://h:1/v1/user/search?tag=b&tag=a&page=2&empty=&City=Ber%6Cin+%26"},
       "GET\napplication/json\n\n\n\n{}/v1/user/search?City=Berlin &&empty&page=2&tag=b"},
      {"no query at all", {.url = "http://h"}, "GET\napplication/json\n\n\n\n{}/"},
      {"a fragment is not sent",
       {.url = "http://h/a?b=1#c"},
       "GET\napplication/json\n\n\n\n{}/a?b=1"},
      {"a form's value wins",
       {.method = "POST",
        .url = "http://h/a?x=query&y=2",
        .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
        .body = "x=form"},
       "POST\napplication/json\n\napplication/x-www-form-urlencoded; charset=utf-8\n\n{}"
       "/a?x=form&y=2"},
      {"a body has its digest, headers of the caller stay",
       {.method = "POST",
        .url = "http://h/a",
        .headers = {{"Content-Type", "application/json"}, {"accept", "*/*"}, {"Date", "today"}},
        .body = "{\"user_id\":10001,\"note\":\"h\u00e9llo\"}"},
       "POST\n*/*\ntD6lxK5vXkxl+FKrXlHW9A==\napplication/json\ntoday\n{}/a"},
  };
  const std::string headers =
      "x-ca-key:demo-key-02\nx-ca-nonce:7e2f1c3a-0b5d-4c8e-9a11-2f6d3b9c0e55\n"
      "x-ca-signature-method:HmacSHA256\nx-ca-timestamp:1735689600123\n";
  for (auto c : cases) {
    SCOPED_TRACE(c.name);
    const auto text = sign_request(kCredential, kMoment, c.request);
    ASSERT_TRUE(text) << text.error().detail;
    std::string expected = c.text;
    expected.replace(expected.find("{}"), 2, headers);
    EXPECT_EQ(*text, expected);
    EXPECT_EQ(find(c.request, "x-ca-signature-headers"),
              "x-ca-key,x-ca-nonce,x-ca-signature-method,x-ca-timestamp");
  }
}

TEST(HmacSigner, MakesTheSignatureThatOpenSslMakes) {
  http::ClientRequest request{.url = "http://h/v1/user/info?user_id=10001"};
  ASSERT_TRUE(sign_request(kCredential, kMoment, request));
  EXPECT_EQ(find(request, "x-ca-signature"), "rEFVB3Ev8BhlhwVW6vlsdgiT6i2mNrAi6pwSpKmy+0A=");
}

TEST(HmacSigner, SaysWhatCannotBeSigned) {
  for (const char* url : {"http://h/?a=%", "http://h/?a=%zz", "http://h/?%4=1"}) {
    http::ClientRequest request{.url = url};
    const auto text = sign_request(kCredential, kMoment, request);
    ASSERT_FALSE(text) << url;
    EXPECT_EQ(text.error().status, SLUICE_E_ARGUMENT);
  }
}

TEST(HmacSigner, NeverUsesANonceTwice) {
  const auto first = make_moment(), second = make_moment();
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->nonce, second->nonce);
  EXPECT_EQ(first->nonce.size(), 36u);
}

}  // namespace
}  // namespace sluice::cli
