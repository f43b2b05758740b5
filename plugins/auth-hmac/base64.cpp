// SPDX-License-Identifier: Apache-2.0
#include "base64.hpp"

#include <cstdint>

namespace sluice::hmac {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

bool decode_base64(std::string_view text, std::span<unsigned char> out) noexcept {
  if (text.size() != (out.size() + 2) / 3 * 4) return false;
  const std::size_t padding = (3 - out.size() % 3) % 3;
  const auto digits = text.substr(0, text.size() - padding);
  if (text.substr(digits.size()) != std::string_view("==").substr(0, padding)) return false;

  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t done = 0;
  for (const char c : digits) {
    const int value = value_of(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[done++] = static_cast<unsigned char>(bits >> held);
    }
  }
  return (bits & ((1u << held) - 1)) == 0;
}

std::string encode_base64(std::span<const unsigned char> bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = static_cast<std::uint32_t>(bytes[i]) << 16;
    if (i + 1 < bytes.size()) bits |= static_cast<std::uint32_t>(bytes[i + 1]) << 8;
    if (i + 2 < bytes.size()) bits |= bytes[i + 2];
    text += kAlphabet[bits >> 18];
    text += kAlphabet[bits >> 12 & 63];
    text += i + 1 < bytes.size() ? kAlphabet[bits >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? kAlphabet[bits & 63] : '=';
  }
  return text;
}

}  // namespace sluice::hmac
