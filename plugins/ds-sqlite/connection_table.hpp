// SPDX-License-Identifier: Apache-2.0
#pragma once
// ConnectionTable: which thread uses which connection of an instance.
//
// A thread has a home in the table and takes the connection there, so that its pages and prepared
// statements are warm and no two threads meet; when somebody else holds it, the next free one. An
// I/O thread keeps its connection until its pass ends. There is no lock, nothing hangs off the life
// of a thread, and everything dies with the instance.

#include "connection.hpp"

#include <sluice/abilities.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace sluice::sqlite {

inline constexpr std::size_t kConnectionsMax = 64;  // of one instance; beyond it: E_BUSY

class ConnectionTable {
  struct Shared;

 public:
  // `pass` may be nullptr: then every call reads on its own.
  ConnectionTable(const SourceSettings& settings, const sluice_host* host,
                  const sluice_io_pass* pass);
  ~ConnectionTable();
  ConnectionTable(const ConnectionTable&) = delete;
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // A connection for the length of one call; empty when all are in use.
  class Lease {
   public:
    Lease() = default;
    explicit Lease(Shared* shared) : shared_(shared) {}
    Lease(Lease&& from) noexcept;
    ~Lease();
    explicit operator bool() const noexcept { return shared_ != nullptr; }
    Connection* operator->() const noexcept;

   private:
    Shared* shared_ = nullptr;
  };
  Lease take(Op op);  // [run]

 private:
  Shared* find_or_make(std::size_t place);
  void join_pass(Shared& shared);

  const SourceSettings settings_;
  const sluice_host* const host_;
  const sluice_io_pass* const pass_;
  std::array<std::atomic<Shared*>, kConnectionsMax> places_{};
};

}  // namespace sluice::sqlite
