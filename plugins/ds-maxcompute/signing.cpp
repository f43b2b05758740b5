// SPDX-License-Identifier: Apache-2.0
#include "signing.hpp"

#include "text.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <map>

namespace sluice::maxcompute {
namespace {

std::string make_hmac(const EVP_MD* digest, std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  if (!HMAC(digest, key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &n)) {
    return {};
  }
  return {reinterpret_cast<const char*>(out), n};
}

}  // namespace

std::string make_canonical_text(const SignedParts& parts) {
  // Sorted by lower-case name, the three without a prefix come first by themselves.
  std::map<std::string, std::string> lines{{"content-md5", ""}, {"content-type", ""}, {"date", ""}};
  const auto add = [&](const std::string& name, const std::string& value) {
    std::string lower = to_lower(name);
    if (lower.starts_with("x-odps-") || lines.contains(lower)) lines[std::move(lower)] = value;
  };
  for (const auto& [name, value] : parts.headers) add(name, value);
  std::map<std::string, std::string> parameters;
  for (const auto& [name, value] : parts.parameters) {
    parameters[name] = value;
    if (to_lower(name).starts_with("x-odps-")) add(name, value);
  }

  std::string text(parts.method);
  for (const auto& [name, value] : lines) {
    text += '\n';
    if (name.starts_with("x-odps-")) text += name + ':';
    text += value;
  }
  text += '\n';
  text += parts.path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    text += separator + name;
    if (!value.empty()) text += '=' + value;
    separator = '&';
  }
  return text;
}

std::string make_v4_key(std::string_view secret, std::string_view day, std::string_view region) {
  std::string key = "aliyun_v4" + std::string(secret);
  for (const std::string_view part :
       {day, region, std::string_view("odps"), std::string_view("aliyun_v4_request")}) {
    key = make_hmac(EVP_sha256(), key, part);
  }
  return key;
}

std::string make_authorization(const Credentials& credentials, std::string_view canonical_text,
                               std::int64_t unix_s) {
  std::string who = credentials.access_id, key = credentials.access_key;
  if (!credentials.region.empty()) {
    const std::string day = to_day(unix_s);
    key = make_v4_key(credentials.access_key, day, credentials.region);
    who += '/' + day + '/' + credentials.region + "/odps/aliyun_v4_request";
  }
  return "ODPS " + who + ':' + encode_base64(make_hmac(EVP_sha1(), key, canonical_text));
}

}  // namespace sluice::maxcompute
