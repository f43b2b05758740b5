// SPDX-License-Identifier: Apache-2.0
// Behaviour and conformance of auth-jwt, against the file that is shipped: auth.md 3 and 7.
#include "test_kit.hpp"

#include <sluice/testing/authenticator_conformance.hpp>

#include <gtest/gtest.h>

#include <functional>

namespace sluice::jwt {
namespace {

using namespace kit;
using testing::FakeRequest;

// ---------------------------------------------------------------------------- auth.md 7, the
// vectors

constexpr const char* kSymmetric =
    R"({"kty":"oct","kid":"sym-1","alg":"HS256","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERUY"})";
constexpr const char* kSymmetricToken =
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InN5bS0xIn0."
    "eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsInN1YiI6ImFwcC0xIiwidWlkIjoiMTEyMTVhYzAiLCJpYXQiOj"
    "E3"
    "MzU2ODk2MDAsImV4cCI6MTczNTY5MzIwMH0.lyWangu5o15Y2bPgyoSm5xeYlnxF64uOwG0yMQoRKTs";
constexpr const char* kRsa =
    R"({"kty":"RSA","use":"sig","kid":"rsa-1","alg":"RS256","e":"AQAB","n":"-nFzww9xYrK_NHKFgKbxr6KIEXSy2EUzbc6eOMrjCFGU8qaVBhtOo49ZJmv92Dj9s1mxnfd6_keSHw38q0c2epk4ojjDh2HsVVVY-BPRoZBk51Mp1ZUlFoub_DHNtDeUVAEDhfYqa936Efx5ubyxQD-aL5YwRfohIPLGqq69UZw_leZPYe9sMOl9fcTiaXoZDfUXBUmcbjXMmMnPx2bDWJaobjqS0JmtqpdqJL6tVlCVslnFfOElRCdjDoUoMuQnvQtvEgheGnA5M-waPLx_QFVvhTem03AcQ61eubTcVQefId6RVPNt5yZZuKpZYxK385cUt6GV5RldEssm_Er1Xw"})";
constexpr const char* kRsaToken =
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InJzYS0xIn0."
    "eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsInN1YiI6ImFwcC0xIiwiYXVkIjpbImRhdGEtYXBpIl0sInVpZC"
    "I6"
    "IjExMjE1YWMwIiwibmJmIjoxNzM1Njg5NjAwLCJleHAiOjE3MzU2OTMyMDB9."
    "SV1q8j3d7TCtqd89hR5kIEP1zxy4rjM5LqwAocJFyGh1eW7wA_zanYy430GdN0l0-oBRzx7N-"
    "lj1ZhxMMSPPIMB0er6f82SUc"
    "gFK6wJyZm1MnmxJumZaFAQucYJN-1RrEOJSiD86u3OnApo-4KcR5bmG2Te9B1deKDAg29GLM9wWaE_"
    "zajl3bo1lP6XOyVyGys"
    "Oz0Xe6UsNkQiNTbQ0wlbLLDmzL3XBxM6SRtz7s6i_lKl3kEvlF_2G4xyiMRJvd6Pu6Ok_"
    "077qj28UBAPzClPiFTiVDiufXiFJ"
    "_86WUyidvi5wGGNLDfkSndGR0kj2NiYQ9OlvtwcGbTGbKY4-7Xw";
constexpr const char* kEc =
    R"({"kty":"EC","kid":"ec-1","alg":"ES256","crv":"P-256","x":"J7CXQhjCwstaODRBZGMqYT4H6u9TQNU0rGNMFdJ1-QE","y":"ZbhxFyEWJzCrU9VO31ZWqzgItHb2Ugndcky7wZYPrBk","d":"zMR6osWrnpnDxy5kR6_NWn4H85c_0dRH_n3ooTrkpEA"})";
constexpr const char* kEcText =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImVjLTEifQ."
    "eyJzdWIiOiJhcHAtMSIsInVpZCI6IjExMjE1YWMwIiwiZXhwIjoxNzM1NjkzMjAwfQ.";
constexpr const char* kEcSignature =
    "J4_H_aqmNf1HGN--lYxMKdTIu0RpmRFHeYeg8dvlnzHUZRheiqDjpk1p9jJRJprw9c4OnkoIdEwC0znEuU61Yw";
constexpr const char* kUid = R"("claims":{"uid":"11215ac0"})";

std::string given(std::string_view jwks, std::string_view more = kUid) {
  const bool is_set = jwks.starts_with("{\"keys\"");
  std::string text = R"({"jwks":)";
  text += is_set ? std::string(jwks) : R"({"keys":[)" + std::string(jwks) + "]}";
  if (!more.empty()) text += "," + std::string(more);
  return text + "}";
}

TEST(JwtVectors, AreJudgedAsTheSpecificationSays) {
  const auto symmetric = Consumers().add("alice", given(kSymmetric));
  const auto rsa = Consumers().add("alice", given(kRsa));
  const auto data_api =
      Consumers().add("alice", given(kRsa, std::string(kUid) + R"(,"audiences":["data-api"])"));
  const auto other_api =
      Consumers().add("alice", given(kRsa, std::string(kUid) + R"(,"audiences":["x"])"));
  const auto ec = Consumers().add("alice", given(kEc));
  const std::string ec_token = std::string(kEcText) + kEcSignature;
  const std::string psychic = std::string(kEcText) + std::string(86, 'A');
  const struct {
    const char* name;
    const Consumers& consumers;
    std::string token;
    std::uint64_t now;
    std::string outcome;
  } cases[] = {
      {"7.1", symmetric, kSymmetricToken, kNow, "alice"},
      {"7.1 at exp + skew", symmetric, kSymmetricToken, 1735693260, "alice"},
      {"7.1 a second later", symmetric, kSymmetricToken, 1735693261, kExpired},
      {"7.1 at iat - skew", symmetric, kSymmetricToken, 1735689540, "alice"},
      {"7.1 a second before", symmetric, kSymmetricToken, 1735689539, kNotYet},
      {"7.2", rsa, kRsaToken, kNow, "alice"},
      {"7.2 aud", data_api, kRsaToken, kNow, "alice"},
      {"7.2 another aud", other_api, kRsaToken, kNow, kFails},
      {"7.2 at nbf - skew", rsa, kRsaToken, 1735689540, "alice"},
      {"7.2 a second before", rsa, kRsaToken, 1735689539, kNotYet},
      {"7.3", ec, ec_token, kNow, "alice"},
      {"7.3 with 86 A", ec, psychic, kNow, kFails},
      {"7.1 to the RSA key", rsa, kSymmetricToken, kNow, kFails},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Gate gate;
    EXPECT_EQ(gate.judge(c.token, c.consumers, c.now), c.outcome) << gate.out->internal;
    EXPECT_EQ(gate.judge(c.token, c.consumers, c.now), c.outcome) << "the second time";
  }
}

// Proves: R106
TEST(JwtAlgorithms, AreAllThirteenAccepted) {
  for (const char* alg : {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384",
                          "PS512", "ES256", "ES384", "ES512", "EdDSA"}) {
    const auto signer = Signer::make(alg), stranger = Signer::make(alg);
    const auto consumers = Consumers().add("alice", given(signer.jwks()));
    Gate gate;
    EXPECT_EQ(gate.judge(signer.mint(), consumers), "alice") << alg;
    // The secrets of the two HMAC signers are the same text: the others are strangers.
    if (alg[0] == 'H') continue;
    EXPECT_EQ(gate.judge(stranger.mint(), consumers), kFails) << alg;
  }
}

// ---------------------------------------------------------------------------- 3.2, where a token
// is

TEST(JwtPlaces, AreLookedAtAsSettingsAndConsumersSay) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const std::string t = signer.mint();
  constexpr const char* kWide =
      R"({"from_headers":[{"name":"Authorization","value_prefix":"Bearer "},{"name":"X-Jwt"},
                          {"name":"X-Pre","value_prefix":"jwt:"}],
          "from_params":["access_token","tok en"],"from_cookies":["session"],
          "default_places":{"from_headers":[{"name":"authorization","value_prefix":"Bearer "}],
                            "from_params":["access_token"]}})";
  const std::string keys = R"("jwks":)" + signer.jwks() + "," + kUid;
  const std::string plain = "{" + keys + "}";
  const std::string header =
      "{" + keys + R"(,"from_headers":[{"name":"X-Jwt","value_prefix":""}]})";
  const std::string prefix =
      "{" + keys + R"(,"from_headers":[{"name":"X-PRE","value_prefix":"jwt:"}]})";
  const std::string param = "{" + keys + R"(,"from_params":["tok en"]})";
  const std::string cookie = "{" + keys + R"(,"from_cookies":["session"]})";
  const std::string absent = "{" + keys + R"(,"from_cookies":["another"]})";
  const auto get = [] { return FakeRequest(); };
  const struct {
    const char* name;
    const std::string& consumer;
    FakeRequest request;
    std::string wide, narrow;  // with kWide and with no settings
  } cases[] = {
      {"nothing", plain, get(), kMissing, kMissing},
      {"bearer", plain, bearer(t), "alice", "alice"},
      {"scheme in any case", plain, get().header("AUTHORIZATION", "bEaReR " + t), "alice", "alice"},
      {"several spaces", plain, get().header("Authorization", "Bearer    " + t), "alice", "alice"},
      {"no space", plain, get().header("Authorization", "Bearer" + t), kMissing, kMissing},
      {"a tab", plain, get().header("Authorization", "Bearer\t" + t), kMissing, kMissing},
      {"only the scheme", plain, get().header("Authorization", "Bearer"), kMissing, kMissing},
      {"another scheme", plain, get().header("Authorization", "Basic " + t), kMissing, kMissing},
      {"no scheme", plain, get().header("Authorization", t), kMissing, kMissing},
      {"prefix not at the start", plain, get().header("Authorization", "x Bearer " + t), kMissing,
       kMissing},
      {"more after the token", plain, get().header("Authorization", "Bearer " + t + " x"), kFails,
       kFails},
      {"query", plain, get().query("a=1&access_token=" + t + "&b"), "alice", "alice"},
      {"query with an encoded name", plain, get().query("access%5Ftoken=" + t), "alice", "alice"},
      {"query with an encoded dot", plain,
       get().query("access_token=" + t.substr(0, t.find('.')) + "%2e" + t.substr(t.find('.') + 1)),
       "alice", "alice"},
      {"query with a bad escape", plain, get().query("access_token=%6" + t), kFails, kFails},
      {"query with an encoded token", plain, get().query("access_token=%65" + t.substr(1)), "alice",
       "alice"},
      {"query name in another case", plain, get().query("Access_Token=" + t), kMissing, kMissing},
      {"query empty", plain, get().query("access_token="), kMissing, kMissing},
      {"query twice", plain, get().query("access_token=" + t + "&access_token=" + t), kFails,
       kFails},
      {"header and query", plain, bearer(t).query("access_token=" + t), kFails, kFails},
      {"header and rubbish in the query", plain, bearer(t).query("access_token=x"), kFails, kFails},
      {"two lines", plain, bearer(t).header("Authorization", "Bearer " + t), kFails, kFails},
      {"two lines of which one is another scheme", plain,
       bearer(t).header("authorization", "Basic eDp5"), kFails, kFails},
      {"another place than its consumer's", plain, get().header("X-Jwt", t), kFails, kMissing},
      {"own header", header, get().header("x-jwt", t), "alice", kMissing},
      {"own header, and the default one", header, bearer(t).header("x-jwt", t), "alice", kFails},
      {"own header, sent as bearer", header, bearer(t), kFails, kFails},
      {"own prefix", prefix, get().header("x-pre", "jwt:" + t), "alice", kMissing},
      {"own prefix in another case", prefix, get().header("x-pre", "JWT:" + t), kMissing, kMissing},
      {"own prefix without it", prefix, get().header("x-pre", t), kMissing, kMissing},
      {"own parameter", param, get().query("tok+en=" + t), "alice", kMissing},
      {"own parameter, other space", param, get().query("tok%20en=" + t), "alice", kMissing},
      {"own cookie", cookie, get().header("Cookie", "a=b; session=" + t + "; c=d"), "alice",
       kMissing},
      {"own cookie in quotes", cookie, get().header("Cookie", "session=\"" + t + "\""), "alice",
       kMissing},
      {"own cookie, spaces", cookie, get().header("cookie", " session = " + t + " "), "alice",
       kMissing},
      {"own cookie in a second line", cookie,
       get().header("Cookie", "a=b").header("Cookie", "session=" + t), "alice", kMissing},
      {"own cookie twice", cookie, get().header("Cookie", "session=" + t + ";session=" + t), kFails,
       kMissing},
      {"own cookie in another case", cookie, get().header("Cookie", "Session=" + t), kMissing,
       kMissing},
      {"own cookie, and the default header", cookie, bearer(t).header("Cookie", "session=" + t),
       "alice", kFails},
      {"a place the instance does not look at", absent, get().header("Cookie", "another=" + t),
       kMissing, kMissing},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto consumers = Consumers().add("alice", c.consumer);
    Gate wide(kWide), narrow;
    for (int time = 0; time < 2; ++time) {  // judged, then perhaps remembered
      EXPECT_EQ(wide.judge(c.request, consumers.table), c.wide) << wide.out->internal;
      EXPECT_EQ(narrow.judge(c.request, consumers.table), c.narrow) << narrow.out->internal;
    }
  }
}

