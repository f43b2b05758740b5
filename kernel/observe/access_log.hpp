// SPDX-License-Identifier: Apache-2.0
#pragma once
// AccessLog: one JSON line a call. Each I/O thread owns a shard and writes into its flat buffer
// without allocating or locking; full or aged buffers go to one writer thread. There are only so
// many buffers: when the disk is too slow, lines are dropped and the log says how many.

#include <sluice/result.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>

namespace sluice::observe {

// What is told of a call. Borrowed for append(). Never a credential, never the query string.
struct AccessLine {
  std::uint64_t time_ns = 0;  // CLOCK_REALTIME at the call's start
  std::string_view method, path;
  int status = 0;
  std::uint64_t duration_us = 0;
  std::uint64_t bytes = 0;  // of the response body
  std::string_view consumer, api_id, request_id, error_code;
  std::string_view reason;  // an authenticator's exact one for a refusal; for operators only
};

class AccessLog {
 private:
  struct Shared;
  struct Buffer;

 public:
  struct Options {
    std::filesystem::path file;  // appended to; empty = stderr
    std::size_t buffer_bytes = 64u << 10;
    unsigned buffers_per_shard = 4;  // one being filled, the others on their way
  };

  // One I/O thread's part. [io] of that thread only.
  class Shard {
   public:
    ~Shard();  // hands over what it holds
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    void append(const AccessLine& line) noexcept;
    void flush() noexcept;  // hands over a buffer that is not full; call it about every 200 ms

   private:
    friend class AccessLog;
    explicit Shard(std::shared_ptr<Shared> shared);
    bool hand_over() noexcept;

    std::shared_ptr<Shared> shared_;
    std::unique_ptr<Buffer> buffer_;
    std::uint64_t second_ = UINT64_MAX;  // whose text is in second_text_
    char second_text_[20] = {};
  };

  static Result<std::unique_ptr<AccessLog>> make(const Options& options);
  // The same for a descriptor that somebody else opened; it is closed at the end.
  static std::unique_ptr<AccessLog> make_for_descriptor(int fd, const Options& options);

  ~AccessLog();  // writes what was handed over
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  std::unique_ptr<Shard> open_shard();           // [any]
  void wait_until_written();                     // [ctl] everything handed over so far
  std::uint64_t dropped_lines() const noexcept;  // [any]

 private:
  explicit AccessLog(std::shared_ptr<Shared> shared);

  std::shared_ptr<Shared> shared_;
  std::jthread writer_;
};

}  // namespace sluice::observe
