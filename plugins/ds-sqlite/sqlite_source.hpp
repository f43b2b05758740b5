// SPDX-License-Identifier: Apache-2.0
#pragma once
// SqliteSource: the tables of one SQLite file as a data source.
//
// There is no cancel(): SQLite asks the op's checkpoint every kStepsBetweenCheckpoints steps and
// while it waits for a lock, so a cancelled call ends within microseconds. sqlite3_interrupt() from
// another thread would come no sooner, and could hit the next call of the same connection.

#include "connection_table.hpp"
#include "settings.hpp"

#include <sluice/data_source.hpp>

#include <memory>
#include <string_view>

namespace sluice::sqlite {

class SqliteSource {
 public:
  static constexpr std::string_view kSchema = kSettingsSchema;
  static constexpr sluice_dialect kDialect{
      sizeof(sluice_dialect), SLUICE_PLACEHOLDER_QUESTION, SLUICE_LIMIT_OFFSET, 0, SLUICE_STR("\""),
      SLUICE_STR("\""),       SLUICE_DIALECT_MERGES_UNIONS};

  static Result<std::unique_ptr<SqliteSource>> make(const Settings& settings, Host host);
  SqliteSource(const SourceSettings& settings, Host host);

  Result<void> start();               // [ctl] opens the file once, so that a wrong path is told now
  Result<void> check_health() const;  // [any] likewise

  Status execute(const Query& query, Rows rows, Op op);                                // [run]
  Status list_tables(std::string_view search, const CatalogOut& out, const Op& op);    // [run]
  Status describe_table(std::string_view table, const CatalogOut& out, const Op& op);  // [run]
  Status explain(const Query& query, const ExplainOut& out, const Op& op);             // [run]
  Status describe(const Query& query, const StatementOut& out, const Op& op);          // [run]

 private:
  template <class Work>
  Status with_connection(const Op& op, Work work);

  const SourceSettings settings_;
  ConnectionTable connections_;
};

}  // namespace sluice::sqlite
