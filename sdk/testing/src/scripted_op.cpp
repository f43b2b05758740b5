// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/scripted_op.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace sluice::testing {

CredentialTable& CredentialTable::add(std::string kind, std::string key, CredentialRecord record) {
  auto& sharers = records_[{std::move(kind), std::move(key)}];
  std::erase_if(sharers, [&](const CredentialRecord& before) { return before.id == record.id; });
  const auto place =
      std::upper_bound(sharers.begin(), sharers.end(), record.rank,
                       [](std::uint64_t rank, const auto& other) { return rank < other.rank; });
  sharers.insert(place, std::move(record));
  return *this;
}

CredentialTable& CredentialTable::grant_only(std::vector<std::string> consumers) {
  granted_ = std::move(consumers);
  return *this;
}

bool CredentialTable::is_granted(std::string_view consumer) const {
  return !granted_ || std::find(granted_->begin(), granted_->end(), consumer) != granted_->end();
}

CredentialTable CredentialTable::failing_with(Status status) const {
  CredentialTable copy = *this;
  copy.failure_ = status;
  return copy;
}

Status CredentialTable::find(std::string_view kind, std::string_view key, std::size_t n,
                             sluice_credential* out, std::vector<sluice_pair>& attributes) const {
  if (failure_ != SLUICE_OK) return failure_;
  const auto found = records_.find({std::string(kind), std::string(key)});
  if (found == records_.end()) return SLUICE_E_NOT_FOUND;
  const auto& sharers = found->second;
  const auto chosen = std::find_if(sharers.begin(), sharers.end(), [&](const auto& sharer) {
    return !sharer.disabled && n-- == 0;
  });
  if (chosen == sharers.end()) return SLUICE_E_NOT_FOUND;
  const CredentialRecord& record = *chosen;
  for (const auto& [name, value] : record.attributes) {
    attributes.push_back({to_str(name), to_str(value)});
  }
  *out = {sizeof(sluice_credential),
          0,
          to_str(record.id),
          to_str(record.consumer),
          to_str(record.secret),
          attributes.data(),
          attributes.size(),
          record.valid_from_ns,
          record.valid_until_ns,
          record.revision,
          record.rank};
  return SLUICE_OK;
}

struct ScriptedOpTable {
  static ScriptedOp& of(sluice_op* op) { return *static_cast<ScriptedOp::Shown*>(op)->owner; }

  static sluice_status checkpoint(sluice_op* op) {
    ScriptedOp& self = of(op);
    const auto number = self.checkpoints_.fetch_add(1);
    if (self.cancelled_ || number >= self.script_.cancel_at) return SLUICE_E_CANCELLED;
    if (number >= self.script_.timeout_at) return SLUICE_E_TIMEOUT;
    if (op->mode == SLUICE_RUN_INLINE && number >= self.script_.budget) {
      return SLUICE_RETRY_ON_WORKER;
    }
    return SLUICE_OK;
  }
  static void fail(sluice_op* op, sluice_status status, sluice_str text, sluice_str internal) {
    of(op).failure_ = {status, std::string(to_view(text)), std::string(to_view(internal)), {}};
  }
  static void complete(sluice_op* op, std::uint64_t ticket, sluice_status status) {
    ScriptedOp& self = of(op);
    const std::lock_guard lock(self.mutex_);
    if (ticket != op->ticket || self.completions_ > 0) {
      ++self.stray_completions_;
      return;
    }
    ++self.completions_;
    self.completed_with_ = status;
    self.completed_.notify_all();
  }
  static void* scratch(sluice_op* op, std::size_t bytes) {
    ScriptedOp& self = of(op);
    if (bytes > self.script_.scratch_bytes_max - self.scratch_bytes_) return nullptr;
    self.scratch_bytes_ += bytes;
    const auto units = bytes / sizeof(std::max_align_t) + 1;
    self.scratch_.push_back(std::make_unique<std::max_align_t[]>(units));
    return self.scratch_.back().get();
  }
  static sluice_status find_credential(sluice_op* op, sluice_str kind, sluice_str key,
                                       sluice_credential* out) {
    return find_nth_credential(op, kind, key, 0, out);
  }
  static sluice_status find_nth_credential(sluice_op* op, sluice_str kind, sluice_str key,
                                           std::size_t n, sluice_credential* out) {
    ScriptedOp& self = of(op);
    if (!self.script_.credentials) return SLUICE_E_NOT_FOUND;
    self.attributes_.push_back(std::make_unique<std::vector<sluice_pair>>());
    return self.script_.credentials->find(to_view(kind), to_view(key), n, out,
                                          *self.attributes_.back());
  }
  static std::int32_t is_granted(sluice_op* op, sluice_str consumer) {
    const auto* table = of(op).script_.credentials;
    return table && table->is_granted(to_view(consumer)) ? 1 : 0;
  }
  static void note(sluice_op* op, sluice_str name, sluice_str value) {
    ScriptedOp& self = of(op);
    const std::lock_guard lock(self.mutex_);
    self.notes_.emplace_back(to_view(name), to_view(value));
  }
  static void retry_after(sluice_op* op, std::uint64_t ms) { of(op).retry_after_ms_ = ms; }
};

ScriptedOp::ScriptedOp() : ScriptedOp(Script{}) {}

ScriptedOp::ScriptedOp(const Script& script) : script_(script) {
  static constexpr sluice_op_vt kTable{sizeof(sluice_op_vt),
                                       0,
                                       &ScriptedOpTable::checkpoint,
                                       &ScriptedOpTable::fail,
                                       &ScriptedOpTable::complete,
                                       &ScriptedOpTable::scratch,
                                       &ScriptedOpTable::find_credential,
                                       &ScriptedOpTable::find_nth_credential,
                                       &ScriptedOpTable::is_granted,
                                       &ScriptedOpTable::note,
                                       &ScriptedOpTable::retry_after};
  static constexpr std::string_view kRequestId = "req-1";
  op_.size = sizeof(sluice_op);
  op_.mode = script_.mode;
  op_.vt = &kTable;
  op_.ticket = 1;
  op_.deadline_ns = script_.timeout_at == 0 ? 1 : UINT64_MAX;
  op_.now_ns = script_.now_ns;
  op_.request = (script_.request ? *script_.request : empty_request_).raw();
  op_.request_id = to_str(kRequestId);
  op_.owner = this;
}

std::vector<std::pair<std::string, std::string>> ScriptedOp::notes() const {
  const std::lock_guard lock(mutex_);
  return notes_;
}

unsigned ScriptedOp::completions() const {
  const std::lock_guard lock(mutex_);
  return completions_;
}

unsigned ScriptedOp::stray_completions() const {
  const std::lock_guard lock(mutex_);
  return stray_completions_;
}

Status ScriptedOp::await(Status returned) {
  if (returned != SLUICE_PENDING) return returned;
  std::unique_lock lock(mutex_);
  // A test that would hang says so instead; no test passes by waiting.
  const bool done =
      completed_.wait_for(lock, std::chrono::seconds(30), [&] { return completions_ > 0; });
  return done ? completed_with_ : SLUICE_PENDING;
}

}  // namespace sluice::testing
