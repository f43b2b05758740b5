// SPDX-License-Identifier: Apache-2.0
// Who may call: consumers, what they show, what they are authorised for.
#include "studio/edit_parts.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace sluice::studio {
namespace {

std::string index_key(const model::Credential& credential, const std::string& lookup) {
  return model::make_key(credential.type, lookup);
}

Error key_is_taken() {
  return conflict(
      "another credential has this key, and a key is unique over all consumers: choose "
      "another one, or let one be made");
}

// The maker's parts in the record; what is decided elsewhere stays.
void take_over(MadeCredential made, model::Credential& credential) {
  credential.lookups = std::move(made.lookups);
  credential.is_unique = made.is_unique;
  credential.secret = std::move(made.secret);
  credential.display = std::move(made.display);
  credential.attributes = std::move(made.attributes);
  credential.shown = std::move(made.shown);
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
  drop_authorizations([&](const auto& authorization) { return authorization.consumer == name; });
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
      ++index.count_by_consumer[model::make_key(credential.type, credential.consumer)];
      index.rank_max = std::max(index.rank_max, credential.rank);
      if (!credential.is_unique) continue;
      for (const auto& lookup : credential.lookups) {
        index.id_by_lookup.emplace(index_key(credential, lookup), id);
      }
    }
  }
  return *credential_index_;
}

void Edit::drop_credential(const model::Credential& credential) {
  if (credential_index_) {
    --credential_index_->count_by_consumer[model::make_key(credential.type, credential.consumer)];
    for (const auto& lookup : credential.lookups) {
      const auto holder = credential_index_->id_by_lookup.find(index_key(credential, lookup));
      if (holder != credential_index_->id_by_lookup.end() && holder->second == credential.id) {
        credential_index_->id_by_lookup.erase(holder);
      }
    }
  }
  drop<model::Credential>(credential.id, model::make_key(credential.consumer, credential.display));
}

// The way in for every credential: a unique lookup finds one credential, whoever asks.
Result<Put<model::Credential>> Edit::keep_credential(model::Credential credential) {
  if (!state_.consumers.find(credential.consumer)) {
    return not_found("consumer", credential.consumer, "/consumer");
  }
  auto& index = credential_index();
  for (const auto& lookup : credential.lookups) {
    const auto holder = index.id_by_lookup.find(index_key(credential, lookup));
    if (holder != index.id_by_lookup.end() && holder->second != credential.id) {
      return key_is_taken();
    }
  }
  const auto* before = state_.credentials.find(credential.id);
  if (!before) {
    auto& count = index.count_by_consumer[model::make_key(credential.type, credential.consumer)];
    if (count >= kCredentialsPerConsumer) {
      return conflict("consumer '" + credential.consumer + "' has " + std::to_string(count) +
                      " credentials of type '" + credential.type +
                      "', and no more are kept: revoke old ones first");
    }
    if (credential.rank == 0) credential.rank = index.rank_max + 1;
    if (credential.created_at == 0) credential.created_at = clock_.now_ms();
    index.rank_max = std::max(index.rank_max, credential.rank);
    ++count;
  }
  if (auto faults = find_faults(credential); !faults.empty()) return make_error(faults);
  if (credential.is_unique) {
    for (const auto& lookup : credential.lookups) {
      index.id_by_lookup.emplace(index_key(credential, lookup), credential.id);
    }
  }
  auto key = credential.id;
  auto name = model::make_key(credential.consumer, credential.display);
  return keep(std::move(key), std::move(name), std::move(credential));
}

Result<MadeCredential> Edit::make_credential(const NewCredential& request) {
  if (!state_.consumers.find(request.consumer)) {
    return not_found("consumer", request.consumer, "/consumer");
  }
  auto made = lower_floor_.make_credential(request.type, request.given_json);
  if (made) return made;
  Error error = made.error();
  // What the component says of itself is about the type; the rest is about what was given.
  const bool is_about_type =
      error.status == SLUICE_E_NOT_FOUND || error.status == SLUICE_E_UNSUPPORTED;
  error.where = is_about_type ? "/type" : "/given" + error.where;
  if (error.status == SLUICE_E_CONFIG) error.status = SLUICE_E_ARGUMENT;
  return error;
}

