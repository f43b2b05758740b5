// SPDX-License-Identifier: Apache-2.0
#pragma once
// Signing a request as the clients of published APIs do (auth.md 4): x-ca headers and HMAC-SHA256.
// Inside the command line only; the gateway's side stands in the plugin auth-hmac.

#include "http/client.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli {

struct HmacCredential {
  std::string access_key, secret_key;
};

// What differs between two signatures of one request.
struct HmacMoment {
  std::uint64_t unix_ms = 0;
  std::string nonce;  // empty: none is sent, and the request can be sent again
};

// Adds Accept and, to a body that is no form, Content-MD5 where they are absent, then the x-ca
// headers with the signature. Answers the text that was signed. Errors: ARGUMENT, the URL's
// query or the form has a malformed percent-encoding, or no randomness. [any]
Result<std::string> sign_request(const HmacCredential& credential, const HmacMoment& moment,
                                 http::ClientRequest& request);

// The moment of now: the wall clock and 128 random bits in the form of a UUID. [any]
Result<HmacMoment> make_moment();

}  // namespace sluice::cli
