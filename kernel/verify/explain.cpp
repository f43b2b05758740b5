// SPDX-License-Identifier: Apache-2.0
#include "verify/explain.hpp"

#include "problem/problem.hpp"

namespace sluice::verify {
namespace {

Verdict refuse(Status status, std::string reason) {
  const auto problem = problem::to_problem(status);
  Verdict verdict;
  verdict.status = problem.http_status;
  verdict.code = problem.gateway_code;
  verdict.message = problem.err_msg;
  verdict.reason = std::move(reason);
  return verdict;
}

}  // namespace

Result<Explanation> explain(std::shared_ptr<const snapshot::Snapshot> snapshot,
                            const SentRequest& request, std::uint64_t now_ns,
                            const loader::Registry& registry, loader::HostServices& services,
                            call::WorkerPool& workers) {
  Explanation told;
  const std::string authority = find_authority(request);
  std::vector<http::Header> headers;
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  http::Request asked{};
  asked.method = request.method;
  asked.path = request.path;
  asked.query = request.query;
  asked.authority = authority;
  asked.headers = headers;
  const auto match = snapshot->match(asked);
  if (!match.route) {
    const auto place = snapshot->find_version_place(asked);
    told.verdict = refuse(
        match.status, !match.allow.empty() ? "the path is served for " + std::string(match.allow)
                      : place.empty()      ? "no published API has this host and path"
                                           : "no published API of this host and path has the "
                                             "version that the call says; it belongs once into " +
                                            place);
    return told;
  }
  snapshot::Route route = *match.route;
  told.route = {route.api_id, route.method,  route.path,
                route.domain, route.version, route.authentication.type};
  if (!route.unavailable.empty()) {
    told.verdict = refuse(problem::kComponentMissing, route.unavailable);
    return told;
  }
  if (!route.is_anonymous) {
    const auto* component = registry.find(SLUICE_KIND_AUTHENTICATOR, route.authentication.type);
    if (!component) {
      told.verdict = refuse(problem::kComponentMissing,
                            "no authenticator '" + route.authentication.type + "' is loaded");
      return told;
    }
    auto fresh = loader::Instance::make(*component, "explain " + route.authentication.type,
                                        route.authentication.settings_json, services);
    if (!fresh) return fresh.error();
    if (auto started = (*fresh)->start(); !started) return started.error();
    route.authenticator = std::move(*fresh);
  }
  Rehearsal rehearsal(std::move(snapshot), std::move(route), workers);
  told.verdict = rehearsal.send(request, now_ns);
  return told;
}

}  // namespace sluice::verify
