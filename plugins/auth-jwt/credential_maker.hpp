// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a person gives for a consumer's tokens, turned into the record that terms.hpp reads
// (sluice.credential-maker/1). Checked here, so that a bad key is told to who gave it and not to
// the log of a gateway a week later.

#include <sluice/authenticator.hpp>
#include <sluice/host.hpp>

#include <string_view>

namespace sluice::jwt {

inline constexpr std::string_view kMakerSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "jwks": {"title": "Keys", "description": "A JWK set (RFC 7517). Absent, with jwks_url absent too: one HS256 key is made and shown once.", "type": "object"},
    "jwks_url": {"title": "Where the keys are", "description": "https, with a host name. They are fetched, kept and renewed.", "type": "string", "minLength": 1, "maxLength": 2048},
    "jwks_timeout_ms": {"type": "integer", "minimum": 1, "maximum": 30000, "default": 5000},
    "jwks_cache_seconds": {"type": "integer", "minimum": 1, "maximum": 604800, "default": 300},
    "jwks_allow_private": {"title": "Allow private addresses and http", "type": "boolean", "default": false},
    "issuer": {"title": "iss must equal", "type": "string", "minLength": 1},
    "audiences": {"title": "aud must contain one of", "type": "array", "maxItems": 32, "items": {"type": "string", "minLength": 1}},
    "claims": {"title": "Claims that must be equal", "type": "object", "maxProperties": 32, "additionalProperties": {"type": "string"}},
    "from_headers": {
      "type": "array", "maxItems": 16,
      "items": {"type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 128},
                               "value_prefix": {"type": "string", "maxLength": 128}}}
    },
    "from_params": {"type": "array", "maxItems": 16, "items": {"type": "string", "minLength": 1, "maxLength": 128}},
    "from_cookies": {"type": "array", "maxItems": 16, "items": {"type": "string", "minLength": 1, "maxLength": 128}},
    "clock_skew_seconds": {"type": "integer", "minimum": 0, "maximum": 86400, "default": 60},
    "keep_token": {"type": "boolean", "default": true},
    "claims_to_headers": {
      "type": "array", "maxItems": 32,
      "items": {"type": "object", "additionalProperties": false, "required": ["claim", "header"],
                "properties": {"claim": {"type": "string", "minLength": 1},
                               "header": {"type": "string", "minLength": 1, "maxLength": 128},
                               "override": {"type": "boolean", "default": true}}}
    },
    "algorithms": {
      "type": "array", "minItems": 1, "maxItems": 13,
      "items": {"enum": ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]}
    },
    "require_exp": {"type": "boolean", "default": true},
    "typ": {"title": "typ of the header must equal", "type": "string", "minLength": 1},
    "check_jti": {"title": "Every jti once", "type": "boolean", "default": false}
  }
})json";

// [ctl]
Result<MadeCredential> make_credential(const Settings& given, Host host);

}  // namespace sluice::jwt
