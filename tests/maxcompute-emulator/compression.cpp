// SPDX-License-Identifier: Apache-2.0
#include "compression.hpp"

#include <lz4frame.h>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>

#include "records.hpp"
#include "text.hpp"

namespace emulator {
namespace {

constexpr std::size_t kPieceBytes = 32'768;
constexpr std::size_t kDecodedBytesMax = 512U << 20;
constexpr std::string_view kSnappyHead("\xff\x06\x00\x00sNaPpY", 10);
constexpr std::size_t kSnappyBlockMax = 65'536;

// A coding: takes the plain pieces one after the other and what closes it.
class CodedStream : public BodyStream {
 public:
  explicit CodedStream(std::unique_ptr<BodyStream> plain) : plain_(std::move(plain)) {}

  bool next(std::string& piece) final {
    if (done_) return false;
    std::string raw;
    if (plain_->next(raw)) {
      add(piece, raw);
    } else {
      end(piece);
      done_ = true;
    }
    return true;
  }

 private:
  virtual void add(std::string& out, std::string_view raw) = 0;
  virtual void end(std::string& out) = 0;

  std::unique_ptr<BodyStream> plain_;
  bool done_ = false;
};

class DeflateStream final : public CodedStream {
 public:
  explicit DeflateStream(std::unique_ptr<BodyStream> plain) : CodedStream(std::move(plain)) {
    if (deflateInit(&zlib_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::runtime_error("zlib failed");
  }
  ~DeflateStream() override { deflateEnd(&zlib_); }

 private:
  void add(std::string& out, std::string_view raw) override { run(out, raw, Z_NO_FLUSH); }
  void end(std::string& out) override { run(out, {}, Z_FINISH); }
  void run(std::string& out, std::string_view raw, int flush) {
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
    zlib_.avail_in = static_cast<uInt>(raw.size());
    std::array<char, kPieceBytes> buffer{};
    do {
      zlib_.next_out = reinterpret_cast<Bytef*>(buffer.data());
      zlib_.avail_out = static_cast<uInt>(buffer.size());
      deflate(&zlib_, flush);
      out.append(buffer.data(), buffer.size() - zlib_.avail_out);
    } while (zlib_.avail_out == 0);
  }

  z_stream zlib_{};
};

std::uint32_t snappy_checksum(std::string_view block) {
  Crc32c crc;
  crc.update(block);
  return (crc.value() >> 15 | crc.value() << 17) + 0xa282ead8U;
}

// The library knows the blocks; the frame around them is google/snappy's framing_format.txt.
class SnappyStream final : public CodedStream {
 public:
  using CodedStream::CodedStream;

 private:
  void add(std::string& out, std::string_view raw) override {
    begin(out);
    std::string block;
    for (; !raw.empty(); raw.remove_prefix(std::min(raw.size(), kSnappyBlockMax))) {
      const auto plain = raw.substr(0, kSnappyBlockMax);
      snappy::Compress(plain.data(), plain.size(), &block);
      const bool is_smaller = block.size() < plain.size();
      const std::string_view kept = is_smaller ? std::string_view(block) : plain;
      out += is_smaller ? '\0' : '\1';
      append_le(out, static_cast<std::uint32_t>(kept.size() + 4), 3);
      append_le(out, snappy_checksum(plain), 4);
      out += kept;
    }
  }
  void end(std::string& out) override { begin(out); }
  void begin(std::string& out) {
    if (!std::exchange(begun_, true)) out += kSnappyHead;
  }
  static void append_le(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255);
  }

  bool begun_ = false;
};

class Lz4Stream final : public CodedStream {
 public:
  explicit Lz4Stream(std::unique_ptr<BodyStream> plain) : CodedStream(std::move(plain)) {
    if (LZ4F_isError(LZ4F_createCompressionContext(&lz4_, LZ4F_VERSION))) {
      throw std::runtime_error("lz4 failed");
    }
  }
  ~Lz4Stream() override { LZ4F_freeCompressionContext(lz4_); }

