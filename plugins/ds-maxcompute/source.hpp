// SPDX-License-Identifier: Apache-2.0
#pragma once
// MaxComputeSource: the tables of one MaxCompute project as a data source. Asynchronous: execute()
// renders the statement and sends it off; everything after happens when an answer or a timer comes.

#include "settings.hpp"
#include "shared.hpp"

#include <sluice/data_source.hpp>

#include <memory>
#include <string_view>

namespace sluice::maxcompute {

class MaxComputeSource {
 public:
  // LIKE takes a backslash for its escape; NULL sorts before every value (maxcompute.md 11).
  static constexpr sluice_dialect kDialect{
      sizeof(sluice_dialect), SLUICE_PLACEHOLDER_QUESTION,  SLUICE_LIMIT_OFFSET, 0, SLUICE_STR("`"),
      SLUICE_STR("`"),        SLUICE_DIALECT_LIKE_BACKSLASH};
  static const sluice_acceleration kAcceleration;
  static const std::string_view kSchema;

  static Result<std::unique_ptr<MaxComputeSource>> make(const Settings& settings, Host host);
  // Tests give their own clock.
  MaxComputeSource(SourceSettings settings, Host host, std::unique_ptr<Timers> timers);
  ~MaxComputeSource();

  Result<void> start();         // [ctl]
  void drain();                 // [ctl]
  void stop();                  // [ctl]
  Result<void> check_health();  // [any] asks for the project

  void execute(const Query& query, Rows rows, Pending pending);                        // [io]
  void cancel(const Op& op);                                                           // [any]
  void resume(const Op& op);                                                           // [any]
  Status list_tables(std::string_view search, const CatalogOut& out, const Op& op);    // [run]
  Status describe_table(std::string_view table, const CatalogOut& out, const Op& op);  // [run]

  Status describe(const Query& query, const StatementOut& out, const Op& op);  // [run]

  Shared& shared() { return *shared_; }  // for tests

 private:
  const SourceSettings settings_;
  const Host host_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::maxcompute
