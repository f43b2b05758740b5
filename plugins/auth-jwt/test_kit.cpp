// SPDX-License-Identifier: Apache-2.0
#include "test_kit.hpp"

#include "base64url.hpp"

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <atomic>
#include <cstdlib>

namespace sluice::jwt::kit {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

EVP_PKEY* raw(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

const EVP_MD* md_of(const std::string& alg) {
  if (alg.ends_with("256")) return EVP_sha256();
  if (alg.ends_with("384")) return EVP_sha384();
  return alg.ends_with("512") ? EVP_sha512() : nullptr;
}

std::string number_of(EVP_PKEY* key, const char* name, std::size_t bytes = 0) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  const auto least = static_cast<std::size_t>(BN_num_bytes(number));
  std::string text(std::max(bytes, least), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
               static_cast<int>(text.size()));
  BN_free(number);
  return text;
}

std::size_t coordinate_bytes(const std::string& alg) {
  return alg == "ES256" ? 32 : alg == "ES384" ? 48 : 66;
}

std::string sign_raw(EVP_PKEY* key, const std::string& alg, std::string_view text,
                     int salt_bytes = RSA_PSS_SALTLEN_DIGEST) {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_PKEY_CTX* parameters = nullptr;
  EVP_DigestSignInit(context, &parameters, md_of(alg), nullptr, key);
  if (alg.starts_with("PS")) {
    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, salt_bytes);
  }
  std::string signature(2048, '\0');
  std::size_t size = signature.size();
  const int done =
      EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  if (done != 1) std::abort();
  signature.resize(size);
  return signature;
}

}  // namespace

std::string encode(std::string_view bytes) { return encode_base64url(bytes); }
bool decode(std::string_view text, std::string& bytes) { return decode_base64url(text, bytes); }

Signer Signer::make(std::string alg, std::string kid) {
  Signer signer;
  signer.alg = std::move(alg);
  signer.kid = std::move(kid);
  EVP_PKEY* key = nullptr;
  if (signer.alg.starts_with("HS")) return make_hmac(signer.alg, std::string(64, 's'), signer.kid);
  if (signer.alg.starts_with("RS") || signer.alg.starts_with("PS")) {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(2048));
  } else if (signer.alg == "EdDSA") {
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  } else {
    const char* group = signer.alg == "ES256" ? "P-256" : signer.alg == "ES384" ? "P-384" : "P-521";
    key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group);
  }
  if (!key) std::abort();
  signer.key_ =
      std::shared_ptr<void>(key, [](void* one) { EVP_PKEY_free(static_cast<EVP_PKEY*>(one)); });
  return signer;
}

Signer Signer::make_hmac(std::string alg, std::string secret, std::string kid) {
  Signer signer;
  signer.alg = std::move(alg);
  signer.kid = std::move(kid);
  signer.secret_ = std::move(secret);
  return signer;
}

std::string Signer::jwk(std::string_view extra) const {
  std::string text = "{";
  const auto add = [&](std::string_view name, std::string_view value) {
    text +=
        (text.size() > 1 ? ",\"" : "\"") + std::string(name) + "\":\"" + std::string(value) + "\"";
  };
  if (!kid.empty()) add("kid", kid);
  if (!key_) {
    add("kty", "oct");
    add("k", encode(secret_));
  } else if (alg == "EdDSA") {
    std::string x(32, '\0');
    std::size_t size = x.size();
    EVP_PKEY_get_raw_public_key(raw(key_), reinterpret_cast<unsigned char*>(x.data()), &size);
    add("kty", "OKP");
    add("crv", "Ed25519");
    add("x", encode(x));
  } else if (alg.starts_with("ES")) {
    const auto bytes = coordinate_bytes(alg);
    add("kty", "EC");
    add("crv", alg == "ES256" ? "P-256" : alg == "ES384" ? "P-384" : "P-521");
    add("x", encode(number_of(raw(key_), OSSL_PKEY_PARAM_EC_PUB_X, bytes)));
    add("y", encode(number_of(raw(key_), OSSL_PKEY_PARAM_EC_PUB_Y, bytes)));
  } else {
    add("kty", "RSA");
    add("n", encode(number_of(raw(key_), OSSL_PKEY_PARAM_RSA_N)));
    add("e", encode(number_of(raw(key_), OSSL_PKEY_PARAM_RSA_E)));
  }
  return text + std::string(extra) + "}";
}

std::string Signer::sign_der(std::string_view text) const { return sign_raw(raw(key_), alg, text); }

std::string Signer::sign_with_salt(std::string_view text, int salt_bytes) const {
  return sign_raw(raw(key_), alg, text, salt_bytes);
}

std::string Signer::sign(std::string_view text) const {
  if (!key_) {
    std::string mac(64, '\0');
    unsigned size = 0;
    HMAC(md_of(alg), secret_.data(), static_cast<int>(secret_.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(mac.data()), &size);
    mac.resize(size);
    return mac;
  }
  const std::string made = sign_raw(raw(key_), alg, text);
  if (!alg.starts_with("ES")) return made;
  const auto bytes = coordinate_bytes(alg);
  const auto* from = reinterpret_cast<const unsigned char*>(made.data());
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &from, static_cast<long>(made.size()));
  std::string both(2 * bytes, '\0');
  auto* to = reinterpret_cast<unsigned char*>(both.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, static_cast<int>(bytes));
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + bytes, static_cast<int>(bytes));
  ECDSA_SIG_free(pair);
  return both;
}

