// SPDX-License-Identifier: Apache-2.0
// Keys and signatures: published vectors, all thirteen algorithms, what a JWK must be.
#include "base64url.hpp"
#include "key.hpp"
#include "test_kit.hpp"

#include <gtest/gtest.h>

namespace sluice::jwt {
namespace {

using kit::Signer;

Result<Key> make_key(const std::string& jwk) {
  JsonDocument document;
  if (!document.parse(jwk)) return Error{SLUICE_E_ARGUMENT, "not JSON", {}, "test"};
  return Key::make(document.root(), "");
}

bool verify(const Key& key, const char* alg, const std::string& token) {
  const auto dot = token.rfind('.');
  std::string signature;
  EXPECT_TRUE(decode_base64url(std::string_view(token).substr(dot + 1), signature));
  return key.verify(*find_alg(alg), std::string_view(token).substr(0, dot), signature);
}

TEST(JwtKey, VerifiesThePublishedVectors) {
  constexpr const char* kJoe =
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ";
  constexpr const char* kFrodo =
      "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250"
      "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hl"
      "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4";
  const struct {
    const char *name, *alg, *jwk;
    std::string token;
  } cases[] = {
      {"RFC 7515 A.1", "HS256",
       R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})",
       std::string("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.") + kJoe +
           ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
      {"RFC 7515 A.2", "RS256",
       R"({"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"})",
       std::string("eyJhbGciOiJSUzI1NiJ9.") + kJoe +
           ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
           "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARN"
           "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1"
           "phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
      {"RFC 7515 A.3", "ES256",
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
       std::string("eyJhbGciOiJFUzI1NiJ9.") + kJoe +
           ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1"
           "Q"},
      {"RFC 7515 A.4", "ES512",
       R"({"kty":"EC","crv":"P-521","x":"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk","y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"})",
       "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_"
       "UxMi70cwnZOYaRI1bKPWROc-"
       "mZZqwqT2SI-KGDKB34XO0aw_"
       "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNr"
       "mxYbSW9ERBXukOXolLzeO_Jn"},
      {"RFC 8037 A.4", "EdDSA",
       R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
       "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
      {"RFC 7520 4.4", "HS256",
       R"({"kty":"oct","use":"sig","alg":"HS256","k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"})",
       std::string(
           "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9.") +
           kFrodo + ".s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = make_key(c.jwk);
    ASSERT_TRUE(key) << key.error().where << key.error().detail;
    EXPECT_TRUE(verify(*key, c.alg, c.token));
    std::string changed = c.token;
    changed[5] = changed[5] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(verify(*key, c.alg, changed));
  }
}

TEST(JwtKey, RunsOnlyTheAlgorithmsOfItsKindAndItsOwnAlg) {
  const char* algs[] = {"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
                        "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"};
  for (const std::string alg : algs) {
    SCOPED_TRACE(alg);
    const auto signer = Signer::make(alg);
    const auto free = make_key(signer.jwk());
    const auto pinned = make_key(signer.jwk(R"(,"alg":")" + alg + "\""));
    ASSERT_TRUE(free) << free.error().where << free.error().detail;
    ASSERT_TRUE(pinned);
    const std::string token = signer.mint();
    EXPECT_TRUE(verify(*free, alg.c_str(), token));
    for (const char* other : algs) {
      EXPECT_EQ(verify(*free, other, token), other == alg) << other;
      EXPECT_EQ(pinned->admits(*find_alg(other)), other == alg) << other;
    }
    // One byte of the signature, everywhere; and every other length.
    const auto dot = token.rfind('.');
    const std::string signature = signer.sign(token.substr(0, dot));
    for (std::size_t i = 0; i < signature.size(); i += 7) {
      std::string changed = token.substr(0, dot + 1);
      std::string bytes = signer.sign(token.substr(0, dot));
      bytes[i] = static_cast<char>(bytes[i] ^ 1);
      EXPECT_FALSE(verify(*free, alg.c_str(), changed + encode_base64url(bytes))) << i;
    }
    for (const std::string& bytes :
         {signature.substr(1), signature + '\0', '\0' + signature, signature + signature}) {
      EXPECT_FALSE(verify(*free, alg.c_str(), token.substr(0, dot + 1) + encode_base64url(bytes)));
    }
  }
}

TEST(JwtKey, WantsASaltAsLongAsTheHash) {
  const auto signer = Signer::make("PS256");
  const auto key = make_key(signer.jwk());
  ASSERT_TRUE(key);
  for (const int salt : {0, 20, 31, 32, 33, 64}) {
    EXPECT_EQ(key->verify(Alg::kPs256, "a.b", signer.sign_with_salt("a.b", salt)), salt == 32)
        << salt;
  }
}

TEST(JwtKey, RefusesEcdsaNumbersOutsideTheGroup) {
  const auto signer = Signer::make("ES256");
  const auto key = make_key(signer.jwk());
  ASSERT_TRUE(key);
  const std::string text = "header.payload", good = signer.sign(text);
  ASSERT_TRUE(key->verify(Alg::kEs256, text, good));
  std::string order;  // of P-256
  for (const unsigned char c : {0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
                                0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51}) {
    order += static_cast<char>(c);
  }
  const std::string zero(32, '\0'), ones(32, '\xff'), r = good.substr(0, 32), s = good.substr(32);
  const struct {
    const char* name;
    std::string signature;
  } cases[] = {
      {"both zero", zero + zero},
      {"r zero", zero + s},
      {"s zero", r + zero},
      {"r is n", order + s},
      {"s is n", r + order},
      {"both n", order + order},
      {"all ones", ones + ones},
      {"DER", signer.sign_der(text)},
      {"a leading zero", '\0' + good},
      {"short", good.substr(2)},
      {"empty", ""},
      {"swapped", s + r},
  };
  for (const auto& c : cases) {
    EXPECT_FALSE(key->verify(Alg::kEs256, text, c.signature)) << c.name;
  }
}

TEST(JwtKey, RefusesJwksThatAreOfNoUse) {
  const auto rsa = Signer::make("RS256"), ec = Signer::make("ES256"), ed = Signer::make("EdDSA");
  const std::string n = encode_base64url(rsa.modulus());
  const auto rsa_with = [&](const std::string& modulus, const char* e) {
    return R"({"kty":"RSA","n":")" + modulus + R"(","e":")" + e + R"("})";
  };
  std::string even = rsa.modulus();
  even.back() = static_cast<char>(even.back() & 0xfe);
  std::string off_curve = ec.jwk();
  const auto y = off_curve.find("\"y\":\"") + 5;
  off_curve[y] = off_curve[y] == 'A' ? 'B' : 'A';
  const std::string zero32 = encode_base64url(std::string(32, '\0'));
  const struct {
    const char* name;
    std::string jwk, where;
  } cases[] = {
      {"an array", "[]", ""},
      {"no kty", "{}", "/kty"},
      {"unknown kty", R"({"kty":"XYZ"})", "/kty"},
      {"numeric kid", rsa.jwk(R"(,"x":1)").replace(1, 10, R"("kid": 17)"), "/kid"},
      {"for encryption", rsa.jwk(R"(,"use":"enc")"), "/use"},
      {"may only sign", rsa.jwk(R"(,"key_ops":["sign"])"), "/key_ops"},
      {"key_ops a text", rsa.jwk(R"(,"key_ops":"verify")"), "/key_ops"},
      {"alg of another kty", rsa.jwk(R"(,"alg":"HS256")"), "/alg"},
      {"alg of another curve", ec.jwk(R"(,"alg":"ES384")"), "/alg"},
      {"alg none", rsa.jwk(R"(,"alg":"none")"), "/alg"},
      {"alg for encryption", rsa.jwk(R"(,"alg":"RSA-OAEP")"), "/alg"},
      {"oct without k", R"({"kty":"oct"})", "/k"},
      {"oct empty", R"({"kty":"oct","k":""})", "/k"},
      {"oct padded", R"({"kty":"oct","k":"MDEyMzQ1Njc="})", "/k"},
      {"oct base64", R"({"kty":"oct","k":"ab+/"})", "/k"},
      {"RSA without n", R"({"kty":"RSA","e":"AQAB"})", "/n"},
      {"RSA without e", R"({"kty":"RSA","n":")" + n + "\"}", "/e"},
      {"RSA of 1024 bits",
       rsa_with(encode_base64url(rsa.modulus().substr(0, 127) + "\x01"), "AQAB"), "/n"},
      {"RSA of 8200 bits", rsa_with(encode_base64url(std::string(1025, '\xff')), "AQAB"), "/n"},
      {"RSA of a megabyte", rsa_with(encode_base64url(std::string(1 << 20, '\xff')), "AQAB"), "/n"},
      {"RSA even", rsa_with(encode_base64url(even), "AQAB"), "/n"},
      {"e is 1", rsa_with(n, "AQ"), "/e"},
      {"e is 2", rsa_with(n, "Ag"), "/e"},
      {"e is 17", rsa_with(n, "EQ"), "/e"},
      {"e is even", rsa_with(n, "AQAC"), "/e"},
      {"unknown curve", R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})", "/crv"},
      {"a point off the curve", off_curve, "/x"},
      {"the point at zero",
       R"({"kty":"EC","crv":"P-256","x":")" + zero32 + R"(","y":")" + zero32 + "\"}", "/x"},
      {"a short coordinate", R"({"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"})", "/x"},
      {"X25519", R"({"kty":"OKP","crv":"X25519","x":")" + zero32 + "\"}", "/crv"},
      {"a short Ed25519 key", R"({"kty":"OKP","crv":"Ed25519","x":"AQ"})", "/x"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto key = make_key(c.jwk);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().where, c.where) << key.error().detail;
  }
  EXPECT_TRUE(make_key(rsa_with(n, "Aw"))) << "e = 3";
  EXPECT_TRUE(make_key(rsa.jwk(R"(,"use":"sig","key_ops":["sign","verify"],"alg":"PS512")")));
  EXPECT_TRUE(make_key(ed.jwk()));
}

