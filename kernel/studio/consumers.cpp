// SPDX-License-Identifier: Apache-2.0
// Who may call: consumers, what they show, what they are authorised for.
#include "studio/edit_parts.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::studio {
namespace {

constexpr std::string_view kApiKey = "api-key";
constexpr std::string_view kKeyPrefix = "dk_";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kDisplayCharacters = 8;

std::optional<std::string> make_sha256(std::string_view text) {
  std::string digest(32, '\0');
  unsigned size = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr);
  if (done != 1 || size != digest.size()) return std::nullopt;
  return digest;
}

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

std::string index_key(const model::Credential& credential) {
  return model::make_key(credential.type, credential.lookup_key);
}

Error key_is_taken() {
  return conflict(
      "another credential has this key, and a key is unique over all consumers: choose "
      "another one, or let one be made");
}

// A key that travels in a header: visible ASCII.
std::optional<Error> find_own_key_fault(std::string_view key) {
  if (key.size() < kOwnKeyCharactersMin || key.size() > kOwnKeyCharactersMax) {
    return wrong("an own key has " + std::to_string(kOwnKeyCharactersMin) + " to " +
                     std::to_string(kOwnKeyCharactersMax) +
                     " characters: use a longer random text, or let one be made",
                 "/key");
  }
  const bool visible =
      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (visible) return std::nullopt;
  return wrong("an own key has visible ASCII characters only, no spaces: choose another one",
               "/key");
}

}  // namespace

RandomSource make_system_random() {
  return [](std::span<unsigned char> bytes) {
    return RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1;
  };
}

// ---- consumers

Result<Put<model::Consumer>> Edit::put_consumer(model::Consumer consumer) {
  if (auto faults = find_faults(consumer); !faults.empty()) return make_error(faults);
  const auto* before = state_.consumers.find(consumer.name);
  consumer.workspace = before ? before->workspace : std::string();
  if (!before && state_.workspaces.find(consumer.name)) consumer.workspace = consumer.name;
  auto name = consumer.name;
  return keep(name, name, std::move(consumer));
}

Result<void> Edit::delete_consumer(std::string_view name) {
  const auto* consumer = state_.consumers.find(name);
  if (!consumer) return not_found("consumer", name);
  if (!consumer->workspace.empty() && state_.workspaces.find(consumer->workspace)) {
    return conflict("consumer '" + std::string(name) +
                    "' belongs to the workspace of that name (R103): disable it, or delete the "
                    "workspace");
  }
  drop_consumer(name);
  return {};
}

void Edit::drop_consumer(std::string_view name) {
  std::vector<model::Credential> credentials;
  for (const auto& [id, credential] : state_.credentials.all()) {
    if (credential.consumer == name) credentials.push_back(credential);
  }
  for (const auto& credential : credentials) drop_credential(credential);
  std::vector<std::string> keys;
  const auto prefix = model::make_key(name, "");
  const auto& all = state_.authorizations.all();
  for (auto it = all.lower_bound(prefix); it != all.end() && it->first.starts_with(prefix); ++it) {
    keys.push_back(it->first);
  }
  for (const auto& key : keys) drop<model::Authorization>(key, key);
  drop<model::Consumer>(std::string(name), std::string(name));
}

Result<void> Edit::enable_consumer(std::string_view name) { return set_enabled(name, true); }
Result<void> Edit::disable_consumer(std::string_view name) { return set_enabled(name, false); }

Result<void> Edit::set_enabled(std::string_view name, bool enabled) {
  const auto* found = state_.consumers.find(name);
  if (!found) return not_found("consumer", name);
  auto consumer = *found;
  consumer.enabled = enabled;
  keep(std::string(name), std::string(name), std::move(consumer));
  return {};
}

// ---- credentials

Edit::CredentialIndex& Edit::credential_index() {
  if (!credential_index_) {
    auto& index = credential_index_.emplace();
    for (const auto& [id, credential] : state_.credentials.all()) {
      index.id_by_key.emplace(index_key(credential), id);
      ++index.count_by_consumer[credential.consumer];
    }
  }
  return *credential_index_;
}

void Edit::drop_credential(const model::Credential& credential) {
  auto& index = credential_index();
  index.id_by_key.erase(index_key(credential));
  --index.count_by_consumer[credential.consumer];
  drop<model::Credential>(credential.id, model::make_key(credential.consumer, credential.display));
}

// The way in for every credential: a key finds one credential, whoever asks.
Result<Put<model::Credential>> Edit::keep_credential(model::Credential credential) {
  if (auto faults = find_faults(credential); !faults.empty()) return make_error(faults);
  if (!state_.consumers.find(credential.consumer)) {
    return not_found("consumer", credential.consumer, "/consumer");
  }
  auto& index = credential_index();
  const auto holder = index.id_by_key.find(index_key(credential));
  if (holder != index.id_by_key.end() && holder->second != credential.id) return key_is_taken();
  if (holder == index.id_by_key.end()) {
    auto& count = index.count_by_consumer[credential.consumer];
    if (count >= kCredentialsPerConsumer) {
      return conflict("consumer '" + credential.consumer + "' has " + std::to_string(count) +
                      " credentials, and no more are kept: revoke old ones first");
    }
    ++count;
    index.id_by_key.emplace(index_key(credential), credential.id);
  }
  auto key = credential.id;
  auto name = model::make_key(credential.consumer, credential.display);
  return keep(std::move(key), std::move(name), std::move(credential));
}

