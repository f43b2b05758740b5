// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes as hexadecimal text in lower case, and back. Inside this room only. [any]

#include <optional>
#include <string>
#include <string_view>

namespace sluice::store {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

inline std::string make_hex(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    hex += kHexDigits[static_cast<unsigned char>(c) >> 4];
    hex += kHexDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

inline std::optional<std::string> parse_hex(std::string_view hex) {
  if (hex.size() % 2) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = kHexDigits.find(hex[i]), low = kHexDigits.find(hex[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

}  // namespace sluice::store
