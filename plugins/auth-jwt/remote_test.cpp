// SPDX-License-Identifier: Apache-2.0
// Keys behind a URL, with a client that answers from a script.
#include "jwks_url.hpp"
#include "remote_keys.hpp"
#include "test_kit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

namespace sluice::jwt {
namespace {

using namespace kit;
using testing::FakeHttpClient;
using testing::RecordingAuthOut;
using testing::ScriptedOp;

constexpr const char* kUrl = "https://idp.example.com/keys";
constexpr std::uint64_t kSecondNs = 1'000'000'000;

// All keys of these cases are HMAC keys, which are quickly made: who fetches them does not matter.
Signer key(const std::string& kid) {
  return Signer::make_hmac("HS256", "secret of " + kid + std::string(32, '.'), kid);
}
std::string set_of(std::initializer_list<const char*> kids) {
  std::string text = R"({"keys":[)";
  for (const char* kid : kids) text += (text.back() == '[' ? "" : ",") + key(kid).jwk();
  return text + "]}";
}
std::string token_of(const std::string& kid) {
  return key(kid).mint(R"({"uid":"u","exp":1735999999})");
}
std::string given(const std::string& url = kUrl, const std::string& more = "") {
  return R"({"jwks_url":")" + url + R"(","claims":{"uid":"u"})" + more + "}";
}
Consumers alice(const std::string& more = "") {
  return Consumers().add("alice", given(kUrl, more));
}

// Makes the instance know the consumer's record, without a fetch: an inline attempt.
void make_known(Gate& gate, const Consumers& consumers) {
  gate.mode = SLUICE_RUN_INLINE;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers),
            "status " + std::to_string(SLUICE_RETRY_ON_WORKER));
  gate.mode = SLUICE_RUN_WORKER;
}

// One call on a thread of its own, which waits for a set that is held.
class WaitingCall {
 public:
  WaitingCall(Gate& gate, const Consumers& consumers, const std::string& token, std::uint64_t now)
      : request_(bearer(token)),
        op_({.now_ns = now * kSecondNs, .request = &request_, .credentials = &consumers.table}),
        thread_([this, &gate] { status_ = gate.instance->authenticate(op_.raw(), out_.raw()); }) {}

  // Until it really waits: with a known record and no key to try, the first checkpoint is that of
  // the wait.
  void await_waiting() const {
    while (op_.checkpoints() < 1) std::this_thread::yield();
  }
  void cancel() { op_.cancel(); }
  std::string outcome() {
    thread_.join();
    return to_text(status_, out_);
  }

 private:
  testing::FakeRequest request_;
  ScriptedOp op_;
  RecordingAuthOut out_;
  Status status_ = SLUICE_E_INTERNAL;
  std::jthread thread_;
};

TEST(JwtRemoteKeys, AreFetchedOnAWorkerOnce) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  gate.mode = SLUICE_RUN_INLINE;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers),
            "status " + std::to_string(SLUICE_RETRY_ON_WORKER));
  EXPECT_EQ(gate.client->sent().size(), 0u);
  gate.mode = SLUICE_RUN_WORKER;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), "alice");
  gate.mode = SLUICE_RUN_INLINE;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 301), "alice") << "verified anew";
  EXPECT_GT(gate.checkpoints, 0u);
  const auto sent = gate.client->sent();
  ASSERT_GE(sent.size(), 1u);
  EXPECT_EQ(sent[0].method, "GET");
  EXPECT_EQ(sent[0].url, kUrl);
  EXPECT_EQ(sent[0].flags, 0u);
  EXPECT_EQ(sent[0].body_bytes_max, kJwksBytesMax);
  EXPECT_FALSE(sent[0].with_op) << "no single call's end may end it";
}

TEST(JwtRemoteKeys, AreAskedForInPrivateOnlyWhenAllowed) {
  const std::string url = "http://127.0.0.1:8080/keys";
  const auto consumers = Consumers().add("alice", given(url, R"(,"jwks_allow_private":true)"));
  Gate gate("{}", true);
  gate.client->answer(url, {.body = set_of({"k1"})});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), "alice");
  EXPECT_EQ(gate.client->sent().at(0).flags, static_cast<unsigned>(SLUICE_HTTP_ALLOW_PRIVATE));
}

