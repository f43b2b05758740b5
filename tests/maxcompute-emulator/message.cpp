// SPDX-License-Identifier: Apache-2.0
#include "message.hpp"

#include <algorithm>

#include "text.hpp"

namespace emulator {
namespace {

std::string decode_parameter(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::parameter(std::string_view name) const {
  for (auto it = parameters.rbegin(); it != parameters.rend(); ++it) {
    if (it->first == name) return it->second;
  }
  return std::nullopt;
}

bool parse_target(Request& request) {
  std::string_view target = request.target;
  if (target.empty() || target.front() != '/') return false;
  const auto question = target.find('?');
  std::string_view path = target.substr(0, question);
  if (path.substr(0, 5) == "/api/" || path == "/api") {
    request.below_api = true;
    path.remove_prefix(4);
  }
  // The vendor's C++ client asks a tunnel endpoint for //projects/… and signs /projects/….
  while (path.substr(0, 2) == "//") path.remove_prefix(1);
  request.path = percent_decode(path);
  if (question == std::string_view::npos) return true;
  for (const std::string& part : split(target.substr(question + 1), '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    const std::string_view view = part;
    request.parameters.emplace_back(
        decode_parameter(view.substr(0, equals)),
        equals == std::string::npos ? std::string() : decode_parameter(view.substr(equals + 1)));
  }
  return true;
}

Response make_text(int status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

Response make_xml(std::string body, int status) {
  return make_text(status, "application/xml",
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + std::move(body));
}

Response make_json(std::string body, int status) {
  return make_text(status, "application/json", std::move(body));
}

}  // namespace emulator
