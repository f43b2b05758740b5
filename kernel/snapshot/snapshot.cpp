// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshot.hpp"

#include "model/laws.hpp"
#include "problem/problem.hpp"

#include <sluice/percent.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice::snapshot {
namespace {

constexpr std::size_t kHostBytesMax = 255;  // RFC 1035 2.3.4

// The host without its port; empty when it cannot be a name.
std::string_view strip_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return end == std::string_view::npos ? std::string_view{} : authority.substr(0, end + 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool is_digit_or_dot(char c) { return (c >= '0' && c <= '9') || c == '.'; }

// An address, "localhost" or nothing at all: whoever calls the instance itself.
bool is_own_address(std::string_view host) {
  return host.empty() || host == "localhost" || host.starts_with('[') ||
         std::ranges::all_of(host, is_digit_or_dot);
}

constexpr std::string_view kGet = "GET, HEAD", kPost = "POST", kGetAndPost = "GET, HEAD, POST";
constexpr Match kNotFound{.status = problem::kRouteNotFound};

bool equal_folded(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_same_place(const model::VersionManagement& a, const model::VersionManagement& b) {
  return a.scheme == b.scheme &&
         (a.scheme == model::VersionScheme::kHeader ? equal_folded(a.name, b.name)
                                                    : a.name == b.name);
}

using Room = std::array<char, model::kRestApiVersionBytesMax>;

// The version that a call says, in `room` where it was encoded. Empty when it says none; or two,
// for then nobody knows which one is meant.
std::string_view find_version(const model::VersionManagement& said_in, const http::Request& request,
                              Room& room) {
  if (said_in.scheme == model::VersionScheme::kQuery) {
    const auto found = find_in_query(request.query, said_in.name);
    if (found.count != 1) return {};
    return decode_percent(found.value, Plus::kSpace, room).value_or(std::string_view());
  }
  std::string_view version;
  std::size_t count = 0;
  for (const auto& [name, value] : request.headers) {
    if (!equal_folded(name, said_in.name)) continue;
    version = value;
    ++count;
  }
  return count == 1 ? version : std::string_view();
}

}  // namespace

void Grants::add(const std::string& consumer, std::uint64_t until_ns) {
  const auto [place, is_new] = until_ns_.try_emplace(consumer, until_ns);
  if (is_new || place->second == 0) return;
  place->second = until_ns == 0 ? 0 : std::max(place->second, until_ns);
}
bool Grants::is_granted(std::string_view consumer, std::uint64_t now_ns) const {
  const auto grant = until_ns_.find(consumer);
  return grant != until_ns_.end() && (grant->second == 0 || now_ns < grant->second);
}

bool RouteGrants::is_granted(std::string_view consumer, std::uint64_t now_ns) const {
  return (of_api && of_api->is_granted(consumer, now_ns)) ||
         (of_rest_api && of_rest_api->is_granted(consumer, now_ns));
}

CredentialIndex::CredentialIndex(const CredentialIndex* before, std::size_t expected)
    : before_(before) {
  by_id_.reserve(expected);
  if (!before) return;
  for (const auto& [kind, sharers] : before->by_kind_) by_kind_[kind].reserve(sharers.size() + 1);
}

void CredentialIndex::add(const std::string& kind, const std::vector<std::string>& lookup_keys,
                          Entry entry) {
  const std::string id = entry.id;
  if (take_over(kind, lookup_keys, id, [&](const Entry& old) { return old == entry; })) return;
  static std::atomic<std::uint64_t> last_revision{0};
  auto held = std::make_shared<Held>(Held{std::move(entry), ++last_revision, {}});
  for (const auto& [name, value] : held->entry.attributes) {
    held->pairs.push_back({to_str(name), to_str(value)});
  }
  place(kind, lookup_keys, std::move(held));
}

void CredentialIndex::place(const std::string& kind, const std::vector<std::string>& lookup_keys,
                            std::shared_ptr<const Held> held) {
  const auto comes_first = [](const Held* a, const Held* b) {
    return std::tie(a->entry.rank, a->entry.id) < std::tie(b->entry.rank, b->entry.id);
  };
  auto& of_kind = by_kind_[kind];
  for (const auto& key : lookup_keys) {
    Sharers& sharers = of_kind[key];
    const Held* later = held.get();
    if (!sharers.first) {
      sharers.first = later;
      continue;
    }
    if (comes_first(later, sharers.first)) std::swap(later, sharers.first);
    sharers.others.insert(
        std::upper_bound(sharers.others.begin(), sharers.others.end(), later, comes_first), later);
  }
  by_id_.insert_or_assign(held->entry.id, std::move(held));
}

bool CredentialIndex::find(std::string_view kind, std::string_view key, std::size_t n,
                           sluice_credential& out) const {
  const auto of_kind = by_kind_.find(kind);
  if (of_kind == by_kind_.end()) return false;
  const auto found = of_kind->second.find(key);
  if (found == of_kind->second.end() || n > found->second.others.size()) return false;
  const Held& held = n == 0 ? *found->second.first : *found->second.others[n - 1];
  out = {.size = sizeof out,
         .reserved = 0,
         .id = to_str(held.entry.id),
         .consumer = to_str(held.entry.consumer),
         .secret = to_str(held.entry.secret),
         .attributes = held.pairs.data(),
         .attribute_count = held.pairs.size(),
         .valid_from_ns = held.entry.valid_from_ns,
         .valid_until_ns = held.entry.valid_until_ns,
         .revision = held.revision,
         .rank = held.entry.rank};
  return true;
}

Result<std::shared_ptr<const Snapshot>> Snapshot::make(
    std::vector<Route> routes, std::shared_ptr<const CredentialIndex> credentials) {
  auto made = std::make_shared<Snapshot>();
  made->routes_ = std::move(routes);
  made->credentials_ = std::move(credentials);

  for (const auto& route : made->routes_) {
    if (const Route* before = add_to(made->by_domain_[route.domain][route.path], route)) {
      const bool tell_versions = model::is_said_apart(before->version_management) &&
                                 model::is_said_apart(route.version_management);
      return Error{SLUICE_E_CONFLICT,
                   "two APIs both serve " + route.method + " " + route.path +
                       (route.domain.empty() ? "" : " on " + route.domain) +
                       (tell_versions ? "; let callers say two versions in the same place, change "
                                        "the path or undeploy one of them"
                                      : "; change the path or undeploy one of them"),
                   {},
                   {}};
    }
  }
  // Without a domain the instance answers for all of them, where that names one API only. An API
  // that has no domain has nowhere else to be called, so it comes first.
  made->own_address_ = made->by_domain_[""];
  for (const auto& route : made->routes_) {
    if (route.domain.empty()) continue;
    Place& place = made->own_address_[route.path];
    const Route* before = add_to(place, route);
    if (!before || before->domain.empty()) continue;
    const bool is_post = route.method == "POST";
    Versions& versions = is_post ? place.post_versions : place.get_versions;
    const auto same = versions.by_version.find(route.version_management.version);
    if (same != versions.by_version.end() &&
        is_same_place(versions.said_in, route.version_management)) {
      same->second = nullptr;
    } else {
      (is_post ? place.post_is_ambiguous : place.get_is_ambiguous) = true;
    }
  }
  const auto name_methods = [](Table& table) {
    for (auto& [path, place] : table) {
      const bool has_get = place.get || !place.get_versions.by_version.empty();
      const bool has_post = place.post || !place.post_versions.by_version.empty();
      place.allow = has_get && has_post ? kGetAndPost : has_get ? kGet : kPost;
    }
  };
  name_methods(made->own_address_);
  for (auto& [domain, table] : made->by_domain_) name_methods(table);
  made->by_domain_.erase("");  // those answer on the instance's own address only
  return std::shared_ptr<const Snapshot>(std::move(made));
}

// Null: it is there now. Otherwise it is not, for the route that this answers is in its way; one
// without a domain where there are several.
const Route* Snapshot::add_to(Place& place, const Route& route) {
  const bool is_post = route.method == "POST";
  const Route*& only = is_post ? place.post : place.get;
  if (only) return only;
  const auto& versions = is_post ? place.post_versions : place.get_versions;
  if (model::is_said_apart(route.version_management)) return add_version(place, route);
  if (!versions.by_version.empty()) return find_first(versions);
  only = &route;
  return nullptr;
}

const Route* Snapshot::add_version(Place& place, const Route& route) {
  Versions& versions = route.method == "POST" ? place.post_versions : place.get_versions;
  if (versions.by_version.empty()) versions.said_in = route.version_management;
  if (!is_same_place(versions.said_in, route.version_management)) return find_first(versions);
  const auto [there, is_new] =
      versions.by_version.try_emplace(route.version_management.version, &route);
  return is_new ? nullptr : there->second ? there->second : &route;
}

// Where there are several, one that has no domain.
const Route* Snapshot::find_first(const Versions& versions) {
  const Route* first = nullptr;
  for (const auto& [version, route] : versions.by_version) {
    if (route && (!first || route->domain.empty())) first = route;
  }
  return first;
}

const Snapshot::Table* Snapshot::find_table(std::string_view authority) const {
  const std::string_view host = strip_port(authority);
  if (is_own_address(host)) return &own_address_;
  char lower[kHostBytesMax];
  if (host.size() > sizeof lower) return nullptr;
  std::ranges::transform(
      host, lower, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  std::string_view name(lower, host.size());
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name == "localhost") return &own_address_;
  const auto domain = by_domain_.find(name);
  return domain == by_domain_.end() ? nullptr : &domain->second;
}

Match Snapshot::match(const http::Request& request) const {
  const Table* table = find_table(request.authority);
  if (!table) return kNotFound;
  const auto found = table->find(request.path);
  if (found == table->end()) return kNotFound;
  const Place& place = found->second;
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (is_get ? place.get_is_ambiguous : place.post_is_ambiguous) return kNotFound;
  const Route* route = is_get ? place.get : request.method == "POST" ? place.post : nullptr;
  if (!route) return match_version(place, request);
  return {.route = route};
}

// The path has no route of that method that every call means.
Match Snapshot::match_version(const Place& place, const http::Request& request) {
  const auto find = [&](const Route* only, const Versions& versions) -> const Route* {
    if (only || versions.by_version.empty()) return only;
    Room room;
    const auto version = find_version(versions.said_in, request, room);
    const auto found = versions.by_version.find(version);
    return found == versions.by_version.end() ? nullptr : found->second;
  };
  if (place.get_versions.by_version.empty() && place.post_versions.by_version.empty()) {
    return {.status = problem::kMethodNotAllowed, .allow = place.allow};
  }
  // Each version is as if it were alone: what another one takes is not told.
  const Route* get = find(place.get, place.get_versions);
  const Route* post = find(place.post, place.post_versions);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  const Route* route = is_get ? get : request.method == "POST" ? post : nullptr;
  if (route) return {.route = route};
  if (!get && !post) return kNotFound;
  return {.status = problem::kMethodNotAllowed,
          .allow = get && post ? kGetAndPost
                   : get       ? kGet
                               : kPost};
}

std::string Snapshot::find_version_place(const http::Request& request) const {
  const Table* table = find_table(request.authority);
  if (!table) return {};
  const auto found = table->find(request.path);
  if (found == table->end()) return {};
  const Place& place = found->second;
  const Versions& first = request.method == "POST" ? place.post_versions : place.get_versions;
  const Versions& second = request.method == "POST" ? place.get_versions : place.post_versions;
  if (!first.by_version.empty()) return model::describe_place(first.said_in);
  return second.by_version.empty() ? std::string() : model::describe_place(second.said_in);
}

bool Snapshot::find_credential(std::string_view kind, std::string_view key, std::size_t n,
                               sluice_credential& out) const {
  return credentials_ && credentials_->find(kind, key, n, out);
}

Holder::Holder(unsigned io_threads) : locals_(io_threads) {
  current_ = *Snapshot::make({}, nullptr);
}

void Holder::store(std::shared_ptr<const Snapshot> next) {
  {
    const std::lock_guard lock(mutex_);
    current_.swap(next);
  }
  retired_.push_back(std::move(next));
  generation_.fetch_add(1, std::memory_order_release);
  collect();
}
void Holder::collect() {
  // Nobody can take a new reference to what only this list holds.
  std::erase_if(retired_, [](const auto& snapshot) { return snapshot.use_count() == 1; });
}
std::shared_ptr<const Snapshot> Holder::load() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

const Snapshot& Holder::view(unsigned io_thread) {
  Local& local = locals_[io_thread];
  const std::uint64_t generation = generation_.load(std::memory_order_acquire);
  if (local.generation != generation) {
    local.snapshot = load();
    local.generation = generation;
  }
  return *local.snapshot;
}
std::shared_ptr<const Snapshot> Holder::pin(unsigned io_thread) {
  return locals_[io_thread].snapshot;
}

}  // namespace sluice::snapshot
