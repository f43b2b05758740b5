// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a request says in headers, read in one pass over them and not judged (auth.md 1.4, 4.1).

#include <sluice/request.hpp>

#include <cstddef>
#include <string_view>

namespace sluice::hmac {

inline constexpr std::size_t kKeyBytesMax = 256;    // x-ca-key (auth.md 1.7)
inline constexpr std::size_t kNonceBytesMax = 256;  // x-ca-nonce (auth.md 1.7)

// Views into the request; empty when the header is absent.
struct SentHeaders {
  std::string_view key, signature, signature_headers, signature_method, timestamp, nonce;
  std::string_view date, content_md5, content_type, accept;
};

enum class HeaderFault {
  kNone,
  kRepeated,   // one that must stand alone
  kForbidden,  // NUL, CR or LF in a value
  kTooLong,    // x-ca-key or x-ca-nonce
};

// The name of the header at fault is in `at_fault`. [run]
HeaderFault read_headers(const Request& request, SentHeaders& sent, std::string_view& at_fault);

}  // namespace sluice::hmac
