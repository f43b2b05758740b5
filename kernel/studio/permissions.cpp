// SPDX-License-Identifier: Apache-2.0
#include "studio/permissions.hpp"

#include "model/laws.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace sluice::studio {
namespace {

using enum model::Role;
using enum model::Right;

// The matrix. An admin has every permission in his workspace; he stands in each line so that
// nothing is implied.
const std::vector<PermissionRule>& rules() {
  using enum Permission;
  static const std::vector<PermissionRule> kRules = {
      {kLook,
       "look",
       {kAdmin, kDeveloper, kOperator, kApprover, kVisitor},
       {},
       "see what is in the workspace, without secrets"},
      {kManageWorkspaces, "workspace.manage", {kAdmin}, {}, "create workspaces"},
      {kEditWorkspace,
       "workspace.edit",
       {kAdmin},
       {},
       "change its settings, delete it when it is empty"},
      {kManageMembers, "member.manage", {kAdmin}, {}, "give and take roles and rights"},
      {kManageTokens, "token.manage", {kAdmin}, {}, "make, disable and delete tokens"},
      {kReadAudit, "audit.read", {kAdmin}, {}, "read the audit log"},
      {kEditSources,
       "source.edit",
       {kAdmin, kDeveloper},
       kDataSource,
       "create, change and delete data sources"},
      {kExploreSources,
       "source.explore",
       {kAdmin, kDeveloper},
       kDataSource,
       "test a source, list its tables, describe them"},
      {kEditWorkflows,
       "workflow.edit",
       {kAdmin, kDeveloper},
       kDataService,
       "create, change and delete workflows"},
      {kEditDrafts,
       "draft.edit",
       {kAdmin, kDeveloper},
       kDataService,
       "create, save and delete APIs"},
      {kTestDrafts, "draft.test", {kAdmin, kDeveloper}, kDataService, "run a draft"},
      {kReadTests,
       "test.read",
       {kAdmin, kDeveloper, kOperator, kApprover},
       kDataService,
       "read what tests answered: rows of the source"},
      {kSubmitDrafts,
       "draft.submit",
       {kAdmin, kDeveloper},
       kDataService,
       "freeze a draft as a version"},
      {kRequestApproval,
       "approval.request",
       {kAdmin, kDeveloper, kOperator},
       kDataService,
       "ask for the approval of a version"},
      {kDecideApproval,
       "approval.decide",
       {kAdmin, kApprover},
       kDataService,
       "approve or reject a version"},
      {kEditRestApis,
       "rest-api.edit",
       {kAdmin, kDeveloper, kOperator},
       kGateway,
       "create, change and delete REST APIs"},
      {kManageGateway,
       "gateway.manage",
       {kAdmin, kOperator},
       kGateway,
       "gateway instances, domains, networks and what else is shared by all"},
      {kPublish, "publish", {kAdmin, kOperator}, kGateway, "publish and undeploy versions"},
      {kManageConsumers,
       "consumer.manage",
       {kAdmin, kOperator},
       kGateway,
       "consumers, their credentials, what they may call"},
      {kRevealSecrets,
       "secret.reveal",
       {kAdmin, kOperator},
       kGateway,
       "have the secret of a credential shown"},
      {kRestoreRecords,
       "record.restore",
       {kAdmin},
       {},
       "put versions and deployments as an export has them, without test and approval"},
      {kExplain,
       "explain",
       {kAdmin, kDeveloper, kOperator},
       {},
       "what a gateway would do with a request, and why"},
  };
  return kRules;
}

template <class T>
bool holds(const std::vector<T>& values, T value) {
  return std::ranges::find(values, value) != values.end();
}

bool has_role(const model::Member& member, const PermissionRule& rule) {
  return std::ranges::any_of(rule.roles, [&](auto role) { return holds(member.roles, role); });
}

bool has_right(const model::Member& member, const PermissionRule& rule) {
  return !rule.right || holds(member.rights, *rule.right);
}

template <class T>
std::string list_words(const std::vector<T>& values) {
  std::string words;
  for (const auto value : values) {
    words += (words.empty() ? "" : ", ") + std::string(model::to_text(value));
  }
  return words.empty() ? "none" : words;
}

std::string name_place(std::string_view workspace) {
  return workspace == model::kEveryWorkspace ? std::string("every workspace")
                                             : "workspace '" + std::string(workspace) + "'";
}

}  // namespace

std::span<const PermissionRule> list_permissions() { return rules(); }

