// SPDX-License-Identifier: Apache-2.0
#include "upstream/proxy_backend.hpp"

#include "model/laws.hpp"
#include "problem/problem.hpp"

#include <sluice/percent.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace sluice::upstream {
namespace {

constexpr std::size_t kContentTypeBytesMax = 256;
constexpr std::size_t kHeadersMax = 16;
constexpr std::uint64_t kBodyBytesMax = std::uint64_t{1} << 30;  // of an answer that is streamed

// Of the request: what names the content and the trace, nothing that proves who calls.
constexpr std::array<std::string_view, 6> kHandedOn{
    "accept", "accept-language", "content-type", "content-language", "traceparent", "tracestate"};

bool equal_folded(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

class ProxyBackend;

// One call on its way through an upstream; stands in the call's arena. Between send() and end() it
// belongs to the client's thread, but for what `cancel` reads.
struct Proxied {
  const ProxyBackend* backend;
  call::Call* call;
  std::string_view target;  // path and query
  std::span<sluice_pair> headers;
  std::size_t header_count;
  std::uint32_t tried;  // a bit for each address
  std::size_t address;
  int http_status;  // 0: no answer has begun
  std::string_view content_type;
  std::atomic<std::uint64_t> id;  // of the attempt
  std::atomic<bool> is_cancelled;
};

class ProxyBackend final : public snapshot::Backend {
 public:
  ProxyBackend(const model::ApiDefinition& definition, std::shared_ptr<Upstream> upstream)
      : upstream_(std::move(upstream)), is_page_(definition.shape == model::ResultShape::kPage) {
    for (const auto& parameter : definition.request_parameters) {
      if (parameter.position == model::Position::kQuery) names_.push_back(parameter.name);
    }
    for (const auto* name : {"pageNum", "pageSize", "returnTotalNum", "cursor"}) {
      if (is_page_) names_.emplace_back(name);
    }
    if (!definition.caller_order.parameter.empty()) {
      names_.push_back(definition.caller_order.parameter);
    }
  }

  void serve(call::Call& call, const snapshot::Route& route) const override;

 private:
  std::string_view make_target(call::Call& call, const snapshot::Route& route) const;
  bool goes_on(std::string_view encoded_name, const snapshot::Route& route) const;
  static std::size_t add_headers(call::Call& call, const snapshot::Route& route,
                                 std::span<sluice_pair> headers);
  static Status send(Proxied& proxied, std::uint64_t& id);
  static void head(void* user, std::int32_t http_status, const sluice_pair* headers,
                   std::size_t header_count);
  static sluice_status data(void* user, const void* bytes, std::size_t n);
  static void end(void* user, sluice_status status, sluice_str why);
  static void answer(Proxied& proxied, Status status);

  const std::shared_ptr<Upstream> upstream_;
  const bool is_page_;
  std::vector<std::string> names_;  // of the query, that go on
};

// ---- the request

// What the API declares, and where the version of the REST API stands (R054).
bool ProxyBackend::goes_on(std::string_view encoded_name, const snapshot::Route& route) const {
  std::array<char, model::kParameterNameMax> room;
  const auto name = decode_percent(encoded_name, Plus::kSpace, room);
  if (!name) return false;
  const auto& versions = route.version_management;
  return (model::is_said_apart(versions) && versions.scheme == model::VersionScheme::kQuery &&
          *name == versions.name) ||
         std::ranges::find(names_, *name) != names_.end();
}

// Path and query, the latter without what nobody behind here asks for: a key in the query is a
// credential, and credentials end here. Empty at the call's memory bound.
std::string_view ProxyBackend::make_target(call::Call& call, const snapshot::Route& route) const {
  std::string_view query = call.request().query;
  const auto text = call.arena().make_array<char>(route.path.size() + 1 + query.size());
  if (text.empty()) return {};
  std::size_t size = route.path.copy(text.data(), route.path.size());
  char separator = '?';
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto part = query.substr(0, end);
    query = end == query.npos ? std::string_view{} : query.substr(end + 1);
    if (!goes_on(part.substr(0, part.find('=')), route)) continue;
    text[size++] = std::exchange(separator, '&');
    size += part.copy(text.data() + size, part.size());
  }
  return {text.data(), size};
}

std::size_t ProxyBackend::add_headers(call::Call& call, const snapshot::Route& route,
                                      std::span<sluice_pair> headers) {
  std::size_t count = 0;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (count < headers.size()) headers[count++] = {to_str(name), to_str(value)};
  };
  for (const auto& header : call.request().headers) {
    const bool goes_on = std::ranges::any_of(
        kHandedOn, [&](std::string_view name) { return equal_folded(header.name, name); });
    if (goes_on) add(header.name, header.value);
  }
  // As the REST API writes it: the one that the call said was the same.
  if (const auto& versions = route.version_management;
      model::is_said_apart(versions) && versions.scheme == model::VersionScheme::kHeader) {
    add(versions.name, versions.version);
  }
  add("X-Ca-Request-Id", to_view(call.op()->request_id));
  add("X-Forwarded-For", call.request().peer);
  if (const auto* who = call.op()->principal) add("X-Mse-Consumer", to_view(who->consumer));
  return count;
}