Result<IssuedCredential> Edit::add_credential(const NewCredential& request) {
  if (request.valid_until != 0 && request.valid_until <= clock_.now_ms()) {
    return wrong("the credential's end lies in the past: give a later one, or none",
                 "/valid_until");
  }
  auto made = make_credential(request);
  if (!made) return made.error();
  model::Credential credential;
  credential.consumer = request.consumer;
  credential.type = request.type;
  credential.valid_from = request.valid_from;
  credential.valid_until = request.valid_until;
  auto shown = made->shown;
  take_over(std::move(*made), credential);
  auto id = make_id("cred-");
  if (!id) return id.error();
  credential.id = std::move(*id);
  auto kept = keep_credential(std::move(credential));
  if (!kept) return kept.error();
  return IssuedCredential{std::move(kept->stored), std::move(shown)};
}

// The one that the same documents made before.
const model::Credential* Edit::find_twin(const model::Credential& credential) {
  if (credential.is_unique) {
    const auto& index = credential_index();
    const auto holder = index.id_by_lookup.find(index_key(credential, credential.lookups.front()));
    return holder == index.id_by_lookup.end() ? nullptr : state_.credentials.find(holder->second);
  }
  for (const auto& [id, other] : state_.credentials.all()) {
    if (other.consumer == credential.consumer && other.type == credential.type &&
        other.lookups == credential.lookups) {
      return &other;
    }
  }
  return nullptr;
}

Result<Put<model::Credential>> Edit::put_credential(const NewCredential& request) {
  auto made = make_credential(request);
  if (!made) return made.error();
  // A maker that was given everything makes the same again.
  const auto again = make_credential(request);
  if (!again) return again.error();
  if (again->lookups != made->lookups || again->secret != made->secret) {
    return wrong(
        "the secret itself is not given, and one that is made would be another each time: "
        "give it, or add the credential with a command that can tell it",
        "/given");
  }
  model::Credential credential;
  credential.consumer = request.consumer;
  credential.type = request.type;
  take_over(std::move(*made), credential);
  if (const auto* twin = find_twin(credential)) {
    if (twin->consumer != request.consumer) return key_is_taken();
    credential.id = twin->id;
    credential.enabled = twin->enabled;
    credential.created_at = twin->created_at;
    credential.rank = twin->rank;
  } else {
    if (request.valid_until != 0 && request.valid_until <= clock_.now_ms()) {
      return wrong("the credential's end lies in the past: give a later one, or none",
                   "/valid_until");
    }
    auto id = make_id("cred-");
    if (!id) return id.error();
    credential.id = std::move(*id);
  }
  credential.valid_from = request.valid_from;
  credential.valid_until = request.valid_until;
  return keep_credential(std::move(credential));
}

Result<Put<model::Credential>> Edit::restore_credential(model::Credential credential) {
  if (auto faults = find_faults(credential); !faults.empty()) return make_error(faults);
  if (credential.id.empty()) {
    if (const auto* twin = find_twin(credential)) {
      credential.id = twin->id;
    } else {
      auto id = make_id("cred-");
      if (!id) return id.error();
      credential.id = std::move(*id);
    }
  }
  const auto* before = state_.credentials.find(credential.id);
  if (before && (before->consumer != credential.consumer || before->type != credential.type ||
                 before->lookups != credential.lookups)) {
    return conflict(
        "credential '" + credential.id + "' exists with another key or consumer: revoke it first",
        "/id");
  }
  return keep_credential(std::move(credential));
}

Result<Put<model::Credential>> Edit::change_credential(std::string_view id,
                                                       const CredentialChange& change) {
  const auto* found = state_.credentials.find(id);
  if (!found) return not_found("credential", id);
  auto credential = *found;
  credential.enabled = change.enabled.value_or(credential.enabled);
  credential.valid_from = change.valid_from.value_or(credential.valid_from);
  credential.valid_until = change.valid_until.value_or(credential.valid_until);
  if (auto faults = find_faults(credential); !faults.empty()) return make_error(faults);
  auto key = credential.id;
  auto name = model::make_key(credential.consumer, credential.display);
  return keep(std::move(key), std::move(name), std::move(credential));
}

