// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory of one call: pieces are handed out, all of it is taken back at once. The first part stands
// inside the call itself, so that an ordinary call allocates nothing.

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::call {

// Not thread-safe: one step of a call runs at a time.
class Arena {
 public:
  static constexpr std::size_t kFirstBytes = 6144;
  static constexpr std::size_t kBytesMax = 1u << 20;  // then nullptr

  // Aligned to 16; nullptr at the bound.
  void* allocate(std::size_t bytes) noexcept {
    bytes = (bytes + 15) & ~std::size_t{15};
    if (bytes <= kFirstBytes - first_used_) {
      void* piece = first_.data() + first_used_;
      first_used_ += bytes;
      return piece;
    }
    if (bytes > kBytesMax - block_bytes_) return nullptr;
    auto* block = static_cast<std::byte*>(std::malloc(bytes));
    if (!block) return nullptr;
    blocks_.emplace_back(block);
    block_bytes_ += bytes;
    return block;
  }

  // Default-initialised items of a trivial type; empty at the bound.
  template <class T>
  std::span<T> make_array(std::size_t count) noexcept {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
    if (count > kBytesMax / sizeof(T)) return {};
    auto* items = static_cast<T*>(allocate(count * sizeof(T)));
    if (!items) return {};
    std::uninitialized_default_construct_n(items, count);
    return {items, count};
  }

  void reset() noexcept {
    first_used_ = 0;
    block_bytes_ = 0;
    if (!blocks_.empty()) blocks_.clear();
  }

 private:
  struct Free {
    void operator()(std::byte* block) const noexcept { std::free(block); }
  };
  alignas(16) std::array<std::byte, kFirstBytes> first_;
  std::size_t first_used_ = 0, block_bytes_ = 0;
  std::vector<std::unique_ptr<std::byte, Free>> blocks_;
};

}  // namespace sluice::call
