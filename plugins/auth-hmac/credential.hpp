// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a person gives for an HMAC credential, and the record that is made of it
// (sluice.credential-maker/1).

#include <sluice/authenticator.hpp>

#include <string_view>

namespace sluice::hmac {

// An access key is sent in x-ca-key, so it fits there and survives what HTTP does to a value.
// The secret is any text; its bytes are the key of the MAC (auth.md 4.4).
inline constexpr std::size_t kSecretBytesMax = 4096;

inline constexpr std::string_view kCredentialSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "access_key": {
      "title": "Access key", "type": "string", "minLength": 1, "maxLength": 256,
      "description": "What a client sends in x-ca-key. Absent: one is made."},
    "secret_key": {
      "title": "Secret key", "type": "string", "minLength": 1, "maxLength": 4096,
      "description": "What a client signs with. Absent: one is made and shown once."}
  }
})json";

// [ctl]
Result<MadeCredential> make_credential(const Settings& given);

}  // namespace sluice::hmac
