// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the cases of this plugin share: keys and tokens made with OpenSSL inside the test, consumers
// made by the plugin's own credential maker, and one call judged by the file that is shipped.

#include <sluice/testing/fake_host.hpp>
#include <sluice/testing/fake_http_client.hpp>
#include <sluice/testing/fake_request.hpp>
#include <sluice/testing/plugin_under_test.hpp>
#include <sluice/testing/recorders.hpp>
#include <sluice/testing/scripted_op.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jwt::kit {

// The clock of auth.md 7.
inline constexpr std::uint64_t kNow = 1'735'689'610;
inline constexpr std::string_view kPayload = R"({"sub":"app-1","uid":"11215ac0","exp":1735693200})";

std::string encode(std::string_view bytes);  // base64url
bool decode(std::string_view text, std::string& bytes);

// A private key and the algorithm it signs with.
class Signer {
 public:
  static Signer make(std::string alg, std::string kid = "k1");  // a new key
  static Signer make_hmac(std::string alg, std::string secret, std::string kid = "k1");

  // {"kty": ..., "kid": ...}; extra: more members, as in ,"use":"sig".
  std::string jwk(std::string_view extra = "") const;
  std::string jwks() const { return R"({"keys":[)" + jwk() + "]}"; }
  std::string sign(std::string_view text) const;      // the signature's bytes
  std::string sign_der(std::string_view text) const;  // ECDSA as the library makes it
  std::string sign_with_salt(std::string_view text, int salt_bytes) const;  // RSASSA-PSS
  // header.payload.signature; the header has alg, kid and what `extra` says.
  std::string mint(std::string_view payload = kPayload, std::string_view extra = "") const;
  std::string mint_with_header(std::string_view header, std::string_view payload = kPayload) const;
  std::string public_pem() const;
  std::string public_der() const;
  std::string modulus() const;  // RSA

  std::string alg, kid;

 private:
  std::shared_ptr<void> key_;  // EVP_PKEY; none for HMAC
  std::string secret_;
};

// The plugin's component; ends the program when the file is missing, as no case means anything.
const sluice_component& component();

struct MadeRecord {
  bool made = false;
  bool is_unique = true;
  std::string secret, display, where, error;
  std::vector<std::string> lookups;
  std::vector<std::pair<std::string, std::string>> shown, attributes;
  std::vector<testing::LogLine> log;
};
// sluice.credential-maker/1 of the file.
MadeRecord make_record(std::string_view given);

// Consumers in the order of adding.
class Consumers {
 public:
  // `given` as for the maker; what it refuses fails the case. The revision is a new one.
  Consumers& add(const std::string& name, std::string_view given);
  Consumers& grant_only(std::vector<std::string> names) {
    table.grant_only(std::move(names));
    return *this;
  }
  testing::CredentialTable table;

 private:
  std::uint64_t rank_ = 0;
};

// Made by this thread with operator new since its beginning, those of the plugin included.
std::size_t count_allocations();

testing::FakeRequest bearer(std::string_view token);

// What one call was answered: "alice", or "401 A401JV Jwt verification fails"; "status -10" when
// nothing was answered.
std::string to_text(Status status, const testing::RecordingAuthOut& out);

// An instance and what it answers.
class Gate {
 public:
  explicit Gate(std::string_view settings = "{}", bool with_client = false);

  // As to_text() says.
  std::string judge(const testing::FakeRequest& request, const testing::CredentialTable& consumers,
                    std::uint64_t now = kNow);
  std::string judge(std::string_view token, const Consumers& consumers, std::uint64_t now = kNow) {
    return judge(bearer(token), consumers.table, now);
  }

  testing::FakeHost host;
  std::unique_ptr<testing::FakeHttpClient> client;
  std::unique_ptr<testing::TestInstance> instance;
  std::unique_ptr<testing::RecordingAuthOut> out;  // of the last call
  std::uint32_t mode = SLUICE_RUN_WORKER;
  std::uint64_t budget = testing::ScriptedOp::kNever;
  std::uint64_t timeout_at = testing::ScriptedOp::kNever;
  // Checkpoints of the last call: a token that is remembered passes none.
  std::uint64_t checkpoints = 0;
};

inline constexpr const char* kMissing = "401 A401JM Jwt is missing";
inline constexpr const char* kFails = "401 A401JV Jwt verification fails";
inline constexpr const char* kForm =
    "401 A401JV Jwt is not in the form of Header.Payload.Signature";
inline constexpr const char* kExpired = "401 A401JE Jwt is expired";
inline constexpr const char* kNotYet = "401 A401JE Jwt not yet valid";
inline constexpr const char* kDenied = "403 A403UC Access Denied";
inline constexpr const char* kNoKeys = "503 A503JK Keys are not available now";

}  // namespace sluice::jwt::kit
