// SPDX-License-Identifier: Apache-2.0
#include "verify/rehearsal.hpp"

#include "call/call.hpp"
#include "call/in_process.hpp"
#include "dataservice/parameters.hpp"
#include "gateway/gateway.hpp"

#include <algorithm>

namespace sluice::verify {
namespace {

bool equal_folded(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
  });
}

// Stands where the data service would: notes who came and what parameters it would see.
class Witness final : public snapshot::Backend {
 public:
  explicit Witness(Verdict& verdict) : verdict_(verdict) {}

  void serve(call::Call& call, const snapshot::Route&) const override {
    const sluice_principal* who = call.op()->principal;  // null: the route asks nobody
    verdict_.accept = true;
    if (who) {
      verdict_.consumer = to_view(who->consumer);
      verdict_.credential_id = to_view(who->credential_id);
    }
    if (who && who->parameters_verified) {
      for (std::size_t i = 0; i < who->parameter_count; ++i) {
        verdict_.bind.emplace(to_view(who->parameters[i].name), to_view(who->parameters[i].value));
      }
    } else {
      // Of a repeated name the first value counts, and the form's before the query's, as for
      // signed requests (auth.md 4.2).
      if (is_form(call.request())) add(call, call.request().body);
      add(call, call.request().query);
    }
    call.respond({.status = 200}, "{}");
  }

 private:
  static bool is_form(const http::Request& request) {
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    for (const auto& [name, value] : request.headers) {
      if (!equal_folded(name, "content-type")) continue;
      auto type = value.substr(0, value.find(';'));
      while (type.ends_with(' ') || type.ends_with('\t')) type.remove_suffix(1);
      while (type.starts_with(' ') || type.starts_with('\t')) type.remove_prefix(1);
      return equal_folded(type, kForm);
    }
    return false;
  }
  void add(call::Call& call, std::string_view pairs) const {
    dataservice::for_each_pair(pairs, call.arena(),
                               [&](std::string_view name, std::string_view value) {
                                 if (!name.empty()) verdict_.bind.emplace(name, value);
                               });
  }
  Verdict& verdict_;
};

// One call at a time, on the route whatever the path is.
class OneRoute final : public http::Handler {
 public:
  OneRoute(const snapshot::Route& route, const snapshot::Snapshot& snapshot,
           call::WorkerPool& workers)
      : route_(route),
        snapshot_(snapshot),
        call_(
            workers, [](void*, call::Call&) {}, nullptr) {}

  void handle(http::Exchange& exchange) override {
    call_.begin(
        exchange, ++ticket_, &snapshot_,
        [](void*) -> std::shared_ptr<const void> { return nullptr; }, nullptr);
    gateway::walk_route(call_, route_);
  }
  // Of the last call, until the next.
  const call::Observation& observation() { return call_.observation(); }

 private:
  const snapshot::Route& route_;
  const snapshot::Snapshot& snapshot_;
  call::Call call_;
  std::uint64_t ticket_ = 0;
};

bool is_token(std::string_view text) {
  constexpr std::string_view kToken =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return !text.empty() && text.find_first_not_of(kToken) == text.npos;
}

// What the server's parser refuses before anybody sees it (auth.md 1.4).
bool can_be_a_header(const std::pair<std::string, std::string>& header) {
  using namespace std::string_view_literals;
  return is_token(header.first) && header.second.find_first_of("\0\r\n"sv) == std::string::npos;
}

call::InProcessRequest make_request(const SentRequest& sent, std::uint64_t now_ns) {
  call::InProcessRequest request{.method = sent.method,
                                 .path = sent.path,
                                 .query = sent.query,
                                 .authority = {},
                                 .headers = sent.headers,
                                 .body = sent.body,
                                 .unix_ns = now_ns};
  request.authority = find_authority(sent);
  return request;
}

}  // namespace

std::string find_authority(const SentRequest& request) {
  for (const auto& [name, value] : request.headers) {
    if (equal_folded(name, "host")) return value;
  }
  return {};
}

Rehearsal::Rehearsal(std::shared_ptr<const snapshot::Snapshot> snapshot, snapshot::Route route,
                     call::WorkerPool& workers)
    : snapshot_(std::move(snapshot)), route_(std::move(route)), workers_(workers) {}

Verdict Rehearsal::send(const SentRequest& sent, std::uint64_t now_ns) {
  Verdict verdict;
  if (!std::ranges::all_of(sent.headers, can_be_a_header)) {
    verdict.status = 400;
    verdict.message = "a header's name or value cannot stand in a request";
    return verdict;
  }
  snapshot::Route route = route_;
  route.backend = std::make_shared<Witness>(verdict);
  route.admission = nullptr;  // nobody is served
  OneRoute handler(route, *snapshot_, workers_);
  const auto response = call::run_in_process(handler, make_request(sent, now_ns));
  verdict.status = response.status;
  if (verdict.accept) return verdict;
  verdict.headers = response.headers;
  for (const auto& [name, value] : response.headers) {
    if (name == "X-Ca-Error-Code") verdict.code = value;
    if (name == "X-Ca-Error-Message") verdict.message = value;
  }
  verdict.consumer = handler.observation().consumer;
  verdict.reason = handler.observation().refusal_reason;
  return verdict;
}

}  // namespace sluice::verify
