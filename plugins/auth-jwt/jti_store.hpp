// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which jti a consumer has used: auth.md 3.6. Per instance and process; several nodes do not know
// of each other's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::jwt {

class JtiStore {
 public:
  explicit JtiStore(std::size_t entries_max) : shard_max_(entries_max / kShards + 1) {}

  enum class Use { kFirst, kAgain, kFull };
  // Marks the pair as used until `until` has passed (seconds since 1970, with the skew). At the
  // bound, when nothing has passed yet, kFull: forgetting a used jti would let it in again. [any]
  Use use(std::string_view consumer, std::string_view jti, double until, double now);

 private:
  static constexpr std::size_t kShards = 16;
  using End = std::pair<double, std::string>;
  struct Shard {
    std::mutex mutex;  // guards the rest
    std::unordered_set<std::string> used;
    std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  };

  std::size_t shard_max_;
  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::jwt
