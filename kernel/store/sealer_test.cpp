// SPDX-License-Identifier: Apache-2.0
#include "store/sealer.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

Sealer::Key make_key(unsigned char byte) {
  Sealer::Key key;
  key.fill(byte);
  return key;
}

TEST(Sealer, OpensWhatItSealedForTheSamePlace) {
  const Sealer sealer(make_key(1));
  for (const std::string& secret :
       {std::string(), std::string("s"), std::string("\0\xff", 2), std::string(100'000, 'x')}) {
    const auto sealed = sealer.seal(secret, "credential/c1");
    ASSERT_TRUE(sealed);
    EXPECT_TRUE(sealed->starts_with("sealed:v1:"));
    const auto opened = sealer.open(*sealed, "credential/c1");
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_EQ(*opened, secret);
  }
  EXPECT_NE(*sealer.seal("s", "p"), *sealer.seal("s", "p")) << "a nonce is never used twice";
}

TEST(Sealer, RefusesAnotherPlaceAnotherKeyAndEveryChangedCharacter) {
  const Sealer sealer(make_key(1));
  const std::string sealed = *sealer.seal("secret", "credential/c1");
  EXPECT_FALSE(sealer.open(sealed, "credential/c2"));
  const auto other = Sealer(make_key(2)).open(sealed, "credential/c1");
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().detail.find("give the key file"), std::string::npos);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == '0' ? '1' : '0';
    const auto opened = sealer.open(changed, "credential/c1");
    ASSERT_FALSE(opened) << i;
    EXPECT_EQ(opened.error().status, SLUICE_E_CONFIG);
    EXPECT_EQ(opened.error().detail.find("secret"), std::string::npos);
  }
  for (const char* text : {"", "secret", "sealed:v1:", "sealed:v2:x:y"}) {
    EXPECT_FALSE(sealer.open(text, "credential/c1")) << text;
  }
}

class KeyFileTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              ("sluice-key-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    file_ = folder_ / "deep" / "secret.key";
  }
  void TearDown() override { fs::remove_all(folder_); }
  void write(const std::string& text, mode_t mode = 0600) {
    fs::create_directories(file_.parent_path());
    fs::remove(file_);
    std::ofstream(file_) << text;
    ::chmod(file_.c_str(), mode);
  }
  fs::path folder_, file_;
};

TEST_F(KeyFileTest, IsMadeOnceForItsOwnerOnly) {
  const auto made = load_key(file_, KeyFile::kMayMake);
  ASSERT_TRUE(made) << made.error().detail;
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(status.st_size, 65);
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), {}), 1) << "nothing else";
  EXPECT_EQ(*load_key(file_, KeyFile::kMayMake), *made);
  EXPECT_EQ(*load_key(file_, KeyFile::kMustExist), *made);
  fs::remove(file_);
  EXPECT_NE(*load_key(file_, KeyFile::kMayMake), *made) << "never a key that is built in";
}

TEST_F(KeyFileTest, IsRefusedWhenItIsNotWhatItShouldBe) {
  const std::string good(64, 'a');
  const struct {
    const char* name;
    std::string text;
    mode_t mode;
    const char* says;
  } cases[] = {
      {"good", good + "\n", 0600, ""},
      {"good, no line end", good, 0400, ""},
      {"readable by the group", good, 0640, "chmod 600"},
      {"readable by all", good, 0644, "chmod 600"},
      {"writable by others", good, 0602, "chmod 600"},
      {"short", good.substr(1), 0600, "64 hexadecimal digits"},
      {"long", good + "a", 0600, "64 hexadecimal digits"},
      {"upper case", std::string(64, 'A'), 0600, "64 hexadecimal digits"},
      {"empty", "", 0600, "64 hexadecimal digits"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    write(c.text, c.mode);
    const auto key = load_key(file_, KeyFile::kMayMake);
    EXPECT_EQ(key.ok(), std::string_view(c.says).empty());
    if (!key) {
      EXPECT_NE(key.error().detail.find(c.says), std::string::npos) << key.error().detail;
    }
  }
  fs::remove(file_);
  const auto gone = load_key(file_, KeyFile::kMustExist);
  ASSERT_FALSE(gone);
  EXPECT_NE(gone.error().detail.find("put it back"), std::string::npos);
  EXPECT_FALSE(fs::exists(file_));
  fs::create_directories(file_);
  EXPECT_FALSE(load_key(file_, KeyFile::kMayMake)) << "a folder";
}

}  // namespace
}  // namespace sluice::store
