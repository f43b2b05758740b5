// SPDX-License-Identifier: Apache-2.0
#include "main/hmac_signer.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sluice/percent.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <vector>

namespace sluice::cli {
namespace {

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return lower;
}

std::string make_base64(const unsigned char* bytes, std::size_t size) {
  std::string text(4 * ((size + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string make_md5(std::string_view body) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(body.data(), body.size(), digest.data(), &size, EVP_md5(), nullptr) != 1)
    return {};
  return make_base64(digest.data(), size);
}

std::optional<std::string> decode(std::string_view text) {
  std::string decoded(text.size(), '\0');
  const auto done = decode_percent(text, Plus::kSpace, decoded);
  if (!done) return std::nullopt;
  decoded.resize(done->size());
  return decoded;
}

// The first value of each name counts (auth.md 4.2).
bool add_parameters(std::string_view text, std::map<std::string, std::string>& parameters) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto part = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    const auto equals = part.find('=');
    const auto name = decode(part.substr(0, equals));
    const auto value =
        equals == std::string_view::npos ? std::string() : decode(part.substr(equals + 1));
    if (!name || !value) return false;
    if (!name->empty()) parameters.emplace(*name, *value);
  }
  return true;
}

struct Target {
  std::string_view path, query;
};
Target split_url(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const auto scheme = url.find("://");
  const auto start = url.find_first_of("/?", scheme == std::string_view::npos ? 0 : scheme + 3);
  const auto target = start == std::string_view::npos ? std::string_view{} : url.substr(start);
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  return {path.empty() ? std::string_view("/") : path,
          mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1)};
}

std::string_view find_header(const http::ClientRequest& request, std::string_view lower) {
  for (const auto& [name, value] : request.headers) {
    if (to_lower(name) == lower) return value;
  }
  return {};
}

bool is_form(const http::ClientRequest& request) {
  auto type = to_lower(find_header(request, "content-type"));
  type.resize(std::min(type.find(';'), type.size()));
  while (type.ends_with(' ')) type.pop_back();
  return type == "application/x-www-form-urlencoded";
}

}  // namespace

Result<HmacMoment> make_moment() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a nonce: retry", {}, {}};
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  HmacMoment moment;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) moment.nonce += '-';
    moment.nonce += kHex[bytes[i] >> 4];
    moment.nonce += kHex[bytes[i] & 15];
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  moment.unix_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  return moment;
}

Result<std::string> sign_request(const HmacCredential& credential, const HmacMoment& moment,
                                 http::ClientRequest& request) {
  const auto add_absent = [&](const char* name, const std::string& value) {
    if (find_header(request, to_lower(name)).empty()) request.headers.emplace_back(name, value);
  };
  // A client that sends its own Accept (curl does) would otherwise sign another text than it sends.
  add_absent("Accept", "application/json");
  if (!request.body.empty() && !is_form(request)) add_absent("Content-MD5", make_md5(request.body));

  std::vector<std::pair<std::string, std::string>> signed_headers = {
      {"x-ca-key", credential.access_key},
      {"x-ca-signature-method", "HmacSHA256"},
      {"x-ca-timestamp", std::to_string(moment.unix_ms)}};
  if (!moment.nonce.empty()) {  // in its place: they are signed in the order of their names
    signed_headers.insert(signed_headers.begin() + 1, {"x-ca-nonce", moment.nonce});
  }

  std::map<std::string, std::string> parameters;
  const Target target = split_url(request.url);
  // A form's value wins over the query's (auth.md 4.2).
  const bool is_read = (!is_form(request) || add_parameters(request.body, parameters)) &&
                       add_parameters(target.query, parameters);
  if (!is_read) {
    return Error{SLUICE_E_ARGUMENT,
                 "the query or the form has a '%' without two hexadecimal digits: write %25 for a "
                 "percent sign",
                 {},
                 {}};
  }

  std::string text = request.method + "\n";
  for (const char* name : {"accept", "content-md5", "content-type", "date"}) {
    text += std::string(find_header(request, name)) + "\n";
  }
  std::string names;
  for (const auto& [name, value] : signed_headers) {
    text += name + ":" + value + "\n";
    names += (names.empty() ? "" : ",") + name;
  }
  text += target.path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    text += separator + name + (value.empty() ? "" : "=" + value);
    separator = '&';
  }

  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned size = 0;
  const auto& secret = credential.secret_key;
  if (!HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size)) {
    return Error{SLUICE_E_INTERNAL, "HMAC-SHA256 failed", {}, {}};
  }
  for (const auto& header : signed_headers) request.headers.push_back(header);
  request.headers.emplace_back("x-ca-signature-headers", names);
  request.headers.emplace_back("x-ca-signature", make_base64(mac.data(), size));
  return text;
}

}  // namespace sluice::cli