bool always(const Key&) { return true; }

TEST(JwtKeySet, TriesKeysOfTheKidAndThoseWithoutOne) {
  const auto mine = Signer::make("ES256", "mine"), twin = Signer::make("ES256", "mine"),
             bare = Signer::make("ES256", ""), other = Signer::make("ES256", "other");
  JsonDocument document;
  const std::string text = R"({"keys":[)" + other.jwk() + "," + mine.jwk() + "," + twin.jwk() +
                           R"(,{"kty":"XYZ"},)" + bare.jwk() + "]}";
  ASSERT_TRUE(document.parse(text));
  std::vector<Error> skipped;
  const auto set = make_key_set(document.root(), "/jwks", skipped);
  ASSERT_TRUE(set);
  EXPECT_EQ(set->keys.size(), 4u);
  ASSERT_EQ(skipped.size(), 1u);
  EXPECT_EQ(skipped[0].where, "/jwks/keys/3/kty");
  const struct {
    const Signer& signer;
    std::optional<std::string_view> kid;
    bool verifies;
  } cases[] = {
      {mine, "mine", true},    {twin, "mine", true},       {bare, "mine", true},
      {other, "mine", false},  {mine, "other", false},     {mine, "unknown", false},
      {bare, "unknown", true}, {mine, std::nullopt, true}, {other, std::nullopt, true},
      {mine, "", false},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    const auto& c = cases[i];
    EXPECT_EQ(set->verify(Alg::kEs256, c.kid, "a.b", c.signer.sign("a.b"), always), c.verifies)
        << i;
  }
}

