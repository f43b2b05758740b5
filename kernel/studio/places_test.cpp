// SPDX-License-Identifier: Apache-2.0
// Regions, networks, groups, and the rules of a publish that need them.
#include "studio/fakes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::studio {
namespace {

using namespace model;
using Texts = std::vector<std::string>;

ApiDefinition make_definition(std::string name = "Query User", std::string path = "/user") {
  ApiDefinition d;
  d.name = std::move(name);
  d.path = std::move(path);
  d.data_source = "db";
  d.table = "user_info";
  d.response_parameters = {{.name = "user_id", .column = "user_id"}};
  d.shape = ResultShape::kPage;
  return d;
}

// Two networks, two instances, two domains in region `local`; a workspace in it and one in `west`.
struct House : FakeHouse {
  House() {
    const auto fill = [](Edit& e) -> Result<void> {
      const auto bad = [](const auto& put) { return !put; };
      if (auto r = e.put_network({.name = "inner", .address_range = "10.0.0.0/16"}); bad(r))
        return r.error();
      if (auto r = e.put_workspace({.name = "shop"}); bad(r)) return r.error();
      if (auto r = e.put_workspace({.name = "far", .region = "west"}); bad(r)) return r.error();
      if (auto r = e.put_data_source({"shop", "db", "sqlite", "{}", ""}); bad(r)) return r.error();
      if (auto r = e.put_gateway_instance({.name = "prod"}); bad(r)) return r.error();
      if (auto r = e.put_gateway_instance({.name = "edge", .network = "inner"}); bad(r))
        return r.error();
      if (auto r = e.put_gateway_instance({.name = "westgate", .region = "west"}); bad(r))
        return r.error();
      for (const char* name : {"a.example.com", "b.example.com"}) {
        if (auto r = e.put_domain({.name = name}); bad(r)) return r.error();
      }
      if (auto r = e.put_domain({.name = "west.example.com", .region = "west"}); bad(r))
        return r.error();
      if (auto r = e.put_rest_api({.name = "users", .base_path = "/v1"}); bad(r)) return r.error();
      if (auto r = e.put_rest_api({.name = "users", .base_path = "/west", .region = "west"});
          bad(r))
        return r.error();
      auto w = e.put_workflow({.workspace = "shop", .name = "User_Flow", .rest_api = "users"});
      return w ? Result<void>() : Result<void>(w.error());
    };
    const auto done = studio.apply("ann", fill, ApplyMode::kCommit);
    if (!done) throw std::runtime_error(done.error().detail);
  }
  template <class UseCase>
  auto run(UseCase use_case) {
    return studio.run("ann", use_case);
  }
  template <class UseCase>
  auto must(UseCase use_case) {
    auto answer = run(use_case);
    if (!answer) throw std::runtime_error(answer.error().detail);
    return std::move(*answer);
  }
  // A version that can be published.
  std::string create(ApiDefinition definition = make_definition()) {
    const auto id =
        must([&](Edit& e) { return e.put_api("shop", "User_Flow", definition); }).stored.id;
    submit(id);
    return id;
  }
  void submit(const std::string& id) {
    const auto report = studio.test_api(id, {});
    if (!report) throw std::runtime_error(report.error().detail);
    must([&](Edit& e) { return e.submit(id); });
  }
  Result<Put<Deployment>> publish(const PublishRequest& request) {
    return run([&](Edit& e) { return e.publish(request); });
  }
  const State& state() { return studio.state(); }
};

template <class T>
std::string told(const Result<T>& answer) {
  return answer ? std::string("done") : answer.error().where + " " + answer.error().detail;
}

#define EXPECT_TOLD(answer, where, says)                             \
  do {                                                               \
    const auto text = told(answer);                                  \
    EXPECT_TRUE(text.starts_with(std::string(where) + " ")) << text; \
    EXPECT_NE(text.find(says), std::string::npos) << text;           \
  } while (false)

// ---- regions

// Proves: R020, R021, R050, R063
TEST(Places, ARegionKeepsItsNamesToItself) {
  House house;
  EXPECT_EQ(house.state().rest_apis.find("west/users")->base_path, "/west");
  EXPECT_EQ(house.state().rest_apis.find("local/users")->base_path, "/v1");
  house.must([](Edit& e) {
    return e.put_rest_api({.name = "western", .base_path = "/w", .region = "west"});
  });
  EXPECT_TOLD(house.run([](Edit& e) {
    return e.put_workflow({.workspace = "shop", .name = "West Flow", .rest_api = "western"});
  }),
              "/rest_api", "region 'west', the workspace in 'local' (R021)");
  // The same name is the one of the workspace's own region.
  house.must([](Edit& e) {
    return e.put_workflow({.workspace = "far", .name = "Far_Flow", .rest_api = "users"});
  });
  EXPECT_EQ(find_rest_api(house.state(), *find_workflow(house.state(), "far", "Far_Flow"))->region,
            "west");
  EXPECT_TOLD(house.run([](Edit& e) { return e.put_workspace({.name = "far", .region = "east"}); }),
              "/region", "stays there");
  EXPECT_EQ(house.must([](Edit& e) { return e.put_workspace({.name = "far"}); }).what,
            Applied::kUnchanged)
      << "no word of the region: as it is";
  // Deleting one leaves the other.
  EXPECT_TOLD(house.run([](Edit& e) { return e.delete_rest_api("users", "west"); }), "",
              "bound by");
  house.must([](Edit& e) { return e.put_consumer({.name = "partner"}); });
  house.must([](Edit& e) {
    return e.grant({.consumer = "partner", .rest_api = "western", .region = "west"});
  });
  EXPECT_TOLD(
      house.run([](Edit& e) { return e.grant({.consumer = "partner", .rest_api = "western"}); }),
      "/rest_api", "western");
  ASSERT_TRUE(house.run([](Edit& e) { return e.delete_rest_api("western", "west"); }));
  EXPECT_TRUE(house.state().authorizations.all().empty());
}

// ---- resource groups

// Proves: R013, R091, R092, R093
TEST(Places, ADraftChoosesAmongTheGroupsOfItsWorkspace) {
  House house;
  const auto* made = house.state().resource_groups.find("local/default");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->workspaces, Texts{"shop"});
  EXPECT_EQ(made->network, "default");
  EXPECT_EQ(house.state().networks.find("local/default")->address_range, "0.0.0.0/0");
  EXPECT_EQ(house.state().resource_groups.find("west/default")->workspaces, Texts{"far"});

