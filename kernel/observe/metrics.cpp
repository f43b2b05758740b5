// SPDX-License-Identifier: Apache-2.0
#include "observe/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>

namespace sluice::observe {
namespace {

void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) noexcept {
  // One writer: a plain load and store would do, and this compiles to nearly that.
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

Metrics::Metrics(unsigned shards) {
  for (unsigned i = 0; i < shards; ++i) shards_.push_back(std::make_unique<Shard>());
}

void Metrics::count_call(unsigned shard, int http_status, std::uint64_t duration_us,
                         std::uint64_t bytes) noexcept {
  Shard& counts = *shards_[shard];
  const int status_class = http_status / 100;
  add(counts.by_class[status_class >= 1 && status_class <= 5 ? status_class : 0], 1);
  const auto bucket = std::ranges::lower_bound(kLatencyBoundsUs, duration_us);
  add(counts.latency[static_cast<std::size_t>(bucket - kLatencyBoundsUs.begin())], 1);
  add(counts.latency_sum_us, duration_us);
  add(counts.bytes, bytes);
}

std::string Metrics::to_text(const std::vector<Reading>& others) const {
  const auto sum = [this](auto pick) {
    std::uint64_t total = 0;
    for (const auto& shard : shards_) total += pick(*shard).load(std::memory_order_relaxed);
    return total;
  };
  std::vector<prometheus::MetricFamily> families;

  prometheus::MetricFamily calls{"sluice_calls_total",
                                 "Calls answered, by class of status",
                                 prometheus::MetricType::Counter,
                                 {}};
  for (std::size_t i = 1; i <= 5; ++i) {
    prometheus::ClientMetric metric;
    metric.label = {{"status", std::to_string(i) + "xx"}};
    metric.counter.value =
        static_cast<double>(sum([i](const Shard& s) -> auto& { return s.by_class[i]; }));
    calls.metric.push_back(metric);
  }
  families.push_back(calls);

  prometheus::MetricFamily latency{"sluice_call_seconds",
                                   "From the request's last byte to the answer",
                                   prometheus::MetricType::Histogram,
                                   {}};
  prometheus::ClientMetric histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= kLatencyBoundsUs.size(); ++i) {
    cumulative += sum([i](const Shard& s) -> auto& { return s.latency[i]; });
    histogram.histogram.bucket.push_back(
        {cumulative, i < kLatencyBoundsUs.size() ? static_cast<double>(kLatencyBoundsUs[i]) / 1e6
                                                 : std::numeric_limits<double>::infinity()});
  }
  histogram.histogram.sample_count = cumulative;
  histogram.histogram.sample_sum =
      static_cast<double>(sum([](const Shard& s) -> auto& { return s.latency_sum_us; })) / 1e6;
  latency.metric.push_back(histogram);
  families.push_back(latency);

  prometheus::MetricFamily bytes{"sluice_response_bytes_total",
                                 "Bytes of response bodies",
                                 prometheus::MetricType::Counter,
                                 {}};
  bytes.metric.emplace_back();
  bytes.metric.back().counter.value =
      static_cast<double>(sum([](const Shard& s) -> auto& { return s.bytes; }));
  families.push_back(bytes);

  for (const auto& reading : others) {
    const bool is_counter = reading.name.ends_with("_total");
    if (families.back().name != reading.name) {
      families.push_back(
          {reading.name,
           "",
           is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
           {}});
    }
    auto& metric = families.back().metric.emplace_back();
    for (const auto& [name, value] : reading.labels) metric.label.push_back({name, value});
    (is_counter ? metric.counter.value : metric.gauge.value) = reading.value;
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sluice::observe
