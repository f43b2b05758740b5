// SPDX-License-Identifier: Apache-2.0
#include "result_set.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "calendar.hpp"
#include "records.hpp"
#include "values.hpp"

namespace emulator {
namespace {

constexpr std::size_t kMemoryBytesMax = 256 << 10;
constexpr std::size_t kWindowBytes = 128 << 10;
constexpr std::size_t kPieceBytes = 64 << 10;
constexpr std::int64_t kIndexStep = 256;
constexpr std::size_t kFrameHead = 8;  // length, checksum

class RecordStream final : public BodyStream {
 public:
  RecordStream(std::shared_ptr<const ResultSet> rows, StreamOptions options)
      : rows_(std::move(rows)), options_(std::move(options)), cursor_(rows_, options_.start) {
    for (const std::size_t column : options_.columns) {
      chosen_.push_back(rows_->columns()[column]);
    }
  }

  bool next(std::string& piece) override {
    if (done_) return false;
    std::string record;
    std::uint32_t crc = 0;
    while (piece.size() < kPieceBytes && sent_ < options_.count && cursor_.next(record, crc)) {
      if (!chosen_.empty()) crc = choose(record);
      if (options_.corruption == Corruption::kBytes && sent_ == 0) record[1] ^= 1;
      if (options_.corruption == Corruption::kRecord && sent_ == 0) spoil_checksum(record, crc);
      piece += record;
      stream_crc_.update_int32(crc);
      ++sent_;
    }
    if (piece.size() < kPieceBytes) {
      done_ = true;
      std::uint32_t sum = sent_ == 0 ? 0 : stream_crc_.value();
      if (options_.corruption == Corruption::kStream) sum ^= 1;
      append_trailer(piece, options_.corruption == Corruption::kCount ? sent_ + 1 : sent_, sum);
    }
    return true;
  }

 private:
  std::uint32_t choose(std::string& record) const {
    RecordReader reader(record, rows_->columns());
    const auto row = reader.read_single();
    if (!row) throw std::runtime_error("a kept record cannot be read: " + reader.error());
    Values values;
    for (const std::size_t column : options_.columns) values.push_back((*row)[column]);
    record.clear();
    return append_record(record, chosen_, values);
  }

  // The same record with another checksum.
  static void spoil_checksum(std::string& record, std::uint32_t crc) {
    std::size_t length = 1;
    for (std::uint32_t rest = crc; rest >= 0x80; rest >>= 7) ++length;
    record[record.size() - length] ^= 1;
  }

  std::shared_ptr<const ResultSet> rows_;
  StreamOptions options_;
  ResultSet::Cursor cursor_;
  std::vector<Column> chosen_;
  Crc32c stream_crc_;
  std::int64_t sent_ = 0;
  bool done_ = false;
};

}  // namespace

ResultSet::ResultSet(std::vector<Column> columns) : columns_(std::move(columns)) {}

ResultSet::~ResultSet() {
  if (file_ >= 0) close(file_);
}

void ResultSet::append(const Values& row) {
  if (count_ % kIndexStep == 0) index_.push_back(bytes());
  scratch_.clear();
  const std::uint32_t crc = append_record(scratch_, columns_, row);
  const auto length = static_cast<std::uint32_t>(scratch_.size());
  buffer_.append(reinterpret_cast<const char*>(&length), sizeof length);
  buffer_.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  buffer_ += scratch_;
  ++count_;
  if (buffer_.size() > kMemoryBytesMax) spill();
}

void ResultSet::finish() {
  if (file_ >= 0) spill();
  buffer_.shrink_to_fit();
  scratch_ = {};
}

void ResultSet::spill() {
  if (file_ < 0) {
    const char* folder = std::getenv("TMPDIR");
    std::string name = std::string(folder == nullptr ? "/tmp" : folder) + "/maxcompute-rows-XXXXXX";
    file_ = mkstemp(name.data());
    if (file_ < 0) throw std::runtime_error("no temporary file for a result");
    unlink(name.c_str());
  }
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const auto now = write(file_, buffer_.data() + written, buffer_.size() - written);
    if (now <= 0)
      throw std::runtime_error("a result cannot be kept: " + std::string(std::strerror(errno)));
    written += static_cast<std::size_t>(now);
  }
  file_bytes_ += static_cast<std::int64_t>(buffer_.size());
  buffer_.clear();
}

std::string ResultSet::read_at(std::int64_t offset, std::size_t length) const {
  if (file_ < 0) {
    const auto from = std::min(static_cast<std::size_t>(offset), buffer_.size());
    return buffer_.substr(from, length);
  }
  std::string bytes(length, '\0');
  const auto got = pread(file_, bytes.data(), length, offset);
  if (got < 0) throw std::runtime_error("a result cannot be read");
  bytes.resize(static_cast<std::size_t>(got));
  return bytes;
}

ResultSet::Cursor::Cursor(std::shared_ptr<const ResultSet> rows, std::int64_t first)
    : rows_(std::move(rows)), row_(0), offset_(0) {
  if (first >= rows_->count_ || first < 0) {
    row_ = rows_->count_;
    return;
  }
  row_ = first / kIndexStep * kIndexStep;
  offset_ = rows_->index_[static_cast<std::size_t>(first / kIndexStep)];
  std::string skipped;
  std::uint32_t crc = 0;
  while (row_ < first && next(skipped, crc)) {
  }
}

bool ResultSet::Cursor::fill(std::size_t wanted) {
  if (window_.size() - at_ >= wanted) return true;
  window_.erase(0, at_);
  at_ = 0;
  const std::string more = rows_->read_at(offset_, std::max(kWindowBytes, wanted));
  offset_ += static_cast<std::int64_t>(more.size());
  window_ += more;
  return window_.size() >= wanted;
}

bool ResultSet::Cursor::next(std::string& record, std::uint32_t& crc) {
  if (row_ >= rows_->count_ || !fill(kFrameHead)) return false;
  std::uint32_t length = 0;
  std::memcpy(&length, window_.data() + at_, sizeof length);
  std::memcpy(&crc, window_.data() + at_ + sizeof length, sizeof crc);
  if (!fill(kFrameHead + length)) return false;
  record.assign(window_, at_ + kFrameHead, length);
  at_ += kFrameHead + length;
  ++row_;
  return true;
}

std::unique_ptr<BodyStream> make_record_stream(std::shared_ptr<const ResultSet> rows,
                                               StreamOptions options) {
  return std::make_unique<RecordStream>(std::move(rows), std::move(options));
}

std::string make_csv(const std::shared_ptr<const ResultSet>& rows, std::int64_t rows_max,
                     const std::string& zone_name) {
  const auto found = Zone::find(zone_name);
  const Zone& zone = found ? *found : *Zone::utc();
  std::string csv;
  const auto& columns = rows->columns();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) csv += ',';
    csv += quote_csv(columns[i].name);
  }
  csv += '\n';
  ResultSet::Cursor cursor(rows, 0);
  std::string record;
  std::uint32_t crc = 0;
  for (std::int64_t row = 0; row < rows_max && cursor.next(record, crc); ++row) {
    RecordReader reader(record, columns);
    const auto values = reader.read_single();
    if (!values) throw std::runtime_error("a kept record cannot be read: " + reader.error());
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) csv += ',';
      csv += to_csv((*values)[i], columns[i].type, zone);
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace emulator
