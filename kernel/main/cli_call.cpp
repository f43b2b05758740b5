// SPDX-License-Identifier: Apache-2.0
// sluice call URL: a client for published APIs.
#include "main/cli_commands.hpp"
#include "main/cli_text.hpp"
#include "main/hmac_signer.hpp"

#include <algorithm>
#include <ostream>

namespace sluice::cli {
namespace {

Error wrong_option(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

bool names(std::string_view header, std::string_view name) {
  return std::equal(header.begin(), header.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

Result<std::string> read_secret(const Surroundings& surroundings, const std::string& option,
                                const std::string& text) {
  auto secret = read_value(surroundings, text);
  if (!secret) return wrong_option(option + ": " + secret.error().detail);
  if (secret->empty()) return wrong_option(option + " is empty");
  return secret;
}

// Puts the key where its credential says that it is shown.
Result<void> add_key(const CallOptions& options, const std::string& key,
                     http::ClientRequest& request) {
  const auto& place = options.api_key_in;
  if (place == "bearer") {
    request.headers.emplace_back("Authorization", "Bearer " + key);
  } else if (place.starts_with("header:") && place.size() > 7) {
    request.headers.emplace_back(place.substr(7), key);
  } else if (place.starts_with("query:") && place.size() > 6) {
    auto fragment = std::min(request.url.find('#'), request.url.size());
    request.url.resize(fragment);
    request.url += request.url.find('?') == std::string::npos ? '?' : '&';
    request.url += encode_percent(place.substr(6)) + "=" + encode_percent(key);
  } else {
    return wrong_option("--api-key-in is bearer, header:NAME or query:NAME, and not '" + place +
                        "'");
  }
  return {};
}

Result<std::string> add_credential(const Surroundings& surroundings, const CallOptions& options,
                                   http::ClientRequest& request) {
  if (!options.api_key.empty()) {
    const auto key = read_secret(surroundings, "--api-key", options.api_key);
    if (!key) return key.error();
    if (auto added = add_key(options, *key, request); !added) return added.error();
  } else if (!options.jwt.empty()) {
    const auto token = read_secret(surroundings, "--jwt", options.jwt);
    if (!token) return token.error();
    request.headers.emplace_back("Authorization", "Bearer " + *token);
  } else if (!options.hmac.empty()) {
    const auto pair = read_secret(surroundings, "--hmac", options.hmac);
    if (!pair) return pair.error();
    const auto colon = pair->find(':');
    if (colon == 0 || colon == std::string::npos || colon + 1 == pair->size()) {
      return wrong_option("--hmac takes ACCESS_KEY:SECRET_KEY");
    }
    const auto moment = make_moment();
    if (!moment) return moment.error();
    return sign_request({pair->substr(0, colon), pair->substr(colon + 1)}, *moment, request);
  }
  return std::string();
}

}  // namespace

Result<PreparedCall> make_call(const Surroundings& surroundings, const CallOptions& options) {
  http::ClientRequest request;
  request.url = options.url;
  request.method = !options.method.empty() ? options.method : options.has_body ? "POST" : "GET";
  request.body = options.body;
  request.timeout_ms = options.timeout_ms;
  bool has_type = false;
  for (const auto& line : options.headers) {
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string::npos) {
      return wrong_option("'" + line + "' is no header: write -H 'Name: value'");
    }
    const auto value = line.find_first_not_of(' ', colon + 1);
    request.headers.emplace_back(line.substr(0, colon),
                                 value == std::string::npos ? std::string() : line.substr(value));
    has_type = has_type || names(request.headers.back().first, "Content-Type");
  }
  if (options.has_body && !has_type) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  auto signed_text = add_credential(surroundings, options, request);
  if (!signed_text) return signed_text.error();
  return PreparedCall{std::move(request), std::move(*signed_text)};
}

std::string make_curl(const http::ClientRequest& request, bool include_head) {
  std::string line = "curl";
  if (include_head) line += " -i";
  const bool implied = request.method == (request.body.empty() ? "GET" : "POST");
  if (!implied && request.method == "HEAD") {
    line += " -I";
  } else if (!implied) {
    line += " -X " + quote_for_shell(request.method);
  }
  for (const auto& [name, value] : request.headers) {
    // "Name:" would take the header away; "Name;" sends it empty.
    line += " -H " + quote_for_shell(value.empty() ? name + ";" : name + ": " + value);
  }
  if (!request.body.empty()) line += " --data-raw " + quote_for_shell(request.body);
  // Braces and brackets are patterns to curl.
  if (request.url.find_first_of("[]{}") != std::string::npos) line += " -g";
  return line + " " + quote_for_shell(request.url);
}

int run_call(const Surroundings& surroundings, const CallOptions& options) {
  const auto call = make_call(surroundings, options);
  if (!call) {
    tell_error(surroundings, options.json, call.error());
    return kExitUsage;
  }
  if (options.print_signed_text && !call->signed_text.empty()) {
    surroundings.err << call->signed_text << "\n";
  }
  if (options.print_curl) {
    surroundings.out << make_curl(call->request, options.include_head) << "\n";
    return kExitOk;
  }
  const auto response = surroundings.fetch(call->request);
  if (!response) return tell_error(surroundings, options.json, response.error());

  if (options.json) {
    Json headers = Json::array();
    for (const auto& [name, value] : response->headers) {
      headers.push_back({{"name", name}, {"value", value}});
    }
    surroundings.out << dump_json(
        {{"status", response->status}, {"headers", std::move(headers)}, {"body", response->body}});
  } else {
    if (options.include_head) {
      surroundings.out << "HTTP/1.1 " << response->status << "\n";
      for (const auto& [name, value] : response->headers) {
        surroundings.out << name << ": " << value << "\n";
      }
      surroundings.out << "\n";
    }
    surroundings.out << response->body;
    if (!response->body.empty() && response->body.back() != '\n') surroundings.out << "\n";
  }
  return response->status < 400 ? kExitOk : kExitRefused;
}

}  // namespace sluice::cli
