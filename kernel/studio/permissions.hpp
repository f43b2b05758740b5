// SPDX-License-Identifier: Apache-2.0
#pragma once
// Who may do what: the one matrix of permissions, roles and rights, and what a caller of the
// management API holds of it. The routes of the management API name the permission they need; the
// matrix says who has it. docs/permissions.md is generated from both.

#include "model/nouns.hpp"
#include "studio/owners.hpp"

#include <sluice/result.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::studio {

inline constexpr std::size_t kMembersMax = 10'000;
inline constexpr std::size_t kTokensMax = 10'000;

enum class Permission {
  kLook,  // whatever a member sees: lists and single resources
  kManageWorkspaces,
  kEditWorkspace,
  kManageMembers,
  kManageTokens,
  kReadAudit,
  kEditSources,
  kExploreSources,
  kEditWorkflows,
  kEditDrafts,
  kTestDrafts,
  kReadTests,
  kSubmitDrafts,
  kRequestApproval,
  kDecideApproval,
  kEditRestApis,
  kManageGateway,
  kPublish,
  kManageConsumers,
  kRevealSecrets,
  kRestoreRecords,
  kExplain,
};

struct PermissionRule {
  Permission permission;
  std::string_view name;              // "draft.edit"
  std::vector<model::Role> roles;     // any of them
  std::optional<model::Right> right;  // and this one, if any
  std::string_view about;             // "save, clone, delete a draft"
};
std::span<const PermissionRule> list_permissions();  // each Permission once, in order
const PermissionRule& find_rule(Permission permission);

// What one caller holds. A value, made for each request.
class Access {
 public:
  // The node's own token: everything.
  static Access of_node();
  // What the members of that name hold; nothing when there are none.
  static Access find(const model::State& state, std::string name);

  bool is_node() const noexcept { return is_node_; }
  bool is_member(std::string_view workspace) const;  // also as a member of every workspace
  bool sees(const Owner& owner) const;
  bool may(Permission permission, std::string_view workspace) const;
  bool may_anywhere(Permission permission) const;

  // FORBIDDEN, naming the role or the right that is missing (R009); workspace kEveryWorkspace: it
  // is about what belongs to none.
  Result<void> check(Permission permission, std::string_view workspace) const;
  Result<void> check_anywhere(Permission permission) const;

  const std::vector<model::Member>& memberships() const noexcept { return memberships_; }
  const std::string& name() const noexcept { return name_; }  // empty: the node

 private:
  Error refuse(Permission permission, std::string_view workspace, bool anywhere) const;

  bool is_node_ = false;
  std::string name_;
  std::vector<model::Member> memberships_;
};

// What a member alone holds in his workspace.
bool grants(const model::Member& member, Permission permission);

// What a caller may not do to members and tokens although the permission is his: give more than he
// holds himself, change one who holds more than he, or leave a workspace without an admin who can
// sign in. The node's own token may, so that everything can be repaired.
Result<void> check_people(const Access& access, const model::State& before,
                          const model::State& after, model::UnixMs now);

// What stands in the way of who binds a workspace to a REST API by its first workflow there (R063).
// Others are bound: he needs rest-api.edit in each of them, since from then on all of them have to
// agree to a change. Consumers of others may call all its APIs: he needs to see that, and
// consumer.manage in his workspace, as if he granted it himself. Judged by what came of it.
Result<void> check_bindings(const Access& access, const model::State& before,
                            const model::State& after);

// Which of the workspaces that may choose a group the caller sees.
model::ResourceGroup leave_out_unseen(model::ResourceGroup group, const Access& access);

// SHA-256 of a token, as Token::sha256 has it.
std::string make_token_digest(std::string_view token);
// Whose a token is; nullptr: nobody's, or disabled, or over.
const model::Token* find_token(const model::State& state, std::string_view secret,
                               model::UnixMs now);

}  // namespace sluice::studio
