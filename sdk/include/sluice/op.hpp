// SPDX-License-Identifier: Apache-2.0
#pragma once
// Op: one call in flight: its deadline, its cancellation, its memory, its end.

#include <sluice/request.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace sluice {
inline namespace v1 {

// A credential that the call's snapshot holds. Borrowed until the op completes.
class Credential {
 public:
  explicit Credential(const sluice_credential& raw) noexcept : raw_(raw) {}

  std::string_view id() const noexcept { return to_view(raw_.id); }
  std::string_view consumer() const noexcept { return to_view(raw_.consumer); }
  std::string_view secret() const noexcept { return to_view(raw_.secret); }
  std::string_view attribute(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < raw_.attribute_count; ++i) {
      if (to_view(raw_.attributes[i].name) == name) return to_view(raw_.attributes[i].value);
    }
    return {};
  }
  // Inside its time at `now_ns` (CLOCK_REALTIME)? The end itself is outside.
  bool is_valid_at(std::uint64_t now_ns) const noexcept {
    return now_ns >= raw_.valid_from_ns && (!raw_.valid_until_ns || now_ns < raw_.valid_until_ns);
  }
  std::uint64_t valid_until_ns() const noexcept { return raw_.valid_until_ns; }
  std::uint64_t revision() const noexcept { return raw_.revision; }  // what to cache under
  std::uint64_t rank() const noexcept { return raw_.rank; }          // the configuration's order

 private:
  sluice_credential raw_;
};

// A borrowed handle, dead when the call completes.
class Op {
 public:
  explicit Op(sluice_op* op) noexcept : op_(op) {}

  Request request() const noexcept { return Request(op_->request); }
  const sluice_principal* principal() const noexcept { return op_->principal; }
  bool is_inline() const noexcept { return op_->mode == SLUICE_RUN_INLINE; }
  std::uint64_t deadline_ns() const noexcept { return op_->deadline_ns; }  // CLOCK_MONOTONIC
  std::uint64_t now_ns() const noexcept { return op_->now_ns; }            // CLOCK_REALTIME
  std::string_view request_id() const noexcept { return to_view(op_->request_id); }

  // Call it about every 10 us of work; anything but SLUICE_OK: stop and return it. [any]
  Status checkpoint() const noexcept { return op_->vt->checkpoint(op_); }

  // Says what went wrong and hands the status back: `return op.fail(...)`. [any]
  Status fail(Status status, std::string_view text, std::string_view internal = {}) const noexcept {
    op_->vt->fail(op_, status, to_str(text), to_str(internal));
    return status;
  }
  Status fail(const Error& error) const noexcept {
    return fail(error.status, error.detail, error.internal);
  }
  // What was done, for whoever tests a draft; a host without notes drops it. No secret. [any]
  void note(std::string_view name, std::string_view value) const noexcept {
    if (SLUICE_HAS(op_->vt, note)) op_->vt->note(op_, to_str(name), to_str(value));
  }
  // Beside an error that passes by itself: when to try again. [any]
  void retry_after(std::uint64_t ms) const noexcept {
    if (SLUICE_HAS(op_->vt, retry_after)) op_->vt->retry_after(op_, ms);
  }
  // Memory of the call, freed with it; nullptr at its bound. [run]
  void* scratch(std::size_t bytes) const noexcept { return op_->vt->scratch(op_, bytes); }

  // Looks a credential up in the call's snapshot. SLUICE_E_NOT_FOUND: unknown, disabled or revoked.
  Status find_credential(std::string_view kind, std::string_view key,
                         sluice_credential* out) const noexcept {
    out->size = sizeof *out;
    return op_->vt->find_credential(op_, to_str(kind), to_str(key), out);
  }
  // The n-th, from 0, of those that share a key, in the order of their ranks.
  Status find_nth_credential(std::string_view kind, std::string_view key, std::size_t n,
                             sluice_credential* out) const noexcept {
    out->size = sizeof *out;
    return op_->vt->find_nth_credential(op_, to_str(kind), to_str(key), n, out);
  }
  // May that consumer call this API now? For choosing between consumers, not for letting in.
  bool is_granted(std::string_view consumer) const noexcept {
    return op_->vt->is_granted(op_, to_str(consumer)) != 0;
  }
  sluice_op* raw() const noexcept { return op_; }

 private:
  sluice_op* op_;
};

// The promise to complete an asynchronous call. It moves into the callback that will keep it;
// dropping it fails the call. [any]
class Pending {
 public:
  explicit Pending(sluice_op* op) noexcept : op_(op), ticket_(op->ticket) {}
  Pending(Pending&& from) noexcept : op_(std::exchange(from.op_, nullptr)), ticket_(from.ticket_) {}
  Pending& operator=(Pending&& from) noexcept {
    std::swap(op_, from.op_);
    std::swap(ticket_, from.ticket_);
    return *this;
  }
  ~Pending() { fail(SLUICE_E_INTERNAL, "the plugin dropped the call"); }

  Op op() const noexcept { return Op(op_); }
  void complete(Status status) noexcept {
    if (auto* op = std::exchange(op_, nullptr)) op->vt->complete(op, ticket_, status);
  }
  void fail(Status status, std::string_view text, std::string_view internal = {}) noexcept {
    if (op_) complete(Op(op_).fail(status, text, internal));
  }

 private:
  sluice_op* op_;
  std::uint64_t ticket_;
};

}  // namespace v1
}  // namespace sluice
