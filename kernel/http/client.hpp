// SPDX-License-Identifier: Apache-2.0
#pragma once
// fetch: one HTTP/1.1 request and its answer, for the command line. It blocks, it opens its own
// connection and closes it. Plain http:// only; calls that plugins make go through the gateway's
// own client, which verifies TLS and guards addresses.

#include <sluice/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

inline constexpr std::size_t kClientBodyBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kClientHeaderBytesMax = std::size_t{64} << 10;

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

struct ClientRequest {
  std::string method = "GET";
  std::string
      url;  // http://host[:port][/path][?query]; host is a name, an IPv4 or a [IPv6] address
  HeaderLines headers;
  std::string body;
  std::int64_t timeout_ms = 30'000;  // from the connection to the last byte of the answer
};

struct ClientResponse {
  int status = 0;
  HeaderLines headers;  // in wire order, names as sent
  std::string body;

  // First value of a header in any case, empty when absent.
  std::string_view header(std::string_view name) const noexcept;
};

// Errors: ARGUMENT the request cannot be sent as it is written, UNAVAILABLE nobody answered,
// TIMEOUT, TOO_LARGE. A status of 400 or 500 is an answer and no error. Blocks. [any]
Result<ClientResponse> fetch(const ClientRequest& request);

}  // namespace sluice::http
