// SPDX-License-Identifier: Apache-2.0
// Everything there is, as the documents that apply takes: GET /admin/v1/export without secrets,
// POST /admin/v1/export/secrets with them.
#include "admin/documents.hpp"
#include "admin/handlers.hpp"

#include <algorithm>
#include <set>

namespace sluice::admin {
namespace {

constexpr Member kExportMembers[] = {
    {"kinds", Type::kText, Need::kOptional, "with commas between; all when absent"},
};
const Shape kExportShape{"Export", kExportMembers};

bool holds_mask(const Json& json) {
  if (json.is_structured()) return std::any_of(json.begin(), json.end(), &holds_mask);
  return json == Json(kSecretMask);
}

// "workspace,api" as rows of the table, or a refusal.
std::variant<std::set<const DocumentKind*>, AdminResponse> read_kinds(std::string_view text) {
  std::set<const DocumentKind*> kinds;
  const auto all = list_document_kinds();
  if (text.empty()) {
    for (const auto& kind : all) kinds.insert(&kind);
    return kinds;
  }
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const auto& kind) { return kind.name == word; });
    if (known == all.end()) {
      std::string words;
      for (const auto& kind : all) words += (words.empty() ? "" : ", ") + std::string(kind.name);
      return make_refusal(400, "invalid", "'" + std::string(word) + "' is no kind of document",
                          "write of " + words);
    }
    kinds.insert(&*known);
  }
  return kinds;
}

AdminResponse make_export(std::string_view kinds, const ExportContext& context) {
  const auto read = read_kinds(kinds);
  if (const auto* refusal = std::get_if<AdminResponse>(&read)) return *refusal;
  const auto& wanted = std::get<0>(read);
  Json documents = Json::array(), notes = Json::array();
  for (const auto& kind : list_document_kinds()) {
    if (!wanted.contains(&kind)) continue;
    auto listed = kind.list(context);
    if (kind.is_secret && context.mode == ExportSecrets::kMasked) {
      if (!listed.empty()) {
        notes.push_back(std::to_string(listed.size()) + " of kind " + std::string(kind.name) +
                        " are left out, since they are secrets");
      }
      continue;
    }
    std::sort(listed.begin(), listed.end(),
              [](const Listed& a, const Listed& b) { return a.rank < b.rank; });
    for (auto& one : listed) {
      Json document{{"kind", kind.name}, {"name", one.body["name"]}};
      document.update(one.body);
      if (context.mode == ExportSecrets::kMasked && holds_mask(document)) {
        const auto workspace = read_text(document, "workspace");
        notes.push_back(std::string(kind.name) + " '" + workspace + (workspace.empty() ? "" : "/") +
                        read_text(document, "name") + "' has secrets, told as " +
                        std::string(kSecretMask) +
                        ": applied where it is, it keeps them; elsewhere write them");
      }
      documents.push_back(std::move(document));
    }
  }
  return make_answer(200, {{"documents", std::move(documents)}, {"notes", std::move(notes)}});
}

}  // namespace

void AdminApi::Handlers::add_export_routes() {
  add_route("GET", "/admin/v1/export", "exportDocuments",
            "everything as the documents that apply takes; secrets are masked or left out",
            somewhere(Permission::kLook), at_once([this](const Call& call) {
              const auto visible = make_visible(state(), call.access);
              const auto reader = call.access.is_node() ? std::string_view() : call.actor;
              return make_export(call.find_query("kinds"),
                                 {visible, secrets_, ExportSecrets::kMasked, reader});
            }))
      .with_query({"kinds"});
  add_route("POST", "/admin/v1/export/secrets", "exportSecrets", "the same with every secret",
            everywhere(Permission::kRevealSecrets), at_once([this](const Call& call) {
              if (auto noted = parts_.studio.note_export(call.actor); !noted) {
                return make_error_answer(noted.error());
              }
              return make_export(read_text(call.body, "kinds"),
                                 {state(), SecretSettings::make_open(), ExportSecrets::kTold});
            }))
      .take_maybe(kExportShape);
}

}  // namespace sluice::admin
