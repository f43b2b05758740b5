// SPDX-License-Identifier: Apache-2.0
#pragma once
// Snapshot: everything that one gateway instance serves, as one immutable value. Built from the
// model's state on the control thread, swapped in whole, read by every I/O thread without a lock.

#include "call/admission.hpp"
#include "call/call.hpp"
#include "loader/registry.hpp"
#include "model/nouns.hpp"

#include <sluice/result.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::snapshot {

// Lookup by view in maps of strings.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

struct Route;

// Who was authorised for one API, or for one REST API: consumer -> CLOCK_REALTIME ns of the end,
// 0 = none.
class Grants final : public call::GrantFinder {
 public:
  void add(const std::string& consumer, std::uint64_t until_ns);  // the later end of two holds
  bool is_granted(std::string_view consumer, std::uint64_t now_ns) const override;

 private:
  TextMap<std::uint64_t> until_ns_;
};

// Who may call a route: an authorisation for its API or for its REST API is enough (R152). The
// REST API's is one table that its routes share: 100,000 consumers are not copied per API.
struct RouteGrants final : call::GrantFinder {
  bool is_granted(std::string_view consumer, std::uint64_t now_ns) const override;

  std::shared_ptr<const Grants> of_api, of_rest_api;  // null: nobody
};

// What answers an authorised call: the data service, or an upstream. Const, many calls at once.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual void serve(call::Call& call, const Route& route) const = 0;  // [io]
};

// One API version where it is deployed.
struct Route {
  std::string api_id;
  std::string method;  // "GET", "POST"
  std::string path;    // base path and API path
  std::string domain;  // empty: only on the instance's own address
  // Of the REST API. Said apart from the path, it chooses among the routes of one path (R054).
  model::VersionManagement version_management;
  unsigned version = 0;
  std::int64_t timeout_ms = 0;

  bool is_anonymous = false;
  model::Authentication authentication;             // what the authenticator was made of
  std::shared_ptr<loader::Instance> authenticator;  // null when anonymous or missing
  RouteGrants grants;

  std::shared_ptr<call::Admission> admission;  // of the resource group; null: no bound
  std::shared_ptr<const Backend> backend;
  call::NoteTaker* notes = nullptr;  // of a draft that is tested
  std::string unavailable;  // why it answers 503: names what is missing; empty = it is served
};

// Who may be found by what it shows. Shared between snapshots while no credential changes; an index
// made after a change shares the records that stayed as they were, and so their revisions.
class CredentialIndex {
 public:
  struct Entry {
    std::string id, consumer, secret;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::uint64_t valid_from_ns = 0, valid_until_ns = 0;
    std::uint64_t rank = 0;  // who comes first where several share a key; then the id decides
    bool operator==(const Entry&) const = default;
  };
  CredentialIndex() = default;
  // `before`: the index of which unchanged records are taken over; read during add() only.
  // `expected`: about how many records there will be.
  explicit CredentialIndex(const CredentialIndex* before, std::size_t expected = 0);

  // Takes an unchanged record over from the index before, without a copy of its texts. False: there
  // is none of that id, or is_same(entry) says that it has changed; then add() it. [ctl]
  template <class IsSame>
  bool take_over(const std::string& kind, const std::vector<std::string>& lookup_keys,
                 const std::string& id, IsSame is_same) {
    if (!before_) return false;
    const auto found = before_->by_id_.find(id);
    if (found == before_->by_id_.end() || !is_same(found->second->entry)) return false;
    place(kind, lookup_keys, found->second);
    return true;
  }
  // One record under each of its keys. An id is added once. [ctl]
  void add(const std::string& kind, const std::vector<std::string>& lookup_keys, Entry entry);
  void forget_before() noexcept { before_ = nullptr; }
  // The n-th of those that share the key. [any]
  bool find(std::string_view kind, std::string_view key, std::size_t n,
            sluice_credential& out) const;
  std::size_t size() const noexcept { return by_id_.size(); }

