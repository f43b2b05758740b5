// SPDX-License-Identifier: Apache-2.0
#include "admin/published_security.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::admin {
namespace {

using Scheme = std::pair<std::string, Json>;  // name and what it is

// A name is one of letters, digits and ._- there; another scheme of that name gets a number.
std::string add_scheme(Json& schemes, Scheme scheme) {
  auto& [name, what] = scheme;
  for (char& c : name) {
    const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!is_allowed) c = '_';
  }
  std::string unique = name;
  for (int number = 2; schemes.contains(unique) && schemes[unique] != what; ++number) {
    unique = name + "." + std::to_string(number);
  }
  schemes[unique] = std::move(what);
  return unique;
}

void add_way(Json& ways, Json& schemes, std::vector<Scheme> parts) {
  Json way = Json::object();
  for (auto& part : parts) way[add_scheme(schemes, std::move(part))] = Json::array();
  ways.push_back(std::move(way));
}

Json make_place(std::string_view in, std::string_view name, std::string description) {
  return {{"type", "apiKey"}, {"in", in}, {"name", name}, {"description", std::move(description)}};
}

std::string text_of(const Json& object, const char* member) {
  const auto found = object.is_object() ? object.find(member) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_set(const Json& settings, const char* member) {
  const auto found = settings.find(member);
  return found != settings.end() && found->is_boolean() && found->get<bool>();
}

Json list_of(const Json& settings, const char* member) {
  const auto found = settings.find(member);
  return found != settings.end() && found->is_array() ? *found : Json::array();
}

bool is_named(std::string_view header, std::string_view lower) {
  if (header.size() != lower.size()) return false;
  for (std::size_t i = 0; i < header.size(); ++i) {
    const char c = header[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c) != lower[i]) return false;
  }
  return true;
}

// plugins/auth-apikey/README.md: where a key may stand. A consumer's key stands in one of them,
// which he was told.
void add_api_key(const Json& settings, Json& ways, Json& schemes) {
  auto sources = list_of(settings, "sources");
  if (sources.empty()) {
    sources.push_back({{"type", "bearer"}});
    sources.push_back({{"type", "header"}, {"name", "X-API-Key"}});
    sources.push_back({{"type", "query"}, {"name", "apikey"}});
  }
  for (const auto& source : sources) {
    const auto type = text_of(source, "type"), name = text_of(source, "name");
    if (type == "header" || type == "query") {
      add_way(ways, schemes,
              {{"apiKey." + type + "." + name, make_place(type, name, "the API key")}});
    } else {
      add_way(
          ways, schemes,
          {{"apiKey", {{"type", "http"}, {"scheme", "bearer"}, {"description", "the API key"}}}});
    }
  }
}

// plugins/auth-jwt/README.md: where a token may stand.
void add_jwt(const Json& settings, Json& ways, Json& schemes) {
  auto headers = list_of(settings, "from_headers");
  auto params = list_of(settings, "from_params");
  const auto cookies = list_of(settings, "from_cookies");
  if (headers.empty() && params.empty() && cookies.empty()) {
    headers.push_back({{"name", "Authorization"}, {"value_prefix", "Bearer "}});
    params.push_back("access_token");
  }
  for (const auto& header : headers) {
    const auto name = text_of(header, "name"), prefix = text_of(header, "value_prefix");
    if (is_named(name, "authorization") && is_named(prefix, "bearer ")) {
      add_way(ways, schemes,
              {{"jwt", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}});
      continue;
    }
    add_way(
        ways, schemes,
        {{"jwt.header." + name,
          make_place("header", name, prefix.empty() ? "a JWT" : "'" + prefix + "' and a JWT")}});
  }
  for (const auto* in : {"query", "cookie"}) {
    for (const auto& name : *in == 'q' ? params : cookies) {
      if (!name.is_string()) continue;
      const auto text = name.get<std::string>();
      add_way(ways, schemes,
              {{"jwt." + std::string(in) + "." + text, make_place(in, text, "a JWT")}});
    }
  }
}

// plugins/auth-hmac/README.md: its headers have fixed names; the settings say which are needed.
void add_hmac(const Json& settings, Json& ways, Json& schemes) {
  const auto algorithms = list_of(settings, "algorithms");
  std::string accepted;
  for (const auto& algorithm : algorithms) {
    if (!algorithm.is_string()) continue;
    accepted += (accepted.empty() ? "" : " or ") + algorithm.get<std::string>();
  }
  if (accepted.empty()) accepted = "HmacSHA256 or HmacSHA1";
  const auto offset = settings.find("date_offset");
  const auto seconds = offset != settings.end() && offset->is_number_integer()
                           ? offset->get<std::int64_t>()
                           : std::int64_t{900};
  std::string about =
      "Base64 of the HMAC over method, Accept, Content-MD5, Content-Type, Date, signed headers, "
      "path "
      "and parameters; x-ca-signature-method is " +
      accepted + ", HmacSHA256 when absent";
  if (seconds > 0) {
    about += "; Date, or a signed x-ca-timestamp, is at most " + std::to_string(seconds) +
             " seconds from the gateway's time";
  }
  if (is_set(settings, "require_content_md5"))
    about += "; a body that is no form needs Content-MD5";
  about += "; see docs/authentication.md";
  std::vector<Scheme> parts = {{"hmacKey", make_place("header", "x-ca-key", "the access key")},
                               {"hmacSignature", make_place("header", "x-ca-signature", about)}};
  if (is_set(settings, "require_nonce")) {
    parts.emplace_back("hmacNonce",
                       make_place("header", "x-ca-nonce", "unique for each request, and signed"));
  }
  add_way(ways, schemes, std::move(parts));
}

}  // namespace

Json make_security(const model::Authentication& authentication, Json& schemes) {
  Json ways = Json::array();
  if (authentication.type.empty()) return ways;
  auto settings = Json::parse(authentication.settings_json, nullptr, false);
  if (!settings.is_object()) settings = Json::object();
  if (authentication.type == "api-key") {
    add_api_key(settings, ways, schemes);
  } else if (authentication.type == "jwt") {
    add_jwt(settings, ways, schemes);
  } else if (authentication.type == "hmac") {
    add_hmac(settings, ways, schemes);
  } else {
    add_way(ways, schemes,
            {{"authenticator",
              make_place("header", "Authorization",
                         "as the authenticator '" + authentication.type + "' wants it")}});
  }
  return ways;
}

}  // namespace sluice::admin
