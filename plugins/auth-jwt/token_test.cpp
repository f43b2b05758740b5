// SPDX-License-Identifier: Apache-2.0
// The parser of tokens and what it stands on: base64url and strict JSON (auth.md 3.3, 3.6).
#include "base64url.hpp"
#include "json.hpp"
#include "token.hpp"

#include <gtest/gtest.h>

namespace sluice::jwt {
namespace {

using namespace std::string_literals;

TEST(JwtBase64url, HasOneSpellingForEveryText) {
  const struct {
    const char* text;
    bool good;
  } cases[] = {{"", true},       {"AA", true},    {"AAA", true},    {"AAAA", true},
               {"-_8", true},    {"A", false},    {"AAAAA", false}, {"AB", false},
               {"AAB", false},   {"AA==", false}, {"AAA=", false},  {"A A", false},
               {"AA\n", false},  {"+/8A", false}, {"AA.A", false},  {"\x80\x80", false},
               {"AAAA ", false}, {"Zg", true},    {"Zh", false},    {"Zm8", true},
               {"Zm9", false}};
  for (const auto& c : cases) {
    std::string bytes;
    EXPECT_EQ(decode_base64url(c.text, bytes), c.good) << c.text;
    if (!c.good) continue;
    EXPECT_EQ(encode_base64url(bytes), c.text);
  }
}

TEST(JwtJson, TakesStrictJsonAndNothingElse) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  std::string many = "[0";
  while (many.size() / 2 < kJsonNodesMax) many += ",0";
  const struct {
    std::string text;
    bool good;
  } cases[] = {
      {"{}", true},
      {" \t\r\n{ } \n", true},
      {"{}x", false},
      {"{}{}", false},
      {"{}\0"s, false},
      {"\xEF\xBB\xBF{}", false},
      {"", false},
      {"{", false},
      {R"({"a":1,})", false},
      {R"({a:1})", false},
      {R"({'a':1})", false},
      {R"({"a":1 "b":2})", false},
      {R"([1,,2])", false},
      {R"([1]])", false},
      {R"({"a":1,"b":1})", true},
      {R"({"a":1,"a":1})", false},
      {R"({"a":1,"b":2,"\u0061":3})", false},
      {R"({"x":[{"y":{"a":1,"a":2}}]})", false},
      {R"({"x":{"a":1},"y":{"a":1}})", true},
      {R"({"":1,"":2})", false},
      {R"({"é":1,"\u00e9":2})", false},
      {R"({"😀":1,"\ud83d\uDE00":2})", false},
      {R"(["\ud83d"])", false},
      {R"(["\ude00"])", false},
      {R"(["\ud83dx"])", false},
      {R"(["\ud83d\u0041"])", false},
      {R"(["\u00e"])", false},
      {R"(["\u-123"])", false},
      {R"(["\u+123"])", false},
      {R"(["\x41"])", false},
      {R"(["\u0000"])", true},
      {"[\"a\nb\"]", false},
      {"[\"\x7f\"]", true},
      {"[\"\xc3\xa9\"]", true},
      {"[\"\xc3\"]", false},
      {"[\"\xc0\x80\"]", false},
      {"[\"\xc1\xbf\"]", false},
      {"[\"\xe0\x80\x80\"]", false},
      {"[\"\xed\xa0\x80\"]", false},
      {"[\"\xf0\x80\x80\x80\"]", false},
      {"[\"\xf4\x8f\xbf\xbf\"]", true},
      {"[\"\xf4\x90\x80\x80\"]", false},
      {"[\"\xf5\x80\x80\x80\"]", false},
      {"[\"\xff\"]", false},
      {"[\"\\n\xff\"]", false},
      {"[\"\x80\"]", false},
      {"[NaN]", false},
      {"[Infinity]", false},
      {"[-Infinity]", false},
      {"[nan]", false},
      {"[01]", false},
      {"[+1]", false},
      {"[-]", false},
      {"[.5]", false},
      {"[1.]", false},
      {"[1e]", false},
      {"[0x10]", false},
      {"[-0.0e-10, 1E+2, 1e400]", true},
      {"[tru]", false},
      {"[True]", false},
      {"[null, true, false]", true},
      {nested(32), true},
      {nested(33), false},
      {nested(100'000), false},
      {many + "]", false},
  };
  for (const auto& c : cases) {
    JsonDocument document;
    EXPECT_EQ(document.parse(c.text), c.good) << c.text.substr(0, 80);
    EXPECT_EQ(bool(document.root()), c.good);
  }
}

TEST(JwtJson, UnescapesNamesAndTexts) {
  JsonDocument document;
  ASSERT_TRUE(
      document.parse(R"({"\u0061l\/g":"\"\\\b\f\n\r\t\u00e9\u20ac\ud83d\ude00","n":-1.5e1})"));
  EXPECT_EQ(document.root().member("al/g").text(), "\"\\\b\f\n\r\té€😀");
  EXPECT_EQ(document.root().member("n").number(), -15.0);
  EXPECT_FALSE(document.root().member("absent"));
  EXPECT_EQ(document.root().count(), 2u);
  std::string out;
  append_json_string(out, "a\"\\\n\x01é");
  EXPECT_EQ(out, "\"a\\\"\\\\\\u000a\\u0001é\"");
}

std::string make_token(std::string_view header, std::string_view payload) {
  return encode_base64url(header) + "." + encode_base64url(payload) + ".AA";
}

TEST(JwtToken, IsThreePartsOfStrictJsonWithAKnownAlgorithm) {
  constexpr const char* kHeader = R"({"alg":"HS256"})";
  const auto with_header = [](std::string_view header) { return make_token(header, "{}"); };
  const auto with_payload = [&](std::string_view payload) { return make_token(kHeader, payload); };
  const std::string h = encode_base64url(kHeader), p = encode_base64url("{}");
  const struct {
    const char* name;
    std::string text;
    Fault fault;
  } cases[] = {
      {"good", with_header(kHeader), Fault::kNone},
      {"empty", "", Fault::kForm},
      {"one part", h, Fault::kForm},
      {"two parts", h + "." + p, Fault::kForm},
      {"unsigned", h + "." + p + ".", Fault::kForm},
      {"no header", "." + p + ".AA", Fault::kForm},
      {"no payload", h + "..AA", Fault::kForm},
      {"four parts", h + "." + p + ".AA.AA", Fault::kForm},
      {"five parts, a JWE", h + ".AA.AA.AA.AA", Fault::kForm},
      {"8192 bytes", h + "." + std::string(8192 - h.size() - 4, 'A') + ".AA", Fault::kPayload},
      {"8193 bytes", h + "." + std::string(8193 - h.size() - 4, 'A') + ".AA", Fault::kForm},
      {"padding", h + "=." + p + ".AA", Fault::kBase64},
      {"a space inside", h + "." + p + ".A A", Fault::kBase64},
      {"trailing bits", h + "." + p + ".AB", Fault::kBase64},
      {"length 4n+1", h + "." + p + ".AAAAA", Fault::kBase64},
      {"header an array", with_header("[]"), Fault::kHeader},
      {"header a text", with_header("\"alg\""), Fault::kHeader},
      {"header not JSON", with_header("alg=HS256"), Fault::kHeader},
      {"header repeated", with_header(R"({"alg":"HS256","alg":"none"})"), Fault::kHeader},
      {"header repeated, hidden", with_header(R"({"alg":"HS256","\u0061lg":"none"})"),
       Fault::kHeader},
      {"header trailed", with_header(R"({"alg":"HS256"} {})"), Fault::kHeader},
      {"no alg", with_header("{}"), Fault::kAlg},
      {"alg none", with_header(R"({"alg":"none"})"), Fault::kAlg},
      {"alg None", with_header(R"({"alg":"None"})"), Fault::kAlg},
      {"alg NONE", with_header(R"({"alg":"NONE"})"), Fault::kAlg},
      {"alg nOnE", with_header(R"({"alg":"nOnE"})"), Fault::kAlg},
      {"alg empty", with_header(R"({"alg":""})"), Fault::kAlg},
      {"alg null", with_header(R"({"alg":null})"), Fault::kAlg},
      {"alg a number", with_header(R"({"alg":256})"), Fault::kAlg},
      {"alg a list", with_header(R"({"alg":["HS256"]})"), Fault::kAlg},
      {"alg hs256", with_header(R"({"alg":"hs256"})"), Fault::kAlg},
      {"alg with a space", with_header(R"({"alg":"HS256 "})"), Fault::kAlg},
      {"alg ES256K", with_header(R"({"alg":"ES256K"})"), Fault::kAlg},
      {"kid a number", with_header(R"({"alg":"HS256","kid":1})"), Fault::kKid},
      {"kid null", with_header(R"({"alg":"HS256","kid":null})"), Fault::kKid},
      {"crit", with_header(R"({"alg":"HS256","crit":["exp"]})"), Fault::kExtension},
      {"crit empty", with_header(R"({"alg":"HS256","crit":[]})"), Fault::kExtension},
      {"crit null", with_header(R"({"alg":"HS256","crit":null})"), Fault::kExtension},
      {"b64", with_header(R"({"alg":"HS256","b64":false})"), Fault::kExtension},
      {"b64 true", with_header(R"({"alg":"HS256","b64":true})"), Fault::kExtension},
      {"zip of plain JSON", with_header(R"({"alg":"HS256","zip":"DEF"})"), Fault::kNone},
      {"keys of the sender",
       with_header(R"({"alg":"HS256","jwk":{},"jku":"x","x5u":"x","x5c":[]})"), Fault::kNone},
      {"payload an array", with_payload("[]"), Fault::kPayload},
      {"payload a text", with_payload("\"x\""), Fault::kPayload},
      {"payload a number", with_payload("1"), Fault::kPayload},
      {"payload deflated", with_payload("\xab\x56\x4a\x2d\x4e\x01\x00"s), Fault::kPayload},
      {"payload not UTF-8", with_payload("{\"a\":\"\xff\"}"), Fault::kPayload},
      {"payload repeated", with_payload(R"({"uid":"a","uid":"b"})"), Fault::kPayload},
      {"payload repeated inside", with_payload(R"({"a":{"b":1,"b":2}})"), Fault::kPayload},
      {"payload trailed", with_payload("{}x"), Fault::kPayload},
      {"payload with space around", with_payload(" {} \n"), Fault::kNone},
      {"payload with a BOM", with_payload("\xEF\xBB\xBF{}"), Fault::kPayload},
      {"payload nested 31 deep",
       with_payload("{\"a\":" + std::string(31, '[') + std::string(31, ']') + "}"), Fault::kNone},
      {"payload nested 33 deep",
       with_payload("{\"a\":" + std::string(32, '[') + std::string(32, ']') + "}"),
       Fault::kPayload},
      {"exp a text", with_payload(R"({"exp":"1735693200"})"), Fault::kDate},
      {"exp null", with_payload(R"({"exp":null})"), Fault::kDate},
      {"exp true", with_payload(R"({"exp":true})"), Fault::kDate},
      {"exp a list", with_payload(R"({"exp":[1]})"), Fault::kDate},
      {"exp negative", with_payload(R"({"exp":-1})"), Fault::kDate},
      {"exp too large", with_payload(R"({"exp":253402300800})"), Fault::kDate},
      {"exp beyond doubles", with_payload(R"({"exp":1e400})"), Fault::kDate},
      {"exp the last", with_payload(R"({"exp":253402300799})"), Fault::kNone},
      {"exp a fraction", with_payload(R"({"exp":1735693200.25})"), Fault::kNone},
      {"exp with an exponent", with_payload(R"({"exp":1.7356932e9})"), Fault::kNone},
      {"nbf a text", with_payload(R"({"nbf":"1"})"), Fault::kDate},
      {"nbf negative", with_payload(R"({"nbf":-0.5})"), Fault::kDate},
      {"iat a text", with_payload(R"({"iat":"1"})"), Fault::kDate},
      {"iat an object", with_payload(R"({"iat":{}})"), Fault::kDate},
  };
  for (const auto& c : cases) {
    Token token;
    EXPECT_EQ(parse_token(c.text, 8192, token), c.fault) << c.name;
  }
}

}  // namespace
}  // namespace sluice::jwt
