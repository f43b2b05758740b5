// SPDX-License-Identifier: Apache-2.0
#include "candidates.hpp"

#include <algorithm>
#include <utility>

namespace sluice::jwt {

std::string make_claim_lookup(std::string_view name, std::string_view value) {
  std::string lookup;
  lookup.reserve(name.size() + value.size() + 3);
  return lookup.append("c:").append(name).append("=").append(value);
}
std::string make_issuer_lookup(std::string_view issuer) { return "i:" + std::string(issuer); }

Candidates::Candidates(const Token& token, Op op) : op_(op) {
  add(std::string(kAnyTokenLookup));
  std::size_t lookups = 1;
  for (Json claim = token.payload.first(); claim && lookups < kLookupsMax; claim = claim.next()) {
    if (!claim.is_string()) continue;
    ++lookups;
    if (claim.name().size() + claim.text().size() + 3 <= kLookupBytesMax) {
      add(make_claim_lookup(claim.name(), claim.text()));
    }
    if (claim.name() == "iss" && claim.text().size() + 2 <= kLookupBytesMax) {
      add(make_issuer_lookup(claim.text()));
    }
  }
}

void Candidates::add(std::string lookup) {
  Bucket bucket{.lookup = std::move(lookup)};
  fill(bucket);
  if (!bucket.empty) buckets_.push_back(std::move(bucket));
}

void Candidates::fill(Bucket& bucket) {
  const Status found =
      op_.find_nth_credential(kComponentType, bucket.lookup, bucket.n, &bucket.head);
  if (found != SLUICE_OK) bucket.empty = true;
  if (found != SLUICE_OK && found != SLUICE_E_NOT_FOUND) unavailable_ = true;
}

std::optional<Candidate> Candidates::next() {
  while (seen_.size() < kCandidatesMax) {
    Bucket* first = nullptr;
    for (Bucket& bucket : buckets_) {
      if (bucket.empty) continue;
      if (!first || bucket.head.rank < first->head.rank) first = &bucket;
    }
    if (!first) return std::nullopt;
    const Candidate candidate{first->head, &first->lookup, first->n};
    ++first->n;
    fill(*first);
    const auto revision = candidate.credential.revision;
    if (std::find(seen_.begin(), seen_.end(), revision) != seen_.end()) continue;
    seen_.push_back(revision);
    return candidate;
  }
  return std::nullopt;
}

}  // namespace sluice::jwt
