// SPDX-License-Identifier: Apache-2.0
// The credential maker: what a person gives, what is made, what is kept, where an error points.
#include "credential_maker.hpp"
#include "json.hpp"
#include "test_kit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::jwt {
namespace {

using namespace kit;

std::string find(const std::vector<std::pair<std::string, std::string>>& pairs,
                 std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

Signer hmac() { return Signer::make_hmac("HS256", std::string(32, 'k')); }

TEST(JwtMaker, MakesWhatIsNotGiven) {
  const auto made = make_record("{}"), again = make_record("{}");
  ASSERT_TRUE(made.made) << made.error;
  EXPECT_FALSE(made.is_unique);
  const std::string jwks = find(made.shown, "jwks"), uid = find(made.shown, "uid");
  EXPECT_EQ(made.lookups, std::vector<std::string>{"c:uid=" + uid});
  EXPECT_EQ(made.display, "uid=" + uid);
  EXPECT_NE(jwks, find(again.shown, "jwks"));
  EXPECT_NE(uid, find(again.shown, "uid"));
  EXPECT_TRUE(made.log.empty());

  // What was shown is what a client signs with.
  JsonDocument document;
  ASSERT_TRUE(document.parse(jwks));
  const Json key = document.root().member("keys").first();
  EXPECT_EQ(key.member("alg").text(), "HS256");
  std::string secret;
  ASSERT_TRUE(kit::decode(key.member("k").text(), secret));
  EXPECT_EQ(secret.size(), 32u);
  const auto signer = Signer::make_hmac("HS256", secret, std::string(key.member("kid").text()));
  testing::CredentialTable table;
  table.add("jwt", made.lookups[0], {.id = "c", .consumer = "alice", .secret = made.secret});
  Gate gate;
  const std::string payload = R"({"exp":1735693200,"uid":")" + uid + "\"}";
  EXPECT_EQ(gate.judge(bearer(signer.mint(payload)), table), "alice");
  EXPECT_EQ(gate.judge(bearer(signer.mint()), table), kFails);
}

TEST(JwtMaker, MakesAUidOnlyWithItsKeys) {
  const std::string jwks = R"("jwks":)" + hmac().jwks();
  const struct {
    std::string given, lookup, display;
    bool shows_jwks = false, shows_uid = false;
  } cases[] = {
      {"{" + jwks + "}", "*", "any token of its keys"},
      {"{" + jwks + R"(,"claims":{}})", "*", "any token of its keys"},
      {"{" + jwks + R"(,"issuer":"https://i"})", "i:https://i", "iss=https://i"},
      {"{" + jwks + R"(,"issuer":"i","claims":{"b":"2","a":"1"}})", "c:a=1", "a=1"},
      {R"({"issuer":"i"})", "i:i", "iss=i", true},
      {R"({"claims":{"uid":"é"}})", "c:uid=é", "uid=é", true},
      {R"({"claims":{}})", "*", "any token of its keys", true},
      {R"({"jwks_url":"https://idp.example.com/k?t=1"})", "*", "any token of its keys"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given);
    const auto made = make_record(c.given);
    ASSERT_TRUE(made.made) << made.error;
    EXPECT_EQ(made.lookups, std::vector<std::string>{c.lookup});
    EXPECT_EQ(made.display, c.display);
    EXPECT_EQ(!find(made.shown, "jwks").empty(), c.shows_jwks);
    EXPECT_EQ(!find(made.shown, "uid").empty(), c.shows_uid);
  }
  EXPECT_EQ(find(make_record(cases[7].given).attributes, "keys"), "https://idp.example.com/k");
  const auto cut = make_record(R"({"issuer":")" + std::string(95, 'i') + "éé\"}");
  EXPECT_EQ(cut.display, "iss=" + std::string(92, 'i') + "...");
  EXPECT_EQ(make_record(R"({"issuer":"xxx)" + std::string(88, 'i') + "éé\"}").display,
            "iss=xxx" + std::string(88, 'i') + "...")
      << "not in the middle of a character";
}

TEST(JwtMaker, KeepsOnlyKeysOfUseAndOnlyTheirPublicPart) {
  const auto ec = Signer::make("ES256");
  const std::string private_key = ec.jwk(R"(,"d":"c2VjcmV0LXBhcnQ","x5c":["AAAA"],"alg":"ES256")");
  const auto made =
      make_record(R"({"jwks":{"keys":[{"kty":"XYZ","n":"aG9w"},)" + private_key + "]}}");
  ASSERT_TRUE(made.made) << made.error;
  EXPECT_EQ(made.secret.find("c2VjcmV0LXBhcnQ"), std::string::npos);
  EXPECT_EQ(made.secret.find("x5c"), std::string::npos);
  EXPECT_EQ(made.secret.find("XYZ"), std::string::npos);
  EXPECT_NE(made.secret.find("\"alg\":\"ES256\""), std::string::npos);
  ASSERT_EQ(made.log.size(), 1u);
  EXPECT_NE(made.log[0].text.find("/jwks/keys/0/kty"), std::string::npos);
  EXPECT_EQ(find(made.attributes, "keys"), "1");
}

TEST(JwtMaker, WarnsOfAShortHmacKeyWithoutShowingIt) {
  const auto made = make_record(R"({"jwks":{"kty":"oct","k":"c2hvcnQta2V5"}})");
  ASSERT_TRUE(made.made) << made.error;
  ASSERT_EQ(made.log.size(), 1u);
  EXPECT_EQ(made.log[0].level, 3);
  EXPECT_EQ(made.log[0].text.find("c2hvcnQta2V5"), std::string::npos);
  EXPECT_TRUE(make_record(R"({"jwks":)" + hmac().jwks() + "}").log.empty());
}

TEST(JwtMaker, PointsAtWhatIsWrong) {
  const std::string k = R"("jwks":)" + hmac().jwks() + ",";
  const auto with = [&](const std::string& more) { return "{" + k + more + "}"; };
  const std::string weak = R"({"kty":"RSA","e":"AQAB","n":"AQAB"})";
  std::string many = "[";
  for (int i = 0; i < 33; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\"";
  const struct {
    std::string given, where;
  } cases[] = {
      {"[]", ""},
      {R"({"jwks":{"keys":[)" + weak + "]}}", "/jwks/keys/0/n"},
      {R"({"jwks":)" + weak + "}", "/jwks/n"},
      {R"({"jwks":{"keys":[]}})", "/jwks/keys"},
      {R"({"jwks":"x"})", "/jwks"},
      {R"({"jwks_url":"http://idp.example.com/"})", "/jwks_url"},
      {R"({"jwks_url":"https://10.0.0.1/"})", "/jwks_url"},
      {R"({"jwks_url":7})", "/jwks_url"},
      {with(R"("jwks_url":"https://idp.example.com/")"), "/jwks_url"},
      {with(R"("jwks_timeout_ms":0)"), "/jwks_timeout_ms"},
      {with(R"("jwks_timeout_ms":30001)"), "/jwks_timeout_ms"},
      {with(R"("jwks_cache_seconds":0)"), "/jwks_cache_seconds"},
      {with(R"("jwks_allow_private":1)"), "/jwks_allow_private"},
      {with(R"("issuer":"")"), "/issuer"},
      {with(R"("issuer":1)"), "/issuer"},
      {with(R"("issuer":")" + std::string(511, 'i') + "\""), "/issuer"},
      {with(R"("audiences":"a")"), "/audiences"},
      {with(R"("audiences":["a",1])"), "/audiences/1"},
      {with(R"("audiences":)" + many + "]"), "/audiences/32"},
      {with(R"("claims":[])"), "/claims"},
      {with(R"("claims":{"uid":1})"), "/claims/uid"},
      {with(R"("claims":{"":"x"})"), "/claims/"},
      {with(R"("claims":{"uid":")" + std::string(510, 'u') + "\"}"), "/claims/uid"},
      {with(R"("from_headers":[{"value_prefix":"x"}])"), "/from_headers/0/name"},
      {with(R"("from_params":[1])"), "/from_params/0"},
      {with(R"("from_cookies":["a b"])"), "/from_cookies/0"},
      {with(R"("clock_skew_seconds":-1)"), "/clock_skew_seconds"},
      {with(R"("clock_skew_seconds":1.5)"), "/clock_skew_seconds"},
      {with(R"("clock_skew_seconds":86401)"), "/clock_skew_seconds"},
      {with(R"("keep_token":"yes")"), "/keep_token"},
      {with(R"("require_exp":0)"), "/require_exp"},
      {with(R"("typ":"")"), "/typ"},
      {with(R"("check_jti":1)"), "/check_jti"},
      {with(R"("check_jti":true,"require_exp":false)"), "/check_jti"},
      {with(R"("algorithms":[])"), "/algorithms"},
      {with(R"("algorithms":["RS256","none"])"), "/algorithms/1"},
      {with(R"("algorithms":["rs256"])"), "/algorithms/0"},
      {with(R"("claims_to_headers":{})"), "/claims_to_headers"},
      {with(R"("claims_to_headers":[{"header":"X"}])"), "/claims_to_headers/0/claim"},
      {with(R"("claims_to_headers":[{"claim":"x"}])"), "/claims_to_headers/0/header"},
      {with(R"("claims_to_headers":[{"claim":"x","header":"a b"}])"),
       "/claims_to_headers/0/header"},
      {with(R"("claims_to_headers":[{"claim":"x","header":"X","override":1}])"),
       "/claims_to_headers/0/override"},
      {with(R"("audience":["a"])"), "/audience"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given.substr(0, 300));
    const auto made = make_record(c.given);
    EXPECT_FALSE(made.made);
    EXPECT_EQ(made.where, c.where) << made.error;
    EXPECT_FALSE(made.error.empty());
  }
}

TEST(JwtMaker, OffersASchemaThatIsJson) {
  const auto* maker = static_cast<const sluice_credential_maker*>(
      component().extension(nullptr, SLUICE_CREDENTIAL_MAKER_ID));
  ASSERT_NE(maker, nullptr);
  for (const auto text : {maker->schema, component().settings_schema}) {
    JsonDocument document;
    ASSERT_TRUE(document.parse(to_view(text)));
    EXPECT_EQ(document.root().member("type").text(), "object");
  }
}

}  // namespace
}  // namespace sluice::jwt