std::string Signer::mint(std::string_view payload, std::string_view extra) const {
  std::string header = R"({"alg":")" + alg + "\"";
  if (!kid.empty()) header += R"(,"kid":")" + kid + "\"";
  return mint_with_header(header + std::string(extra) + "}", payload);
}

std::string Signer::mint_with_header(std::string_view header, std::string_view payload) const {
  const std::string text = encode(header) + "." + encode(payload);
  return text + "." + encode(sign(text));
}

std::string Signer::public_der() const {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(raw(key_), &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

std::string Signer::public_pem() const {
  const std::string der = public_der();
  std::string text(der.size() * 2 + 8, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(der.data()),
                                   static_cast<int>(der.size()));
  text.resize(static_cast<std::size_t>(size));
  std::string pem = "-----BEGIN PUBLIC KEY-----\n";
  for (std::size_t i = 0; i < text.size(); i += 64) pem += text.substr(i, 64) + "\n";
  return pem + "-----END PUBLIC KEY-----\n";
}

std::string Signer::modulus() const { return number_of(raw(key_), OSSL_PKEY_PARAM_RSA_N); }

// ------------------------------------------------------------------------------------ the plugin

const sluice_component& component() {
  const auto plugin = testing::load_plugin(SLUICE_PLUGIN_DIR "/auth-jwt.so");
  const auto* found =
      plugin ? testing::find_component(**plugin, SLUICE_KIND_AUTHENTICATOR, "jwt") : nullptr;
  if (!found) std::abort();
  return *found;
}

MadeRecord make_record(std::string_view given) {
  struct Out : sluice_made_credential_out {
    MadeRecord record;
  } out;
  static constexpr sluice_made_credential_out_vt kTable{
      sizeof(sluice_made_credential_out_vt), 0,
      [](sluice_made_credential_out* place, const sluice_made_credential* made) {
        MadeRecord& record = static_cast<Out*>(place)->record;
        record.made = true;
        record.is_unique = made->is_unique != 0;
        record.secret = to_view(made->secret);
        record.display = to_view(made->display);
        for (std::size_t i = 0; i < made->lookup_count; ++i) {
          record.lookups.emplace_back(to_view(made->lookups[i]));
        }
        const auto copy = [](const sluice_pair* pairs, std::size_t count, auto& to) {
          for (std::size_t i = 0; i < count; ++i) {
            to.emplace_back(to_view(pairs[i].name), to_view(pairs[i].value));
          }
        };
        copy(made->shown, made->shown_count, record.shown);
        copy(made->attributes, made->attribute_count, record.attributes);
      }};
  out.vt = &kTable;
  testing::FakeHost host;
  testing::ErrorPlace place;
  const auto* maker = static_cast<const sluice_credential_maker*>(
      component().extension(nullptr, SLUICE_CREDENTIAL_MAKER_ID));
  const Status status = maker->make(host.raw(), host.make_settings(given), place.raw(), &out);
  if (status != SLUICE_OK) {
    out.record.where = place.error.where;
    out.record.error = place.error.detail;
  }
  out.record.log = host.log();
  return out.record;
}

Consumers& Consumers::add(const std::string& name, std::string_view given) {
  static std::atomic<std::uint64_t> last_revision{0};
  const MadeRecord record = make_record(given);
  EXPECT_TRUE(record.made) << name << ": " << record.where << ": " << record.error;
  if (!record.made) return *this;
  table.add("jwt", record.lookups.at(0),
            {.id = "cred-" + name,
             .consumer = name,
             .secret = record.secret,
             .attributes = record.attributes,
             .revision = ++last_revision,
             .rank = rank_++});
  return *this;
}

testing::FakeRequest bearer(std::string_view token) {
  return testing::FakeRequest().header("Authorization", "Bearer " + std::string(token));
}

Gate::Gate(std::string_view settings, bool with_client) {
  if (with_client) client = std::make_unique<testing::FakeHttpClient>(host);
  auto made = testing::TestInstance::make(component(), host, settings);
  EXPECT_TRUE(made) << made.error().where << ": " << made.error().detail;
  if (made) instance = std::move(*made);
}

std::string to_text(Status status, const testing::RecordingAuthOut& out) {
  if (status == SLUICE_OK && out.accepted == 1 && out.refused == 0) return out.consumer;
  if (out.refused != 1 || out.accepted != 0) return "status " + std::to_string(status);
  return std::to_string(out.http_status) + " " + out.code + " " + out.message;
}

std::string Gate::judge(const testing::FakeRequest& request,
                        const testing::CredentialTable& consumers, std::uint64_t now) {
  testing::ScriptedOp op({.mode = mode,
                          .now_ns = now * kSecondNs,
                          .timeout_at = timeout_at,
                          .budget = budget,
                          .request = &request,
                          .credentials = &consumers});
  out = std::make_unique<testing::RecordingAuthOut>();
  const Status status = instance->authenticate(op.raw(), out->raw());
  checkpoints = op.checkpoints();
  return to_text(status, *out);
}

}  // namespace sluice::jwt::kit