TEST(JwtPlaces, TakeTheLongestPrefixOfAHeader) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  Gate gate(R"({"from_headers":[{"name":"X","value_prefix":""},{"name":"X","value_prefix":"Jwt "},
                                {"name":"X","value_prefix":"Jwt v1 "}]})");
  for (const char* prefix : {"", "Jwt ", "jwt v1  "}) {
    EXPECT_EQ(gate.judge(FakeRequest().header("x", prefix + signer.mint()), consumers.table),
              "alice")
        << prefix;
  }
}

// -------------------------------------------------------------------------------- 3.6, claims

TEST(JwtClaims, AreComparedWithTheConsumersTerms) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  constexpr const char* kExp = R"("exp":1735693200)";
  const struct {
    const char *name, *terms, *payload;  // the payload without exp
    std::string outcome;
  } cases[] = {
      {"nothing asked", "", R"("x":1)", "alice"},
      {"iss", R"("issuer":"https://i")", R"("iss":"https://i")", "alice"},
      {"iss escaped", R"("issuer":"https://i")", R"("iss":"https:\/\/\u0069")", "alice"},
      {"iss absent", R"("issuer":"https://i")", R"("x":1)", kFails},
      {"iss longer", R"("issuer":"https://i")", R"("iss":"https://i/")", kFails},
      {"iss with a space", R"("issuer":"https://i")", R"("iss":"https://i ")", kFails},
      {"iss in another case", R"("issuer":"https://i")", R"("iss":"HTTPS://I")", kFails},
      {"iss a list", R"("issuer":"https://i")", R"("iss":["https://i"])", kFails},
      {"iss not composed", R"("issuer":"é")", "\"iss\":\"e\xcc\x81\"", kFails},
      {"aud a text", R"("audiences":["a","b"])", R"("aud":"b")", "alice"},
      {"aud a list", R"("audiences":["a","b"])", R"("aud":["x","a"])", "alice"},
      {"aud another", R"("audiences":["a","b"])", R"("aud":["x","y"])", kFails},
      {"aud empty", R"("audiences":["a","b"])", R"("aud":[])", kFails},
      {"aud absent", R"("audiences":["a","b"])", R"("x":1)", kFails},
      {"aud a number", R"("audiences":["1"])", R"("aud":1)", kFails},
      {"aud with a number", R"("audiences":["a"])", R"("aud":["a",1])", kFails},
      {"aud not asked", "", R"("aud":"x")", "alice"},
      {"claim", R"("claims":{"uid":"u"})", R"("uid":"u")", "alice"},
      {"claims, all", R"("claims":{"uid":"u","org":"o"})", R"("org":"o","uid":"u")", "alice"},
      {"claims, one wrong", R"("claims":{"uid":"u","org":"o"})", R"("org":"x","uid":"u")", kFails},
      {"claims, one absent", R"("claims":{"uid":"u","org":"o"})", R"("uid":"u")", kFails},
      {"claim a number", R"("claims":{"uid":"1"})", R"("uid":1)", kFails},
      {"claim inside", R"("claims":{"uid":"u"})", R"("a":{"uid":"u"})", kFails},
      {"claim and issuer", R"("claims":{"uid":"u"},"issuer":"i")", R"("uid":"u","iss":"j")",
       kFails},
      {"algorithms", R"("algorithms":["RS256","HS256"])", R"("x":1)", "alice"},
      {"another algorithm", R"("algorithms":["RS256","HS384"])", R"("x":1)", kFails},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto consumers = Consumers().add("alice", given(signer.jwks(), c.terms));
    Gate gate;
    const std::string token = signer.mint("{" + std::string(c.payload) + "," + kExp + "}");
    EXPECT_EQ(gate.judge(token, consumers), c.outcome) << gate.out->internal;
    EXPECT_EQ(gate.judge(token, consumers), c.outcome) << "the second time";
  }
}

TEST(JwtClaims, HoldInTheirTimeOnly) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const struct {
    const char *name, *terms, *payload;
    std::uint64_t now;
    std::string outcome;
  } cases[] = {
      {"exp now", R"("clock_skew_seconds":0)", R"({"exp":1000})", 1000, "alice"},
      {"exp past", R"("clock_skew_seconds":0)", R"({"exp":1000})", 1001, kExpired},
      {"exp and a half", R"("clock_skew_seconds":0)", R"({"exp":1000.5})", 1000, "alice"},
      {"exp and a half, past", R"("clock_skew_seconds":0)", R"({"exp":1000.5})", 1001, kExpired},
      {"exp within the skew", "", R"({"exp":1000})", 1060, "alice"},
      {"exp past the skew", "", R"({"exp":1000})", 1061, kExpired},
      {"a skew of its own", R"("clock_skew_seconds":5)", R"({"exp":1000})", 1006, kExpired},
      {"exp 0 is 1970", "", R"({"exp":0})", kNow, kExpired},
      {"exp at the end of years", "", R"({"exp":253402300799})", kNow, "alice"},
      {"no exp", "", R"({"a":1})", kNow, kFails},
      {"no exp asked", R"("require_exp":false)", R"({"a":1})", kNow, "alice"},
      {"no exp asked, but past", R"("require_exp":false)", R"({"exp":1000})", kNow, kExpired},
      {"no exp asked, but a text", R"("require_exp":false)", R"({"exp":"x"})", kNow, kFails},
      {"nbf now", R"("clock_skew_seconds":0)", R"({"exp":9999,"nbf":1000})", 1000, "alice"},
      {"nbf ahead", R"("clock_skew_seconds":0)", R"({"exp":9999,"nbf":1000})", 999, kNotYet},
      {"nbf half ahead", R"("clock_skew_seconds":0)", R"({"exp":9999,"nbf":1000.5})", 1000,
       kNotYet},
      {"nbf within the skew", "", R"({"exp":9999,"nbf":1000})", 940, "alice"},
      {"nbf beyond the skew", "", R"({"exp":9999,"nbf":1000})", 939, kNotYet},
      {"iat within the skew", "", R"({"exp":9999,"iat":1000})", 940, "alice"},
      {"iat ahead", "", R"({"exp":9999,"iat":1000})", 939, kNotYet},
      {"past and ahead", "", R"({"exp":1,"nbf":9999999})", 5000, kExpired},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto consumers = Consumers().add("alice", given(signer.jwks(), c.terms));
    Gate gate;
    EXPECT_EQ(gate.judge(signer.mint(c.payload), consumers, c.now), c.outcome);
    EXPECT_EQ(gate.judge(signer.mint(c.payload), consumers, c.now), c.outcome);
  }
}

TEST(JwtClaims, KnowTheTypOfTheHeader) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const struct {
    const char *asked, *extra;
    std::string outcome;
  } cases[] = {
      {"at+jwt", R"(,"typ":"at+jwt")", "alice"},
      {"at+jwt", R"(,"typ":"AT+JWT")", "alice"},
      {"at+jwt", R"(,"typ":"application/at+jwt")", "alice"},
      {"Application/at+jwt", R"(,"typ":"at+jwt")", "alice"},
      {"at+jwt", R"(,"typ":"JWT")", kFails},
      {"at+jwt", R"(,"typ":"application/application/at+jwt")", kFails},
      {"at+jwt", R"(,"typ":["at+jwt"])", kFails},
      {"at+jwt", "", kFails},
  };
  for (const auto& c : cases) {
    const auto consumers =
        Consumers().add("alice", given(signer.jwks(), R"("typ":")" + std::string(c.asked) + "\""));
    Gate gate;
    EXPECT_EQ(gate.judge(signer.mint(kPayload, c.extra), consumers), c.outcome) << c.extra;
  }
}

TEST(JwtClaims, LetAJtiInOnce) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const std::string terms = R"("check_jti":true)";
  const auto consumers = Consumers().add("alice", given(signer.jwks(), terms));
  const auto token = [&](const char* jti, const char* exp = "1735693200") {
    return signer.mint(R"({"jti":)" + std::string(jti) + R"(,"exp":)" + exp + "}");
  };
  Gate gate;
  EXPECT_EQ(gate.judge(token("\"a\""), consumers), "alice");
  EXPECT_EQ(gate.judge(token("\"a\""), consumers), kFails);
  EXPECT_EQ(gate.judge(token("\"a\"", "1735693201"), consumers), kFails)
      << "another token, same jti";
  EXPECT_EQ(gate.judge(token("\"b\""), consumers), "alice");
  EXPECT_EQ(gate.judge(token("1"), consumers), kFails);
  EXPECT_EQ(gate.judge(signer.mint(), consumers), kFails) << "without jti";
  auto refused = consumers;
  refused.grant_only({});
  EXPECT_EQ(gate.judge(token("\"c\""), refused), kDenied);
  EXPECT_EQ(gate.judge(token("\"c\""), consumers), "alice") << "a refused call uses no jti up";
  // Another consumer's jti is another one.
  const auto two = Consumers().add("bob", given(signer.jwks(), terms));
  EXPECT_EQ(gate.judge(token("\"a\""), two), "bob");
}

TEST(JwtClaims, AreRefusedWhenNoMoreJtiCanBeRemembered) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks(), R"("check_jti":true)"));
  const auto judge = [&](Gate& gate, int jti, int exp, std::uint64_t now) {
    return gate.judge(signer.mint(R"({"jti":")" + std::to_string(jti) + R"(","exp":)" +
                                  std::to_string(exp) + "}"),
                      consumers, now);
  };
  Gate gate(R"({"jti_max":1})");
  int full = 0;
  for (int i = 0; i < 200; ++i) full += judge(gate, i, 1000, 900) != "alice";
  EXPECT_GT(full, 100);
  EXPECT_EQ(judge(gate, 0, 1000, 900), kFails) << "a used one stays used at the bound";
  // What has ended makes room: the last second is 1060.
  int accepted = 0;
  for (int i = 1000; i < 1016; ++i) accepted += judge(gate, i, 2000, 1061) == "alice";
  EXPECT_GT(accepted, 0);
  Gate full_gate(R"({"jti_max":1})");
  std::string last;
  for (int i = 0; i < 200 && last != "503 A503CU Credentials cannot be checked now"; ++i) {
    last = judge(full_gate, i, 1000, 900);
  }
  EXPECT_EQ(last, "503 A503CU Credentials cannot be checked now");
}

