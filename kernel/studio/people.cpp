// SPDX-License-Identifier: Apache-2.0
// Who manages: members of workspaces, and the tokens that they show.
#include "studio/edit_parts.hpp"
#include "studio/permissions.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
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
  // One that was given may be over: an export holds those too.
  const bool is_over = token.valid_until != 0 && token.valid_until <= clock_.now_ms();
  if (is_over && !secret.empty()) {
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

// ---- who may do that to whom

namespace {

template <class T, class Take>
void list_differences(const model::Collection<T>& before, const model::Collection<T>& after,
                      Take take) {
  if (&before.all() == &after.all()) return;  // shared: nobody wrote
  for (const auto& [key, noun] : before.all()) {
    const auto* now = after.find(key);
    if (!now || *now != noun) take(&noun, now);
  }
  for (const auto& [key, noun] : after.all()) {
    if (!before.find(key)) take(nullptr, &noun);
  }
}

bool is_admin(const model::Member& member) {
  return std::ranges::find(member.roles, model::Role::kAdmin) != member.roles.end();
}

// Where there is an admin with a token that works.
class Admins {
 public:
  Admins(const model::State& state, model::UnixMs now) {
    std::set<std::string_view> present;
    for (const auto& [id, token] : state.tokens.all()) {
      if (token.enabled && (token.valid_until == 0 || token.valid_until > now)) {
        present.insert(token.name);
      }
    }
    for (const auto& [key, member] : state.members.all()) {
      if (is_admin(member) && present.contains(member.name)) places_.insert(member.workspace);
    }
  }
  bool are_in(std::string_view workspace) const {
    return places_.contains(workspace) || places_.contains(model::kEveryWorkspace);
  }

 private:
  std::set<std::string_view> places_;
};

std::string name_place(std::string_view workspace) {
  return workspace == model::kEveryWorkspace ? std::string("every workspace")
                                             : "workspace '" + std::string(workspace) + "'";
}

}  // namespace

Result<void> check_people(const Access& access, const model::State& before,
                          const model::State& after, model::UnixMs now) {
  if (access.is_node()) return {};
  std::set<std::string> touched;  // workspaces whose admins may be other ones now
  Result<void> may;
  list_differences(
      before.members, after.members, [&](const model::Member* was, const model::Member* is) {
        const auto& member = was ? *was : *is;
        touched.insert(member.workspace);
        for (const auto& rule : list_permissions()) {
          const bool concerns =
              (was && grants(*was, rule.permission)) || (is && grants(*is, rule.permission));
          if (!may || !concerns || access.may(rule.permission, member.workspace)) continue;
          may = Error{SLUICE_E_FORBIDDEN,
                      "what '" + member.name + "' has in " + name_place(member.workspace) +
                          " holds '" + std::string(rule.name) + "', and '" + access.name() +
                          "' does not hold that there himself: have one who does change it",
                      {},
                      {}};
        }
      });
  list_differences(before.tokens, after.tokens,
                   [&](const model::Token* was, const model::Token* is) {
                     const auto& name = was ? was->name : is->name;
                     for (const auto& [key, member] : after.members.all()) {
                       if (member.name == name && is_admin(member))
                         touched.insert(member.workspace);
                     }
                   });
  if (!may) return may;
  const Admins had(before, now), has(after, now);
  for (const auto& workspace : touched) {
    const bool is_there =
        workspace == model::kEveryWorkspace || after.workspaces.find(workspace) != nullptr;
    if (!is_there || !had.are_in(workspace) || has.are_in(workspace)) continue;
    return conflict("this leaves " + name_place(workspace) +
                    " without an admin whose token works: make somebody else one first, or have "
                    "it done with the node's own token");
  }
  return {};
}

}  // namespace sluice::studio
