// SPDX-License-Identifier: Apache-2.0
// Bytes of a request's credential places: Authorization, a named header, the raw query. Whatever
// they are, what is found is a view into the request or the buffer, and never too many.
#include "key_in_request.hpp"

#include <sluice/testing/fake_request.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Lines: the first is the query, the others are header values in turn.
  const auto first = std::min(bytes.find('\n'), bytes.size());
  testing::FakeRequest request;
  request.query(std::string(bytes.substr(0, first)));
  std::size_t lines = 0;
  for (auto rest = bytes.substr(first); !rest.empty() && lines < 4; ++lines) {
    rest.remove_prefix(1);
    const auto end = std::min(rest.find('\n'), rest.size());
    request.header(lines % 2 == 0 ? "Authorization" : "X-API-Key",
                   std::string(rest.substr(0, end)));
    rest = rest.substr(end);
  }

  const Request shown(request.raw());
  std::array<char, 64> buffer;
  for (const auto& place : {apikey::Place{apikey::PlaceKind::kBearer, "", "bearer"},
                            apikey::Place{apikey::PlaceKind::kHeader, "x-api-key", "header"},
                            apikey::Place{apikey::PlaceKind::kQuery, "apikey", "query"}}) {
    const auto sighting = apikey::find_key(place, shown, buffer);
    if (sighting.count == 1 && sighting.key.empty()) std::abort();
    if (sighting.count != 1 && !sighting.key.empty()) std::abort();
    if (sighting.key.size() > size) std::abort();
    // Looked at again, the same is found.
    std::array<char, 64> other;
    if (apikey::find_key(place, shown, other).key != sighting.key) std::abort();
  }
  return 0;
}