TEST(JwtClaims, AreHandedOnUnderTheNamesOfTheirHeaders) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks(), R"("claims_to_headers":[
        {"claim":"s","header":"X-S"},{"claim":"i","header":"X-I","override":false},
        {"claim":"b","header":"X-B"},{"claim":"f","header":"X-F"},{"claim":"o","header":"X-O"},
        {"claim":"c","header":"X-C"},{"claim":"d","header":"X-D"},{"claim":"absent","header":"X-A"},
        {"claim":"n","header":"X-N"}])"));
  const std::string token = signer.mint(
      R"({"exp":1735693200,"s":"é, \"x\"","i":-12345678901234567890,"b":false,"f":1.5,"o":{},"c":"a\r\nb","d":"\u007f","n":null})");
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"X-S", "é, \"x\""}, {"X-I", "-12345678901234567890"}, {"X-B", "false"}};
  Gate gate;
  for (int time = 0; time < 2; ++time) {
    EXPECT_EQ(gate.judge(token, consumers), "alice");
    EXPECT_EQ(gate.out->claims, expected);
  }
}

// ------------------------------------------------------------------------------ 3.7, which
// consumer

TEST(JwtConsumers, AreWalkedInTheOrderOfTheConfiguration) {
  const auto shared = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto other = Signer::make_hmac("HS256", std::string(32, 'x'));
  const std::string any = given(shared.jwks(), ""),
                    by_issuer = given(shared.jwks(), R"("issuer":"i")"),
                    by_uid = given(shared.jwks(), R"("claims":{"uid":"u"})"),
                    by_sub = given(shared.jwks(), R"("claims":{"sub":"s"})"),
                    foreign = given(other.jwks(), R"("claims":{"uid":"u"})"),
                    short_skew =
                        given(shared.jwks(), R"("claims":{"uid":"u"},"clock_skew_seconds":0)"),
                    remote = R"({"jwks_url":"https://idp.example.com/keys","claims":{"uid":"u"}})";
  using List = std::vector<std::pair<const char*, const std::string*>>;
  const struct {
    const char* name;
    List consumers;
    std::optional<std::vector<std::string>> granted;
    std::string outcome;
    std::uint64_t now = kNow;
  } cases[] = {
      {"nobody", {}, {}, kFails},
      {"one", {{"a", &by_uid}}, {}, "a"},
      {"the first of two", {{"a", &by_uid}, {"b", &by_uid}}, {}, "a"},
      {"across the ways to find them", {{"a", &by_issuer}, {"b", &any}, {"c", &by_uid}}, {}, "a"},
      {"and backwards", {{"c", &by_uid}, {"b", &any}, {"a", &by_issuer}}, {}, "c"},
      {"any before claim", {{"b", &any}, {"c", &by_uid}}, {}, "b"},
      {"another claim", {{"s", &by_sub}, {"c", &by_uid}}, {}, "s"},
      {"the first has another key", {{"f", &foreign}, {"a", &by_uid}}, {}, "a"},
      {"the first is not granted", {{"a", &by_uid}, {"b", &by_uid}}, {{"b"}}, "b"},
      {"none is granted", {{"a", &by_uid}, {"b", &by_uid}}, {{"z"}}, kDenied},
      {"granted, but with another key", {{"f", &foreign}, {"a", &by_uid}}, {{"f"}}, kDenied},
      {"nobody verifies", {{"f", &foreign}}, {{"z"}}, kFails},
      {"expired for the first only", {{"x", &short_skew}, {"a", &by_uid}}, {}, "a", 1735693230},
      {"expired for all", {{"x", &short_skew}, {"f", &foreign}}, {}, kExpired, 1735693230},
      {"denied tells more than expired",
       {{"x", &short_skew}, {"a", &by_uid}},
       {{"x"}},
       kDenied,
       1735693230},
      {"keys away for the first", {{"r", &remote}, {"a", &by_uid}}, {}, "a"},
      {"keys away, another key", {{"r", &remote}, {"f", &foreign}}, {}, kNoKeys},
  };
  const std::string token = shared.mint(R"({"iss":"i","uid":"u","sub":"s","exp":1735693200})");
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Consumers consumers;
    for (const auto& [name, terms] : c.consumers) consumers.add(name, *terms);
    if (c.granted) consumers.grant_only(*c.granted);
    Gate gate;
    EXPECT_EQ(gate.judge(token, consumers, c.now), c.outcome) << gate.out->internal;
    EXPECT_EQ(gate.judge(token, consumers, c.now), c.outcome) << "the second time";
  }
}

