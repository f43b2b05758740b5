// SPDX-License-Identifier: Apache-2.0
#include "nonce_store.hpp"

#include <algorithm>
#include <bit>

namespace sluice::hmac {
namespace {

// Times outside of what an entry holds do not happen; they must not wrap around either.
std::uint32_t to_entry_time(std::int64_t seconds) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(seconds, 1, UINT32_MAX - 1));
}

}  // namespace

NonceStore::NonceStore(std::size_t entries_max) : entries_max_(entries_max) {}

NonceStore::Answer NonceStore::put_if_absent(const NonceName& name, std::int64_t until,
                                             std::int64_t now) {
  const std::uint32_t until_s = to_entry_time(until), now_s = to_entry_time(now);
  Shard& shard = shards_[name.words[0] % kShards];
  for (bool may_make_room = true;; may_make_room = false) {
    {
      const std::lock_guard lock(shard.mutex);
      if (shard.places.empty() || (shard.used + 1) * 4 > shard.places.size() * 3) {
        rebuild(shard, now_s);
      }
      Entry& entry = find_place(shard.places, name, now_s);
      const bool is_same = entry.until_s != 0 && entry.name == name;
      if (is_same && entry.until_s >= now_s) return Answer::kUsed;
      const bool is_free = entry.until_s == 0;
      // An expired entry gives its place, and its share of the bound, away.
      const bool has_room =
          !is_free || size_.fetch_add(1, std::memory_order_relaxed) < entries_max_;
      if (has_room) {
        shard.used += is_free;
        entry = {name, until_s};
        if (until_s < shard.earliest_s.load(std::memory_order_relaxed)) {
          shard.earliest_s.store(until_s, std::memory_order_relaxed);
        }
        return Answer::kNew;
      }
      size_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (!may_make_room || !make_room(now_s)) return Answer::kFull;
  }
}

// The place of the name; or, when it is not there, an expired one on the way to where it would
// stand, or else the free place behind them. A table is never full, so there is one.
NonceStore::Entry& NonceStore::find_place(std::vector<Entry>& places, const NonceName& name,
                                          std::uint32_t now_s) {
  const std::size_t mask = places.size() - 1;
  Entry* expired = nullptr;
  for (std::size_t i = name.words[1] & mask;; i = (i + 1) & mask) {
    Entry& entry = places[i];
    if (entry.until_s == 0) return expired ? *expired : entry;
    if (entry.name == name) return entry;
    if (!expired && entry.until_s < now_s) expired = &entry;
  }
}

void NonceStore::rebuild(Shard& shard, std::uint32_t now_s) {
  const auto counts = [&](const Entry& entry) { return entry.until_s >= now_s; };
  const auto live =
      static_cast<std::size_t>(std::count_if(shard.places.begin(), shard.places.end(), counts));
  std::vector<Entry> places(std::max(kPlacesMin, std::bit_ceil((live + 1) * 2)));
  std::uint32_t earliest_s = UINT32_MAX;
  for (const Entry& entry : shard.places) {
    if (!counts(entry)) continue;
    find_place(places, entry.name, 0) = entry;
    earliest_s = std::min(earliest_s, entry.until_s);
  }
  size_.fetch_sub(shard.used - live, std::memory_order_relaxed);
  shard.used = live;
  shard.places = std::move(places);
  shard.earliest_s.store(earliest_s, std::memory_order_relaxed);
}

// Frees the expired entries of one shard that has some. Shards take turns.
bool NonceStore::make_room(std::uint32_t now_s) {
  const std::size_t first = next_to_sweep_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kShards; ++i) {
    Shard& shard = shards_[(first + i) % kShards];
    if (shard.earliest_s.load(std::memory_order_relaxed) >= now_s) continue;
    const std::lock_guard lock(shard.mutex);
    const std::size_t before = shard.used;
    rebuild(shard, now_s);
    if (shard.used == before) continue;
    // The turn goes on; two threads that move it at once only meet in the next shard.
    next_to_sweep_.store((first + i + 1) % kShards, std::memory_order_relaxed);
    return true;
  }
  return false;
}

}  // namespace sluice::hmac
