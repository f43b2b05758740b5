// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which URLs keys may be fetched from: auth.md 3.1.

#include <string_view>

namespace sluice::jwt {

inline constexpr std::size_t kUrlBytesMax = 2048;

// https, and a host that is a name and not an address; with allow_private also http and addresses.
// Why the URL is none of those, empty when it is one. Where the name leads is checked by the host's
// client when it connects. [any]
std::string_view find_url_fault(std::string_view url, bool allow_private) noexcept;

}  // namespace sluice::jwt
