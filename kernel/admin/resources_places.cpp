// SPDX-License-Identifier: Apache-2.0
// Places and what is published there, as the management API writes them.
#include "admin/resources.hpp"

#include <array>

namespace sluice::admin {
namespace {

constexpr std::array<std::string_view, 3> kAccesses = {"public", "private", "public+private"};
constexpr std::array<std::string_view, 2> kSpecifications = {"single-node", "multi-node"};
constexpr std::array<std::string_view, 3> kInstanceStatuses = {"Creating", "Running", "Stopped"};
constexpr std::array<std::string_view, 2> kProtocols = {"http", "https"};
constexpr std::array<std::string_view, 2> kActions = {"publish", "undeploy"};
constexpr std::array<std::string_view, 2> kMethods = {"GET", "POST"};

// What the seed calls the one type of group (1.14 item 2).
constexpr std::string_view kGroupLabel = "Exclusive Resource Group for Data Service";

constexpr Member kRegion{"region", Type::kText, Need::kOptional, "the node's when absent"};

constexpr Member kSourceTypeMembers[] = {
    {"type", Type::kText, Need::kReadOnly, "what a data source names"},
    {"title", Type::kText, Need::kReadOnly},
    {"summary", Type::kText, Need::kReadOnly},
    {"wizard", Type::kBoolean, Need::kReadOnly, "APIs over one table can be made of it"},
    {"script", Type::kBoolean, Need::kReadOnly, "APIs of a statement can be made of it"},
    {"lists_tables", Type::kBoolean, Need::kReadOnly},
    {"tells_plans", Type::kBoolean, Need::kReadOnly, "what reads whole tables is hinted at"},
    {"describes_statements", Type::kBoolean, Need::kReadOnly,
     "a script's response parameters are found"},
};
constexpr Member kNetworkMembers[] = {
    {"name", Type::kText, Need::kKey, "unique in its region"},
    kRegion,
    {"address_range", Type::kText, Need::kRequired, "CIDR, such as 10.0.0.0/16"},
    {"description", Type::kText},
};
constexpr Member kResourceGroupMembers[] = {
    {"name", Type::kText, Need::kKey, "unique in its region"},
    kRegion,
    {"type", Type::kText, Need::kOptional, "exclusive, the only one; so when absent"},
    {"label", Type::kText, Need::kReadOnly},
    {"network", Type::kText, Need::kOptional,
     "of the region; without one its APIs cannot be tested"},
    {"workspaces", Type::kTexts, Need::kOptional,
     "that may choose it; when absent they stay as they are"},
    {"concurrency_max", Type::kInteger, Need::kOptional,
     "calls at once in a node; 1000 when absent"},
    {"queue_max", Type::kInteger, Need::kOptional,
     "calls that wait for their turn, more are refused with 429; 1000 when absent"},
    {"description", Type::kText},
};
constexpr Member kGatewayInstanceMembers[] = {
    {"name", Type::kText, Need::kKey, "unique"},
    {"id", Type::kText, Need::kReadOnly, "gw-..."},
    kRegion,
    {"network", Type::kText, Need::kOptional, "of the region; default when absent"},
    {"network_access", Type::kWord, Need::kOptional, "public when absent", kAccesses},
    {"specification", Type::kWord, Need::kOptional, "single-node when absent", kSpecifications},
    {"status", Type::kWord, Need::kReadOnly, "Creating until a node serves it", kInstanceStatuses},
    {"description", Type::kText},
    {"created_at", Type::kTime, Need::kReadOnly},
};
constexpr Member kDomainMembers[] = {
    {"name", Type::kText, Need::kKey, "unique, such as api.example.com"},
    kRegion,
    {"protocol", Type::kWord, Need::kOptional, "http when absent", kProtocols},
    {"description", Type::kText},
};
constexpr Member kHealthCheckMembers[] = {
    {"path", Type::kText, Need::kOptional, "asked by GET; empty: only the calls tell"},
    {"interval_ms", Type::kInteger, Need::kOptional, "10000 when absent"},
    {"timeout_ms", Type::kInteger, Need::kOptional, "2000 when absent"},
    {"healthy_threshold", Type::kInteger, Need::kOptional, "successes in a row; 2 when absent"},
    {"unhealthy_threshold", Type::kInteger, Need::kOptional, "failures in a row; 3 when absent"},
};
const Shape kHealthCheckShape{"HealthCheck", kHealthCheckMembers};
constexpr Member kAddressHealthMembers[] = {
    {"address", Type::kText, Need::kReadOnly},
    {"healthy", Type::kBoolean, Need::kReadOnly},
    {"reason", Type::kText, Need::kReadOnly, "why not"},
    {"changed_at", Type::kTime, Need::kReadOnly},
};
const Shape kAddressHealthShape{"AddressHealth", kAddressHealthMembers};
constexpr Member kBackendServiceMembers[] = {
    {"name", Type::kText, Need::kKey, "unique in its region"},
    kRegion,
    {"network", Type::kText, Need::kRequired, "that it listens in"},
    {"protocol", Type::kWord, Need::kOptional, "http when absent", kProtocols},
    {"addresses", Type::kTexts, Need::kOptional, "HOST:PORT of each; or else dns_name and port"},
    {"dns_name", Type::kText},
    {"port", Type::kInteger, Need::kOptional, "of dns_name"},
    {"health_check", Type::kShape, Need::kOptional, {}, {}, &kHealthCheckShape},
    {"description", Type::kText},
    {"health",
     Type::kList,
     Need::kReadOnly,
     "as this node finds its addresses",
     {},
     &kAddressHealthShape},
};
constexpr Member kPublishRecordMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"instance", Type::kText, Need::kReadOnly},
    {"record", Type::kInteger, Need::kReadOnly, "rises per API and instance"},
    {"action", Type::kWord, Need::kReadOnly, {}, kActions},
    {"version", Type::kInteger, Need::kReadOnly},
    {"is_current", Type::kBoolean, Need::kReadOnly, "what is live there now"},
    {"domain", Type::kText, Need::kReadOnly},
    {"backend", Type::kText, Need::kReadOnly},
    {"environment", Type::kText, Need::kReadOnly},
    {"actor", Type::kText, Need::kReadOnly},
    {"at", Type::kTime, Need::kReadOnly},
};
constexpr Member kMoveMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},  {"name", Type::kText, Need::kReadOnly},
    {"method", Type::kWord, Need::kReadOnly, {}, kMethods}, {"path", Type::kText, Need::kReadOnly},
    {"instances", Type::kTexts, Need::kReadOnly},
};
const Shape kMoveShape{"Move", kMoveMembers};
constexpr Member kPlanInstanceMembers[] = {
    {"name", Type::kText, Need::kReadOnly},
    {"id", Type::kText, Need::kReadOnly},
    {"network", Type::kText, Need::kReadOnly},
    {"status", Type::kWord, Need::kReadOnly, {}, kInstanceStatuses},
    {"same_network", Type::kBoolean, Need::kReadOnly, "as the resource group's"},
    {"live_version", Type::kInteger, Need::kReadOnly, "of this API there; 0: none"},
};
const Shape kPlanInstanceShape{"PlanInstance", kPlanInstanceMembers};
constexpr Member kPublishPlanMembers[] = {
    {"region", Type::kText, Need::kReadOnly},
    {"resource_group", Type::kText, Need::kReadOnly},
    {"network", Type::kText, Need::kReadOnly, "of the resource group"},
    {"instances",
     Type::kList,
     Need::kReadOnly,
     "of the region; a Running one can be chosen",
     {},
     &kPlanInstanceShape},
    {"domains", Type::kTexts, Need::kReadOnly, "of the region"},
    {"domain", Type::kText, Need::kReadOnly, "of the REST API now"},
    {"instance", Type::kText, Need::kReadOnly, "that the rest is about"},
    {"backends", Type::kTexts, Need::kReadOnly, "that can be chosen there"},
    {"backend", Type::kText, Need::kReadOnly, "preselected"},
    {"warning", Type::kText, Need::kReadOnly},
    {"moves", Type::kList, Need::kReadOnly, "who else gets another address", {}, &kMoveShape},
    {"hidden_moves", Type::kInteger, Need::kReadOnly,
     "how many more, in workspaces that the caller does not see"},
};
constexpr Member kPublishedOnMembers[] = {
    {"name", Type::kText, Need::kReadOnly},
    {"id", Type::kText, Need::kReadOnly},
    {"version", Type::kInteger, Need::kReadOnly},
};
const Shape kPublishedOnShape{"PublishedOn", kPublishedOnMembers};
constexpr Member kPublishedApiMembers[] = {
    {"api", Type::kText, Need::kReadOnly, "the API's id"},
    {"name", Type::kText, Need::kReadOnly},
    {"workspace", Type::kText, Need::kReadOnly},
    {"workflow", Type::kText, Need::kReadOnly},
    {"rest_api", Type::kText, Need::kReadOnly},
    {"region", Type::kText, Need::kReadOnly},
    {"method", Type::kWord, Need::kReadOnly, {}, kMethods},
    {"path", Type::kText, Need::kReadOnly, "base path, perhaps a version, and API path"},
    {"version", Type::kInteger, Need::kReadOnly},
    {"instance", Type::kText, Need::kReadOnly},
    {"instance_id", Type::kText, Need::kReadOnly},
    {"gateway_instance", Type::kText, Need::kReadOnly, "name and id"},
    {"access_url", Type::kText, Need::kReadOnly, "null when another node serves the instance"},
    {"access_headers", Type::kMap, Need::kReadOnly,
     "to send besides: the version of the REST API, where it stands in a header"},
    {"domain", Type::kText, Need::kReadOnly},
    {"environment", Type::kText, Need::kReadOnly},
    {"backend", Type::kText, Need::kReadOnly},
    {"authentication", Type::kText, Need::kReadOnly, "empty: anonymous"},
    {"deployed_by", Type::kText, Need::kReadOnly},
    {"deployed_at", Type::kTime, Need::kReadOnly},
    {"instances",
     Type::kList,
     Need::kReadOnly,
     "that it can be asked for; of one only",
     {},
     &kPublishedOnShape},
    {"definition",
     Type::kShape,
     Need::kReadOnly,
     "of the version that is live there; of one only",
     {},
     &kDefinitionShape},
};

