// SPDX-License-Identifier: Apache-2.0
#pragma once
// Store: the product's state at rest, over a store component that knows documents only. The
// composition root opens the component and hands its table in; the studio loads and commits.
//
// Optimistic: each document is written only if it is still at the revision that was loaded, and
// every commit also rewrites one head document, so that two writers who touch different documents
// are told apart too: laws such as "a path is taken once" read more than they write. The records of
// the audit log go into the same commit as the change they tell of.
//
// [ctl] one thread at a time. Calls block until the component is done.

#include "model/nouns.hpp"
#include "store/audit_log.hpp"
#include "store/documents.hpp"

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice::store {

inline constexpr std::size_t kWritesPerCommitMax = 100'000;
inline constexpr std::size_t kDocumentBytesMax = 1024 * 1024;

// The newest revision in a store, whoever wrote it; 0: nothing was ever written.
Result<std::uint64_t> read_revision(const sluice_store& table, void* self);

class Store {
 public:
  using Log = std::function<void(int level, std::string_view text)>;  // levels as sluice_host.log

  // `table` and `self` belong to a started component whose calls may block; both outlive the Store.
  // Without `mask`, the audit log tells nothing of settings but that they changed.
  Store(const sluice_store& table, void* self, std::shared_ptr<const Sealer> sealer, Log log,
        SettingsMask mask = {});

  // Everything, as of one revision.
  Result<model::State> load_state();

  // Makes the documents named as `state` has them (those it lacks are deleted) and writes what is
  // noted of that, all or none.
  // SLUICE_E_CONFLICT: somebody else wrote since load_state(); Error::where is "/kind/key".
  Result<void> commit(const model::State& state, std::span<const DocumentRef> touched,
                      const AuditNote& note);

  // A noun without its secrets, and the tag of what it says; absent when there is none.
  Result<std::optional<Described>> describe(const model::State& state,
                                            const DocumentRef& ref) const;
  const AuditLog& audit_log() const noexcept { return audit_; }

  // The newest revision in the store, whoever wrote it; differs from loaded_revision() when there
  // is something to load.
  Result<std::uint64_t> read_revision();
  std::uint64_t loaded_revision() const noexcept { return revision_; }

 private:
  using DocumentKey = std::pair<std::string, std::string>;

  const sluice_store& table_;
  void* self_;
  std::shared_ptr<const Sealer> sealer_;
  Log log_;
  SettingsMask mask_;
  AuditLog audit_;
  AuditHead head_;                                  // of the audit log as loaded or written
  std::map<DocumentKey, std::uint64_t> revisions_;  // of each document as loaded or written
  std::uint64_t revision_ = 0;
};

}  // namespace sluice::store
