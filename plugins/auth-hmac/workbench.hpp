// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the tests of this plugin share: consumers, a signer that knows nothing of the plugin's code,
// and an instance of the shipped file whose answers are lines of text.

#include <sluice/testing/plugin_under_test.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::hmac {

extern const std::string_view kFile;  // the plugin as it is shipped

inline constexpr std::int64_t kNowMs = testing::ScriptedOp::kNowNs / 1'000'000;
inline constexpr const char* kDate = "Wed, 01 Jan 2025 00:00:00 GMT";  // kNowMs

// alice: demo-key-01, bob: demo-key-02, carol: demo-key-03 (auth.md 6); dave: demo-key, erin:
// appKey (product.md 2.11); eve: a damaged record without a secret, empty-secret.
const testing::CredentialTable& credentials();

const sluice_component& component();

// The base64 text of the MAC, by OpenSSL's one-shot function.
std::string sign(std::string_view secret, std::string_view text, bool with_sha1 = false);

// The request with alice's x-ca-key and her signature of `text`.
testing::FakeRequest signed_by_alice(testing::FakeRequest request, std::string_view text);

class Bench {
 public:
  explicit Bench(std::string_view settings = "{}",
                 const testing::CredentialTable& table = credentials());

  // "alice a=1&b=" (consumer, verified parameters), or "400 A403IS Invalid Signature"; before it
  // "skip " when no credential of this kind was seen. [run]
  std::string judge(const testing::FakeRequest& request, std::int64_t now_ms = kNowMs);

  // Whether it is let in; remembers nothing. [any]
  bool is_accepted(const testing::FakeRequest& request) const;

  // What was said about the last request.
  const testing::RecordingAuthOut& told() const { return *told_; }
  const testing::FakeHost& host() const { return host_; }

 private:
  const testing::CredentialTable& table_;
  testing::FakeHost host_;
  std::unique_ptr<testing::TestInstance> instance_;
  std::unique_ptr<testing::RecordingAuthOut> told_;
};

}  // namespace sluice::hmac
