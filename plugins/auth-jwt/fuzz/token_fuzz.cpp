// SPDX-License-Identifier: Apache-2.0
// Fuzzes what every stranger can reach: the parser of tokens, as sent and past its base64url.
#include "../base64url.hpp"
#include "../token.hpp"

#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kTokenBytesMax = 8192;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  {
    sluice::jwt::Token token;
    (void)sluice::jwt::parse_token(text, kTokenBytesMax, token);
  }
  // Random bytes rarely are base64url: the same input again as a payload, where JSON begins.
  sluice::jwt::Token token;
  const std::string encoded = "eyJhbGciOiJIUzI1NiJ9." + sluice::jwt::encode_base64url(text) + ".AA";
  (void)sluice::jwt::parse_token(encoded, 2 * kTokenBytesMax, token);
  return 0;
}