std::string list_texts(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

}  // namespace

const Shape kSourceTypeShape{"SourceType", kSourceTypeMembers};
const Shape kNetworkShape{"Network", kNetworkMembers};
const Shape kResourceGroupShape{"ResourceGroup", kResourceGroupMembers};
const Shape kGatewayInstanceShape{"GatewayInstance", kGatewayInstanceMembers};
const Shape kDomainShape{"Domain", kDomainMembers};
const Shape kBackendServiceShape{"BackendService", kBackendServiceMembers};
const Shape kPublishRecordShape{"PublishRecord", kPublishRecordMembers};
const Shape kPublishPlanShape{"PublishPlan", kPublishPlanMembers};
const Shape kPublishedApiShape{"PublishedApi", kPublishedApiMembers};

Json make_json(const studio::SourceType& t) {
  return {{"type", t.type},
          {"title", t.title},
          {"summary", t.summary},
          {"wizard", t.has_wizard},
          {"script", t.has_script},
          {"lists_tables", t.has_catalog},
          {"tells_plans", t.has_plan},
          {"describes_statements", t.has_statement}};
}

Json make_json(const model::Network& n) {
  return {{"name", n.name},
          {"region", n.region},
          {"address_range", n.address_range},
          {"description", n.description}};
}

Json make_json(const model::ResourceGroup& g) {
  return {{"name", g.name},
          {"region", g.region},
          {"type", g.type},
          {"label", kGroupLabel},
          {"network", g.network},
          {"workspaces", g.workspaces},
          {"concurrency_max", g.concurrency_max},
          {"queue_max", g.queue_max},
          {"description", g.description}};
}

