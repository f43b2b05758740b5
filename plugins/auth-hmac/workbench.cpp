// SPDX-License-Identifier: Apache-2.0
#include "workbench.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <utility>

namespace sluice::hmac {

using testing::CredentialTable;
using testing::FakeRequest;
using testing::RecordingAuthOut;
using testing::ScriptedOp;
using testing::TestInstance;

constinit const std::string_view kFile = SLUICE_PLUGIN_DIR "/auth-hmac.so";

const CredentialTable& credentials() {
  static const CredentialTable table = [] {
    CredentialTable made;
    const struct {
      const char *key, *secret, *consumer;
    } records[] = {{"demo-key-01", "demo-secret-01", "alice"},
                   {"demo-key-02", "demo-secret-02/+=", "bob"},
                   {"demo-key-03", "demo-secret-03", "carol"},
                   {"demo-key", "demo-secret", "dave"},
                   {"appKey", "appSecret", "erin"},
                   {"empty-secret", "", "eve"}};
    for (const auto& [key, secret, consumer] : records) {
      made.add("hmac", key,
               {.id = std::string("cred-") + consumer, .consumer = consumer, .secret = secret});
    }
    return made;
  }();
  return table;
}

const sluice_component& component() {
  const auto plugin = testing::load_plugin(std::string(kFile));
  const auto* found =
      plugin ? testing::find_component(**plugin, SLUICE_KIND_AUTHENTICATOR, "hmac") : nullptr;
  if (!found) std::abort();  // the file is missing: no case of this program means anything
  return *found;
}

std::string sign(std::string_view secret, std::string_view text, bool with_sha1) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  ::HMAC(with_sha1 ? EVP_sha1() : EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac, &size);
  std::string encoded(4 * ((size + 2) / 3) + 1, '\0');
  encoded.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(encoded.data()), mac, static_cast<int>(size))));
  return encoded;
}

FakeRequest signed_by_alice(FakeRequest request, std::string_view text) {
  return request.header("X-Ca-Key", "demo-key-01")
      .header("X-Ca-Signature", sign("demo-secret-01", text));
}

Bench::Bench(std::string_view settings, const CredentialTable& table) : table_(table) {
  auto made = TestInstance::make(component(), host_, settings);
  if (!made) std::abort();  // a wrong test: settings are judged by the tests of settings
  instance_ = std::move(*made);
}

bool Bench::is_accepted(const FakeRequest& request) const {
  ScriptedOp op({.request = &request, .credentials = &table_});
  RecordingAuthOut out;
  return instance_->authenticate(op.raw(), out.raw()) == SLUICE_OK && out.accepted == 1;
}

std::string Bench::judge(const FakeRequest& request, std::int64_t now_ms) {
  ScriptedOp op({.now_ns = static_cast<std::uint64_t>(now_ms) * 1'000'000,
                 .request = &request,
                 .credentials = &table_});
  told_ = std::make_unique<RecordingAuthOut>();
  const Status status = instance_->authenticate(op.raw(), told_->raw());
  if (status != SLUICE_OK) {
    return (status == SLUICE_SKIP ? "skip " : "") + std::to_string(told_->http_status) + " " +
           told_->code + " " + told_->message;
  }
  std::string line = told_->consumer + (told_->parameters_verified ? "" : " UNVERIFIED");
  char before = ' ';
  for (const auto& [name, value] : told_->parameters) {
    line += before;
    line += name + "=" + value;
    before = '&';
  }
  return line;
}

}  // namespace sluice::hmac