TEST(JwtRemoteKeys, AreWaitedForByTheFirstCalls) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"}), .held = true});
  make_known(gate, consumers);
  WaitingCall first(gate, consumers, token_of("k1"), kNow);
  first.await_waiting();
  WaitingCall second(gate, consumers, token_of("k1"), kNow);
  second.await_waiting();
  EXPECT_EQ(gate.client->held(), 1u) << "one fetch at a time";
  EXPECT_TRUE(gate.client->deliver());
  EXPECT_EQ(first.outcome(), "alice");
  EXPECT_EQ(second.outcome(), "alice");
}

TEST(JwtRemoteKeys, AreNotWaitedForByMoreThanSixteen) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"}), .held = true});
  make_known(gate, consumers);
  std::vector<std::unique_ptr<WaitingCall>> waiting;
  for (std::size_t i = 0; i < kWaitersMax; ++i) {
    waiting.push_back(std::make_unique<WaitingCall>(gate, consumers, token_of("k1"), kNow));
    waiting.back()->await_waiting();
  }
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), kNoKeys);
  EXPECT_TRUE(gate.client->deliver());
  for (auto& call : waiting) EXPECT_EQ(call->outcome(), "alice");
}

TEST(JwtRemoteKeys, LetACallGoWhenItsTimeIsOver) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"}), .held = true});
  make_known(gate, consumers);
  gate.timeout_at = 0;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), "status " + std::to_string(SLUICE_E_TIMEOUT));
  gate.timeout_at = ScriptedOp::kNever;
  WaitingCall call(gate, consumers, token_of("k1"), kNow);
  call.await_waiting();
  call.cancel();
  EXPECT_EQ(call.outcome(), "status " + std::to_string(SLUICE_E_CANCELLED));
  EXPECT_TRUE(gate.client->deliver());
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), "alice") << "the fetch went on without them";
}

TEST(JwtRemoteKeys, WaitNoLongerThanTheTimeout) {
  const auto consumers = alice(R"(,"jwks_timeout_ms":1)");
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"}), .held = true});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), kNoKeys);
  EXPECT_TRUE(gate.client->deliver());
}

TEST(JwtRemoteKeys, AreUnavailableUntilTheFirstSet) {
  using Answer = FakeHttpClient::Answer;
  const struct {
    const char* name;
    Answer answer;
  } cases[] = {
      {"not found", {.http_status = 404, .body = set_of({"k1"})}},
      {"a redirect", {.http_status = 302, .headers = {{"location", "https://evil.example/"}}}},
      {"server error", {.http_status = 500}},
      {"unreachable", {.status = SLUICE_E_UNAVAILABLE}},
      {"refused as private", {.status = SLUICE_E_FORBIDDEN}},
      {"too large", {.body = std::string(kJwksBytesMax, ' ') + set_of({"k1"})}},
      {"empty", {.body = ""}},
      {"HTML", {.body = "<html>"}},
      {"a name twice", {.body = R"({"keys":[],"keys":[]})"}},
      {"no keys", {.body = R"({"keys":[]})"}},
      {"nothing of use", {.body = R"({"keys":[{"kty":"XYZ"}]})"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto consumers = alice();
    Gate gate("{}", true);
    gate.client->answer(kUrl, c.answer);
    EXPECT_EQ(gate.judge(token_of("k1"), consumers), kNoKeys);
    EXPECT_TRUE(gate.out->headers.empty());
    EXPECT_TRUE(gate.host.logged("idp.example.com/keys"));
    gate.client->answer(kUrl, {.body = set_of({"k1"})});
    EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 9), kNoKeys) << "asked lately";
    EXPECT_EQ(gate.client->sent().size(), 1u);
    EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 10), "alice");
    EXPECT_EQ(gate.client->sent().size(), 2u);
  }
}

TEST(JwtRemoteKeys, AreUnavailableWithoutAClient) {
  Gate none;
  EXPECT_EQ(none.judge(token_of("k1"), alice()), kNoKeys);
  Gate refusing("{}", true);
  refusing.client->refuse_sending(SLUICE_E_BUSY);
  EXPECT_EQ(refusing.judge(token_of("k1"), alice()), kNoKeys);
}

TEST(JwtRemoteKeys, AreNotFetchedForTokensOfNobody) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  EXPECT_EQ(gate.judge(key("k1").mint(R"({"uid":"v","exp":1735999999})"), consumers), kFails);
  EXPECT_EQ(gate.judge(key("k1").mint(R"({"uid":"u"})"), consumers), kFails);
  EXPECT_EQ(gate.client->sent().size(), 0u);
}

