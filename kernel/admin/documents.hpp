// SPDX-License-Identifier: Apache-2.0
#pragma once
// Documents: the kinds of resource that apply puts and export lists, one row each. A noun that is
// here can be kept as a file; what is listed and applied to an empty store serves the same answers.
// Inside this room only.

#include "admin/governing.hpp"
#include "admin/resources.hpp"

#include <span>

namespace sluice::admin {

struct DocumentKind;

// One document of an apply.
struct Document {
  std::size_t index = 0;
  std::size_t order = 0;  // of its kind
  const DocumentKind* kind = nullptr;
  Json body;            // without "kind", "publish" and "test"
  Json label;           // the name of a document whose resource has none
  Json publish, test;   // null: not asked for
  std::string pointer;  // "/documents/3"
  studio::Applied applied = studio::Applied::kUnchanged;
};

// Whether the documents of a kind have their resource's name, or one for people only.
enum class Naming { kOwn, kLabel };

enum class ExportSecrets { kMasked, kTold };

// What a list function is given.
struct ExportContext {
  const model::State& state;
  const SecretSettings& secrets;
  ExportSecrets mode = ExportSecrets::kMasked;
  std::string_view reader = {};  // whose private drafts are told; empty: everybody's
};

// A resource as its document. Documents of a kind stand in the order of `rank`, which is what
// people call it: ids are another set in every store.
struct Listed {
  std::string rank;
  Json body;  // with a name
};

// One row. What is referred to stands in an earlier row than what refers to it.
struct DocumentKind {
  std::string_view name;
  const Shape& shape;
  Naming naming;
  // Who may put it, and where.
  studio::Permission permission;
  const Governing& governing;
  // A fault of the noun's law goes to `faults`; an Error ends the transaction.
  Result<studio::Applied> (*put)(studio::Edit&, const Document&, model::Faults&);
  std::vector<Listed> (*list)(const ExportContext&);
  // Its documents hold secrets and nothing else of use: listed only where those are told.
  bool is_secret = false;
  // With this member it is a record of what was, put as it is told: for who may restore those.
  const char* record = nullptr;
};

std::span<const DocumentKind> list_document_kinds();

// ---- members and tokens (documents_people.cpp)
extern const Shape kTokenDocumentShape;
Result<studio::Applied> put_member_document(studio::Edit& edit, const Document& document,
                                            model::Faults& faults);
Result<studio::Applied> put_token_document(studio::Edit& edit, const Document& document,
                                           model::Faults& faults);
std::vector<Listed> list_member_documents(const ExportContext& context);
std::vector<Listed> list_token_documents(const ExportContext& context);

// Appends what is wrong with the document to `faults`; then its kind may be nullptr.
Document read_document(const Json& json, std::size_t index, model::Faults& faults);

// What a document refers to is not there.
Error make_unknown_api(std::string_view reference);

// What people call it, for the answer.
std::string name_document(const Document& document);

// Without what is only told, and what says no more than its absence would.
Json make_portable(Json json, const Shape& shape);

}  // namespace sluice::admin
