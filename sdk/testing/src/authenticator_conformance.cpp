// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/authenticator_conformance.hpp>

#include <sluice/testing/recorders.hpp>

#include <optional>
#include <thread>

namespace sluice::testing {
namespace {

// One call and everything that came of it.
struct Call {
  explicit Call(const TestInstance& instance, const FakeRequest& given,
                const CredentialTable& credentials, std::uint64_t now_ns = ScriptedOp::kNowNs)
      : request(given), op({.now_ns = now_ns, .request = &request, .credentials = &credentials}) {
    status = op.await(instance.authenticate(op.raw(), out.raw()));
  }
  bool accepted() const { return status == SLUICE_OK && out.accepted > 0; }
  // An outcome in one line, for comparing runs.
  std::string to_text() const {
    return std::to_string(status) + " " + std::to_string(out.accepted) + " " + out.consumer + " " +
           std::to_string(out.http_status) + " " + out.message;
  }

  FakeRequest request;
  RecordingAuthOut out;
  ScriptedOp op;
  Status status = SLUICE_E_INTERNAL;
};

constexpr std::size_t kOversizedBytes = 64 * 1024;

}  // namespace

std::string name_of_subject(const ::testing::TestParamInfo<AuthenticatorSubject>& info) {
  return info.param.name;
}

void AuthenticatorConformance::SetUp() {
  if (GetParam().prepare_host) GetParam().prepare_host(host_);
  auto plugin = load_plugin(GetParam().file);
  ASSERT_TRUE(plugin) << plugin.error().detail << ": " << plugin.error().internal;
  component_ = find_component(**plugin, SLUICE_KIND_AUTHENTICATOR, GetParam().type);
  ASSERT_NE(component_, nullptr) << "no authenticator of that type in the file";
  instance_ = make_instance(GetParam().make_settings());
  ASSERT_NE(instance_, nullptr);
}

std::unique_ptr<TestInstance> AuthenticatorConformance::make_instance(std::string_view settings) {
  auto made = TestInstance::make(*component_, host_, settings);
  if (!made) {
    ADD_FAILURE() << made.error().where << ": " << made.error().detail;
    return nullptr;
  }
  if (auto started = (*made)->start(); !started) {
    ADD_FAILURE() << started.error().detail;
    return nullptr;
  }
  return std::move(*made);
}

// A program that tests a plugin of another kind links this file too.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AuthenticatorConformance);

TEST_P(AuthenticatorConformance, SkipsARequestWithoutCredentials) {
  const Call call(*instance_, FakeRequest(), GetParam().credentials);
  EXPECT_EQ(call.status, SLUICE_SKIP);
  EXPECT_EQ(call.out.accepted, 0u);
  EXPECT_EQ(call.out.refused, 1u) << "the host must know what to answer";
}

TEST_P(AuthenticatorConformance, SkipsCredentialsOfAnotherScheme) {
  for (std::size_t i = 0; i < GetParam().foreign.size(); ++i) {
    SCOPED_TRACE(i);
    const Call call(*instance_, GetParam().foreign[i], GetParam().credentials);
    EXPECT_EQ(call.status, SLUICE_SKIP);
    EXPECT_EQ(call.out.accepted, 0u);
  }
}

TEST_P(AuthenticatorConformance, AcceptsAGoodCredentialAsItsConsumer) {
  const auto& subject = GetParam();
  const Call call(*instance_, subject.make_request(subject.good_credential), subject.credentials);
  EXPECT_EQ(call.status, SLUICE_OK);
  EXPECT_EQ(call.out.accepted, 1u);
  EXPECT_EQ(call.out.refused, 0u);
  EXPECT_EQ(call.out.consumer, subject.consumer);
  EXPECT_FALSE(call.out.credential_id.empty()) << "the audit needs to know which credential it was";
  EXPECT_FALSE(host_.logged(subject.good_credential)) << "a credential is never logged";
}

TEST_P(AuthenticatorConformance, NeverAcceptsAMalformedCredential) {
  for (std::size_t i = 0; i < GetParam().malformed.size(); ++i) {
    SCOPED_TRACE(i);
    const Call call(*instance_, GetParam().malformed[i], GetParam().credentials);
    EXPECT_FALSE(call.accepted());
    EXPECT_EQ(call.out.accepted, 0u);
  }
}

TEST_P(AuthenticatorConformance, NeverAcceptsAChangedCredential) {
  const auto& subject = GetParam();
  const auto expect_refused = [&](const std::string& credential) {
    const Call call(*instance_, subject.make_request(credential), subject.credentials);
    EXPECT_EQ(call.out.accepted, 0u);
    EXPECT_NE(call.status, SLUICE_OK);
  };
  const std::string& good = subject.good_credential;
  for (std::size_t i = 0; i < good.size(); ++i) {
    SCOPED_TRACE("byte " + std::to_string(i));
    for (const char flip : {0x01, 0x20, 0x40}) {
      std::string changed = good;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      expect_refused(changed);
    }
    expect_refused(good.substr(0, i) + good.substr(i + 1));
  }
  expect_refused(good + "x");
  expect_refused(good + good);
}

TEST_P(AuthenticatorConformance, NeverAcceptsAnUnknownOrDisabledCredential) {
  const auto& subject = GetParam();
  const auto request = subject.make_request(subject.good_credential);
  const Call unknown(*instance_, request, CredentialTable());
  const Call disabled(*instance_, request,
                      subject.credentials.with_each([](auto& record) { record.disabled = true; }));
  EXPECT_EQ(unknown.out.accepted, 0u);
  EXPECT_EQ(unknown.status, SLUICE_E_UNAUTHENTICATED);
  // Whoever tries keys must not learn that this one was good once.
  EXPECT_EQ(unknown.to_text(), disabled.to_text());
}

TEST_P(AuthenticatorConformance, SurvivesAnOversizedCredential) {
  const auto& subject = GetParam();
  for (const char byte : {'\xff', 'a', ' ', '%', '.'}) {
    SCOPED_TRACE(static_cast<int>(byte));
    const Call call(*instance_, subject.make_request(std::string(kOversizedBytes, byte)),
                    subject.credentials);
    EXPECT_EQ(call.out.accepted, 0u);
    EXPECT_NE(call.status, SLUICE_OK);
  }
}

TEST_P(AuthenticatorConformance, AcceptsOnlyInsideTheTimeOfACredential) {
  const auto& subject = GetParam();
  constexpr auto kNow = ScriptedOp::kNowNs;
  const struct {
    const char* name;
    std::uint64_t from, until;
    bool accepted;
  } cases[] = {
      {"no bounds", 0, 0, true},           {"begins now", kNow, 0, true},
      {"begins next", kNow + 1, 0, false}, {"ends next", 0, kNow + 1, true},
      {"ends now", 0, kNow, false},        {"ended", 0, kNow - 1, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto credentials = subject.credentials.with_each([&](auto& record) {
      record.valid_from_ns = c.from;
      record.valid_until_ns = c.until;
    });
    const Call call(*instance_, subject.make_request(subject.good_credential), credentials);
    EXPECT_EQ(call.accepted(), c.accepted) << call.to_text();
    if (c.accepted) continue;
    EXPECT_EQ(call.out.accepted, 0u);
    EXPECT_EQ(call.status, SLUICE_E_UNAUTHENTICATED);
  }
}

TEST_P(AuthenticatorConformance, NeverAcceptsWhenTheLookupFails) {
  const auto& subject = GetParam();
  for (const Status failure : {SLUICE_E_UNAVAILABLE, SLUICE_E_INTERNAL, SLUICE_PENDING}) {
    SCOPED_TRACE(failure);
    const Call call(*instance_, subject.make_request(subject.good_credential),
                    subject.credentials.failing_with(failure));
    EXPECT_EQ(call.out.accepted, 0u);
    EXPECT_LT(call.status, 0) << "trouble is not an answer of 'nothing was sent'";
  }
}

TEST_P(AuthenticatorConformance, RefusesWithAMessageAndAChallenge) {
  const auto& subject = GetParam();
  const auto good = subject.make_request(subject.good_credential);
  const Call calls[] = {Call(*instance_, FakeRequest(), subject.credentials),
                        Call(*instance_, good, CredentialTable())};
  for (const auto& call : calls) {
    EXPECT_EQ(call.out.refused, 1u);
    EXPECT_EQ(call.out.http_status, 401);
    EXPECT_FALSE(call.out.message.empty());
    EXPECT_FALSE(call.out.code.empty());
    EXPECT_FALSE(call.out.find_header("WWW-Authenticate").empty());
    std::string said = call.out.message + call.out.code + call.out.internal;
    for (const auto& [name, value] : call.out.headers) {
      said += value;
      EXPECT_EQ(value.find_first_of("\r\n"), value.npos);
    }
    EXPECT_EQ(said.find(subject.good_credential), said.npos) << "a credential is never repeated";
  }

  // The Host header is the caller's: it must not break out of the challenge.
  auto hostile = FakeRequest().authority("a\"b\\c\r\nX-Evil: 1, " + std::string(10'000, 'h'));
  const Call call(*instance_, hostile, subject.credentials);
  for (const auto& [name, value] : call.out.headers) {
    EXPECT_EQ(value.find_first_of("\r\n\\"), value.npos);
    EXPECT_LT(value.size(), 1024u);
  }
}

TEST_P(AuthenticatorConformance, AnswersTheSameFromManyThreads) {
  constexpr int kThreads = 4, kRounds = 500;
  const auto& subject = GetParam();
  const FakeRequest good = subject.make_request(subject.good_credential);
  const FakeRequest bad = subject.make_request(subject.good_credential + "x");
  const std::string expected_good = Call(*instance_, good, subject.credentials).to_text();
  const std::string expected_bad = Call(*instance_, bad, subject.credentials).to_text();

  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kRounds; ++i) {
          const bool is_good = (i + t) % 2 == 0;
          const Call call(*instance_, is_good ? good : bad, subject.credentials);
          if (call.to_text() != (is_good ? expected_good : expected_bad)) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(AuthenticatorConformance, IsMadeAndDestroyedManyTimes) {
  const auto& subject = GetParam();
  const auto request = subject.make_request(subject.good_credential);
  for (int i = 0; i < 200; ++i) {
    const auto instance = make_instance(subject.make_settings());
    ASSERT_NE(instance, nullptr);
    if (i % 20 == 0) {
      ASSERT_TRUE(Call(*instance, request, subject.credentials).accepted());
    }
  }
}

TEST_P(AuthenticatorConformance, KeepsTwoInstancesApart) {
  const auto& subject = GetParam();
  if (subject.other_settings.empty()) GTEST_SKIP() << "the subject names no other settings";
  const auto request = subject.make_request(subject.good_credential);
  const auto other = make_instance(subject.other_settings);
  ASSERT_NE(other, nullptr);
  EXPECT_TRUE(Call(*other, subject.other_request, subject.credentials).accepted());
  EXPECT_FALSE(Call(*instance_, subject.other_request, subject.credentials).accepted());
  EXPECT_TRUE(Call(*instance_, request, subject.credentials).accepted());
  instance_.reset();
  EXPECT_TRUE(Call(*other, subject.other_request, subject.credentials).accepted());
}

TEST_P(AuthenticatorConformance, RefusesBadSettingsWithTheirPlace) {
  for (const auto& bad : GetParam().bad_settings) {
    SCOPED_TRACE(bad.json);
    auto made = TestInstance::make(*component_, host_, bad.json);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().status, SLUICE_E_CONFIG);
    EXPECT_EQ(made.error().where, bad.where);
    EXPECT_FALSE(made.error().detail.empty());
  }
}

}  // namespace sluice::testing
