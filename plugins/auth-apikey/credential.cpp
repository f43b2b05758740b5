// SPDX-License-Identifier: Apache-2.0
#include "credential.hpp"

#include "settings.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>

namespace sluice::apikey {
namespace {

std::string make_base64url(std::span<const unsigned char> bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> make_sha256(std::string_view text) {
  std::string digest(32, '\0');
  unsigned size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  if (done != 1 || size != digest.size()) return std::nullopt;
  return digest;
}

// A key that travels in a header: visible ASCII. Not so short that it can be tried out, because
// what is kept of it is one plain SHA-256 (auth.md 2.2).
std::optional<Error> find_own_key_fault(const Settings& node, std::string_view key) {
  if (node.type() != Settings::Type::kString) return node.error("must be a text");
  if (key.size() < kOwnKeyCharactersMin || key.size() > kOwnKeyCharactersMax) {
    return node.error("an own key has " + std::to_string(kOwnKeyCharactersMin) + " to " +
                      std::to_string(kOwnKeyCharactersMax) +
                      " characters: use a longer random text, or let one be made");
  }
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (visible) return std::nullopt;
  return node.error("an own key has visible ASCII characters only, no spaces: choose another one");
}

}  // namespace

Result<MadeCredential> make_api_key(const Settings& given) {
  std::string key;
  if (const auto node = given["key"]; node.has_value()) {
    key = node.text();
    if (auto fault = find_own_key_fault(node, key)) return std::move(*fault);
  } else {
    std::array<unsigned char, kMadeKeyBytes> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
      return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a key: retry", {}, {}};
    }
    key = std::string(kKeyPrefix) + make_base64url(bytes);
  }
  const auto source = given["source"];
  const auto place = parse_place_label(source.text("bearer"));
  if (!place) return source.error(place.error().detail);
  auto digest = make_sha256(key);
  if (!digest) return Error{SLUICE_E_INTERNAL, "the key could not be digested: retry", {}, {}};

  MadeCredential made;
  made.is_unique = true;  // a key is unique over all consumers (auth.md 2.2)
  made.display = key.substr(0, kDisplayCharacters);
  made.lookups = {*digest};
  made.secret = std::move(*digest);
  made.attributes = {{"source", place->label}};
  made.shown = {{"key", std::move(key)}};
  return made;
}

}  // namespace sluice::apikey
