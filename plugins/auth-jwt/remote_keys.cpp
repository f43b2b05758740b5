// SPDX-License-Identifier: Apache-2.0
#include "remote_keys.hpp"

#include <algorithm>
#include <chrono>
#include <exception>

namespace sluice::jwt {
namespace {

using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC, as deadlines are

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr auto kCheckEvery = std::chrono::milliseconds(20);  // a waiting call looks up
// Asked again when this much of the cache time is over, so that no call ever waits for a renewal.
constexpr std::uint64_t kRenewAtPercent = 80;

std::uint64_t to_ns(Clock::time_point time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

// Is `span` over since `then`? Also when the clock was set back: otherwise nothing would be asked
// for until it has caught up. Calls that began a moment earlier are no such clock.
bool has_passed(std::uint64_t then, std::uint64_t span, std::uint64_t now) {
  return now >= then + span || now + kRefetchSecondsMin * kSecondNs < then;
}

// What a log may show of a URL: its query may hold a key.
std::string without_query(const std::string& url) { return url.substr(0, url.find('?')); }

}  // namespace

// One request under way. The client owns it through `user` from send() to end().
struct RemoteKeys::Fetch {
  std::shared_ptr<RemoteKeys> owner;
  std::int32_t http_status = 0;
  std::string body;

