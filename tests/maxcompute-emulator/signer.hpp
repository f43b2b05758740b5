// SPDX-License-Identifier: Apache-2.0
#pragma once

// The service's request signatures: the canonical string, its two versions of keys, and the check
// of a request against one pair of keys. Strict where the reference is certain.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"
#include "text.hpp"

namespace emulator {

struct Credentials {
  std::string access_id;
  std::string secret;
  std::string token;  // of temporary credentials; empty: permanent ones
};

enum class Duplicates { kFirst, kLast };

// The string to sign for a path without the endpoint and decoded parameters. Of a parameter that is
// named twice, clients sign the first or the last.
std::string make_canonical(const Request& request, Duplicates duplicates = Duplicates::kLast);

// Every reading of a request that a client may have signed; the first is the reference's.
std::vector<std::string> make_canonicals(const Request& request);

std::string sign_v2(std::string_view secret, std::string_view canonical);
std::string make_key_v4(std::string_view secret, std::string_view day, std::string_view region);
std::string sign_v4(std::string_view secret, std::string_view day, std::string_view region,
                    std::string_view canonical);

// Why the request is refused, or nullopt. `canonical` becomes what was verified.
std::optional<Refusal> find_refusal(const Request& request, const Credentials& credentials,
                                    SystemTime now, std::string& canonical);

}  // namespace emulator
