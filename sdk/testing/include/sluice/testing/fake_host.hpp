// SPDX-License-Identifier: Apache-2.0
#pragma once
// FakeHost: the gateway as a plugin sees it, inside a test's process. It hands out settings, keeps
// what is logged, and offers extensions when the test says so.

#include <sluice/abilities.h>
#include <sluice/result.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

struct LogLine {
  int level = 0;  // as sluice_host.log
  std::string text;
};

// Where a component leaves its error; `raw()` is what create() and start() are given.
class ErrorPlace {
 public:
  sluice_err* raw() noexcept { return reinterpret_cast<sluice_err*>(this); }
  Error error;
};

// sluice.io-pass/1 whose passes end when the test says so.
class RecordingPass {
 public:
  // How many callbacks one pass takes; beyond it at_end() answers 0.
  void set_room(std::size_t callbacks) noexcept { room_ = callbacks; }
  // Runs and forgets what was registered. On the thread that ran the calls, as a gateway would.
  void end();
  std::size_t open_callbacks() const noexcept { return callbacks_.size(); }
  std::size_t passes_ended() const noexcept { return passes_ended_; }

 private:
  friend class FakeHost;
  struct Callback {
    void (*fn)(void*);
    void* user;
  };
  std::vector<Callback> callbacks_;
  std::size_t room_ = 1024;
  std::size_t passes_ended_ = 0;
};

class FakeHost {
 public:
  explicit FakeHost(std::string instance = "under-test");
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const sluice_host* raw() const noexcept;

  // Parses JSON text (ill-formed: throws). The node lives as long as this host.
  const sluice_node* make_settings(std::string_view json);

  // Offers sluice.io-pass/1 from now on. One thread at a time may use it.
  RecordingPass& offer_pass();
  // Offers any other table.
  void offer(std::string id, const void* table);

  std::vector<LogLine> log() const;          // [any]
  bool logged(std::string_view part) const;  // in any line [any]

 private:
  struct Node;
  struct Table;

  std::string instance_;
  std::unique_ptr<Table> table_;
  std::vector<std::unique_ptr<Node>> settings_;
  std::vector<std::pair<std::string, const void*>> extensions_;
  RecordingPass pass_;
  mutable std::mutex mutex_;  // guards log_
  std::vector<LogLine> log_;
};

}  // namespace sluice::testing
