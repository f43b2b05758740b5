// SPDX-License-Identifier: Apache-2.0
#include "verify/judge.hpp"

#include "loader/credential.hpp"
#include "snapshot/snapshot.hpp"
#include "verify/rehearsal.hpp"

#include <algorithm>
#include <set>

namespace sluice::verify {
namespace {

constexpr std::int64_t kTimeoutMs = 30'000;

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

  snapshot::Route route{.api_id = "case",
                        .method = "GET",
                        .path = "/",
                        .timeout_ms = kTimeoutMs,
                        .authenticator = std::move(authenticator)};
  const auto grants = std::make_shared<snapshot::Grants>();
  for (const auto& consumer : one.consumers) {
    const bool is_allowed =
        !one.allow || std::ranges::find(*one.allow, consumer.name) != one.allow->end();
    if (is_allowed) grants->add(consumer.name, 0);
  }
  route.grants.of_api = grants;
  Rehearsal rehearsal(std::move(*snapshot), std::move(route), workers_);
  const auto send = [&](const SentRequest& sent) { return rehearsal.send(sent, one.now_ns); };

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
