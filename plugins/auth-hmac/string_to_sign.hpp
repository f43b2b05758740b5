// SPDX-License-Identifier: Apache-2.0
#pragma once
// The text that a client signs (auth.md 4.2): plain functions from parts of a request to bytes.

#include "parameters.hpp"
#include "scratch.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace sluice::hmac {

inline constexpr std::size_t kSignedHeadersMax = 64;  // members of the list (auth.md 1.7)

// A header that x-ca-signature-headers names. The value is empty when the header is absent.
struct SignedHeader {
  std::string_view name;        // as written in the list
  std::string_view lower_name;  // equal to `name`, also by address, when that is in lower case
  std::string_view value;
};

enum class SignedHeadersFault { kNone, kTooMany, kNoMemory };

struct SignedHeaders {
  SignedHeadersFault fault = SignedHeadersFault::kNone;
  std::span<SignedHeader> items = {};  // in the order of the list, values not filled in
  bool has_upper_case = false;         // in the name of an item
};

// The names of the list that have a line of their own: empty members and those that the scheme
// leaves out (its own two headers, and the four of the first lines) are dropped. [run]
SignedHeaders parse_signed_headers(std::string_view list, const Scratch& scratch);

enum class NameCase {
  kAsListed,  // N1: names as written in the list, sorted so
  kLower,     // N2: in lower case, sorted so
};

// [any]
void sort_headers(std::span<SignedHeader> headers, NameCase names);

// Everything that enters one text.
struct SignedText {
  std::string_view method;  // written in upper case
  std::string_view accept, content_md5, content_type, date;
  std::span<const SignedHeader> headers;  // sorted for `names`
  NameCase names = NameCase::kAsListed;
  std::string_view path;
  std::span<const Parameter> parameters;
  bool writes_empty_value_with_equals = false;  // "a=" instead of "a": open-source Higress
};

// [any]
std::size_t measure_text(const SignedText& text) noexcept;
// Writes exactly measure_text() bytes. [any]
void write_text(const SignedText& text, char* out) noexcept;

// The path decoded once, for clients that sign it before they encode it (P2 of auth.md 4.2).
// Nothing when that changes nothing, when an escape is malformed, or when an escape stands for a
// byte with a meaning in paths: a signature for one path must never serve another. `out` has room
// for path.size() bytes. [any]
std::optional<std::string_view> decode_path(std::string_view path, char* out) noexcept;

}  // namespace sluice::hmac
