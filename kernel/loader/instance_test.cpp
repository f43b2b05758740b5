// SPDX-License-Identifier: Apache-2.0
#include "loader/registry.hpp"

#include <gtest/gtest.h>

namespace sluice::loader {
namespace {

namespace fs = std::filesystem;

class RecordingServices final : public HostServices {
 public:
  void log(std::string_view instance, int level, std::string_view text) override {
    record += std::string(instance) + " " + std::to_string(level) + " " + std::string(text) + "\n";
  }
  const void* find_extension(std::string_view id) override {
    return id == "test.answer/1" ? this : nullptr;
  }
  std::string record;
};

const Registry& fixtures() {
  static const Registry registry = [] {
    Registry::Options options;
    options.directory = SLUICE_TESTDATA;
    options.state_directory = fs::path(SLUICE_TESTDATA) / "state";
    options.load = {
        {"cpp_good", ""}, {"cpp_unguarded", ""}, {"c_small_but_right", ""}, {"allow-list", ""}};
    return Registry::load(options);
  }();
  return registry;
}
const sluice_component& component(std::uint32_t kind, std::string_view type) {
  const auto* found = fixtures().find(kind, type);
  EXPECT_NE(found, nullptr) << fixtures().reports()[0].reason;
  return *found;
}
const sluice_component& talker() { return component(SLUICE_KIND_AUTHENTICATOR, "talker"); }

TEST(Instance, LivesThroughItsLifeInOrder) {
  RecordingServices services;
  {
    auto made = Instance::make(talker(), "t1", R"({"list":["a"],"deep":{"x":[1]}})", services);
    ASSERT_TRUE(made) << made.error().detail;
    Instance& instance = **made;
    EXPECT_EQ(instance.name(), "t1");
    EXPECT_NE(instance.self(), nullptr);
    EXPECT_TRUE(instance.start());
    EXPECT_TRUE(instance.check_health());
    instance.drain();
    instance.drain();
    instance.stop();
    instance.stop();
  }
  EXPECT_EQ(services.record,
            "t1 2 create {\"x\":[1]}\nt1 2 item /list/0 a\nt1 2 extension found\nt1 2 start\n"
            "t1 2 drain\nt1 2 stop\nt1 2 destroy\n");
}

TEST(Instance, DestructionDrainsAndStopsFirst) {
  RecordingServices services;
  {
    auto made = Instance::make(talker(), "t", "{}", services);
    ASSERT_TRUE(made);
    EXPECT_TRUE((*made)->start());
    services.record.clear();
  }
  EXPECT_EQ(services.record, "t 2 drain\nt 2 stop\nt 2 destroy\n");
  services.record.clear();
  { auto never_started = Instance::make(talker(), "t", "{}", services); }
  EXPECT_EQ(services.record, "t 2 create {}\nt 2 extension found\nt 2 destroy\n");
}

TEST(Instance, SaysWhyItCouldNotBeMade) {
  const struct {
    const char *name, *settings, *detail, *where, *internal;
    Status status;
  } cases[] = {
      {"not JSON", "{", "the settings text is not JSON, at byte 2", "",
       "PLG-021 settings of 'x' (talker): the settings text is not JSON, at byte 2",
       SLUICE_E_CONFIG},
      {"every fault of the schema", R"({"fial":"","list":[1]})",
       "(root): unknown member \"fial\" (known: deep, fail, list)\n/list/0: must be string, is "
       "integer",
       "",
       "PLG-021 settings of 'x' (talker) are wrong:\n(root): unknown member \"fial\" (known: deep, "
       "fail, list)\n/list/0: must be string, is integer",
       SLUICE_E_CONFIG},
      {"where the schema fails", R"({"list":[1]})", "/list/0: must be string, is integer",
       "/list/0",
       "PLG-021 settings of 'x' (talker) are wrong:\n/list/0: must be string, is integer",
       SLUICE_E_CONFIG},
      {"create says no", R"({"fail":"create"})", "must not be empty", "/list",
       "PLG-022 'x' (talker) refused its settings at /list: must not be empty", SLUICE_E_CONFIG},
      {"create throws", R"({"fail":"create-throws"})", "thrown in make", "",
       "PLG-022 'x' (talker) refused its settings: thrown in make", SLUICE_E_INTERNAL},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    RecordingServices services;
    auto made = Instance::make(talker(), "x", c.settings, services);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error(), (Error{c.status, c.detail, c.internal, c.where}))
        << made.error().detail << "\n"
        << made.error().internal;
    EXPECT_EQ(services.record, "") << "what was not made is not destroyed";
  }
}

TEST(Instance, AFailingStartIsAnErrorAndOnlyDestroyed) {
  for (const auto& [fail, detail] :
       {std::pair{"start", "nobody answers"}, std::pair{"start-throws", "thrown in start"}}) {
    SCOPED_TRACE(fail);
    RecordingServices services;
    {
      auto made =
          Instance::make(talker(), "x", std::string(R"({"fail":")") + fail + "\"}", services);
      ASSERT_TRUE(made);
      services.record.clear();
      auto started = (*made)->start();
      ASSERT_FALSE(started);
      EXPECT_EQ(started.error().detail, detail);
      EXPECT_EQ(started.error().internal,
                std::string("PLG-023 'x' (talker) did not start: ") + detail);
    }
    EXPECT_EQ(services.record, "x 2 destroy\n");
  }
}

TEST(Instance, AsksForHealth) {
  RecordingServices services;
  auto made = Instance::make(talker(), "x", R"({"fail":"health"})", services);
  ASSERT_TRUE(made);
  auto health = (*made)->check_health();
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().status, SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(health.error().detail, "I feel unwell");
}

TEST(Instance, CatchesWhatAnUnguardedPluginThrows) {
  RecordingServices services;
  auto made = Instance::make(component(SLUICE_KIND_DATA_SOURCE, "unguarded"), "x", "{}", services);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().detail, "thrown without a guard");
}

TEST(Instance, WorksWithATableOlderThanTodays) {
  RecordingServices services;
  auto made = Instance::make(component(SLUICE_KIND_AUTHENTICATOR, "small"), "x", "{}", services);
  ASSERT_TRUE(made);
  EXPECT_TRUE((*made)->start());
  EXPECT_TRUE((*made)->check_health());
  EXPECT_EQ((*made)->find_extension("sluice.catalog/1"), nullptr);
}

// docs/plugin-authoring.md shows these texts.
TEST(Instance, DoesWhatTheManualSays) {
  const struct {
    const char *settings, *where, *detail;
  } cases[] = {
      {R"({"consmer":"a","peers":[1]})", "",
       "(root): missing member \"consumer\"\n"
       "(root): unknown member \"consmer\" (known: consumer, peers)\n"
       "/peers/0: must be string, is integer"},
      {R"({"consumer":"a","peers":["::1","10.0.0.0/8"]})", "/peers/1",
       "must be one address, not a network"},
      {R"({"consumer":"a","peers":["::1"]})", "", ""},
  };
  const auto& allow_list = component(SLUICE_KIND_AUTHENTICATOR, "allow-list");
  for (const auto& c : cases) {
    SCOPED_TRACE(c.settings);
    RecordingServices services;
    auto made = Instance::make(allow_list, "x", c.settings, services);
    EXPECT_EQ(made ? "" : made.error().where, c.where);
    EXPECT_EQ(made ? "" : made.error().detail, c.detail);
    EXPECT_EQ(services.record, made ? "x 2 lets 1 addresses in\n" : "");
  }
}

}  // namespace
}  // namespace sluice::loader
