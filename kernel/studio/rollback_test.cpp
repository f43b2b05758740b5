// SPDX-License-Identifier: Apache-2.0
#include "studio/shop_house.hpp"

namespace sluice::studio {
namespace {

using namespace model;

struct LiveHouse : ShopHouse {
  LiveHouse() {
    must([&](Edit& e) { return e.put_gateway_instance({.name = "prod"}); });
    must([&](Edit& e) { return e.put_gateway_instance({.name = "test"}); });
    for (int i = 0; i < 3; ++i) {
      auto changed = make_definition();
      changed.timeout_ms = 100 + i;
      must([&](Edit& e) { return e.update_draft(api_id, changed); });
      submit();
    }
  }
  void publish(unsigned version, const std::string& instance) {
    clock.now += 1000;
    must([&](Edit& e) { return e.publish({api_id, version, instance, "", "Default"}); }, "bob");
  }
  // "V2 -> V1", or what was refused.
  std::string roll_back(const std::string& instance, unsigned to = 0) {
    const auto plan = plan_rollback(studio.state(), api_id, instance, to);
    const auto done = run([&](Edit& e) { return e.rollback(api_id, instance, to); }, "ann");
    EXPECT_EQ(plan.ok(), done.ok());
    if (!done) return done.error().where + " " + done.error().detail;
    EXPECT_EQ(done->stored.deployed_by, "ann");
    EXPECT_EQ(plan->published_by, "bob");
    EXPECT_EQ(floor.serving.deployments.find(make_key(api_id, instance))->version, plan->to);
    return "V" + std::to_string(plan->from) + " -> V" + std::to_string(done->stored.version);
  }
};

TEST(Rollback, PublishesWhatWasLiveThereBefore) {
  LiveHouse house;
  EXPECT_EQ(house.roll_back("prod"),
            " no other version of 'Query User' was live on gateway instance 'prod', or it is not "
            "known any more: publish one");
  house.publish(1, "prod");
  house.publish(1, "test");
  EXPECT_EQ(house.roll_back("prod"),
            " no other version of 'Query User' was live on gateway instance 'prod', or it is not "
            "known any more: publish one");
  house.publish(3, "prod");
  house.publish(2, "test");
  EXPECT_EQ(house.roll_back("prod"), "V3 -> V1") << "V2 was live on the other instance";
  EXPECT_EQ(house.studio.state().deployments.find(make_key(house.api_id, "test"))->version, 2u);
  EXPECT_EQ(house.roll_back("prod", 2),
            "/version V2 was never live on gateway instance 'prod', or it is not known any more: "
            "publish it");
  EXPECT_EQ(house.roll_back("prod", 1),
            "/version V1 is live there already: choose another version");
  EXPECT_EQ(house.roll_back("prod", 3), "V1 -> V3");
  EXPECT_EQ(house.roll_back("none"),
            "/instance there is no gateway instance 'none': check its name");
}

TEST(Rollback, BringsBackWhatWasTakenOffline) {
  LiveHouse house;
  house.publish(1, "prod");
  ASSERT_TRUE(house.run([&](Edit& e) { return e.undeploy(house.api_id, "prod"); }));
  EXPECT_EQ(house.roll_back("prod"), "V0 -> V1");
}

}  // namespace
}  // namespace sluice::studio
