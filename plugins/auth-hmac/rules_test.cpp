// SPDX-License-Identifier: Apache-2.0
// The rules of auth.md 4, each with its lines. The texts are written out by hand and signed by
// OpenSSL directly: what the plugin builds is compared with them through the signature alone.
#include "workbench.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace sluice::hmac {
namespace {

using testing::FakeRequest;

const std::string kDateLine = std::string(kDate) + "\n";
// The first five lines of a GET with nothing but a Date.
const std::string kGet = "GET\n\n\n\n" + kDateLine;
constexpr const char* kForm = "application/x-www-form-urlencoded";
const std::string kPostForm = std::string("POST\n\n\n") + kForm + "\n" + kDateLine;
constexpr const char* kMismatch = "400 A403IS Invalid Signature, Server StringToSign:`";
constexpr const char* kMalformed = "400 I400PA Invalid Parameters";

FakeRequest get(std::string query = {}) {
  return FakeRequest().path("/p").query(std::move(query)).header("Date", kDate);
}
FakeRequest post_form(std::string query, std::string body) {
  return get(std::move(query)).method("POST").header("Content-Type", kForm).body(std::move(body));
}

struct Case {
  const char* name;
  FakeRequest request;
  std::string text;  // what the client signed
  std::string outcome;
};

template <std::size_t kCount>
void expect_outcomes(const Case (&cases)[kCount], std::string_view settings = "{}") {
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto outcome = Bench(settings).judge(signed_by_alice(c.request, c.text));
    // A mismatch is told with the gateway's text, which tables do not repeat.
    EXPECT_EQ(c.outcome == kMismatch ? outcome.substr(0, c.outcome.size()) : outcome, c.outcome);
  }
}

// ---- 4.1 headers

TEST(HmacHeaders, KeySignatureAndMethodAreJudgedInTheirOrder) {
  const std::string good = sign("demo-secret-01", kGet + "/p");
  const std::string good_sha1 = sign("demo-secret-01", kGet + "/p", true);
  const auto with = [&](const char* key, const std::string& signature, const char* method) {
    auto request = get();
    if (*key) request.header("x-ca-key", key);
    if (!signature.empty()) request.header("x-ca-signature", signature);
    if (*method) request.header("x-ca-signature-method", method);
    return request;
  };
  const struct {
    const char* name;
    FakeRequest request;
    const char* outcome;
  } cases[] = {
      {"nothing", with("", "", ""), "skip 401 A400IK Invalid Key"},
      {"no key", with("", good, ""), "401 A400IK Invalid Key"},
      {"no signature", with("demo-key-01", "", ""), "401 A400ES Empty Signature"},
      {"no signature, unknown key", with("nobody", "", ""), "401 A400ES Empty Signature"},
      {"unknown key", with("nobody", good, ""), "401 A400IK Invalid Key"},
      {"key in another case", with("Demo-Key-01", good, ""), "401 A400IK Invalid Key"},
      {"a record without a secret", with("empty-secret", good, ""), "401 A400IK Invalid Key"},
      {"no method", with("demo-key-01", good, ""), "alice"},
      {"SHA-256", with("demo-key-01", good, "HmacSHA256"), "alice"},
      {"SHA-1", with("demo-key-01", good_sha1, "HmacSHA1"), "alice"},
      {"method in lower case", with("demo-key-01", good, "hmacsha256"),
       "400 A400IM Invalid Signature Method"},
      {"unknown method, unknown key", with("nobody", good, "HmacMD5"),
       "400 A400IM Invalid Signature Method"},
      {"SHA-1 as SHA-256", with("demo-key-01", good_sha1, "HmacSHA256"), kMismatch},
      {"SHA-256 as SHA-1", with("demo-key-01", good, "HmacSHA1"), kMismatch},
      {"an empty MAC of an empty secret", with("empty-secret", sign("", kGet + "/p"), ""),
       "401 A400IK Invalid Key"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Bench().judge(c.request).substr(0, std::string_view(c.outcome).size()), c.outcome)
        << c.name;
  }
  const auto sha1 = with("demo-key-01", good_sha1, "HmacSHA1");
  const auto sha256 = with("demo-key-01", good, "");
  EXPECT_EQ(Bench(R"({"algorithms":["HmacSHA256"]})").judge(sha1),
            "400 A400IM Invalid Signature Method");
  EXPECT_EQ(Bench(R"({"algorithms":["HmacSHA256"]})").judge(sha256), "alice");
  // A request that names no method means SHA-256.
  EXPECT_EQ(Bench(R"({"algorithms":["HmacSHA1"]})").judge(sha256),
            "400 A400IM Invalid Signature Method");
}

TEST(HmacHeaders, OneThatDecidesMustStandAlone) {
  for (const char* name :
       {"x-ca-key", "X-Ca-Signature", "x-ca-signature-headers", "x-ca-signature-method",
        "X-CA-TIMESTAMP", "x-ca-nonce", "date", "Content-MD5", "content-type"}) {
    const auto once = signed_by_alice(get(), kGet + "/p");
    auto repeated = once;
    repeated.header(name, "").header(name, "");
    EXPECT_EQ(Bench().judge(repeated), "400 I400HD Invalid Header") << name;
  }
}

TEST(HmacHeaders, OfAnyOtherRepeatedHeaderTheFirstIsSigned) {
  const Case cases[] = {
      {"Accept", get().header("Accept", "a/b").header("accept", "c/d"),
       "GET\na/b\n\n\n" + kDateLine + "/p", "alice"},
      {"Accept, second", get().header("Accept", "a/b").header("accept", "c/d"),
       "GET\nc/d\n\n\n" + kDateLine + "/p", kMismatch},
      {"listed",
       get().header("x-a", "1").header("X-A", "2").header("x-ca-signature-headers", "x-a"),
       kGet + "x-a:1\n/p", "alice"},
      {"listed, joined",
       get().header("x-a", "1").header("X-A", "2").header("x-ca-signature-headers", "x-a"),
       kGet + "x-a:1,2\n/p", kMismatch},
  };
  expect_outcomes(cases);
}

