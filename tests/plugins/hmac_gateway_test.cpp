// SPDX-License-Identifier: Apache-2.0
// auth-hmac behind the real gateway: what reaches an API, and what a refused client reads.
#include "call/in_process.hpp"
#include "call/worker_pool.hpp"
#include "gateway/gateway.hpp"
#include "snapshot/snapshot.hpp"

#include <sluice/testing/plugin_under_test.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <string>

namespace sluice {
namespace {

// Answers with what an API may see.
class EchoBackend final : public snapshot::Backend {
 public:
  void serve(call::Call& call, const snapshot::Route&) const override {
    const sluice_principal& who = *call.op()->principal;
    std::string said(to_view(who.consumer));
    if (!who.parameters_verified) said += " UNVERIFIED";
    for (std::size_t i = 0; i < who.parameter_count; ++i) {
      said.append(i == 0 ? " " : "&").append(to_view(who.parameters[i].name));
      said.append("=").append(to_view(who.parameters[i].value));
    }
    call.respond({.status = 200, .content_type = "text/plain"}, said);
  }
};

class NoServices final : public loader::HostServices {
 public:
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};
class NoObserver final : public gateway::Observer {
 public:
  void observe(unsigned, const call::Observation&, std::uint64_t) override {}
};

std::shared_ptr<loader::Instance> make_authenticator() {
  static NoServices services;
  const auto plugin = testing::load_plugin(SLUICE_PLUGIN_DIR "/auth-hmac.so");
  if (!plugin) std::abort();  // the file is missing: no case means anything
  const auto* component = testing::find_component(**plugin, SLUICE_KIND_AUTHENTICATOR, "hmac");
  // The gateway's clock is the machine's, so the time of these requests is not looked at.
  auto made = loader::Instance::make(*component, "hmac", R"({"date_offset":0})", services);
  if (!made || !(*made)->start()) std::abort();
  return std::move(*made);
}

std::string sign(std::string_view text) {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), "secret", 6, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       mac, &size);
  std::string encoded(45, '\0');
  encoded.resize(static_cast<std::size_t>(EVP_EncodeBlock(
      reinterpret_cast<unsigned char*>(encoded.data()), mac, static_cast<int>(size))));
  return encoded;
}

// A GET of /p, which only "alice" may call, signed with "secret" over `text`.
call::InProcessResponse ask(std::string query, std::string_view text,
                            const char* key = "alice-key") {
  snapshot::Route route{.api_id = "a", .method = "GET", .path = "/p", .timeout_ms = 60'000};
  route.authenticator = make_authenticator();
  const auto grants = std::make_shared<snapshot::Grants>();
  grants->add("alice", 0);
  route.grants.of_api = grants;
  route.backend = std::make_shared<EchoBackend>();
  auto credentials = std::make_shared<snapshot::CredentialIndex>();
  for (const char* name : {"alice", "bob"}) {
    credentials->add("hmac", {std::string(name) + "-key"},
                     {.id = name, .consumer = name, .secret = "secret"});
  }
  std::vector<snapshot::Route> routes;
  routes.push_back(std::move(route));
  const auto snapshot = snapshot::Snapshot::make(std::move(routes), std::move(credentials));
  if (!snapshot) std::abort();
  snapshot::Holder holder(1);
  holder.store(*snapshot);
  call::WorkerPool workers(1, 16);
  NoObserver observer;
  gateway::Gateway gateway(holder, workers, observer, 1);
  return call::run_in_process(gateway,
                              {.path = "/p",
                               .query = std::move(query),
                               .headers = {{"x-ca-key", key}, {"x-ca-signature", sign(text)}},
                               .body = {}});
}

std::string find_header(const call::InProcessResponse& response, std::string_view name) {
  for (const auto& [sent, value] : response.headers) {
    if (sent == name) return value;
  }
  return {};
}

TEST(HmacBehindTheGateway, HandsOnWhatWasSigned) {
  EXPECT_EQ(ask("id=1&a=x+y&id=2", "GET\n\n\n\n\n/p?a=x y&id=1").body, "alice a=x y&id=1");
  EXPECT_EQ(ask("id=1&a=x+y&id=2", "GET\n\n\n\n\n/p?a=x+y&id=1").body, "alice a=x+y&id=1");
  std::string query, text = "GET\n\n\n\n\n/p";
  for (int i = 1000; i < 2000; ++i) {
    const std::string part = "p" + std::to_string(i) + "=" + std::to_string(i);
    query += (query.empty() ? "" : "&") + part;
    text += (i == 1000 ? "?" : "&") + part;
  }
  EXPECT_EQ(ask(query, text).body, "alice " + query);
}

TEST(HmacBehindTheGateway, TellsItsTextOnceEscapedInHeaderAndBody) {
  const auto refused = ask("a=%0d%0aX:%7f%22%25%C3%A9%ff", "another text");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(find_header(refused, "X-Ca-Error-Code"), "A403IS");
  const std::string before = "Invalid Signature, Server StringToSign:`GET#####/p?a=%0D#X:%7F\"%";
  EXPECT_EQ(find_header(refused, "X-Ca-Error-Message"), before + "\xc3\xa9\xff`");
  const auto body = nlohmann::json::parse(refused.body);
  EXPECT_EQ(body.at("errMsg"), before + "\xc3\xa9\xef\xbf\xbd`");
  EXPECT_EQ(body.at("errCode"), 400);
  EXPECT_EQ(body.at("success"), false);
}

TEST(HmacBehindTheGateway, TellsUpToEightKibibytesOfItsText) {
  const auto refused = ask("a=" + std::string(20'000, 'x'), "another text");
  const std::string message = find_header(refused, "X-Ca-Error-Message");
  EXPECT_EQ(message.size(), 8192u);
  EXPECT_EQ(message.back(), '`');
  EXPECT_EQ(nlohmann::json::parse(refused.body).at("errMsg"), message);
}

TEST(HmacBehindTheGateway, RefusesInItsOwnWords) {
  const std::string text = "GET\n\n\n\n\n/p?id=1";
  const struct {
    const char *name, *key;
    std::string signed_text;
    int status;
    const char *code, *message, *challenge;
  } cases[] = {
      {"good", "alice-key", text, 200, "", "", ""},
      {"not authorised", "bob-key", text, 403, "A403UC", "Unauthorized Consumer", ""},
      {"not authorised, wrong signature", "bob-key", "x", 400, "A403IS",
       "Invalid Signature, Server StringToSign:`GET#####/p?id=1`", ""},
      {"unknown", "carol-key", text, 401, "A400IK", "Invalid Key",
       "HMAC-SHA256 realm=\"localhost\""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto answer = ask("id=1", c.signed_text, c.key);
    EXPECT_EQ(answer.status, c.status);
    EXPECT_EQ(find_header(answer, "X-Ca-Error-Code"), c.code);
    EXPECT_EQ(find_header(answer, "X-Ca-Error-Message"), c.message);
    EXPECT_EQ(find_header(answer, "WWW-Authenticate"), c.challenge);
  }
}

}  // namespace
}  // namespace sluice
