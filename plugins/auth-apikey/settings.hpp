// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where an API key may stand in a request: the only setting of this plugin.

#include <sluice/host.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::apikey {

enum class PlaceKind { kBearer, kHeader, kQuery };

// One place of a request. `label` is what a credential's attribute "source" must equal for a key
// that was found here: "bearer", "header:<lower name>" or "query:<name>".
struct Place {
  PlaceKind kind = PlaceKind::kBearer;
  std::string name;  // header: in lower case; query: as written; bearer: empty
  std::string label;

  friend bool operator==(const Place&, const Place&) = default;
};

inline constexpr std::size_t kPlacesMax = 8;       // sources in one instance's settings
inline constexpr std::size_t kNameBytesMax = 128;  // of a header or query parameter

inline constexpr std::string_view kSettingsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "sources": {
      "title": "Where the key is looked for",
      "description": "In this order. Absent: Authorization: Bearer, header X-API-Key, query parameter apikey.",
      "type": "array", "minItems": 1, "maxItems": 8,
      "items": {
        "oneOf": [
          {"type": "object", "additionalProperties": false, "required": ["type"],
           "properties": {"type": {"const": "bearer"}}},
          {"type": "object", "additionalProperties": false, "required": ["type", "name"],
           "properties": {"type": {"const": "header"},
                          "name": {"type": "string", "minLength": 1, "maxLength": 128}}},
          {"type": "object", "additionalProperties": false, "required": ["type", "name"],
           "properties": {"type": {"const": "query"},
                          "name": {"type": "string", "minLength": 1, "maxLength": 128}}}
        ]
      }
    }
  }
})json";

// "bearer", "header:<name>" or "query:<name>" as a place: how a credential's source is written. The
// error says what is wrong with the text. [ctl]
Result<Place> parse_place_label(std::string_view label);

// The places of the settings, or the error that points at the wrong one. [ctl]
Result<std::vector<Place>> parse_places(const Settings& settings);

}  // namespace sluice::apikey