void ProxyBackend::serve(call::Call& call, const snapshot::Route& route) const {
  const auto room = call.arena().make_array<Proxied>(1);
  const auto headers = call.arena().make_array<sluice_pair>(kHeadersMax);
  const auto type = call.arena().make_array<char>(kContentTypeBytesMax);
  const auto target = make_target(call, route);
  if (room.empty() || headers.empty() || type.empty() || target.empty()) {
    return call.refuse({problem::kOverloaded, "the call's memory is used up", {}, {}});
  }
  Proxied& proxied = *new (&room[0]) Proxied{};
  proxied.backend = this;
  proxied.call = &call;
  proxied.target = target;
  proxied.headers = headers;
  proxied.header_count = add_headers(call, route, headers);
  proxied.content_type = {type.data(), 0};
  call.run_step({.exec = SLUICE_EXEC_ASYNC,
                 .user = &proxied,
                 .run =
                     [](void* user, call::Call&) {
                       Proxied& p = *static_cast<Proxied*>(user);
                       std::uint64_t id = 0, none = 0;
                       const Status status = send(p, id);
                       if (status != SLUICE_OK) return status;
                       // Unless end() has sent it again already.
                       p.id.compare_exchange_strong(none, id);
                       return Status{SLUICE_PENDING};
                     },
                 .discard = nullptr,
                 .done = [](void* user, call::Call&,
                            Status status) { answer(*static_cast<Proxied*>(user), status); },
                 .cancel =
                     [](void* user, call::Call&) {
                       Proxied& p = *static_cast<Proxied*>(user);
                       p.is_cancelled.store(true);
                       p.backend->upstream_->client().cancel(p.id.load());
                     },
                 .resume =
                     [](void* user, call::Call&) {
                       Proxied& p = *static_cast<Proxied*>(user);
                       p.backend->upstream_->client().resume(p.id.load());
                     }});
}

// One attempt. OK: end() follows.
Status ProxyBackend::send(Proxied& proxied, std::uint64_t& id) {
  static constexpr sluice_http_events kEvents{.size = sizeof(sluice_http_events),
                                              .reserved = 0,
                                              .head = &ProxyBackend::head,
                                              .data = &ProxyBackend::data,
                                              .end = &ProxyBackend::end};
  Upstream& upstream = *proxied.backend->upstream_;
  proxied.address = upstream.choose(proxied.tried);
  if (proxied.address == Upstream::kNone) return SLUICE_E_UNAVAILABLE;
  proxied.tried |= 1u << proxied.address;
  call::Call& call = *proxied.call;
  std::string url = upstream.origin(proxied.address);
  url += proxied.target;
  sluice_http_request request{};
  request.size = sizeof request;
  // Where a backend service listens is a private network's business by its nature; only an
  // administrator names one.
  request.flags = SLUICE_HTTP_ALLOW_PRIVATE;
  request.method = to_str(call.request().is_head ? "GET" : call.request().method);
  request.url = to_str(url);
  request.body = to_str(call.request().body);
  request.headers = proxied.headers.data();
  request.header_count = proxied.header_count;
  request.body_bytes_max = kBodyBytesMax;
  request.deadline_ns = call.deadline_ns();
  return upstream.client().send(request, call.deadline_ns(), kEvents, &proxied, &id);
}

