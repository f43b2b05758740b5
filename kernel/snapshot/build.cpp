// SPDX-License-Identifier: Apache-2.0
#include "snapshot/build.hpp"

#include "model/laws.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>

namespace sluice::snapshot {
namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

std::uint64_t to_ns(model::UnixMs ms) {
  return ms > 0 ? static_cast<std::uint64_t>(ms) * kNsPerMs : 0;
}

std::string to_lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return text;
}

struct CollectedGrants {
  using ByName = std::map<std::string, std::shared_ptr<Grants>, std::less<>>;

  static std::shared_ptr<const Grants> find(const ByName& by_name, std::string_view name) {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  }

  ByName of_apis, of_rest_apis;
};

CollectedGrants collect_grants(const model::State& state) {
  CollectedGrants collected;
  for (const auto& [key, authorization] : state.authorizations.all()) {
    const auto* consumer = state.consumers.find(authorization.consumer);
    if (!consumer || !consumer->enabled) continue;
    auto& grants =
        authorization.rest_api.empty()
            ? collected.of_apis[authorization.api_id]
            : collected.of_rest_apis[model::make_key(authorization.region, authorization.rest_api)];
    if (!grants) grants = std::make_shared<Grants>();
    grants->add(authorization.consumer, to_ns(authorization.valid_until));
  }
  return collected;
}

}  // namespace

std::shared_ptr<const CredentialIndex> make_credential_index(const model::State& state,
                                                             const CredentialIndex* before) {
  auto index = std::make_shared<CredentialIndex>(before, state.credentials.all().size());
  // Hashed once: a search in the ordered names for each of 100,000 credentials takes longer.
  std::unordered_set<std::string_view> enabled;
  enabled.reserve(state.consumers.all().size());
  for (const auto& [name, consumer] : state.consumers.all()) {
    if (consumer.enabled) enabled.insert(name);
  }
  for (const auto& [id, credential] : state.credentials.all()) {
    if (!credential.enabled || !enabled.contains(credential.consumer)) continue;
    const auto valid_from_ns = to_ns(credential.valid_from);
    const auto valid_until_ns = to_ns(credential.valid_until);
    const bool is_taken_over = index->take_over(
        credential.type, credential.lookups, id, [&](const CredentialIndex::Entry& entry) {
          return entry.consumer == credential.consumer && entry.secret == credential.secret &&
                 entry.attributes == credential.attributes &&
                 entry.valid_from_ns == valid_from_ns && entry.valid_until_ns == valid_until_ns &&
                 entry.rank == credential.rank;
        });
    if (is_taken_over) continue;
    index->add(credential.type, credential.lookups,
               {.id = id,
                .consumer = credential.consumer,
                .secret = credential.secret,
                .attributes = credential.attributes,
                .valid_from_ns = valid_from_ns,
                .valid_until_ns = valid_until_ns,
                .rank = credential.rank});
  }
  index->forget_before();
  return index;
}

Result<std::shared_ptr<const Snapshot>> build_snapshot(
    const model::State& state, const std::string& instance,
    std::shared_ptr<const CredentialIndex> credentials, Instances& instances, const Makers& makers,
    std::vector<InstanceTrouble>& troubles) {
  const CollectedGrants grants = collect_grants(state);
  const auto* place = state.gateway_instances.find(instance);
  const bool is_stopped = place && place->status == model::InstanceStatus::kStopped;
  std::vector<Route> routes;
  for (const auto& [key, deployment] : state.deployments.all()) {
    if (deployment.instance != instance) continue;
    const auto* api = state.apis.find(deployment.api_id);
    const auto* version =
        state.versions.find(model::make_version_key(deployment.api_id, deployment.version));
    const auto* workflow = api ? state.workflows.find(api->workflow_id) : nullptr;
    const auto* rest_api = workflow ? model::find_rest_api(state, *workflow) : nullptr;
    if (!version || !rest_api) {
      return Error{SLUICE_E_INTERNAL,
                   "deployment " + key + " points to what is not there; the store is damaged",
                   {},
                   {}};
    }
    const model::ApiDefinition& definition = version->definition;
    Route route{.api_id = api->id,
                .method = definition.method == model::HttpMethod::kPost ? "POST" : "GET",
                .path = model::make_call_path(*rest_api, definition.path),
                .domain = to_lower(rest_api->domain),
                .version_management = rest_api->version_management,
                .version = version->number,
                .timeout_ms = definition.timeout_ms};
    const auto make_unavailable = [&](const std::string& what, const Error& error) {
      route.unavailable = error.detail;
      troubles.push_back(
          {what + " of API " + api->id + " (" + route.method + " " + route.path + ")",
           error.detail});
    };

    if (is_stopped) {  // as somebody wanted it: no trouble to be told of
      route.unavailable = "gateway instance '" + instance + "' is stopped";
    }

    const model::Authentication& authentication = definition.authentication;
    route.is_anonymous = authentication.type.empty();
    route.authentication = authentication;
    if (!route.is_anonymous) {
      auto authenticator =
          instances.find_or_make(SLUICE_KIND_AUTHENTICATOR, authentication.type,
                                 authentication.type, authentication.settings_json);
      if (authenticator) {
        route.authenticator = *authenticator;
      } else {
        make_unavailable("authentication", authenticator.error());
      }
      route.grants.of_api = CollectedGrants::find(grants.of_apis, api->id);
      route.grants.of_rest_api = CollectedGrants::find(
          grants.of_rest_apis, model::make_key(rest_api->region, rest_api->name));
    }

    if (makers.find_admission) {
      const auto* group =
          model::find_resource_group(state, api->workspace, definition.resource_group);
      if (group) {
        route.admission = makers.find_admission(*group);
      } else {
        make_unavailable("resource group " + definition.resource_group,
                         {SLUICE_E_NOT_FOUND, "there is no such resource group", {}, {}});
      }
    }
    if (deployment.backend != "Default") {
      const auto* service =
          place ? model::find_backend_service(state, *place, deployment.backend) : nullptr;
      if (service && makers.make_proxy) {
        route.backend = makers.make_proxy(definition, *service);
      } else {
        make_unavailable("backend service " + deployment.backend,
                         {SLUICE_E_NOT_FOUND, "there is no such backend service", {}, {}});
      }
      routes.push_back(std::move(route));
      continue;
    }
    const std::string source_key = model::make_key(api->workspace, definition.data_source);
    if (const auto* source = state.data_sources.find(source_key)) {
      auto running = instances.find_or_make(SLUICE_KIND_DATA_SOURCE, source->type, source_key,
                                            source->settings_json);
      auto backend = running ? makers.make_default(definition, *running)
                             : Result<std::shared_ptr<const Backend>>(running.error());
      if (backend) {
        route.backend = *backend;
      } else {
        make_unavailable("data source " + source_key, backend.error());
      }
    } else {
      make_unavailable("data source " + source_key,
                       {SLUICE_E_NOT_FOUND, "there is no such data source", {}, {}});
    }
    routes.push_back(std::move(route));
  }
  return Snapshot::make(std::move(routes), std::move(credentials));
}

}  // namespace sluice::snapshot
