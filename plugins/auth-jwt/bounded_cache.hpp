// SPDX-License-Identifier: Apache-2.0
#pragma once
// BoundedCache: values under 64-bit hashes, never more than was said, for many threads at once.
//
// It is cut into sets of four; a value has one set, and a full set gives up the one that was not
// asked for the longest (the clock of an operating system's pages). A set has a lock of its own
// that is held for a few comparisons and one counted pointer, and nothing is allocated to find.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace sluice::jwt {

template <class Value>
class BoundedCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  // Rounded up to a multiple of four; 0 keeps nothing. [ctl]
  explicit BoundedCache(std::size_t values_max) : sets_((values_max + kWays - 1) / kWays) {}

  // The value under this hash for which is_it(value) holds, or nothing. [any]
  template <class IsIt>
  Pointer find(std::uint64_t hash, IsIt is_it) const {
    if (sets_.empty()) return {};
    Set& set = set_of(hash);
    const std::lock_guard lock(set.mutex);
    for (Way& way : set.ways) {
      if (way.hash != hash || !way.value || !is_it(*way.value)) continue;
      way.used = true;
      return way.value;
    }
    return {};
  }

  // Takes the place of the value for which is_it holds, of none, or of one not lately used. [any]
  template <class IsIt>
  void put(std::uint64_t hash, Pointer value, IsIt is_it) {
    if (sets_.empty()) return;
    Set& set = set_of(hash);
    const std::lock_guard lock(set.mutex);
    Way& way = choose(set, hash, is_it);
    way.value.swap(value);  // what was there ends after the lock
    way.hash = hash;
    way.used = true;
  }

 private:
  static constexpr std::size_t kWays = 4;
  struct Way {
    std::uint64_t hash = 0;
    Pointer value;
    bool used = false;
  };
  struct alignas(64) Set {
    std::mutex mutex;  // guards all of the set
    std::array<Way, kWays> ways;
    std::size_t hand = 0;
  };

  Set& set_of(std::uint64_t hash) const {
    // Fibonacci hashing: revisions are small numbers in a row.
    return sets_[(hash * 0x9e3779b97f4a7c15u >> 32) % sets_.size()];
  }
  template <class IsIt>
  static Way& choose(Set& set, std::uint64_t hash, IsIt is_it) {
    for (Way& way : set.ways) {
      if (way.value && way.hash == hash && is_it(*way.value)) return way;
    }
    for (Way& way : set.ways) {
      if (!way.value) return way;
    }
    while (true) {  // ends in the second round at the latest: the first one clears the marks
      Way& way = set.ways[set.hand++ % kWays];
      if (!way.used) return way;
      way.used = false;
    }
  }

  mutable std::vector<Set> sets_;
};

}  // namespace sluice::jwt
