// SPDX-License-Identifier: Apache-2.0
#pragma once
// Inflater: a zlib stream (RFC 1950) in pieces, a bounded piece out for each call. One that passes
// bytes through when nothing is compressed.

#include <zlib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::maxcompute {

class Inflater {
 public:
  explicit Inflater(bool is_compressed);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // What was given before must have been taken.
  void give(std::string bytes);
  bool has_input() const { return !input_.empty(); }
  // Some of the plain bytes; they borrow until the next call. Nothing when the stream is damaged.
  std::optional<std::string_view> take();
  // Has the compressed stream come to its own end? True when nothing is compressed.
  bool is_whole() const { return !is_compressed_ || has_ended_; }

 private:
  const bool is_compressed_;
  bool has_ended_ = false, is_ready_ = false;
  z_stream stream_{};
  std::string input_, output_;
};

}  // namespace sluice::maxcompute