TEST(HmacHeaders, KeepTheirBytesAndTheirLimits) {
  std::string names64, names65, lines64;
  for (int i = 0; i < 65; ++i) {
    const std::string name = "x-" + std::to_string(100 + i);
    names65 += "," + name;
    if (i < 64) {
      names64 += "," + name;
      lines64 += name + ":\n";
    }
  }
  const std::string long_nonce(256, 'n');
  const Case cases[] = {
      {"an underscore in a name", get().header("ca_version", "1.1.2"), kGet + "/p", "alice"},
      {"an underscore in a signed name",
       get().header("ca_version", "1.1.2").header("x-ca-signature-headers", "ca_version"),
       kGet + "ca_version:1.1.2\n/p", "alice"},
      {"bytes above 0x7f",
       get().header("x-a", "\xe7\x94\xa8\xff").header("x-ca-signature-headers", "x-a"),
       kGet + "x-a:\xe7\x94\xa8\xff\n/p", "alice"},
      {"spaces and tabs around a value",
       get().header("x-a", " \t1 2\t ").header("x-ca-signature-headers", "x-a"),
       kGet + "x-a:1 2\n/p", "alice"},
      {"NUL", get().header("x-a", std::string("1\0", 2)), kGet + "/p", "400 I400HD Invalid Header"},
      {"CR", get().header("x-a", "1\r2"), kGet + "/p", "400 I400HD Invalid Header"},
      {"LF", get().header("x-a", "1\n2"), kGet + "/p", "400 I400HD Invalid Header"},
      {"64 members", get().header("x-ca-signature-headers", names64), kGet + lines64 + "/p",
       "alice"},
      {"65 members", get().header("x-ca-signature-headers", names65), kGet + "/p",
       "400 I400HD Invalid Header"},
      {"only empty members", get().header("x-ca-signature-headers", std::string(500, ',')),
       kGet + "/p", "alice"},
      {"a nonce of 256 bytes",
       get().header("x-ca-nonce", long_nonce).header("x-ca-signature-headers", "x-ca-nonce"),
       kGet + "x-ca-nonce:" + long_nonce + "\n/p", "alice"},
      {"a nonce of 257 bytes", get().header("x-ca-nonce", long_nonce + "n"), kGet + "/p",
       "400 I400HD Invalid Header"},
  };
  expect_outcomes(cases);
  EXPECT_EQ(
      Bench().judge(get().header("x-ca-signature", "s").header("x-ca-key", std::string(257, 'k'))),
      "400 I400HD Invalid Header");
  EXPECT_EQ(
      Bench().judge(get().header("x-ca-signature", "s").header("x-ca-key", std::string(256, 'k'))),
      "401 A400IK Invalid Key");
}

// ---- 4.2 the signed text

TEST(HmacText, SignedHeaderNamesCountAsWrittenOrInLowerCase) {
  const auto mixed = [](const char* list) {
    return get()
        .header("X-Ca-Stage", "PRE")
        .header("a-header", "1")
        .header("x-ca-signature-headers", list);
  };
  const Case cases[] = {
      {"no list, no line", get(), kGet + "/p", "alice"},
      {"as written, upper case sorts first", mixed("a-header,X-Ca-Stage"),
       kGet + "X-Ca-Stage:PRE\na-header:1\n/p", "alice"},
      {"in lower case, sorted again", mixed("a-header,X-Ca-Stage"),
       kGet + "a-header:1\nx-ca-stage:PRE\n/p", "alice"},
      {"in lower case, sorted as written", mixed("a-header,X-Ca-Stage"),
       kGet + "x-ca-stage:PRE\na-header:1\n/p", kMismatch},
      {"in the case of the header line", mixed("a-header,x-ca-stage"),
       kGet + "X-Ca-Stage:PRE\na-header:1\n/p", kMismatch},
      {"the order of the list means nothing", mixed("x-ca-stage, \ta-header ,,"),
       kGet + "a-header:1\nx-ca-stage:PRE\n/p", "alice"},
      {"absent or empty",
       get().header("x-empty", " ").header("x-ca-signature-headers", "x-none,x-empty"),
       kGet + "x-empty:\nx-none:\n/p", "alice"},
      {"those with a place of their own are dropped",
       get()
           .header("Accept", "*/*")
           .header("x-ca-signature-headers",
                   "ACCEPT,Content-MD5,content-type,Date,X-Ca-Signature,x-ca-signature-headers"),
       "GET\n*/*\n\n\n" + kDateLine + "/p", "alice"},
      {"only empty members", get().header("x-ca-signature-headers", " , ,"), kGet + "/p", "alice"},
      {"a name twice", get().header("x-a", "1").header("x-ca-signature-headers", "x-a,x-a"),
       kGet + "x-a:1\nx-a:1\n/p", "alice"},
  };
  expect_outcomes(cases);
}

TEST(HmacText, HasTheMethodInUpperCase) {
  const Case cases[] = {
      {"lower", get().method("get"), kGet + "/p", "alice"},
      {"lower, as sent", get().method("get"), "get" + kGet.substr(3) + "/p", kMismatch},
      {"any", get().method("Delete"), "DELETE" + kGet.substr(3) + "/p", "alice"},
  };
  expect_outcomes(cases);
}

