// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <optional>
#include <utility>

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

// What is wrong with the name of a place of that kind, or nothing.
std::optional<std::string> find_name_fault(PlaceKind kind, const std::string& name) {
  if (name.size() > kNameBytesMax) {
    return "longer than " + std::to_string(kNameBytesMax) + " bytes";
  }
  if (kind == PlaceKind::kQuery) return std::nullopt;
  if (!is_token(name)) return "not the name of an HTTP header";
  if (to_lower(name) == "authorization") {
    return "use the source bearer for keys in the Authorization header";
  }
  return std::nullopt;
}

Place make_named(PlaceKind kind, const std::string& name) {
  return kind == PlaceKind::kHeader ? make_header(name) : make_query(name);
}

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
  const auto kind = type == "header" ? PlaceKind::kHeader : PlaceKind::kQuery;
  if (auto fault = find_name_fault(kind, name.text())) return name.error(std::move(*fault));
  return make_named(kind, name.text());
}

}  // namespace

Result<Place> parse_place_label(std::string_view label) {
  if (label == "bearer") return make_bearer();
  for (const auto kind : {PlaceKind::kHeader, PlaceKind::kQuery}) {
    const std::string_view prefix = kind == PlaceKind::kHeader ? "header:" : "query:";
    if (!label.starts_with(prefix) || label.size() == prefix.size()) continue;
    const std::string name(label.substr(prefix.size()));
    if (auto fault = find_name_fault(kind, name)) {
      return Error{SLUICE_E_CONFIG, std::move(*fault), {}, {}};
    }
    return make_named(kind, name);
  }
  return Error{SLUICE_E_CONFIG, "must be bearer, header:<name> or query:<name>", {}, {}};
}

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
