// SPDX-License-Identifier: Apache-2.0
#pragma once
// A token taken apart before any key is known: auth.md 3.3, the dates of 3.6. Everything in here is
// still a mere assertion of whoever sent it.

#include "algorithm.hpp"
#include "json.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sluice::jwt {

inline constexpr double kDateMax = 253402300799;  // the last second of the year 9999

// Why a text is no token. kForm is told to the caller as such; the others are one text for all.
enum class Fault : std::uint8_t {
  kNone,
  kForm,       // too long, or not three parts of which none is empty
  kBase64,     // a part is not base64url
  kHeader,     // the header is not one JSON object
  kAlg,        // alg is absent, no string or not one of the thirteen
  kKid,        // kid is no string
  kExtension,  // crit or b64: an extension that changes what is verified
  kPayload,    // the payload is not one JSON object
  kDate        // exp, nbf or iat is not a date
};
std::string_view to_text(Fault fault) noexcept;

// Owns what it decoded; views into it and into the text it was parsed from. Moving keeps them.
struct Token {
  std::string_view signed_text;  // header.payload, as sent
  std::vector<char> signature;
  Alg alg = Alg::kHs256;
  std::optional<std::string_view> kid;
  Json header, payload;
  std::optional<double> exp, nbf, iat;  // seconds since 1970

  Token() = default;
  Token(const Token&) = delete;  // the views point into this object's own documents
  Token& operator=(const Token&) = delete;

 private:
  friend Fault parse_token(std::string_view text, std::size_t bytes_max, Token& token);
  Fault read_header();
  Fault read_payload();
  std::vector<char> header_bytes_, payload_bytes_;
  JsonDocument header_document_, payload_document_;
};

// Fills an empty token; the text must outlive it. No key, no clock, no allocation beyond a small
// multiple of the text. [any]
Fault parse_token(std::string_view text, std::size_t bytes_max, Token& token);

}  // namespace sluice::jwt
