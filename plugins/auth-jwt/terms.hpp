// SPDX-License-Identifier: Apache-2.0
#pragma once
// The terms of one credential: what a consumer's tokens must be (auth.md 3.1), read from the
// credential's record, and whether a token is so (3.6). Keys are asked elsewhere.

#include "key.hpp"
#include "places.hpp"
#include "token.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::jwt {

inline constexpr std::size_t kListItemsMax = 32;  // audiences, claims, claims_to_headers
inline constexpr double kSkewSecondsMax = 86'400;
inline constexpr std::uint64_t kTimeoutMsDefault = 5'000, kTimeoutMsMax = 30'000;
inline constexpr std::uint64_t kCacheSecondsDefault = 300, kCacheSecondsMax = 604'800;

// Where keys are fetched from.
struct RemoteSource {
  std::string url;
  bool allow_private = false;
  std::uint64_t timeout_ms = kTimeoutMsDefault;
  std::uint64_t cache_seconds = kCacheSecondsDefault;
};

struct ClaimToHeader {
  std::string claim, header;
};

struct Terms {
  KeySet keys;  // when there is no remote source
  std::optional<RemoteSource> remote;
  std::optional<std::string> issuer;
  std::vector<std::string> audiences;
  std::vector<std::pair<std::string, std::string>> claims;  // by name, each must be equal
  std::vector<Place> places;                                // none: the instance's default places
  std::vector<ClaimToHeader> claims_to_headers;
  std::uint16_t algs = 0;  // bit per Alg; 0 = all
  std::optional<std::string> typ;
  double skew_seconds = 60;
  bool require_exp = true;
  bool check_jti = false;
  bool keep_token = true;
};

// The terms of a record, or the error that points into it. Keys of no use are told in `skipped`.
// [any]
Result<Terms> parse_terms(Json record, std::vector<Error>& skipped);

// alg, typ, iss, aud, claims, exp where it is required; nothing that needs a key or a clock. The
// text says which one is wrong, for the log; empty when all are right. [any]
std::string_view find_breach(const Terms& terms, const Token& token) noexcept;

// A token's dates.
struct Dates {
  std::optional<double> exp, nbf, iat;
};
enum class Timing { kNow, kExpired, kNotYet };
// Equality is accepted on both sides; `now` in whole seconds since 1970. [any]
Timing judge_time(const Dates& dates, double skew_seconds, double now) noexcept;

}  // namespace sluice::jwt
