// SPDX-License-Identifier: Apache-2.0
// Members and tokens as documents. A token is told by its digest, and in an export with secrets
// only: one that was chosen badly could be guessed from it.
#include "admin/documents.hpp"

#include <array>

namespace sluice::admin {
namespace {

using model::Faults;
using studio::Applied;

constexpr std::array<std::string_view, 2> kPrincipals = {"person", "machine"};

constexpr Member kTokenDocumentMembers[] = {
    {"name", Type::kText, Need::kRequired, "who shows it"},
    {"sha256", Type::kText, Need::kRequired,
     "64 hexadecimal digits: what tokens are told apart by"},
    {"principal", Type::kWord, Need::kOptional, "person when absent", kPrincipals},
    {"description", Type::kText},
    {"display", Type::kText, Need::kOptional, "its beginning, to tell it by"},
    {"enabled", Type::kBoolean, Need::kOptional, "true when absent"},
    {"valid_until", Type::kTime, Need::kOptional, "null: no end"},
};

bool take_over(Faults own, const Document& document, Faults& faults) {
  for (auto& fault : own) {
    fault.where.insert(0, document.pointer);
    if (faults.size() < kFaultsMax) faults.push_back(std::move(fault));
  }
  return !own.empty();
}

std::string make_digits(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

}  // namespace

const Shape kTokenDocumentShape{"TokenDocument", kTokenDocumentMembers};

Result<Applied> put_member_document(studio::Edit& edit, const Document& document, Faults& faults) {
  Faults own;
  auto member = parse_member(document.body, "", own);
  if (own.empty()) own = model::find_faults(member);
  if (take_over(std::move(own), document, faults)) return Applied::kUnchanged;
  const auto done = edit.put_member(std::move(member));
  if (!done) return done.error();
  return done->what;
}

std::vector<Listed> list_member_documents(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [key, member] : context.state.members.all()) {
    listed.push_back({key, make_portable(make_json(member), kMemberShape)});
  }
  return listed;
}

Result<Applied> put_token_document(studio::Edit& edit, const Document& document, Faults& faults) {
  Faults own;
  auto token = parse_new_token(document.body, "", own);
  if (own.empty()) own = model::find_faults(token);
  if (take_over(std::move(own), document, faults)) return Applied::kUnchanged;
  for (const auto& [id, stored] : edit.state().tokens.all()) {
    if (stored.sha256 != token.sha256) continue;
    if (stored.name != token.name || stored.kind != token.kind) {
      return Error{SLUICE_E_CONFLICT,
                   "a token of that digest is of the " + std::string(model::to_text(stored.kind)) +
                       " '" + stored.name + "': delete it first, or make another one",
                   {},
                   "/name"};
    }
    const std::string stored_id = id;
    const auto done = edit.change_token(
        stored_id, {token.enabled, token.valid_until, std::move(token.description)});
    if (!done) return done.error();
    return done->what;
  }
  const auto done = edit.add_token(std::move(token));
  if (!done) return done.error();
  return Applied::kCreated;
}

std::vector<Listed> list_token_documents(const ExportContext& context) {
  std::vector<Listed> listed;
  for (const auto& [id, token] : context.state.tokens.all()) {
    auto json = make_json(token);
    const auto digits = make_digits(token.sha256);
    json["sha256"] = digits;
    listed.push_back(
        {model::make_key(token.name, digits), make_portable(std::move(json), kTokenDocumentShape)});
  }
  return listed;
}

}  // namespace sluice::admin
