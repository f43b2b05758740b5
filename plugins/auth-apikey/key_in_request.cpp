// SPDX-License-Identifier: Apache-2.0
#include "key_in_request.hpp"

#include <sluice/percent.hpp>

namespace sluice::apikey {
namespace {

std::string_view decode(std::string_view encoded, std::span<char> buffer) {
  if (encoded.find_first_of("%+") == encoded.npos) return encoded;
  return decode_percent(encoded, Plus::kSpace, buffer).value_or(encoded);
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

}  // namespace

Sighting find_key(const Place& place, const Request& request, std::span<char> buffer) {
  if (place.kind == PlaceKind::kQuery) {
    const auto found = find_in_query(request.query(), place.name);
    if (found.count != 1) return {.count = found.count};
    if (found.value.empty()) return {};
    return {.count = 1, .key = decode(found.value, buffer)};
  }

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