Result<model::Credential> Edit::make_api_key(const NewApiKey& request, const std::string& key) {
  auto digest = make_sha256(key);
  if (!digest) return Error{SLUICE_E_INTERNAL, "the key could not be digested: retry", {}, {}};
  model::Credential credential;
  credential.consumer = request.consumer;
  credential.type = kApiKey;
  credential.lookup_key = *digest;
  credential.secret = std::move(*digest);
  credential.display = key.substr(0, kDisplayCharacters);
  credential.attributes = {{"source", request.source}};
  credential.valid_until = request.valid_until;
  return credential;
}

Result<IssuedApiKey> Edit::add_api_key(const NewApiKey& request) {
  if (!state_.consumers.find(request.consumer)) {
    return not_found("consumer", request.consumer, "/consumer");
  }
  if (request.valid_until != 0 && request.valid_until <= clock_.now_ms()) {
    return wrong("the key's end lies in the past: give a later one, or 0 for none", "/valid_until");
  }
  std::string key = request.own_key;
  if (key.empty()) {
    std::array<unsigned char, kKeyBytes> bytes{};
    if (!random_(bytes)) {
      return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a key: retry", {}, {}};
    }
    key = std::string(kKeyPrefix) + make_base64url(bytes);
  } else if (auto fault = find_own_key_fault(key)) {
    return std::move(*fault);
  }
  auto credential = make_api_key(request, key);
  if (!credential) return credential.error();
  if (credential_index().id_by_key.contains(index_key(*credential))) return key_is_taken();
  auto id = make_id("cred-");
  if (!id) return id.error();
  credential->id = std::move(*id);
  auto kept = keep_credential(std::move(*credential));
  if (!kept) return kept.error();
  return IssuedApiKey{std::move(kept->stored), std::move(key)};
}

Result<Put<model::Credential>> Edit::put_api_key(const NewApiKey& request) {
  if (auto fault = find_own_key_fault(request.own_key)) return std::move(*fault);
  auto credential = make_api_key(request, request.own_key);
  if (!credential) return credential.error();
  const auto& index = credential_index();
  const auto holder = index.id_by_key.find(index_key(*credential));
  if (holder == index.id_by_key.end()) {
    auto issued = add_api_key(request);
    if (!issued) return issued.error();
    return Put<model::Credential>{std::move(issued->credential), Applied::kCreated};
  }
  const auto* before = state_.credentials.find(holder->second);
  if (!before || before->consumer != request.consumer) return key_is_taken();
  credential->id = before->id;
  credential->enabled = before->enabled;
  return keep_credential(std::move(*credential));
}

Result<Put<model::Credential>> Edit::restore_credential(model::Credential credential) {
  const auto& index = credential_index();
  const auto holder = index.id_by_key.find(index_key(credential));
  if (credential.id.empty()) {
    if (holder != index.id_by_key.end()) {
      credential.id = holder->second;
    } else {
      auto id = make_id("cred-");
      if (!id) return id.error();
      credential.id = std::move(*id);
    }
  }
  const auto* before = state_.credentials.find(credential.id);
  if (before &&
      (before->consumer != credential.consumer || index_key(*before) != index_key(credential))) {
    return conflict(
        "credential '" + credential.id + "' exists with another key or consumer: revoke it first",
        "/id");
  }
  return keep_credential(std::move(credential));
}

Result<void> Edit::revoke_credential(std::string_view id) {
  const auto* found = state_.credentials.find(id);
  if (!found) return not_found("credential", id);
  const auto credential = *found;
  drop_credential(credential);
  return {};
}

// ---- authorizations

Result<Put<model::Authorization>> Edit::grant(model::Authorization authorization) {
  if (!state_.consumers.find(authorization.consumer)) {
    return not_found("consumer", authorization.consumer, "/consumer");
  }
  const auto* api = state_.apis.find(authorization.api_id);
  if (!api) return not_found("API", authorization.api_id, "/api_id");
  if (authorization.valid_until < 0) {
    return wrong("the end lies before 1970: give milliseconds since 1970, or 0 for no end",
                 "/valid_until");
  }
  auto key = model::make_key(authorization.consumer, authorization.api_id);
  auto name = model::make_key(authorization.consumer, name_of(*api));
  return keep(std::move(key), std::move(name), std::move(authorization));
}

Result<void> Edit::revoke_authorization(std::string_view consumer, std::string_view api_id) {
  auto key = model::make_key(consumer, api_id);
  if (!state_.authorizations.find(key)) {
    return Error{SLUICE_E_NOT_FOUND,
                 "consumer '" + std::string(consumer) + "' is not authorised for that API",
                 {},
                 {}};
  }
  const auto* api = state_.apis.find(api_id);
  drop<model::Authorization>(key, api ? model::make_key(consumer, name_of(*api)) : key);
  return {};
}

void Edit::drop_authorizations_of_api(std::string_view api_id) {
  std::vector<std::string> keys;
  for (const auto& [key, authorization] : state_.authorizations.all()) {
    if (authorization.api_id == api_id) keys.push_back(key);
  }
  for (const auto& key : keys) drop<model::Authorization>(key, key);
}

}  // namespace sluice::studio
