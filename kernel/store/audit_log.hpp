// SPDX-License-Identifier: Apache-2.0
#pragma once
// The audit log: a record for every change and for every secret that was shown. Records lie in the
// store beside the documents, under their numbers, from 1 without a gap. Each holds the digest of
// the one before, and the head document, which every commit rewrites, holds number and digest of
// the last: a record that is changed, removed, moved or cut off at the end shows. The head is
// sealed with the node's key, so that nobody without it makes a new chain that fits.
//
// A store that was ever written has a head. Without one it is refused: whoever removed all records
// and the head with them would leave a log that begins anew and looks whole.
//
// Records are never loaded as a whole. Written by Store::commit, in the transaction of the change.

#include "model/nouns.hpp"
#include "store/documents.hpp"
#include "store/sealer.hpp"

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::store {

inline constexpr std::string_view kAuditKind = "audit";
inline constexpr std::string_view kHeadKind = "head";
inline constexpr std::string_view kHeadKey = "state";
inline constexpr std::size_t kAuditSideBytesMax = 64 * 1024;  // of before and of after; then cut
inline constexpr std::size_t kAuditCutBytes = 2 * 1024;       // what is kept of a cut one
inline constexpr std::size_t kAuditProblemsMax = 100;         // told by one verification
inline constexpr std::size_t kAuditExaminedMax = 20'000;      // records by one find()

// What is said of one change.
struct AuditEntry {
  std::string action;     // created, updated, deleted, revealed
  std::string kind, key;  // of the document
  std::string name;       // what people call it
  std::string workspace;  // empty: it belongs to none
  std::optional<Described> before, after;
};
// All of one transaction.
struct AuditNote {
  std::string actor;
  model::UnixMs at = 0;
  std::vector<AuditEntry> entries;
};

struct AuditHead {
  std::uint64_t seq = 0;  // of the last record; 0: there is none
  std::string hash = std::string(64, '0');
};

struct AuditRecord {
  std::uint64_t seq = 0;
  std::string hash, previous;
  model::UnixMs at = 0;
  std::string actor, action, kind, key, name, workspace;
  std::string before_tag, after_tag;
  std::string before, after;  // JSON texts; "null": there was nothing
};

struct AuditProblem {
  std::uint64_t seq = 0;
  std::string what;
  bool operator==(const AuditProblem&) const = default;
};
struct AuditVerdict {
  AuditHead head;
  std::uint64_t records = 0;           // that are there
  std::vector<AuditProblem> problems;  // the first kAuditProblemsMax
  bool more_problems = false;
};

// ---- how it is written; called by Store

std::string make_audit_key(std::uint64_t seq);
// The next record's text; `head` moves on to it.
Result<std::string> append_audit_record(AuditHead& head, const AuditNote& note,
                                        const AuditEntry& entry);
Result<std::string> make_audit_head(const AuditHead& head, const Sealer& sealer);
// CONFIG: it was changed by somebody without the key, or is damaged.
Result<AuditHead> parse_audit_head(std::string_view body, const Sealer& sealer);

// Of a store that was written and has no head.
Error make_head_missing_error();

// ---- how it is read

class AuditLog {
 public:
  AuditLog(const sluice_store& table, void* self, std::shared_ptr<const Sealer> sealer)
      : table_(table), self_(self), sealer_(std::move(sealer)) {}

  Result<AuditHead> read_head() const;  // [any] that of no record when there is none

  // Newest first, from the record below `before` on (0: from the last). Ends at `limit` of those
  // that `keep` takes or after kAuditExaminedMax records; `next` is where to go on, 0: that was
  // all. Records that cannot be read are left out: verify() tells of them. [any]
  struct Page {
    std::vector<AuditRecord> records;
    std::uint64_t next = 0;
  };
  Result<Page> find(std::uint64_t before, std::size_t limit,
                    const std::function<bool(const AuditRecord&)>& keep) const;

  // Reads every record. Blocks long; others may write meanwhile. [any]
  Result<AuditVerdict> verify() const;

 private:
  Result<void> read_range(
      std::uint64_t first, std::uint64_t last, bool backwards,
      const std::function<bool(std::string_view key, std::string_view body)>& take) const;

  Result<std::optional<AuditHead>> find_head() const;
  Result<bool> was_written() const;

  const sluice_store& table_;
  void* self_;
  std::shared_ptr<const Sealer> sealer_;
};

}  // namespace sluice::store
