// SPDX-License-Identifier: Apache-2.0
#pragma once
// ResultCache: whole results, kept for a while in bounded memory; the oldest go first. What the
// acceleration method "cache" answers from.

#include <sluice/rows.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::maxcompute {

// One result, as it was pushed. Immutable once it is kept.
class KeptResult {
 public:
  explicit KeptResult(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void begin(std::span<const Column> columns);
  void add(std::span<const Cell> row);
  bool is_too_large() const { return bytes() > bytes_max_; }

  std::size_t bytes() const;
  std::size_t column_count() const { return columns_.size(); }
  std::size_t row_count() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  Status push_columns(Rows rows) const;
  // Row i as cells that borrow from here; `room` is the caller's.
  std::span<const Cell> row(std::size_t i, std::vector<Cell>& room) const;

 private:
  struct Name {
    std::string name;
    std::uint32_t type, nullable;
  };
  const std::size_t bytes_max_;
  std::vector<Name> columns_;
  std::vector<Cell> cells_;  // of texts: s.n, and where they begin in texts_ as s.p
  std::string texts_;
};

class ResultCache {
 public:
  ResultCache(std::size_t bytes_max, std::uint64_t keep_ns)
      : bytes_max_(bytes_max), keep_ns_(keep_ns) {}

  struct Hit {
    std::shared_ptr<const KeptResult> result;
    std::uint64_t age_ns;
  };
  std::optional<Hit> find(const std::string& key, std::uint64_t now_ns);  // [any]
  void keep(std::string key, std::shared_ptr<const KeptResult> result, std::uint64_t now_ns);

  // Of one result: an eighth of all, so that one large one does not empty the rest.
  std::size_t result_bytes_max() const { return bytes_max_ / 8; }
  std::size_t bytes() const;  // [any]

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const KeptResult> result;
    std::uint64_t kept_ns;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;  // last used first
  void drop(Entries::iterator entry);

  const std::size_t bytes_max_;
  const std::uint64_t keep_ns_;
  mutable std::mutex mutex_;  // guards the rest
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::maxcompute
