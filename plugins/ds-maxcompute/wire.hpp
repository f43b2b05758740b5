// SPDX-License-Identifier: Apache-2.0
#pragma once
// Wire: signed requests to the service over the host's HTTP client. Counts what is under way, so
// that an instance can be stopped.

#include "settings.hpp"
#include "signing.hpp"
#include "timers.hpp"

#include <sluice/abilities.h>
#include <sluice/host.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

inline constexpr std::string_view kUserAgent = "ds-maxcompute/1.0";
inline constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{16} << 20;  // of documents
inline constexpr std::uint64_t kRowsBytesMax = std::uint64_t{64} << 20;    // kept while rows wait

// A request before it is signed: everything decoded. The parameters of the project and schema, the
// date, the agent and the signature are added when it is sent.
struct Draft {
  std::string method = "GET";
  std::string base;  // empty: the REST endpoint; otherwise the tunnel's URL
  std::string path;  // "/projects/p/instances"
  Pairs parameters = {};
  Pairs headers = {};
  std::string body = {};
};

// The first value of a header, whatever its letters' case; empty when there is none.
std::string_view find_header(const Pairs& headers, std::string_view name);

// Who is told of one request. On a thread of the host, in order; end() exactly once, last.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void head(int http_status, Pairs headers) = 0;
  virtual Status data(std::string_view bytes) = 0;  // as sluice_http_events.data
  virtual void end(Status status, std::string_view why) = 0;
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  // `settings` and `timers` outlive it.
  Wire(Host host, const SourceSettings& settings, Timers& timers);

  bool has_client() const noexcept { return client_ != nullptr; }
  bool can_pause() const noexcept { return client_ && SLUICE_HAS(client_, resume); }

  // OK: the listener's end() will come, perhaps before this returns. Otherwise it will not. [any]
  Status send(const Draft& draft, std::uint64_t deadline_ns, std::uint64_t body_bytes_max,
              std::shared_ptr<Listener> listener, std::uint64_t* id);
  void cancel(std::uint64_t id);  // [any]
  void resume(std::uint64_t id);  // [any]

  // Gives everything up and waits for the ends; nothing is sent after. [ctl]
  void stop();
  std::size_t under_way() const;  // [any]

 private:
  struct Exchange;
  void forget(std::uint64_t serial);

  const Host host_;
  const SourceSettings& settings_;
  Timers& timers_;
  const sluice_http_client* const client_;
  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  // What is under way, by a number of our own, and the client's number once it is known.
  std::map<std::uint64_t, std::optional<std::uint64_t>> exchanges_;
  std::uint64_t last_serial_ = 0;
  bool stopped_ = false;
};

}  // namespace sluice::maxcompute
