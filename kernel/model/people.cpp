// SPDX-License-Identifier: Apache-2.0
// Laws and words of who manages: members, their roles and rights, tokens.
#include "model/laws.hpp"

#include <algorithm>
#include <array>

namespace sluice::model {
namespace {

constexpr std::size_t kSha256Bytes = 32;
constexpr std::size_t kDisplayCharactersMax = 16;

// The node's own token acts under the one, what the node does by itself under the other.
constexpr std::array<std::string_view, 2> kReservedNames = {"admin", "node"};

template <class E, std::size_t kCount>
using Words = std::array<std::pair<E, std::string_view>, kCount>;

constexpr Words<Role, 5> kRoles = {{{Role::kAdmin, "admin"},
                                    {Role::kDeveloper, "developer"},
                                    {Role::kOperator, "operator"},
                                    {Role::kApprover, "approver"},
                                    {Role::kVisitor, "visitor"}}};
constexpr Words<Right, 3> kRights = {{{Right::kGateway, "gateway"},
                                      {Right::kDataService, "data-service"},
                                      {Right::kDataSource, "data-source"}}};
constexpr Words<PrincipalKind, 2> kPrincipalKinds = {
    {{PrincipalKind::kPerson, "person"}, {PrincipalKind::kMachine, "machine"}}};

template <class E, std::size_t kCount>
std::string_view find_word(const Words<E, kCount>& words, E value) {
  for (const auto& [candidate, word] : words) {
    if (candidate == value) return word;
  }
  return "?";
}
template <class E, std::size_t kCount>
std::optional<E> parse_word(const Words<E, kCount>& words, std::string_view text) {
  for (const auto& [value, word] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

template <class E>
bool has_twice(std::vector<E> values) {
  std::sort(values.begin(), values.end());
  return std::adjacent_find(values.begin(), values.end()) != values.end();
}

std::optional<Fault> find_principal_fault(const std::string& name) {
  if (std::ranges::find(kReservedNames, name) != kReservedNames.end()) {
    return Fault{"/name", "", "the name belongs to the node itself", "take another name"};
  }
  return find_plain_name_fault(name, "/name");
}

}  // namespace

std::string_view to_text(Role role) { return find_word(kRoles, role); }
std::string_view to_text(Right right) { return find_word(kRights, right); }
std::string_view to_text(PrincipalKind kind) { return find_word(kPrincipalKinds, kind); }
std::optional<Role> parse_role(std::string_view text) { return parse_word(kRoles, text); }
std::optional<Right> parse_right(std::string_view text) { return parse_word(kRights, text); }
std::optional<PrincipalKind> parse_principal_kind(std::string_view text) {
  return parse_word(kPrincipalKinds, text);
}

Faults find_faults(const Member& member) {
  Faults faults;
  if (member.workspace != kEveryWorkspace) {
    if (auto fault = find_plain_name_fault(member.workspace, "/workspace")) {
      faults.push_back(std::move(*fault));
    }
  }
  if (auto fault = find_principal_fault(member.name)) faults.push_back(std::move(*fault));
  if (member.roles.empty()) {
    faults.push_back({"/roles", "R010", "a member without a role may do nothing",
                      "give one or more of admin, developer, operator, approver, visitor"});
  }
  if (has_twice(member.roles)) {
    faults.push_back({"/roles", "", "a role is named twice", "name it once"});
  }
  if (has_twice(member.rights)) {
    faults.push_back({"/rights", "", "a right is named twice", "name it once"});
  }
  const bool is_admin = std::ranges::find(member.roles, Role::kAdmin) != member.roles.end();
  if (is_admin && member.rights.size() != kRights.size()) {
    faults.push_back({"/rights", "R009", "an admin has every right in his workspace",
                      "leave rights out, or give him other roles"});
  }
  return faults;
}

Faults find_faults(const Token& token) {
  Faults faults;
  if (auto fault = find_principal_fault(token.name)) faults.push_back(std::move(*fault));
  const auto characters = count_characters(token.description);
  if (!characters || *characters > kDescriptionCharactersMax) {
    faults.push_back({"/description", "", "the description is too long or no UTF-8",
                      "use at most " + std::to_string(kDescriptionCharactersMax) + " characters"});
  }
  if (token.sha256.size() != kSha256Bytes) {
    faults.push_back({"/sha256", "", "is no SHA-256 digest of a token",
                      "write 64 hexadecimal digits, or have a token made"});
  }
  if (const auto shown = count_characters(token.display);
      !shown || *shown > kDisplayCharactersMax) {
    faults.push_back({"/display", "", "is too much of a token to tell it by, or no UTF-8",
                      "use at most " + std::to_string(kDisplayCharactersMax) + " characters"});
  }
  if (token.valid_until < 0) {
    faults.push_back({"/valid_until", "", "the end lies before 1970", "give a later one, or none"});
  }
  return faults;
}

}  // namespace sluice::model
