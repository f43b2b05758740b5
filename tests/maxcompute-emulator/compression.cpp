// SPDX-License-Identifier: Apache-2.0
#include "compression.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#include "records.hpp"
#include "text.hpp"

namespace emulator {
namespace {

constexpr std::size_t kBlockMax = 65536;
constexpr std::size_t kDecodedBytesMax = 512U << 20;

void append_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

class DeflateStream final : public BodyStream {
 public:
  explicit DeflateStream(std::unique_ptr<BodyStream> plain) : plain_(std::move(plain)) {
    if (deflateInit(&zlib_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::runtime_error("zlib failed");
  }
  ~DeflateStream() override { deflateEnd(&zlib_); }
  DeflateStream(const DeflateStream&) = delete;
  DeflateStream& operator=(const DeflateStream&) = delete;

  bool next(std::string& piece) override {
    if (done_) return false;
    std::string raw;
    const bool more = plain_->next(raw);
    zlib_.next_in = reinterpret_cast<Bytef*>(raw.data());
    zlib_.avail_in = static_cast<uInt>(raw.size());
    std::array<char, 32768> buffer{};
    do {
      zlib_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      zlib_.avail_out = static_cast<uInt>(buffer.size());
      deflate(&zlib_, more ? Z_NO_FLUSH : Z_FINISH);
      piece.append(buffer.data(), buffer.size() - zlib_.avail_out);
    } while (zlib_.avail_out == 0);
    done_ = !more;
    return true;
  }

 private:
  std::unique_ptr<BodyStream> plain_;
  z_stream zlib_{};
  bool done_ = false;
};

// Formats that are a head, blocks and an end.
class FramedStream : public BodyStream {
 public:
  explicit FramedStream(std::unique_ptr<BodyStream> plain) : plain_(std::move(plain)) {}

  bool next(std::string& piece) override {
    if (done_) return false;
    if (!begun_) piece += head();
    begun_ = true;
    std::string raw;
    if (!plain_->next(raw)) {
      piece += tail();
      done_ = true;
      return true;
    }
    for (std::size_t at = 0; at < raw.size(); at += kBlockMax) {
      add_block(piece, std::string_view(raw).substr(at, kBlockMax));
    }
    return true;
  }

 protected:
  virtual std::string head() const = 0;
  virtual void add_block(std::string& out, std::string_view block) const = 0;
  virtual std::string tail() const = 0;

 private:
  std::unique_ptr<BodyStream> plain_;
  bool begun_ = false;
  bool done_ = false;
};

class SnappyStream final : public FramedStream {
 public:
  using FramedStream::FramedStream;

 private:
  std::string head() const override { return std::string("\xff\x06\x00\x00sNaPpY", 10); }
  std::string tail() const override { return {}; }
  void add_block(std::string& out, std::string_view block) const override {
    Crc32c crc;
    crc.update(block);
    const std::uint32_t sum = crc.value();
    out += '\1';  // an uncompressed chunk
    append_le(out, static_cast<std::uint32_t>(block.size() + 4), 3);
    append_le(out, (sum >> 15 | sum << 17) + 0xa282ead8U, 4);
    out += block;
  }
};

class Lz4Stream final : public FramedStream {
 public:
  using FramedStream::FramedStream;

 private:
  // Version 1, independent blocks of at most 64 KB, no checksums; 0x82 is this descriptor's.
  std::string head() const override { return std::string("\x04\x22\x4d\x18\x60\x40\x82", 7); }
  std::string tail() const override { return std::string(4, '\0'); }
  void add_block(std::string& out, std::string_view block) const override {
    append_le(out, static_cast<std::uint32_t>(block.size()) | 0x80000000U, 4);
    out += block;
  }
};

class ZstandardStream final : public FramedStream {
 public:
  using FramedStream::FramedStream;

 private:
  // Magic, no content size, a window of 128 KB.
  std::string head() const override { return std::string("\x28\xb5\x2f\xfd\x00\x38", 6); }
  std::string tail() const override { return std::string("\x01\x00\x00", 3); }
  void add_block(std::string& out, std::string_view block) const override {
    append_le(out, static_cast<std::uint32_t>(block.size()) << 3, 3);
    out += block;
  }
};

}  // namespace

std::string choose_encoding(std::string_view accepted) {
  const auto wishes = split(to_lower(accepted), ',');
  for (const std::string& wish : wishes) {
    const std::string name(trim(std::string_view(wish).substr(0, wish.find(';'))));
    if (name == "gzip") return {};
    for (const std::string_view known : {"deflate", "x-snappy-framed", "x-lz4-frame", "zstd"}) {
      if (name == known && wishes.size() == 1) return name;
    }
  }
  return {};
}

std::unique_ptr<BodyStream> encode(std::unique_ptr<BodyStream> plain, std::string_view encoding) {
  if (encoding == "deflate") return std::make_unique<DeflateStream>(std::move(plain));
  if (encoding == "x-snappy-framed") return std::make_unique<SnappyStream>(std::move(plain));
  if (encoding == "x-lz4-frame") return std::make_unique<Lz4Stream>(std::move(plain));
  if (encoding == "zstd") return std::make_unique<ZstandardStream>(std::move(plain));
  return plain;
}

std::optional<std::string> decode(std::string_view bytes, std::string_view encoding) {
  if (encoding.empty() || encoding == "identity") return std::string(bytes);
  if (encoding != "deflate") return std::nullopt;
  z_stream zlib{};
  if (inflateInit(&zlib) != Z_OK) return std::nullopt;
  std::string plain;
  std::array<char, 32768> buffer{};
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  int code = Z_OK;
  while (code == Z_OK && plain.size() < kDecodedBytesMax) {
    zlib.next_out = reinterpret_cast<Bytef*>(buffer.data());
    zlib.avail_out = static_cast<uInt>(buffer.size());
    code = inflate(&zlib, Z_NO_FLUSH);
    plain.append(buffer.data(), buffer.size() - zlib.avail_out);
  }
  inflateEnd(&zlib);
  if (code != Z_STREAM_END) return std::nullopt;
  return plain;
}

}  // namespace emulator
