// SPDX-License-Identifier: Apache-2.0
#pragma once
// The management API over the real studio, in this process: a store in memory, a lower floor that
// answers as it is told, a clock that stands still, ids that count.

#include "admin/admin_api.hpp"
#include "studio/fakes.hpp"

#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace sluice::tests {

inline constexpr const char* kDatabaseSchema =
    R"({"type":"object","properties":{"path":{"type":"string"},)"
    R"("password":{"type":"string","format":"password"}}})";

inline std::vector<loader::PluginReport> make_plugin_reports() {
  loader::PluginReport good;
  good.name = "ds-sqlite";
  good.file = "plugins/ds-sqlite.so";
  good.loaded = true;
  good.id = "sluice.ds-sqlite";
  good.version = "1.0.0";
  good.abi_major = 1;
  good.sha256 = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
  good.components.push_back(
      {"data-source", "sqlite", "SQLite", "tables of a file", "worker", kDatabaseSchema});
  loader::PluginReport bad;
  bad.name = "auth-old";
  bad.file = "plugins/auth-old.so";
  bad.code = "PLG-004";
  bad.reason = "plugins/auth-old.so was built for ABI 0";
  bad.remedy = "build it with this SDK";
  return {good, bad};
}

// Workers and the control thread as queues that run when they are told to.
class Queue {
 public:
  std::function<void(std::function<void()>)> make_poster() {
    return [this](std::function<void()> job) { jobs_.push_back(std::move(job)); };
  }
  void run() {
    while (!jobs_.empty()) {
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }
  std::size_t size() const { return jobs_.size(); }

 private:
  std::deque<std::function<void()>> jobs_;
};

struct AdminHouse {
  admin::AdminResponse ask(admin::AdminRequest request) {
    std::vector<admin::AdminResponse> answers;
    api.handle(std::move(request),
               [&](admin::AdminResponse answer) { answers.push_back(std::move(answer)); });
    workers.run();
    control.run();
    if (answers.size() != 1) return {0, std::to_string(answers.size()) + " answers", {}};
    return std::move(answers[0]);
  }

  studio::FakeHouse fakes;
  Queue workers, control;
  admin::HealthReport health{true, {}};
  admin::AdminApi api{{fakes.studio, fakes.floor,
                       admin::TokenChecker({admin::TokenChecker::make_known("alice", "token-a"),
                                            admin::TokenChecker::make_known("bob", "token-b")}),
                       workers.make_poster(), control.make_poster(), [this] { return health; },
                       [] { return std::string("sluice_up 1\n"); }, make_plugin_reports()}};
};

}  // namespace sluice::tests