TEST(JwtRemoteKeys, AreRenewedBeforeTheyAreOldAndKeptWhenTheServerIsAway) {
  const auto consumers = alice(R"(,"jwks_cache_seconds":100)");
  Gate gate(R"({"cache_tokens_max":0})", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow), "alice");
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 79), "alice");
  EXPECT_EQ(gate.client->sent().size(), 1u);

  // At four fifths the next set is sent for, inline, and nobody waits for it.
  gate.client->answer(kUrl, {.body = set_of({"k2"}), .held = true});
  gate.mode = SLUICE_RUN_INLINE;
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 80), "alice");
  EXPECT_EQ(gate.client->sent().size(), 2u);
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 95), "alice");
  EXPECT_EQ(gate.client->sent().size(), 2u) << "one at a time";
  EXPECT_TRUE(gate.client->deliver());
  EXPECT_EQ(gate.judge(token_of("k2"), consumers, kNow + 96), "alice");

  gate.client->answer(kUrl, {.http_status = 503});
  for (const std::uint64_t later : {160u, 165u, 170u, 5'000u, 100'000u}) {
    EXPECT_EQ(gate.judge(token_of("k2"), consumers, kNow + later), "alice") << later;
  }
  EXPECT_EQ(gate.client->sent().size(), 6u) << "at 160, 170, 5000 and 100000, not at 165";
}

TEST(JwtRemoteKeys, FollowARotationWithoutARestart) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"old"})});
  EXPECT_EQ(gate.judge(token_of("old"), consumers), "alice");
  EXPECT_EQ(gate.judge(token_of("old"), consumers), "alice");
  EXPECT_EQ(gate.checkpoints, 0u) << "remembered";

  gate.client->answer(kUrl, {.body = set_of({"new"})});
  EXPECT_EQ(gate.judge(token_of("new"), consumers, kNow + 9), kFails) << "asked lately";
  gate.mode = SLUICE_RUN_INLINE;
  EXPECT_EQ(gate.judge(token_of("new"), consumers, kNow + 10),
            "status " + std::to_string(SLUICE_RETRY_ON_WORKER));
  gate.mode = SLUICE_RUN_WORKER;
  EXPECT_EQ(gate.judge(token_of("new"), consumers, kNow + 10), "alice");
  EXPECT_EQ(gate.judge(token_of("old"), consumers, kNow + 11), kFails) << "also when remembered";
  EXPECT_EQ(gate.client->sent().size(), 2u);
}

TEST(JwtRemoteKeys, AreNotAskedForInAStormOfUnknownKids) {
  const auto consumers = alice();
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), "alice");
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(gate.judge(token_of("x" + std::to_string(i)), consumers, kNow + 10), kFails);
  }
  EXPECT_EQ(gate.client->sent().size(), 2u);
  // A wrong signature under a known kid is nobody's rotation.
  auto forged = Signer::make_hmac("HS256", "guessed", "k1").mint(R"({"uid":"u","exp":1735999999})");
  EXPECT_EQ(gate.judge(forged, consumers, kNow + 100), kFails);
  EXPECT_EQ(gate.client->sent().size(), 2u);
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 101), "alice");
}

TEST(JwtRemoteKeys, AreAskedForWhenTheClockWasSetBack) {
  const auto consumers = alice();
  Gate gate(R"({"cache_tokens_max":0})", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 1000), "alice");
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow + 999), "alice");
  EXPECT_EQ(gate.client->sent().size(), 1u) << "a call that began earlier";
  EXPECT_EQ(gate.judge(token_of("k1"), consumers, kNow), "alice");
  EXPECT_EQ(gate.client->sent().size(), 2u);
}

TEST(JwtRemoteKeys, AreSharedByTheConsumersOfAUrl) {
  const auto consumers = Consumers()
                             .add("alice", given(kUrl, R"(,"issuer":"a")"))
                             .add("bob", given(kUrl, R"(,"issuer":"b")"));
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  const auto token = [](const char* issuer) {
    return key("k1").mint(R"({"uid":"u","exp":1735999999,"iss":")" + std::string(issuer) + "\"}");
  };
  EXPECT_EQ(gate.judge(token("a"), consumers), "alice");
  EXPECT_EQ(gate.judge(token("b"), consumers), "bob");
  EXPECT_EQ(gate.client->sent().size(), 1u);
}

