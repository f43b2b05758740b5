// SPDX-License-Identifier: Apache-2.0
#include "observe/log.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <string>

namespace sluice::observe {

namespace {

constexpr std::size_t kTextBytesMax = 16u << 10;

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kCritical:
      return spdlog::level::critical;
  }
  return spdlog::level::critical;
}

std::unique_ptr<spdlog::formatter> make_formatter() {
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-8l %v",
                                                     spdlog::pattern_time_type::utc);
}

void append_escaped(std::string& line, std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      line.append("\\x").push_back(kDigits[byte >> 4]);
      line += kDigits[byte & 15];
    } else {
      line += c;
    }
  }
}

// Hands formatted lines to a function.
class FunctionSink final : public spdlog::sinks::sink {
 public:
  explicit FunctionSink(std::function<void(std::string_view)> write) : write_(std::move(write)) {}
  void log(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    write_({line.data(), line.size()});
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    formatter_ = std::move(formatter);
  }

 private:
  std::function<void(std::string_view)> write_;
  std::unique_ptr<spdlog::formatter> formatter_ = make_formatter();
};

// Before a line, says how many were lost on the way. Called on the log's thread only.
class LossReporter final : public spdlog::sinks::sink {
 public:
  explicit LossReporter(std::shared_ptr<spdlog::sinks::sink> next) : next_(std::move(next)) {}
  void watch(spdlog::details::thread_pool* pool) { pool_ = pool; }

  void log(const spdlog::details::log_msg& message) override {
    const std::size_t lost = pool_->overrun_counter();
    if (lost != told_) {
      const std::string text =
          "log: " + std::to_string(lost - told_) + " lines were dropped, the output is too slow";
      told_ = lost;
      next_->log(spdlog::details::log_msg("", spdlog::level::warn, text));
    }
    next_->log(message);
  }
  void flush() override { next_->flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    next_->set_formatter(std::move(formatter));
  }

 private:
  std::shared_ptr<spdlog::sinks::sink> next_;
  spdlog::details::thread_pool* pool_ = nullptr;
  std::size_t told_ = 0;
};

}  // namespace

// The pool goes first, which writes what is queued; the logger is ours alone and in no registry.
struct Log::Held {
  std::shared_ptr<spdlog::async_logger> logger;
  std::shared_ptr<spdlog::details::thread_pool> pool;
};

Log::Log(std::unique_ptr<Held> held) : held_(std::move(held)) {}
Log::~Log() = default;

Result<std::unique_ptr<Log>> Log::make(const Options& options) try {
  std::shared_ptr<spdlog::sinks::sink> target;
  if (options.sink) {
    target = std::make_shared<FunctionSink>(options.sink);
  } else if (options.file.empty()) {
    target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  } else {
    target = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file.string());
  }
  auto reporter = std::make_shared<LossReporter>(std::move(target));
  auto held = std::make_unique<Held>();
  held->pool = std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1);
  reporter->watch(held->pool.get());
  held->logger = std::make_shared<spdlog::async_logger>(
      "sluice", reporter, held->pool, spdlog::async_overflow_policy::overrun_oldest);
  held->logger->set_formatter(make_formatter());
  held->logger->set_level(to_spdlog(options.level));
  held->logger->flush_on(spdlog::level::trace);
  return std::unique_ptr<Log>(new Log(std::move(held)));
} catch (const spdlog::spdlog_ex& e) {
  return Error{SLUICE_E_UNAVAILABLE,
               "the log file " + options.file.string() +
                   " cannot be written; check log.file and the permissions of its folder",
               e.what(),
               {}};
}

void Log::write(Level level, std::string_view component, std::string_view text) noexcept try {
  const auto wanted = to_spdlog(level);
  if (!held_->logger->should_log(wanted)) return;
  std::string line;
  line.reserve(component.size() + text.size() + 2);
  append_escaped(line, component);
  line += ": ";
  append_escaped(line, text.substr(0, kTextBytesMax));
  if (text.size() > kTextBytesMax) line += "...";
  held_->logger->log(wanted, spdlog::string_view_t(line.data(), line.size()));
} catch (...) {
  // A log that fails must not fail what is being logged.
}

bool Log::is_on(Level level) const noexcept { return held_->logger->should_log(to_spdlog(level)); }

std::uint64_t Log::dropped_lines() const { return held_->pool->overrun_counter(); }

}  // namespace sluice::observe
