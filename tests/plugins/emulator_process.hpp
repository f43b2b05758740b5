// SPDX-License-Identifier: Apache-2.0
#pragma once
// A maxcompute-emulator of a test's own, and a host with the gateway's own HTTP client: what
// ds-maxcompute meets in a gateway, without a gateway.

#include "http/outgoing.hpp"

#include <sluice/testing/fake_host.hpp>

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

class EmulatorProcess {
 public:
  // Started with the demo's tables and an interactive quota; throws when it does not come up.
  explicit EmulatorProcess(const std::vector<std::string>& more_options = {});
  ~EmulatorProcess();
  EmulatorProcess(const EmulatorProcess&) = delete;
  EmulatorProcess& operator=(const EmulatorProcess&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // JSON settings of a source over it; `more` is JSON members with a comma in front, or empty.
  std::string make_settings(const std::string& more = {}) const;

  // Below /__emulator/: the answer's body.
  std::string control(const std::string& method, const std::string& path,
                      const std::string& body = {}) const;
  void add_fault(const std::string& json) const { control("POST", "faults", json); }
  void clear() const;
  // A number of /__emulator/state.
  std::int64_t count(const std::string& member) const;
  // Waits until such a number is that; false after ten seconds.
  bool await_count(const std::string& member, std::int64_t wanted) const;

 private:
  pid_t pid_ = 0;
  int output_ = -1;
  std::uint16_t port_ = 0;
  std::unique_ptr<http::OutgoingClient> client_;
};

// The gateway's client, offered by a host. One for the whole test program.
http::OutgoingClient& shared_outgoing();
void offer_outgoing(FakeHost& host, http::OutgoingClient& client);

}  // namespace sluice::testing