TEST(JwtConsumers, AreTriedUpToABound) {
  const auto right = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto wrong = Signer::make_hmac("HS256", std::string(32, 'x'));
  for (const int before : {63, 64}) {
    Consumers consumers;
    for (int i = 0; i < before; ++i)
      consumers.add("w" + std::to_string(i), given(wrong.jwks(), ""));
    consumers.add("last", given(right.jwks(), ""));
    Gate gate;
    EXPECT_EQ(gate.judge(right.mint(), consumers), before == 63 ? "last" : kFails);
  }
}

TEST(JwtConsumers, AreFoundByAnyOfManyClaims) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  for (const auto& [others, outcome] :
       {std::pair{100, "alice"}, std::pair{200, kFails}}) {  // kLookupsMax lies between
    std::string payload = "{";
    for (int i = 0; i < others; ++i) payload += "\"c" + std::to_string(i) + "\":\"x\",";
    Gate gate;
    EXPECT_EQ(gate.judge(signer.mint(payload + std::string(kPayload.substr(1))), consumers),
              outcome);
  }
}

// ------------------------------------------------------------------------------------ 3.9, answers

TEST(JwtAnswers, CarryTheChallengeOfTheirUrl) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  auto denied = consumers;
  denied.grant_only({});
  const std::string good = signer.mint();
  const std::string realm = R"(Bearer realm="http://api.example.com/v1/user/info")";
  const auto at = [](FakeRequest request) {
    return request.path("/v1/user/info").query("user_id=1&access%5ftoken=");
  };
  const std::string long_path = "/" + std::string(300, 'p');
  const struct {
    const char* name;
    FakeRequest request;
    const Consumers& consumers;
    std::string outcome, challenge;
    std::uint64_t now = kNow;
  } cases[] = {
      {"missing", at(FakeRequest()), consumers, kMissing, realm},
      {"form", at(bearer("abc")), consumers, kForm, realm + ", error=\"invalid_token\""},
      {"two parts", at(bearer("a.b")), consumers, kForm, realm + ", error=\"invalid_token\""},
      {"malformed", at(bearer("a.b.c")), consumers, kFails, realm + ", error=\"invalid_token\""},
      {"too large", at(bearer(std::string(8193, 'a'))), consumers, kForm,
       realm + ", error=\"invalid_token\""},
      {"signature", at(bearer(good.substr(0, good.size() - 4) + "AAAA")), consumers, kFails,
       realm + ", error=\"invalid_token\""},
      {"expired", at(bearer(good)), consumers, kExpired, realm + ", error=\"invalid_token\"",
       kNow + 99999},
      {"denied", at(bearer(good)), denied, kDenied, ""},
      {"hostile", FakeRequest().authority("a\"b\\\r\nX: y").path("/\"\\\r\n\x80"), consumers,
       kMissing, R"(Bearer realm="http://a%22b%5C%0D%0AX:%20y/%22%5C%0D%0A%80")"},
      {"long", FakeRequest().authority("h").path(long_path), consumers, kMissing,
       "Bearer realm=\"http://h" + long_path.substr(0, 256) + "\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Gate gate;
    EXPECT_EQ(gate.judge(c.request, c.consumers.table, c.now), c.outcome);
    EXPECT_EQ(gate.out->find_header("WWW-Authenticate"), c.challenge);
    EXPECT_EQ(gate.out->headers.size(), c.challenge.empty() ? 0u : 1u);
  }
}

TEST(JwtAnswers, SayWhenTheSnapshotCannotBeRead) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  const auto broken = consumers.table.failing_with(SLUICE_E_UNAVAILABLE);
  Gate gate;
  constexpr const char* kUnavailable = "503 A503CU Credentials cannot be checked now";
  EXPECT_EQ(gate.judge(bearer(signer.mint()), broken), kUnavailable);
  EXPECT_EQ(gate.judge(bearer(signer.mint()), consumers.table), "alice");
  EXPECT_EQ(gate.judge(bearer(signer.mint()), broken), kUnavailable) << "also when remembered";
}

