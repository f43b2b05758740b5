// SPDX-License-Identifier: Apache-2.0
#pragma once
// Percent-encoding (RFC 3986 2.1) and query texts, decoded exactly once. Decoding allocates
// nothing.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {
inline namespace v1 {

// What a '+' stands for: itself in a path, a space in a query or form.
enum class Plus { kLiteral, kSpace };

// The value of a hexadecimal digit of either case, or -1. [any]
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Takes the next decoded byte off the front of a text that is not empty; nothing when its escape is
// malformed. [any]
constexpr std::optional<char> take_decoded(std::string_view& text, Plus plus) noexcept {
  const char c = text.front();
  if (c != '%') {
    text.remove_prefix(1);
    return c == '+' && plus == Plus::kSpace ? ' ' : c;
  }
  if (text.size() < 3) return std::nullopt;
  const int high = hex_value(text[1]), low = hex_value(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(high * 16 + low);
}

// The decoded text in `out`, which text.size() bytes are always enough for. Nothing when an escape
// is malformed or the text does not fit. [any]
constexpr std::optional<std::string_view> decode_percent(std::string_view text, Plus plus,
                                                         std::span<char> out) noexcept {
  std::size_t size = 0;
  while (!text.empty()) {
    const auto byte = take_decoded(text, plus);
    if (!byte || size == out.size()) return std::nullopt;
    out[size++] = *byte;
  }
  return std::string_view(out.data(), size);
}

// For one path segment, or one name or value of a query: what is not unreserved (RFC 3986 2.3) as
// %XX. [any]
inline std::string encode_percent(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const bool is_unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                               (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                               c == '~';
    if (is_unreserved) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

// How often a parameter stands in a query text.
struct QueryFinding {
  std::size_t count = 0;
  std::string_view value = {};  // of the last one, still encoded; empty without '='
};

// Searches "a=1&b=2" for a name, which is compared decoded and by letter case. [any]
constexpr QueryFinding find_in_query(std::string_view query, std::string_view name) noexcept {
  const auto is_named = [name](std::string_view encoded) {
    for (const char expected : name) {
      if (encoded.empty() || take_decoded(encoded, Plus::kSpace) != expected) return false;
    }
    return encoded.empty();
  };
  QueryFinding finding;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    const auto equals = part.find('=');
    if (!is_named(part.substr(0, equals))) continue;
    ++finding.count;
    finding.value = equals == part.npos ? std::string_view{} : part.substr(equals + 1);
  }
  return finding;
}

}  // namespace v1
}  // namespace sluice
