// SPDX-License-Identifier: Apache-2.0
#pragma once
// Log: what the node tells its operator, a line each. Any thread writes; one background thread does
// the output. The queue between them is bounded: when the disk is too slow the oldest lines go, and
// the log says how many. The only room that knows spdlog.

#include <sluice/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

namespace sluice::observe {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kCritical };  // as sluice_host.log

class Log {
 public:
  struct Options {
    Level level = Level::kInfo;  // lines below it are left out
    std::filesystem::path file;  // appended to; empty = stderr
    std::size_t queue_lines = 8'192;
    std::function<void(std::string_view line)> sink;  // instead of file; called on the log's thread
  };
  static Result<std::unique_ptr<Log>> make(const Options& options);

  ~Log();  // writes what is queued
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // "2024-06-07T12:00:00.123Z warn  plugin: text". Line breaks and other control characters in the
  // text are escaped, so that nobody can forge a line. [any] never waits for the disk
  void write(Level level, std::string_view component, std::string_view text) noexcept;

  bool is_on(Level level) const noexcept;  // [any]
  std::uint64_t dropped_lines() const;     // [any]

 private:
  struct Held;
  explicit Log(std::unique_ptr<Held> held);
  std::unique_ptr<Held> held_;
};

}  // namespace sluice::observe
