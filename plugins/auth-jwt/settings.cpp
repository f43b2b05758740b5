// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>

namespace sluice::jwt {
namespace {

Result<std::size_t> read_count(const Settings& node, std::size_t otherwise, std::size_t least,
                               std::size_t most) {
  if (!node.has_value()) return otherwise;
  const bool fits = node.type() == Settings::Type::kInteger &&
                    node.integer() >= static_cast<std::int64_t>(least) &&
                    node.integer() <= static_cast<std::int64_t>(most);
  if (fits) return static_cast<std::size_t>(node.integer());
  return node.error("must be a whole number from " + std::to_string(least) + " to " +
                    std::to_string(most));
}

// Settings and a credential's record name places in the same words, so one function reads both: it
// reads JSON, which is what an object's text is.
Result<std::vector<Place>> read_places(const Settings& node) {
  JsonDocument document;
  const std::string text = node.text("{}");
  if (!document.parse(text) || !document.root().is_object()) {
    return node.error("must be an object");
  }
  return parse_places(document.root(), node.where());
}

}  // namespace

Result<JwtSettings> parse_settings(const Settings& settings) {
  JwtSettings parsed;
  auto places = read_places(settings);
  if (!places) return places.error();
  parsed.places = places->empty() ? make_default_places() : std::move(*places);
  sort_places(parsed.places);

  const auto defaults_node = settings["default_places"];
  auto defaults = read_places(defaults_node);
  if (!defaults) return defaults.error();
  if (defaults_node.has_value() && defaults->empty()) {
    return defaults_node.error("name at least one place, or leave the setting out");
  }
  for (std::size_t i = 0; i < parsed.places.size(); ++i) {
    const bool chosen = defaults->empty() || std::find(defaults->begin(), defaults->end(),
                                                       parsed.places[i]) != defaults->end();
    if (chosen) parsed.default_mask |= PlaceMask{1} << i;
  }
  for (const Place& place : *defaults) {
    if (std::find(parsed.places.begin(), parsed.places.end(), place) == parsed.places.end()) {
      return defaults_node.error("\"" + place.name + "\" is not among the places of this instance");
    }
  }

  const auto token_bytes = read_count(settings["max_token_bytes"], parsed.max_token_bytes,
                                      kTokenBytesFloor, kTokenBytesCeiling);
  if (!token_bytes) return token_bytes.error();
  const auto tokens =
      read_count(settings["cache_tokens_max"], parsed.cache_tokens_max, 0, kCacheTokensCeiling);
  if (!tokens) return tokens.error();
  const auto jti = read_count(settings["jti_max"], parsed.jti_max, 1, kJtiCeiling);
  if (!jti) return jti.error();
  parsed.max_token_bytes = *token_bytes;
  parsed.cache_tokens_max = *tokens;
  parsed.jti_max = *jti;
  return parsed;
}

}  // namespace sluice::jwt
