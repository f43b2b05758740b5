// SPDX-License-Identifier: Apache-2.0
#pragma once
// Making a credential with the component that will judge it (sluice.credential-maker/1): the
// studio keeps what comes of it, the offline checker uses it at once. No scheme is known here.

#include "loader/registry.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::loader {

// What an authenticator made of what a person gave; abilities.h says what each part is for.
struct MadeCredential {
  bool is_unique = true;
  std::string secret;
  std::string display;
  std::vector<std::string> lookups;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<std::pair<std::string, std::string>> shown;
};

inline constexpr std::size_t kLookupsMax = 8;
inline constexpr std::size_t kLookupBytesMax = 512;
inline constexpr std::size_t kAttributesMax = 32;
inline constexpr std::size_t kShownMax = 8;
inline constexpr std::size_t kSecretBytesMax = std::size_t{256} << 10;

// Checks `given_json` against the maker's schema, then makes. Errors point into `given` and never
// quote it; E_UNSUPPORTED: credentials of this type cannot be made. [ctl]
Result<MadeCredential> make_credential(const sluice_component& component,
                                       std::string_view given_json, HostServices& services);

}  // namespace sluice::loader