  static void take_head(void* user, std::int32_t status, const sluice_pair*, std::size_t) {
    static_cast<Fetch*>(user)->http_status = status;
  }
  static sluice_status take_data(void* user, const void* bytes, std::size_t n) noexcept {
    auto& self = *static_cast<Fetch*>(user);
    if (n > kJwksBytesMax - self.body.size()) return SLUICE_E_TOO_LARGE;
    try {
      self.body.append(static_cast<const char*>(bytes), n);
      return SLUICE_OK;
    } catch (...) {
      return SLUICE_E_INTERNAL;
    }
  }
  static void take_end(void* user, sluice_status status, sluice_str why) noexcept {
    const std::unique_ptr<Fetch> self(static_cast<Fetch*>(user));
    self->owner->finish(*self, status, to_view(why));
  }
};

RemoteKeys::RemoteKeys(Host host, const sluice_http_client* client, std::string url,
                       bool allow_private)
    : host_(host), client_(client), url_(std::move(url)), allow_private_(allow_private) {}

bool RemoteKeys::may_ask(std::uint64_t now_ns) const {
  if (!client_ || stopped_ || in_flight_) return false;
  return asked_ns_ == 0 || has_passed(asked_ns_, kRefetchSecondsMin * kSecondNs, now_ns);
}

bool RemoteKeys::begin(std::uint64_t now_ns) {
  if (!may_ask(now_ns)) return false;
  in_flight_ = true;
  has_id_ = false;
  asked_ns_ = now_ns;
  return true;
}

void RemoteKeys::send(const RemoteSource& source) {
  static constexpr sluice_http_events kEvents{sizeof(sluice_http_events), 0, &Fetch::take_head,
                                              &Fetch::take_data, &Fetch::take_end};
  auto fetch = std::make_unique<Fetch>();
  fetch->owner = shared_from_this();
  const sluice_pair accept{SLUICE_STR("accept"),
                           SLUICE_STR("application/jwk-set+json, application/json")};
  const sluice_http_request request{
      sizeof request,
      allow_private_ ? static_cast<std::uint32_t>(SLUICE_HTTP_ALLOW_PRIVATE) : 0u,
      SLUICE_STR("GET"),
      to_str(url_),
      SLUICE_STR(""),
      &accept,
      1,
      kJwksBytesMax,
      to_ns(Clock::now() + std::chrono::milliseconds(source.timeout_ms))};
  std::uint64_t id = 0;
  // No op: the set is for every call that needs it, so no single call's end may end the fetch.
  Fetch* const lent = fetch.release();
  const Status sent = client_->send(host_.raw(), nullptr, &request, &kEvents, lent, &id);
  if (sent != SLUICE_OK) {
    const std::unique_ptr<Fetch> returned(lent);  // nothing was begun: end() will not come
    return finish(*returned, sent, "the request could not be sent");
  }
  const std::lock_guard lock(mutex_);
  request_id_ = id;
  has_id_ = in_flight_;
  changed_.notify_all();
}

void RemoteKeys::finish(Fetch& fetch, Status status, std::string_view why) {
  std::string fault;
  std::shared_ptr<KeySet> fetched;
  bool is_same = false;
  try {
    if (status == SLUICE_OK && fetch.http_status == 200) {
      {
        const std::lock_guard lock(mutex_);
        is_same = keys_ && fetch.body == body_;
      }
      JsonDocument document;
      std::vector<Error> skipped;
      if (!is_same && !document.parse(fetch.body)) {
        fault = "the answer is not one strict JSON object";
      } else if (!is_same) {
        auto made = make_key_set(document.root(), "", skipped);
        if (made) {
          fetched = std::make_shared<KeySet>(std::move(*made));
        } else {
          fault = made.error().where + ": " + made.error().detail;
        }
        for (const Error& error : skipped) {
          host_.warn("a key of " + without_query(url_) + " is of no use: " + error.where + ": " +
                     error.detail);
        }
      }
    } else if (status == SLUICE_OK) {
      fault = "HTTP status " + std::to_string(fetch.http_status);
    } else {
      fault = "status " + std::to_string(status) + " " + std::string(why);
    }
    if (!fault.empty()) {
      host_.warn("keys could not be fetched from " + without_query(url_) + ": " + fault);
    }
  } catch (const std::exception&) {
    fetched.reset();  // out of memory: as if the server had not answered
    is_same = false;
  }
  const std::lock_guard lock(mutex_);
  if (fetched || is_same) fetched_ns_ = asked_ns_;
  if (fetched) {
    keys_ = std::move(fetched);
    body_.swap(fetch.body);
    ++version_;
  }
  in_flight_ = has_id_ = false;
  changed_.notify_all();
}

RemoteKeys::View RemoteKeys::view(const RemoteSource& source, std::uint64_t now_ns) {
  View seen;
  bool must_send = false;
  {
    const std::lock_guard lock(mutex_);
    seen = {keys_, version_};
    const std::uint64_t renew_after = source.cache_seconds * kSecondNs / 100 * kRenewAtPercent;
    if (keys_ && has_passed(fetched_ns_, renew_after, now_ns)) must_send = begin(now_ns);
  }
  if (must_send) send(source);
  return seen;
}

RemoteKeys::Outcome RemoteKeys::await_newer(const RemoteSource& source, std::uint64_t known, Op op,
                                            Status& why) {
  const auto until = Clock::now() + std::chrono::milliseconds(source.timeout_ms);
  std::unique_lock lock(mutex_);
  if (version_ != known) return Outcome::kFetched;
  if (!in_flight_ && !may_ask(op.now_ns())) return Outcome::kUnchanged;
  if (waiters_ >= kWaitersMax) return Outcome::kUnchanged;
  if (op.is_inline()) return Outcome::kNeedsWorker;
  if (begin(op.now_ns())) {
    lock.unlock();
    send(source);
    lock.lock();
  }
  ++waiters_;
  why = SLUICE_OK;
  while (in_flight_ && version_ == known && Clock::now() < until) {
    lock.unlock();
    why = op.checkpoint();  // the call's deadline, and whether anybody still wants its answer
    lock.lock();
    if (why != SLUICE_OK) break;
    if (in_flight_) changed_.wait_for(lock, kCheckEvery);
  }
  --waiters_;
  if (version_ != known) return Outcome::kFetched;
  return why != SLUICE_OK ? Outcome::kStopped : Outcome::kUnchanged;
}

void RemoteKeys::stop() {
  std::unique_lock lock(mutex_);
  stopped_ = true;
  while (in_flight_) {
    // end() follows a cancel (sluice_http_client), so this wait has one.
    if (has_id_) {
      has_id_ = false;
      const auto id = request_id_;
      lock.unlock();
      client_->cancel(host_.raw(), id);
      lock.lock();
      continue;
    }
    changed_.wait(lock);
  }
}

// ----------------------------------------------------------------------------------- the
// instance's

RemoteKeysTable::RemoteKeysTable(Host host)
    : host_(host), client_(host.find_extension<sluice_http_client>(SLUICE_HTTP_CLIENT_ID)) {}

std::shared_ptr<RemoteKeys> RemoteKeysTable::find_or_add(const RemoteSource& source) {
  const std::lock_guard lock(mutex_);
  for (const auto& known : urls_) {
    if (known->is_for(source)) return known;
  }
  if (urls_.size() >= kUrlsMax) {
    // One that no cached terms and no fetch hold has not been asked for lately.
    const auto idle = std::find_if(urls_.begin(), urls_.end(),
                                   [](const auto& known) { return known.use_count() == 1; });
    if (idle == urls_.end()) return nullptr;
    urls_.erase(idle);
  }
  urls_.push_back(std::make_shared<RemoteKeys>(host_, client_, source.url, source.allow_private));
  return urls_.back();
}

void RemoteKeysTable::stop() {
  const std::lock_guard lock(mutex_);
  for (const auto& known : urls_) known->stop();
}

}  // namespace sluice::jwt
