// SPDX-License-Identifier: Apache-2.0
#include "connection_table.hpp"

#include <memory>
#include <utility>

namespace sluice::sqlite {
namespace {

// A number for each thread that ever called, from 1. Trivially destructible, so the end of a thread
// runs nothing of this library.
std::uint32_t thread_number() noexcept {
  static std::atomic<std::uint32_t> last{0};
  thread_local std::uint32_t mine = 0;
  if (mine == 0) mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
  return mine;
}

}  // namespace

// A connection and who holds it. The table owns it, and so does an open pass: an instance may be
// destroyed while the pass of some I/O thread has not ended yet.
struct alignas(64) ConnectionTable::Shared {
  explicit Shared(const SourceSettings& settings) : connection(settings) {}

  std::atomic<std::uint32_t> holder{0};  // a thread's number; 0 = free
  std::atomic<std::uint32_t> owners{1};
  bool in_call = false;  // both only touched by the holder
  bool in_pass = false;
  Connection connection;

  void release() noexcept { holder.store(0, std::memory_order_release); }
  void disown() noexcept {
    if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  static void end_pass(void* self) {
    auto& shared = *static_cast<Shared*>(self);
    shared.connection.end_shared_reads();
    shared.in_pass = false;
    shared.release();
    shared.disown();
  }
};

ConnectionTable::ConnectionTable(const SourceSettings& settings, const sluice_host* host,
                                 const sluice_io_pass* pass)
    : settings_(settings), host_(host), pass_(pass) {}

ConnectionTable::~ConnectionTable() {
  for (auto& place : places_) {
    if (auto* shared = place.load(std::memory_order_acquire)) shared->disown();
  }
}

ConnectionTable::Shared* ConnectionTable::find_or_make(std::size_t place) {
  auto* known = places_[place].load(std::memory_order_acquire);
  if (known) return known;
  auto made = std::make_unique<Shared>(settings_);
  if (places_[place].compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) {
    return made.release();
  }
  return known;  // another thread was first
}

ConnectionTable::Lease ConnectionTable::take(Op op) {
  const std::uint32_t me = thread_number();
  for (std::size_t i = 0; i < kConnectionsMax; ++i) {
    Shared* shared = find_or_make((me + i) % kConnectionsMax);
    if (shared->holder.load(std::memory_order_relaxed) == me) {
      // Mine already, from earlier in this pass. A call on a worker must not read the pass's state,
      // and a call inside a call gets a connection of its own.
      if (!op.is_inline() || shared->in_call) continue;
      shared->in_call = true;
      return Lease(shared);
    }
    std::uint32_t nobody = 0;
    if (!shared->holder.compare_exchange_strong(nobody, me, std::memory_order_acquire,
                                                std::memory_order_relaxed)) {
      continue;
    }
    shared->in_call = true;
    if (pass_ && op.is_inline()) join_pass(*shared);
    return Lease(shared);
  }
  return {};
}

void ConnectionTable::join_pass(Shared& shared) {
  shared.owners.fetch_add(1, std::memory_order_relaxed);
  if (pass_->at_end(host_, &Shared::end_pass, &shared)) {
    shared.in_pass = true;
    shared.connection.share_reads();
  } else {
    shared.disown();  // no room in this pass: the call reads on its own
  }
}

ConnectionTable::Lease::Lease(Lease&& from) noexcept
    : shared_(std::exchange(from.shared_, nullptr)) {}

ConnectionTable::Lease::~Lease() {
  if (!shared_) return;
  shared_->in_call = false;
  if (!shared_->in_pass) shared_->release();
}

Connection* ConnectionTable::Lease::operator->() const noexcept { return &shared_->connection; }

}  // namespace sluice::sqlite
