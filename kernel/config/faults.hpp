// SPDX-License-Identifier: Apache-2.0
#pragma once
// Faults: everything that is wrong with one file, said at once. The readers of this room add to it
// and go on; the caller gets one Error with a line per fault.

#include <sluice/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}

  // "node.yaml:12: limits.body_bytes: must be ..."; an empty path is left out.
  void add(int line, std::string_view path, std::string_view what);
  bool empty() const noexcept { return lines_.empty(); }
  const std::string& file() const noexcept { return file_; }
  const std::vector<std::string>& lines() const noexcept { return lines_; }
  Error to_error() const;

 private:
  std::string file_;
  std::vector<std::string> lines_;
  std::string first_place_;
  std::size_t left_out_ = 0;
};

}  // namespace sluice::config