TEST(HmacText, HasThePathAsSentOrDecodedButNeverForAnotherRoute) {
  const auto at = [](const char* path) { return get().path(path); };
  const Case cases[] = {
      {"raw", at("/v1/%E7%94%A8"), kGet + "/v1/%E7%94%A8", "alice"},
      {"decoded", at("/v1/%E7%94%A8"), kGet + "/v1/\xe7\x94\xa8", "alice"},
      {"decoded, names in lower case",
       at("/%61").header("X-A", "1").header("x-ca-signature-headers", "X-A"), kGet + "x-a:1\n/a",
       "alice"},
      {"decoded, names as written",
       at("/%61").header("X-A", "1").header("x-ca-signature-headers", "X-A"), kGet + "X-A:1\n/a",
       "alice"},
      {"a plus stays", at("/a+%62"), kGet + "/a+b", "alice"},
      {"a plus is no space", at("/a+%62"), kGet + "/a b", kMismatch},
      {"a space", at("/a%20b"), kGet + "/a b", "alice"},
      {"decoded once", at("/%2541"), kGet + "/A", kMismatch},
      {"slash", at("/a%2Fb"), kGet + "/a/b", kMismatch},
      {"slash, lower case", at("/a%2fb"), kGet + "/a/b", kMismatch},
      {"backslash", at("/a%5Cb"), kGet + "/a\\b", kMismatch},
      {"question mark", at("/a%3Fb"), kGet + "/a?b", kMismatch},
      {"number sign", at("/a%23b"), kGet + "/a#b", kMismatch},
      {"percent sign", at("/a%25b"), kGet + "/a%b", kMismatch},
      {"dot", at("/%2E%2e/b"), kGet + "/../b", kMismatch},
      {"delete", at("/a%7Fb"),
       kGet + "/a\x7f"
              "b",
       kMismatch},
      {"NUL", at("/a%00"), kGet + std::string("/a\0", 3), kMismatch},
      {"a control byte", at("/a%1F"), kGet + "/a\x1f", kMismatch},
      {"LF", at("/a%0Ab"), kGet + "/a\nb", kMismatch},
      {"one guarded escape spoils all", at("/%61%2F"), kGet + "/a/", kMismatch},
      {"guarded, raw", at("/a%2Fb"), kGet + "/a%2Fb", "alice"},
      {"the last byte before the guard", at("/%20"), kGet + "/ ", "alice"},
      {"malformed", at("/a%zz"), kGet + "/a%zz", kMalformed},
      {"cut", at("/a%4"), kGet + "/a%4", kMalformed},
  };
  expect_outcomes(cases);
}

TEST(HmacText, HasTheParametersDecodedSortedAndFirstOfEachName) {
  const Case cases[] = {
      {"none", get(), kGet + "/p", "alice"},
      {"only separators", get("&&"), kGet + "/p", "alice"},
      {"sorted by bytes", get("b=2&a=1&B=3&_=4&%C3%A9=5"), kGet + "/p?B=3&_=4&a=1&b=2&\xc3\xa9=5",
       "alice B=3&_=4&a=1&b=2&\xc3\xa9=5"},
      {"sorted after decoding", get("b=2&%61=1"), kGet + "/p?a=1&b=2", "alice a=1&b=2"},
      {"a prefix sorts first", get("ab=1&a=2"), kGet + "/p?a=2&ab=1", "alice a=2&ab=1"},
      {"the first value", get("a=1&b=2&a=3"), kGet + "/p?a=1&b=2", "alice a=1&b=2"},
      {"the last value", get("a=1&b=2&a=3"), kGet + "/p?a=3&b=2", kMismatch},
      {"equal after decoding", get("a=1&%61=2"), kGet + "/p?a=1", "alice a=1"},
      {"without a name", get("=1&a=2&="), kGet + "/p?a=2", "alice a=2"},
      {"split at the first equals sign", get("a=b=c"), kGet + "/p?a=b=c", "alice a=b=c"},
      {"decoded once", get("a=%2541"), kGet + "/p?a=%41", "alice a=%41"},
      {"not encoded", get("a=%41"), kGet + "/p?a=%41", kMismatch},
      {"empty: the name alone", get("a=&b&c=1"), kGet + "/p?a&b&c=1", "alice a=&b=&c=1"},
      {"empty: as Higress", get("a=&b&c=1"), kGet + "/p?a=&b=&c=1", "alice a=&b=&c=1"},
      {"empty: mixed", get("a=&b"), kGet + "/p?a=&b", kMismatch},
      {"no question mark without a parameter", get(""), kGet + "/p?", kMismatch},
      {"NUL and LF in a value", get("a=%00%0a"), kGet + std::string("/p?a=\0\n", 7),
       std::string("alice a=\0\n", 10)},
      {"malformed value", get("a=%zz"), kGet + "/p?a=%zz", kMalformed},
      {"malformed name", get("%=1"), kGet + "/p?%=1", kMalformed},
      {"a lone percent sign", get("a=100%"), kGet + "/p?a=100%", kMalformed},
      {"malformed without a name", get("=%zz&a=1"), kGet + "/p?a=1", kMalformed},
      {"malformed second value", get("a=1&a=%"), kGet + "/p?a=1", kMalformed},
  };
  expect_outcomes(cases);
}

