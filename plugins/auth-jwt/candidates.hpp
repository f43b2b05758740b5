// SPDX-License-Identifier: Apache-2.0
#pragma once
// Whose token may this be? Credentials are kept under "c:<claim>=<value>" (the first required claim
// in name order), else "i:<issuer>", else "*". A token names some of these keys; what they hold is
// walked in the configuration's order, as auth.md 3.7 wants, without walking all consumers. It is
// a way to find credentials, never a proof: all of a credential's terms are checked after.

#include "token.hpp"

#include <sluice/op.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jwt {

inline constexpr std::string_view kComponentType = "jwt";
inline constexpr std::size_t kLookupBytesMax = 512;  // the boundary's bound on a key
inline constexpr std::size_t kLookupsMax = 128;      // for one token; more claims are not asked
inline constexpr std::size_t kCandidatesMax = 64;    // tried in one call
inline constexpr std::string_view kAnyTokenLookup = "*";

std::string make_claim_lookup(std::string_view name, std::string_view value);
std::string make_issuer_lookup(std::string_view issuer);

struct Candidate {
  sluice_credential credential{};
  const std::string* lookup = nullptr;  // and its place under that key
  std::size_t n = 0;
};

class Candidates {
 public:
  // Finds the first credential of every key. [run]
  Candidates(const Token& token, Op op);

  // The next one by rank, each once; nothing at the end or at kCandidatesMax. [run]
  std::optional<Candidate> next();
  // A lookup failed: what was found says nothing.
  bool is_unavailable() const noexcept { return unavailable_; }

 private:
  struct Bucket {
    std::string lookup;
    std::size_t n = 0;
    sluice_credential head{};
    bool empty = false;
  };
  void add(std::string lookup);
  void fill(Bucket& bucket);

  Op op_;
  std::vector<Bucket> buckets_;
  std::vector<std::uint64_t> seen_;  // revisions
  bool unavailable_ = false;
};

}  // namespace sluice::jwt
