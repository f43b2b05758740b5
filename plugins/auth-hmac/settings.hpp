// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of one instance, checked and typed.

#include <sluice/host.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::hmac {

enum class Algorithm { kSha256, kSha1 };

struct HmacSettings {
  std::int64_t date_offset_s = 900;  // 0: the time of a request is not looked at (auth.md 4.6)
  bool nonce_check = true;
  bool require_nonce = false;
  bool require_content_md5 = false;
  bool allows_sha256 = true;
  bool allows_sha1 = true;
  std::size_t nonces_max = 1'000'000;             // remembered at once; then 503 (auth.md 4.7)
  std::size_t body_bytes_max = 32 * 1024 * 1024;  // then 413 (auth.md 1.7)

  bool allows(Algorithm algorithm) const noexcept {
    return algorithm == Algorithm::kSha256 ? allows_sha256 : allows_sha1;
  }
};

inline constexpr std::int64_t kDateOffsetMax = 31'536'000;  // a year
inline constexpr std::int64_t kNoncesBoundMax = 100'000'000;
inline constexpr std::int64_t kBodyBoundMax = 1 << 30;

inline constexpr std::string_view kSettingsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "date_offset": {
      "title": "Seconds a request's time may differ from the gateway's",
      "description": "0 switches the check off; a captured request can then be sent again for ever.",
      "type": "integer", "minimum": 0, "maximum": 31536000, "default": 900},
    "nonce_check": {
      "title": "A signed x-ca-nonce may be used once", "type": "boolean", "default": true},
    "require_nonce": {
      "title": "A request without a signed x-ca-nonce is refused", "type": "boolean",
      "default": false},
    "require_content_md5": {
      "title": "A body that is no form needs Content-MD5",
      "description": "Without that header the signature does not cover such a body.",
      "type": "boolean", "default": false},
    "algorithms": {
      "title": "Accepted values of x-ca-signature-method",
      "type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true,
      "items": {"enum": ["HmacSHA256", "HmacSHA1"]},
      "default": ["HmacSHA256", "HmacSHA1"]},
    "nonces_max": {
      "title": "Nonces remembered at once", "type": "integer", "minimum": 1,
      "maximum": 100000000, "default": 1000000},
    "body_bytes_max": {
      "title": "Largest request body, in bytes", "type": "integer", "minimum": 1,
      "maximum": 1073741824, "default": 33554432}
  }
})json";

// The settings, or the error that points at the wrong one. [ctl]
Result<HmacSettings> parse_settings(const Settings& settings);

}  // namespace sluice::hmac
