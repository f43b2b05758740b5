// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <optional>

namespace sluice::apikey {
namespace {

// The characters of a header's name, RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kToken =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && text.find_first_not_of(kToken) == text.npos;
}

std::string to_lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Place make_bearer() { return {PlaceKind::kBearer, {}, "bearer"}; }
Place make_header(const std::string& name) {
  return {PlaceKind::kHeader, to_lower(name), "header:" + to_lower(name)};
}
Place make_query(const std::string& name) { return {PlaceKind::kQuery, name, "query:" + name}; }

Result<Place> parse_place(const Settings& source) {
  const std::string type = source["type"].text();
  if (type == "bearer") return make_bearer();
  if (type != "header" && type != "query") {
    return source["type"].error("must be \"bearer\", \"header\" or \"query\"");
  }
  const auto name = source["name"];
  if (name.type() != Settings::Type::kString || name.text().empty()) {
    return name.error("a name is needed for the source \"" + type + "\"");
  }
  if (name.text().size() > kNameBytesMax) {
    return name.error("longer than " + std::to_string(kNameBytesMax) + " bytes");
  }
  if (type == "query") return make_query(name.text());
  if (!is_token(name.text())) return name.error("not the name of an HTTP header");
  if (to_lower(name.text()) == "authorization") {
    return name.error("use {\"type\":\"bearer\"} for keys in the Authorization header");
  }
  return make_header(name.text());
}

}  // namespace

Result<std::vector<Place>> parse_places(const Settings& settings) {
  const auto sources = settings["sources"];
  if (!sources.has_value()) {
    return std::vector<Place>{make_bearer(), make_header("x-api-key"), make_query("apikey")};
  }
  if (sources.type() != Settings::Type::kArray) return sources.error("must be a list of sources");

  std::vector<Place> places;
  std::optional<Error> fault;
  sources.each([&](std::string_view, const Settings& source) {
    if (fault) return;
    auto place = parse_place(source);
    if (!place) {
      fault = place.error();
    } else if (std::find(places.begin(), places.end(), *place) != places.end()) {
      fault = source.error("this source is named twice");
    } else {
      places.push_back(*place);
    }
  });
  if (fault) return *fault;
  if (places.empty()) return sources.error("name at least one source, or leave the setting out");
  if (places.size() > kPlacesMax) {
    return sources.error("more than " + std::to_string(kPlacesMax) + " sources");
  }
  return places;
}

}  // namespace sluice::apikey
