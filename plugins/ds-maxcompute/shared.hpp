// SPDX-License-Identifier: Apache-2.0
#pragma once
// Shared: what the queries of one instance have in common, and remember for each other: where the
// tunnel is, the connection of MaxQA, the session of MCQA, results that are kept, and who runs.

#include "cache.hpp"
#include "settings.hpp"
#include "timers.hpp"
#include "wire.hpp"

#include <sluice/host.hpp>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::maxcompute {

class Run;

class Shared : public std::enable_shared_from_this<Shared> {
 public:
  Shared(SourceSettings settings, Host host, std::unique_ptr<Timers> timers);

  const SourceSettings settings;
  const Host host;
  const std::unique_ptr<Timers> timers;
  const std::shared_ptr<Wire> wire;
  ResultCache cache;

  // ---- who runs. [any]
  // False at queries_max, or when the instance stops.
  bool admit(std::shared_ptr<Run> run);
  void attach(const void* op, Run* run);  // its call lives until detach()
  void detach(const void* op);
  std::shared_ptr<Run> find(const void* op);
  void leave(Run* run);
  std::size_t running() const;
  // Stops every query and waits until they are gone, stopped jobs included. What it answers is the
  // session that they left, empty when there is none. [ctl]
  std::string stop_queries();
  // And what is under way. [ctl]
  void stop();

  // ---- what was learnt. [any]
  std::string tunnel() const;
  void set_tunnel(std::string url);
  std::string connection() const;
  void set_connection(std::string connection);
  void drop_connection(const std::string& connection);  // unless there is another one already

  // The one session of MCQA. A query that finds none attaches one, others wait for it.
  enum class Session { kReady, kMine, kWait };
  Session take_session(std::string& id, const std::shared_ptr<Run>& run);
  void end_attaching(std::string id);  // empty: it failed, somebody else may try
  void drop_session(const std::string& id);

 private:
  mutable std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<Run*, std::shared_ptr<Run>> runs_;
  std::map<const void*, Run*> by_op_;
  bool stopping_ = false;
  std::string tunnel_, connection_, session_;
  bool is_attaching_ = false;
  std::vector<std::weak_ptr<Run>> waiting_;
};

}  // namespace sluice::maxcompute
