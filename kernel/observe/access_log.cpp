// SPDX-License-Identifier: Apache-2.0
#include "observe/access_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>

namespace sluice::observe {

namespace {

constexpr std::size_t kPathBytesMax = 2'048;
constexpr std::size_t kFieldBytesMax = 256;
// A byte becomes six at most (\u00ff), and there are six fields beside the path.
constexpr std::size_t kLineBytesMax = 6 * (kPathBytesMax + 6 * kFieldBytesMax) + 512;

// Length of the UTF-8 sequence at the start of `text`, 0 when it is none.
std::size_t measure_utf8(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  const std::size_t n = first < 0x80                     ? 1
                        : first >= 0xc2 && first <= 0xdf ? 2
                        : first >= 0xe0 && first <= 0xef ? 3
                        : first >= 0xf0 && first <= 0xf4 ? 4
                                                         : 0;
  if (n == 0 || n > text.size()) return 0;
  for (std::size_t i = 1; i < n; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  if ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f) ||
      (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f)) {
    return 0;
  }
  return n;
}

constexpr std::uint64_t repeat(unsigned char byte) { return 0x0101010101010101u * byte; }

// The high bit of every byte of `word` that is zero; exact for the lowest such byte, which is what
// a test for "none" and a count from the front need.
constexpr std::uint64_t find_zero(std::uint64_t word) {
  return (word - repeat(1)) & ~word & repeat(0x80);
}

// How many bytes at the start of `text` stand for themselves in a JSON string. Nearly all do, so
// they are looked at eight at a time: byte by byte a line took 2,900 instructions.
std::size_t count_plain(std::string_view text) noexcept {
  std::size_t n = 0;
  for (; text.size() - n >= 8; n += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + n, 8);
    const std::uint64_t special = (word & repeat(0x80)) | find_zero(word & repeat(0xe0)) |
                                  find_zero(word ^ repeat('"')) | find_zero(word ^ repeat('\\')) |
                                  find_zero(word ^ repeat(0x7f));
    if (special != 0) break;
  }
  for (; n < text.size(); ++n) {
    const auto byte = static_cast<unsigned char>(text[n]);
    if (byte < 0x20 || byte >= 0x7f || byte == '"' || byte == '\\') break;
  }
  return n;
}

// Writes into memory that is known to be large enough.
class Pen {
 public:
  explicit Pen(char* at) : at_(at) {}
  char* at() const noexcept { return at_; }

  void raw(std::string_view text) noexcept {
    at_ = std::copy_n(text.data(), text.size(), at_);  // memcpy may not be given a null pointer
  }
  void number(std::uint64_t value) noexcept { at_ = std::to_chars(at_, at_ + 20, value).ptr; }

  void text(std::string_view text, std::size_t bytes_max) noexcept {
    static constexpr char kDigits[] = "0123456789abcdef";
    text = text.substr(0, bytes_max);
    *at_++ = '"';
    for (;;) {
      const auto plain = count_plain(text);
      raw(text.substr(0, plain));
      text.remove_prefix(plain);
      if (text.empty()) break;
      const auto byte = static_cast<unsigned char>(text[0]);
      std::size_t n = 1;
      if (byte == '"' || byte == '\\') {
        *at_++ = '\\';
        *at_++ = text[0];
      } else if (byte < 0x20 || byte == 0x7f) {
        raw("\\u00");
        *at_++ = kDigits[byte >> 4];
        *at_++ = kDigits[byte & 15];
      } else if ((n = measure_utf8(text)) == 0) {
        raw("\\ufffd");
        n = 1;
      } else {
        raw(text.substr(0, n));
      }
      text.remove_prefix(n);
    }
    *at_++ = '"';
  }

 private:
  char* at_;
};

bool write_all(int fd, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(std::size_t(n));
  }
  return true;
}

}  // namespace

struct AccessLog::Buffer {
  std::vector<char> bytes;
  std::size_t used = 0;
  std::uint64_t lines = 0;
};

struct AccessLog::Shared {
  Shared(int descriptor, const Options& asked) : fd(descriptor), options(asked) {
    options.buffer_bytes = std::max(options.buffer_bytes, kLineBytesMax);
    options.buffers_per_shard = std::max(options.buffers_per_shard, 2u);
  }
  ~Shared() {
    if (fd > STDERR_FILENO) ::close(fd);
  }

  void run(const std::stop_token& stop) {
    std::uint64_t told = 0;
    for (;;) {
      std::unique_lock lock(mutex);
      changed.wait(lock, stop, [&] { return !full.empty(); });
      if (full.empty()) return;  // asked to stop, and everything is written
      auto buffer = std::move(full.front());
      full.erase(full.begin());
      is_writing = true;
      lock.unlock();

      if (!write_all(fd, {buffer->bytes.data(), buffer->used})) dropped += buffer->lines;
      if (const std::uint64_t lost = dropped; lost != told) {
        const std::string line = "{\"dropped\":" + std::to_string(lost - told) + "}\n";
        if (write_all(fd, line)) told = lost;
      }
      buffer->used = 0;
      buffer->lines = 0;

      lock.lock();
      is_writing = false;
      free.push_back(std::move(buffer));
      lock.unlock();
      written.notify_all();
    }
  }

