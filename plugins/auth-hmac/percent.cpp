// SPDX-License-Identifier: Apache-2.0
#include "percent.hpp"

namespace sluice::hmac {

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_well_encoded(std::string_view text) noexcept {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 3)) {
    if (text.size() - at < 3 || hex_value(text[at + 1]) < 0 || hex_value(text[at + 2]) < 0) {
      return false;
    }
  }
  return true;
}

std::optional<std::string_view> decode_percent(std::string_view text, bool plus_is_space,
                                               char* out) noexcept {
  char* end = out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '%') {
      *end++ = plus_is_space && c == '+' ? ' ' : c;
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    *end++ = static_cast<char>(high * 16 + low);
    i += 2;
  }
  return std::string_view(out, static_cast<std::size_t>(end - out));
}

}  // namespace sluice::hmac
