// SPDX-License-Identifier: Apache-2.0
#include "inflater.hpp"

#include <utility>

namespace sluice::maxcompute {
namespace {

constexpr std::size_t kPieceBytes = 65'536;

}  // namespace

Inflater::Inflater(bool is_compressed) : is_compressed_(is_compressed) {
  if (is_compressed_) is_ready_ = inflateInit(&stream_) == Z_OK;
}

Inflater::~Inflater() {
  if (is_ready_) inflateEnd(&stream_);
}

void Inflater::give(std::string bytes) {
  input_ = std::move(bytes);
  stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
  stream_.avail_in = static_cast<uInt>(input_.size());
}

std::optional<std::string_view> Inflater::take() {
  if (!is_compressed_) {
    output_ = std::exchange(input_, {});
    return output_;
  }
  if (!is_ready_ || has_ended_) return std::nullopt;  // bytes after the end are nobody's
  output_.resize(kPieceBytes);
  stream_.next_out = reinterpret_cast<Bytef*>(output_.data());
  stream_.avail_out = static_cast<uInt>(output_.size());
  const int code = inflate(&stream_, Z_NO_FLUSH);
  if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return std::nullopt;
  has_ended_ = code == Z_STREAM_END;
  const std::size_t made = kPieceBytes - stream_.avail_out;
  // All input taken, and the output did not fill up: no more is hidden inside.
  if (stream_.avail_in == 0 && (stream_.avail_out > 0 || has_ended_)) input_.clear();
  if (has_ended_ && stream_.avail_in > 0) return std::nullopt;
  if (code == Z_BUF_ERROR && made == 0) input_.clear();
  return std::string_view(output_.data(), made);
}

}  // namespace sluice::maxcompute