 private:
  void add(std::string& out, std::string_view raw) override {
    begin(out);
    for (; !raw.empty(); raw.remove_prefix(std::min(raw.size(), kPieceBytes))) {
      const auto part = raw.substr(0, kPieceBytes);
      buffer_.resize(LZ4F_compressBound(part.size(), nullptr));
      append(out, LZ4F_compressUpdate(lz4_, buffer_.data(), buffer_.size(), part.data(),
                                      part.size(), nullptr));
    }
  }
  void end(std::string& out) override {
    begin(out);
    buffer_.resize(LZ4F_compressBound(0, nullptr));
    append(out, LZ4F_compressEnd(lz4_, buffer_.data(), buffer_.size(), nullptr));
  }
  void begin(std::string& out) {
    if (std::exchange(begun_, true)) return;
    buffer_.resize(LZ4F_HEADER_SIZE_MAX);
    append(out, LZ4F_compressBegin(lz4_, buffer_.data(), buffer_.size(), nullptr));
  }
  void append(std::string& out, std::size_t made) {
    if (LZ4F_isError(made)) throw std::runtime_error("lz4 failed");
    out.append(buffer_.data(), made);
  }

  LZ4F_cctx* lz4_ = nullptr;
  std::string buffer_;
  bool begun_ = false;
};

class ZstandardStream final : public CodedStream {
 public:
  explicit ZstandardStream(std::unique_ptr<BodyStream> plain)
      : CodedStream(std::move(plain)), zstd_(ZSTD_createCCtx()) {
    if (zstd_ == nullptr) throw std::runtime_error("zstd failed");
  }
  ~ZstandardStream() override { ZSTD_freeCCtx(zstd_); }

 private:
  void add(std::string& out, std::string_view raw) override { run(out, raw, ZSTD_e_continue); }
  void end(std::string& out) override { run(out, {}, ZSTD_e_end); }
  void run(std::string& out, std::string_view raw, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{raw.data(), raw.size(), 0};
    std::array<char, kPieceBytes> buffer{};
    for (bool goes_on = true; goes_on;) {
      ZSTD_outBuffer made{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_compressStream2(zstd_, &made, &in, directive);
      if (ZSTD_isError(left)) throw std::runtime_error("zstd failed");
      out.append(buffer.data(), made.pos);
      goes_on = directive == ZSTD_e_end ? left > 0 : in.pos < in.size;
    }
  }

  ZSTD_CCtx* zstd_;
};

// -------------------------------------------------------------------------------------- reading

std::optional<std::string> decode_deflate(std::string_view bytes) {
  z_stream zlib{};
  if (inflateInit(&zlib) != Z_OK) return std::nullopt;
  std::string plain;
  std::array<char, kPieceBytes> buffer{};
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  zlib.avail_in = static_cast<uInt>(bytes.size());
  int code = Z_OK;
  while (code == Z_OK && plain.size() < kDecodedBytesMax) {
    zlib.next_out = reinterpret_cast<Bytef*>(buffer.data());
    zlib.avail_out = static_cast<uInt>(buffer.size());
    code = inflate(&zlib, Z_NO_FLUSH);
    plain.append(buffer.data(), buffer.size() - zlib.avail_out);
  }
  const bool is_whole = code == Z_STREAM_END && zlib.avail_in == 0;
  inflateEnd(&zlib);
  if (!is_whole) return std::nullopt;
  return plain;
}

std::optional<std::string> decode_snappy(std::string_view bytes) {
  if (!bytes.starts_with(kSnappyHead)) return std::nullopt;
  std::string plain, block;
  const auto take_le = [&bytes](std::size_t n) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < n; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    bytes.remove_prefix(n);
    return value;
  };
  while (!bytes.empty()) {
    if (bytes.size() < 4) return std::nullopt;
    const std::uint32_t kind = take_le(1), length = take_le(3);
    if (length > bytes.size()) return std::nullopt;
    const auto chunk = bytes.substr(0, length);
    if (kind == 0xff && chunk != kSnappyHead.substr(4)) return std::nullopt;
    if (kind > 1 && kind < 0x80) return std::nullopt;  // reserved, and not to be skipped
    if (kind > 1) {
      bytes.remove_prefix(length);
      continue;
    }
    if (length < 4) return std::nullopt;
    const std::uint32_t checksum = take_le(4);
    const auto data = chunk.substr(4);
    bytes.remove_prefix(data.size());
    std::size_t size = 0;
    if (kind == 1) {
      block = data;
    } else if (!snappy::GetUncompressedLength(data.data(), data.size(), &size) ||
               size > kSnappyBlockMax || !snappy::Uncompress(data.data(), data.size(), &block)) {
      return std::nullopt;
    }
    if (block.size() > kSnappyBlockMax || snappy_checksum(block) != checksum ||
        plain.size() + block.size() > kDecodedBytesMax) {
      return std::nullopt;
    }
    plain += block;
  }
  return plain;
}

std::optional<std::string> decode_lz4(std::string_view bytes) {
  LZ4F_dctx* lz4 = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION))) return std::nullopt;
  std::string plain;
  std::array<char, kPieceBytes> buffer{};
  std::size_t wanted = 1;  // of input; 0 at the end of the frame
  bool is_stuck = false;
  while (wanted != 0 && !is_stuck && plain.size() < kDecodedBytesMax) {
    std::size_t made = buffer.size(), taken = bytes.size();
    wanted = LZ4F_decompress(lz4, buffer.data(), &made, bytes.data(), &taken, nullptr);
    if (LZ4F_isError(wanted)) break;
    plain.append(buffer.data(), made);
    bytes.remove_prefix(taken);
    is_stuck = made == 0 && taken == 0;
  }
  LZ4F_freeDecompressionContext(lz4);
  if (wanted != 0 || !bytes.empty()) return std::nullopt;
  return plain;
}