  const auto id = house.create();
  EXPECT_EQ(house.state().apis.find(id)->draft.resource_group, "default") << "preselected";

  const auto use = [&](const char* group) {
    auto d = make_definition();
    d.resource_group = group;
    return house.run([&](Edit& e) { return e.update_draft(id, d); });
  };
  EXPECT_TOLD(use("fast"), "/resource_group", "has no resource group 'fast'");
  house.must([](Edit& e) { return e.put_resource_group({.name = "fast", .network = "inner"}); });
  EXPECT_TOLD(use("fast"), "/resource_group", "is not associated with the workspace 'shop' (R093)");
  house.must([](Edit& e) {
    return e.put_resource_group(
        {.name = "fast", .network = "inner", .workspaces = {"shop", "shop"}});
  });
  EXPECT_EQ(house.state().resource_groups.find("local/fast")->workspaces, Texts{"shop"});
  EXPECT_EQ(use("fast")->what, Applied::kUpdated);
  EXPECT_EQ(use("")->what, Applied::kUnchanged) << "no word of the group: it stays";

  // What is used stays associated, and is not deleted.
  EXPECT_TOLD(
      house.run([](Edit& e) { return e.put_resource_group({.name = "fast", .network = "inner"}); }),
      "/workspaces", "Query User");
  EXPECT_TOLD(house.run([](Edit& e) { return e.delete_resource_group("fast"); }), "", "is used by");
  // Nor can it take workspaces of elsewhere.
  EXPECT_TOLD(house.run([](Edit& e) {
    return e.put_resource_group({.name = "slow", .workspaces = {"shop", "far"}});
  }),
              "/workspaces/1", "region 'west'");
  EXPECT_TOLD(house.run([](Edit& e) {
    return e.put_resource_group({.name = "slow", .workspaces = {"none"}});
  }),
              "/workspaces/0", "no workspace 'none'");
}

// Proves: R013
TEST(Places, WithoutANetworkNothingIsTestedOrSubmitted) {
  House house;
  const auto id = house.create();
  const auto set_network = [&](const char* network) {
    return house.run([&](Edit& e) {
      return e.put_resource_group({.name = "bare", .network = network, .workspaces = {"shop"}});
    });
  };
  ASSERT_TRUE(set_network(""));
  auto d = make_definition();
  d.resource_group = "bare";
  house.must([&](Edit& e) { return e.update_draft(id, d); });
  house.floor.calls.clear();
  EXPECT_TOLD(house.studio.begin_test("ann", {.api_id = id}), "/resource_group",
              "has no network (R013)");
  EXPECT_TOLD(house.run([&](Edit& e) { return e.submit(id); }), "/resource_group", "R013");
  EXPECT_TOLD(set_network("none"), "/network", "has no network 'none'");
  ASSERT_TRUE(set_network("inner"));
  EXPECT_TRUE(house.studio.begin_test("ann", {.api_id = id}));
}