 private:
  struct Held {
    Entry entry;
    std::uint64_t revision;
    std::vector<sluice_pair> pairs;  // views into entry.attributes
  };
  struct Sharers {  // nearly always one, so it stands in the map itself
    const Held* first = nullptr;
    std::vector<const Held*> others;
  };
  void place(const std::string& kind, const std::vector<std::string>& lookup_keys,
             std::shared_ptr<const Held> held);

  const CredentialIndex* before_ = nullptr;
  TextMap<std::shared_ptr<const Held>> by_id_;
  TextMap<TextMap<Sharers>> by_kind_;
};

struct Match {
  const Route* route = nullptr;
  Status status = SLUICE_OK;    // kRouteNotFound, kMethodNotAllowed
  std::string_view allow = {};  // for 405
};

class Snapshot final : public call::CredentialFinder {
 public:
  // Two routes of one domain on one path and method: an Error that names both. Where both have
  // versions that callers say in the same place, theirs may differ.
  static Result<std::shared_ptr<const Snapshot>> make(
      std::vector<Route> routes, std::shared_ptr<const CredentialIndex> credentials);

  // By host, path and method; HEAD is served as GET. Where callers say a version, by that too.
  // [any]
  Match match(const http::Request& request) const;
  // Where a call of this host and path says the version that it means; empty: it does not. [any]
  std::string find_version_place(const http::Request& request) const;
  bool find_credential(std::string_view kind, std::string_view key, std::size_t n,
                       sluice_credential& out) const override;
  const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  // Routes of one path and method that tell themselves apart by what callers say in one place.
  struct Versions {
    model::VersionManagement said_in;  // the first one's
    TextMap<const Route*> by_version;  // null: on the instance's own address, two domains have it
  };
  struct Place {  // the methods of one path
    const Route* get = nullptr;
    const Route* post = nullptr;
    bool get_is_ambiguous = false;  // on the instance's own address, two domains have it
    bool post_is_ambiguous = false;
    std::string allow;
    Versions get_versions, post_versions;  // instead of get or post
  };
  using Table = TextMap<Place>;

  static const Route* add_to(Place& place, const Route& route);
  static const Route* add_version(Place& place, const Route& route);
  static const Route* find_first(const Versions& versions);
  static Match match_version(const Place& place, const http::Request& request);
  const Table* find_table(std::string_view authority) const;

  std::vector<Route> routes_;
  Table own_address_;
  TextMap<Table> by_domain_;
  std::shared_ptr<const CredentialIndex> credentials_;
};

// The snapshot of one gateway instance, for its I/O threads. A thread looks at one atomic number
// per call and touches the shared pointer only when it moved.
class Holder {
 public:
  explicit Holder(unsigned io_threads);

  void store(std::shared_ptr<const Snapshot> next);  // [ctl]
  // Lets go of the snapshots that nobody uses any more. What a hundred thousand consumers take a
  // tenth of a second to free is freed here and never on an I/O thread. [ctl]
  void collect();
  std::shared_ptr<const Snapshot> load() const;  // [any]

  // The snapshot of this pass; valid until the same thread asks again. [io]
  const Snapshot& view(unsigned io_thread);
  std::shared_ptr<const Snapshot> pin(unsigned io_thread);  // what view() last answered [io]

 private:
  struct alignas(64) Local {
    std::uint64_t generation = 0;
    std::shared_ptr<const Snapshot> snapshot;
  };
  std::atomic<std::uint64_t> generation_{1};
  // A mutex, taken only when the generation moved. GCC 12's atomic shared_ptr unlocks its load with
  // relaxed order, so a later store races with it.
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;  // guarded by mutex_
  std::vector<std::shared_ptr<const Snapshot>>
      retired_;  // [ctl] until no thread and no call is left
  std::vector<Local> locals_;
};

}  // namespace sluice::snapshot
