// SPDX-License-Identifier: Apache-2.0
// The laws of places: networks, resource groups, gateway instances, domains, backend services; and
// whom a name means in its region.
#include "model/fault_collector.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::model {
namespace {

void check_range(Collector& faults, std::string where, std::string_view what, std::int64_t value,
                 std::int64_t min, std::int64_t max) {
  if (value >= min && value <= max) return;
  faults.add(std::move(where), "", std::string(what) + " is out of range",
             "use " + std::to_string(min) + " to " + std::to_string(max));
}

// A name that may be absent.
void check_name(Collector& faults, std::string_view name, std::string where) {
  if (!name.empty()) faults.add(find_plain_name_fault(name, std::move(where)));
}

// False: this is no whole number, and `value` is not meant.
template <class Number>
bool parse_whole(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return out;
}

template <class E, std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& words, E value) {
  const auto i = static_cast<std::size_t>(value);
  return i < N ? words[i] : std::string_view("?");
}
template <class E, std::size_t N>
std::optional<E> parse_word(const std::array<std::string_view, N>& words, std::string_view text) {
  const auto it = std::ranges::find(words, text);
  if (it == words.end()) return std::nullopt;
  return static_cast<E>(it - words.begin());
}

constexpr std::array<std::string_view, 3> kAccesses = {"public", "private", "public+private"};
constexpr std::array<std::string_view, 2> kSpecifications = {"single-node", "multi-node"};
constexpr std::array<std::string_view, 3> kInstanceStatuses = {"Creating", "Running", "Stopped"};
constexpr std::array<std::string_view, 2> kProtocols = {"http", "https"};
constexpr std::array<std::string_view, 3> kVersionSchemes = {"path", "query", "header"};
constexpr std::array<std::string_view, 2> kActions = {"publish", "undeploy"};

std::string_view region_of_workspace(const State& state, std::string_view workspace) {
  const auto* found = state.workspaces.find(workspace);
  return found ? std::string_view(found->region) : std::string_view();
}

}  // namespace

std::optional<Fault> find_region_fault(std::string_view region, std::string where) {
  if (region.empty()) return std::nullopt;
  auto fault = find_plain_name_fault(region, std::move(where));
  if (fault) fault->rule = "R020";
  return fault;
}

std::optional<Fault> find_address_range_fault(std::string_view range, std::string where) {
  const auto fault = [&](std::string what, std::string remedy) {
    return Fault{std::move(where), "R013", std::move(what), std::move(remedy)};
  };
  const auto slash = range.find('/');
  const std::string address(range.substr(0, slash));
  std::array<unsigned char, 16> bytes{};
  const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1;
  const bool is_v6 = !is_v4 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
  unsigned bits = 0;
  const bool has_bits =
      slash != std::string_view::npos && parse_whole(range.substr(slash + 1), bits);
  const unsigned bits_max = is_v4 ? 32 : 128;
  if ((!is_v4 && !is_v6) || !has_bits || bits > bits_max) {
    return fault("this is no address range", "write it as 10.0.0.0/16 or fd00::/48");
  }
  for (unsigned bit = bits; bit < bits_max; ++bit) {
    if (!(bytes[bit / 8] & (0x80u >> (bit % 8)))) continue;
    for (unsigned rest = bits; rest < bits_max; ++rest) {
      bytes[rest / 8] &= static_cast<unsigned char>(~(0x80u >> (rest % 8)));
    }
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
    return fault("the address has bits behind its range's " + std::to_string(bits),
                 "write " + std::string(text) + "/" + std::to_string(bits));
  }
  return std::nullopt;
}

std::optional<Fault> find_address_fault(std::string_view address, std::string where) {
  const Fault fault{std::move(where), "R135", "'" + std::string(address) + "' is no address",
                    "write HOST:PORT with a port from 1 to 65535, such as 10.0.1.7:8080, "
                    "[fd00::7]:8080 or data.internal:8080"};
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return fault;
  std::uint32_t port = 0;
  if (!parse_whole(address.substr(colon + 1), port) || port == 0 || port > 65535) return fault;
  const auto host = address.substr(0, colon);
  if (host.front() == '[') {
    std::array<unsigned char, 16> bytes{};
    const std::string inside(host.substr(1, host.size() < 2 ? 0 : host.size() - 2));
    if (host.back() != ']' || ::inet_pton(AF_INET6, inside.c_str(), bytes.data()) != 1) {
      return fault;
    }
    return std::nullopt;
  }
  if (find_domain_fault(lower(host), "")) return fault;
  return std::nullopt;
}

Faults find_faults(const Network& network) {
  Collector faults;
  faults.add(find_plain_name_fault(network.name, "/name"));
  faults.add(find_region_fault(network.region, "/region"));
  faults.add(find_address_range_fault(network.address_range, "/address_range"));
  faults.check_description(network.description, "/description");
  return faults.take();
}

Faults find_faults(const ResourceGroup& group) {
  Collector faults;
  faults.add(find_plain_name_fault(group.name, "/name"));
  faults.add(find_region_fault(group.region, "/region"));
  if (group.type != "exclusive") {
    faults.add("/type", "R092", "this type of resource group cannot be used here",
               "use exclusive, the Exclusive Resource Group for Data Service");
  }
  check_name(faults, group.network, "/network");
  if (group.workspaces.size() > kGroupWorkspacesMax) {
    faults.add("/workspaces", "R093", "there are too many workspaces",
               "associate at most " + std::to_string(kGroupWorkspacesMax));
  } else {
    for (std::size_t i = 0; i < group.workspaces.size(); ++i) {
      faults.add(find_plain_name_fault(group.workspaces[i], "/workspaces/" + std::to_string(i)));
    }
  }
  check_range(faults, "/concurrency_max", "the number of calls at once", group.concurrency_max, 1,
              kConcurrencyMax);
  check_range(faults, "/queue_max", "the number of calls that wait", group.queue_max, 0, kQueueMax);
  faults.check_description(group.description, "/description");
  return faults.take();
}