// ---- the answer, on the client's thread

void ProxyBackend::head(void* user, std::int32_t http_status, const sluice_pair* headers,
                        std::size_t header_count) {
  Proxied& proxied = *static_cast<Proxied*>(user);
  proxied.http_status = http_status;
  for (std::size_t i = 0; i < header_count; ++i) {
    if (!equal_folded(to_view(headers[i].name), "content-type")) continue;
    const auto value = to_view(headers[i].value).substr(0, kContentTypeBytesMax);
    auto* const kept = const_cast<char*>(proxied.content_type.data());  // of the arena
    std::memcpy(kept, value.data(), value.size());
    proxied.content_type = {kept, value.size()};
  }
  proxied.call->set_stream_type(proxied.content_type);
}

sluice_status ProxyBackend::data(void* user, const void* bytes, std::size_t n) {
  Proxied& proxied = *static_cast<Proxied*>(user);
  call::Call& call = *proxied.call;
  sluice_out* const out = call.body_out();
  if (static_cast<std::size_t>(out->end - out->cur) < n) {
    if (const auto status = out->reserve(out, n); status != SLUICE_OK) return status;
  }
  std::memcpy(out->cur, bytes, n);
  out->cur += n;
  // A success is sent as it comes, and read no faster than the client takes it. Anything else is
  // small, and is kept until it is whole.
  return proxied.http_status == 200 ? call.offer_piece() : Status{SLUICE_OK};
}

void ProxyBackend::end(void* user, sluice_status status, sluice_str why) {
  Proxied& proxied = *static_cast<Proxied*>(user);
  sluice_op* const op = proxied.call->op();
  Upstream& upstream = *proxied.backend->upstream_;
  const std::uint64_t ticket = op->ticket;
  if (status == SLUICE_OK) {
    upstream.succeeded(proxied.address);
    return op->vt->complete(op, ticket, SLUICE_OK);
  }
  if (status == SLUICE_E_UNAVAILABLE) {
    upstream.failed(proxied.address, to_view(why));
    // Asked again elsewhere only where that can do no harm.
    const bool may_repeat =
        proxied.http_status == 0 && !proxied.is_cancelled.load() &&
        (proxied.call->request().is_head || proxied.call->request().method == "GET");
    std::uint64_t id = 0;
    if (may_repeat && send(proxied, id) == SLUICE_OK) {
      proxied.id.store(id);
      if (proxied.is_cancelled.load()) upstream.client().cancel(id);
      return;
    }
  }
  op->vt->fail(op, status, SLUICE_STR(""), why);
  op->vt->complete(op, ticket, status);
}

void ProxyBackend::answer(Proxied& proxied, Status status) {
  call::Call& call = *proxied.call;
  if (status == SLUICE_OK && (proxied.http_status == 401 || proxied.http_status == 403)) {
    // The caller proved who it is; it is this gateway that the service does not let in.
    return call.refuse({problem::kSourceFailed,
                        "the backend service does not serve this gateway",
                        "it answered " + std::to_string(proxied.http_status),
                        {}});
  }
  if (status == SLUICE_OK) {
    return call.respond_with_body(
        {.status = proxied.http_status, .content_type = proxied.content_type});
  }
  Error error = call.take_error(status);
  error.status = problem::from_source(status);
  error.detail = status == SLUICE_E_TIMEOUT     ? "the backend service did not answer in time"
                 : status == SLUICE_E_TOO_LARGE ? "the backend service answered with too much"
                 : status == SLUICE_E_BUSY      ? "too many calls go out at this moment"
                                                : "the backend service could not be reached";
  call.refuse(error);
}

}  // namespace

std::shared_ptr<const snapshot::Backend> make_proxy_backend(const model::ApiDefinition& definition,
                                                            std::shared_ptr<Upstream> upstream) {
  return std::make_shared<ProxyBackend>(definition, std::move(upstream));
}

}  // namespace sluice::upstream
