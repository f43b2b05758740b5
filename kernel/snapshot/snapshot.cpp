// SPDX-License-Identifier: Apache-2.0
#include "snapshot/snapshot.hpp"

#include "problem/problem.hpp"

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

  const auto slot_of = [](Place& place, const Route& route) -> const Route*& {
    return route.method == "POST" ? place.post : place.get;
  };
  for (const auto& route : made->routes_) {
    Place& place = made->by_domain_[route.domain][route.path];
    if (const Route* before = std::exchange(slot_of(place, route), &route)) {
      return Error{SLUICE_E_CONFLICT,
                   "APIs " + before->api_id + " and " + route.api_id + " both serve " +
                       route.method + " " + route.path +
                       (route.domain.empty() ? "" : " on " + route.domain) +
                       "; change the path or undeploy one of them",
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
    const Route*& slot = slot_of(place, route);
    if (slot && slot->domain.empty()) continue;
    (route.method == "POST" ? place.post_is_ambiguous : place.get_is_ambiguous) = slot != nullptr;
    slot = &route;
  }
  const auto name_methods = [](Table& table) {
    for (auto& [path, place] : table) {
      place.allow = place.get && place.post ? "GET, HEAD, POST" : place.get ? "GET, HEAD" : "POST";
    }
  };
  name_methods(made->own_address_);
  for (auto& [domain, table] : made->by_domain_) name_methods(table);
  made->by_domain_.erase("");  // those answer on the instance's own address only
  return std::shared_ptr<const Snapshot>(std::move(made));
}

Match Snapshot::match(std::string_view authority, std::string_view path,
                      std::string_view method) const {
  const Match not_found{.status = problem::kRouteNotFound};
  const std::string_view host = strip_port(authority);
  const Table* table = &own_address_;
  if (!is_own_address(host)) {
    char lower[kHostBytesMax];
    if (host.size() > sizeof lower) return not_found;
    std::ranges::transform(
        host, lower, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    std::string_view name(lower, host.size());
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name == "localhost") {
      table = &own_address_;
    } else {
      const auto domain = by_domain_.find(name);
      if (domain == by_domain_.end()) return not_found;
      table = &domain->second;
    }
  }
  const auto found = table->find(path);
  if (found == table->end()) return not_found;
  const Place& place = found->second;
  const bool is_get = method == "GET" || method == "HEAD";
  if (is_get ? place.get_is_ambiguous : place.post_is_ambiguous) return not_found;
  const Route* route = is_get ? place.get : method == "POST" ? place.post : nullptr;
  if (!route) return {.status = problem::kMethodNotAllowed, .allow = place.allow};
  return {.route = route};
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