Json make_json(const model::GatewayInstance& i) {
  return {{"name", i.name},
          {"id", i.id},
          {"region", i.region},
          {"network", i.network},
          {"network_access", model::to_text(i.network_access)},
          {"specification", model::to_text(i.specification)},
          {"status", model::to_text(i.status)},
          {"description", i.description},
          {"created_at", make_time_json(i.created_at)}};
}

Json make_json(const model::Domain& d) {
  return {{"name", d.name},
          {"region", d.region},
          {"protocol", model::to_text(d.protocol)},
          {"description", d.description}};
}

Json make_json(const model::BackendService& s, const std::vector<studio::AddressHealth>& health) {
  Json json = {{"name", s.name},
               {"region", s.region},
               {"network", s.network},
               {"protocol", model::to_text(s.protocol)},
               {"addresses", s.addresses},
               {"dns_name", s.dns_name},
               {"port", s.port},
               {"health_check",
                {{"path", s.health_check.path},
                 {"interval_ms", s.health_check.interval_ms},
                 {"timeout_ms", s.health_check.timeout_ms},
                 {"healthy_threshold", s.health_check.healthy_threshold},
                 {"unhealthy_threshold", s.health_check.unhealthy_threshold}}},
               {"description", s.description},
               {"health", Json::array()}};
  for (const auto& address : health) {
    json["health"].push_back({{"address", address.address},
                              {"healthy", address.is_healthy},
                              {"reason", address.reason},
                              {"changed_at", make_time_json(address.changed_at)}});
  }
  return json;
}

