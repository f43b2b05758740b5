// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a caller who is not let in is told: status, code and text of each case (auth.md 4.9).

#include <sluice/authenticator.hpp>

#include <string>
#include <string_view>

namespace sluice::hmac {

inline constexpr std::size_t kRealmBytesMax = 255;     // of the challenge, after escaping
inline constexpr std::size_t kMessageBytesMax = 8192;  // of header text (auth.md 1.6)

enum class Answer {
  kInvalidHeader,
  kInvalidParameters,
  kTooManyParameters,
  kBodyTooLarge,
  kInvalidMethod,
  kInvalidKey,
  kEmptySignature,
  kInvalidSignature,
  kInvalidContentMd5,
  kInvalidDate,
  kNonceMissing,
  kNonceUsed,
  kNoncesFull,
  kUnauthorizedConsumer,
  kUnavailable,
};

// The refusal of a case; 401s have a challenge. `internal` is for the log. [run]
Refusal make_refusal(Answer answer, std::string_view authority, std::string internal);

// "Invalid Signature, Server StringToSign:`...`" with the text that the gateway would have signed:
// LF as '#', other control bytes percent-encoded, at most kMessageBytesMax. With the hint of
// auth.md 9 when the signature was sent percent-encoded. [run]
std::string make_mismatch_message(std::string_view string_to_sign, std::string_view signature);

}  // namespace sluice::hmac
