// SPDX-License-Identifier: Apache-2.0
#pragma once
// Digester: SHA-256 without an allocation and without a lock.
//
// OpenSSL's one-shot functions make a context for every call (and SHA256() looks the algorithm up
// by name each time). Contexts are therefore kept in a table that the instance owns: a thread takes
// the one at its own place and puts it back. Nothing is tied to the life of a thread, which belongs
// to the host.

#include <openssl/evp.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::apikey {

using Sha256 = std::array<unsigned char, 32>;

class Digester {
 public:
  Digester();  // throws std::runtime_error when this OpenSSL has no SHA-256
  ~Digester();
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;

  // False when OpenSSL fails, which only a lack of memory explains. [any]
  bool digest(std::string_view bytes, Sha256& out) const noexcept;

 private:
  static constexpr std::size_t kContextsMax = 64;  // kept; a thread that finds none makes its own
  struct alignas(64) Slot {
    std::atomic<EVP_MD_CTX*> context{nullptr};
  };

  EVP_MD* sha256_;
  mutable std::array<Slot, kContextsMax> slots_;
};

}  // namespace sluice::apikey
