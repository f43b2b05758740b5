// SPDX-License-Identifier: Apache-2.0
#pragma once
// Base64 with the standard alphabet and padding (RFC 4648 4), read strictly.

#include <span>
#include <string>
#include <string_view>

namespace sluice::hmac {

// Fills all of `out`. False when the text is not exactly the encoding of so many bytes: another
// alphabet, missing padding, white space, or unused bits that are not zero. [any]
bool decode_base64(std::string_view text, std::span<unsigned char> out) noexcept;

// [any]
std::string encode_base64(std::span<const unsigned char> bytes);

}  // namespace sluice::hmac
