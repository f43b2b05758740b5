// SPDX-License-Identifier: Apache-2.0
#include "gateway/gateway.hpp"

#include "http/clock.hpp"
#include "problem/problem.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::gateway {
namespace {

constexpr std::size_t kLoggedPathBytesMax = 256;
constexpr std::size_t kRefusalHeadersMax = 8;

// A lent text, kept as long as the call; empty at the call's memory bound.
std::string_view keep(call::Arena& arena, std::string_view text) {
  const auto copy = arena.make_array<char>(text.size());
  if (copy.empty()) return {};
  std::memcpy(copy.data(), text.data(), text.size());
  return {copy.data(), copy.size()};
}
sluice_str keep(call::Arena& arena, sluice_str text) { return to_str(keep(arena, to_view(text))); }

// What an authenticator said, copied out of its hands (law 1). Stands in the call's arena.
struct Verdict {
  struct Side {
    sluice_auth_out out;
    Verdict* verdict;
  };
  static Verdict& of(sluice_auth_out* out) { return *reinterpret_cast<Side*>(out)->verdict; }
  static const sluice_auth_out_vt kTable;

  Side side;
  call::Call* call;
  const snapshot::Route* route;
  bool is_accepted, is_refused, is_out_of_memory;
  sluice_principal principal;
  int http_status;
  std::string_view code, message, internal;
  std::array<http::Header, kRefusalHeadersMax> headers;
  std::size_t header_count;

