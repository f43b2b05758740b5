// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of one instance, which usually is one API's: where tokens may stand, and bounds.

#include "places.hpp"

#include <sluice/host.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::jwt {

struct JwtSettings {
  std::vector<Place> places;   // all that is looked at, sorted
  PlaceMask default_mask = 0;  // where consumers without places of their own have theirs
  std::size_t max_token_bytes = 8192;
  std::size_t cache_tokens_max = 4096;  // verified tokens kept; 0 = none
  std::size_t jti_max = 65'536;         // used jti kept
};

inline constexpr std::size_t kTokenBytesFloor = 1, kTokenBytesCeiling = 65'536;
inline constexpr std::size_t kCacheTokensCeiling = 1 << 20, kJtiCeiling = 1 << 22;

inline constexpr std::string_view kSettingsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "from_headers": {"$ref": "#/definitions/from_headers"},
    "from_params": {"$ref": "#/definitions/names"},
    "from_cookies": {"$ref": "#/definitions/names"},
    "default_places": {
      "title": "Where consumers without places of their own have their token",
      "description": "Some of the places above. Absent: all of them.",
      "type": "object", "additionalProperties": false,
      "properties": {
        "from_headers": {"$ref": "#/definitions/from_headers"},
        "from_params": {"$ref": "#/definitions/names"},
        "from_cookies": {"$ref": "#/definitions/names"}
      }
    },
    "max_token_bytes": {"title": "Longest token", "type": "integer", "minimum": 1, "maximum": 65536, "default": 8192},
    "cache_tokens_max": {"title": "Verified tokens remembered", "type": "integer", "minimum": 0, "maximum": 1048576, "default": 4096},
    "jti_max": {"title": "Used jti remembered", "type": "integer", "minimum": 1, "maximum": 4194304, "default": 65536}
  },
  "definitions": {
    "from_headers": {
      "type": "array", "maxItems": 16,
      "items": {"type": "object", "additionalProperties": false, "required": ["name"],
                "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 128},
                               "value_prefix": {"type": "string", "maxLength": 128}}}
    },
    "names": {"type": "array", "maxItems": 16, "items": {"type": "string", "minLength": 1, "maxLength": 128}}
  }
})json";

// The settings, or the error that points at the wrong one. [ctl]
Result<JwtSettings> parse_settings(const Settings& settings);

}  // namespace sluice::jwt
