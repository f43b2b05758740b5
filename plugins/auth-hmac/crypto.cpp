// SPDX-License-Identifier: Apache-2.0
#include "crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <stdexcept>

namespace sluice::hmac {
namespace {

// A number for each thread that ever called. Trivially destructible, so a thread's end runs nothing
// of this library.
std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> last{0};
  thread_local std::size_t mine = 0;
  if (mine == 0) mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return mine;
}

const unsigned char* to_bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

Crypto::Crypto()
    : hmac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)),
      md5_(EVP_MD_fetch(nullptr, "MD5", nullptr)) {
  EVP_MAC_CTX* const with_sha256 = make_mac_context(Algorithm::kSha256);
  EVP_MAC_CTX* const with_sha1 = make_mac_context(Algorithm::kSha1);
  const bool complete = sha256_ && md5_ && with_sha256 && with_sha1;
  EVP_MAC_CTX_free(with_sha256);
  EVP_MAC_CTX_free(with_sha1);
  if (complete) return;
  EVP_MAC_free(hmac_);
  EVP_MD_free(sha256_);
  EVP_MD_free(md5_);
  throw std::runtime_error("OpenSSL lacks HMAC, SHA-256, SHA-1 or MD5");
}

Crypto::~Crypto() {
  EVP_MAC_free(hmac_);
  EVP_MD_free(sha256_);
  EVP_MD_free(md5_);
}

EVP_MAC_CTX* Crypto::make_mac_context(Algorithm algorithm) const noexcept {
  EVP_MAC_CTX* const context = hmac_ ? EVP_MAC_CTX_new(hmac_) : nullptr;
  if (!context) return nullptr;
  char name256[] = "SHA256", name1[] = "SHA1";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                       algorithm == Algorithm::kSha256 ? name256 : name1, 0),
      OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(context, parameters) == 1) return context;
  EVP_MAC_CTX_free(context);
  return nullptr;
}

bool Crypto::mac(Algorithm algorithm, std::string_view key, std::string_view text,
                 std::span<unsigned char> out) const noexcept {
  const auto& slots = algorithm == Algorithm::kSha256 ? sha256_macs_ : sha1_macs_;
  const std::size_t thread = thread_number();
  EVP_MAC_CTX* context = slots.take(thread);
  if (!context) context = make_mac_context(algorithm);
  if (!context) return false;

  std::size_t size = 0;
  const bool done = EVP_MAC_init(context, to_bytes(key), key.size(), nullptr) == 1 &&
                    EVP_MAC_update(context, to_bytes(text), text.size()) == 1 &&
                    EVP_MAC_final(context, out.data(), &size, out.size()) == 1 &&
                    size == out.size();
  slots.give_back(thread, context);
  return done;
}

bool Crypto::md5(std::string_view bytes, std::span<unsigned char, kMd5Bytes> out) const noexcept {
  return digest(md5_, {&bytes, 1}, out);
}

bool Crypto::sha256(std::span<const std::string_view> pieces,
                    std::span<unsigned char, kSha256Bytes> out) const noexcept {
  return digest(sha256_, pieces, out);
}

bool Crypto::digest(const EVP_MD* md, std::span<const std::string_view> pieces,
                    std::span<unsigned char> out) const noexcept {
  const std::size_t thread = thread_number();
  EVP_MD_CTX* context = digests_.take(thread);
  if (!context) context = EVP_MD_CTX_new();
  if (!context) return false;

  bool done = EVP_DigestInit_ex2(context, md, nullptr) == 1;
  for (const auto piece : pieces) {
    done = done && EVP_DigestUpdate(context, piece.data(), piece.size()) == 1;
  }
  unsigned size = 0;
  done = done && EVP_DigestFinal_ex(context, out.data(), &size) == 1 && size == out.size();
  digests_.give_back(thread, context);
  return done;
}

}  // namespace sluice::hmac
