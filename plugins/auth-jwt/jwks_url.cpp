// SPDX-License-Identifier: Apache-2.0
#include "jwks_url.hpp"

#include <algorithm>
#include <cstddef>

namespace sluice::jwt {
namespace {

constexpr std::string_view kHostCharacters =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._";

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// Everything that a resolver may take for an IPv4 address ends in a number: 127.1, 0x7f000001,
// 2130706433 (WHATWG URL, "ends in a number").
bool ends_in_number(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto dot = host.rfind('.');
  const auto last = dot == host.npos ? host : host.substr(dot + 1);
  if (is_digits(last)) return true;
  return last.size() >= 2 && last[0] == '0' && (last[1] | 0x20) == 'x' &&
         last.find_first_not_of("0123456789abcdefABCDEF", 2) == last.npos;
}

}  // namespace

std::string_view find_url_fault(std::string_view url, bool allow_private) noexcept {
  constexpr std::string_view kHttps = "https://", kHttp = "http://";
  if (url.size() > kUrlBytesMax) return "longer than 2048 bytes";
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) {
    return "a URL has no spaces, control characters or bytes beyond ASCII";
  }
  std::string_view rest;
  if (url.starts_with(kHttps)) {
    rest = url.substr(kHttps.size());
  } else if (url.starts_with(kHttp) && allow_private) {
    rest = url.substr(kHttp.size());
  } else {
    return "must begin with https://";
  }
  if (rest.find('#') != rest.npos) return "a fragment is never sent";
  const auto authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.find('@') != authority.npos) return "a user name or password does not belong here";
  std::string_view host = authority, port;
  if (authority.starts_with('[')) {
    if (!allow_private) return "the host must be a name, not an IP address";
    const auto close = authority.find(']');
    if (close == authority.npos) return "the host is not closed by ]";
    host = authority.substr(0, close + 1);
    port = authority.substr(close + 1);
  } else {
    const auto colon = authority.find(':');
    host = authority.substr(0, colon);
    port = colon == authority.npos ? std::string_view{} : authority.substr(colon);
    if (host.empty() || host.find_first_not_of(kHostCharacters) != host.npos) {
      return "the host is not a name";
    }
    if (!allow_private && ends_in_number(host)) return "the host must be a name, not an IP address";
  }
  if (!port.empty() && (port[0] != ':' || port.size() > 6 || !is_digits(port.substr(1)))) {
    return "the port is not a number";
  }
  return {};
}

}  // namespace sluice::jwt
