// SPDX-License-Identifier: Apache-2.0
#pragma once
// NonceStore: which nonces were used, so that a captured request cannot be sent again
// (auth.md 4.7).
//
// Bounded: when `entries_max` are remembered, the next one is refused rather than an older one
// forgotten. Expired entries are not searched for: an insertion overwrites the one it meets, and a
// table that is three quarters full is rebuilt from what still counts, so the work is spread over
// the insertions that caused it. A full store looks for a table with expired entries first.
//
// Memory: 20 bytes a place, between 1.3 and 4 places an entry. A million entries took 42 MB; an
// empty store takes 32 KB.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace sluice::hmac {

// Names a key and one of its nonces. 128 bits of a keyed digest: who does not know the key of the
// digest cannot look for two nonces of one name.
struct NonceName {
  std::array<std::uint32_t, 4> words = {};
  friend bool operator==(const NonceName&, const NonceName&) = default;
};

class NonceStore {
 public:
  enum class Answer { kNew, kUsed, kFull };

  explicit NonceStore(std::size_t entries_max);
  NonceStore(const NonceStore&) = delete;
  NonceStore& operator=(const NonceStore&) = delete;

  // Remembers the nonce until `until_s`, unless it is there already. Seconds since 1970; the entry
  // counts while now_s <= until_s. One lock, held for a few memory accesses. [any]
  Answer put_if_absent(const NonceName& name, std::int64_t until_s, std::int64_t now_s);

  // Entries that take up room, expired ones included. [any]
  std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  // Keeps the table of a shard small, because it is rebuilt on an I/O thread: with a million
  // entries about 4,000 of them, which took 0.1 to 0.2 ms, once for some thousand insertions.
  static constexpr std::size_t kShards = 256;
  static constexpr std::size_t kPlacesMin = 16;

  struct Entry {
    NonceName name;
    std::uint32_t until_s = 0;  // 0: the place is free. Enough until 2106
  };
  struct alignas(64) Shard {
    std::mutex mutex;  // guards the rest but `earliest_s`, which is read without it
    std::vector<Entry> places;
    std::size_t used = 0;
    std::atomic<std::uint32_t> earliest_s{UINT32_MAX};  // no entry ends before
  };

  static Entry& find_place(std::vector<Entry>& places, const NonceName& name, std::uint32_t now_s);
  void rebuild(Shard& shard, std::uint32_t now_s);
  bool make_room(std::uint32_t now_s);

  const std::size_t entries_max_;
  std::atomic<std::size_t> size_{0}, next_to_sweep_{0};
  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::hmac
