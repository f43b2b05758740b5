// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a token may stand in a request (auth.md 3.1, 3.2), and finding it there without judging it.

#include "json.hpp"

#include <sluice/op.hpp>
#include <sluice/result.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jwt {

enum class PlaceKind : std::uint8_t { kHeader, kQuery, kCookie };

struct Place {
  PlaceKind kind = PlaceKind::kHeader;
  std::string name;    // header: in lower case; query and cookie: as written, letter case counts
  std::string prefix;  // header: what stands before the token

  friend bool operator==(const Place&, const Place&) = default;
};

inline constexpr std::size_t kPlacesMax = 16;      // of one instance
inline constexpr std::size_t kNameBytesMax = 128;  // of a header, parameter or cookie; of a prefix

using PlaceMask = std::uint32_t;  // bit i: the instance's i-th place

// What from_headers, from_params and from_cookies of an object name; none when all are absent or
// empty. The error points at the wrong one. [any]
Result<std::vector<Place>> parse_places(Json object, const std::string& where);

// The characters of a header's or cookie's name, RFC 9110 5.6.2. [any]
bool is_token(std::string_view text) noexcept;

// Header Authorization with prefix "Bearer ", query parameter access_token.
std::vector<Place> make_default_places();

// Several prefixes of one header: the longest first, so that the first that matches is the one.
void sort_places(std::vector<Place>& places);

// What stands in one place: nothing (0), one text, or more than one, which nobody chooses from.
struct Sighting {
  std::size_t count = 0;
  std::string_view token = {};  // when count is 1; a view into the request or into op scratch
};

class Sightings {
 public:
  // `places` as sorted by sort_places(). [run]
  Sightings(const std::vector<Place>& places, const Request& request, Op op);

  bool any() const noexcept { return any_; }
  const Sighting& at(std::size_t place) const noexcept { return found_[place]; }

  // What a consumer with these places sees: how many tokens, and where the last of them is. Two
  // prefixes of one header see one token.
  struct Choice {
    std::size_t count = 0, place = 0;
  };
  Choice choose(PlaceMask mask) const noexcept;

 private:
  const std::vector<Place>& places_;
  std::array<Sighting, kPlacesMax> found_{};
  bool any_ = false;
};

}  // namespace sluice::jwt