Result<IssuedCredential> Edit::rotate_credential(std::string_view id, const std::string& given_json,
                                                 model::UnixMs overlap_ms) {
  const auto* found = state_.credentials.find(id);
  if (!found) return not_found("credential", id);
  if (overlap_ms < 0 || overlap_ms > kOverlapMsMax) {
    return wrong("an overlap is 0, for none, to 366 days", "/overlap_seconds");
  }
  const auto old = *found;
  // Without an overlap the old one leaves its place first: a consumer that has as many as are kept
  // can still rotate. What fails below undoes it, as all of an edit.
  if (overlap_ms == 0) drop_credential(old);
  auto issued = add_credential({old.consumer, old.type, given_json});
  if (!issued) return issued.error();
  const auto& next = issued->credential;
  if (next.lookups == old.lookups && next.secret == old.secret) return key_is_taken();
  const auto end = clock_.now_ms() + overlap_ms;
  if (overlap_ms > 0 && (old.valid_until == 0 || old.valid_until > end)) {
    if (auto ended = change_credential(old.id, {.valid_until = end}); !ended) return ended.error();
  }
  return issued;
}

Result<void> Edit::revoke_credential(std::string_view id) {
  const auto* found = state_.credentials.find(id);
  if (!found) return not_found("credential", id);
  const auto credential = *found;
  drop_credential(credential);
  return {};
}

// ---- authorizations

std::string Edit::name_of(const model::Authorization& authorization) const {
  if (!authorization.rest_api.empty()) {
    return model::make_key(authorization.consumer,
                           label_of(authorization.region, authorization.rest_api));
  }
  const auto* api = state_.apis.find(authorization.api_id);
  return model::make_key(authorization.consumer, api ? name_of(*api) : authorization.api_id);
}

Result<Put<model::Authorization>> Edit::grant(model::Authorization authorization) {
  if (auto faults = find_faults(authorization); !faults.empty()) return make_error(faults);
  if (!state_.consumers.find(authorization.consumer)) {
    return not_found("consumer", authorization.consumer, "/consumer");
  }
  if (authorization.rest_api.empty()) {
    authorization.region.clear();
  } else if (authorization.region.empty()) {
    authorization.region = region_;
  }
  if (!authorization.rest_api.empty()) {
    if (!state_.rest_apis.find(model::make_key(authorization.region, authorization.rest_api))) {
      return not_found("REST API", authorization.rest_api, "/rest_api");
    }
  } else if (!state_.apis.find(authorization.api_id)) {
    return not_found("API", authorization.api_id, "/api_id");
  }
  auto key = model::make_authorization_key(authorization);
  auto name = name_of(authorization);
  return keep(std::move(key), std::move(name), std::move(authorization));
}

Result<void> Edit::revoke_authorization(const model::Authorization& named) {
  auto authorization = named;
  if (!authorization.rest_api.empty() && authorization.region.empty()) {
    authorization.region = region_;
  }
  auto key = model::make_authorization_key(authorization);
  if (!state_.authorizations.find(key)) {
    return Error{SLUICE_E_NOT_FOUND,
                 "consumer '" + authorization.consumer +
                     "' has no authorisation of its own for "
                     "that: it may have one for the REST API above it, or for the API itself",
                 {},
                 {}};
  }
  drop<model::Authorization>(key, name_of(authorization));
  return {};
}

void Edit::drop_authorizations(const std::function<bool(const model::Authorization&)>& is_meant) {
  std::vector<model::Authorization> meant;
  for (const auto& [key, authorization] : state_.authorizations.all()) {
    if (is_meant(authorization)) meant.push_back(authorization);
  }
  for (const auto& authorization : meant) {
    drop<model::Authorization>(model::make_authorization_key(authorization),
                               name_of(authorization));
  }
}

}  // namespace sluice::studio
