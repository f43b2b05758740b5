// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the permission is needed to put a document: the workspaces concerned; empty: in any
// workspace. Each kind of document names its permission and one of these. Inside this room only.

#include "admin/shapes.hpp"
#include "model/nouns.hpp"
#include "studio/permissions.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::admin {

struct Document;

struct Governing {
  std::string_view place;  // in words, for people
  // `region`: of a document that names none.
  std::vector<std::string> (*find)(const Json& body, const model::State& state,
                                   std::string_view region);
  // Whose it is hangs on what is bound to a REST API, which the same documents may change: judged
  // once more by what came of them; see check_bound().
  bool is_by_binding = false;
};

extern const Governing kEverywhere, kWorkspaceNamed, kItself, kBoundWorkspaces, kConsumersWorkspace,
    kCredentialsWorkspace, kApisWorkspace, kAuthorizedWorkspaces;

// A consumer of a workspace that the caller does not see is granted nothing by him, and answered
// like one that is not there.
Result<void> check_consumer(std::string_view name, const studio::Access& access,
                            const model::State& state);

// What stands in the way of who puts this document, as an Error at it; in words that do not tell
// whether there is a workspace that he does not see.
Result<void> check_document(const Document& document, const studio::Access& access,
                            const model::State& state, std::string_view region);

// The same by what came of all documents: a REST API to which no workflow is bound then is
// nobody's. A new one may be made by anybody who may make them somewhere.
Result<void> check_bound(const Document& document, const studio::Access& access,
                         const model::State& before, const model::State& after,
                         std::string_view region);

// What a caller sees of everything.
model::State make_visible(const model::State& state, const studio::Access& access);

}  // namespace sluice::admin
