// SPDX-License-Identifier: Apache-2.0
#include "store/repository.hpp"

#include "store/store_op.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::store {
namespace {

// Loads each document as it comes; the first that is wrong ends the scan.
struct Loading : sluice_store_out {
  model::State state;
  std::map<std::pair<std::string, std::string>, std::uint64_t> revisions;
  std::optional<AuditHead> head;
  std::optional<Error> error;
  const Sealer& sealer;

  explicit Loading(const Sealer& open_with) : sealer(open_with) {
    static const sluice_store_out_vt table{
        sizeof table, 0, [](sluice_store_out* out, const sluice_store_doc* doc) -> sluice_status {
          auto& self = *static_cast<Loading*>(out);
          try {
            return self.take(*doc);
          } catch (const std::exception& e) {
            self.error = Error{SLUICE_E_INTERNAL, "the store could not be loaded", e.what(), {}};
            return SLUICE_E_INTERNAL;
          }
        }};
    vt = &table;
  }

 private:
  sluice_status take(const sluice_store_doc& doc) {
    const auto kind = to_view(doc.kind), key = to_view(doc.key);
    revisions[{std::string(kind), std::string(key)}] = doc.revision;
    if (kind == kHeadKind && key == kHeadKey) {
      auto parsed = parse_audit_head(to_view(doc.body), sealer);
      if (!parsed) {
        error = std::move(parsed.error());
        return error->status;
      }
      head = std::move(*parsed);
      return SLUICE_OK;
    }
    if (auto loaded = load_document(kind, key, to_view(doc.body), sealer, state); !loaded) {
      error = std::move(loaded.error());
      return error->status;
    }
    return SLUICE_OK;
  }
};

}  // namespace

Store::Store(const sluice_store& table, void* self, std::shared_ptr<const Sealer> sealer, Log log,
             SettingsMask mask)
    : table_(table),
      self_(self),
      sealer_(std::move(sealer)),
      log_(std::move(log)),
      mask_(std::move(mask)),
      audit_(table, self, sealer_) {}

Result<std::optional<Described>> Store::describe(const model::State& state,
                                                 const DocumentRef& ref) const {
  return describe_document(state, ref, *sealer_, mask_);
}

Result<std::uint64_t> read_revision(const sluice_store& table, void* self) {
  StoreOp op;
  std::uint64_t revision = 0;
  if (const auto status = table.revision(self, &op, &revision); status != SLUICE_OK) {
    return op.make_error(status);
  }
  return revision;
}
Result<std::uint64_t> Store::read_revision() { return store::read_revision(table_, self_); }

Result<model::State> Store::load_state() {
  // Asked before the scan: if somebody writes between the two, what was loaded is newer than it is
  // said to be, and the next look loads it once more. The other way round it would be missed.
  auto revision = read_revision();
  if (!revision) return revision.error();
  StoreOp op;
  Loading loading(*sealer_);
  const auto status = table_.scan_others(self_, &op, to_str(kAuditKind), &loading);
  if (loading.error) {
    log_(4, loading.error->detail);
    return std::move(*loading.error);
  }
  if (status != SLUICE_OK) return op.make_error(status);
  // Each commit writes the head: it is older than nothing that the scan saw.
  if (!loading.head && (*revision != 0 || !loading.revisions.empty())) {
    auto missing = make_head_missing_error();
    log_(4, missing.detail);
    return missing;
  }
  revisions_ = std::move(loading.revisions);
  head_ = loading.head ? std::move(*loading.head) : AuditHead();
  revision_ = *revision;
  return std::move(loading.state);
}

Result<void> Store::commit(const model::State& state, std::span<const DocumentRef> touched,
                           const AuditNote& note) {
  std::vector<DocumentRef> refs(touched.begin(), touched.end());
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());

  struct Write {
    DocumentKey key;
    std::optional<std::string> body;  // none: delete
  };
  std::vector<Write> writes;
  for (const auto& ref : refs) {
    auto document = make_document(state, ref, *sealer_);
    if (!document) return document.error();
    DocumentKey key{std::string(to_text(ref.kind)), ref.key};
    if (!*document && !revisions_.contains(key)) continue;  // made and dropped in one edit
    if (*document && (*document)->size() > kDocumentBytesMax) {
      return Error{SLUICE_E_TOO_LARGE,
                   key.first + " '" + key.second + "' is too large to be kept: make it smaller",
                   {},
                   "/" + key.first + "/" + key.second};
    }
    writes.push_back({std::move(key), std::move(*document)});
  }
  if (writes.empty() && note.entries.empty()) return {};
  if (writes.size() > kWritesPerCommitMax || note.entries.size() > kWritesPerCommitMax) {
    return Error{SLUICE_E_TOO_LARGE, "too many changes at once: apply them in parts", {}, {}};
  }
  AuditHead head = head_;
  for (const auto& entry : note.entries) {
    auto body = append_audit_record(head, note, entry);
    if (!body) return body.error();
    writes.push_back({{std::string(kAuditKind), make_audit_key(head.seq)}, std::move(*body)});
  }
  auto head_body = make_audit_head(head, *sealer_);
  if (!head_body) return head_body.error();
  writes.push_back({{std::string(kHeadKind), std::string(kHeadKey)}, std::move(*head_body)});

  std::vector<sluice_store_write> raw;
  raw.reserve(writes.size());
  for (const auto& write : writes) {
    const auto known = revisions_.find(write.key);
    raw.push_back({sizeof(sluice_store_write),
                   static_cast<std::uint32_t>(write.body ? SLUICE_STORE_PUT : SLUICE_STORE_DELETE),
                   to_str(write.key.first), to_str(write.key.second),
                   to_str(write.body ? std::string_view(*write.body) : std::string_view()),
                   known == revisions_.end() ? SLUICE_STORE_NONE : known->second});
  }
  StoreOp op;
  std::uint64_t revision = 0;
  std::size_t failed = raw.size() - 1;
  const auto status = table_.commit(self_, &op, raw.data(), raw.size(), &revision, &failed);
  if (status == SLUICE_E_CONFLICT) {
    const auto& key = writes[std::min(failed, writes.size() - 1)].key;
    if (key.first == kAuditKind) {
      return Error{SLUICE_E_CONFLICT,
                   "the audit log holds a record " + key.second +
                       " that its end does not know of: verify it (sluice audit verify)",
                   op.error.internal, "/" + key.first + "/" + key.second};
    }
    const auto name =
        key.first == kHeadKind ? std::string("the store") : key.first + " '" + key.second + "'";
    return Error{SLUICE_E_CONFLICT,
                 name + " was changed by somebody else meanwhile: read it again and repeat",
                 op.error.internal, "/" + key.first + "/" + key.second};
  }
  if (status != SLUICE_OK) {
    log_(4, "a commit of the store failed: " + op.error.detail + " " + op.error.internal);
    return op.make_error(status);
  }
  for (const auto& write : writes) {
    if (write.key.first == kAuditKind) continue;  // written once, never again
    if (write.body) {
      revisions_[write.key] = revision;
    } else {
      revisions_.erase(write.key);
    }
  }
  revision_ = revision;
  head_ = std::move(head);
  return {};
}

}  // namespace sluice::store
