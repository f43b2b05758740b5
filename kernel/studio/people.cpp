// SPDX-License-Identifier: Apache-2.0
// Who manages: members of workspaces, and the tokens that they show.
#include "studio/edit_parts.hpp"
#include "studio/permissions.hpp"

#include <array>
#include <utility>

namespace sluice::studio {
namespace {

constexpr std::string_view kTokenPrefix = "sat_";
constexpr std::size_t kTokenRandomBytes = 32;
constexpr std::size_t kTokenDisplayCharacters = 8;  // prefix and four digits

}  // namespace

Result<Put<model::Member>> Edit::put_member(model::Member member) {
  if (auto faults = find_faults(member); !faults.empty()) return make_error(faults);
  if (member.workspace != model::kEveryWorkspace && !state_.workspaces.find(member.workspace)) {
    return wrong("there is no workspace '" + member.workspace + "': create it first", "/workspace");
  }
  auto key = model::make_key(member.workspace, member.name);
  if (!state_.members.find(key) && state_.members.all().size() >= kMembersMax) {
    return conflict("there are " + std::to_string(kMembersMax) +
                    " members, and no more are kept: remove some first");
  }
  return keep(key, key, std::move(member));
}

Result<void> Edit::delete_member(std::string_view workspace, std::string_view name) {
  auto key = model::make_key(workspace, name);
  if (!state_.members.find(key)) return not_found("member", key);
  drop<model::Member>(key, key);
  return {};
}

Result<IssuedToken> Edit::add_token(model::Token token) {
  std::string secret;
  if (token.sha256.empty()) {
    std::array<unsigned char, kTokenRandomBytes> bytes{};
    if (!random_(bytes)) {
      return Error{SLUICE_E_UNAVAILABLE, "there is no randomness for a new token: retry", {}, {}};
    }
    secret = kTokenPrefix;
    for (const auto byte : bytes) {
      secret += "0123456789abcdef"[byte >> 4];
      secret += "0123456789abcdef"[byte & 15];
    }
    token.sha256 = make_token_digest(secret);
    token.display = secret.substr(0, kTokenDisplayCharacters);
  }
  if (auto faults = find_faults(token); !faults.empty()) return make_error(faults);
  if (token.valid_until != 0 && token.valid_until <= clock_.now_ms()) {
    return wrong("the token's end lies in the past: give a later one, or none", "/valid_until");
  }
  if (state_.tokens.all().size() >= kTokensMax) {
    return conflict("there are " + std::to_string(kTokensMax) +
                    " tokens, and no more are kept: delete old ones first");
  }
  for (const auto& [id, other] : state_.tokens.all()) {
    if (other.sha256 == token.sha256) {
      return conflict("there is a token of that digest already: make another one", "/sha256");
    }
  }
  auto id = make_id("tok-");
  if (!id) return id.error();
  token.id = std::move(*id);
  token.created_at = clock_.now_ms();
  token.created_by = actor_;
  auto key = token.id;
  auto name = model::make_key(token.name, token.id);
  auto kept = keep(std::move(key), std::move(name), std::move(token));
  return IssuedToken{std::move(kept.stored), std::move(secret)};
}

Result<Put<model::Token>> Edit::change_token(std::string_view id, const TokenChange& change) {
  const auto* found = state_.tokens.find(id);
  if (!found) return not_found("token", id);
  auto token = *found;
  token.enabled = change.enabled.value_or(token.enabled);
  token.valid_until = change.valid_until.value_or(token.valid_until);
  token.description = change.description.value_or(token.description);
  if (auto faults = find_faults(token); !faults.empty()) return make_error(faults);
  auto key = token.id;
  auto name = model::make_key(token.name, token.id);
  return keep(std::move(key), std::move(name), std::move(token));
}

Result<void> Edit::delete_token(std::string_view id) {
  const auto* found = state_.tokens.find(id);
  if (!found) return not_found("token", id);
  auto name = model::make_key(found->name, found->id);
  drop<model::Token>(std::string(id), std::move(name));
  return {};
}

}  // namespace sluice::studio
