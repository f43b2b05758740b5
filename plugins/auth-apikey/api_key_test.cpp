// SPDX-License-Identifier: Apache-2.0
// Settings, behaviour and conformance of auth-apikey, against the file that is shipped.
#include "settings.hpp"

#include <sluice/testing/authenticator_conformance.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/recording_made.hpp>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <cstdlib>

namespace sluice::apikey {
namespace {

using sluice::testing::AuthenticatorConformance;
using sluice::testing::AuthenticatorSubject;
using sluice::testing::CredentialTable;
using sluice::testing::FakeHost;
using sluice::testing::FakeRequest;
using sluice::testing::RecordingAuthOut;
using sluice::testing::RecordingMade;
using sluice::testing::ScriptedOp;
using sluice::testing::TestInstance;

#ifndef AUTH_APIKEY_FILE  // tests/plugins runs the same cases on a file of another compiler
#define AUTH_APIKEY_FILE SLUICE_PLUGIN_DIR "/auth-apikey.so"
#endif
constexpr std::string_view kFile = AUTH_APIKEY_FILE;

constexpr std::string_view kAlice = "dk_alice_0123456789abcdef";    // Authorization: Bearer
constexpr std::string_view kBob = "dk_bob_0123456789abcdef";        // header X-API-Key
constexpr std::string_view kCarol = "dk carol+%/0123456789abcdef";  // query parameter apikey
constexpr std::string_view kDave = "dk_dave_0123456789abcdef";      // no place noted: bearer
constexpr std::string_view kEve = "dk_eve_0123456789abcdef";        // a damaged record
constexpr std::string_view kCarolEncoded = "dk+carol%2b%25%2F0123456789abcdef";

std::string make_sha256(std::string_view text) {
  std::string digest(32, '\0');
  EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  return digest;
}

const CredentialTable& credentials() {
  static const CredentialTable table = [] {
    CredentialTable made;
    const struct {
      std::string_view key;
      const char *consumer, *source;
    } keys[] = {{kAlice, "alice", "bearer"},
                {kBob, "bob", "header:x-api-key"},
                {kCarol, "carol", "query:apikey"},
                {kDave, "dave", ""}};
    for (const auto& [key, consumer, source] : keys) {
      made.add("api-key", make_sha256(key),
               {.id = std::string("cred-") + consumer,
                .consumer = consumer,
                .secret = make_sha256(key),
                .attributes = {{"display", "dk_"}, {"source", source}}});
    }
    made.add("api-key", make_sha256(kEve),
             {.id = "cred-eve", .consumer = "eve", .secret = "short", .attributes = {}});
    return made;
  }();
  return table;
}

std::string bearer(std::string_view key) { return "Bearer " + std::string(key); }

const sluice_component& component() {
  const auto plugin = sluice::testing::load_plugin(std::string(kFile));
  const auto* found =
      plugin ? sluice::testing::find_component(**plugin, SLUICE_KIND_AUTHENTICATOR, "api-key")
             : nullptr;
  if (!found) std::abort();  // the file is missing: no case of this program means anything
  return *found;
}

// "principal alice", "skip ..." or "rejected ...", with status and code of the answer.
std::string judge(const FakeRequest& request, std::string_view settings = "{}",
                  RecordingAuthOut* told = nullptr) {
  FakeHost host;
  const auto instance = TestInstance::make(component(), host, settings);
  if (!instance) return "settings: " + instance.error().detail;
  ScriptedOp op({.request = &request, .credentials = &credentials()});
  RecordingAuthOut own;
  RecordingAuthOut& out = told ? *told : own;
  const Status status = (*instance)->authenticate(op.raw(), out.raw());
  if (status == SLUICE_OK) return "principal " + out.consumer;
  return (status == SLUICE_SKIP ? "skip " : "rejected ") + std::to_string(out.http_status) + " " +
         out.code + " " + out.message;
}

constexpr const char* kMissing = "skip 401 A401NK No API key found in request";
constexpr const char* kInvalid = "rejected 401 A401IK Invalid API key";
constexpr const char* kRepeated = "rejected 401 A401IK Multiple API keys found in request";

TEST(ApiKeyAuthenticator, JudgesWhatIsSentAndWhere) {
  const std::string alice(kAlice), bob(kBob), carol(kCarolEncoded);
  const struct {
    const char* name;
    FakeRequest request;
    std::string outcome;
  } cases[] = {
      {"nothing", FakeRequest(), kMissing},
      // The default source: Authorization.
      {"bearer", FakeRequest().header("Authorization", "Bearer " + alice), "principal alice"},
      {"scheme in any case", FakeRequest().header("authorization", "bEARER " + alice),
       "principal alice"},
      {"several spaces", FakeRequest().header("Authorization", "Bearer   " + alice + "  "),
       "principal alice"},
      {"no place noted means bearer", FakeRequest().header("Authorization", bearer(kDave)),
       "principal dave"},
      {"another scheme", FakeRequest().header("Authorization", "Basic " + alice), kMissing},
      {"no scheme", FakeRequest().header("Authorization", alice), kMissing},
      {"a longer scheme", FakeRequest().header("Authorization", "Bearers " + alice), kMissing},
      {"no space", FakeRequest().header("Authorization", "Bearer" + alice), kMissing},
      {"a tab is no space", FakeRequest().header("Authorization", "Bearer\t" + alice), kMissing},
      {"no key", FakeRequest().header("Authorization", "Bearer"), kMissing},
      {"spaces for a key", FakeRequest().header("Authorization", "Bearer   "), kMissing},
      {"unknown", FakeRequest().header("Authorization", "Bearer " + alice + "0"), kInvalid},
      {"other case of the key", FakeRequest().header("Authorization", "Bearer DK_ALICE"), kInvalid},
      {"two lines",
       FakeRequest().header("Authorization", bearer(kAlice)).header("AUTHORIZATION", "x"),
       kRepeated},
      {"two lines, equal",
       FakeRequest()
           .header("Authorization", bearer(kAlice))
           .header("Authorization", bearer(kAlice)),
       kRepeated},
      {"two lines of other schemes",
       FakeRequest().header("Authorization", "Basic YTpi").header("Authorization", "Basic YTpi"),
       kRepeated},
      {"a tab after the key", FakeRequest().header("Authorization", bearer(kAlice) + "\t"),
       "principal alice"},
      {"a good key beside a repeated one",
       FakeRequest().header("Authorization", bearer(kAlice)).query("apikey=a&apikey=b"), kRepeated},
      // A named header: the whole value.
      {"header", FakeRequest().header("X-API-Key", bob), "principal bob"},
      {"header with a prefix", FakeRequest().header("X-API-Key", "Bearer " + bob), kInvalid},
      {"empty header", FakeRequest().header("X-API-Key", ""), kMissing},
      {"header twice, first empty", FakeRequest().header("X-API-Key", "").header("x-api-key", bob),
       kRepeated},
      // A query parameter, decoded once.
      {"query", FakeRequest().query("a=1&apikey=" + carol), "principal carol"},
      {"query, last of many", FakeRequest().query("&&=&b&apikey=" + carol + "&"),
       "principal carol"},
      {"name encoded", FakeRequest().query("%61pi%6bey=" + carol), "principal carol"},
      {"name in other case", FakeRequest().query("apiKey=" + carol), kMissing},
      {"longer name", FakeRequest().query("xapikey=" + carol + "&apikeyx=" + carol), kMissing},
      {"encoded twice", FakeRequest().query("apikey=dk%2Bcarol%252b%25%2F0123456789abcdef"),
       kInvalid},
      {"parameter twice, first empty", FakeRequest().query("apikey=&apikey=" + carol), kRepeated},
      {"a plus in the name", FakeRequest().query("api+key=" + carol), kMissing},
      {"empty parameter", FakeRequest().query("apikey="), kMissing},
      {"no value", FakeRequest().query("apikey"), kMissing},
      {"broken escape", FakeRequest().query("apikey=dk%zz"), kInvalid},
      {"cut escape", FakeRequest().query("apikey=" + carol + "%2"), kInvalid},
      {"broken escape in a name", FakeRequest().query("%zz=1&%=2"), kMissing},
      {"parameter twice", FakeRequest().query("apikey=" + carol + "&apikey=" + carol), kRepeated},
      {"parameter twice, encoded once", FakeRequest().query("apikey=" + carol + "&%61pikey=x"),
       kRepeated},
      // A key in another place than its consumer's is not looked at.
      {"bearer key in a header", FakeRequest().header("X-API-Key", alice), kInvalid},
      {"header key as bearer", FakeRequest().header("Authorization", bearer(kBob)), kInvalid},
      {"a good key beside a bad one",
       FakeRequest().header("Authorization", "Bearer other-system").header("X-API-Key", bob),
       "principal bob"},
      {"two good keys of two consumers",
       FakeRequest().header("Authorization", bearer(kAlice)).header("X-API-Key", bob), kRepeated},
      // Trouble in the records fails closed.
      {"damaged record", FakeRequest().header("Authorization", bearer(kEve)), kInvalid},
      {"longer than any key",
       FakeRequest().header("Authorization", "Bearer " + std::string(4097, 'a')), kInvalid},
      {"query longer than any key", FakeRequest().query("apikey=+" + std::string(5000, 'a')),
       kInvalid},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(judge(c.request), c.outcome);
  }
}

TEST(ApiKeyAuthenticator, LooksOnlyWhereItsSettingsSay) {
  constexpr const char* kOnlyHeader = R"({"sources":[{"type":"header","name":"X-Api-Key"}]})";
  constexpr const char* kOnlyQuery = R"({"sources":[{"type":"query","name":"apikey"}]})";
  const auto in_header = FakeRequest().header("x-api-key", std::string(kBob));
  const auto as_bearer = FakeRequest().header("Authorization", bearer(kAlice));
  const auto in_query = FakeRequest().query("apikey=" + std::string(kCarolEncoded));
  const struct {
    const char* settings;
    const FakeRequest& request;
    const char* outcome;
  } cases[] = {
      {kOnlyHeader, in_header, "principal bob"}, {kOnlyHeader, as_bearer, kMissing},
      {kOnlyHeader, in_query, kMissing},         {kOnlyQuery, in_query, "principal carol"},
      {kOnlyQuery, in_header, kMissing},
  };
  for (const auto& c : cases) EXPECT_EQ(judge(c.request, c.settings), c.outcome) << c.settings;
}

TEST(ApiKeyAuthenticator, ChallengesForThePlacesItKnows) {
  constexpr const char* kBearerOnly = R"({"sources":[{"type":"bearer"}]})";
  constexpr const char* kQueryOnly = R"({"sources":[{"type":"query","name":"k"}]})";
  using Headers = std::vector<std::pair<std::string, std::string>>;
  const auto wrong = FakeRequest().header("Authorization", "Bearer wrong");
  const auto basic = FakeRequest().header("Authorization", "Basic YTpi");
  const auto twice = FakeRequest(wrong).header("Authorization", "Bearer wrong");
  const auto in_header = FakeRequest().header("X-API-Key", "wrong");
  auto hostile = FakeRequest().authority("a\"b\\\r\nX: y\x80");
  auto long_host = FakeRequest().authority(std::string(300, 'h') + "\"");
  const struct {
    const char *name, *settings;
    const FakeRequest& request;
    Headers headers;
  } cases[] = {
      {"missing",
       "{}",
       FakeRequest(),
       {{"WWW-Authenticate", "Bearer realm=\"api.example.com\""},
        {"WWW-Authenticate", "Key realm=\"api.example.com\""}}},
      {"wrong",
       kBearerOnly,
       wrong,
       {{"WWW-Authenticate", "Bearer realm=\"api.example.com\", error=\"invalid_token\""}}},
      {"another scheme",
       kBearerOnly,
       basic,
       {{"WWW-Authenticate", "Bearer realm=\"api.example.com\""}}},
      {"two keys",
       kBearerOnly,
       twice,
       {{"WWW-Authenticate", "Bearer realm=\"api.example.com\", error=\"invalid_token\""}}},
      {"a wrong key elsewhere",
       "{}",
       in_header,
       {{"WWW-Authenticate", "Bearer realm=\"api.example.com\""},
        {"WWW-Authenticate", "Key realm=\"api.example.com\""}}},
      {"other place", kQueryOnly, wrong, {{"WWW-Authenticate", "Key realm=\"api.example.com\""}}},
      {"hostile host",
       kQueryOnly,
       hostile,
       {{"WWW-Authenticate", "Key realm=\"a%22b%5C%0D%0AX:%20y%80\""}}},
      {"long host",
       kQueryOnly,
       long_host,
       {{"WWW-Authenticate", "Key realm=\"" + std::string(255, 'h') + "\""}}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    RecordingAuthOut out;
    judge(c.request, c.settings, &out);
    EXPECT_EQ(out.headers, c.headers);
  }
}

TEST(ApiKeyAuthenticator, Answers503WhenCredentialsCannotBeLookedUp) {
  FakeHost host;
  const auto instance = TestInstance::make(component(), host, "{}");
  ASSERT_TRUE(instance);
  const auto request = FakeRequest().header("Authorization", bearer(kAlice));
  const auto unreachable = credentials().failing_with(SLUICE_E_UNAVAILABLE);
  ScriptedOp op({.request = &request, .credentials = &unreachable});
  RecordingAuthOut out;
  EXPECT_EQ((*instance)->authenticate(op.raw(), out.raw()), SLUICE_E_UNAUTHENTICATED);
  EXPECT_EQ(out.http_status, 503);
}

TEST(ApiKeySettings, NamesPlacesAsCredentialsDo) {
  const struct {
    const char *json, *labels;
  } cases[] = {
      {"{}", "bearer header:x-api-key query:apikey "},
      {R"({"sources":[{"type":"query","name":"Key"},{"type":"bearer"}]})", "query:Key bearer "},
      {R"({"sources":[{"type":"header","name":"X-Token"}]})", "header:x-token "},
  };
  for (const auto& c : cases) {
    FakeHost host;
    const auto places = parse_places(Settings(host.raw(), host.make_settings(c.json)));
    ASSERT_TRUE(places) << places.error().detail;
    std::string labels;
    for (const auto& place : *places) labels += place.label + " ";
    EXPECT_EQ(labels, c.labels);
  }
}

// ---- the credential maker

TEST(ApiKeyMaker, KeepsTheDigestOfAKeyAndShowsTheKeyOnce) {
  RecordingMade own, made, other;
  ASSERT_EQ(
      own.ask(component(), R"({"key":"dk_alice_0123456789abcdef","source":"header:X-Token"})"),
      SLUICE_OK);
  EXPECT_EQ(own.count, 1u);
  EXPECT_TRUE(own.is_unique);
  EXPECT_EQ(own.secret, make_sha256(kAlice));
  EXPECT_EQ(own.lookups, std::vector<std::string>{make_sha256(kAlice)});
  EXPECT_EQ(own.display, "dk_alice");
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(own.attributes, (Pairs{{"source", "header:x-token"}}));
  EXPECT_EQ(own.shown, (Pairs{{"key", std::string(kAlice)}}));

  ASSERT_EQ(made.ask(component(), "{}"), SLUICE_OK);
  ASSERT_EQ(other.ask(component(), "{}"), SLUICE_OK);
  const std::string key = made.shown.at(0).second;
  EXPECT_EQ(key.size(), 3u + 43u);  // 32 random bytes
  EXPECT_EQ(key.substr(0, 3), "dk_");
  EXPECT_EQ(key.find_first_of("+/= "), key.npos);
  EXPECT_EQ(made.secret, make_sha256(key));
  EXPECT_EQ(made.attributes, (Pairs{{"source", "bearer"}}));
  EXPECT_NE(key, other.shown.at(0).second);
}

TEST(ApiKeyMaker, RefusesKeysAndSourcesThatCannotWork) {
  const auto own = [](const std::string& key) { return R"({"key":")" + key + R"("})"; };
  const auto source = [](const std::string& text) { return R"({"source":")" + text + R"("})"; };
  const struct {
    std::string given;
    const char* where;   // empty: it is made
    std::string detail;  // its beginning
  } cases[] = {
      {own("0123456789abcde"), "/key", "an own key has 16 to 256 characters"},
      {own("0123456789abcdef"), "", ""},
      {own(std::string(256, 'k')), "", ""},
      {own(std::string(257, 'k')), "/key", "an own key has 16 to 256 characters"},
      {own(""), "/key", "an own key has 16 to 256 characters"},
      {own("0123456789 abcdef"), "/key", "an own key has visible ASCII characters only"},
      {own("0123456789\\tabcdef"), "/key", "an own key has visible ASCII characters only"},
      {own("0123456789abcd\xc3\xa9"), "/key", "an own key has visible ASCII characters only"},
      {own("0123456789abcde\\u007f"), "/key", "an own key has visible ASCII characters only"},
      {own("!~0123456789abcd"), "", ""},
      {R"({"key":1234567890123456})", "/key", "must be a text"},
      {R"({"key":null})", "/key", "must be a text"},
      {source("bearer"), "", ""},
      {source("query:apikey"), "", ""},
      {source("header:X-Key"), "", ""},
      {source(""), "/source", "must be bearer, header:<name> or query:<name>"},
      {source("Bearer"), "/source", "must be bearer, header:<name> or query:<name>"},
      {source("cookie:k"), "/source", "must be bearer, header:<name> or query:<name>"},
      {source("header:"), "/source", "must be bearer, header:<name> or query:<name>"},
      {source("query:"), "/source", "must be bearer, header:<name> or query:<name>"},
      {source("header:a b"), "/source", "not the name of an HTTP header"},
      {source("header:Authorization"), "/source", "use the source bearer"},
      {source("query:" + std::string(129, 'n')), "/source", "longer than 128 bytes"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.given);
    RecordingMade made;
    EXPECT_EQ(made.ask(component(), c.given), *c.where ? SLUICE_E_CONFIG : SLUICE_OK);
    EXPECT_EQ(made.count, *c.where ? 0u : 1u);
    EXPECT_EQ(made.error.where, c.where);
    EXPECT_EQ(made.error.detail.substr(0, c.detail.size()), c.detail);
    EXPECT_EQ(made.error.detail.find("0123456789"), std::string::npos) << "a key is never repeated";
  }
}

// What is made is what is looked for: the record goes into the snapshot as it is.
TEST(ApiKeyMaker, MakesWhatTheAuthenticatorFinds) {
  for (const char* source : {"bearer", "header:X-API-Key", "query:apikey"}) {
    SCOPED_TRACE(source);
    RecordingMade made;
    ASSERT_EQ(made.ask(component(), R"({"source":")" + std::string(source) + R"("})"), SLUICE_OK);
    CredentialTable table;
    table.add("api-key", made.lookups.at(0),
              {.id = "cred-1",
               .consumer = "frank",
               .secret = made.secret,
               .attributes = made.attributes});
    const std::string key = made.shown.at(0).second;
    FakeRequest request;
    if (*source == 'b') request.header("Authorization", bearer(key));
    if (*source == 'h') request.header("x-api-key", key);
    if (*source == 'q') request.query("apikey=" + key);
    FakeHost host;
    const auto instance = TestInstance::make(component(), host, "{}");
    ASSERT_TRUE(instance);
    ScriptedOp op({.request = &request, .credentials = &table});
    RecordingAuthOut out;
    EXPECT_EQ((*instance)->authenticate(op.raw(), out.raw()), SLUICE_OK);
    EXPECT_EQ(out.consumer, "frank");
  }
}

AuthenticatorSubject make_subject() {
  AuthenticatorSubject subject;
  subject.name = "ApiKey";
  subject.file = kFile;
  subject.type = "api-key";
  subject.make_settings = [] { return R"({"sources":[{"type":"bearer"}]})"; };
  subject.bad_settings = {
      {R"({"sources":7})", "/sources"},
      {R"({"sources":[]})", "/sources"},
      {R"({"sources":[{"type":"cookie"}]})", "/sources/0/type"},
      {R"({"sources":[{"type":"bearer"},{}]})", "/sources/1/type"},
      {R"({"sources":[{"type":"header"}]})", "/sources/0/name"},
      {R"({"sources":[{"type":"header","name":""}]})", "/sources/0/name"},
      {R"({"sources":[{"type":"header","name":"a b"}]})", "/sources/0/name"},
      {R"({"sources":[{"type":"header","name":"Authorization"}]})", "/sources/0/name"},
      {R"({"sources":[{"type":"query","name":")" + std::string(129, 'k') + R"("}]})",
       "/sources/0/name"},
      {R"({"sources":[{"type":"bearer"},{"type":"bearer"}]})", "/sources/1"},
      {R"({"sources":[{"type":"header","name":"K"},{"type":"header","name":"k"}]})", "/sources/1"},
      {R"({"sources":[{"type":"query","name":"a"},{"type":"query","name":"b"},
                      {"type":"query","name":"c"},{"type":"query","name":"d"},
                      {"type":"query","name":"e"},{"type":"query","name":"f"},
                      {"type":"query","name":"g"},{"type":"query","name":"h"},
                      {"type":"query","name":"i"}]})",
       "/sources"},
  };
  subject.consumer = "alice";
  subject.good_credential = kAlice;
  subject.make_request = [](std::string_view key) {
    return FakeRequest().header("Authorization", bearer(key));
  };
  subject.credentials = credentials();
  subject.foreign = {FakeRequest().header("Authorization", "Basic YTpi"),
                     FakeRequest().header("Authorization", "Digest realm=\"x\""),
                     FakeRequest().header("X-Ca-Signature", "abc")};
  subject.malformed = {
      FakeRequest().header("Authorization", "Bearer"),
      FakeRequest().header("Authorization", "Bearer " + std::string(kAlice) + " x"),
      FakeRequest().header("Authorization", "Bearer \"" + std::string(kAlice) + "\"")};
  subject.other_settings = R"({"sources":[{"type":"header","name":"X-API-Key"}]})";
  subject.other_request = FakeRequest().header("X-API-Key", std::string(kBob));
  return subject;
}

}  // namespace
}  // namespace sluice::apikey

namespace sluice::testing {
INSTANTIATE_TEST_SUITE_P(ApiKey, AuthenticatorConformance,
                         ::testing::Values(apikey::make_subject()), name_of_subject);
}  // namespace sluice::testing
