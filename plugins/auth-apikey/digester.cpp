// SPDX-License-Identifier: Apache-2.0
#include "digester.hpp"

#include <stdexcept>

namespace sluice::apikey {
namespace {

// A number for each thread that ever called. Trivially destructible, so a thread's end runs nothing
// of this library.
std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> last{0};
  thread_local std::size_t mine = 0;
  if (mine == 0) mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return mine;
}

}  // namespace

Digester::Digester() : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
  if (!sha256_) throw std::runtime_error("OpenSSL offers no SHA-256");
}

Digester::~Digester() {
  for (auto& slot : slots_) EVP_MD_CTX_free(slot.context.load(std::memory_order_acquire));
  EVP_MD_free(sha256_);
}

bool Digester::digest(std::string_view bytes, Sha256& out) const noexcept {
  auto& home = slots_[thread_number() % kContextsMax].context;
  EVP_MD_CTX* context = home.exchange(nullptr, std::memory_order_acquire);
  if (!context) context = EVP_MD_CTX_new();
  if (!context) return false;

  unsigned size = 0;
  const bool done = EVP_DigestInit_ex2(context, sha256_, nullptr) == 1 &&
                    EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1 &&
                    EVP_DigestFinal_ex(context, out.data(), &size) == 1 && size == out.size();

  // Another thread of the same place may have put its own context here meanwhile.
  EVP_MD_CTX* expected = nullptr;
  if (!home.compare_exchange_strong(expected, context, std::memory_order_release,
                                    std::memory_order_relaxed)) {
    EVP_MD_CTX_free(context);
  }
  return done;
}

}  // namespace sluice::apikey
