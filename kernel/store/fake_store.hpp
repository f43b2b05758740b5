// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeStore: a store component in memory, for tests of this room and of the studio. It records the
// commits it took and fails when it is told to. Not thread-safe.

#include "store/sealer.hpp"

#include <sluice/draft/store.h>
#include <sluice/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::store {

// Seals for real, with a key that everybody knows.
inline std::shared_ptr<const Sealer> make_test_sealer() {
  Sealer::Key key{};
  key.fill(7);
  return std::make_shared<const Sealer>(key);
}

class FakeStore {
 public:
  struct Document {
    std::string body;
    std::uint64_t revision = 0;
  };

  // Hand both to a Store.
  static const sluice_store& table() {
    static const sluice_store made{
        sizeof(sluice_store), 0,        &do_commit, &do_get, &do_scan, &do_changes, &do_revision,
        &do_scan_others,      &do_range};
    return made;
  }
  void* self() { return this; }

  std::map<std::pair<std::string, std::string>, Document> documents;
  std::uint64_t revision = 0;
  // Each commit as its writes: "+api/a", "-api/b".
  std::vector<std::vector<std::string>> commits;
  Status fail_commit = SLUICE_OK;  // answered by every commit until it is OK again
  Status fail_scan = SLUICE_OK;

 private:
  static FakeStore& of(void* self) { return *static_cast<FakeStore*>(self); }
  static std::pair<std::string, std::string> key_of(const sluice_store_write& write) {
    return {std::string(to_view(write.kind)), std::string(to_view(write.key))};
  }
  static Status fail(sluice_op* op, Status status) {
    op->vt->fail(op, status, to_str("the fake store was told to fail"), to_str("told to"));
    return status;
  }

  static Status do_commit(void* self, sluice_op* op, const sluice_store_write* writes,
                          std::size_t n, std::uint64_t* revision, std::size_t* failed) {
    auto& store = of(self);
    if (store.fail_commit != SLUICE_OK) return fail(op, store.fail_commit);
    for (std::size_t i = 0; i < n; ++i) {
      const auto it = store.documents.find(key_of(writes[i]));
      const auto present = it == store.documents.end() ? 0 : it->second.revision;
      if (writes[i].expected == SLUICE_STORE_ANY || writes[i].expected == present) continue;
      *failed = i;
      return fail(op, SLUICE_E_CONFLICT);
    }
    ++store.revision;
    auto& record = store.commits.emplace_back();
    for (std::size_t i = 0; i < n; ++i) {
      const auto key = key_of(writes[i]);
      const bool put = writes[i].action == SLUICE_STORE_PUT;
      record.push_back((put ? "+" : "-") + key.first + "/" + key.second);
      if (put) {
        store.documents[key] = {std::string(to_view(writes[i].body)), store.revision};
      } else {
        store.documents.erase(key);
      }
    }
    *revision = store.revision;
    return SLUICE_OK;
  }
  using Entry = std::pair<const std::pair<std::string, std::string>, Document>;
  static Status push(sluice_store_out* out, const Entry& entry) {
    const auto& [key, document] = entry;
    const sluice_store_doc doc{
        sizeof doc,       0, to_str(key.first), to_str(key.second), to_str(document.body),
        document.revision};
    return out->vt->doc(out, &doc);
  }
  static Status do_scan(void* self, sluice_op* op, sluice_str kind, sluice_store_out* out) {
    auto& store = of(self);
    if (store.fail_scan != SLUICE_OK) return fail(op, store.fail_scan);
    for (const auto& entry : store.documents) {
      if (kind.n && entry.first.first != to_view(kind)) continue;
      if (const auto taken = push(out, entry); taken != SLUICE_OK) return taken;
    }
    return SLUICE_OK;
  }
  static Status do_scan_others(void* self, sluice_op* op, sluice_str kind, sluice_store_out* out) {
    auto& store = of(self);
    if (store.fail_scan != SLUICE_OK) return fail(op, store.fail_scan);
    for (const auto& entry : store.documents) {
      if (entry.first.first == to_view(kind)) continue;
      if (const auto taken = push(out, entry); taken != SLUICE_OK) return taken;
    }
    return SLUICE_OK;
  }
  static Status do_range(void* self, sluice_op* op, sluice_str kind, sluice_str first,
                         sluice_str last, std::uint32_t backwards, sluice_store_out* out) {
    auto& store = of(self);
    if (store.fail_scan != SLUICE_OK) return fail(op, store.fail_scan);
    if (to_view(last) < to_view(first)) return SLUICE_OK;
    const std::string of_kind(to_view(kind));
    const auto begin = store.documents.lower_bound({of_kind, std::string(to_view(first))});
    const auto end = store.documents.upper_bound({of_kind, std::string(to_view(last))});
    for (auto it = begin, back = end; backwards ? back != begin : it != end;) {
      const auto& entry = backwards ? *--back : *it++;
      if (const auto taken = push(out, entry); taken != SLUICE_OK) return taken;
    }
    return SLUICE_OK;
  }
  static Status do_revision(void* self, sluice_op*, std::uint64_t* revision) {
    *revision = of(self).revision;
    return SLUICE_OK;
  }
  static Status do_get(void*, sluice_op* op, sluice_str, sluice_str, sluice_store_out*) {
    return fail(op, SLUICE_E_UNSUPPORTED);
  }
  static Status do_changes(void*, sluice_op* op, std::uint64_t, sluice_store_out*) {
    return fail(op, SLUICE_E_UNSUPPORTED);
  }
};

}  // namespace sluice::store
