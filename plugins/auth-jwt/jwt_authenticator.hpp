// SPDX-License-Identifier: Apache-2.0
#pragma once
// JwtAuthenticator: who calls, judged by a signed token (auth.md 3).
//
// It knows no consumers. A token's claims lead to credentials of the call's snapshot; each has
// terms and keys of its own, and the first in the configuration's order whose terms the token
// meets, and whose consumer may call the API, is who calls.

#include "bounded_cache.hpp"
#include "candidates.hpp"
#include "credential_maker.hpp"
#include "jti_store.hpp"
#include "places.hpp"
#include "remote_keys.hpp"
#include "settings.hpp"
#include "terms.hpp"

#include <sluice/authenticator.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::jwt {

inline constexpr std::size_t kHoldersMax = 1024;  // credentials whose keys are kept parsed
inline constexpr std::size_t kRealmHostBytesMax = 255, kRealmPathBytesMax = 256;  // escaped
// A remembered token is verified anew after so long, even where nothing seems to have changed.
inline constexpr std::uint64_t kRememberedSecondsMax = 300;

class JwtAuthenticator {
 public:
  static constexpr std::string_view kSchema = kSettingsSchema;
  static constexpr std::string_view kCredentialSchema = kMakerSchema;

  static Result<std::unique_ptr<JwtAuthenticator>> make(const Settings& settings, Host host);
  static Result<MadeCredential> make_credential(const Settings& given, Host host) {
    return jwt::make_credential(given, host);
  }
  JwtAuthenticator(JwtSettings settings, Host host);

  void stop();  // [ctl]

  // A token seen before costs no cryptography and no allocation. [run]
  AuthOutcome authenticate(const Request& request, Op op) const;

 private:
  // A credential's record, parsed.
  struct Holder {
    std::uint64_t revision = 0;
    bool damaged = false;
    Terms terms;
    PlaceMask places = 0;
    std::shared_ptr<RemoteKeys> remote;
  };
  // A token that was proven, and by which credential.
  struct Proven {
    ~Proven();
    std::string token;
    std::size_t place = 0;  // the instance's number
    std::shared_ptr<const Holder> holder;
    std::string lookup;  // where the credential was, and must still be
    std::size_t n = 0;
    std::uint64_t keys_version = 0;
    std::uint64_t proven_ns = 0;  // CLOCK_REALTIME
    Dates dates;
    std::vector<std::pair<std::string, std::string>> claims;  // to hand on
  };
  // How far a token got, from nowhere to the door; the furthest decides the answer.
  enum class Stage {
    kMissing,
    kNotOfForm,
    kMalformed,  // or repeated
    kRefused,    // signature or terms
    kNoKeys,
    kUnavailable,
    kNotYet,
    kExpired,
    kNotGranted,
    kProven
  };
  struct Finding {
    Stage stage = Stage::kMissing;
    std::string_view why = {};  // for the log
    std::string credential_id = {};
  };
  struct Walk;

  std::optional<Principal> recall(const Sightings& sightings, Op op) const;
  AuthOutcome judge_anew(const Request& request, const Sightings& sightings, Op op) const;
  // What one candidate says to one token; `why` when checkpoint() ends the call.
  Finding judge(Walk& walk, const Candidate& candidate, const Sightings& sightings, Op op,
                Status& why) const;
  Finding verify(Walk& walk, const Holder& holder, Op op, Status& why) const;
  Finding use_jti(const Holder& holder, const Token& token, std::string_view consumer,
                  double now) const;

  std::shared_ptr<const Holder> find_holder(const sluice_credential& raw) const;
  // Makes and keeps it: checking a point on its curve alone takes longer than a verification.
  std::shared_ptr<const Holder> make_holder(const sluice_credential& raw) const;
  std::shared_ptr<const Proven> make_proven(const Walk& walk, const Candidate& candidate,
                                            Op op) const;
  void remember(const std::shared_ptr<const Proven>& proven) const;
  AuthOutcome accept(const Proven& proven, const Credential& credential, Op op) const;
  Rejected make_refusal(const Request& request, const Finding& finding) const;
  NoCredentials make_missing(const Request& request) const;

  Host host_;
  JwtSettings settings_;
  PlaceMask all_places_ = 0;
  // Mutable: caches change no answer, only what it costs. The jti store does change answers, which
  // is what it is for.
  mutable BoundedCache<Holder> holders_;
  mutable BoundedCache<Proven> remembered_;
  mutable JtiStore jti_;
  mutable RemoteKeysTable remote_;
};

}  // namespace sluice::jwt