TEST(HmacText, APlusIsASpaceOrAPlusAndIsBoundAsItWasSigned) {
  const Case cases[] = {
      {"space", get("a=x+y"), kGet + "/p?a=x y", "alice a=x y"},
      {"plus, as Higress", get("a=x+y"), kGet + "/p?a=x+y", "alice a=x+y"},
      {"encoded plus", get("a=x%2By"), kGet + "/p?a=x+y", "alice a=x+y"},
      // Whoever turns a signed %2B into + on the way leaves the signature valid under M2: what
      // the API sees is still the plus that was signed.
      {"turned on the way", get("a=x+y"), kGet + "/p?a=x+y", "alice a=x+y"},
      {"in a name", get("a+b=1"), kGet + "/p?a b=1", "alice a b=1"},
      {"in a form", post_form("", "a=x+y"), kPostForm + "/p?a=x y", "alice a=x y"},
      {"in a form, as Higress", post_form("", "a=x+y"), kPostForm + "/p?a=x+y", "alice a=x+y"},
      // Two names that are one under M2 only, and the other way round.
      {"two names", get("a+b=1&a%20b=2"), kGet + "/p?a b=1", "alice a b=1"},
      {"two names, as Higress", get("a+b=1&a%20b=2"), kGet + "/p?a b=2&a+b=1", "alice a b=2&a+b=1"},
  };
  expect_outcomes(cases);
}

TEST(HmacText, TakesFormParametersWhateverTheMethod) {
  const Case cases[] = {
      {"a form", post_form("c=3", "b=2&a=1"), kPostForm + "/p?a=1&b=2&c=3", "alice a=1&b=2&c=3"},
      {"the form wins", post_form("a=query", "a=form"), kPostForm + "/p?a=form", "alice a=form"},
      {"the query wins, as Higress", post_form("a=query", "a=form"), kPostForm + "/p?a=query",
       "alice a=query"},
      {"first of each, the form wins", post_form("a=q1&a=q2", "a=f1&a=f2"), kPostForm + "/p?a=f1",
       "alice a=f1"},
      {"never the second of one place", post_form("a=q1&a=q2", "a=f1&a=f2"), kPostForm + "/p?a=q2",
       kMismatch},
      {"an empty value wins too", post_form("a=query", "a="), kPostForm + "/p?a", "alice a="},
      {"a GET with a form", get("b=2").header("Content-Type", kForm).body("a=1"),
       std::string("GET\n\n\n") + kForm + "\n" + kDateLine + "/p?a=1&b=2", "alice a=1&b=2"},
      {"a form's type and no body: verified all the same", get("b=2").header("Content-Type", kForm),
       std::string("GET\n\n\n") + kForm + "\n" + kDateLine + "/p?b=2", "alice b=2"},
      {"a form's type and no body, a wrong signature", get("b=2").header("Content-Type", kForm),
       "whatever", kMismatch},
      {"the type in any case, with parameters",
       get()
           .method("POST")
           .header("Content-Type", "Application/X-WWW-Form-URLEncoded ; a=b")
           .body("a=1"),
       "POST\n\n\nApplication/X-WWW-Form-URLEncoded ; a=b\n" + kDateLine + "/p?a=1", "alice a=1"},
      {"no form", get().method("POST").header("Content-Type", "text/plain").body("a=1&b=%zz"),
       "POST\n\n\ntext/plain\n" + kDateLine + "/p", "alice"},
      {"almost a form",
       get()
           .method("POST")
           .header("Content-Type", "application/x-www-form-urlencoded2")
           .body("a=1"),
       "POST\n\n\napplication/x-www-form-urlencoded2\n" + kDateLine + "/p", "alice"},
      {"multipart",
       get().method("POST").header("Content-Type", "multipart/form-data; boundary=x").body("a=1"),
       "POST\n\n\nmultipart/form-data; boundary=x\n" + kDateLine + "/p", "alice"},
      {"no type", get().method("POST").body("a=1"), "POST\n\n\n\n" + kDateLine + "/p", "alice"},
      {"malformed", post_form("", "a=%zz"), kPostForm + "/p?a=%zz", kMalformed},
  };
  expect_outcomes(cases);
}

TEST(HmacText, HasAtMostAThousandParameters) {
  std::string query = "p100=0", form = "f100=0";
  for (int i = 101; i < 600; ++i) form += "&f" + std::to_string(i) + "=0";
  for (int i = 101; i < 600; ++i) query += "&p" + std::to_string(i) + "=0";
  const std::string thousand = kPostForm + "/p?" + form + "&" + query;
  const auto good = Bench().judge(signed_by_alice(post_form(query, form), thousand));
  EXPECT_EQ(good.substr(0, 13), "alice f100=0&");
  EXPECT_EQ(Bench().judge(signed_by_alice(post_form(query + "&p100=0", form), thousand)),
            "400 I400PA Too Many Parameters");
  // Parts without a name are none.
  EXPECT_EQ(Bench().judge(signed_by_alice(post_form(query + "&=&&", form), thousand)), good);
}

// ---- 4.3 what is bound

TEST(HmacBinding, ShowsTheApiNothingThatWasNotSigned) {
  const Case cases[] = {
      {"a duplicate appended", get("user_id=1&user_id=2"), kGet + "/p?user_id=1",
       "alice user_id=1"},
      {"a duplicate appended, encoded", get("user_id=1&%75ser_id=2"), kGet + "/p?user_id=1",
       "alice user_id=1"},
      {"a duplicate in a form", post_form("user_id=1", "user_id=2"), kPostForm + "/p?user_id=1",
       "alice user_id=1"},
      {"another name appended", get("user_id=1&a=2"), kGet + "/p?user_id=1", kMismatch},
      {"a body that is no form",
       get("user_id=1")
           .method("POST")
           .header("Content-Type", "application/json")
           .body(R"({"user_id":2,"a":3})"),
       "POST\n\n\napplication/json\n" + kDateLine + "/p?user_id=1", "alice user_id=1"},
  };
  expect_outcomes(cases);
}

// ---- 4.4 the signature's text