  std::span<sluice_pair> keep_pairs(const sluice_pair* pairs, std::size_t count) {
    const auto copies = call->arena().make_array<sluice_pair>(count);
    if (copies.size() != count) is_out_of_memory = true;
    for (std::size_t i = 0; i < copies.size(); ++i) {
      copies[i] = {keep(call->arena(), pairs[i].name), keep(call->arena(), pairs[i].value)};
      is_out_of_memory |=
          copies[i].name.n != pairs[i].name.n || copies[i].value.n != pairs[i].value.n;
    }
    return copies;
  }
  void accept(const sluice_principal& who) {
    auto& arena = call->arena();
    principal = {.size = sizeof principal,
                 .parameters_verified = who.parameters_verified,
                 .consumer = keep(arena, who.consumer),
                 .credential_id = keep(arena, who.credential_id),
                 .parameters = nullptr,
                 .parameter_count = 0,
                 .claims = nullptr,
                 .claim_count = 0,
                 .valid_until_ns = who.valid_until_ns};
    is_out_of_memory |= principal.consumer.n != who.consumer.n;
    if (who.parameter_count) {
      const auto parameters = keep_pairs(who.parameters, who.parameter_count);
      principal.parameters = parameters.data();
      principal.parameter_count = parameters.size();
    }
    if (who.claim_count) {
      const auto claims = keep_pairs(who.claims, who.claim_count);
      principal.claims = claims.data();
      principal.claim_count = claims.size();
    }
    is_accepted = true;
  }
  void refuse(const sluice_refusal& refusal) {
    auto& arena = call->arena();
    constexpr std::array kAllowed{400, 401, 403, 413, 503};
    http_status = std::ranges::find(kAllowed, refusal.http_status) == kAllowed.end()
                      ? 401
                      : refusal.http_status;
    code = keep(arena, to_view(refusal.code));
    message = keep(arena, to_view(refusal.message));
    internal = keep(arena, to_view(refusal.internal));
    header_count = 0;
    for (std::size_t i = 0; i < std::min(refusal.header_count, headers.size()); ++i) {
      // A plugin's header text comes partly from the client; it must not end the line.
      const auto name = keep(arena, problem::escape_header(to_view(refusal.headers[i].name)));
      const auto value = keep(arena, problem::escape_header(to_view(refusal.headers[i].value)));
      headers[header_count++] = {name, value};
    }
    is_refused = true;
  }
};

const sluice_auth_out_vt Verdict::kTable{
    .size = sizeof(sluice_auth_out_vt),
    .reserved = 0,
    .accept = [](sluice_auth_out* out, const sluice_principal* who) { of(out).accept(*who); },
    .refuse = [](sluice_auth_out* out, const sluice_refusal* why) { of(out).refuse(*why); },
};

// The resource group's bound comes last: a caller who may not call takes nobody's place.
void admit_and_serve(call::Call& call, const snapshot::Route& route) {
  if (!route.admission) return route.backend->serve(call, route);
  route.admission->admit(
      call,
      [](const void* user, call::Call& admitted) {
        const auto& its_route = *static_cast<const snapshot::Route*>(user);
        its_route.backend->serve(admitted, its_route);
      },
      &route);
}

void authorize(Verdict& verdict) {
  call::Call& call = *verdict.call;
  const auto consumer = to_view(verdict.principal.consumer);
  call.observation().consumer = consumer;
  if (!verdict.route->grants.is_granted(consumer, call.op()->now_ns))
    return call.refuse(403, "A403UC", "Unauthorized consumer", {});
  call.set_principal(&verdict.principal);
  admit_and_serve(call, *verdict.route);
}

void authenticate(call::Call& call, const snapshot::Route& route) {
  const auto room = call.arena().make_array<Verdict>(1);
  if (room.empty()) return call.refuse({problem::kOverloaded, {}, {}, {}});
  Verdict& verdict = room[0];
  verdict = {.side = {{&Verdict::kTable}, &verdict}, .call = &call, .route = &route};
  call.set_grants(&route.grants);

  call.run_step({.exec = route.authenticator->component().exec,
                 .user = &verdict,
                 .run =
                     [](void* user, call::Call& running) {
                       auto& v = *static_cast<Verdict*>(user);
                       v.is_accepted = v.is_refused = false;
                       const auto& instance = *v.route->authenticator;
                       const auto& table =
                           *static_cast<const sluice_authenticator*>(instance.component().api);
                       return table.authenticate(instance.self(), running.op(), &v.side.out);
                     },
                 .discard = nullptr,
                 .done =
                     [](void* user, call::Call& ended, Status status) {
                       auto& v = *static_cast<Verdict*>(user);
                       // Only OK together with accept() lets a call through; everything else
                       // refuses.
                       if (status == SLUICE_OK && v.is_accepted && !v.is_out_of_memory)
                         return authorize(v);
                       if ((status == SLUICE_SKIP || status < 0) && v.is_refused) {
                         ended.observation().refusal_reason = v.internal;
                         return ended.refuse(v.http_status, v.code, v.message,
                                             {v.headers.data(), v.header_count});
                       }
                       if (status == SLUICE_SKIP || status == SLUICE_E_UNAUTHENTICATED) {
                         return ended.refuse({SLUICE_E_UNAUTHENTICATED, {}, {}, {}});
                       }
                       Error error = ended.take_error(status);
                       error.detail = "the caller could not be authenticated now";
                       if (status != SLUICE_E_TIMEOUT && status != SLUICE_E_CANCELLED) {
                         error.status = problem::kComponentMissing;
                       }
                       ended.refuse(error);
                     },
                 .cancel =
                     [](void* user, call::Call& running) {
                       const auto& instance = *static_cast<Verdict*>(user)->route->authenticator;
                       const auto* table =
                           static_cast<const sluice_authenticator*>(instance.component().api);
                       if (SLUICE_HAS(table, cancel)) table->cancel(instance.self(), running.op());
                     }});
}

}  // namespace

void walk_route(call::Call& call, const snapshot::Route& route) {
  if (!route.unavailable.empty() || !route.backend) {
    // What is missing is for the operator: /readyz and the log say it.
    return call.refuse({problem::kComponentMissing, {}, route.unavailable, {}});
  }
  call.set_notes(route.notes);
  // One deadline for the whole call (product.md 1.14, item 6).
  call.set_deadline(call.observation().received_ns +
                    static_cast<std::uint64_t>(route.timeout_ms) * 1'000'000);
  if (route.is_anonymous) return admit_and_serve(call, route);
  // Fail closed: authentication is on, and there is nobody to do it.
  if (!route.authenticator) return call.refuse({problem::kComponentMissing, {}, {}, {}});
  authenticate(call, route);
}