TEST(JwtRemoteKeys, AreOfABoundedNumberOfUrls) {
  Gate gate("{}", true);
  int accepted = 0, unavailable = 0;
  for (std::size_t i = 0; i <= kUrlsMax; ++i) {
    const std::string url = "https://idp.example.com/" + std::to_string(i);
    gate.client->answer(url, {.body = set_of({"k1"})});
    const auto consumers = Consumers().add("alice", given(url));
    const auto outcome = gate.judge(token_of("k1"), consumers);
    accepted += outcome == "alice";
    unavailable += outcome == kNoKeys;
  }
  EXPECT_EQ(accepted, static_cast<int>(kUrlsMax));
  EXPECT_EQ(unavailable, 1);
}

TEST(JwtRemoteKeys, GiveUpWhatIsUnderWayWhenTheInstanceStops) {
  const auto consumers = alice(R"(,"jwks_timeout_ms":1)");
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"}), .held = true});
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), kNoKeys);
  EXPECT_EQ(gate.client->held(), 1u);
  gate.instance.reset();
  EXPECT_EQ(gate.client->cancelled(), 1u);
  EXPECT_EQ(gate.client->held(), 0u);
}

TEST(JwtRemoteKeys, ShowNoQueryOfTheirUrlInALog) {
  const std::string url = "https://idp.example.com/keys?token=s3cret";
  const auto consumers = Consumers().add("alice", given(url));
  Gate gate("{}", true);
  EXPECT_EQ(gate.judge(token_of("k1"), consumers), kNoKeys);
  EXPECT_TRUE(gate.host.logged("idp.example.com/keys"));
  EXPECT_FALSE(gate.host.logged("s3cret"));
}

TEST(JwtRemoteKeys, AreRenewedFromManyThreads) {
  const auto consumers = alice(R"(,"jwks_cache_seconds":12)");
  Gate gate("{}", true);
  gate.client->answer(kUrl, {.body = set_of({"k1"})});
  std::atomic<int> wrong{0};
  std::barrier next_second(4);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (std::uint64_t second = 0; second < 300; ++second) {
          next_second.arrive_and_wait();
          const auto request = bearer(token_of("k1"));
          ScriptedOp op({.now_ns = (kNow + second) * kSecondNs,
                         .request = &request,
                         .credentials = &consumers.table});
          RecordingAuthOut out;
          const Status status = gate.instance->authenticate(op.raw(), out.raw());
          if (to_text(status, out) != "alice") ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_LE(gate.client->sent().size(), 31u);
  EXPECT_GE(gate.client->sent().size(), 20u);
}

TEST(JwtUrl, IsHttpsWithANameUnlessPrivateIsAllowed) {
  const struct {
    const char* url;
    bool in_public, in_private;
  } cases[] = {
      {"https://idp.example.com/keys", true, true},
      {"https://idp.example.com", true, true},
      {"https://idp.example.com:8443/a?b=c", true, true},
      {"https://idp.example.com?b", true, true},
      {"https://localhost/keys", true, true},  // where it leads, the client sees
      {"http://idp.example.com/keys", false, true},
      {"HTTPS://idp.example.com/keys", false, false},
      {"ftp://idp.example.com/keys", false, false},
      {"//idp.example.com/keys", false, false},
      {"https://127.0.0.1/keys", false, true},
      {"https://127.1/", false, true},
      {"https://2130706433/", false, true},
      {"https://0x7f000001/", false, true},
      {"https://0x7f.1/", false, true},
      {"https://10.0.0.1./", false, true},
      {"https://[::1]/keys", false, true},
      {"https://[::1/keys", false, false},
      {"https://user@idp.example.com/", false, false},
      {"https://user:pw@idp.example.com/", false, false},
      {"https://idp.example.com/#x", false, false},
      {"https://idp.example.com:x/", false, false},
      {"https://idp.example.com:/", false, false},
      {"https://idp.example.com:123456/", false, false},
      {"https:///keys", false, false},
      {"https://idp example.com/", false, false},
      {"https://idp.example.com/a b", false, false},
      {"https://idp.example.com/\r\nX: y", false, false},
      {"https://idp.ex\xc3\xa4mple.com/", false, false},
      {"https://a%2e.com/", false, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(find_url_fault(c.url, false).empty(), c.in_public) << c.url;
    EXPECT_EQ(find_url_fault(c.url, true).empty(), c.in_private) << c.url;
  }
  const std::string long_url = "https://idp.example.com/" + std::string(kUrlBytesMax, 'p');
  EXPECT_FALSE(find_url_fault(long_url, false).empty());
}

}  // namespace
}  // namespace sluice::jwt