TEST(HmacSignature, IsStandardBase64WithPadding) {
  const std::string good = sign("demo-secret-01", kGet + "/p");
  ASSERT_EQ(good.size(), 44u);
  std::string no_padding = good.substr(0, 43), last = good;
  // The last digit has two unused bits.
  last[42] = static_cast<char>(last[42] + 1);
  const struct {
    const char* name;
    std::string signature;
    bool is_good;
  } cases[] = {
      {"as it is", good, true},
      {"spaces around", "  " + good + "\t", true},
      {"no padding", no_padding, false},
      {"more padding", good + "=", false},
      {"unused bits", last, false},
      {"hex", std::string(64, 'a'), false},
      {"percent-encoded", no_padding + "%3D", false},
      {"an inner space", good.substr(0, 10) + " " + good.substr(11), false},
      {"empty base64", "====", false},
  };
  for (const auto& c : cases) {
    const auto request =
        get().header("x-ca-key", "demo-key-01").header("x-ca-signature", c.signature);
    EXPECT_EQ(Bench().judge(request) == "alice", c.is_good) << c.name;
  }
  // Until one has a character that base64url writes differently.
  for (int i = 0;; ++i) {
    ASSERT_LT(i, 1000);
    const std::string query = "i=" + std::to_string(i);
    std::string signature = sign("demo-secret-01", kGet + "/p?" + query);
    if (signature.find_first_of("+/") == std::string::npos) continue;
    for (char& c : signature) c = c == '+' ? '-' : c == '/' ? '_' : c;
    EXPECT_NE(Bench().judge(
                  get(query).header("x-ca-key", "demo-key-01").header("x-ca-signature", signature)),
              "alice " + query);
    break;
  }
}

// ---- 4.5 Content-MD5

TEST(HmacContentMd5, IsComparedWithTheBodyWheneverItIsThere) {
  constexpr const char* kEmpty = "1B2M2Y8AsgTpgAmY7PhCfg==";
  constexpr const char* kHello = "XUFAKrxLKna5cZ2REBfFkg==";  // of "hello"
  const auto with = [](FakeRequest request, const char* md5) {
    return request.header("Content-MD5", md5);
  };
  const auto json = get().method("POST").header("Content-Type", "application/json").body("hello");
  const auto text = [](const char* method, const std::string& md5, const std::string& type) {
    return std::string(method) + "\n\n" + md5 + "\n" + type + "\n" + kDateLine + "/p";
  };
  constexpr const char* kInvalid = "400 I400I5 Invalid Content-MD5";
  const Case cases[] = {
      {"right", with(json, kHello), text("POST", kHello, "application/json"), "alice"},
      {"of another body", with(json, kEmpty), text("POST", kEmpty, "application/json"), kInvalid},
      {"of the empty body", with(get(), kEmpty), text("GET", kEmpty, ""), "alice"},
      {"not of the empty body", with(get(), kHello), text("GET", kHello, ""), kInvalid},
      {"hex", with(json, "5d41402abc4b2a76b9719d911017c592"),
       text("POST", "5d41402abc4b2a76b9719d911017c592", "application/json"), kInvalid},
      {"no padding", with(json, "XUFAKrxLKna5cZ2REBfFkg"),
       text("POST", "XUFAKrxLKna5cZ2REBfFkg", "application/json"), kInvalid},
      {"empty means absent", with(json, " "), text("POST", "", "application/json"), "alice"},
      {"absent", json, text("POST", "", "application/json"), "alice"},
      {"of a form", with(post_form("", "hello"), kHello), text("POST", kHello, kForm) + "?hello",
       "alice hello="},
      {"of a form, wrong", with(post_form("", "hello"), kEmpty),
       text("POST", kEmpty, kForm) + "?hello", kInvalid},
      {"the signature is looked at first", with(json, kEmpty), "whatever", kMismatch},
  };
  expect_outcomes(cases);

  const Case required[] = {
      {"right", with(json, kHello), text("POST", kHello, "application/json"), "alice"},
      {"absent", json, text("POST", "", "application/json"), kInvalid},
      {"empty", with(json, ""), text("POST", "", "application/json"), kInvalid},
      {"absent, a form: the signature covers it", post_form("", "hello"),
       text("POST", "", kForm) + "?hello", "alice hello="},
      {"absent, no body", get(), kGet + "/p", "alice"},
      {"absent, a body on a GET", get().body("hello"), kGet + "/p", kInvalid},
  };
  expect_outcomes(required, R"({"require_content_md5":true})");
}

TEST(HmacBody, HasABound) {
  constexpr const char* kEight = R"({"body_bytes_max":8})";
  const auto with = [](const char* body) { return get().method("POST").body(body); };
  const Case cases[] = {
      {"at the bound", with("12345678"), "POST" + kGet.substr(3) + "/p", "alice"},
      {"above", with("123456789"), "POST" + kGet.substr(3) + "/p",
       "413 I413RL Request Body Too Large"},
  };
  expect_outcomes(cases, kEight);
  // Size comes before everything that costs something.
  EXPECT_EQ(Bench(kEight).judge(with("123456789")), "413 I413RL Request Body Too Large");
}

TEST(HmacBody, AFormBeyondTheCallsMemoryIsRefusedAndNotHalfRead) {
  const std::string body = "a=" + std::string(2u << 20, '+');
  const std::string text = kPostForm + "/p?a=" + std::string(2u << 20, ' ');
  EXPECT_EQ(Bench().judge(signed_by_alice(post_form("", body), text)),
            "413 I413RL Request Body Too Large");
  // Without anything to decode it needs no memory of the call.
  const std::string plain = std::string(2u << 20, 'x');
  EXPECT_EQ(Bench()
                .judge(signed_by_alice(post_form("", "a=" + plain), kPostForm + "/p?a=" + plain))
                .size(),
            8 + plain.size());
}

