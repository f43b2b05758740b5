// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finding the text of a key in a request, without judging it.

#include "settings.hpp"

#include <sluice/request.hpp>

#include <cstddef>
#include <span>
#include <string_view>

namespace sluice::apikey {

// What stands in one place: nothing (0), one key, or more than one, which nobody chooses from.
struct Sighting {
  std::size_t count = 0;
  std::string_view key = {};  // when count is 1; a view into the request or into `buffer`
};

// `buffer` takes a query value that has to be decoded. A value that does not fit, or whose percent
// signs are not followed by two digits, is returned undecoded: no such text is a key. [run]
Sighting find_key(const Place& place, const Request& request, std::span<char> buffer);

}  // namespace sluice::apikey
