// SPDX-License-Identifier: Apache-2.0
// What every authenticator must do, for this one.
#include "workbench.hpp"

#include <sluice/testing/authenticator_conformance.hpp>

namespace sluice::hmac {
namespace {

using testing::AuthenticatorSubject;
using testing::FakeRequest;

std::string text_to_sign(const char* date) {
  return std::string("GET\n\n\n\n") + date + "\n/v1/user/info?user_id=10001";
}

FakeRequest make_request(std::string_view signature) {
  return FakeRequest()
      .path("/v1/user/info")
      .query("user_id=10001")
      .header("Date", kDate)
      .header("x-ca-key", "demo-key-01")
      .header("x-ca-signature", std::string(signature));
}

AuthenticatorSubject make_subject() {
  AuthenticatorSubject subject;
  subject.name = "Hmac";
  subject.file = kFile;
  subject.type = "hmac";
  subject.make_settings = [] { return "{}"; };
  subject.bad_settings = {
      {R"({"date_offset":-1})", "/date_offset"},
      {R"({"date_offset":"900"})", "/date_offset"},
      {R"({"date_offset":31536001})", "/date_offset"},
      {R"({"nonce_check":1})", "/nonce_check"},
      {R"({"require_nonce":"yes"})", "/require_nonce"},
      {R"({"require_content_md5":null})", "/require_content_md5"},
      {R"({"algorithms":"HmacSHA256"})", "/algorithms"},
      {R"({"algorithms":[]})", "/algorithms"},
      {R"({"algorithms":["HmacSHA256","HmacMD5"]})", "/algorithms/1"},
      {R"({"nonces_max":0})", "/nonces_max"},
      {R"({"nonces_max":100000001})", "/nonces_max"},
      {R"({"body_bytes_max":0})", "/body_bytes_max"},
      {R"({"body_bytes_max":1.5})", "/body_bytes_max"},
  };
  const std::string good = sign("demo-secret-01", text_to_sign(kDate));
  subject.consumer = "alice";
  subject.good_credential = good;
  subject.make_request = [](std::string_view signature) { return make_request(signature); };
  subject.credentials = credentials();
  subject.foreign = {FakeRequest().header("Authorization", "Bearer abc"),
                     FakeRequest().header("Authorization", "Basic YTpi"),
                     FakeRequest().header("X-API-Key", "abc").query("apikey=abc"),
                     FakeRequest().header("x-ca-timestamp", "1735689600000").header("Date", kDate)};
  subject.malformed = {
      FakeRequest().header("x-ca-key", "demo-key-01"),
      FakeRequest().header("x-ca-signature", good),
      make_request(good).header("x-ca-signature", good),
      make_request(good).header("x-ca-key", "demo-key-01"),
      make_request(good).header("x-ca-signature-method", "hmacsha256"),
      make_request(good).header("x-ca-nonce", std::string(257, 'n')),
      make_request("\"" + good + "\""),
  };
  subject.other_settings = R"({"date_offset":0})";
  constexpr const char* kLongAgo = "Tue, 01 Jan 2019 00:00:00 GMT";
  subject.other_request =
      FakeRequest()
          .path("/v1/user/info")
          .query("user_id=10001")
          .header("Date", kLongAgo)
          .header("x-ca-key", "demo-key-01")
          .header("x-ca-signature", sign("demo-secret-01", text_to_sign(kLongAgo)));
  return subject;
}

}  // namespace
}  // namespace sluice::hmac

namespace sluice::testing {
INSTANTIATE_TEST_SUITE_P(Hmac, AuthenticatorConformance, ::testing::Values(hmac::make_subject()),
                         name_of_subject);
}  // namespace sluice::testing
