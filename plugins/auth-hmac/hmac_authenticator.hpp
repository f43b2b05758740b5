// SPDX-License-Identifier: Apache-2.0
#pragma once
// HmacAuthenticator: who calls, judged by a signature over the request (auth.md 4).
//
// It knows no keys. The snapshot finds a credential by its access key; this class builds the texts
// that a client may have signed, proves one of them with the secret, and hands on the parameters of
// exactly that text. What it remembers between requests is the nonces that were used.

#include "answers.hpp"
#include "candidates.hpp"
#include "credential.hpp"
#include "crypto.hpp"
#include "nonce_store.hpp"
#include "sent_headers.hpp"
#include "settings.hpp"

#include <sluice/authenticator.hpp>

#include <array>
#include <memory>
#include <optional>

namespace sluice::hmac {

inline constexpr std::string_view kComponentType = "hmac";

class HmacAuthenticator {
 public:
  static constexpr std::string_view kSchema = kSettingsSchema;
  static constexpr std::string_view kCredentialSchema = hmac::kCredentialSchema;

  static Result<std::unique_ptr<HmacAuthenticator>> make(const Settings& settings, Host host);
  static Result<MadeCredential> make_credential(const Settings& given, Host) {
    return hmac::make_credential(given);
  }

  using Salt = std::array<char, 16>;
  HmacAuthenticator(const HmacSettings& settings, const Salt& salt);

  // A caller who is let in by candidate 1 costs no allocation by this plugin while the request is
  // of ordinary size. [run]
  AuthOutcome authenticate(const Request& request, Op op) const;

 private:
  // A request on its way through the checks, in their order (auth.md 1.2).
  struct Walk;

  std::optional<Refusal> check_syntax(Walk& walk) const;
  std::optional<Refusal> check_presence(const Walk& walk) const;
  std::optional<Refusal> check_signature(Walk& walk) const;
  std::optional<Refusal> check_content_md5(const Walk& walk) const;
  std::optional<Refusal> check_time(Walk& walk) const;
  std::optional<Refusal> check_nonce(const Walk& walk) const;

  const HmacSettings settings_;
  const Salt salt_;  // keys the digest that names nonces
  const Crypto crypto_;
  mutable NonceStore nonces_;
};

}  // namespace sluice::hmac
