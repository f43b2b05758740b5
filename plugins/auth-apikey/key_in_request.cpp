// SPDX-License-Identifier: Apache-2.0
#include "key_in_request.hpp"

#include <optional>

namespace sluice::apikey {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes the next decoded byte off the front of a query text; nothing when its escape is malformed.
std::optional<char> take_decoded(std::string_view& text) {
  const char c = text.front();
  if (c != '%') {
    text.remove_prefix(1);
    return c == '+' ? ' ' : c;
  }
  if (text.size() < 3) return std::nullopt;
  const int high = hex_value(text[1]), low = hex_value(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(high * 16 + low);
}

bool decodes_to(std::string_view encoded, std::string_view name) {
  for (const char expected : name) {
    if (encoded.empty() || take_decoded(encoded) != expected) return false;
  }
  return encoded.empty();
}

std::string_view decode(std::string_view encoded, std::span<char> buffer) {
  if (encoded.find_first_of("%+") == encoded.npos) return encoded;
  std::size_t size = 0;
  for (std::string_view rest = encoded; !rest.empty();) {
    const auto byte = take_decoded(rest);
    if (!byte || size == buffer.size()) return encoded;
    buffer[size++] = *byte;
  }
  return {buffer.data(), size};
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view kBearer = "bearer";
  for (std::size_t i = 0; i < kBearer.size(); ++i) {
    if ((scheme[i] | 0x20) != kBearer[i]) return false;
  }
  return true;
}

// "Bearer", spaces, the key; empty when it is another scheme or there is no key.
std::string_view parse_bearer(std::string_view value) {
  constexpr std::size_t kSchemeBytes = 6;
  if (value.size() <= kSchemeBytes || !is_bearer(value) || value[kSchemeBytes] != ' ') return {};
  const auto from = value.find_first_not_of(' ', kSchemeBytes);
  if (from == value.npos) return {};
  return value.substr(from, value.find_last_not_of(' ') - from + 1);
}

Sighting find_in_query(std::string_view query, std::string_view name, std::span<char> buffer) {
  Sighting sighting;
  std::string_view value;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = part.find('=');
    if (!decodes_to(part.substr(0, equals), name)) continue;
    if (++sighting.count > 1) return sighting;
    value = equals == part.npos ? std::string_view{} : part.substr(equals + 1);
  }
  if (value.empty()) return {};
  sighting.key = decode(value, buffer);
  return sighting;
}

}  // namespace

Sighting find_key(const Place& place, const Request& request, std::span<char> buffer) {
  if (place.kind == PlaceKind::kQuery) return find_in_query(request.query(), place.name, buffer);

  const bool bearer = place.kind == PlaceKind::kBearer;
  const std::string_view name = bearer ? std::string_view("authorization") : place.name;
  const std::size_t lines = request.count_header(name);
  // Repeated is refused before the values are read: an intermediary may have read the other one.
  if (lines != 1) return {.count = lines};
  const auto value = request.header(name);
  const auto key = bearer ? parse_bearer(value) : value;
  if (key.empty()) return {};
  return {.count = 1, .key = key};
}

}  // namespace sluice::apikey
