// SPDX-License-Identifier: Apache-2.0
#pragma once
// Keys that live behind a URL: fetched through the host's client (sluice.http-client/1), shared by
// all consumers that name the URL, renewed before they are old, kept when the server is away.
//
// There is no thread: a call that finds a set getting old sends for the next one and goes on with
// what it has; the host's client calls back. Only a call that has nothing to go on with waits, on a
// worker.

#include "key.hpp"
#include "terms.hpp"

#include <sluice/abilities.h>
#include <sluice/host.hpp>
#include <sluice/op.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::jwt {

inline constexpr std::size_t kJwksBytesMax = 256 * 1024;
inline constexpr std::size_t kUrlsMax = 256;    // of one instance; more: their keys are unavailable
inline constexpr std::size_t kWaitersMax = 16;  // calls that wait for one URL; more do not wait
// A URL is asked at most once in this time when a kid is unknown, and when it failed.
inline constexpr std::uint64_t kRefetchSecondsMin = 10;

class RemoteKeys : public std::enable_shared_from_this<RemoteKeys> {
 public:
  RemoteKeys(Host host, const sluice_http_client* client, std::string url, bool allow_private);

  struct View {
    std::shared_ptr<const KeySet> keys;  // nullptr: none was ever fetched
    std::uint64_t version = 0;           // another number, another set
  };
  // What is there, without waiting. When it is old by `source`, the next set is sent for. [any]
  View view(const RemoteSource& source, std::uint64_t now_ns);

  enum class Outcome {
    kFetched,      // there is another set than the one of `known`
    kUnchanged,    // asked lately, answered with the same or not at all
    kNeedsWorker,  // it would have to wait, and this attempt is inline
    kStopped       // checkpoint() said `why`
  };
  // Waits for a set other than `known`: no longer than the source's timeout, the call's deadline,
  // and not at all when kRefetchSecondsMin have not passed since the last time. [run]
  Outcome await_newer(const RemoteSource& source, std::uint64_t known, Op op, Status& why);

  bool is_for(const RemoteSource& source) const {
    return source.url == url_ && source.allow_private == allow_private_;
  }
  // Gives a running fetch up and waits for its end; none begins after. [ctl]
  void stop();

 private:
  struct Fetch;
  // Both with mutex_ held.
  bool may_ask(std::uint64_t now_ns) const;
  bool begin(std::uint64_t now_ns);
  // Without it: the client may answer before send() returns.
  void send(const RemoteSource& source);
  void finish(Fetch& fetch, Status status, std::string_view why);

  const Host host_;
  const sluice_http_client* const client_;
  const std::string url_;
  const bool allow_private_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::shared_ptr<const KeySet> keys_;
  std::string body_;  // that keys_ came from: the same again is no change
  std::uint64_t version_ = 0;
  std::uint64_t fetched_ns_ = 0,
                asked_ns_ = 0;  // CLOCK_REALTIME of the calls that asked; 0 = never
  std::uint64_t request_id_ = 0;
  std::size_t waiters_ = 0;
  bool in_flight_ = false, has_id_ = false, stopped_ = false;
};

// The URLs of one instance.
class RemoteKeysTable {
 public:
  explicit RemoteKeysTable(Host host);
  // The keys of that URL; nullptr at kUrlsMax when all are in use. [any]
  std::shared_ptr<RemoteKeys> find_or_add(const RemoteSource& source);
  void stop();  // [ctl]

 private:
  Host host_;
  const sluice_http_client* client_;  // nullptr: this host makes no outgoing calls
  std::mutex mutex_;                  // guards urls_
  std::vector<std::shared_ptr<RemoteKeys>> urls_;
};

}  // namespace sluice::jwt