TEST(JwtAnswers, EndWithTheCall) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  Gate gate;
  gate.mode = SLUICE_RUN_INLINE;
  gate.budget = 0;  // the inline budget is used up: on a worker, please
  EXPECT_EQ(gate.judge(signer.mint(), consumers),
            "status " + std::to_string(SLUICE_RETRY_ON_WORKER));
  gate.mode = SLUICE_RUN_WORKER;
  EXPECT_EQ(gate.judge(signer.mint(), consumers), "alice");
}

TEST(JwtAnswers, OfSlowKeysComeFromAWorker) {
  for (const char* alg : {"ES256", "ES384", "ES512"}) {
    const auto signer = Signer::make(alg);
    const auto consumers = Consumers().add("alice", given(signer.jwks()));
    const std::string token = signer.mint();
    Gate gate;
    gate.mode = SLUICE_RUN_INLINE;
    EXPECT_EQ(
        gate.judge(token, consumers),
        alg == std::string("ES256") ? "alice" : "status " + std::to_string(SLUICE_RETRY_ON_WORKER));
    gate.mode = SLUICE_RUN_WORKER;
    EXPECT_EQ(gate.judge(token, consumers), "alice");
    gate.mode = SLUICE_RUN_INLINE;
    EXPECT_EQ(gate.judge(token, consumers), "alice") << "remembered";
  }
}

