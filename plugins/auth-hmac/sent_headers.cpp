// SPDX-License-Identifier: Apache-2.0
#include "sent_headers.hpp"

#include <algorithm>
#include <array>

namespace sluice::hmac {
namespace {

struct Known {
  std::string_view lower_name;
  std::string_view SentHeaders::*value;
  bool must_stand_alone;
};

constexpr std::array<Known, 10> kKnown = {{
    {"x-ca-key", &SentHeaders::key, true},
    {"x-ca-signature", &SentHeaders::signature, true},
    {"x-ca-signature-headers", &SentHeaders::signature_headers, true},
    {"x-ca-signature-method", &SentHeaders::signature_method, true},
    {"x-ca-timestamp", &SentHeaders::timestamp, true},
    {"x-ca-nonce", &SentHeaders::nonce, true},
    {"date", &SentHeaders::date, true},
    {"content-md5", &SentHeaders::content_md5, true},
    {"content-type", &SentHeaders::content_type, true},
    {"accept", &SentHeaders::accept, false},
}};

bool names_equal(std::string_view sent, std::string_view lower) noexcept {
  return std::equal(sent.begin(), sent.end(), lower.begin(), lower.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

std::string_view trim(std::string_view text) noexcept {
  const auto from = text.find_first_not_of(" \t");
  if (from == text.npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

}  // namespace

HeaderFault read_headers(const Request& request, SentHeaders& sent, std::string_view& at_fault) {
  constexpr std::string_view kForbiddenBytes("\0\r\n", 3);
  auto fault = HeaderFault::kNone;
  std::array<bool, kKnown.size()> seen = {};
  const auto blame = [&](HeaderFault what, std::string_view name) {
    if (fault != HeaderFault::kNone) return;
    fault = what;
    at_fault = name;
  };
  request.each_header([&](std::string_view name, std::string_view value) {
    if (value.find_first_of(kForbiddenBytes) != value.npos) blame(HeaderFault::kForbidden, name);
    for (std::size_t i = 0; i < kKnown.size(); ++i) {
      const Known& known = kKnown[i];
      if (!names_equal(name, known.lower_name)) continue;
      if (!seen[i]) {
        sent.*known.value = trim(value);
      } else if (known.must_stand_alone) {
        blame(HeaderFault::kRepeated, known.lower_name);
      }
      seen[i] = true;
      return;
    }
  });
  if (sent.key.size() > kKeyBytesMax) blame(HeaderFault::kTooLong, "x-ca-key");
  if (sent.nonce.size() > kNonceBytesMax) blame(HeaderFault::kTooLong, "x-ca-nonce");
  return fault;
}

}  // namespace sluice::hmac
