// SPDX-License-Identifier: Apache-2.0
#include "config/file_access.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSchema = R"({"properties":{
  "file":{"type":"string","x-sluice-file":true},
  "more":{"items":{"properties":{"at":{"x-sluice-file":true}}}}}})";

// own/store.db and data/shop.db, with names that lead to them.
class FileAccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sluice-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* name : {"own", "data", "database"}) fs::create_directory(root_ / name);
    for (const char* name : {"own/store.db", "data/shop.db", "database/x.db"}) {
      std::ofstream(root_ / name) << name;
    }
    fs::create_symlink(root_ / "own/store.db", root_ / "data/link.db");
    fs::create_hard_link(root_ / "own/store.db", root_ / "data/hard.db");
    fs::create_directory_symlink(root_ / "own", root_ / "data/folder");
    fs::create_symlink(root_ / "own/later.db", root_ / "data/dangling.db");
    fs::create_symlink("shop.db", root_ / "data/alias.db");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string settings(const std::string& name) const {
    return R"({"file":")" + (root_ / name).string() + R"("})";
  }
  FileAccess::Paths own() const {
    return {root_ / "own/store.db", root_ / "own/store.db-wal", root_ / "own/none/at-all"};
  }

  fs::path root_;
};

TEST_F(FileAccessTest, NeverGivesAFileOfTheNode) {
  const FileAccess access(own(), std::nullopt);
  for (const char* name : {"own/store.db", "own/../own/./store.db", "data/link.db", "data/hard.db",
                           "data/folder/store.db", "own/store.db-wal", "data/folder/store.db-wal",
                           "own/none/at-all"}) {
    SCOPED_TRACE(name);
    const auto refused = access.check(settings(name), kSchema);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "/file");
    EXPECT_TRUE(refused.error().detail.starts_with("this file may not be read here"));
    EXPECT_EQ(refused.error().detail.find(root_.string()), std::string::npos);
    EXPECT_FALSE(access.check(settings(name), "{}")) << "whatever the schema says";
  }
  const auto text = (root_ / "own/store.db").string();
  EXPECT_FALSE(access.check(R"({"url":"file:)" + text + R"("})", "{}"));
  EXPECT_FALSE(access.check(R"({"url":"file://)" + text + R"("})", "{}"));
  const auto deep = access.check(R"({"a~/b":[1,{"c":")" + text + R"("}]})", "{}");
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().where, "/a~0~1b/1/c");

  for (const char* name : {"data/shop.db", "data/none.db", "database/x.db", "data/dangling.db"}) {
    EXPECT_TRUE(access.check(settings(name), kSchema)) << name;
  }
  EXPECT_TRUE(access.check(R"({"url":"https://example.com/x","n":1,"t":""})", kSchema));
  EXPECT_TRUE(FileAccess().check(settings("own/store.db"), kSchema));
}

// What is not there and what may not be read are told alike.
TEST_F(FileAccessTest, GivesOnlyWhatLiesInTheDirectories) {
  const FileAccess access(own(), FileAccess::Paths{root_ / "data"});
  for (const char* name : {"data/shop.db", "data/none.db", "data/alias.db", "data/x/../shop.db"}) {
    EXPECT_TRUE(access.check(settings(name), kSchema)) << name;
  }
  std::string told;
  for (const char* name : {"database/x.db", "database/none.db", "none/x.db",
                           "data/../database/x.db", "data", "data/folder/other.db", "data/link.db",
                           "data/hard.db", "data/dangling.db", "data/dangling.db/x"}) {
    SCOPED_TRACE(name);
    const auto refused = access.check(settings(name), kSchema);
    ASSERT_FALSE(refused);
    if (told.empty()) told = refused.error().detail;
    EXPECT_EQ(refused.error().detail, told);
  }
  EXPECT_FALSE(access.check(R"({"file":"relative.db"})", kSchema));
  EXPECT_FALSE(access.check(R"({"file":""})", kSchema));
  EXPECT_FALSE(access.check(R"({"more":[{"at":"/etc/passwd"}]})", kSchema));
  EXPECT_TRUE(access.check(R"({"table":"/etc/passwd"})", kSchema)) << "no file, says the schema";
  EXPECT_FALSE(FileAccess({}, FileAccess::Paths{}).check(settings("data/shop.db"), kSchema));
}

}  // namespace
}  // namespace sluice::config
