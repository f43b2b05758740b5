// SPDX-License-Identifier: Apache-2.0
#include "studio/fakes.hpp"

#include <gtest/gtest.h>

namespace sluice::studio {
namespace {

model::ApiDefinition make_definition(const std::string& source, const std::string& acceleration) {
  model::ApiDefinition d;
  d.name = "Query Orders";
  d.path = "/orders";
  d.data_source = source;
  d.table = "orders";
  d.response_parameters = {{.name = "id", .column = "id"}};
  d.shape = model::ResultShape::kPage;
  d.acceleration = acceleration;
  return d;
}

Result<void> fill(Edit& edit) {
  if (auto r = edit.put_workspace({.name = "shop"}); !r) return r.error();
  for (const char* type : {"sqlite", "lake", "absent"}) {
    if (auto r = edit.put_data_source({"shop", type, type, "{}", ""}); !r) return r.error();
  }
  if (auto r = edit.put_rest_api({"orders", "/v1", "", ""}); !r) return r.error();
  auto workflow =
      edit.put_workflow({.workspace = "shop", .name = "Orders Flow", .rest_api = "orders"});
  return workflow ? Result<void>() : Result<void>(workflow.error());
}

// Proves: R082
TEST(Acceleration, IsAskedForWhereTheSourceNeedsItAndRefusedWhereItHasNone) {
  const struct {
    const char *name, *source, *acceleration;
    const char* saved;    // part of the refusal to save; empty: it is saved
    const char* missing;  // part of what is missing then; empty: nothing
  } cases[] = {
      {"one way only", "sqlite", "", "", ""},
      {"a method without need", "sqlite", "fast", "has no acceleration methods", ""},
      {"needed and absent", "lake", "", "", "no acceleration method is chosen"},
      {"needed and there", "lake", "fast", "", ""},
      {"unknown", "lake", "warp", "choose one of: fast, slow", ""},
      {"a source that nobody here knows", "absent", "warp", "", ""},
      {"no source yet", "", "fast", "", "no data source is chosen"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    FakeHouse house;
    ASSERT_TRUE(house.studio.apply("ann", fill, ApplyMode::kCommit));
    const auto put = house.studio.run("ann", [&](Edit& edit) {
      return edit.put_api("shop", "Orders Flow", make_definition(c.source, c.acceleration));
    });
    ASSERT_EQ(put.ok(), std::string_view(c.saved).empty());
    if (!put) {
      EXPECT_EQ(put.error().where, "/acceleration");
      EXPECT_NE(put.error().detail.find(c.saved), std::string::npos) << put.error().detail;
      EXPECT_NE(put.error().detail.find("R082"), std::string::npos) << put.error().detail;
      continue;
    }
    const auto missing = house.studio.find_missing_parts(put->stored.id);
    ASSERT_EQ(missing.size(), std::string_view(c.missing).empty() ? 0u : 1u);
    if (missing.empty()) continue;
    EXPECT_NE(missing[0].what.find(c.missing), std::string::npos) << missing[0].what;
    EXPECT_FALSE(house.studio.test_api(put->stored.id, {})) << "what is incomplete is not tested";
    const auto submitted =
        house.studio.run("ann", [&](Edit& edit) { return edit.submit(put->stored.id); });
    ASSERT_FALSE(submitted);
    EXPECT_NE(submitted.error().detail.find(c.missing), std::string::npos);
  }
}

// Proves: R082
TEST(Acceleration, IsPartOfWhatAVersionFreezes) {
  FakeHouse house;
  ASSERT_TRUE(house.studio.apply("ann", fill, ApplyMode::kCommit));
  const auto put = house.studio.run("ann", [&](Edit& edit) {
    return edit.put_api("shop", "Orders Flow", make_definition("lake", "fast"));
  });
  ASSERT_TRUE(put);
  ASSERT_TRUE(house.studio.test_api(put->stored.id, {}));
  const auto version =
      house.studio.run("ann", [&](Edit& edit) { return edit.submit(put->stored.id); });
  ASSERT_TRUE(version) << version.error().detail;
  EXPECT_EQ(version->definition.acceleration, "fast");

  const auto changed = house.studio.run("ann", [&](Edit& edit) {
    return edit.put_api("shop", "Orders Flow", make_definition("lake", "slow"));
  });
  ASSERT_TRUE(changed);
  EXPECT_NE(changed->stored.tested_revision, changed->stored.draft_revision)
      << "another method is another draft, and untested";

  auto without = *version;
  without.number = 2;
  without.definition.acceleration.clear();
  const auto restored =
      house.studio.run("ann", [&](Edit& edit) { return edit.restore_version(without); });
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().where, "/definition/acceleration");
}

}  // namespace
}  // namespace sluice::studio