// One I/O thread's part: its calls and its way to the observer. Slots are never freed while the
// gateway lives, so that a plugin's late completion finds a call, if not its own.
class Gateway::Local {
 public:
  Local(Gateway& gateway, call::WorkerPool& workers, Observer& observer, unsigned io_thread,
        std::size_t calls_max)
      : gateway_(gateway),
        workers_(workers),
        observer_(observer),
        io_thread_(io_thread),
        calls_max_(calls_max),
        next_ticket_((static_cast<std::uint64_t>(io_thread) << 48) + 1) {}

  void handle(http::Exchange& exchange) {
    call::Call* call = take();
    const snapshot::Snapshot& snapshot = gateway_.snapshots_.view(io_thread_);
    if (!call) return refuse_overload(exchange);
    call->begin(
        exchange, next_ticket_++, &snapshot,
        [](void* user) -> std::shared_ptr<const void> {
          const auto& local = *static_cast<Local*>(user);
          return local.gateway_.snapshots_.pin(local.io_thread_);
        },
        this);
    walk(*call, snapshot);
  }

 private:
  static void walk(call::Call& call, const snapshot::Snapshot& snapshot) {
    const http::Request& request = call.request();
    const auto match = snapshot.match(request);
    auto& observation = call.observation();
    if (!match.route) {
      observation.method = keep(call.arena(), request.method.substr(0, 16));
      observation.path = keep(call.arena(), request.path.substr(0, kLoggedPathBytesMax));
      const std::array allow{http::Header{"Allow", match.allow}};
      return call.refuse({match.status, {}, {}, {}},
                         match.allow.empty() ? std::span<const http::Header>{} : allow);
    }
    const snapshot::Route& route = *match.route;
    observation.method = request.is_head ? "HEAD" : std::string_view(route.method);
    observation.path = route.path;
    observation.api_id = route.api_id;
    walk_route(call, route);
  }

  call::Call* take() {
    if (!free_.empty()) {
      call::Call* call = free_.back();
      free_.pop_back();
      return call;
    }
    if (calls_.size() == calls_max_) return nullptr;
    calls_.push_back(std::make_unique<call::Call>(
        workers_,
        [](void* user, call::Call& ended) { static_cast<Local*>(user)->give_back(ended); }, this));
    free_.reserve(calls_.size());
    return calls_.back().get();
  }
  void give_back(call::Call& call) {
    observer_.observe(io_thread_, call.observation(),
                      http::monotonic_ns() - call.observation().received_ns);
    free_.push_back(&call);
  }
  void refuse_overload(http::Exchange& exchange) {
    const auto problem = problem::to_problem(problem::kOverloaded);
    const std::array headers{http::Header{"Retry-After", "1"}};
    exchange.send(
        {.status = problem.http_status, .headers = headers},
        problem::make_body(problem, "too many calls at once", exchange.request().request_id));
  }

  Gateway& gateway_;
  call::WorkerPool& workers_;
  Observer& observer_;
  const unsigned io_thread_;
  const std::size_t calls_max_;
  std::uint64_t next_ticket_;
  std::vector<std::unique_ptr<call::Call>> calls_;
  std::vector<call::Call*> free_;
};

Gateway::Gateway(snapshot::Holder& snapshots, call::WorkerPool& workers, Observer& observer,
                 unsigned io_threads, std::size_t calls_max)
    : snapshots_(snapshots) {
  for (unsigned i = 0; i < io_threads; ++i) {
    locals_.push_back(std::make_unique<Local>(*this, workers, observer, i, calls_max));
  }
}
Gateway::~Gateway() = default;

void Gateway::handle(http::Exchange& exchange) { locals_[exchange.io().index()]->handle(exchange); }

}  // namespace sluice::gateway
