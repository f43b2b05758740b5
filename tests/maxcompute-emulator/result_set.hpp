// SPDX-License-Identifier: Apache-2.0
#pragma once

// The rows of a finished SELECT, kept as the records that a download sends. Small results stay in
// memory, large ones go to an unnamed temporary file, so a million rows take no memory.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"
#include "types.hpp"

namespace emulator {

class ResultSet {
 public:
  explicit ResultSet(std::vector<Column> columns);
  ~ResultSet();
  ResultSet(const ResultSet&) = delete;
  ResultSet& operator=(const ResultSet&) = delete;

  // While the statement runs, by one thread.
  void append(const Values& row);
  void finish();

  // Afterwards, by many.
  const std::vector<Column>& columns() const { return columns_; }
  std::int64_t count() const { return count_; }
  std::int64_t bytes() const { return file_bytes_ + static_cast<std::int64_t>(buffer_.size()); }

  // Reads records in order from some row on.
  class Cursor {
   public:
    Cursor(std::shared_ptr<const ResultSet> rows, std::int64_t first);
    // The next record and its checksum; false after the last.
    bool next(std::string& record, std::uint32_t& crc);

   private:
    bool fill(std::size_t wanted);

    std::shared_ptr<const ResultSet> rows_;
    std::int64_t row_;
    std::int64_t offset_;  // of what follows window_
    std::string window_;
    std::size_t at_ = 0;
  };

 private:
  friend class Cursor;
  void spill();
  std::string read_at(std::int64_t offset, std::size_t length) const;

  std::vector<Column> columns_;
  std::vector<std::int64_t> index_;  // the offset of every kIndexStep-th row
  std::string buffer_;               // what is not in the file
  std::string scratch_;
  int file_ = -1;
  std::int64_t file_bytes_ = 0;
  std::int64_t count_ = 0;
};

// How a record stream is to be wrong.
enum class Corruption { kNone, kRecord, kStream, kCount, kBytes };

struct StreamOptions {
  std::int64_t start = 0;
  std::int64_t count = 0;
  std::vector<std::size_t> columns;  // positions, empty: all as they stand
  Corruption corruption = Corruption::kNone;
};

// The record stream of a range of rows, for the body of an answer.
std::unique_ptr<BodyStream> make_record_stream(std::shared_ptr<const ResultSet> rows,
                                               StreamOptions options);

// CSV of at most `rows_max` rows, with its header.
std::string make_csv(const std::shared_ptr<const ResultSet>& rows, std::int64_t rows_max,
                     const std::string& zone);

}  // namespace emulator