TEST(JwtKeySet, TriesAtMostSixteenKeys) {
  for (const std::size_t before : {15u, 16u}) {
    std::string text = R"({"keys":[)";
    for (std::size_t i = 0; i < before; ++i) {
      text += Signer::make_hmac("HS256", "wrong-" + std::to_string(i), "").jwk() + ",";
    }
    const auto last = Signer::make_hmac("HS256", "right", "");
    text += last.jwk() + "]}";
    JsonDocument document;
    ASSERT_TRUE(document.parse(text));
    std::vector<Error> skipped;
    const auto set = make_key_set(document.root(), "", skipped);
    ASSERT_TRUE(set);
    EXPECT_EQ(set->verify(Alg::kHs256, std::nullopt, "a.b", last.sign("a.b"), always),
              before == 15);
  }
}

TEST(JwtKeySet, IsRefusedWhenNothingOfUseIsLeft) {
  const struct {
    const char *jwks, *where;
  } cases[] = {
      {"[]", "/jwks"},
      {"{}", "/jwks/keys"},
      {R"({"keys":{}})", "/jwks/keys"},
      {R"({"keys":[]})", "/jwks/keys"},
      {R"({"keys":[{"kty":"XYZ"},{"kty":"oct"}]})", "/jwks/keys/0/kty"},
      {R"({"kty":"oct"})", "/jwks/k"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.jwks);
    JsonDocument document;
    ASSERT_TRUE(document.parse(c.jwks));
    std::vector<Error> skipped;
    const auto set = make_key_set(document.root(), "/jwks", skipped);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().where, c.where);
  }
}

}  // namespace
}  // namespace sluice::jwt
