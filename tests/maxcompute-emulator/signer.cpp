// SPDX-License-Identifier: Apache-2.0
#include "signer.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

namespace emulator {
namespace {

constexpr std::string_view kPrefix = "x-odps-";
constexpr std::int64_t kSkewMsMax = 900000;

std::string hmac(const EVP_MD* digest, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
  unsigned length = 0;
  HMAC(digest, key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &length);
  return {reinterpret_cast<const char*>(mac.data()), length};
}

bool equal_in_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string build(const Request& request, std::string_view path, const Headers& parameters,
                  Duplicates duplicates) {
  std::map<std::string, std::string> resource;
  std::map<std::string, std::string> lines = {
      {"content-md5", ""}, {"content-type", ""}, {"date", ""}};
  for (const auto& [name, value] : request.headers) {
    const std::string key = to_lower(name);
    if (key.substr(0, kPrefix.size()) == kPrefix || lines.contains(key)) lines[key] = value;
  }
  for (const auto& [name, value] : parameters) {
    if (duplicates == Duplicates::kLast || !resource.contains(name)) resource[name] = value;
  }
  for (const auto& [name, value] : resource) {
    if (name.substr(0, kPrefix.size()) == kPrefix) lines[name] = value;
  }
  std::string text = request.method + "\n";
  for (const auto& [name, value] : lines) {
    if (name.substr(0, kPrefix.size()) == kPrefix) text += name + ":";
    text += value + "\n";
  }
  text += path;
  char separator = '?';
  for (const auto& [name, value] : resource) {
    text += separator + name;
    if (!value.empty()) text += "=" + value;
    separator = '&';
  }
  return text;
}

// The vendor's Python client decodes the whole address before it takes it apart.
Request decode_twice(const Request& request) {
  Request again = request;
  again.parameters.clear();
  std::string target(percent_decode(request.target));
  if (request.below_api) target.erase(0, 4);
  while (target.substr(0, 2) == "//") target.erase(0, 1);
  const auto question = target.find('?');
  again.path = target.substr(0, question);
  if (question == std::string::npos) return again;
  for (const std::string& part : split(std::string_view(target).substr(question + 1), '&')) {
    if (part.empty()) continue;
    const auto equals = part.find('=');
    std::string name = part.substr(0, equals);
    std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
    for (std::string* text : {&name, &value}) {
      std::replace(text->begin(), text->end(), '+', ' ');
      *text = percent_decode(*text);
    }
    again.parameters.emplace_back(std::move(name), std::move(value));
  }
  return again;
}

struct Authorization {
  std::string access_id;
  std::string day;  // empty: version 2
  std::string region;
  std::string signature;
};

std::optional<Authorization> parse_authorization(std::string_view text) {
  if (text.substr(0, 5) != "ODPS ") return std::nullopt;
  text.remove_prefix(5);
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  Authorization result;
  result.signature = text.substr(colon + 1);
  const auto parts = split(text.substr(0, colon), '/');
  if (parts.size() == 1 && !parts[0].empty()) {
    result.access_id = parts[0];
    return result;
  }
  if (parts.size() != 5 || parts[3] != "odps" || parts[4] != "aliyun_v4_request" ||
      parts[1].size() != 8 || parts[2].empty()) {
    return std::nullopt;
  }
  result.access_id = parts[0];
  result.day = parts[1];
  result.region = parts[2];
  return result;
}

std::string format_iso(SystemTime time) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> buffer{};
  const auto length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> tail{};
  std::snprintf(tail.data(), tail.size(), ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(buffer.data(), length) + tail.data();
}

std::string format_day(SystemTime time) {
  const std::string iso = format_iso(time);
  return iso.substr(0, 4) + iso.substr(5, 2) + iso.substr(8, 2);
}

std::optional<Refusal> judge_date(const Request& request, SystemTime now) {
  const auto header = request.header("Date");
  const auto date = header ? parse_http_date(*header) : std::nullopt;
  if (!date) {
    return Refusal{400, "MissingParameter",
                   "ODPS-0420051:Missing or invalid parameter - the Date header must be a RFC 1123 "
                   "date in GMT"};
  }
  const auto off = std::chrono::duration_cast<std::chrono::milliseconds>(now - *date).count();
  if (off > kSkewMsMax || off < -kSkewMsMax) {
    return Refusal{
        400, "RequestTimeTooSkewd",
        "ODPS-0410031:Authentication request expired - the expire time interval  exceeds "
        "the max limitation: 900000, max_interval_date:900000,expire_date:" +
            format_iso(*date) + ",now_date:" + format_iso(now)};
  }
  return std::nullopt;
}

std::optional<Refusal> judge_digest(const Request& request) {
  const auto sent = request.header("Content-MD5");
  if (!sent || sent->empty()) return std::nullopt;
  const std::string digest = md5(request.body);
  if (to_lower(*sent) == to_hex(digest) || *sent == to_base64(digest)) return std::nullopt;
  return Refusal{400, "InvalidParameter",
                 "ODPS-0420061:Invalid parameter in HTTP request - Content-MD5 does not match the "
                 "body"};
}

}  // namespace

std::string make_canonical(const Request& request, Duplicates duplicates) {
  return build(request, request.path, request.parameters, duplicates);
}

std::vector<std::string> make_canonicals(const Request& request) {
  std::vector<std::string> readings = {make_canonical(request, Duplicates::kLast),
                                       make_canonical(request, Duplicates::kFirst)};
  readings.push_back(make_canonical(decode_twice(request), Duplicates::kLast));
  if (request.target.find('+') != std::string::npos) {
    Request plus = request;  // a plus that was meant as a plus
    std::string target = plus.target;
    for (std::size_t at = target.find('?'); at < target.size(); ++at) {
      if (target[at] == '+') target.replace(at, 1, "%2B");
    }
    plus.target = target;
    plus.parameters.clear();
    if (parse_target(plus)) readings.push_back(make_canonical(plus, Duplicates::kLast));
  }
  std::vector<std::string> distinct;
  for (auto& reading : readings) {
    if (std::find(distinct.begin(), distinct.end(), reading) == distinct.end()) {
      distinct.push_back(std::move(reading));
    }
  }
  return distinct;
}

std::string sign_v2(std::string_view secret, std::string_view canonical) {
  return to_base64(hmac(EVP_sha1(), secret, canonical));
}

std::string make_key_v4(std::string_view secret, std::string_view day, std::string_view region) {
  std::string key = hmac(EVP_sha256(), "aliyun_v4" + std::string(secret), day);
  key = hmac(EVP_sha256(), key, region);
  key = hmac(EVP_sha256(), key, "odps");
  return hmac(EVP_sha256(), key, "aliyun_v4_request");
}

std::string sign_v4(std::string_view secret, std::string_view day, std::string_view region,
                    std::string_view canonical) {
  return to_base64(hmac(EVP_sha1(), make_key_v4(secret, day, region), canonical));
}

std::optional<Refusal> find_refusal(const Request& request, const Credentials& credentials,
                                    SystemTime now, std::string& canonical) {
  const std::vector<std::string> readings = make_canonicals(request);
  canonical = readings.front();
  const auto header = request.header("Authorization");
  const auto sent = header ? parse_authorization(*header) : std::nullopt;
  if (!sent) {
    return Refusal{401, "Unauthorized", "The request authorization header is invalid or missing."};
  }
  if (auto refusal = judge_date(request, now)) return refusal;
  if (sent->access_id != credentials.access_id) {
    return Refusal{401, "InvalidAuthorization",
                   "ODPS-0410051:Invalid credentials - accessKeyId not found"};
  }
  const auto token = request.header("authorization-sts-token");
  if (!credentials.token.empty() && !token) {
    return Refusal{401, "InvalidAuthorization",
                   "ODPS-0410051:Invalid credentials - accessKeyId not found"};
  }
  if (token && (credentials.token.empty() || !equal_in_time(*token, credentials.token))) {
    return Refusal{401, "InvalidAuthorization",
                   "ODPS-0410051:Invalid credentials - the security token is invalid or expired"};
  }
  if (!sent->day.empty()) {
    const bool near = sent->day == format_day(now) ||
                      sent->day == format_day(now - std::chrono::minutes(15)) ||
                      sent->day == format_day(now + std::chrono::minutes(15));
    if (!near) {
      return Refusal{401, "SignatureNotMatch",
                     "ODPS-0410042:Invalid signature value - the credential's day is not today"};
    }
  }
  bool matches = false;
  for (const std::string& reading : readings) {
    const std::string expected =
        sent->day.empty() ? sign_v2(credentials.secret, reading)
                          : sign_v4(credentials.secret, sent->day, sent->region, reading);
    if (!matches && equal_in_time(expected, sent->signature)) {
      canonical = reading;
      matches = true;
    }
  }
  if (!matches) {
    return Refusal{401, "SignatureNotMatch",
                   "ODPS-0410042:Invalid signature value - User signature does not match"};
  }
  return judge_digest(request);
}

}  // namespace emulator
