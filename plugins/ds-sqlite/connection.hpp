// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connection: one SQLite connection that can only read, and the statements prepared on it.
//
// It serves one call at a time; connection_table.hpp sees to that. All waiting and all long work
// in it ends at the call's checkpoint: SQLite asks through its progress and busy handlers.

#include "settings.hpp"
#include "statement_cache.hpp"

#include <sluice/data_source.hpp>
#include <sluice/op.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

namespace sluice::sqlite {

inline constexpr std::uint64_t kReplacedCheckNs = 1'000'000'000;  // how often, on an I/O thread
inline constexpr int kStepsBetweenCheckpoints = 400;              // about 10 us of SQLite's work
inline constexpr int kValueBytesMax = 64 << 20;                   // of one value or row
inline constexpr int kStatementBytesMax = 100'000;
inline constexpr int kParametersMax = 1000;

class Connection {
 public:
  explicit Connection(const SourceSettings& settings);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one query for one call: opens what is closed, prepares, binds, steps, pushes. An attempt
  // that is given up leaves nothing behind. [run]
  Status run(const Query& query, Rows rows, Op op);

  // The abilities, always on a worker. [run]
  Status list_tables(std::string_view search, CatalogOut out, Op op);
  Status describe_table(std::string_view table, CatalogOut out, Op op);
  Status explain(const Query& query, ExplainOut out, Op op);
  Status describe(const Query& query, StatementOut out, Op op);

  // Opens the file and reads its list of tables. [ctl]
  Result<void> probe();

  // From now on runs on an I/O thread share one read transaction, which the first of them opens,
  // until end_shared_reads(). Neither waits. [io]
  void share_reads() noexcept { shares_reads_ = true; }
  void end_shared_reads() noexcept;

 private:
  enum class Origin { kPublished, kOwn };  // own statements may read PRAGMAs

  // While it lives, SQLite's handlers ask this op.
  class Serving {
   public:
    Serving(Connection& connection, const Op& op);
    ~Serving() { connection_.op_ = nullptr; }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

   private:
    Connection& connection_;
  };

  Result<void> make_ready(Op op);
  Result<void> open();
  void close() noexcept;
  int configure();
  bool is_replaced() const;
  // SQLite looks whether its tables are still those that it knows when a statement runs, not when
  // it is prepared: before what is only prepared this is to run.
  Result<void> read_schema();

  // The text as exactly one statement that only reads.
  Result<StatementHandle> prepare(std::string_view text, unsigned flags, Origin origin);
  Result<Statement*> find_statement(std::string_view text);
  Result<void> bind(const Statement& statement, std::span<const Cell> args);
  Status push_rows(Statement& statement, const Query& query, Rows rows, Op op);
  // Runs one of our own statements; visit(sqlite3_stmt*) answers a Status for every row.
  template <class Visit>
  Status each_row(std::string_view text, std::string_view argument, Op op, Visit visit);

  Error make_fault_of(int code);
  // What a call that failed answers: its own stop first, then a second try on a worker.
  Status give_up(Op op, const Error& fault) const;

  static int on_progress(void* self);
  static int on_busy(void* self, int waits_before);
  static int on_authorize(void* self, int action, const char*, const char*, const char*,
                          const char*);

  const SourceSettings settings_;
  sqlite3* db_ = nullptr;
  StatementCache statements_;
  StatementHandle begin_, commit_;
  dev_t device_ = 0;  // of the file when it was opened, to see that another took its place
  ino_t inode_ = 0;
  std::uint64_t checked_ns_ = 0;
  bool shares_reads_ = false;
  bool broken_ = false;           // to be opened again before the next run
  Origin origin_ = Origin::kOwn;  // of the statement at work, for on_authorize
  const Op* op_ = nullptr;        // the call being served, for the handlers
  Status stopped_ = SLUICE_OK;    // what its checkpoint answered
  int waited_ms_ = 0;             // for locks, in this call
};

}  // namespace sluice::sqlite
