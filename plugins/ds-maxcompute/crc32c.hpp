// SPDX-License-Identifier: Apache-2.0
#pragma once
// CRC-32C (Castagnoli), as records and streams are checked with: maxcompute.md 8.3.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::maxcompute {

class Crc32c {
 public:
  void add(const void* bytes, std::size_t n) noexcept;
  void add(std::string_view bytes) noexcept { add(bytes.data(), bytes.size()); }
  void add_int32(std::uint32_t value) noexcept;  // little-endian
  void add_int64(std::uint64_t value) noexcept;  // little-endian
  std::uint32_t value() const noexcept { return ~state_; }
  void reset() noexcept { state_ = 0xffffffffu; }

 private:
  std::uint32_t state_ = 0xffffffffu;
};

}  // namespace sluice::maxcompute
