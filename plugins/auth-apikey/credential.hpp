// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a person gives for an API key, and the record that is made of it
// (sluice.credential-maker/1). The record holds the key's SHA-256 and never the key.

#include <sluice/authenticator.hpp>

#include <cstddef>
#include <string_view>

namespace sluice::apikey {

inline constexpr std::size_t kOwnKeyCharactersMin = 16;  // shorter own keys are refused
inline constexpr std::size_t kOwnKeyCharactersMax = 256;
inline constexpr std::string_view kKeyPrefix = "dk_";  // of a made key, so that scanners know it
inline constexpr std::size_t kMadeKeyBytes = 32;       // random ones
inline constexpr std::size_t kDisplayCharacters = 8;

inline constexpr std::string_view kApiKeyCredentialSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "key": {
      "title": "Own key", "type": "string", "minLength": 16, "maxLength": 256,
      "description": "Visible ASCII characters. Absent: one is made and shown once."},
    "source": {
      "title": "Where the key is sent", "type": "string", "default": "bearer",
      "description": "bearer, header:<name> or query:<name>"}
  }
})json";

// [ctl]
Result<MadeCredential> make_api_key(const Settings& given);

}  // namespace sluice::apikey
