// SPDX-License-Identifier: Apache-2.0
#pragma once
// Upstream: the addresses of one backend service as this node finds them. Calls take them in turn
// and tell how they fared; health checks, where the service names a path, ask them besides. One for
// all routes that call the service, kept from one snapshot to the next, so that an address that
// failed is not forgotten by a publish.

#include "http/outgoing.hpp"
#include "model/nouns.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::upstream {

class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  struct Health {
    std::string address;  // "10.0.0.1:8080"
    bool is_healthy = true;
    std::string reason;  // why not
    model::UnixMs changed_at = 0;
  };

  Upstream(const model::BackendService& service, http::OutgoingClient& client);

  // The address of the next attempt, a healthy one if there is any: when none seems alive, asking
  // is better than knowing. `tried`: a bit for each that this call has tried. kNone: all of them.
  // [any]
  std::size_t choose(std::uint32_t tried);
  const std::string& origin(std::size_t address) const { return addresses_[address]->origin; }
  std::size_t size() const noexcept { return addresses_.size(); }
  // What an attempt told of its address. [any]
  void succeeded(std::size_t address);
  void failed(std::size_t address, std::string_view why);

  // Asks the addresses whose check is due. The answers come on the client's thread. [ctl]
  void check(std::uint64_t now_ns);
  std::vector<Health> health() const;  // [any]

  http::OutgoingClient& client() const noexcept { return client_; }

 private:
  struct Address {
    std::string origin, told;  // "http://10.0.0.1:8080", "10.0.0.1:8080"
    std::atomic<bool> is_healthy{true}, is_checked{false};
    std::atomic<std::int64_t> failures{0}, successes{0};  // in a row
    std::atomic<std::uint64_t> rests_until_ns{0};         // without checks: when to try again
    std::uint64_t next_check_ns = 0;                      // [ctl]
    mutable std::mutex mutex;
    std::string reason;            // guarded by mutex
    model::UnixMs changed_at = 0;  // guarded by mutex
  };
  struct Check;
  bool is_usable(const Address& address, std::uint64_t now_ns) const;
  void turn(Address& address, bool is_healthy, std::string_view why);

  const model::HealthCheck health_check_;
  http::OutgoingClient& client_;
  std::vector<std::unique_ptr<Address>> addresses_;
  std::atomic<std::size_t> next_{0};
};

// The Upstreams of a node.
class Upstreams {
 public:
  explicit Upstreams(http::OutgoingClient& client) : client_(client) {}

  // The one of these addresses and checks; made when there is none. [any]
  std::shared_ptr<Upstream> find_or_make(const model::BackendService& service);
  std::shared_ptr<Upstream> find(const model::BackendService& service) const;  // [any]
  void check();                                                                // [ctl] now and then
  void collect();  // forgets those that nobody calls any more [ctl]

 private:
  http::OutgoingClient& client_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Upstream>> by_service_;  // guarded by mutex_
};

}  // namespace sluice::upstream