// ---- 4.6 time

TEST(HmacTime, DateComesFirstThenASignedTimestamp) {
  const auto at = [](const char* date) {
    auto request = FakeRequest().path("/p");
    if (*date) request.header("Date", date);
    return request;
  };
  const auto text = [](const char* date, const std::string& lines = {}) {
    return std::string("GET\n\n\n\n") + date + "\n" + lines + "/p";
  };
  const auto stamped = [&](const char* date, const char* stamp, const char* list) {
    return at(date).header("x-ca-timestamp", stamp).header("x-ca-signature-headers", list);
  };
  constexpr const char* kInvalid = "400 A400ID Invalid Date";
  const Case cases[] = {
      {"RFC 9110", at(kDate), text(kDate), "alice"},
      {"GMT+00:00", at("Wed, 01 Jan 2025 00:00:00 GMT+00:00"),
       text("Wed, 01 Jan 2025 00:00:00 GMT+00:00"), "alice"},
      {"RFC 850", at("Wednesday, 01-Jan-25 00:00:00 GMT"),
       text("Wednesday, 01-Jan-25 00:00:00 GMT"), "alice"},
      {"asctime", at("Wed Jan  1 00:00:00 2025"), text("Wed Jan  1 00:00:00 2025"), "alice"},
      {"another zone", at("Wed, 01 Jan 2025 08:00:00 +0800"),
       text("Wed, 01 Jan 2025 08:00:00 +0800"), kInvalid},
      {"ISO 8601", at("2025-01-01T00:00:00Z"), text("2025-01-01T00:00:00Z"), kInvalid},
      {"no time", at(""), text(""), kInvalid},
      {"timestamp in milliseconds", stamped("", "1735689600123", "x-ca-timestamp"),
       text("", "x-ca-timestamp:1735689600123\n"), "alice"},
      {"timestamp in seconds", stamped("", "1735689600", "X-Ca-Timestamp"),
       text("", "X-Ca-Timestamp:1735689600\n"), "alice"},
      {"timestamp that nobody signed", stamped("", "1735689600123", "x-ca-key"),
       text("", "x-ca-key:demo-key-01\n"), kInvalid},
      {"timestamp with a letter", stamped("", "1735689600x", "x-ca-timestamp"),
       text("", "x-ca-timestamp:1735689600x\n"), kInvalid},
      {"signed and absent", at("").header("x-ca-signature-headers", "x-ca-timestamp"),
       text("", "x-ca-timestamp:\n"), kInvalid},
      {"a stale timestamp beside a good Date", stamped(kDate, "1", "x-ca-timestamp"),
       text(kDate, "x-ca-timestamp:1\n"), "alice"},
      {"a good timestamp beside a bad Date",
       stamped("yesterday", "1735689600123", "x-ca-timestamp"),
       text("yesterday", "x-ca-timestamp:1735689600123\n"), kInvalid},
      {"a good timestamp beside a stale Date",
       stamped("Tue, 31 Dec 2024 00:00:00 GMT", "1735689600123", "x-ca-timestamp"),
       text("Tue, 31 Dec 2024 00:00:00 GMT", "x-ca-timestamp:1735689600123\n"), kInvalid},
      {"the signature is looked at first", at("yesterday"), text("today"), kMismatch},
  };
  expect_outcomes(cases);
}

