// SPDX-License-Identifier: Apache-2.0
#pragma once
// Crypto: the MACs and digests of this scheme, over OpenSSL, without a lock.
//
// The algorithms are looked up once. Contexts are kept in tables that the instance owns: a thread
// takes the one at its own place and puts it back, so nothing is tied to the life of a thread,
// which belongs to the host.

#include "settings.hpp"

#include <openssl/evp.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::hmac {

inline constexpr std::size_t kMacBytesMax = 32;
inline constexpr std::size_t kMd5Bytes = 16;
inline constexpr std::size_t kSha256Bytes = 32;

// Bytes of a MAC: 32 or 20. [any]
constexpr std::size_t mac_bytes(Algorithm algorithm) noexcept {
  return algorithm == Algorithm::kSha256 ? 32 : 20;
}

template <class Context, void (*Free)(Context*)>
class ContextSlots {
 public:
  ContextSlots() = default;
  ~ContextSlots() {
    for (auto& slot : slots_) Free(slot.context.load(std::memory_order_acquire));
  }
  ContextSlots(const ContextSlots&) = delete;
  ContextSlots& operator=(const ContextSlots&) = delete;

  // The context of a thread's place, or nullptr: the caller makes one then. [any]
  Context* take(std::size_t thread) const noexcept {
    return place(thread).exchange(nullptr, std::memory_order_acquire);
  }
  // [any]
  void give_back(std::size_t thread, Context* context) const noexcept {
    Context* expected = nullptr;
    // Another thread of the same place may have put its own context here meanwhile.
    if (!place(thread).compare_exchange_strong(expected, context, std::memory_order_release,
                                               std::memory_order_relaxed)) {
      Free(context);
    }
  }

 private:
  static constexpr std::size_t kKept = 64;  // a thread that finds none makes its own
  struct alignas(64) Slot {
    std::atomic<Context*> context{nullptr};
  };
  std::atomic<Context*>& place(std::size_t thread) const noexcept {
    return slots_[thread % kKept].context;
  }

  mutable std::array<Slot, kKept> slots_;
};

class Crypto {
 public:
  Crypto();  // throws std::runtime_error when this OpenSSL lacks an algorithm
  ~Crypto();
  Crypto(const Crypto&) = delete;
  Crypto& operator=(const Crypto&) = delete;

  // All three: false when OpenSSL fails, which only a lack of memory explains. [any]
  // `key` is not empty; `out` has mac_bytes(algorithm).
  bool mac(Algorithm algorithm, std::string_view key, std::string_view text,
           std::span<unsigned char> out) const noexcept;
  bool md5(std::string_view bytes, std::span<unsigned char, kMd5Bytes> out) const noexcept;
  // Of the pieces one after the other.
  bool sha256(std::span<const std::string_view> pieces,
              std::span<unsigned char, kSha256Bytes> out) const noexcept;

 private:
  EVP_MAC_CTX* make_mac_context(Algorithm algorithm) const noexcept;
  bool digest(const EVP_MD* md, std::span<const std::string_view> pieces,
              std::span<unsigned char> out) const noexcept;

  EVP_MAC* hmac_;
  EVP_MD *sha256_, *md5_;
  ContextSlots<EVP_MAC_CTX, EVP_MAC_CTX_free> sha256_macs_, sha1_macs_;
  ContextSlots<EVP_MD_CTX, EVP_MD_CTX_free> digests_;
};

}  // namespace sluice::hmac
