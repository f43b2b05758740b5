// SPDX-License-Identifier: Apache-2.0
#pragma once
// The signature of a request, versions 2 and 4: maxcompute.md 2.

#include "settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::maxcompute {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Everything decoded: the path after the endpoint, parameters as name and value (an empty value: a
// sub-resource), headers as they are sent.
struct SignedParts {
  std::string_view method, path;
  const Pairs& parameters;
  const Pairs& headers;
};

std::string make_canonical_text(const SignedParts& parts);
// The value of Authorization. Version 4 when the credentials name a region.
std::string make_authorization(const Credentials& credentials, std::string_view canonical_text,
                               std::int64_t unix_s);
// The key of version 4 for a day and region; for tests.
std::string make_v4_key(std::string_view secret, std::string_view day, std::string_view region);

}  // namespace sluice::maxcompute