// Proves: R091, R099
TEST(Places, AWorkspaceWithoutAGroupSavesDraftsAndTellsWhatIsMissing) {
  House house;
  house.must(
      [](Edit& e) { return e.put_resource_group({.name = "default", .network = "default"}); });
  const auto id =
      house.must([&](Edit& e) { return e.put_api("shop", "User_Flow", make_definition()); })
          .stored.id;
  EXPECT_EQ(house.state().apis.find(id)->draft.resource_group, "");
  EXPECT_TOLD(house.studio.begin_test("ann", {.api_id = id}), "/resource_group", "R091");
  // A new workspace is associated with the group that is there, whatever was made of it.
  house.must([](Edit& e) { return e.put_workspace({.name = "bank"}); });
  EXPECT_EQ(house.state().resource_groups.find("local/default")->workspaces, Texts{"bank"});
  ASSERT_TRUE(house.run([](Edit& e) { return e.delete_workspace("bank"); }));
  EXPECT_TRUE(house.state().resource_groups.find("local/default")->workspaces.empty());
}

// ---- gateway instances

// Proves: R012, R032, R033, R132
TEST(Places, OnlyARunningInstanceOfTheRegionIsPublishedTo) {
  House house;
  house.floor.not_served = "elsewhere";
  house.must([](Edit& e) { return e.put_gateway_instance({.name = "elsewhere"}); });
  const auto status = [&](const char* name) {
    return std::string(to_text(house.state().gateway_instances.find(name)->status));
  };
  EXPECT_EQ(status("elsewhere"), "Creating");
  EXPECT_EQ(status("prod"), "Running");
  EXPECT_TRUE(house.state().gateway_instances.find("prod")->id.starts_with("gw-"));

  const auto id = house.create();
  const auto publish_to = [&](const char* instance) {
    return house.publish({id, 1, instance, "", "Default"});
  };
  EXPECT_TOLD(publish_to("elsewhere"), "/instance", "is Creating (R012, R132)");
  EXPECT_TOLD(publish_to("westgate"), "/instance", "is in region 'west'");
  house.must([](Edit& e) { return e.stop_gateway_instance("prod"); });
  EXPECT_TOLD(publish_to("prod"), "/instance", "is Stopped (R012, R132): start it");
  // A node that starts serves what waits for it, and does not start what somebody stopped.
  EXPECT_EQ(house.must([](Edit& e) { return e.serve_gateway_instance("elsewhere"); }).stored.status,
            InstanceStatus::kRunning);
  EXPECT_EQ(house.must([](Edit& e) { return e.serve_gateway_instance("prod"); }).what,
            Applied::kUnchanged);
  house.must([](Edit& e) { return e.start_gateway_instance("prod"); });
  EXPECT_TRUE(publish_to("prod"));
  // Id, status and time are the store's, whatever is written.
  auto again = *house.state().gateway_instances.find("prod");
  again.id = "gw-x";
  again.status = InstanceStatus::kStopped;
  again.created_at = 1;
  EXPECT_EQ(house.must([&](Edit& e) { return e.put_gateway_instance(again); }).what,
            Applied::kUnchanged);
  // Its network stays while something is deployed by it.
  again.network = "inner";
  EXPECT_TOLD(house.run([&](Edit& e) { return e.put_gateway_instance(again); }), "/network",
              "R133");
}

// ---- domains

// Proves: R129, R038
TEST(Places, ADomainIsRegisteredInTheRegion) {
  House house;
  const auto id = house.create();
  EXPECT_TOLD(house.publish({id, 1, "prod", "c.example.com", "Default"}), "/domain", "R129");
  EXPECT_TOLD(house.publish({id, 1, "prod", "west.example.com", "Default"}), "/domain", "R129");
  EXPECT_TRUE(house.publish({id, 1, "prod", "a.example.com", "Default"}));
  EXPECT_TOLD(house.run([](Edit& e) { return e.delete_domain("a.example.com"); }), "", "users");
  EXPECT_TRUE(house.run([](Edit& e) { return e.delete_domain("b.example.com"); }));
  EXPECT_TOLD(house.run([](Edit& e) {
    return e.put_rest_api({.name = "other", .base_path = "/o", .domain = "b.example.com"});
  }),
              "/domain", "R129");
}