Json make_json(const model::PublishRecord& r, bool is_current) {
  return {{"api", r.api_id},
          {"instance", r.instance},
          {"record", r.number},
          {"action", model::to_text(r.action)},
          {"version", r.version},
          {"is_current", is_current},
          {"domain", r.domain},
          {"backend", r.backend},
          {"environment", r.environment},
          {"actor", r.actor},
          {"at", make_time_json(r.at)}};
}

Json make_json(const std::vector<studio::PublishPlan::Move>& moves) {
  Json json = Json::array();
  for (const auto& move : moves) {
    json.push_back({{"api", move.api_id},
                    {"name", move.name},
                    {"method", model::to_text(move.method)},
                    {"path", move.path},
                    {"instances", move.instances}});
  }
  return json;
}

Json make_json(const studio::PublishPlan& plan) {
  Json instances = Json::array();
  std::string warning;
  for (const auto& instance : plan.instances) {
    instances.push_back({{"name", instance.name},
                         {"id", instance.id},
                         {"network", instance.network},
                         {"status", model::to_text(instance.status)},
                         {"same_network", instance.is_same_network},
                         {"live_version", instance.live_version}});
    if (instance.name == plan.instance && !instance.is_same_network) {
      warning = "the instance is in network '" + instance.network + "', the resource group in '" +
                plan.network + "': Default does not reach it, choose a backend service";
      warning += plan.backends.empty() ? "; there is none yet, create one"
                                       : " (" + list_texts(plan.backends) + ")";
    }
  }
  return {{"region", plan.region},         {"resource_group", plan.resource_group},
          {"network", plan.network},       {"instances", std::move(instances)},
          {"domains", plan.domains},       {"domain", plan.domain},
          {"instance", plan.instance},     {"backends", plan.backends},
          {"backend", plan.backend},       {"warning", warning},
          {"moves", make_json(plan.moves)}};
}

model::Network parse_network(const Json& json) {
  return {read_text(json, "name"), read_text(json, "region"), read_text(json, "address_range"),
          read_text(json, "description")};
}

model::ResourceGroup parse_resource_group(const Json& json) {
  model::ResourceGroup g;
  g.name = read_text(json, "name");
  g.region = read_text(json, "region");
  g.type = read_text(json, "type", g.type);
  g.network = read_text(json, "network");
  g.workspaces = read_texts(json, "workspaces");
  g.concurrency_max = read_integer(json, "concurrency_max", g.concurrency_max);
  g.queue_max = read_integer(json, "queue_max", g.queue_max);
  g.description = read_text(json, "description");
  return g;
}

model::GatewayInstance parse_gateway_instance(const Json& json) {
  model::GatewayInstance i;
  i.name = read_text(json, "name");
  i.region = read_text(json, "region");
  i.network = read_text(json, "network");
  i.network_access =
      read_word(json, "network_access", &model::parse_network_access, i.network_access);
  i.specification = read_word(json, "specification", &model::parse_specification, i.specification);
  i.description = read_text(json, "description");
  return i;
}

model::Domain parse_domain(const Json& json) {
  return {read_text(json, "name"), read_text(json, "region"),
          read_word(json, "protocol", &model::parse_protocol, model::Protocol::kHttp),
          read_text(json, "description")};
}

model::BackendService parse_backend_service(const Json& json) {
  model::BackendService s;
  s.name = read_text(json, "name");
  s.region = read_text(json, "region");
  s.network = read_text(json, "network");
  s.protocol = read_word(json, "protocol", &model::parse_protocol, s.protocol);
  s.addresses = read_texts(json, "addresses");
  s.dns_name = read_text(json, "dns_name");
  s.port = read_integer(json, "port", s.port);
  if (json.contains("health_check")) {
    const auto& check = json["health_check"];
    auto& h = s.health_check;
    h.path = read_text(check, "path");
    h.interval_ms = read_integer(check, "interval_ms", h.interval_ms);
    h.timeout_ms = read_integer(check, "timeout_ms", h.timeout_ms);
    h.healthy_threshold = read_integer(check, "healthy_threshold", h.healthy_threshold);
    h.unhealthy_threshold = read_integer(check, "unhealthy_threshold", h.unhealthy_threshold);
  }
  s.description = read_text(json, "description");
  return s;
}

}  // namespace sluice::admin
