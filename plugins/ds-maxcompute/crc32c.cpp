// SPDX-License-Identifier: Apache-2.0
#include "crc32c.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sluice::maxcompute {
namespace {

constexpr auto kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    table[i] = crc;
  }
  return table;
}();

std::uint32_t add_by_table(std::uint32_t crc, const unsigned char* p, std::size_t n) noexcept {
  for (; n > 0; --n, ++p) crc = crc >> 8 ^ kTable[(crc ^ *p) & 0xff];
  return crc;
}

#if defined(__x86_64__)
// The instruction for it is ten times as fast; processors since 2009 have it.
__attribute__((target("sse4.2"))) std::uint32_t add_by_instruction(std::uint32_t crc,
                                                                   const unsigned char* p,
                                                                   std::size_t n) noexcept {
  std::uint64_t wide = crc;
  for (; n >= 8; n -= 8, p += 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; n > 0; --n, ++p) narrow = _mm_crc32_u8(narrow, *p);
  return narrow;
}
bool has_instruction() noexcept {
  static const bool has = __builtin_cpu_supports("sse4.2");
  return has;
}
#endif

}  // namespace

void Crc32c::add(const void* bytes, std::size_t n) noexcept {
  const auto* p = static_cast<const unsigned char*>(bytes);
#if defined(__x86_64__)
  if (has_instruction()) {
    state_ = add_by_instruction(state_, p, n);
    return;
  }
#endif
  state_ = add_by_table(state_, p, n);
}

void Crc32c::add_int32(std::uint32_t value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  add(&value, sizeof value);
}

void Crc32c::add_int64(std::uint64_t value) noexcept { add(&value, sizeof value); }

}  // namespace sluice::maxcompute