// Proves: R130, R131
TEST(Places, WhoMovesWithADomainIsShownFirst) {
  House house;
  const auto first = house.create(), second = house.create(make_definition("Second", "/second"));
  ASSERT_TRUE(house.publish({first, 1, "prod", "a.example.com", "Default"}));
  const PublishRequest request{second, 1, "prod", "b.example.com", "Default"};
  EXPECT_TOLD(house.publish(request), "/moves", "shop/Query User");
  EXPECT_EQ(house.state().rest_apis.find("local/users")->domain, "a.example.com");

  const auto plan = plan_publish(house.state(), second, 1, "prod", "b.example.com");
  ASSERT_TRUE(plan) << plan.error().detail;
  ASSERT_EQ(plan->moves.size(), 1u);
  EXPECT_EQ(plan->moves[0].api_id, first);
  EXPECT_EQ(plan->moves[0].path, "/v1/user");
  EXPECT_EQ(plan->moves[0].instances, Texts{"prod"});
  EXPECT_EQ(plan->domain, "a.example.com");
  EXPECT_EQ(plan->domains, (Texts{"a.example.com", "b.example.com"})) << "those of the region";

  // Somebody else came meanwhile: what was shown is not whole any more.
  const auto third = house.create(make_definition("Third", "/third"));
  ASSERT_TRUE(house.publish({third, 1, "prod", "a.example.com", "Default"}));
  auto shown = request;
  shown.moves = {first};
  EXPECT_TOLD(house.publish(shown), "/moves", "shop/Third");
  shown.moves = {first, third};
  ASSERT_TRUE(house.publish(shown));
  EXPECT_EQ(house.floor.serving.rest_apis.find("local/users")->domain, "b.example.com");
  // The same domain moves nobody.
  EXPECT_TRUE(plan_publish(house.state(), second, 1, "prod", "b.example.com")->moves.empty());
  // An API that is live elsewhere moves there, too.
  house.must([](Edit& e) { return e.put_gateway_instance({.name = "test"}); });
  for (const auto& id : {first, third}) {
    ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(id, "prod"); }));
  }
  ASSERT_TRUE(house.publish({second, 1, "test", "b.example.com", "Default"}));
  EXPECT_TOLD(house.publish({second, 1, "prod", "", "Default"}), "/moves", "shop/Second");
}

// ---- backends

// Proves: R014, R015, R028, R133, R134
TEST(Places, DefaultNeedsOneNetworkAndAnythingElseABackendService) {
  House house;
  const auto id = house.create();  // its group is in `default`
  auto plan = plan_publish(house.state(), id, 1, "prod", std::nullopt);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->network, "default");
  EXPECT_EQ(plan->backend, "Default") << "equal: preselected";
  EXPECT_EQ(plan->backends, Texts{"Default"});
  plan = plan_publish(house.state(), id, 1, "edge", std::nullopt);
  EXPECT_EQ(plan->backend, "") << "differ: nothing to choose yet";
  EXPECT_TRUE(plan->backends.empty());
  EXPECT_FALSE(plan->instances[0].is_same_network) << plan->instances[0].name;

  const auto publish_with = [&](const char* instance, const char* backend) {
    return house.publish({id, 1, instance, "", backend});
  };
  EXPECT_TOLD(publish_with("edge", "Default"), "/backend",
              "in network 'inner', resource group 'default' in 'default'");
  EXPECT_TOLD(publish_with("edge", ""), "/backend", "one of network 'default'");
  EXPECT_TOLD(publish_with("edge", "data"), "/backend", "no backend service 'data'");
  const auto put_service = [&](const char* network) {
    return house.run([&](Edit& e) {
      return e.put_backend_service(
          {.name = "data", .network = network, .addresses = {"10.1.0.1:8080"}});
    });
  };
  ASSERT_TRUE(put_service("inner"));
  EXPECT_TOLD(publish_with("edge", "data"), "/backend", "listens in network 'inner'");
  ASSERT_TRUE(put_service("default"));
  plan = plan_publish(house.state(), id, 1, "edge", std::nullopt);
  EXPECT_EQ(plan->backend, "data");
  EXPECT_EQ(publish_with("edge", "data")->stored.backend, "data");
  EXPECT_EQ(publish_with("prod", "Default")->stored.backend, "Default");
  EXPECT_TOLD(put_service("inner"), "/network", "R134");
  EXPECT_TOLD(house.run([](Edit& e) { return e.delete_backend_service("data"); }), "", "edge");
  EXPECT_TOLD(house.run([](Edit& e) { return e.delete_network("default"); }), "", "is that of");
  // The group's network is what the deployments were judged by.
  EXPECT_TOLD(house.run([](Edit& e) {
    return e.put_resource_group({.name = "default", .network = "inner", .workspaces = {"shop"}});
  }),
              "/network", "R133");
}

