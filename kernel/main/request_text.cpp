// SPDX-License-Identifier: Apache-2.0
#include "main/request_text.hpp"

#include <algorithm>

namespace sluice::cli {
namespace {

Error wrong(std::size_t line, const std::string& what) {
  return {SLUICE_E_ARGUMENT, "line " + std::to_string(line) + " " + what, {}, {}};
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

Result<SentText> parse_request_text(std::string_view text) {
  SentText request;
  const auto first = take_line(text);
  const auto space = first.find(' '), last = first.rfind(' ');
  if (space == 0 || space == std::string_view::npos) {
    return wrong(1, "is no request line: write 'GET /path?query HTTP/1.1'");
  }
  request.method = first.substr(0, space);
  const bool has_version = last != space && first.substr(last + 1).starts_with("HTTP/");
  request.target = first.substr(space + 1, has_version ? last - space - 1 : first.npos);
  if (!request.target.starts_with('/')) {
    return wrong(1, "has no path: what follows the method begins with '/'");
  }
  for (std::size_t number = 2; !text.empty(); ++number) {
    const auto line = take_line(text);
    if (line.empty()) break;
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) {
      return wrong(number, "is no header: write 'Name: value', and an empty line before the body");
    }
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    request.headers.emplace_back(line.substr(0, colon), value);
  }
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  request.body = text;
  return request;
}

SentText make_sent_text(const http::ClientRequest& request) {
  SentText sent{.method = request.method, .target = {}, .headers = {}, .body = request.body};
  std::string_view url = request.url;
  url = url.substr(0, url.find('#'));
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const auto path = std::min(url.find_first_of("/?"), url.size());
  sent.headers.emplace_back("Host", url.substr(0, path));
  sent.target = url.substr(path);
  if (!sent.target.starts_with('/')) sent.target.insert(0, "/");
  sent.headers.insert(sent.headers.end(), request.headers.begin(), request.headers.end());
  return sent;
}

}  // namespace sluice::cli
