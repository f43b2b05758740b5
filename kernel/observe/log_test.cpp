// SPDX-License-Identifier: Apache-2.0
#include "observe/log.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <latch>
#include <string>

namespace sluice::observe {
namespace {

// Lines without their time: "warn     a: b\n".
std::string cut_time(std::string_view line) {
  return std::string(line.substr(std::string_view("2024-06-07T12:00:00.123Z ").size()));
}

TEST(Log, WritesOneLineThatNobodyCanForge) {
  const struct {
    const char* name;
    Level level;
    std::string component, text, line;
  } cases[] = {
      {"plain", Level::kInfo, "main", "ready", "info     main: ready\n"},
      {"forged", Level::kWarn, "plugin", "x\n2024 info: y\r\x1b[31m",
       "warning  plugin: x\\n2024 info: y\\x0d\\x1b[31m\n"},
      {"component", Level::kError, "a\nb", "", "error    a\\nb: \n"},
      {"format characters", Level::kCritical, "c", "{} %s {0}", "critical c: {} %s {0}\n"},
      {"UTF-8", Level::kInfo, "c", "gr\u00fc\u00df", "info     c: gr\u00fc\u00df\n"},
      {"long", Level::kInfo, "c", std::string(20'000, 'x'),
       "info     c: " + std::string(16'384, 'x') + "...\n"},
      {"below the level", Level::kDebug, "c", "quiet", ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::string seen;
    Log::Options options;
    options.sink = [&](std::string_view line) { seen += cut_time(line); };
    {
      auto log = Log::make(options);
      ASSERT_TRUE(log);
      (*log)->write(c.level, c.component, c.text);
    }
    EXPECT_EQ(seen, c.line);
  }
}

TEST(Log, DropsTheOldestAndSaysHowMany) {
  std::latch is_blocked(1), may_go(1);
  std::string seen;
  Log::Options options;
  options.queue_lines = 4;
  options.sink = [&](std::string_view line) {
    if (seen.empty()) {
      is_blocked.count_down();
      may_go.wait();
    }
    seen += cut_time(line);
  };
  {
    auto log = Log::make(options);
    ASSERT_TRUE(log);
    (*log)->write(Level::kInfo, "c", "first");
    is_blocked.wait();
    for (int i = 0; i < 10; ++i) (*log)->write(Level::kInfo, "c", std::to_string(i));
    EXPECT_EQ((*log)->dropped_lines(), 6u);
    may_go.count_down();
  }
  EXPECT_EQ(seen,
            "info     c: first\n"
            "warning  log: 6 lines were dropped, the output is too slow\n"
            "info     c: 6\ninfo     c: 7\ninfo     c: 8\ninfo     c: 9\n");
}

TEST(Log, AppendsToItsFile) {
  const auto file = std::filesystem::path(testing::TempDir()) / "sluice-log-test.log";
  std::filesystem::remove(file);
  for (const char* text : {"one", "two"}) {
    Log::Options options;
    options.file = file;
    auto log = Log::make(options);
    ASSERT_TRUE(log);
    EXPECT_TRUE((*log)->is_on(Level::kInfo));
    EXPECT_FALSE((*log)->is_on(Level::kDebug));
    (*log)->write(Level::kInfo, "c", text);
  }
  std::ifstream stream(file);
  std::string one, two;
  std::getline(stream, one);
  std::getline(stream, two);
  EXPECT_EQ(cut_time(one), "info     c: one");
  EXPECT_EQ(cut_time(two), "info     c: two");
  std::filesystem::remove(file);
}

TEST(Log, SaysThatItsFileCannotBeWritten) {
  Log::Options options;
  options.file = "/dev/null/x.log";
  auto log = Log::make(options);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().detail.find("/dev/null/x.log"), std::string::npos);
}

}  // namespace
}  // namespace sluice::observe
