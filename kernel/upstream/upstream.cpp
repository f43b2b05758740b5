// SPDX-License-Identifier: Apache-2.0
#include "upstream/upstream.hpp"

#include "http/clock.hpp"

#include <utility>

namespace sluice::upstream {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kCheckBytesMax = 65'536;

model::UnixMs now_ms() { return static_cast<model::UnixMs>(http::realtime_ns() / kNsPerMs); }

// Those of two services that are called alike.
std::string make_key(const model::BackendService& s) {
  std::string key = s.region + '\n' + s.name + '\n' +
                    (s.protocol == model::Protocol::kHttps ? "s" : "") + '\n' + s.dns_name + '\n' +
                    std::to_string(s.port);
  const auto& check = s.health_check;
  for (const auto number :
       {check.interval_ms, check.timeout_ms, check.healthy_threshold, check.unhealthy_threshold}) {
    key += '\n' + std::to_string(number);
  }
  key += '\n' + check.path;
  for (const auto& address : s.addresses) key += '\n' + address;
  return key;
}

}  // namespace

Upstream::Upstream(const model::BackendService& service, http::OutgoingClient& client)
    : health_check_(service.health_check), client_(client) {
  const std::string scheme = service.protocol == model::Protocol::kHttps ? "https://" : "http://";
  auto named = service.addresses;
  if (named.empty()) named.push_back(service.dns_name + ":" + std::to_string(service.port));
  for (auto& address : named) {
    auto& made = addresses_.emplace_back(std::make_unique<Address>());
    made->origin = scheme + address;
    made->told = std::move(address);
  }
}

bool Upstream::is_usable(const Address& address, std::uint64_t now_ns) const {
  if (address.is_healthy.load(std::memory_order_relaxed)) return true;
  return health_check_.path.empty() &&
         now_ns >= address.rests_until_ns.load(std::memory_order_relaxed);
}

std::size_t Upstream::choose(std::uint32_t tried) {
  const std::size_t count = addresses_.size();
  const std::size_t start = next_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t now_ns = http::monotonic_ns();
  std::size_t any = kNone;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t address = (start + i) % count;
    if (tried & (1u << address)) continue;
    if (is_usable(*addresses_[address], now_ns)) return address;
    if (any == kNone) any = address;
  }
  return any;
}

void Upstream::turn(Address& address, bool is_healthy, std::string_view why) {
  const std::lock_guard lock(address.mutex);
  if (!is_healthy) address.reason = why;
  if (address.is_healthy.exchange(is_healthy, std::memory_order_relaxed) == is_healthy) return;
  address.changed_at = now_ms();
  if (is_healthy) address.reason.clear();
}

void Upstream::succeeded(std::size_t index) {
  Address& address = *addresses_[index];
  // The usual case writes nothing that other threads read.
  if (address.failures.load(std::memory_order_relaxed) != 0) {
    address.failures.store(0, std::memory_order_relaxed);
  }
  if (address.is_healthy.load(std::memory_order_relaxed)) return;
  // Checks ask for several in a row; without them the first success is what there is.
  const auto needed = health_check_.path.empty() ? 1 : health_check_.healthy_threshold;
  if (address.successes.fetch_add(1, std::memory_order_relaxed) + 1 >= needed) {
    turn(address, true, {});
  }
}

void Upstream::failed(std::size_t index, std::string_view why) {
  Address& address = *addresses_[index];
  address.successes.store(0, std::memory_order_relaxed);
  address.rests_until_ns.store(
      http::monotonic_ns() + static_cast<std::uint64_t>(health_check_.interval_ms) * kNsPerMs,
      std::memory_order_relaxed);
  if (address.failures.fetch_add(1, std::memory_order_relaxed) + 1 >=
      health_check_.unhealthy_threshold) {
    turn(address, false, why);
  }
}

// ---- health checks

struct Upstream::Check {
  std::shared_ptr<Upstream> upstream;
  std::size_t address;
  int http_status = 0;

  static Check& of(void* user) { return *static_cast<Check*>(user); }
  static void head(void* user, std::int32_t http_status, const sluice_pair*, std::size_t) {
    of(user).http_status = http_status;
  }
  static sluice_status data(void*, const void*, std::size_t) { return SLUICE_OK; }
  static void end(void* user, sluice_status status, sluice_str why) {
    const std::unique_ptr<Check> check(&of(user));
    Address& address = *check->upstream->addresses_[check->address];
    if (status == SLUICE_E_CANCELLED) {
      // The gateway stops: nothing was learnt.
    } else if (status != SLUICE_OK) {
      check->upstream->failed(check->address, to_view(why));
    } else if (check->http_status < 200 || check->http_status >= 400) {
      check->upstream->failed(check->address,
                              "its health check answered " + std::to_string(check->http_status));
    } else {
      check->upstream->succeeded(check->address);
    }
    address.is_checked.store(false, std::memory_order_release);
  }
};

void Upstream::check(std::uint64_t now_ns) {
  if (health_check_.path.empty()) return;
  constexpr sluice_http_events kEvents{.size = sizeof(sluice_http_events),
                                       .reserved = 0,
                                       .head = &Check::head,
                                       .data = &Check::data,
                                       .end = &Check::end};
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    Address& address = *addresses_[i];
    if (now_ns < address.next_check_ns || address.is_checked.load(std::memory_order_acquire)) {
      continue;
    }
    address.next_check_ns =
        now_ns + static_cast<std::uint64_t>(health_check_.interval_ms) * kNsPerMs;
    const std::string url = address.origin + health_check_.path;
    sluice_http_request request{};
    request.size = sizeof request;
    request.flags = SLUICE_HTTP_ALLOW_PRIVATE;
    request.method = SLUICE_STR("GET");
    request.url = to_str(url);
    request.body_bytes_max = kCheckBytesMax;
    request.deadline_ns =
        http::monotonic_ns() + static_cast<std::uint64_t>(health_check_.timeout_ms) * kNsPerMs;
    auto check = std::make_unique<Check>(Check{shared_from_this(), i});
    address.is_checked.store(true, std::memory_order_release);
    std::uint64_t id = 0;
    if (client_.send(request, UINT64_MAX, kEvents, check.get(), &id) == SLUICE_OK) {
      static_cast<void>(check.release());  // end() has it
    } else {
      address.is_checked.store(false, std::memory_order_release);  // busy: asked the next time
    }
  }
}

std::vector<Upstream::Health> Upstream::health() const {
  std::vector<Health> told;
  for (const auto& address : addresses_) {
    const std::lock_guard lock(address->mutex);
    told.push_back(
        {address->told, address->is_healthy.load(), address->reason, address->changed_at});
  }
  return told;
}

// ---- all of a node

std::shared_ptr<Upstream> Upstreams::find_or_make(const model::BackendService& service) {
  const std::lock_guard lock(mutex_);
  auto& upstream = by_service_[make_key(service)];
  if (!upstream) upstream = std::make_shared<Upstream>(service, client_);
  return upstream;
}

std::shared_ptr<Upstream> Upstreams::find(const model::BackendService& service) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_service_.find(make_key(service));
  return found == by_service_.end() ? nullptr : found->second;
}

void Upstreams::check() {
  std::vector<std::shared_ptr<Upstream>> upstreams;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, upstream] : by_service_) upstreams.push_back(upstream);
  }
  const std::uint64_t now_ns = http::monotonic_ns();
  for (const auto& upstream : upstreams) upstream->check(now_ns);
}

void Upstreams::collect() {
  const std::lock_guard lock(mutex_);
  std::erase_if(by_service_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace sluice::upstream
