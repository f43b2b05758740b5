// SPDX-License-Identifier: Apache-2.0
// Remembered tokens: what they save, and everything that ends them at once.
#include "bounded_cache.hpp"
#include "jti_store.hpp"
#include "test_kit.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

namespace sluice::jwt {
namespace {

using namespace kit;
using testing::CredentialTable;
using testing::FakeRequest;
using testing::RecordingAuthOut;
using testing::ScriptedOp;

constexpr std::uint64_t kSecondNs = 1'000'000'000;

Signer signer() { return Signer::make_hmac("HS256", std::string(32, 'k')); }

std::string given(const Signer& with, std::string_view more = "") {
  std::string text = R"({"jwks":)" + with.jwks();
  if (!more.empty()) text += "," + std::string(more);
  return text + "}";
}

// Tokens of these cases are remembered after the first call and verified anew when `checkpoints`
// is not 0.
TEST(JwtMemory, SparesTheSecondVerification) {
  const auto consumers = Consumers().add("alice", given(signer()));
  Gate gate;
  EXPECT_EQ(gate.judge(signer().mint(), consumers), "alice");
  EXPECT_EQ(gate.checkpoints, 2u) << "before reading the record, and before the key";
  EXPECT_EQ(gate.out->valid_until_ns, 1735693261 * kSecondNs);
  EXPECT_EQ(gate.judge(signer().mint(), consumers), "alice");
  EXPECT_EQ(gate.checkpoints, 0u);
  EXPECT_EQ(gate.out->valid_until_ns, 1735693261 * kSecondNs);
  EXPECT_EQ(gate.out->credential_id, "cred-alice");
  gate.mode = SLUICE_RUN_INLINE;
  gate.budget = 0;
  EXPECT_EQ(gate.judge(signer().mint(), consumers), "alice") << "it needs no budget";

  Gate forgetful(R"({"cache_tokens_max":0})");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(forgetful.judge(signer().mint(), consumers), "alice");
    EXPECT_GT(forgetful.checkpoints, 0u);
  }
}

TEST(JwtMemory, EndsWithWhateverChanged) {
  const auto consumers = Consumers().add("alice", given(signer()));
  const auto changed = [&](const std::function<void(testing::CredentialRecord&)>& change) {
    return consumers.table.with_each(change);
  };
  const auto other = Signer::make_hmac("HS256", std::string(32, 'x'));
  const std::string other_secret = make_record(given(other)).secret;
  const std::string strict = make_record(given(signer(), R"("issuer":"i")")).secret;
  auto denied = consumers;
  denied.grant_only({"bob"});
  const std::string token = signer().mint();
  const auto request = bearer(token);
  const struct {
    const char* name;
    CredentialTable table;
    FakeRequest request;
    std::string outcome;
    std::uint64_t now = kNow;
  } cases[] = {
      {"disabled", changed([](auto& r) { r.disabled = true; }), request, kFails},
      {"gone", CredentialTable(), request, kFails},
      {"another key", changed([&](auto& r) { r.secret = other_secret, r.revision = 900'001; }),
       request, kFails},
      {"another issuer", changed([&](auto& r) { r.secret = strict, r.revision = 900'002; }),
       request, kFails},
      {"another owner", changed([](auto& r) { r.consumer = "bob", r.revision = 900'003; }), request,
       "bob"},
      {"ended", changed([](auto& r) { r.valid_until_ns = kNow * kSecondNs; }), request, kFails},
      {"not begun", changed([](auto& r) { r.valid_from_ns = kNow * kSecondNs + 1; }), request,
       kFails},
      {"not granted", denied.table, request, kDenied},
      {"expired", consumers.table, request, kExpired, 1735693261},
      {"a second token", consumers.table, bearer(token).query("access_token=" + token), kFails},
      {"a second line", consumers.table, bearer(token).header("Authorization", "x"), kFails},
      {"one byte more", consumers.table, bearer(token + "A"), kFails},
      {"unchanged", consumers.table, request, "alice"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Gate gate;
    ASSERT_EQ(gate.judge(request, consumers.table), "alice");
    ASSERT_EQ(gate.judge(request, consumers.table), "alice");
    ASSERT_EQ(gate.checkpoints, 0u);
    EXPECT_EQ(gate.judge(c.request, c.table, c.now), c.outcome);
    EXPECT_EQ(gate.judge(request, consumers.table), "alice") << "and is let in again after";
  }
}

TEST(JwtMemory, IsNotBelievedBesideAnotherToken) {
  const auto consumers = Consumers().add("alice", given(signer()));
  const std::string token = signer().mint();
  const auto in_query = FakeRequest().query("access_token=" + token);
  Gate gate;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(gate.judge(in_query, consumers.table), "alice");
  EXPECT_EQ(gate.checkpoints, 0u);
  for (const std::string& other : {token, std::string("x")}) {
    EXPECT_EQ(gate.judge(bearer(other).query("access_token=" + token), consumers.table), kFails);
  }
}

TEST(JwtMemory, LastsFiveMinutesAtMost) {
  const auto consumers = Consumers().add("alice", given(signer()));
  const struct {
    std::uint64_t now;
    bool anew;
  } cases[] = {{kNow, true},
               {kNow + 300, false},
               {kNow + 301, true},
               {kNow + 302, false},
               {kNow, true}};  // a clock that went back is not believed
  Gate gate;
  for (const auto& c : cases) {
    EXPECT_EQ(gate.judge(signer().mint(), consumers, c.now), "alice");
    EXPECT_EQ(gate.checkpoints > 0, c.anew) << c.now - kNow;
  }
}

TEST(JwtMemory, NeverPassesOverAnEarlierConsumer) {
  auto consumers = Consumers().add("first", given(signer())).add("second", given(signer()));
  Gate gate;
  consumers.grant_only({"second"});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(gate.judge(signer().mint(), consumers), "second");
  consumers.grant_only({"first", "second"});
  EXPECT_EQ(gate.judge(signer().mint(), consumers), "first") << "granted since";

  // Too early for the first one, who counts no skew; a minute later it is not.
  const auto skewed = Consumers()
                          .add("strict", given(signer(), R"("clock_skew_seconds":0)"))
                          .add("lenient", given(signer()));
  const std::string token = signer().mint(R"({"exp":1735693200,"nbf":1735689640})");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(gate.judge(token, skewed, 1735689610), "lenient");
  EXPECT_EQ(gate.judge(token, skewed, 1735689640), "strict");

  // The same token in another place may be another consumer's.
  constexpr const char* kPlaces =
      R"({"from_headers":[{"name":"Authorization","value_prefix":"Bearer "}],
          "from_cookies":["session"]})";
  const auto placed = Consumers()
                          .add("cookie", given(signer(), R"("from_cookies":["session"])"))
                          .add("anywhere", given(signer()));
  Gate wide(kPlaces);
  const std::string plain = signer().mint();
  const auto in_cookie = FakeRequest().header("Cookie", "session=" + plain);
  EXPECT_EQ(wide.judge(bearer(plain), placed.table), "anywhere");
  EXPECT_EQ(wide.judge(in_cookie, placed.table), "cookie");
  EXPECT_EQ(wide.judge(bearer(plain), placed.table), "anywhere");
  EXPECT_EQ(wide.judge(in_cookie, placed.table), "cookie");
}

TEST(JwtMemory, IsBounded) {
  const auto consumers = Consumers().add("alice", given(signer()));
  constexpr int kTokens = 64;
  std::vector<std::string> tokens;
  for (int i = 0; i < kTokens; ++i) {
    tokens.push_back(signer().mint(R"({"n":)" + std::to_string(i) + R"(,"exp":1735693200})"));
  }
  for (const auto& [max, most] : {std::pair{8, 8}, std::pair{4096, kTokens}}) {
    Gate gate(R"({"cache_tokens_max":)" + std::to_string(max) + "}");
    int remembered = 0;
    for (const auto& token : tokens) EXPECT_EQ(gate.judge(token, consumers), "alice");
    // Backwards: otherwise each miss would push out the token that is asked for next.
    for (auto token = tokens.rbegin(); token != tokens.rend(); ++token) {
      EXPECT_EQ(gate.judge(*token, consumers), "alice");
      remembered += gate.checkpoints == 0;
    }
    EXPECT_LE(remembered, most);
    EXPECT_GE(remembered, 1);
  }
}

TEST(JwtMemory, FindsWithoutAnAllocation) {
  const auto consumers = Consumers().add("alice", given(signer(), R"("claims":{"uid":"11215ac0"},
                                  "claims_to_headers":[{"claim":"sub","header":"X-Sub"}])"));
  Gate gate;
  const auto request = bearer(signer().mint());
  const auto count = [&](auto call) {
    ScriptedOp op(
        {.now_ns = kNow * kSecondNs, .request = &request, .credentials = &consumers.table});
    struct Silent : sluice_auth_out {
      static void accept(sluice_auth_out*, const sluice_principal*) {}
      static void refuse(sluice_auth_out*, const sluice_refusal*) {}
    } out;
    static constexpr sluice_auth_out_vt kTable{sizeof(sluice_auth_out_vt), 0, &Silent::accept,
                                               &Silent::refuse};
    out.vt = &kTable;
    const std::size_t before = count_allocations();
    call(op, out);
    return count_allocations() - before;
  };
  const auto authenticate = [&](ScriptedOp& op, sluice_auth_out& out) {
    EXPECT_EQ(gate.instance->authenticate(op.raw(), &out), SLUICE_OK);
  };
  const auto first = count(authenticate), second = count(authenticate);
  // What the test's own op allocates for one lookup and one piece of scratch memory.
  const auto own = count([&](ScriptedOp& op, sluice_auth_out&) {
    sluice_credential raw{};
    EXPECT_EQ(Op(op.raw()).find_nth_credential("jwt", "c:uid=11215ac0", 0, &raw), SLUICE_OK);
    EXPECT_NE(op.raw()->vt->scratch(op.raw(), 32), nullptr);
  });
  EXPECT_GT(first, second);
  EXPECT_EQ(second, own);
}

TEST(JwtMemory, IsRightFromManyThreads) {
  constexpr int kThreads = 4, kRounds = 400, kTokens = 12;
  const auto consumers = Consumers()
                             .add("a", given(signer(), R"("claims":{"uid":"a"})"))
                             .add("b", given(signer(), R"("claims":{"uid":"b"})"));
  const auto revoked = consumers.table.with_each([](auto& r) { r.disabled = r.consumer == "a"; });
  Gate gate(R"({"cache_tokens_max":8})");
  std::vector<FakeRequest> requests;
  for (int i = 0; i < kTokens; ++i) {
    requests.push_back(
        bearer(signer().mint(R"({"uid":")" + std::string(1, "ab"[i % 2]) + R"(","n":)" +
                             std::to_string(i) + R"(,"exp":1735693200})")));
  }
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int round = 0; round < kRounds; ++round) {
          const int i = (round * 7 + t) % kTokens;
          const bool late = round % 3 == 0;
          const FakeRequest request = requests[static_cast<std::size_t>(i)];
          ScriptedOp op({.now_ns = kNow * kSecondNs,
                         .request = &request,
                         .credentials = late ? &revoked : &consumers.table});
          RecordingAuthOut out;
          const Status status = gate.instance->authenticate(op.raw(), out.raw());
          const std::string expected = i % 2 ? "b" : late ? kFails : "a";
          if (to_text(status, out) != expected) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(JwtBoundedCache, KeepsTheLatelyUsedAndNeverMore) {
  BoundedCache<int> cache(4);
  const auto is = [](int wanted) { return [wanted](int value) { return value == wanted; }; };
  for (int i = 0; i < 4; ++i) cache.put(1, std::make_shared<int>(i), is(i));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(cache.find(1, is(i))) << i;
  cache.put(1, std::make_shared<int>(4), is(4));  // clears all marks, takes the place of one
  EXPECT_TRUE(cache.find(1, is(4)));
  int kept = 0;
  for (int i = 0; i < 5; ++i) kept += cache.find(1, is(i)) != nullptr;
  EXPECT_EQ(kept, 4);
  EXPECT_FALSE(cache.find(2, is(4))) << "another hash";
  cache.put(1, std::make_shared<int>(4), is(4));  // again: in its own place
  kept = 0;
  for (int i = 0; i < 5; ++i) kept += cache.find(1, is(i)) != nullptr;
  EXPECT_EQ(kept, 4);
  BoundedCache<int> none(0);
  none.put(1, std::make_shared<int>(1), is(1));
  EXPECT_FALSE(none.find(1, is(1)));
}

TEST(JwtJtiStore, ForgetsOnlyWhatHasEnded) {
  using Use = JtiStore::Use;
  JtiStore store(1000);
  EXPECT_EQ(store.use("alice", "a", 100, 50), Use::kFirst);
  EXPECT_EQ(store.use("alice", "a", 100, 100), Use::kAgain) << "the end itself is inside";
  EXPECT_EQ(store.use("alic", "ea", 100, 100), Use::kFirst) << "names are not run together";
  EXPECT_EQ(store.use("alice", "a", 200, 100.5), Use::kFirst);
  EXPECT_EQ(store.use("alice", "a", 300, 150), Use::kAgain);
}

}  // namespace
}  // namespace sluice::jwt