  int fd;
  Options options;
  std::atomic<std::uint64_t> dropped = 0;

  std::mutex mutex;  // guards what follows; never held while writing to the disk
  std::condition_variable_any changed;
  std::condition_variable_any written;
  std::vector<std::unique_ptr<Buffer>> full;  // oldest first; there are few
  std::vector<std::unique_ptr<Buffer>> free;
  std::size_t buffers = 0;  // in all: the bound of both lists
  bool is_writing = false;
};

AccessLog::Shard::Shard(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

AccessLog::Shard::~Shard() {
  if (buffer_->used == 0) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->full.push_back(std::move(buffer_));
  }
  shared_->changed.notify_one();
}

// Swaps the buffer for an empty one; false when all are on their way.
bool AccessLog::Shard::hand_over() noexcept {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->free.empty()) return false;
    auto empty = std::move(shared_->free.back());
    shared_->free.pop_back();
    shared_->full.push_back(std::move(buffer_));
    buffer_ = std::move(empty);
  }
  shared_->changed.notify_one();
  return true;
}

void AccessLog::Shard::flush() noexcept {
  if (buffer_->used > 0) hand_over();
}

void AccessLog::Shard::append(const AccessLine& line) noexcept {
  if (buffer_->bytes.size() - buffer_->used < kLineBytesMax && !hand_over()) {
    shared_->dropped.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::uint64_t second = line.time_ns / 1'000'000'000;
  if (second != second_) {
    const auto time = static_cast<std::time_t>(second);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    std::strftime(second_text_, sizeof second_text_, "%Y-%m-%dT%H:%M:%S", &utc);
    second_ = second;
  }
  const std::uint64_t milliseconds = line.time_ns / 1'000'000 % 1'000;
  const char fraction[] = {'.', char('0' + milliseconds / 100), char('0' + milliseconds / 10 % 10),
                           char('0' + milliseconds % 10)};

  char* const start = buffer_->bytes.data() + buffer_->used;
  Pen pen(start);
  pen.raw("{\"time\":\"");
  pen.raw(second_text_);
  pen.raw({fraction, sizeof fraction});
  pen.raw("Z\",\"method\":");
  pen.text(line.method, kFieldBytesMax);
  pen.raw(",\"path\":");
  pen.text(line.path.substr(0, line.path.find('?')), kPathBytesMax);  // a query may hold a key
  pen.raw(",\"status\":");
  pen.number(std::uint64_t(line.status < 0 ? 0 : line.status));
  pen.raw(",\"durationUs\":");
  pen.number(line.duration_us);
  pen.raw(",\"bytes\":");
  pen.number(line.bytes);
  const struct {
    std::string_view name, value;
  } optional[] = {{",\"consumer\":", line.consumer},
                  {",\"api\":", line.api_id},
                  {",\"requestId\":", line.request_id},
                  {",\"errCode\":", line.error_code},
                  {",\"reason\":", line.reason}};
  for (const auto& field : optional) {
    if (field.value.empty()) continue;
    pen.raw(field.name);
    pen.text(field.value, kFieldBytesMax);
  }
  pen.raw("}\n");
  buffer_->used += std::size_t(pen.at() - start);
  ++buffer_->lines;
}

AccessLog::AccessLog(std::shared_ptr<Shared> shared)
    : shared_(std::move(shared)),
      writer_([shared = shared_](const std::stop_token& stop) { shared->run(stop); }) {}

AccessLog::~AccessLog() = default;

std::unique_ptr<AccessLog> AccessLog::make_for_descriptor(int fd, const Options& options) {
  return std::unique_ptr<AccessLog>(new AccessLog(std::make_shared<Shared>(fd, options)));
}

Result<std::unique_ptr<AccessLog>> AccessLog::make(const Options& options) {
  if (options.file.empty()) return make_for_descriptor(STDERR_FILENO, options);
  const int fd =
      ::open(options.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
  if (fd < 0) {
    return Error{SLUICE_E_UNAVAILABLE,
                 "the access log " + options.file.string() +
                     " cannot be written; check its path and the permissions of its folder",
                 std::generic_category().message(errno),
                 {}};
  }
  return make_for_descriptor(fd, options);
}

std::unique_ptr<AccessLog::Shard> AccessLog::open_shard() {
  const auto make_buffer = [&] {
    auto buffer = std::make_unique<Buffer>();
    buffer->bytes.resize(shared_->options.buffer_bytes);
    return buffer;
  };
  std::unique_ptr<Shard> shard(new Shard(shared_));
  shard->buffer_ = make_buffer();
  const std::lock_guard lock(shared_->mutex);
  for (unsigned i = 1; i < shared_->options.buffers_per_shard; ++i) {
    shared_->free.push_back(make_buffer());
  }
  // Room for all there are, so that no I/O thread ever allocates.
  shared_->buffers += shared_->options.buffers_per_shard;
  shared_->free.reserve(shared_->buffers);
  shared_->full.reserve(shared_->buffers);
  return shard;
}

void AccessLog::wait_until_written() {
  std::unique_lock lock(shared_->mutex);
  shared_->written.wait(lock, [&] { return shared_->full.empty() && !shared_->is_writing; });
}

std::uint64_t AccessLog::dropped_lines() const noexcept { return shared_->dropped; }

}  // namespace sluice::observe
