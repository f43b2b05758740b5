// SPDX-License-Identifier: Apache-2.0
// Who manages, and what was done, as the management API writes them.
#include "admin/resources.hpp"

#include <array>

namespace sluice::admin {
namespace {

constexpr std::array<std::string_view, 2> kPrincipals = {"person", "machine"};

constexpr Member kMemberMembers[] = {
    {"workspace", Type::kText, Need::kKey, "* is every workspace, and what belongs to none"},
    {"name", Type::kText, Need::kKey, "whose: as the tokens say"},
    {"roles", Type::kTexts, Need::kRequired, "of admin, developer, operator, approver, visitor"},
    {"rights", Type::kTexts, Need::kOptional,
     "of gateway, data-service, data-source; all when absent"},
};
constexpr Member kTokenMembers[] = {
    {"id", Type::kText, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly, "who shows it: what members and the audit log say"},
    {"principal", Type::kText, Need::kReadOnly, "person or machine"},
    {"display", Type::kText, Need::kReadOnly, "its beginning, to tell it by"},
    {"description", Type::kText, Need::kOptional, "as it is when absent"},
    {"enabled", Type::kBoolean, Need::kOptional, "as it is when absent"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end; as it is when absent"},
    {"created_at", Type::kTime, Need::kReadOnly},
    {"created_by", Type::kText, Need::kReadOnly},
};
constexpr Member kNewTokenMembers[] = {
    {"name", Type::kText, Need::kRequired, "who shows it; give the roles to this name"},
    {"principal", Type::kWord, Need::kOptional, "person when absent", kPrincipals},
    {"description", Type::kText},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
    {"sha256", Type::kText, Need::kOptional,
     "64 hexadecimal digits: the digest of a token of your own; otherwise one is made"},
};
constexpr Member kIssuedTokenMembers[] = {
    {"token", Type::kShape, Need::kReadOnly, {}, {}, &kTokenShape},
    {"secret", Type::kText, Need::kReadOnly,
     "what to show, told here and never again; null when its digest was given"},
};
constexpr Member kMembershipMembers[] = {
    {"workspace", Type::kText, Need::kReadOnly, "*: what stands here holds in every one"},
    {"roles", Type::kTexts, Need::kReadOnly},
    {"rights", Type::kTexts, Need::kReadOnly},
    {"permissions", Type::kTexts, Need::kReadOnly, "as docs/permissions.md explains them"},
};
const Shape kMembershipShape{"Membership", kMembershipMembers};
constexpr Member kMeMembers[] = {
    {"name", Type::kText, Need::kReadOnly, "as the audit log writes it"},
    {"principal", Type::kText, Need::kReadOnly, "person, machine or node"},
    {"token", Type::kShape, Need::kReadOnly, "null: the node's own", {}, &kTokenShape},
    {"memberships", Type::kList, Need::kReadOnly, {}, {}, &kMembershipShape},
};
constexpr Member kAuditRecordMembers[] = {
    {"number", Type::kInteger, Need::kReadOnly, "from 1, without a gap"},
    {"at", Type::kTime, Need::kReadOnly},
    {"actor", Type::kText, Need::kReadOnly, "whose token it was; admin: the node's own"},
    {"action", Type::kText, Need::kReadOnly, "created, updated, deleted, revealed"},
    {"kind", Type::kText, Need::kReadOnly},
    {"key", Type::kText, Need::kReadOnly},
    {"name", Type::kText, Need::kReadOnly, "what people call it"},
    {"workspace", Type::kText, Need::kReadOnly, "empty: it belongs to none, or to several"},
    {"hash", Type::kText, Need::kReadOnly, "SHA-256 over the record and the one before"},
    {"previous", Type::kText, Need::kReadOnly, "the hash of the one before"},
    {"before", Type::kObject, Need::kReadOnly,
     "null: it was not there; secrets are masked, with a fingerprint that tells a change. Not in "
     "a list"},
    {"after", Type::kObject, Need::kReadOnly, "null: it is not there any more. Not in a list"},
};
constexpr Member kAuditPageMembers[] = {
    {"items", Type::kList, Need::kReadOnly, "newest first", {}, &kAuditRecordShape},
    {"next", Type::kInteger, Need::kReadOnly,
     "ask for before=next to go on, also when there are few items or none; null: that was all"},
};
constexpr Member kAuditProblemMembers[] = {
    {"number", Type::kInteger, Need::kReadOnly, "of the record; 0: the end of the log"},
    {"what", Type::kText, Need::kReadOnly},
};
const Shape kAuditProblemShape{"AuditProblem", kAuditProblemMembers};
constexpr Member kAuditVerdictMembers[] = {
    {"intact", Type::kBoolean, Need::kReadOnly},
    {"records", Type::kInteger, Need::kReadOnly, "that are there"},
    {"last", Type::kInteger, Need::kReadOnly, "the number of the last one, as the log's end says"},
    {"hash", Type::kText, Need::kReadOnly, "of the last one: keep both elsewhere"},
    {"problems", Type::kList, Need::kReadOnly, {}, {}, &kAuditProblemShape},
    {"more_problems", Type::kBoolean, Need::kReadOnly},
};

// An unknown word is a fault.
template <class E>
std::vector<E> read_words(const Json& json, const char* name, const char* noun,
                          std::optional<E> (*parse)(std::string_view), const char* known,
                          const std::string& where, model::Faults& faults) {
  std::vector<E> words;
  const auto texts = read_texts(json, name);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (const auto word = parse(texts[i])) {
      words.push_back(*word);
    } else if (faults.size() < kFaultsMax) {
      faults.push_back({where + "/" + name + "/" + std::to_string(i),
                        {},
                        "'" + texts[i] + "' is no " + noun,
                        std::string("write of ") + known});
    }
  }
  return words;
}

template <class E>
Json make_words(const std::vector<E>& values) {
  Json words = Json::array();
  for (const auto value : values) words.push_back(model::to_text(value));
  return words;
}

// A side of a change; one that was cut is an object that says so.
Json read_side(const std::string& text) {
  auto side = Json::parse(text, nullptr, false);
  return side.is_discarded() ? Json() : side;
}

}  // namespace

const Shape kMemberShape{"Member", kMemberMembers};
const Shape kTokenShape{"Token", kTokenMembers};
const Shape kNewTokenShape{"NewToken", kNewTokenMembers};
const Shape kIssuedTokenShape{"IssuedToken", kIssuedTokenMembers};
const Shape kMeShape{"Me", kMeMembers};
const Shape kAuditRecordShape{"AuditRecord", kAuditRecordMembers};
const Shape kAuditPageShape{"AuditPage", kAuditPageMembers};
const Shape kAuditVerdictShape{"AuditVerdict", kAuditVerdictMembers};

Json make_json(const model::Member& m) {
  return {{"workspace", m.workspace},
          {"name", m.name},
          {"roles", make_words(m.roles)},
          {"rights", make_words(m.rights)}};
}

Json make_json(const model::Token& t) {
  return {{"id", t.id},
          {"name", t.name},
          {"principal", model::to_text(t.kind)},
          {"display", t.display},
          {"description", t.description},
          {"enabled", t.enabled},
          {"valid_until", make_time_json(t.valid_until)},
          {"created_at", make_time_json(t.created_at)},
          {"created_by", t.created_by}};
}

Json make_json(const studio::IssuedToken& issued) {
  return {{"token", make_json(issued.token)},
          {"secret", issued.secret.empty() ? Json() : Json(issued.secret)}};
}

Json make_membership_json(const model::Member& m) {
  auto json = make_json(m);
  json.erase("name");
  auto permissions = Json::array();
  for (const auto& rule : studio::list_permissions()) {
    if (studio::grants(m, rule.permission)) permissions.push_back(rule.name);
  }
  json["permissions"] = std::move(permissions);
  return json;
}

Json make_json(const store::AuditRecord& r, AuditSides sides) {
  Json json = {{"number", r.seq},  {"at", make_time_text(r.at)},
               {"actor", r.actor}, {"action", r.action},
               {"kind", r.kind},   {"key", r.key},
               {"name", r.name},   {"workspace", r.workspace},
               {"hash", r.hash},   {"previous", r.previous}};
  if (sides == AuditSides::kTold) {
    json["before"] = read_side(r.before);
    json["after"] = read_side(r.after);
  }
  return json;
}

Json make_json(const store::AuditVerdict& verdict) {
  Json problems = Json::array();
  for (const auto& problem : verdict.problems) {
    problems.push_back({{"number", problem.seq}, {"what", problem.what}});
  }
  return {{"intact", verdict.problems.empty()}, {"records", verdict.records},
          {"last", verdict.head.seq},           {"hash", verdict.head.hash},
          {"problems", std::move(problems)},    {"more_problems", verdict.more_problems}};
}

model::Member parse_member(const Json& json, const std::string& where, model::Faults& faults) {
  model::Member member;
  member.workspace = read_text(json, "workspace");
  member.name = read_text(json, "name");
  member.roles = read_words(json, "roles", "role", &model::parse_role,
                            "admin, developer, operator, approver, visitor", where, faults);
  if (json.contains("rights")) {
    member.rights = read_words(json, "rights", "right", &model::parse_right,
                               "gateway, data-service, data-source", where, faults);
  }
  return member;
}

model::Token parse_new_token(const Json& json, const std::string& where, model::Faults& faults) {
  model::Token token;
  token.name = read_text(json, "name");
  token.kind = read_word(json, "principal", &model::parse_principal_kind, token.kind);
  token.description = read_text(json, "description");
  token.display = read_text(json, "display");
  token.enabled = read_boolean(json, "enabled", true);
  token.valid_until = read_time(json, "valid_until");
  if (!json.contains("sha256")) return token;
  const auto digits = read_text(json, "sha256");
  const auto value = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i + 1 < digits.size() && digits.size() == 64; i += 2) {
    const int high = value(digits[i]), low = value(digits[i + 1]);
    if (high < 0 || low < 0) break;
    token.sha256 += static_cast<char>(high * 16 + low);
  }
  if (token.sha256.size() != 32) {
    faults.push_back({where + "/sha256",
                      {},
                      "is no SHA-256 digest",
                      "write 64 digits of 0-9a-f, as sha256sum does"});
  }
  return token;
}

studio::TokenChange parse_token_change(const Json& json) {
  studio::TokenChange change;
  if (json.contains("enabled")) change.enabled = read_boolean(json, "enabled", true);
  if (json.contains("valid_until")) change.valid_until = read_time(json, "valid_until");
  if (json.contains("description")) change.description = read_text(json, "description");
  return change;
}

}  // namespace sluice::admin