// ---- what once was

// Proves: R138, R155, R156, R158
TEST(Places, EveryPublishLeavesARecord) {
  House house;
  const auto id = house.create();
  house.submit(id);
  house.must([](Edit& e) { return e.put_gateway_instance({.name = "test"}); });
  ASSERT_TRUE(house.publish({id, 1, "prod", "", "Default"}));
  ASSERT_TRUE(house.publish({id, 1, "test", "", "Default"}));
  house.clock.now += 1000;
  ASSERT_TRUE(house.publish({id, 2, "prod", "", "Default"}));
  ASSERT_TRUE(house.publish({id, 2, "prod", "", "Default"})) << "the same again leaves none";
  ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(id, "test"); }));
  const auto lines = [&](const char* instance) {
    Texts texts;
    for (const auto* r : list_publish_records(house.state(), id, instance)) {
      texts.push_back(std::to_string(r->number) + " " + std::string(to_text(r->action)) + " V" +
                      std::to_string(r->version) + " " + r->actor + " " + r->environment + " " +
                      std::to_string(r->at - 1'735'689'600'000));
    }
    return texts;
  };
  EXPECT_EQ(lines("prod"),
            (Texts{"2 publish V2 ann production 1000", "1 publish V1 ann production 0"}));
  EXPECT_EQ(lines("test"),
            (Texts{"2 undeploy V1 ann production 1000", "1 publish V1 ann production 0"}));
  const auto* live = house.state().deployments.find(make_key(id, "prod"));
  EXPECT_EQ(live->record, 2u) << "the current one";
  EXPECT_EQ(live->environment, "production");
  // They are bounded, the oldest go first, and go with the API.
  for (std::size_t i = 0; i < kPublishRecordsMax; ++i) {
    ASSERT_TRUE(house.publish({id, 1 + static_cast<unsigned>(i % 2), "prod", "", "Default"}));
  }
  EXPECT_EQ(list_publish_records(house.state(), id, "prod").size(), kPublishRecordsMax);
  EXPECT_EQ(list_publish_records(house.state(), id, "prod").front()->number,
            kPublishRecordsMax + 2);
  ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(id, "prod"); }));
  ASSERT_TRUE(house.run([&](Edit& e) { return e.delete_api(id); }));
  EXPECT_TRUE(house.state().publish_records.all().empty());
}

// ---- versions of a REST API

// Proves: R054
TEST(Places, TheVersionOfARestApiIsPartOfAddressesThatCallersUse) {
  House house;
  const auto put = [&](VersionManagement versions) {
    return house.run([&](Edit& e) {
      return e.put_rest_api({.name = "users", .base_path = "/v1", .version_management = versions});
    });
  };
  const VersionManagement by_query{true, VersionScheme::kQuery, "v1", "ver"};
  auto d = make_definition();
  d.request_parameters = {{.name = "ver", .column = "user_id", .required = false}};
  const auto id = house.create(d);
  EXPECT_TOLD(put(by_query), "/version_management/name", "'shop/Query User' has a parameter 'ver'");
  // The version of that time keeps its parameter, the draft has another name now.
  d.request_parameters[0].name = "user_id";
  house.must([&](Edit& e) { return e.update_draft(id, d); });
  ASSERT_TRUE(put(by_query));
  EXPECT_EQ(house.state().rest_apis.find("local/users")->version_management, by_query);
  EXPECT_TOLD(house.publish({id, 1, "prod", "", "Default"}), "",
              "version V1 has a parameter that REST API 'users' reads for itself");
  d.request_parameters[0].name = "ver";
  EXPECT_TOLD(house.run([&](Edit& e) { return e.update_draft(id, d); }),
              "/request_parameters/0/name", "callers say the version");
  d.request_parameters[0].name = "user_id";
  house.submit(id);
  ASSERT_TRUE(house.publish({id, 2, "prod", "", "Default"}));

  auto changed = by_query;
  changed.version = "v2";
  EXPECT_TOLD(put(changed), "/version_management", "undeploy its APIs first, 'Query User' for one");
  EXPECT_TOLD(put({}), "/version_management", "R054");
  EXPECT_EQ(put(by_query)->what, Applied::kUnchanged);
  ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(id, "prod"); }));
  EXPECT_TRUE(put(changed));
  EXPECT_TRUE(put({}));
}

}  // namespace
}  // namespace sluice::studio
