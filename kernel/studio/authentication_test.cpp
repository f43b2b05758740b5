// SPDX-License-Identifier: Apache-2.0
#include "studio/shop_house.hpp"

namespace sluice::studio {
namespace {

model::ApiDefinition make_asking(const std::string& type) {
  auto definition = ShopHouse::make_definition();
  definition.authentication.type = type;
  return definition;
}

// A type that nobody offers would answer every caller with 503.
TEST(Authentication, IsOfATypeThatSomePluginOffersBeforeItIsTested) {
  const struct {
    const char *name, *type, *missing;
  } cases[] = {
      {"none", "", ""},
      {"loaded", "api-key", ""},
      {"misspelt", "apikey", "no authenticator 'apikey' is loaded"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ShopHouse house;
    house.must([&](Edit& e) { return e.update_draft(house.api_id, make_asking(c.type)); });
    const auto missing = house.studio.find_missing_parts(house.api_id);
    const auto tested = house.test({.fills_with_samples = true});
    const auto submitted = house.run([&](Edit& e) { return e.submit(house.api_id); });
    const bool is_whole = std::string_view(c.missing).empty();
    EXPECT_EQ(tested.ok(), is_whole);
    EXPECT_EQ(submitted.ok(), is_whole);
    ASSERT_EQ(missing.size(), is_whole ? 0u : 1u);
    if (is_whole) continue;
    EXPECT_EQ(missing[0].where, "/authentication/type");
    EXPECT_EQ(missing[0].what, c.missing);
    EXPECT_TRUE(missing[0].remedy.starts_with("write one of api-key, hmac, jwt, or load"))
        << missing[0].remedy;
    EXPECT_NE(submitted.error().detail.find(c.missing), std::string::npos)
        << submitted.error().detail;
  }
}

TEST(Authentication, IsLoadedWhereItsVersionIsPublished) {
  ShopHouse house;
  house.must([&](Edit& e) { return e.put_gateway_instance({.name = "prod"}); });
  house.must([&](Edit& e) { return e.update_draft(house.api_id, make_asking("api-key")); });
  house.submit();
  house.submit();
  const auto publish = [&](unsigned version) {
    return house.run([&](Edit& e) {
      return e.publish({house.api_id, version, "prod", "", "Default"});
    });
  };
  ASSERT_TRUE(publish(1));
  ASSERT_TRUE(publish(2));
  house.floor.authenticators = {"jwt"};
  const auto expect_refused = [](const auto& done) {
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, SLUICE_E_CONFLICT);
    EXPECT_NE(done.error().detail.find("no authenticator 'api-key' is loaded"), std::string::npos)
        << done.error().detail;
  };
  expect_refused(publish(1));
  expect_refused(house.run([&](Edit& e) { return e.rollback(house.api_id, "prod", 0); }));
  expect_refused(house.run([&](Edit& e) {
    return e.restore_deployment({house.api_id, "prod", 1, "Default", "ann", 0});
  }));
  // What stands there already is no news.
  EXPECT_TRUE(house.run([&](Edit& e) {
    return e.restore_deployment({house.api_id, "prod", 2, "Default", "ann", 0});
  }));
}

}  // namespace
}  // namespace sluice::studio
