// SPDX-License-Identifier: Apache-2.0
#pragma once
// The thirteen algorithms of auth.md 3.4 (RFC 7518 3.1, RFC 8037 3.1), and the kinds of keys that
// admit them. `none` is not among them in any spelling.

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::jwt {

enum class Alg : std::uint8_t {
  kHs256,
  kHs384,
  kHs512,
  kRs256,
  kRs384,
  kRs512,
  kPs256,
  kPs384,
  kPs512,
  kEs256,
  kEs384,
  kEs512,
  kEdDsa
};
inline constexpr std::size_t kAlgCount = 13;

enum class KeyKind : std::uint8_t { kOct, kRsa, kP256, kP384, kP521, kEd25519 };

// Compares case-sensitively, RFC 7515 4.1.1. [any]
std::optional<Alg> find_alg(std::string_view name) noexcept;
std::string_view name_of(Alg alg) noexcept;

// Does a key of that kind run that algorithm? An RSA or EC key never runs HMAC, which is what ends
// the confusion of algorithms. [any]
bool admits(KeyKind kind, Alg alg) noexcept;

// Bits of the hash: 256, 384 or 512; 0 for EdDSA, which brings its own. [any]
unsigned hash_bits(Alg alg) noexcept;

}  // namespace sluice::jwt
