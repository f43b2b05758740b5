// SPDX-License-Identifier: Apache-2.0
#include "algorithm.hpp"

#include <array>
#include <cstddef>

namespace sluice::jwt {
namespace {

constexpr std::array<std::string_view, kAlgCount> kNames{
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
    "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"};

}  // namespace

std::optional<Alg> find_alg(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Alg>(i);
  }
  return std::nullopt;
}

std::string_view name_of(Alg alg) noexcept { return kNames[static_cast<std::size_t>(alg)]; }

bool admits(KeyKind kind, Alg alg) noexcept {
  switch (kind) {
    case KeyKind::kOct:
      return alg <= Alg::kHs512;
    case KeyKind::kRsa:
      return alg >= Alg::kRs256 && alg <= Alg::kPs512;
    case KeyKind::kP256:
      return alg == Alg::kEs256;
    case KeyKind::kP384:
      return alg == Alg::kEs384;
    case KeyKind::kP521:
      return alg == Alg::kEs512;
    case KeyKind::kEd25519:
      return alg == Alg::kEdDsa;
  }
  return false;
}

unsigned hash_bits(Alg alg) noexcept {
  if (alg == Alg::kEdDsa) return 0;
  constexpr unsigned kBits[] = {256, 384, 512};
  return kBits[static_cast<std::size_t>(alg) % 3];
}

}  // namespace sluice::jwt