Faults find_faults(const GatewayInstance& instance) {
  Collector faults;
  faults.add(find_plain_name_fault(instance.name, "/name"));
  faults.add(find_region_fault(instance.region, "/region"));
  check_name(faults, instance.network, "/network");
  faults.check_description(instance.description, "/description");
  return faults.take();
}

Faults find_faults(const Domain& domain) {
  Collector faults;
  if (domain.name.empty()) {
    faults.add("/name", "R039", "the domain has no name",
               "write api.example.com: lower case, without scheme, port and path");
  }
  faults.add(find_domain_fault(domain.name, "/name"));
  faults.add(find_region_fault(domain.region, "/region"));
  faults.check_description(domain.description, "/description");
  return faults.take();
}

Faults find_faults(const BackendService& service) {
  Collector faults;
  faults.add(find_plain_name_fault(service.name, "/name"));
  if (service.name == "Default") {
    faults.add("/name", "R133", "Default is the built-in data service",
               "give the backend service another name");
  }
  faults.add(find_region_fault(service.region, "/region"));
  check_name(faults, service.network, "/network");
  if (service.network.empty()) {
    faults.add("/network", "R134", "the backend service names no network",
               "name the one that it listens in");
  }
  if (service.addresses.empty() == service.dns_name.empty()) {
    faults.add("/addresses", "R135",
               service.addresses.empty()
                   ? "the backend service has neither addresses nor a DNS name"
                   : "the backend service has addresses and a DNS name",
               "give a list of HOST:PORT, or dns_name and port");
  }
  if (service.addresses.size() > kBackendAddressesMax) {
    faults.add("/addresses", "R135", "there are too many addresses",
               "give at most " + std::to_string(kBackendAddressesMax));
  } else {
    for (std::size_t i = 0; i < service.addresses.size(); ++i) {
      const auto where = "/addresses/" + std::to_string(i);
      faults.add(find_address_fault(service.addresses[i], where));
      if (std::count(service.addresses.begin(), service.addresses.end(), service.addresses[i]) >
          1) {
        faults.add(where, "R135", "'" + service.addresses[i] + "' is there twice",
                   "name each address once");
      }
    }
  }
  if (!service.dns_name.empty()) {
    faults.add(find_domain_fault(lower(service.dns_name), "/dns_name"));
    check_range(faults, "/port", "the port", service.port, 1, 65535);
  } else if (service.port != 0) {
    faults.add("/port", "R135", "a port without a DNS name means nothing",
               "write the port into each address");
  }
  const auto& check = service.health_check;
  if (!check.path.empty()) {
    const bool is_path =
        check.path.front() == '/' && check.path.size() <= kTextBytesMax &&
        std::ranges::all_of(check.path, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!is_path) {
      faults.add("/health_check/path", "R135", "this is no path of a URL",
                 "write /healthz, spaces and other characters %-escaped");
    }
  }
  check_range(faults, "/health_check/interval_ms", "the interval", check.interval_ms, 1'000,
              3'600'000);
  check_range(faults, "/health_check/timeout_ms", "the timeout", check.timeout_ms, 100, 60'000);
  check_range(faults, "/health_check/healthy_threshold", "the threshold", check.healthy_threshold,
              1, 10);
  check_range(faults, "/health_check/unhealthy_threshold", "the threshold",
              check.unhealthy_threshold, 1, 10);
  faults.check_description(service.description, "/description");
  return faults.take();
}

// ---- whom a name means

const RestApi* find_rest_api(const State& state, const Workflow& workflow) {
  return state.rest_apis.find(
      make_key(region_of_workspace(state, workflow.workspace), workflow.rest_api));
}

const ResourceGroup* find_resource_group(const State& state, std::string_view workspace,
                                         std::string_view name) {
  return state.resource_groups.find(make_key(region_of_workspace(state, workspace), name));
}

const Network* find_network(const State& state, const GatewayInstance& instance) {
  return state.networks.find(make_key(instance.region, instance.network));
}

const BackendService* find_backend_service(const State& state, const GatewayInstance& instance,
                                           std::string_view name) {
  return state.backend_services.find(make_key(instance.region, name));
}

// ---- words

std::string_view to_text(NetworkAccess access) { return word_of(kAccesses, access); }
std::string_view to_text(Specification specification) {
  return word_of(kSpecifications, specification);
}
std::string_view to_text(InstanceStatus status) { return word_of(kInstanceStatuses, status); }
std::string_view to_text(Protocol protocol) { return word_of(kProtocols, protocol); }
std::string_view to_text(VersionScheme scheme) { return word_of(kVersionSchemes, scheme); }
std::string_view to_text(PublishAction action) { return word_of(kActions, action); }

std::optional<NetworkAccess> parse_network_access(std::string_view text) {
  return parse_word<NetworkAccess>(kAccesses, text);
}
std::optional<Specification> parse_specification(std::string_view text) {
  return parse_word<Specification>(kSpecifications, text);
}
std::optional<InstanceStatus> parse_instance_status(std::string_view text) {
  return parse_word<InstanceStatus>(kInstanceStatuses, text);
}
std::optional<Protocol> parse_protocol(std::string_view text) {
  return parse_word<Protocol>(kProtocols, text);
}
std::optional<VersionScheme> parse_version_scheme(std::string_view text) {
  return parse_word<VersionScheme>(kVersionSchemes, text);
}
std::optional<PublishAction> parse_publish_action(std::string_view text) {
  return parse_word<PublishAction>(kActions, text);
}

}  // namespace sluice::model
