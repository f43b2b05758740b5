// SPDX-License-Identifier: Apache-2.0
#include "model/laws.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::model {
namespace {

// The places of the faults, in their order.
std::vector<std::string> places_of(const Faults& faults) {
  std::vector<std::string> places;
  for (const auto& fault : faults) places.push_back(fault.where);
  return places;
}
using Places = std::vector<std::string>;

// Proves: R013
TEST(PlaceLaws, AnAddressRangeIsACidrWithoutHostBits) {
  const struct {
    const char *range, *says;  // what the fault or its remedy says; empty: right
  } cases[] = {
      {"10.0.0.0/8", ""},
      {"0.0.0.0/0", ""},
      {"192.168.1.7/32", ""},
      {"fd00::/8", ""},
      {"::/0", ""},
      {"", "10.0.0.0/16"},
      {"10.0.0.0", "no address range"},
      {"10.0.0.0/", "no address range"},
      {"10.0.0.0/33", "no address range"},
      {"10.0.0.0/-1", "no address range"},
      {"10.0.0/8", "no address range"},
      {"10.0.0.1/8", "write 10.0.0.0/8"},
      {"172.17.0.0/12", "write 172.16.0.0/12"},
      {"fd00::1/64", "write fd00::/64"},
      {"fd00::/129", "no address range"},
      {"inner", "no address range"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.range);
    const auto fault = find_address_range_fault(c.range, "/address_range");
    EXPECT_EQ(fault.has_value(), *c.says != '\0');
    if (!fault) continue;
    EXPECT_EQ(fault->rule, "R013");
    EXPECT_NE((fault->what + ": " + fault->remedy).find(c.says), std::string::npos)
        << fault->what << ": " << fault->remedy;
  }
}

// Proves: R135
TEST(PlaceLaws, AnAddressIsAHostAndAPort) {
  const struct {
    const char* address;
    bool is_right;
  } cases[] = {
      {"10.0.1.7:8080", true},
      {"data.internal:1", true},
      {"Data.Internal:65535", true},
      {"[fd00::7]:8080", true},
      {"localhost:80", true},
      {"10.0.1.7", false},
      {"10.0.1.7:", false},
      {"10.0.1.7:0", false},
      {"10.0.1.7:65536", false},
      {":8080", false},
      {"[fd00::7]", false},
      {"[fd00::g]:80", false},
      {"fd00::7:8080", false},
      {"http://a:80", false},
      {"a b:80", false},
      {"data.internal:80x", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.address);
    EXPECT_EQ(!find_address_fault(c.address, "/a"), c.is_right);
  }
}

// Proves: R013, R020, R092
TEST(PlaceLaws, AResourceGroupIsExclusiveAndBounded) {
  const struct {
    const char* name;
    std::function<void(ResourceGroup&)> change;
    Places places;
  } cases[] = {
      {"right", [](auto&) {}, {}},
      {"serverless", [](auto& g) { g.type = "serverless"; }, {"/type"}},
      {"no type", [](auto& g) { g.type = ""; }, {"/type"}},
      {"no network yet", [](auto& g) { g.network = ""; }, {}},
      {"a wrong network", [](auto& g) { g.network = "a/b"; }, {"/network"}},
      {"one call at once", [](auto& g) { g.concurrency_max = 1; }, {}},
      {"none", [](auto& g) { g.concurrency_max = 0; }, {"/concurrency_max"}},
      {"too many", [](auto& g) { g.concurrency_max = kConcurrencyMax + 1; }, {"/concurrency_max"}},
      {"nobody waits", [](auto& g) { g.queue_max = 0; }, {}},
      {"fewer than nobody", [](auto& g) { g.queue_max = -1; }, {"/queue_max"}},
      {"too many wait", [](auto& g) { g.queue_max = kQueueMax + 1; }, {"/queue_max"}},
      {"a wrong workspace",
       [](auto& g) {
         g.workspaces = {"shop", "a/b"};
       },
       {"/workspaces/1"}},
      {"a wrong region", [](auto& g) { g.region = "far away"; }, {"/region"}},
      {"no name", [](auto& g) { g.name = ""; }, {"/name"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ResourceGroup group{.name = "fast", .network = "inner", .workspaces = {"shop"}};
    c.change(group);
    EXPECT_EQ(places_of(find_faults(group)), c.places);
  }
}

// Proves: R134, R135
TEST(PlaceLaws, ABackendServiceHasAddressesOrADnsName) {
  const struct {
    const char* name;
    std::function<void(BackendService&)> change;
    Places places;
  } cases[] = {
      {"addresses", [](auto&) {}, {}},
      {"a DNS name",
       [](auto& s) {
         s.addresses.clear();
         s.dns_name = "data.internal";
         s.port = 8080;
       },
       {}},
      {"neither", [](auto& s) { s.addresses.clear(); }, {"/addresses"}},
      {"both",
       [](auto& s) {
         s.dns_name = "data.internal";
         s.port = 8080;
       },
       {"/addresses"}},
      {"a DNS name without port",
       [](auto& s) {
         s.addresses.clear();
         s.dns_name = "data.internal";
       },
       {"/port"}},
      {"a port for nothing", [](auto& s) { s.port = 80; }, {"/port"}},
      {"a wrong address",
       [](auto& s) {
         s.addresses = {"10.0.0.1:80", "10.0.0.1"};
       },
       {"/addresses/1"}},
      {"an address twice",
       [](auto& s) {
         s.addresses = {"10.0.0.1:80", "10.0.0.1:80"};
       },
       {"/addresses/0", "/addresses/1"}},
      {"too many",
       [](auto& s) { s.addresses.assign(kBackendAddressesMax + 1, "10.0.0.1:80"); },
       {"/addresses"}},
      {"no network", [](auto& s) { s.network = ""; }, {"/network"}},
      {"the built-in's name", [](auto& s) { s.name = "Default"; }, {"/name"}},
      {"a health path", [](auto& s) { s.health_check.path = "/healthz?deep=1"; }, {}},
      {"no health path", [](auto& s) { s.health_check.path = "healthz"; }, {"/health_check/path"}},
      {"a path that breaks the line",
       [](auto& s) { s.health_check.path = "/a\r\nHost: x"; },
       {"/health_check/path"}},
      {"too often",
       [](auto& s) { s.health_check.interval_ms = 999; },
       {"/health_check/interval_ms"}},
      {"never healthy",
       [](auto& s) { s.health_check.healthy_threshold = 0; },
       {"/health_check/healthy_threshold"}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    BackendService service{.name = "data", .network = "inner", .addresses = {"10.0.0.1:80"}};
    c.change(service);
    EXPECT_EQ(places_of(find_faults(service)), c.places);
  }
}

// Proves: R039
TEST(PlaceLaws, ADomainHasAName) {
  EXPECT_EQ(places_of(find_faults(Domain{.name = "api.example.com"})), Places{});
  EXPECT_EQ(places_of(find_faults(Domain{})), Places{"/name"});
  EXPECT_EQ(places_of(find_faults(Domain{.name = "https://a"})), Places{"/name"});
  EXPECT_EQ(places_of(find_faults(Domain{.name = "a", .region = "a b"})), Places{"/region"});
}

// Proves: R050
TEST(PlaceLaws, ANameMeansThatOfItsOwnRegion) {
  State state;
  state.workspaces.put("near", {.name = "near", .region = "local"});
  state.workspaces.put("far", {.name = "far", .region = "west"});
  state.rest_apis.put("local/users", {"users", "/near", "", "", "local"});
  state.rest_apis.put("west/users", {"users", "/far", "", "", "west"});
  state.resource_groups.put("west/fast", {.name = "fast", .region = "west"});
  EXPECT_EQ(find_rest_api(state, {.workspace = "near", .rest_api = "users"})->base_path, "/near");
  EXPECT_EQ(find_rest_api(state, {.workspace = "far", .rest_api = "users"})->base_path, "/far");
  EXPECT_EQ(find_rest_api(state, {.workspace = "none", .rest_api = "users"}), nullptr);
  EXPECT_EQ(find_resource_group(state, "near", "fast"), nullptr);
  EXPECT_EQ(find_resource_group(state, "far", "fast")->region, "west");
}

}  // namespace
}  // namespace sluice::model
