// SPDX-License-Identifier: Apache-2.0
#pragma once
// Base64url as JOSE wants it, and no other: RFC 7515 2 and auth.md 3.3.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jwt {

// Appends the bytes. False for anything but the alphabet A-Z a-z 0-9 - _, for '=', for white space,
// for a length of 4n+1 and for trailing bits that are not zero: one text has one spelling. [any]
bool decode_base64url(std::string_view text, std::vector<char>& bytes);
bool decode_base64url(std::string_view text, std::string& bytes);

// Without padding. [any]
std::string encode_base64url(std::string_view bytes);

}  // namespace sluice::jwt
