// SPDX-License-Identifier: Apache-2.0
#include "problem/problem.hpp"

#include <algorithm>
#include <array>

namespace sluice::problem {
namespace {

constexpr std::size_t kHeaderTextBytesMax = 8192;

struct Row {
  Status status;
  Problem problem;
};

constexpr std::array kTable{
    Row{kBadRequest, {400, 400, "bad request", "I400BR"}},
    Row{kRouteNotFound, {404, 404, "no such API", "I404NF"}},
    Row{kMethodNotAllowed, {405, 405, "method not allowed", "I405MN"}},
    Row{kRequestTimeout, {408, 408, "request timeout", "I408TO"}},
    Row{kBodyTooLarge, {413, 413, "Request Body Too Large", "I413RL"}},
    Row{kUriTooLong, {414, 414, "request line too long", "I414RL"}},
    Row{kMediaTypeNotSupported, {415, 415, "media type not supported", "I415MT"}},
    Row{kExpectationFailed, {417, 417, "expectation failed", "I417EX"}},
    Row{kHeadersTooLarge, {431, 431, "request header fields too large", "I431HD"}},
    Row{kNotImplemented, {501, 501, "not implemented", "I501NI"}},
    Row{kOverloaded, {503, 503, "overloaded", "I503OL"}},
    Row{kComponentMissing, {503, 503, "a component of this API is not available", "I503CM"}},
    Row{kVersionNotSupported, {505, 505, "HTTP version not supported", "I505VN"}},
    Row{kParameterMissing, {400, 1108110519, "param miss", ""}},
    Row{kParameterFormat, {400, 1108110301, "parameter check failed (format)", ""}},
    Row{kParameterValue, {400, 1108110304, "parameter check failed (value)", ""}},
    Row{kSourceFailed, {502, 1108110622, "datasource query error", ""}},
    Row{kSourceUnreachable, {502, 1108110703, "database connection error", ""}},
    Row{kRateLimited, {429, 1108113002, "rate limit", ""}},
    Row{SLUICE_E_UNAUTHENTICATED, {401, 401, "unauthenticated", "A401NA"}},
    Row{SLUICE_E_FORBIDDEN, {403, 403, "Unauthorized Consumer", "A403UC"}},
    Row{SLUICE_E_TIMEOUT, {504, 1108110583, "query timeout", ""}},
    Row{SLUICE_E_BUSY, {503, 503, "overloaded", "I503OL"}},
    Row{SLUICE_E_TOO_LARGE, {502, 1108110622, "the result is too large", ""}},
    // Nobody is there to read it; the access log shows it as nginx does.
    Row{SLUICE_E_CANCELLED, {499, 499, "client closed the request", ""}},
};

// How many bytes at the front of the text are one character of UTF-8 (RFC 3629 4); 0: none is.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto is_within = [&](std::size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || text.size() < 2) return 0;
  if (first < 0xe0) return is_within(1, 0x80, 0xbf) ? 2 : 0;
  // The second byte keeps overlong forms, surrogates and what lies beyond U+10FFFF out.
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (!is_within(1, low, high) || !is_within(2, 0x80, 0xbf)) return 0;
  if (first < 0xf0) return 3;
  return is_within(3, 0x80, 0xbf) ? 4 : 0;
}

// Error texts repeat what a client sent, which may be any bytes: what is not UTF-8 becomes U+FFFD,
// so that the body stays JSON.
void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      const std::size_t length = utf8_length(text.substr(i));
      out += length == 0 ? kReplacement : text.substr(i, length);
      if (length > 1) i += length - 1;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

}  // namespace

Problem to_problem(Status status) noexcept {
  const auto row = std::ranges::find(kTable, status, &Row::status);
  return row == kTable.end() ? Problem{500, 500, "internal error", ""} : row->problem;
}

Status from_source(Status status) noexcept {
  switch (status) {
    case SLUICE_OK:
    case SLUICE_E_TIMEOUT:
    case SLUICE_E_CANCELLED:
    case SLUICE_E_TOO_LARGE:
    case SLUICE_E_BUSY:
      return status;
    case SLUICE_E_UNAVAILABLE:
      return kSourceUnreachable;
    default:
      return status < -1000 ? status : kSourceFailed;
  }
}

std::string_view reason_phrase(int http_status) noexcept {
  switch (http_status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string make_body(const Problem& problem, std::string_view detail,
                      std::string_view request_id) {
  std::string body = R"({"data":null,"success":false,"errCode":)";
  body += std::to_string(problem.err_code);
  body += R"(,"errMsg":")";
  append_json_escaped(body, problem.err_msg);
  if (!detail.empty() && detail != problem.err_msg) {
    if (!problem.err_msg.empty()) body += ": ";
    append_json_escaped(body, detail);
  }
  body += R"(","requestId":")";
  append_json_escaped(body, request_id);
  body += "\"}";
  return body;
}

std::string escape_header(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(std::min(text.size(), kHeaderTextBytesMax));
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= 0x20 && byte <= 0x7e) || byte >= 0x80;
    if (out.size() + (is_plain ? 1 : 3) > kHeaderTextBytesMax) break;
    if (is_plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

}  // namespace sluice::problem
