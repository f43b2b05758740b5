// SPDX-License-Identifier: Apache-2.0
// The studio over the store that ships: loaded by the loader, closed, opened again.
#include "loader/registry.hpp"
#include "studio/fakes.hpp"

#include <sluice/draft/store.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace sluice {
namespace {

namespace fs = std::filesystem;

struct NoServices final : loader::HostServices {
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

class StudioOverSqlite : public testing::Test {
 protected:
  StudioOverSqlite() {
    auto pattern = (fs::temp_directory_path() / "studio-over-sqlite-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    registry_ = loader::Registry::load({.directory = SLUICE_PLUGIN_DIR,
                                        .state_directory = folder_ / "state",
                                        .load = {{"store-sqlite", ""}},
                                        .log = [](int, std::string_view) {}});
  }
  ~StudioOverSqlite() override { fs::remove_all(folder_); }

  // A store component on the test's file, started.
  std::unique_ptr<loader::Instance> open() {
    const auto* component = registry_.find(SLUICE_KIND_STORE, "sqlite");
    if (!component) throw std::runtime_error("not loaded: " + registry_.reports().at(0).reason);
    const auto file = (folder_ / "sluice.db").string();
    auto made =
        loader::Instance::make(*component, "store", R"({"file":")" + file + "\"}", services_);
    if (!made) throw std::runtime_error(made.error().detail);
    if (auto started = (*made)->start(); !started) throw std::runtime_error(started.error().detail);
    return std::move(*made);
  }
  static store::Store store_over(const loader::Instance& instance) {
    return {*static_cast<const sluice_store*>(instance.component().api), instance.self(),
            store::make_test_sealer(), [](int, std::string_view) {}};
  }

  fs::path folder_;
  NoServices services_;
  loader::Registry registry_;
  studio::FakeLowerFloor floor_;
  studio::FakeClock clock_;
};

constexpr int kConsumers = 2000;

Result<void> fill(studio::Edit& edit) {
  if (auto done = edit.put_workspace({.name = "shop"}); !done) return done.error();
  for (int i = 0; i < kConsumers; ++i) {
    const auto name = "partner-" + std::to_string(i);
    if (auto done = edit.put_consumer({.name = name}); !done) return done.error();
    const auto key = "the-own-key-of-" + name;
    if (auto done = edit.put_credential({name, "api-key", R"({"key":")" + key + "\"}"}); !done)
      return done.error();
  }
  return {};
}

TEST_F(StudioOverSqlite, AnAppliedStateIsThereAfterAReopenAndAppliesAsUnchanged) {
  model::State written;
  {
    const auto instance = open();
    auto store = store_over(*instance);
    auto studio = studio::Studio::make(store, floor_, clock_, studio::make_system_random());
    ASSERT_TRUE(studio) << studio.error().detail;
    const auto done = (*studio)->apply("ann", fill, studio::ApplyMode::kCommit);
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(store.loaded_revision(), 1u) << "one transaction";
    written = (*studio)->state();
  }
  const auto instance = open();
  auto store = store_over(*instance);
  auto studio = studio::Studio::make(store, floor_, clock_, studio::make_system_random());
  ASSERT_TRUE(studio) << studio.error().detail;
  EXPECT_EQ((*studio)->state().consumers.all(), written.consumers.all());
  EXPECT_EQ((*studio)->state().credentials.all(), written.credentials.all());
  EXPECT_EQ(written.credentials.all().size(), std::size_t{kConsumers});
  const auto again = (*studio)->apply("ann", fill, studio::ApplyMode::kCommit);
  ASSERT_TRUE(again) << again.error().detail;
  for (const auto& change : *again) ASSERT_EQ(change.what, studio::Applied::kUnchanged);
  EXPECT_EQ(*store.read_revision(), 1u);
}

TEST_F(StudioOverSqlite, TwoStudiosOnOneFileNoticeEachOther) {
  const auto first = open(), second = open();
  auto store_one = store_over(*first), store_two = store_over(*second);
  auto one = studio::Studio::make(store_one, floor_, clock_, studio::make_system_random());
  auto two = studio::Studio::make(store_two, floor_, clock_, studio::make_system_random());
  ASSERT_TRUE(one && two);
  const auto add = [](const char* name) {
    return [name](studio::Edit& edit) { return edit.put_gateway_instance({name}); };
  };
  ASSERT_TRUE((*one)->run("ann", add("a")));
  const auto late = (*two)->run("bob", add("b"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().status, SLUICE_E_CONFLICT);
  EXPECT_NE(store_two.loaded_revision(), *store_two.read_revision());
  ASSERT_TRUE((*two)->refresh());
  ASSERT_TRUE((*two)->run("bob", add("b")));
  ASSERT_TRUE((*one)->refresh());
  EXPECT_EQ((*one)->state().gateway_instances.all().size(), 2u);
}

}  // namespace
}  // namespace sluice
