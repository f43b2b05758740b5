// SPDX-License-Identifier: Apache-2.0
#pragma once
// Metrics: what the calls of this node added up to. Each I/O thread counts in a shard of its own; a
// scrape adds the shards up and writes Prometheus text.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::observe {

class Metrics {
 public:
  // Upper bounds of the latency histogram, in microseconds; the last bucket has none.
  static constexpr std::array<std::uint64_t, 13> kLatencyBoundsUs{
      50,     100,    250,     500,     1'000,     2'500,    5'000,
      10'000, 50'000, 100'000, 500'000, 1'000'000, 5'000'000};

  explicit Metrics(unsigned shards);

  // [io] of the shard's thread: relaxed adds on a cache line nobody else writes.
  void count_call(unsigned shard, int http_status, std::uint64_t duration_us,
                  std::uint64_t bytes) noexcept;

  // A gauge or, by the ending of its name, a counter of another room, told at the scrape.
  struct Reading {
    std::string name;  // "..._total": a counter
    double value = 0;
    std::vector<std::pair<std::string, std::string>> labels = {};
  };
  // Readings of one name stand side by side.
  std::string to_text(const std::vector<Reading>& others) const;  // [any]

 private:
  struct alignas(64) Shard {
    std::array<std::atomic<std::uint64_t>, 6> by_class{};  // 1xx .. 5xx, [0] anything else
    std::array<std::atomic<std::uint64_t>, kLatencyBoundsUs.size() + 1> latency{};
    std::atomic<std::uint64_t> latency_sum_us{0}, bytes{0};
  };
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace sluice::observe
