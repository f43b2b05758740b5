// SPDX-License-Identifier: Apache-2.0
#include "cache.hpp"

#include <utility>

namespace sluice::maxcompute {
namespace {

constexpr std::size_t kEntryBytes = 256;  // about what an entry itself takes

bool is_text(const Cell& cell) {
  return cell.type == SLUICE_T_TEXT || cell.type == SLUICE_T_BYTES || cell.type == SLUICE_T_JSON;
}

}  // namespace

void KeptResult::begin(std::span<const Column> columns) {
  for (const auto& column : columns) {
    columns_.push_back({std::string(to_view(column.name)), column.type, column.nullable});
  }
}

void KeptResult::add(std::span<const Cell> row) {
  for (Cell cell : row) {
    if (is_text(cell)) {
      const std::size_t from = texts_.size();
      texts_ += to_view(cell.v.s);
      cell.v.s.p = reinterpret_cast<const char*>(from);  // a place, until row() makes it a pointer
    }
    cells_.push_back(cell);
  }
}

std::size_t KeptResult::bytes() const {
  return cells_.size() * sizeof(Cell) + texts_.size() + columns_.size() * sizeof(Name);
}

Status KeptResult::push_columns(Rows rows) const {
  std::vector<Column> columns;
  for (const auto& [name, type, nullable] : columns_) {
    columns.push_back(make_column(name, type, nullable != 0));
  }
  return rows.begin(columns);
}

std::span<const Cell> KeptResult::row(std::size_t i, std::vector<Cell>& room) const {
  const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(i * columns_.size());
  room.assign(first, first + static_cast<std::ptrdiff_t>(columns_.size()));
  for (auto& cell : room) {
    if (is_text(cell)) cell.v.s.p = texts_.data() + reinterpret_cast<std::size_t>(cell.v.s.p);
  }
  return room;
}

std::optional<ResultCache::Hit> ResultCache::find(const std::string& key, std::uint64_t now_ns) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  const auto entry = found->second;
  if (now_ns - entry->kept_ns >= keep_ns_) {
    drop(entry);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return Hit{entry->result, now_ns - entry->kept_ns};
}

void ResultCache::keep(std::string key, std::shared_ptr<const KeptResult> result,
                       std::uint64_t now_ns) {
  const std::size_t bytes = result->bytes() + key.size() + kEntryBytes;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) drop(found->second);
  if (bytes > bytes_max_) return;
  while (bytes_ + bytes > bytes_max_) drop(std::prev(entries_.end()));
  entries_.push_front({std::move(key), std::move(result), now_ns, bytes});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
}

std::size_t ResultCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void ResultCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace sluice::maxcompute
