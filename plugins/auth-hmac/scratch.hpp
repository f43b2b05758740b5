// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scratch: memory that lives as long as the call. The gateway's op gives it; a fuzzer or a test
// gives its own.

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>

namespace sluice::hmac {

struct Scratch {
  void* user;
  void* (*take)(void* user, std::size_t bytes);  // aligned to 16; nullptr at the call's bound

  // Items of a trivial type; fewer than asked for (none) at the bound. [run]
  template <class T>
  std::span<T> make_array(std::size_t count) const {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 16);
    if (count == 0 || count > PTRDIFF_MAX / sizeof(T)) return {};
    auto* items = static_cast<T*>(take(user, count * sizeof(T)));
    if (!items) return {};
    std::uninitialized_default_construct_n(items, count);
    return {items, count};
  }
};

}  // namespace sluice::hmac