TEST(JwtAnswers, AreInterruptedBetweenTwoKeys) {
  const auto first = Signer::make_hmac("HS256", std::string(32, 'x'), ""),
             second = Signer::make_hmac("HS256", std::string(32, 'k'), "");
  const auto consumers =
      Consumers().add("alice", given(R"({"keys":[)" + first.jwk() + "," + second.jwk() + "]}"));
  for (const auto& [budget, outcome] :
       {std::pair{0, "status " + std::to_string(SLUICE_RETRY_ON_WORKER)},  // the record
        std::pair{1, "status " + std::to_string(SLUICE_RETRY_ON_WORKER)},  // the first key
        std::pair{2, "status " + std::to_string(SLUICE_RETRY_ON_WORKER)},  // the second key
        std::pair{3, std::string("alice")}}) {
    Gate gate;
    gate.mode = SLUICE_RUN_INLINE;
    gate.budget = static_cast<std::uint64_t>(budget);
    EXPECT_EQ(gate.judge(second.mint(), consumers), outcome);
  }
}

TEST(JwtAnswers, ForADamagedRecordAreRefusals) {
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  for (const char* secret : {"", "x", "[]", "{}", R"({"jwks":{"keys":[]}})", R"({"jwks":1})",
                             R"({"jwks":{"keys":[{"kty":"oct","k":"a2tra2tra2s"}]},"extra":1})"}) {
    const auto consumers = Consumers().add("alice", given(signer.jwks()));
    const auto damaged = consumers.table.with_each([&](auto& record) {
      record.secret = secret;
      record.revision = 1'000'000;
    });
    Gate gate;
    EXPECT_EQ(gate.judge(bearer(signer.mint()), damaged), kFails) << secret;
    EXPECT_TRUE(gate.host.logged("cred-alice"));
    EXPECT_FALSE(gate.host.logged("a2tra2tra2s"));
  }
}

