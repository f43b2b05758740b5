// SPDX-License-Identifier: Apache-2.0
#include "wire.hpp"

#include "text.hpp"

#include <chrono>
#include <vector>

namespace sluice::maxcompute {
namespace {

// The host's client ends what is cancelled at once; a host that does not is not waited for longer.
constexpr auto kStopPatience = std::chrono::seconds(10);

}  // namespace

std::string_view find_header(const Pairs& headers, std::string_view name) {
  for (const auto& [sent, value] : headers) {
    if (equals_folded(sent, name)) return value;
  }
  return {};
}

// One request under way. The client owns it through `user` from send() to end().
struct Wire::Exchange {
  std::shared_ptr<Wire> wire;
  std::shared_ptr<Listener> listener;
  std::uint64_t serial = 0;

  static void take_head(void* user, std::int32_t status, const sluice_pair* headers,
                        std::size_t count) noexcept {
    auto& self = *static_cast<Exchange*>(user);
    try {
      Pairs copies;
      for (std::size_t i = 0; i < count; ++i) {
        copies.emplace_back(to_view(headers[i].name), to_view(headers[i].value));
      }
      self.listener->head(status, std::move(copies));
    } catch (...) {
      self.has_failed = true;
    }
  }
  static sluice_status take_data(void* user, const void* bytes, std::size_t n) noexcept {
    auto& self = *static_cast<Exchange*>(user);
    if (self.has_failed) return SLUICE_E_INTERNAL;
    try {
      return self.listener->data({static_cast<const char*>(bytes), n});
    } catch (...) {
      return SLUICE_E_INTERNAL;
    }
  }
  static void take_end(void* user, sluice_status status, sluice_str why) noexcept {
    const std::unique_ptr<Exchange> self(static_cast<Exchange*>(user));
    // Whoever stops the wire may go on when it is forgotten: the listener is told before.
    self->listener->end(self->has_failed && status == SLUICE_OK ? SLUICE_E_INTERNAL : status,
                        to_view(why));
    self->listener.reset();
    self->wire->forget(self->serial);
  }

  bool has_failed = false;  // no memory for the head: the answer is of no use
};

Wire::Wire(Host host, const SourceSettings& settings, Timers& timers)
    : host_(host),
      settings_(settings),
      timers_(timers),
      client_(host.find_extension<sluice_http_client>(SLUICE_HTTP_CLIENT_ID)) {}

Status Wire::send(const Draft& draft, std::uint64_t deadline_ns, std::uint64_t body_bytes_max,
                  std::shared_ptr<Listener> listener, std::uint64_t* id) {
  if (!client_) return SLUICE_E_UNSUPPORTED;
  const bool is_rest = draft.base.empty();
  Pairs parameters = draft.parameters;
  parameters.emplace_back("curr_project", settings_.project);
  if (is_rest && !settings_.schema.empty()) {
    parameters.emplace_back("curr_schema", settings_.schema);
  }
  const std::int64_t now = timers_.unix_s();
  Pairs headers = draft.headers;
  headers.emplace_back("Date", to_http_date(now));
  headers.emplace_back("x-odps-user-agent", kUserAgent);
  headers.emplace_back(
      "Authorization",
      make_authorization(settings_.credentials,
                         make_canonical_text({draft.method, draft.path, parameters, headers}),
                         now));
  headers.emplace_back("User-Agent", kUserAgent);
  if (!settings_.credentials.sts_token.empty()) {
    headers.emplace_back("authorization-sts-token", settings_.credentials.sts_token);
  }

  std::string url = is_rest ? settings_.endpoint : draft.base;
  append_encoded(url, draft.path, Slash::kKept);
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    url += separator;
    append_encoded(url, name, Slash::kEncoded);
    if (!value.empty()) {
      url += '=';
      append_encoded(url, value, Slash::kEncoded);
    }
    separator = '&';
  }
  std::vector<sluice_pair> sent;
  for (const auto& [name, value] : headers) sent.push_back({to_str(name), to_str(value)});

  auto exchange = std::make_unique<Exchange>();
  exchange->wire = shared_from_this();
  exchange->listener = std::move(listener);
  std::uint64_t serial = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return SLUICE_E_CANCELLED;
    exchange->serial = serial = ++last_serial_;
    exchanges_.emplace(serial, std::nullopt);
  }
  const sluice_http_request request{
      sizeof request,
      settings_.allows_private_address ? static_cast<std::uint32_t>(SLUICE_HTTP_ALLOW_PRIVATE) : 0u,
      to_str(draft.method),
      to_str(url),
      to_str(draft.body),
      sent.data(),
      sent.size(),
      body_bytes_max,
      deadline_ns};
  static constexpr sluice_http_events kEvents{sizeof(sluice_http_events), 0, &Exchange::take_head,
                                              &Exchange::take_data, &Exchange::take_end};
  Exchange* const lent = exchange.release();
  // No op: what is sent may outlive its call, such as the request that stops a job.
  const Status status = client_->send(host_.raw(), nullptr, &request, &kEvents, lent, id);
  if (status != SLUICE_OK) {
    delete lent;  // nothing was begun: end() will not come
    forget(serial);
    return status;
  }
  bool must_cancel = false;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = exchanges_.find(serial); found != exchanges_.end()) {
      found->second = *id;
      must_cancel = stopped_;
    }
  }
  if (must_cancel) client_->cancel(host_.raw(), *id);
  return SLUICE_OK;
}

void Wire::cancel(std::uint64_t id) { client_->cancel(host_.raw(), id); }

void Wire::resume(std::uint64_t id) {
  if (can_pause()) client_->resume(host_.raw(), id);
}

void Wire::forget(std::uint64_t serial) {
  const std::lock_guard lock(mutex_);
  exchanges_.erase(serial);
  changed_.notify_all();
}

void Wire::stop() {
  std::vector<std::uint64_t> ids;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& [serial, id] : exchanges_) {
      if (id) ids.push_back(*id);
    }
  }
  for (const std::uint64_t id : ids) client_->cancel(host_.raw(), id);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kStopPatience, [this] { return exchanges_.empty(); });
}

std::size_t Wire::under_way() const {
  const std::lock_guard lock(mutex_);
  return exchanges_.size();
}

}  // namespace sluice::maxcompute
