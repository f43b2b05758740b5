// SPDX-License-Identifier: Apache-2.0
#include "verify/judge.hpp"

#include "call/call.hpp"
#include "call/in_process.hpp"
#include "dataservice/parameters.hpp"
#include "gateway/gateway.hpp"
#include "loader/credential.hpp"
#include "problem/problem.hpp"
#include "snapshot/snapshot.hpp"

#include <algorithm>
#include <set>

namespace sluice::verify {
namespace {

constexpr std::int64_t kTimeoutMs = 30'000;

// Stands where the data service would: notes who came and what parameters it would see.
class Witness final : public snapshot::Backend {
 public:
  explicit Witness(Verdict& verdict) : verdict_(verdict) {}

  void serve(call::Call& call, const snapshot::Route&) const override {
    const sluice_principal& who = *call.op()->principal;
    verdict_.accept = true;
    verdict_.consumer = to_view(who.consumer);
    verdict_.credential_id = to_view(who.credential_id);
    if (who.parameters_verified) {
      for (std::size_t i = 0; i < who.parameter_count; ++i) {
        verdict_.bind.emplace(to_view(who.parameters[i].name), to_view(who.parameters[i].value));
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
  static bool equal_folded(std::string_view text, std::string_view lower) {
    return std::ranges::equal(text, lower, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? static_cast<char>(a | 0x20) : a) == b;
    });
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
  for (const auto& [name, value] : sent.headers) {
    if (name.size() == 4 && (name[0] | 0x20) == 'h' && (name[1] | 0x20) == 'o' &&
        (name[2] | 0x20) == 's' && (name[3] | 0x20) == 't') {
      request.authority = value;
      break;
    }
  }
  return request;
}

// The consumers' credentials as a snapshot holds them. What cannot be made is not there, as it
// could never have been given out.
std::shared_ptr<const snapshot::CredentialIndex> make_index(const Case& one,
                                                            const sluice_component& component,
                                                            loader::HostServices& services,
                                                            std::vector<std::string>& troubles) {
  auto index = std::make_shared<snapshot::CredentialIndex>();
  std::set<std::string> taken;
  std::uint64_t rank = 0;
  for (const auto& consumer : one.consumers) {
    std::size_t number = 0;
    for (const auto& given : consumer.credentials) {
      const std::string id = consumer.name + "/" + std::to_string(++number);
      auto made = loader::make_credential(component, given, services);
      if (!made) {
        troubles.push_back("credential " + id + " was not made: " +
                           (made.error().where.empty() ? "" : made.error().where + ": ") +
                           made.error().detail);
        continue;
      }
      const auto is_taken = [&](const std::string& lookup) { return taken.contains(lookup); };
      if (made->is_unique && std::ranges::any_of(made->lookups, is_taken)) {
        troubles.push_back("credential " + id + " was not made: another credential has its key");
        continue;
      }
      taken.insert(made->lookups.begin(), made->lookups.end());
      if (!consumer.enabled) continue;
      index->add(one.type, made->lookups,
                 {.id = id,
                  .consumer = consumer.name,
                  .secret = std::move(made->secret),
                  .attributes = std::move(made->attributes),
                  .rank = ++rank});
    }
  }
  return index;
}

std::string find_unmet(const Expectation& expect, const Verdict& verdict) {
  const auto told = [](bool accept) { return accept ? "accepted" : "refused"; };
  if (expect.accept && *expect.accept != verdict.accept) {
    return std::string("it was ") + told(verdict.accept) + " and should have been " +
           told(*expect.accept);
  }
  if (expect.consumer && *expect.consumer != verdict.consumer) {
    return "the consumer is '" + verdict.consumer + "' and should have been '" + *expect.consumer +
           "'";
  }
  if (expect.status && *expect.status != verdict.status) {
    return "the status is " + std::to_string(verdict.status) + " and should have been " +
           std::to_string(*expect.status);
  }
  if (expect.bind && *expect.bind != verdict.bind) return "the parameters differ";
  return {};
}

}  // namespace

Judge::Judge(const loader::Registry& registry, loader::HostServices& services)
    : registry_(registry), services_(services), workers_(1, 16) {}

Result<Judgement> Judge::judge(const Case& one) {
  const sluice_component* component = registry_.find(SLUICE_KIND_AUTHENTICATOR, one.type);
  if (!component) {
    return Error{SLUICE_E_NOT_FOUND,
                 "no authenticator '" + one.type + "' is loaded: give its plugin",
                 {},
                 "/method"};
  }
  auto made = loader::Instance::make(*component, "auth verify", one.settings_json, services_);
  if (!made) {
    Error error = made.error();
    error.where = "/config" + error.where;
    return error;
  }
  std::shared_ptr<loader::Instance> authenticator = std::move(*made);
  if (auto started = authenticator->start(); !started) return started.error();

  Judgement judgement;
  auto snapshot =
      snapshot::Snapshot::make({}, make_index(one, *component, services_, judgement.troubles));
  if (!snapshot) return snapshot.error();

  Verdict verdict;
  snapshot::Route route{.api_id = "case",
                        .method = "GET",
                        .path = "/",
                        .timeout_ms = kTimeoutMs,
                        .authenticator = std::move(authenticator),
                        .backend = std::make_shared<Witness>(verdict)};
  for (const auto& consumer : one.consumers) {
    const bool is_allowed =
        !one.allow || std::ranges::find(*one.allow, consumer.name) != one.allow->end();
    if (is_allowed) route.grants.add(consumer.name, 0);
  }
  OneRoute handler(route, **snapshot, workers_);

  const auto send = [&](const SentRequest& sent) {
    verdict = {};
    if (!std::ranges::all_of(sent.headers, can_be_a_header)) {
      verdict.status = 400;
      verdict.message = "a header's name or value cannot stand in a request";
      return verdict;
    }
    const auto response = call::run_in_process(handler, make_request(sent, one.now_ns));
    verdict.status = response.status;
    if (verdict.accept) return verdict;
    verdict.bind.clear();
    verdict.headers = response.headers;
    for (const auto& [name, value] : response.headers) {
      if (name == "X-Ca-Error-Code") verdict.code = value;
      if (name == "X-Ca-Error-Message") verdict.message = value;
    }
    return verdict;
  };

  std::string unmet;
  for (std::size_t i = 0; i < one.before.size(); ++i) {
    if (const auto got = send(one.before[i]); !got.accept) {
      judgement.troubles.push_back("/before/" + std::to_string(i) + " was refused: " + got.message);
      if (unmet.empty()) unmet = judgement.troubles.back();
    }
  }
  for (std::size_t i = 0; i < one.before_rejected.size(); ++i) {
    if (const auto got = send(one.before_rejected[i]); got.accept) {
      judgement.troubles.push_back("/before_rejected/" + std::to_string(i) + " was accepted");
      if (unmet.empty()) unmet = judgement.troubles.back();
    }
  }
  judgement.verdict = send(one.request);
  if (one.expect) {
    if (unmet.empty()) unmet = find_unmet(*one.expect, judgement.verdict);
    judgement.pass = unmet.empty();
    judgement.why_not = std::move(unmet);
  }
  return judgement;
}

}  // namespace sluice::verify
