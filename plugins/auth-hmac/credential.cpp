// SPDX-License-Identifier: Apache-2.0
#include "credential.hpp"

#include "base64.hpp"
#include "sent_headers.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace sluice::hmac {
namespace {

constexpr std::size_t kMadeKeyBytes = 15;     // 20 characters, no padding
constexpr std::size_t kMadeSecretBytes = 33;  // 44 characters, no padding

// Random text of base64url characters, which every tool passes on unchanged.
template <std::size_t kBytes>
std::optional<std::string> make_random_text() {
  std::array<unsigned char, kBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return std::nullopt;
  std::string text = encode_base64(bytes);
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

Error no_randomness() {
  return {SLUICE_E_UNAVAILABLE, "there is no randomness for a key: retry", {}, {}};
}

std::optional<Error> find_access_key_fault(const Settings& node, std::string_view key) {
  if (node.type() != Settings::Type::kString) return node.error("must be a text");
  if (key.empty() || key.size() > kKeyBytesMax) {
    return node.error("an access key has 1 to " + std::to_string(kKeyBytesMax) +
                      " bytes: choose another one, or let one be made");
  }
  const bool has_control = std::any_of(key.begin(), key.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (has_control || key.front() == ' ' || key.back() == ' ') {
    return node.error(
        "an access key travels in a header: no control characters, no space at its ends");
  }
  return std::nullopt;
}

std::optional<Error> find_secret_fault(const Settings& node, std::string_view secret) {
  if (node.type() != Settings::Type::kString) return node.error("must be a text");
  if (secret.empty()) {
    return node.error("an empty secret proves nothing: choose one, or leave it out");
  }
  if (secret.size() > kSecretBytesMax) {
    return node.error("longer than " + std::to_string(kSecretBytesMax) + " bytes");
  }
  return std::nullopt;
}

}  // namespace

Result<MadeCredential> make_credential(const Settings& given) {
  std::string key, secret;
  if (const auto node = given["access_key"]; node.has_value()) {
    key = node.text();
    if (auto fault = find_access_key_fault(node, key)) return std::move(*fault);
  } else if (auto made = make_random_text<kMadeKeyBytes>()) {
    key = "ak_" + *made;
  } else {
    return no_randomness();
  }
  if (const auto node = given["secret_key"]; node.has_value()) {
    secret = node.text();
    if (auto fault = find_secret_fault(node, secret)) return std::move(*fault);
  } else if (auto made = make_random_text<kMadeSecretBytes>()) {
    secret = std::move(*made);
  } else {
    return no_randomness();
  }

  MadeCredential made;
  made.display = key;
  made.lookups = {key};
  made.shown = {{"access_key", key}, {"secret_key", secret}};
  made.secret = std::move(secret);
  return made;
}

}  // namespace sluice::hmac