TEST(HmacTime, TheWindowIncludesItsEnds) {
  const auto dated = signed_by_alice(get(), kGet + "/p");
  const auto stamped = signed_by_alice(FakeRequest()
                                           .path("/p")
                                           .header("x-ca-timestamp", "1735689600123")
                                           .header("x-ca-signature-headers", "x-ca-timestamp"),
                                       "GET\n\n\n\n\nx-ca-timestamp:1735689600123\n/p");
  const struct {
    const char* name;
    const FakeRequest& request;
    const char* settings;
    std::int64_t late_ms;
    bool is_good;
  } cases[] = {
      {"now", dated, "{}", 0, true},
      {"late, at the end", dated, "{}", 900'000, true},
      {"late, beyond", dated, "{}", 900'001, false},
      {"early, at the end", dated, "{}", -900'000, true},
      {"early, beyond", dated, "{}", -900'001, false},
      {"stamped, at the end", stamped, "{}", 900'123, true},
      {"stamped, beyond", stamped, "{}", 900'124, false},
      {"stamped, early", stamped, "{}", -899'877, true},
      {"stamped, too early", stamped, "{}", -899'878, false},
      {"another window", dated, R"({"date_offset":5})", 5'000, true},
      {"beyond another window", dated, R"({"date_offset":5})", 5'001, false},
      {"no window", dated, R"({"date_offset":0})", 999'999'999'999, true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Bench(c.settings).judge(c.request, kNowMs + c.late_ms),
              c.is_good ? "alice" : "400 A400ID Invalid Date")
        << c.name;
  }
}

// ---- 4.7 nonces

// A request of a consumer with a signed nonce; `date` is its time and its line.
FakeRequest make_once(const char* nonce, const char* date = kDate, const char* query = "",
                      const char* key = "demo-key-01", const char* secret = "demo-secret-01") {
  const std::string text = std::string("GET\n\n\n\n") + date + "\nx-ca-nonce:" + nonce + "\n/p" +
                           (*query ? "?" : "") + query;
  return FakeRequest()
      .path("/p")
      .query(query)
      .header("Date", date)
      .header("x-ca-nonce", nonce)
      .header("x-ca-signature-headers", "x-ca-nonce")
      .header("x-ca-key", key)
      .header("x-ca-signature", sign(secret, text));
}

TEST(HmacNonce, IsGoodOnceForAKey) {
  Bench bench;
  EXPECT_EQ(bench.judge(make_once("n1")), "alice");
  EXPECT_EQ(bench.judge(make_once("n1")), "400 A400NU Nonce Used");
  EXPECT_EQ(bench.judge(make_once("n1", kDate, "a=1")), "400 A400NU Nonce Used")
      << "another request with the same nonce";
  EXPECT_EQ(bench.judge(make_once("N1")), "alice") << "the letter case counts";
  EXPECT_EQ(bench.judge(make_once("n1", kDate, "", "demo-key-03", "demo-secret-03")), "carol")
      << "another consumer's";
  Bench other;
  EXPECT_EQ(other.judge(make_once("n1")), "alice") << "another instance";
}

TEST(HmacNonce, IsRememberedUntilTheRequestsTimePlusTheWindowPlusAMinute) {
  constexpr const char* kLater = "Wed, 01 Jan 2025 00:15:00 GMT";
  const struct {
    const char* name;
    std::int64_t after_s;
    const char* outcome;
  } cases[] = {
      {"at the end of the window", 900, "400 A400NU Nonce Used"},
      {"within the minute", 959, "400 A400NU Nonce Used"},
      {"at the end of the minute", 960, "400 A400NU Nonce Used"},
      {"after it", 961, "alice"},
  };
  for (const auto& c : cases) {
    Bench bench;
    EXPECT_EQ(bench.judge(make_once("n")), "alice");
    EXPECT_EQ(bench.judge(make_once("n", kLater), kNowMs + c.after_s * 1000), c.outcome) << c.name;
  }
  // A request from the end of the window to come is remembered for longer.
  Bench bench;
  EXPECT_EQ(bench.judge(make_once("n", kLater)), "alice");
  EXPECT_EQ(bench.judge(make_once("n", kLater), kNowMs + 1'800'000), "400 A400NU Nonce Used");
}

TEST(HmacNonce, IsNotBurntByARequestThatIsRefused) {
  Bench bench;
  auto other_path = make_once("n").path("/other");
  auto with_md5 = make_once("n").header("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==");
  EXPECT_EQ(bench.judge(other_path).substr(0, 10), "400 A403IS");
  EXPECT_EQ(bench.judge(with_md5).substr(0, 10), "400 A403IS");
  EXPECT_EQ(bench.judge(make_once("n", kDate, "", "demo-key-01", "another")).substr(0, 10),
            "400 A403IS");
  EXPECT_EQ(bench.judge(make_once("n", kDate, "", "nobody", "demo-secret-01")),
            "401 A400IK Invalid Key");
  EXPECT_EQ(bench.judge(make_once("n"), kNowMs + 900'001), "400 A400ID Invalid Date");
  EXPECT_EQ(bench.judge(make_once("n")), "alice");
  EXPECT_EQ(bench.judge(make_once("n")), "400 A400NU Nonce Used");
}

TEST(HmacNonce, CountsOnlyWhenItIsSigned) {
  const auto request =
      signed_by_alice(get().header("x-ca-nonce", "n"), kGet + "/p");  // not in any list
  Bench bench;
  EXPECT_EQ(bench.judge(request), "alice");
  EXPECT_EQ(bench.judge(request), "alice");
  Bench strict(R"({"require_nonce":true})");
  EXPECT_EQ(strict.judge(request), "400 A400NU Nonce Missing");
  EXPECT_EQ(strict.judge(signed_by_alice(get(), kGet + "/p")), "400 A400NU Nonce Missing");
  EXPECT_EQ(strict.judge(make_once("")), "400 A400NU Nonce Missing");
  EXPECT_EQ(strict.judge(make_once("n")), "alice");
  EXPECT_EQ(strict.judge(make_once("n")), "400 A400NU Nonce Used");
  Bench loose(R"({"nonce_check":false})");
  EXPECT_EQ(loose.judge(make_once("n")), "alice");
  EXPECT_EQ(loose.judge(make_once("n")), "alice");
}

TEST(HmacNonce, AFullStoreRefusesRatherThanForgets) {
  Bench bench(R"({"nonces_max":2,"date_offset":5})");
  constexpr const char* kFull = "503 A503NF Replay check is full, retry later";
  EXPECT_EQ(bench.judge(make_once("a")), "alice");
  EXPECT_EQ(bench.judge(make_once("b")), "alice");
  EXPECT_EQ(bench.judge(make_once("c")), kFull);
  EXPECT_EQ(bench.judge(make_once("a")), "400 A400NU Nonce Used");
  EXPECT_EQ(bench.judge(make_once("c")), kFull);
  EXPECT_EQ(bench.judge(signed_by_alice(get(), kGet + "/p")), "alice") << "without a nonce";
  // When the first two have expired there is room again, for two.
  constexpr const char* kLater = "Wed, 01 Jan 2025 00:01:06 GMT";
  EXPECT_EQ(bench.judge(make_once("c", kLater), kNowMs + 65'000), kFull);
  EXPECT_EQ(bench.judge(make_once("c", kLater), kNowMs + 66'000), "alice");
  EXPECT_EQ(bench.judge(make_once("d", kLater), kNowMs + 66'000), "alice");
  EXPECT_EQ(bench.judge(make_once("e", kLater), kNowMs + 66'000), kFull);
}

TEST(HmacNonce, WithoutAWindowIsKeptForAQuarterOfAnHour) {
  Bench bench(R"({"date_offset":0})");
  EXPECT_TRUE(bench.host().logged("a captured request can be sent again"));
  EXPECT_EQ(bench.judge(make_once("n", "whenever")), "alice");
  EXPECT_EQ(bench.judge(make_once("n", "whenever"), kNowMs + 900'000), "400 A400NU Nonce Used");
  EXPECT_EQ(bench.judge(make_once("n", "whenever"), kNowMs + 901'000), "alice");
  Bench with_window;
  EXPECT_TRUE(with_window.host().log().empty());
}

TEST(HmacNonce, IsGoodOnceHoweverManyThreadsSendIt) {
  constexpr int kThreads = 4, kRounds = 200;
  Bench bench;
  std::vector<FakeRequest> requests;
  for (int i = 0; i < kRounds; ++i) requests.push_back(make_once(std::to_string(i).c_str()));
  std::atomic<int> accepted{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (const auto& request : requests) {
          const FakeRequest own = request;
          accepted += bench.is_accepted(own);
        }
      });
    }
  }
  EXPECT_EQ(accepted, kRounds);
}

// ---- 1.2 order, 4.9 answers

TEST(HmacAnswers, AuthorisationComesAfterTheProof) {
  auto table = credentials();
  table.grant_only({"carol"});
  Bench bench("{}", table);
  EXPECT_EQ(bench.judge(make_once("n")), "403 A403UC Unauthorized Consumer");
  EXPECT_EQ(bench.judge(make_once("n")), "400 A400NU Nonce Used");
  EXPECT_EQ(bench.judge(make_once("n").path("/q")).substr(0, 10), "400 A403IS");
  EXPECT_EQ(bench.judge(make_once("n", kDate, "", "demo-key-03", "demo-secret-03")), "carol");
  EXPECT_EQ(bench.judge(make_once("m")), "403 A403UC Unauthorized Consumer");
  EXPECT_EQ(bench.told().find_header("WWW-Authenticate"), "");
}

TEST(HmacAnswers, ChallengeOnlyWith401) {
  const auto hostile = FakeRequest().authority("a\"b\\\r\nX: y\x80");
  const auto long_host = FakeRequest().authority(std::string(300, 'h') + "\"");
  const auto wrong = signed_by_alice(get(), "wrong");
  const struct {
    const FakeRequest& request;
    std::string challenge;
  } cases[] = {
      {FakeRequest(), "HMAC-SHA256 realm=\"api.example.com\""},
      {hostile, "HMAC-SHA256 realm=\"a%22b%5C%0D%0AX:%20y%80\""},
      {long_host, "HMAC-SHA256 realm=\"" + std::string(255, 'h') + "\""},
      {wrong, ""},
  };
  for (const auto& c : cases) {
    Bench bench;
    bench.judge(c.request);
    EXPECT_EQ(bench.told().find_header("WWW-Authenticate"), c.challenge);
  }
}

TEST(HmacAnswers, TheMismatchShowsTheFirstTextEscapedAndBounded) {
  const struct {
    const char* name;
    FakeRequest request;
    std::string message;
  } cases[] = {
      {"names as listed, form first, no equals sign",
       post_form("a=query&b=", "a=form")
           .header("X-Ca-Stage", "PRE")
           .header("X-Ca-Signature-Headers", "X-Ca-Stage"),
       "POST###application/x-www-form-urlencoded#" + std::string(kDate) +
           "#X-Ca-Stage:PRE#/p?a=form&b"},
      {"control bytes and others", get("a=%0d%0aX:%00%09%7f%25%E7%94%A8%ff%60"),
       "GET####" + std::string(kDate) + "#/p?a=%0D#X:%00%09%7F%\xe7\x94\xa8\xff`"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Bench().judge(signed_by_alice(c.request, "wrong")), kMismatch + c.message + "`")
        << c.name;
  }
  // At most 8 KiB, counted after escaping.
  for (const char* unit : {"x", "%01", "%C3%A9"}) {
    std::string query = "a=";
    for (int i = 0; i < 9000; ++i) query += unit;
    Bench bench;
    bench.judge(signed_by_alice(get(query), "wrong"));
    EXPECT_LE(bench.told().message.size(), 8192u);
    EXPECT_GE(bench.told().message.size(), 8190u);
    EXPECT_EQ(bench.told().message.back(), '`');
  }
}

TEST(HmacAnswers, HintsThatASignatureIsNotPercentEncoded) {
  const auto request =
      get()
          .header("x-ca-key", "demo-key-01")
          .header("x-ca-signature", sign("demo-secret-01", kGet + "/p").substr(0, 43) + "%3D");
  const auto told = Bench().judge(request);
  EXPECT_EQ(told, std::string(kMismatch) + "GET####" + kDate +
                      "#/p` (the signature has a '%': send the base64 text as it is, not "
                      "percent-encoded)");
}

TEST(HmacAnswers, TellNoSecretAndNoSignature) {
  const std::string good = sign("demo-secret-01", kGet + "/p?a=1");
  Bench bench;
  bench.judge(signed_by_alice(get("a=1"), "wrong"));
  const auto said = bench.told().message + bench.told().internal;
  EXPECT_EQ(said.find("demo-secret"), std::string::npos);
  EXPECT_EQ(said.find(good), std::string::npos) << "the right signature is worth as much";
}

TEST(HmacAnswers, Are503WhenCredentialsCannotBeLookedUp) {
  const auto unreachable = credentials().failing_with(SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(Bench("{}", unreachable).judge(signed_by_alice(get(), kGet + "/p")),
            "503 A503CU Credentials cannot be checked now");
}

TEST(HmacAnswers, AnAcceptedCallIsNotValidForAnother) {
  Bench bench;
  bench.judge(signed_by_alice(get(), kGet + "/p"));
  EXPECT_EQ(bench.told().valid_until_ns, 0u);
  EXPECT_TRUE(bench.told().parameters_verified);
}

}  // namespace
}  // namespace sluice::hmac
