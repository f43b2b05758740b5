// SPDX-License-Identifier: Apache-2.0
#pragma once
// Percent-encoding, decoded exactly once.

#include <optional>
#include <string_view>

namespace sluice::hmac {

// The value of a hexadecimal digit of either case, or -1. [any]
int hex_value(char c) noexcept;

// Is every '%' followed by two hexadecimal digits? [any]
bool is_well_encoded(std::string_view text) noexcept;

// Decodes %XX, and with `plus_is_space` also '+', into `out`, which has room for text.size() bytes.
// The decoded text, or nothing when an escape is malformed. [any]
std::optional<std::string_view> decode_percent(std::string_view text, bool plus_is_space,
                                               char* out) noexcept;

}  // namespace sluice::hmac
