// SPDX-License-Identifier: Apache-2.0
#pragma once
// The HTTP/1.1 server: event loops, and listeners that put connections on them. The composition
// root makes one IoThreads for the data plane and one of a single thread for the management API.

#include "http/exchange.hpp"

#include <sluice/result.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::http {

// Bounds of a listener; the answer at each stands beside it.
struct Limits {
  std::size_t header_bytes = 65536;         // request line and headers: 431
  std::size_t header_count = 100;           // 431
  std::size_t request_line_bytes = 8192;    // 414
  std::size_t body_bytes = 1048576;         // decoded: 413
  std::size_t connections = 10000;          // over all threads: 503 and closed
  std::uint64_t header_timeout_ms = 10000;  // first byte to end of headers: 408
  std::uint64_t body_timeout_ms = 30000;    // end of headers to end of body: 408
  std::uint64_t idle_timeout_ms = 60000;    // between requests, and a client that stops reading:
                                            //   closed
};

// Event loops, one thread each. [ctl] but where said.
class IoThreads {
 public:
  explicit IoThreads(unsigned threads);
  ~IoThreads();  // stops and joins
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  void start();
  void stop();  // after every Server on it is idle; idempotent
  unsigned size() const noexcept;
  IoThread& at(unsigned index) noexcept;  // [any]
  static IoThread* current() noexcept;    // the loop this thread runs, or nullptr [any]

 private:
  friend class Server;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct ServerCounters {
  std::uint64_t connections_open = 0, connections_accepted = 0, connections_refused = 0;
};

// One listening address: a socket of its own on every I/O thread (SO_REUSEPORT), so that the kernel
// spreads connections and no thread hands one over.
class Server {
 public:
  // Binds and begins to accept. Port 0: the system chooses, see port(). [ctl]
  static Result<std::unique_ptr<Server>> listen(IoThreads& threads, const std::string& host,
                                                std::uint16_t port, const Limits& limits,
                                                Handler& handler);
  ~Server();
  std::uint16_t port() const noexcept;  // [any]

  // Graceful stop. Accepts what the kernel already accepted, then no more; requests in flight are
  // answered with `Connection: close`; idle connections get `grace_ms` to send their next request.
  // True when all were gone after `timeout_ms`; false: the rest were cut. [ctl] blocks.
  bool drain(std::uint64_t grace_ms, std::uint64_t timeout_ms);

  ServerCounters counters() const noexcept;  // [any]

 private:
  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::http
