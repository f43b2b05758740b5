// SPDX-License-Identifier: Apache-2.0
#pragma once
// ScriptedOp: one call whose deadline, cancellation and inline budget happen when the test says so,
// counted in checkpoints instead of time.

#include <sluice/op.hpp>
#include <sluice/testing/fake_request.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

// A credential as the gateway's snapshot holds it.
struct CredentialRecord {
  std::string id, consumer, secret;
  std::vector<std::pair<std::string, std::string>> attributes = {};
  std::uint64_t valid_from_ns = 0, valid_until_ns = 0;
  bool disabled = false;       // not found then, as the contract says
  std::uint64_t revision = 1;  // a test of a cache changes it with the record
  std::uint64_t rank = 0;
};

// What find_credential() looks in. Not changed while calls run.
class CredentialTable {
 public:
  // Records that share a key are found in the order of their ranks, equal ranks as added. The same
  // id under the same key again replaces it.
  CredentialTable& add(std::string kind, std::string key, CredentialRecord record);
  // Whom is_granted() answers 1 for; until it is said, everybody.
  CredentialTable& grant_only(std::vector<std::string> consumers);
  // The same table with every record changed.
  template <class Change>
  CredentialTable with_each(Change change) const {
    CredentialTable copy = *this;
    for (auto& [place, sharers] : copy.records_) {
      for (auto& record : sharers) change(record);
    }
    return copy;
  }
  // Every lookup fails with this, as when the snapshot cannot be read.
  CredentialTable failing_with(Status status) const;

  Status find(std::string_view kind, std::string_view key, std::size_t n, sluice_credential* out,
              std::vector<sluice_pair>& attributes) const;
  bool is_granted(std::string_view consumer) const;

 private:
  std::map<std::pair<std::string, std::string>, std::vector<CredentialRecord>> records_;
  std::optional<std::vector<std::string>> granted_;
  Status failure_ = SLUICE_OK;
};

class ScriptedOp {
 public:
  static constexpr std::uint64_t kNever = UINT64_MAX;
  static constexpr std::uint64_t kNowNs = 1'735'689'600'000'000'000;  // 2025-01-01, 00:00 UTC

  struct Script {
    std::uint32_t mode = SLUICE_RUN_WORKER;
    std::uint64_t now_ns = kNowNs;
    // The checkpoint of this number, from 0, and all after it answer ...
    std::uint64_t timeout_at = kNever;  // ... SLUICE_E_TIMEOUT
    std::uint64_t cancel_at = kNever;   // ... SLUICE_E_CANCELLED
    std::uint64_t budget = kNever;      // ... SLUICE_RETRY_ON_WORKER, inline only
    std::size_t scratch_bytes_max = 1 << 20;
    const FakeRequest* request = nullptr;          // nullptr: an empty GET
    const CredentialTable* credentials = nullptr;  // nullptr: none are known
  };

  ScriptedOp();
  explicit ScriptedOp(const Script& script);
  ScriptedOp(const ScriptedOp&) = delete;
  ScriptedOp& operator=(const ScriptedOp&) = delete;

  sluice_op* raw() noexcept { return &op_; }
  void cancel() noexcept { cancelled_ = true; }  // [any]

  std::uint64_t checkpoints() const noexcept { return checkpoints_; }
  // What fail() was told last; SLUICE_OK when it was not called.
  const Error& failure() const noexcept { return failure_; }
  // What was noted, in order, and the last retry_after(); 0 when there was none.
  std::vector<std::pair<std::string, std::string>> notes() const;  // [any]
  std::uint64_t retry_after_ms() const noexcept { return retry_after_ms_; }
  // complete(): how often with the right ticket, and with a wrong one.
  unsigned completions() const;
  unsigned stray_completions() const;
  // The end of a call that returned `returned`: itself, or what complete() brings within 30 s.
  Status await(Status returned);

 private:
  struct Shown : sluice_op {
    ScriptedOp* owner = nullptr;
  };
  friend struct ScriptedOpTable;

  Script script_;
  FakeRequest empty_request_;
  Shown op_{};
  std::atomic<bool> cancelled_{false};
  std::atomic<std::uint64_t> checkpoints_{0};
  Error failure_{SLUICE_OK, {}, {}, {}};
  std::vector<std::unique_ptr<std::max_align_t[]>> scratch_;
  std::size_t scratch_bytes_ = 0;
  std::vector<std::unique_ptr<std::vector<sluice_pair>>> attributes_;
  std::atomic<std::uint64_t> retry_after_ms_{0};
  mutable std::mutex mutex_;  // guards what complete() and note() change
  std::condition_variable completed_;
  std::vector<std::pair<std::string, std::string>> notes_;
  unsigned completions_ = 0, stray_completions_ = 0;
  Status completed_with_ = SLUICE_OK;
};

}  // namespace sluice::testing
