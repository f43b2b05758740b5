// SPDX-License-Identifier: Apache-2.0
#include "places.hpp"

#include <sluice/percent.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>

namespace sluice::jwt {
namespace {

// ---------------------------------------------------------------------------------------- settings

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = lower(c);
  return lowered;
}

Error bad(const std::string& where, std::string why) {
  return {SLUICE_E_CONFIG, std::move(why), {}, where};
}

Result<Place> parse_place(PlaceKind kind, Json item, const std::string& where) {
  const bool is_header = kind == PlaceKind::kHeader;
  if (is_header && !item.is_object()) {
    return bad(where, "must be an object {\"name\", \"value_prefix\"}");
  }
  const std::string name_where = is_header ? where + "/name" : where;
  const Json name = is_header ? item.member("name") : item;
  if (!name.is_string() || name.text().empty()) return bad(name_where, "a name is needed here");
  if (name.text().size() > kNameBytesMax) return bad(name_where, "longer than 128 bytes");
  if (kind != PlaceKind::kQuery && !is_token(name.text())) {
    return bad(name_where, "not the name of an HTTP header or cookie");
  }
  if (!is_header) return Place{kind, std::string(name.text()), {}};

  const Json prefix = item.member("value_prefix");
  const std::string prefix_where = where + "/value_prefix";
  if (prefix && !prefix.is_string()) return bad(prefix_where, "must be a string");
  if (prefix.text().size() > kNameBytesMax) return bad(prefix_where, "longer than 128 bytes");
  if (prefix.text().find_first_not_of(' ') == prefix.text().npos && !prefix.text().empty()) {
    return bad(prefix_where, "spaces before a value are not part of it");
  }
  for (Json member = item.first(); member; member = member.next()) {
    if (member.name() != "name" && member.name() != "value_prefix") {
      return bad(where + "/" + std::string(member.name()), "there is no such setting");
    }
  }
  return Place{kind, to_lower(name.text()), std::string(prefix.text())};
}

// --------------------------------------------------------------------------------------- a request

// A value that cannot be decoded, or for which the call has no memory left, stays as it is: its
// percent signs are no base64url, so it is refused as malformed.
std::string_view decode(std::string_view encoded, Op op) {
  if (encoded.find_first_of("%+") == encoded.npos) return encoded;
  auto* const buffer = static_cast<char*>(op.scratch(encoded.size()));
  if (!buffer) return encoded;
  return decode_percent(encoded, Plus::kSpace, {buffer, encoded.size()}).value_or(encoded);
}

// auth.md 3.2: the prefix at the start; one that ends in a space is a scheme in any letter case
// with one or more spaces after it.
std::string_view cut_prefix(std::string_view value, std::string_view prefix) {
  if (prefix.empty() || prefix.back() != ' ') {
    return value.starts_with(prefix) ? value.substr(prefix.size()) : std::string_view{};
  }
  const auto word = prefix.substr(0, prefix.find_last_not_of(' ') + 1);
  if (value.size() <= word.size() || value[word.size()] != ' ') return {};
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (lower(value[i]) != lower(word[i])) return {};
  }
  const auto from = value.find_first_not_of(' ', word.size());
  return from == value.npos ? std::string_view{} : value.substr(from);
}

Sighting find_in_header(const Place& place, const Request& request) {
  const std::size_t lines = request.count_header(place.name);
  // Repeated is refused before the values are read: an intermediary may have read the other one.
  if (lines != 1) return {.count = lines};
  const auto token = cut_prefix(request.header(place.name), place.prefix);
  if (token.empty()) return {};
  return {.count = 1, .token = token};
}

Sighting find_in_parameters(const Place& place, const Request& request, Op op) {
  const auto found = find_in_query(request.query(), place.name);
  if (found.count != 1) return {.count = found.count};
  if (found.value.empty()) return {};
  return {.count = 1, .token = decode(found.value, op)};
}

std::string_view trim(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

Sighting find_in_cookies(const Place& place, const Request& request) {
  Sighting sighting;
  // HTTP/2 may split the cookies over several lines (RFC 9113 8.2.3), so all lines are one list.
  request.each_header([&](std::string_view name, std::string_view line) {
    constexpr std::string_view kCookie = "cookie";
    if (!std::equal(name.begin(), name.end(), kCookie.begin(), kCookie.end(),
                    [](char a, char b) { return lower(a) == b; })) {
      return;
    }
    while (!line.empty()) {
      const auto end = line.find(';');
      const auto part = trim(line.substr(0, end));
      line = end == line.npos ? std::string_view{} : line.substr(end + 1);
      const auto equals = part.find('=');
      if (equals == part.npos || trim(part.substr(0, equals)) != place.name) continue;
      ++sighting.count;
      auto value = trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      sighting.token = value;
    }
  });
  if (sighting.count == 1 && sighting.token.empty()) return {};
  return sighting;
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view kCharacters =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && text.find_first_not_of(kCharacters) == text.npos;
}

Result<std::vector<Place>> parse_places(Json object, const std::string& where) {
  constexpr std::pair<PlaceKind, std::string_view> kLists[] = {
      {PlaceKind::kHeader, "from_headers"},
      {PlaceKind::kQuery, "from_params"},
      {PlaceKind::kCookie, "from_cookies"}};
  std::vector<Place> places;
  for (const auto& [kind, member] : kLists) {
    const Json list = object.member(member);
    const std::string list_where = where + "/" + std::string(member);
    if (!list) continue;
    if (!list.is_array()) return bad(list_where, "must be a list");
    std::size_t i = 0;
    for (Json item = list.first(); item; item = item.next(), ++i) {
      const std::string item_where = list_where + "/" + std::to_string(i);
      auto place = parse_place(kind, item, item_where);
      if (!place) return place.error();
      if (std::find(places.begin(), places.end(), *place) != places.end()) {
        return bad(item_where, "this place is named twice");
      }
      if (places.size() == kPlacesMax) return bad(item_where, "more than 16 places");
      places.push_back(std::move(*place));
    }
  }
  return places;
}

std::vector<Place> make_default_places() {
  return {{PlaceKind::kHeader, "authorization", "Bearer "},
          {PlaceKind::kQuery, "access_token", {}}};
}

void sort_places(std::vector<Place>& places) {
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    const auto length_a = a.prefix.size(), length_b = b.prefix.size();
    return std::tie(a.kind, a.name, length_b, a.prefix) <
           std::tie(b.kind, b.name, length_a, b.prefix);
  });
}

Sightings::Sightings(const std::vector<Place>& places, const Request& request, Op op)
    : places_(places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    switch (places[i].kind) {
      case PlaceKind::kHeader:
        found_[i] = find_in_header(places[i], request);
        break;
      case PlaceKind::kQuery:
        found_[i] = find_in_parameters(places[i], request, op);
        break;
      case PlaceKind::kCookie:
        found_[i] = find_in_cookies(places[i], request);
        break;
    }
    any_ = any_ || found_[i].count > 0;
  }
}

Sightings::Choice Sightings::choose(PlaceMask mask) const noexcept {
  Choice choice;
  const Place* last_header = nullptr;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!(mask >> i & 1) || found_[i].count == 0) continue;
    if (places_[i].kind == PlaceKind::kHeader) {
      if (last_header && last_header->name == places_[i].name) continue;
      last_header = &places_[i];
    }
    choice.count += found_[i].count;
    choice.place = i;
  }
  return choice;
}

}  // namespace sluice::jwt