// ------------------------------------------------------------------------------------ 3.10,
// attacks

// Proves: R106
TEST(JwtAttacks, AreRefused) {
  const auto rsa = Signer::make("RS256", "rsa-1"), ec = Signer::make("ES256", "ec-1"),
             hmac = Signer::make_hmac("HS256", std::string(32, 'k'), "sym-1"),
             attacker = Signer::make("RS256", "evil"), p384 = Signer::make("ES384", "ec-1"),
             ps = Signer::make("PS256", "ps-1");
  const auto consumers =
      Consumers().add("alice", given(R"({"keys":[)" + rsa.jwk() + "," + ec.jwk() + "," +
                                     hmac.jwk() + "," + ps.jwk() + "]}"));
  const std::string payload(kPayload);
  const auto hs = [&](std::string secret, const char* kid = "rsa-1", const char* alg = "HS256") {
    return Signer::make_hmac(alg, std::move(secret), kid).mint();
  };
  const auto resign = [&](const Signer& signer, std::string_view header, std::string_view body) {
    return signer.mint_with_header(header, body);
  };
  const std::string ec_token = ec.mint(), ec_text = ec_token.substr(0, ec_token.rfind('.'));
  const std::string hs_token = hmac.mint(), hs_text = hs_token.substr(0, hs_token.rfind('.'));
  const auto unsigned_with = [&](std::string_view alg) {
    return encode(R"({"alg":")" + std::string(alg) + R"(","typ":"JWT"})") + "." + encode(payload);
  };
  const std::string embedded = R"({"alg":"RS256","kid":"evil","jwk":)" + attacker.jwk() + "}";
  const struct {
    const char* name;
    std::string token;
    std::string outcome = kFails;
  } cases[] = {
      {"alg none, no signature", unsigned_with("none") + ".", kForm},
      {"alg none, two parts", unsigned_with("none"), kForm},
      {"alg none, some signature", unsigned_with("none") + ".AA"},
      {"alg None", unsigned_with("None") + ".AA"},
      {"alg NONE", unsigned_with("NONE") + ".AA"},
      {"alg nOnE", unsigned_with("nOnE") + ".AA"},
      {"alg empty", unsigned_with("") + ".AA"},
      {"a good token without its signature", hs_text + ".", kForm},
      {"HS256 with the public key as PEM", hs(rsa.public_pem())},
      {"HS256 with the public key as DER", hs(rsa.public_der())},
      {"HS256 with the modulus", hs(rsa.modulus())},
      {"HS256 with the text of the modulus", hs(encode(rsa.modulus()))},
      {"HS256 with an empty secret", hs("")},
      {"HS384 with the PEM", hs(rsa.public_pem(), "rsa-1", "HS384")},
      {"HS512 with the PEM", hs(rsa.public_pem(), "rsa-1", "HS512")},
      {"HS256 over the EC key's PEM", hs(ec.public_pem(), "ec-1")},
      {"HS256 over the EC key's DER", hs(ec.public_der(), "ec-1")},
      {"the text of k as the secret", hs(encode(std::string(32, 'k')), "sym-1")},
      {"ES384 on a P-256 key", resign(p384, R"({"alg":"ES384","kid":"ec-1"})", payload)},
      {"ES512 on a P-256 key", encode(R"({"alg":"ES512","kid":"ec-1"})") + "." + encode(payload) +
                                   "." + encode(ec.sign("x") + ec.sign("y") + "1234")},
      {"r and s zero", ec_text + "." + std::string(86, 'A')},
      {"r and s all ones", ec_text + "." + encode(std::string(64, '\xff'))},
      {"DER", ec_text + "." + encode(ec.sign_der(ec_text))},
      {"padded", ec_text + "." + encode('\0' + ec.sign(ec_text))},
      {"short", ec_text + "." + encode(ec.sign(ec_text).substr(0, 63))},
      {"PS256 header on an RS256 signature",
       resign(rsa, R"({"alg":"PS256","kid":"rsa-1"})", payload)},
      {"RS256 header on a PS256 signature", resign(ps, R"({"alg":"RS256","kid":"ps-1"})", payload)},
      {"unknown kid", resign(rsa, R"({"alg":"RS256","kid":"no"})", payload)},
      {"kid of another key", resign(rsa, R"({"alg":"RS256","kid":"ps-1"})", payload)},
      {"kid with a path", resign(rsa, R"({"alg":"RS256","kid":"../../dev/null"})", payload)},
      {"kid with SQL", resign(rsa, R"({"alg":"RS256","kid":"x' UNION SELECT 'a"})", payload)},
      {"numeric kid", resign(rsa, R"({"alg":"RS256","kid":1})", payload)},
      {"the attacker's jwk", resign(attacker, embedded, payload)},
      {"the attacker's jku",
       resign(attacker, R"({"alg":"RS256","kid":"evil","jku":"https://evil.example/jwks"})",
              payload)},
      {"the attacker's x5u",
       resign(attacker, R"({"alg":"RS256","x5u":"https://evil.example/x5u"})", payload)},
      {"the attacker's x5c",
       resign(attacker, R"({"alg":"RS256","x5c":["AAAA"],"x5t":"AA"})", payload)},
      {"repeated claim", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})",
                                R"({"uid":"x","uid":"11215ac0","exp":1735693200})")},
      {"repeated claim, hidden", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})",
                                        R"({"u\u0069d":"x","uid":"11215ac0","exp":1735693200})")},
      {"repeated header", resign(hmac, R"({"alg":"none","kid":"sym-1","alg":"HS256"})", payload)},
      {"repeated header, hidden",
       resign(hmac, R"({"alg":"HS256","kid":"sym-1","\u0061lg":"none"})", payload)},
      {"crit", resign(hmac, R"({"alg":"HS256","kid":"sym-1","crit":["exp"]})", payload)},
      {"b64", resign(hmac, R"({"alg":"HS256","kid":"sym-1","crit":["b64"],"b64":false})", payload)},
      {"payload an array", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})", "[" + payload + "]")},
      {"payload a text", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})", "\"x\"")},
      {"payload not UTF-8", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})",
                                   "{\"uid\":\"11215ac0\",\"exp\":1735693200,\"a\":\"\xff\"}")},
      {"payload deflated",
       resign(hmac, R"({"alg":"HS256","kid":"sym-1","zip":"DEF"})", "\xab\x56\x4a\x01")},
      {"trailing JSON", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})", payload + "{}")},
      {"oversized",
       resign(hmac, R"({"alg":"HS256","kid":"sym-1"})", payload + std::string(8192, ' ')), kForm},
      {"deeply nested", resign(hmac, R"({"alg":"HS256","kid":"sym-1"})",
                               R"({"uid":"11215ac0","exp":1735693200,"a":)" + std::string(40, '[') +
                                   std::string(40, ']') + "}")},
      {"uid of another consumer", hmac.mint(R"({"uid":"11215ac1","exp":1735693200})")},
      {"a JWE", hs_text + ".AA.AA.AA", kForm},
  };
  Gate gate;
  for (const Signer* good : {&rsa, &ec, &hmac, &ps}) {
    EXPECT_EQ(gate.judge(good->mint(), consumers), "alice") << good->alg;
  }
  for (const auto& c : cases) {
    EXPECT_EQ(gate.judge(c.token, consumers), c.outcome) << c.name << ": " << gate.out->internal;
    EXPECT_EQ(gate.out->accepted, 0u);
  }
  EXPECT_FALSE(gate.host.logged("UNION")) << "a kid is not logged";
  const auto disabled = consumers.table.with_each([](auto& record) { record.disabled = true; });
  EXPECT_EQ(gate.judge(bearer(hmac.mint()), disabled), kFails);
}

