// SPDX-License-Identifier: Apache-2.0
#pragma once
// ApiKeyAuthenticator: who calls, judged by a secret text that the caller sends along.
//
// It knows no keys. The snapshot finds a credential by the SHA-256 of what was sent; this class
// finds the text in the request, proves the credential and says what to answer otherwise.

#include "credential.hpp"
#include "digester.hpp"
#include "settings.hpp"

#include <sluice/authenticator.hpp>

#include <memory>
#include <vector>

namespace sluice::apikey {

inline constexpr std::string_view kComponentType = "api-key";
inline constexpr std::size_t kKeyBytesMax = 4096;   // a longer text is no key: it is not hashed
inline constexpr std::size_t kRealmBytesMax = 255;  // of the challenge, after escaping

class ApiKeyAuthenticator {
 public:
  static constexpr std::string_view kSchema = kSettingsSchema;
  static constexpr std::string_view kCredentialSchema = kApiKeyCredentialSchema;

  static Result<std::unique_ptr<ApiKeyAuthenticator>> make(const Settings& settings, Host host);
  static Result<MadeCredential> make_credential(const Settings& given, Host) {
    return make_api_key(given);
  }
  explicit ApiKeyAuthenticator(std::vector<Place> places);

  // A caller who is let in costs no allocation: the Principal is made of views. [run]
  AuthOutcome authenticate(const Request& request, Op op) const;

 private:
  // What became of the key found in one place.
  enum class Verdict { kProven, kTooLong, kUnknown, kElsewhere, kExpired, kDamaged, kUnavailable };
  // What stands in the request, as far as it decides the challenge.
  struct Sent {
    bool any = false;
    bool bearer = false;
  };

  Verdict judge(const Place& place, std::string_view key, Op op, Principal& who) const;

  NoCredentials make_missing(const Request& request) const;
  Rejected make_repeated(const Request& request, Sent sent) const;
  Rejected make_invalid(const Request& request, Sent sent, Verdict why) const;
  void add_challenges(const Request& request, Sent sent, Refusal& refusal) const;

  std::vector<Place> places_;
  Digester digester_;
};

}  // namespace sluice::apikey
