// SPDX-License-Identifier: Apache-2.0
#pragma once
// A request written down as it stood on the wire, for people who debug one. Inside the command line
// only.

#include "http/client.hpp"

#include <string>
#include <string_view>

namespace sluice::cli {

struct SentText {
  std::string method, target;  // target: "/v1/user/info?user_id=1"
  http::HeaderLines headers;
  std::string body;
};

// "GET /path HTTP/1.1", header lines, an empty line, the body; lines may end in LF or CRLF. The
// body is the rest, whatever Content-Length says; one line end after it is an editor's. [any]
Result<SentText> parse_request_text(std::string_view text);

// What a client's request becomes on the wire, Host included. [any]
SentText make_sent_text(const http::ClientRequest& request);

}  // namespace sluice::cli