std::optional<std::string> decode_zstandard(std::string_view bytes) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd(ZSTD_createDCtx(),
                                                                  &ZSTD_freeDCtx);
  std::string plain;
  std::array<char, kPieceBytes> buffer{};
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  for (std::size_t wanted = 1; wanted != 0;) {
    ZSTD_outBuffer made{buffer.data(), buffer.size(), 0};
    const std::size_t before = in.pos;
    wanted = ZSTD_decompressStream(zstd.get(), &made, &in);
    const bool is_stuck = made.pos == 0 && in.pos == before;
    if (ZSTD_isError(wanted) || (wanted != 0 && is_stuck) || plain.size() > kDecodedBytesMax) {
      return std::nullopt;
    }
    plain.append(buffer.data(), made.pos);
  }
  if (in.pos != in.size) return std::nullopt;
  return plain;
}

struct Coding {
  std::string_view name;
  std::unique_ptr<BodyStream> (*encode)(std::unique_ptr<BodyStream>);
  std::optional<std::string> (*decode)(std::string_view);
};

template <class Stream>
std::unique_ptr<BodyStream> make_stream(std::unique_ptr<BodyStream> plain) {
  return std::make_unique<Stream>(std::move(plain));
}

constexpr std::array kCodings{
    Coding{"deflate", make_stream<DeflateStream>, decode_deflate},
    Coding{"x-snappy-framed", make_stream<SnappyStream>, decode_snappy},
    Coding{"x-lz4-frame", make_stream<Lz4Stream>, decode_lz4},
    Coding{"x-odps-lz4-frame", make_stream<Lz4Stream>, decode_lz4},
    Coding{"zstd", make_stream<ZstandardStream>, decode_zstandard},
};

const Coding* find_coding(std::string_view name) {
  const auto found = std::find_if(kCodings.begin(), kCodings.end(), [&](const Coding& coding) {
    return equals_ignoring_case(coding.name, name);
  });
  return found == kCodings.end() ? nullptr : &*found;
}

}  // namespace

std::string choose_encoding(std::string_view accepted) {
  const auto wishes = split(accepted, ',');
  if (wishes.size() != 1) return {};
  const Coding* coding =
      find_coding(trim(std::string_view(wishes[0]).substr(0, wishes[0].find(';'))));
  return coding == nullptr ? std::string() : std::string(coding->name);
}

std::unique_ptr<BodyStream> encode(std::unique_ptr<BodyStream> plain, std::string_view encoding) {
  const Coding* coding = find_coding(encoding);
  return coding == nullptr ? std::move(plain) : coding->encode(std::move(plain));
}

std::optional<std::string> decode(std::string_view bytes, std::string_view encoding) {
  if (encoding.empty() || equals_ignoring_case(encoding, "identity")) return std::string(bytes);
  const Coding* coding = find_coding(encoding);
  return coding == nullptr ? std::nullopt : coding->decode(bytes);
}

}  // namespace emulator
