// SPDX-License-Identifier: Apache-2.0
#pragma once
// SqliteStore: documents with revisions in one SQLite file. The studio's repository calls it
// through sluice/draft/store.h; it knows documents, not what they mean.
//
// One connection, one mutex: metadata is written by people, not by calls, so there is nothing to
// gain from readers beside the writer. A document sink is called under that mutex and must not call
// the store again.

#include "settings.hpp"

#include <sluice/draft/store.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace Poco::Data {
class Session;
}

namespace store_sqlite {

inline constexpr std::size_t kWritesPerCommitMax = 400'000;
inline constexpr std::size_t kKindBytesMax = 64;
inline constexpr std::size_t kKeyBytesMax = 1024;
inline constexpr std::size_t kBodyBytesMax = 16 * 1024 * 1024;

class SqliteStore final {
 public:
  static constexpr std::string_view kSchema = kSettingsSchema;

  // Checks settings; touches no file. [ctl]
  static sluice::Result<std::unique_ptr<SqliteStore>> make(const sluice::Settings& settings,
                                                           sluice::Host host);
  SqliteStore(StoreSettings settings, sluice::Host host);
  ~SqliteStore();

  sluice::Result<void> start();         // [ctl] opens or creates the file, brings its schema up
  void stop();                          // [ctl]
  sluice::Result<void> check_health();  // [any]

  // [run], as sluice/draft/store.h says
  sluice::Status commit(std::span<const sluice_store_write> writes, std::uint64_t* revision,
                        std::size_t* failed, sluice::Op op);
  sluice::Status get(std::string_view kind, std::string_view key, sluice::StoreOut out,
                     sluice::Op op);
  sluice::Status scan(std::string_view kind, sluice::StoreOut out, sluice::Op op);
  sluice::Status changes(std::uint64_t since, sluice::StoreOut out, sluice::Op op);
  sluice::Status revision(std::uint64_t* revision, sluice::Op op);
  sluice::Status scan_others(std::string_view kind, sluice::StoreOut out, sluice::Op op);
  sluice::Status range(const sluice::StoreRange& range, sluice::StoreOut out, sluice::Op op);

 private:
  sluice::Result<void> make_file_private() const;
  sluice::Result<void> migrate();
  sluice::Status write(const sluice_store_write& write, std::int64_t revision);
  sluice::Status push_documents(const std::string& sql, std::vector<std::string> texts,
                                std::vector<std::int64_t> numbers, sluice::StoreOut out,
                                sluice::Op op);
  template <class Step>
  sluice::Status guarded(sluice::Op op, Step step);

  const StoreSettings settings_;
  const sluice::Host host_;
  std::mutex mutex_;
  std::unique_ptr<Poco::Data::Session> session_;  // guarded by mutex_; none before start()
};

}  // namespace store_sqlite