TEST(JwtAttacks, DoNotSwapConsumersOfOneIssuer) {
  const auto idp = Signer::make("ES256");
  const auto consumers =
      Consumers()
          .add("alice", given(idp.jwks(), R"("issuer":"i","claims":{"uid":"a"})"))
          .add("bob", given(idp.jwks(), R"("issuer":"i","claims":{"uid":"b"})"));
  Gate gate;
  const auto token = [&](const char* uid) {
    return idp.mint(R"({"iss":"i","exp":1735693200,"uid":")" + std::string(uid) + "\"}");
  };
  EXPECT_EQ(gate.judge(token("a"), consumers), "alice");
  EXPECT_EQ(gate.judge(token("b"), consumers), "bob");
  EXPECT_EQ(gate.judge(token("c"), consumers), kFails);
}

// ---------------------------------------------------------------------------------------
// conformance

testing::AuthenticatorSubject make_subject() {
  testing::AuthenticatorSubject subject;
  subject.name = "Jwt";
  subject.file = SLUICE_PLUGIN_DIR "/auth-jwt.so";
  subject.type = "jwt";
  subject.make_settings = [] { return "{}"; };
  subject.bad_settings = {
      {R"({"from_headers":7})", "/from_headers"},
      {R"({"from_headers":["x"]})", "/from_headers/0"},
      {R"({"from_headers":[{}]})", "/from_headers/0/name"},
      {R"({"from_headers":[{"name":"a b"}]})", "/from_headers/0/name"},
      {R"({"from_headers":[{"name":"a","value_prefix":1}]})", "/from_headers/0/value_prefix"},
      {R"({"from_headers":[{"name":"a","value_prefix":" "}]})", "/from_headers/0/value_prefix"},
      {R"({"from_headers":[{"name":"a","prefix":""}]})", "/from_headers/0/prefix"},
      {R"({"from_headers":[{"name":"A"},{"name":"a"}]})", "/from_headers/1"},
      {R"({"from_params":[""]})", "/from_params/0"},
      {R"({"from_params":[")" + std::string(129, 'p') + R"("]})", "/from_params/0"},
      {R"({"from_params":["0","1","2","3","4","5","6","7","8","9","a","b","c","d","e","f","g"]})",
       "/from_params/16"},
      {R"({"from_cookies":["a;b"]})", "/from_cookies/0"},
      {R"({"default_places":{}})", "/default_places"},
      {R"({"default_places":1})", "/default_places"},
      {R"({"default_places":{"from_params":["x"]}})", "/default_places"},
      {R"({"default_places":{"from_params":[1]}})", "/default_places/from_params/0"},
      {R"({"max_token_bytes":0})", "/max_token_bytes"},
      {R"({"max_token_bytes":65537})", "/max_token_bytes"},
      {R"({"max_token_bytes":"8"})", "/max_token_bytes"},
      {R"({"cache_tokens_max":-1})", "/cache_tokens_max"},
      {R"({"jti_max":0})", "/jti_max"},
  };
  const auto signer = Signer::make_hmac("HS256", std::string(32, 'k'));
  const auto consumers = Consumers().add("alice", given(signer.jwks()));
  subject.consumer = "alice";
  subject.good_credential = signer.mint();
  subject.make_request = [](std::string_view token) { return bearer(token); };
  subject.credentials = consumers.table;
  subject.foreign = {FakeRequest().header("Authorization", "Basic YTpi"),
                     FakeRequest().header("Authorization", "Digest realm=\"x\""),
                     FakeRequest().header("X-Ca-Signature", "abc")};
  subject.malformed = {bearer("x"), bearer(subject.good_credential + " x"),
                       bearer("\"" + subject.good_credential + "\"")};
  subject.other_settings = R"({"from_headers":[{"name":"X-Jwt"}]})";
  subject.other_request = FakeRequest().header("X-Jwt", subject.good_credential);
  return subject;
}

}  // namespace
}  // namespace sluice::jwt

namespace sluice::testing {
INSTANTIATE_TEST_SUITE_P(Jwt, AuthenticatorConformance, ::testing::Values(jwt::make_subject()),
                         name_of_subject);
}  // namespace sluice::testing
