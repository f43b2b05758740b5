// SPDX-License-Identifier: Apache-2.0
#include "api_key_authenticator.hpp"

#include "key_in_request.hpp"

#include <openssl/crypto.h>

#include <array>
#include <utility>

namespace sluice::apikey {
namespace {

// The realm repeats the Host header, which the caller chose: only what a host and port are made of
// passes as it is, and never more than kRealmBytesMax.
std::string make_realm(std::string_view authority) {
  constexpr std::string_view kPlain =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-_:[]";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string realm;
  for (const char c : authority) {
    const bool plain = kPlain.find(c) != kPlain.npos;
    if (realm.size() + (plain ? 1 : 3) > kRealmBytesMax) break;
    if (plain) {
      realm += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      realm += '%';
      realm += kHex[byte >> 4];
      realm += kHex[byte & 15];
    }
  }
  return realm;
}

}  // namespace

Result<std::unique_ptr<ApiKeyAuthenticator>> ApiKeyAuthenticator::make(const Settings& settings,
                                                                       Host) {
  auto places = parse_places(settings);
  if (!places) return places.error();
  return std::make_unique<ApiKeyAuthenticator>(std::move(*places));
}

ApiKeyAuthenticator::ApiKeyAuthenticator(std::vector<Place> places) : places_(std::move(places)) {}

AuthOutcome ApiKeyAuthenticator::authenticate(const Request& request, Op op) const {
  Sent sent;
  Principal who;
  std::size_t proven = 0;
  Verdict trouble = Verdict::kUnknown;
  std::array<char, kKeyBytesMax> decoded;  // not cleared: only what find_key writes is read

  for (const Place& place : places_) {
    const Sighting sighting = find_key(place, request, decoded);
    if (sighting.count == 0) continue;
    sent.any = true;
    sent.bearer = sent.bearer || place.kind == PlaceKind::kBearer;
    if (sighting.count > 1) return make_repeated(request, sent);
    const Verdict verdict = judge(place, sighting.key, op, who);
    if (verdict == Verdict::kProven) {
      ++proven;
    } else if (trouble != Verdict::kUnavailable) {
      trouble = verdict;
    }
  }
  if (!sent.any) return make_missing(request);
  // Two good keys in two places: which of the two consumers calls is not ours to guess.
  if (proven > 1) return make_repeated(request, sent);
  // A key in another place than its consumer's is not looked at, so it does not spoil a good one.
  if (proven == 1) return who;
  return make_invalid(request, sent, trouble);
}

ApiKeyAuthenticator::Verdict ApiKeyAuthenticator::judge(const Place& place, std::string_view key,
                                                        Op op, Principal& who) const {
  if (key.size() > kKeyBytesMax) return Verdict::kTooLong;
  Sha256 digest;
  if (!digester_.digest(key, digest)) return Verdict::kUnavailable;

  const std::string_view lookup(reinterpret_cast<const char*>(digest.data()), digest.size());
  sluice_credential raw{};
  const Status found = op.find_credential(kComponentType, lookup, &raw);
  if (found == SLUICE_E_NOT_FOUND) return Verdict::kUnknown;
  if (found != SLUICE_OK) return Verdict::kUnavailable;

  const Credential credential(raw);
  const auto secret = credential.secret();
  if (secret.size() != digest.size()) return Verdict::kDamaged;
  // The lookup compared already, but not in constant time and maybe not all of it.
  if (CRYPTO_memcmp(secret.data(), digest.data(), digest.size()) != 0) return Verdict::kUnknown;

  const auto source = credential.attribute("source");
  if ((source.empty() ? std::string_view("bearer") : source) != place.label) {
    return Verdict::kElsewhere;
  }
  if (!credential.is_valid_at(op.now_ns())) return Verdict::kExpired;
  if (credential.consumer().empty()) return Verdict::kDamaged;
  who = {.consumer = credential.consumer(),
         .credential_id = credential.id(),
         .valid_until_ns = credential.valid_until_ns()};
  return Verdict::kProven;
}

NoCredentials ApiKeyAuthenticator::make_missing(const Request& request) const {
  NoCredentials refusal;
  refusal.code = "A401NK";
  refusal.message = "No API key found in request";
  add_challenges(request, {}, refusal);
  return refusal;
}

Rejected ApiKeyAuthenticator::make_repeated(const Request& request, Sent sent) const {
  Rejected refusal;
  refusal.code = "A401IK";
  refusal.message = "Multiple API keys found in request";
  add_challenges(request, sent, refusal);
  return refusal;
}

Rejected ApiKeyAuthenticator::make_invalid(const Request& request, Sent sent, Verdict why) const {
  // One text for all reasons: the difference between unknown and expired is for the log only.
  Rejected refusal;
  refusal.code = "A401IK";
  refusal.message = "Invalid API key";
  switch (why) {
    case Verdict::kTooLong:
      refusal.internal = "longer than any key";
      break;
    case Verdict::kUnknown:
      refusal.internal = "no credential has this key, or it is disabled";
      break;
    case Verdict::kElsewhere:
      refusal.internal = "the key belongs in another place of the request";
      break;
    case Verdict::kExpired:
      refusal.internal = "the credential is not valid at this time";
      break;
    case Verdict::kDamaged:
      refusal.internal = "the credential's record is damaged; make a new key";
      break;
    case Verdict::kUnavailable:
      refusal.http_status = 503;
      refusal.code = "A503CU";
      refusal.message = "Credentials cannot be checked now";
      refusal.internal = "the lookup of credentials or SHA-256 failed";
      return refusal;
    case Verdict::kProven:
      break;
  }
  add_challenges(request, sent, refusal);
  return refusal;
}

void ApiKeyAuthenticator::add_challenges(const Request& request, Sent sent,
                                         Refusal& refusal) const {
  const std::string realm = "realm=\"" + make_realm(request.authority()) + "\"";
  bool has_bearer = false, has_other = false;
  for (const Place& place : places_) {
    (place.kind == PlaceKind::kBearer ? has_bearer : has_other) = true;
  }
  if (has_bearer) {
    refusal.headers.emplace_back(
        "WWW-Authenticate", "Bearer " + realm + (sent.bearer ? ", error=\"invalid_token\"" : ""));
  }
  if (has_other) refusal.headers.emplace_back("WWW-Authenticate", "Key " + realm);
}

}  // namespace sluice::apikey
