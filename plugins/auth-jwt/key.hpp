// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keys of a JWK set (RFC 7517, 7518 6, 8037 2) and what they verify: auth.md 3.4 and 3.5.

#include "algorithm.hpp"
#include "json.hpp"

#include <sluice/result.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace sluice::jwt {

inline constexpr std::size_t kKeysMax = 64;              // in one set; more are not looked at
inline constexpr std::size_t kKeyTriesMax = 16;          // for one token against one set
inline constexpr std::size_t kHmacKeyBytesAdvised = 32;  // RFC 7518 3.2; shorter ones only warn
inline constexpr unsigned kRsaBitsMin = 2048, kRsaBitsMax = 8192;

struct FreePkey {
  void operator()(evp_pkey_st* key) const noexcept;
};

// One public (or, for HMAC, secret) key. Moved, never copied; a secret is wiped.
class Key {
 public:
  // The key of a JWK, or why it is of no use here; `where` is the JWK's JSON pointer. [any]
  static Result<Key> make(Json jwk, const std::string& where);

  Key(Key&&) noexcept = default;
  Key& operator=(Key&&) = delete;
  ~Key();

  const std::optional<std::string>& kid() const noexcept { return kid_; }
  KeyKind kind() const noexcept { return kind_; }
  std::size_t secret_bytes() const noexcept { return secret_.size(); }  // of an oct key
  // A verification takes a third of a millisecond and not, as the others', a few hundredths.
  bool is_slow() const noexcept { return kind_ == KeyKind::kP384 || kind_ == KeyKind::kP521; }
  // Of this key's kind, and equal to the JWK's own `alg` where it has one. [any]
  bool admits(Alg alg) const noexcept;
  // False for everything but a right signature of the exact form. Asks admits() first. [any]
  bool verify(Alg alg, std::string_view signed_text, std::string_view signature) const noexcept;

 private:
  Key() = default;
  Result<void> read_oct(Json jwk, const std::string& where);
  Result<void> read_rsa(Json jwk, const std::string& where);
  Result<void> read_ec(Json jwk, const std::string& where);
  Result<void> read_okp(Json jwk, const std::string& where);
  bool verify_hmac(Alg alg, std::string_view signed_text, std::string_view signature) const;
  bool verify_ecdsa(Alg alg, std::string_view signed_text, std::string_view signature) const;
  bool verify_digest(Alg alg, std::string_view signed_text, std::string_view signature) const;

  KeyKind kind_ = KeyKind::kOct;
  std::optional<std::string> kid_;
  std::optional<Alg> alg_;
  std::vector<char> secret_;
  std::unique_ptr<evp_pkey_st, FreePkey> pkey_;
  std::string order_;  // of an EC group, big endian, as long as a coordinate
};

struct KeySet {
  std::vector<Key> keys;

  bool has_kid(std::string_view kid) const noexcept;
  // Tries the keys that have the token's kid or none (all, when the token has none) and admit its
  // alg, at most kKeyTriesMax. `may_try` is asked before every try: sixteen of them, or one with a
  // slow key, are too long for an I/O thread. False ends it. [any]
  bool verify(Alg alg, std::optional<std::string_view> kid, std::string_view signed_text,
              std::string_view signature, const std::function<bool(const Key&)>& may_try) const;
};

// The set of {"keys": [...]} or of one bare JWK. A key of no use is told in `skipped` and left out
// (RFC 7517 5), whose first entry is the error when none is left. [any]
Result<KeySet> make_key_set(Json jwks, const std::string& where, std::vector<Error>& skipped);

}  // namespace sluice::jwt
