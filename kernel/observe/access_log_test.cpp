// SPDX-License-Identifier: Apache-2.0
#include "observe/access_log.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice::observe {
namespace {

class AccessLogTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    options_.file = std::filesystem::path(testing::TempDir()) /
                    ("sluice-access-" + std::string(test->name()) + ".log");
    std::filesystem::remove(options_.file);
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove(options_.file, ignored);
  }
  std::string read() const {
    std::ifstream file(options_.file, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  AccessLog::Options options_;
};

TEST_F(AccessLogTest, WritesOneJsonLineACall) {
  constexpr std::uint64_t kTime = 1'717'761'600'045'999'999;  // 2024-06-07T12:00:00.045999999Z
  const struct {
    const char* name;
    AccessLine line;
    std::string json;
  } cases[] = {
      {"all",
       {kTime, "GET", "/v1/users", 200, 1234, 56, "alice", "api-1", "REQ", "A401IK", "expired"},
       R"({"time":"2024-06-07T12:00:00.045Z","method":"GET","path":"/v1/users","status":200,)"
       R"("durationUs":1234,"bytes":56,"consumer":"alice","api":"api-1","requestId":"REQ",)"
       R"("errCode":"A401IK","reason":"expired"})"
       "\n"},
      {"nobody",
       {0, "", "", 0, 0, 0, "", "", "", ""},
       R"({"time":"1970-01-01T00:00:00.000Z","method":"","path":"","status":0,"durationUs":0,)"
       R"("bytes":0})"
       "\n"},
      {"no query string",
       {0, "GET", "/a?api_key=secret", 200, 0, 0, "", "", "", ""},
       R"({"time":"1970-01-01T00:00:00.000Z","method":"GET","path":"/a","status":200,)"
       R"("durationUs":0,"bytes":0})"
       "\n"},
      {"escaped",
       {0, "G\"\\\n", "/\x01\x7f\xff\xc3\xbc\xe2\x82", 1, 2, 3, "", "", "", ""},
       R"({"time":"1970-01-01T00:00:00.000Z","method":"G\"\\\u000a",)"
       "\"path\":\"/\\u0001\\u007f\\ufffd\xc3\xbc\\ufffd\\ufffd\",\"status\":1,\"durationUs\":2,"
       "\"bytes\":3}\n"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    std::filesystem::remove(options_.file);
    auto log = AccessLog::make(options_);
    ASSERT_TRUE(log);
    const auto shard = (*log)->open_shard();
    shard->append(c.line);
    shard->flush();
    (*log)->wait_until_written();
    EXPECT_EQ(read(), c.json);
  }
}

TEST_F(AccessLogTest, EscapesEveryByteWhereverItStands) {
  constexpr std::size_t kWidth = 20;  // more than two looks of eight bytes
  auto log = AccessLog::make(options_);
  ASSERT_TRUE(log);
  std::string expected;
  {
    const auto shard = (*log)->open_shard();
    for (unsigned byte = 0; byte < 0x80; ++byte) {
      std::string escape(1, static_cast<char>(byte));
      char text[8];
      std::snprintf(text, sizeof text, "\\u%04x", byte);
      if (byte < 0x20 || byte == 0x7f) escape = text;
      if (byte == '"' || byte == '\\') escape.insert(0, 1, '\\');
      for (std::size_t at = 0; at < kWidth; ++at) {
        std::string method(kWidth, 'm');
        method[at] = static_cast<char>(byte);
        shard->append({.method = method});
        std::string told(kWidth, 'm');
        told.replace(at, 1, escape);
        expected += R"({"time":"1970-01-01T00:00:00.000Z","method":")" + told +
                    R"(","path":"","status":0,"durationUs":0,"bytes":0})" + "\n";
      }
      shard->flush();
      (*log)->wait_until_written();
    }
  }
  EXPECT_EQ(read(), expected);
}

TEST_F(AccessLogTest, ALineHasABoundWhateverTheClientSends) {
  const std::string hostile(100'000, '\x01');
  AccessLine line;
  line.method = line.path = line.consumer = line.api_id = line.request_id = line.error_code =
      hostile;
  line.status = 2'147'483'647;
  line.duration_us = line.bytes = line.time_ns = UINT64_MAX;
  options_.buffer_bytes = 1;  // the least there is: room for one line
  {
    auto log = AccessLog::make(options_);
    ASSERT_TRUE(log);
    const auto shard = (*log)->open_shard();
    for (int i = 0; i < 3; ++i) {
      shard->append(line);
      (*log)->wait_until_written();
    }
  }
  const std::string text = read();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_GT(text.size(), 3u * 6u * 3'000u);
  EXPECT_LT(text.size(), 3u * 6u * 3'500u);
}

TEST_F(AccessLogTest, WritesEverythingOfEveryThread) {
  constexpr int kThreads = 4, kLines = 5'000;
  options_.buffers_per_shard = 200;  // enough that nothing is dropped
  {
    auto log = AccessLog::make(options_);
    ASSERT_TRUE(log);
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&log = **log] {
        const auto shard = log.open_shard();
        for (int i = 0; i < kLines; ++i) {
          shard->append({1, "GET", "/x", 200, 1, 2, "alice", "api-1", "r", ""});
          if (i % 100 == 0) shard->flush();
        }
      });
    }
    threads.clear();
    EXPECT_EQ((*log)->dropped_lines(), 0u);
  }
  const std::string text = read();
  const std::string line =
      R"({"time":"1970-01-01T00:00:00.000Z","method":"GET","path":"/x","status":200,)"
      R"("durationUs":1,"bytes":2,"consumer":"alice","api":"api-1","requestId":"r"})"
      "\n";
  ASSERT_EQ(text.size(), line.size() * kThreads * kLines);
  for (std::size_t at = 0; at < text.size(); at += line.size()) {
    ASSERT_EQ(std::string_view(text).substr(at, line.size()), line) << "at " << at;
  }
}

TEST_F(AccessLogTest, DropsAndCountsWhenTheDiskIsTooSlow) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_GT(::fcntl(ends[1], F_SETPIPE_SZ, 4'096), 0);
  options_.buffers_per_shard = 2;
  auto log = AccessLog::make_for_descriptor(ends[1], options_);
  std::uint64_t appended = 0;
  {
    const auto shard = log->open_shard();
    // Nobody reads the pipe: sooner or later both buffers are full, and append() still returns.
    while (log->dropped_lines() < 10) {
      shard->append({1, "GET", "/x", 200, 1, 2, "", "", "", ""});
      ASSERT_LT(++appended, 100'000u);
    }
  }
  std::string text;
  std::jthread reader([&] {
    char piece[4'096];
    for (ssize_t n; (n = ::read(ends[0], piece, sizeof piece)) > 0;) {
      text.append(piece, std::size_t(n));
    }
  });
  log.reset();  // closes the writing end, so the reader comes to its end
  reader.join();
  ::close(ends[0]);
  const auto lines = std::uint64_t(std::count(text.begin(), text.end(), '\n'));
  EXPECT_NE(text.find("{\"dropped\":10}\n"), std::string::npos);
  EXPECT_EQ(lines - 1, appended - 10);
}

TEST_F(AccessLogTest, SaysThatItsFileCannotBeWritten) {
  options_.file = "/dev/null/x.log";
  auto log = AccessLog::make(options_);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().detail.find("/dev/null/x.log"), std::string::npos);
}

}  // namespace
}  // namespace sluice::observe