bool grants(const model::Member& member, Permission permission) {
  const auto& rule = find_rule(permission);
  return has_role(member, rule) && has_right(member, rule);
}

const PermissionRule& find_rule(Permission permission) {
  for (const auto& rule : rules()) {
    if (rule.permission == permission) return rule;
  }
  std::abort();  // the table has a line for each
}

Access Access::of_node() {
  Access access;
  access.is_node_ = true;
  return access;
}

Access Access::find(const model::State& state, std::string name) {
  Access access;
  access.name_ = std::move(name);
  for (const auto& [key, member] : state.members.all()) {
    if (member.name == access.name_) access.memberships_.push_back(member);
  }
  return access;
}

bool Access::is_member(std::string_view workspace) const {
  return is_node_ || std::ranges::any_of(memberships_, [&](const auto& m) {
           return m.workspace == workspace || m.workspace == model::kEveryWorkspace;
         });
}

bool Access::sees(const Owner& owner) const {
  if (is_node_ || owner.is_open) return true;
  if (is_member(model::kEveryWorkspace)) return true;
  return std::ranges::any_of(owner.workspaces, [&](const auto& w) { return is_member(w); });
}

bool Access::may(Permission permission, std::string_view workspace) const {
  if (is_node_) return true;
  const auto& rule = find_rule(permission);
  return std::ranges::any_of(memberships_, [&](const auto& m) {
    return (m.workspace == workspace || m.workspace == model::kEveryWorkspace) &&
           has_role(m, rule) && has_right(m, rule);
  });
}

bool Access::may_anywhere(Permission permission) const {
  if (is_node_) return true;
  const auto& rule = find_rule(permission);
  return std::ranges::any_of(
      memberships_, [&](const auto& m) { return has_role(m, rule) && has_right(m, rule); });
}

Result<void> Access::check(Permission permission, std::string_view workspace) const {
  if (may(permission, workspace)) return {};
  return refuse(permission, workspace, false);
}

Result<void> Access::check_anywhere(Permission permission) const {
  if (may_anywhere(permission)) return {};
  return refuse(permission, {}, true);
}

Error Access::refuse(Permission permission, std::string_view workspace, bool anywhere) const {
  const auto& rule = find_rule(permission);
  const auto is_meant = [&](const model::Member& m) {
    return anywhere || m.workspace == workspace || m.workspace == model::kEveryWorkspace;
  };
  const auto place = anywhere ? std::string("any workspace") : name_place(workspace);
  const auto refused = [](std::string detail) {
    return Error{SLUICE_E_FORBIDDEN, std::move(detail), {}, {}};
  };
  const std::string act = "'" + std::string(rule.name) + "' (" + std::string(rule.about) + ")";
  for (const auto& member : memberships_) {
    if (!is_meant(member) || !has_role(member, rule)) continue;
    return refused(act + " needs the right '" + std::string(model::to_text(*rule.right)) +
                   "' (R009), and '" + name_ + "' has " + list_words(member.rights) + " in " +
                   name_place(member.workspace) + ": have an admin give it to you");
  }
  std::string roles;
  for (const auto& member : memberships_) {
    if (!is_meant(member)) continue;
    roles += (roles.empty() ? "" : ", ") + list_words(member.roles);
  }
  return refused(act + " needs one of the roles " + list_words(rule.roles) + " (R010) in " + place +
                 ", and '" + name_ + "' has " + (roles.empty() ? "none" : roles) +
                 ": have an admin give you one");
}

model::ResourceGroup leave_out_unseen(model::ResourceGroup group, const Access& access) {
  std::erase_if(group.workspaces,
                [&](const auto& workspace) { return !access.is_member(workspace); });
  return group;
}

std::string make_token_digest(std::string_view token) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  if (EVP_Digest(token.data(), token.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1) {
    return {};  // of no length: equal to no digest
  }
  return digest;
}

const model::Token* find_token(const model::State& state, std::string_view secret,
                               model::UnixMs now) {
  const auto digest = make_token_digest(secret);
  const model::Token* found = nullptr;
  // Every digest is compared, so that time tells neither which one matched nor whether one did.
  for (const auto& [id, token] : state.tokens.all()) {
    const bool equal = token.sha256.size() == 32 && digest.size() == 32 &&
                       CRYPTO_memcmp(token.sha256.data(), digest.data(), 32) == 0;
    if (equal) found = &token;
  }
  if (!found || !found->enabled || (found->valid_until != 0 && found->valid_until <= now)) {
    return nullptr;
  }
  return found;
}

}  // namespace sluice::studio
