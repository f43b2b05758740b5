// SPDX-License-Identifier: Apache-2.0
#pragma once
// Prepared statements of one connection, found by their text, the least recently used leaving
// first.

#include <sluice/rows.hpp>

#include <sqlite3.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::sqlite {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using StatementHandle = std::unique_ptr<sqlite3_stmt, Finalize>;

// A prepared statement with what is worth knowing about it before each run.
struct Statement {
  Statement(std::string sql, StatementHandle prepared);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // SQLite prepares a statement again when the tables changed; columns and names are then others.
  // Call it after the first step of a run.
  void refresh_columns();

  const std::string text;
  const StatementHandle handle;
  const int parameters;
  std::vector<Column> columns;  // names point into `names`
  std::vector<bool> booleans;   // declared BOOLEAN: 0 and 1 are sent as such
  std::vector<Cell> row;        // one row's cells, so that no run allocates

 private:
  void read_columns();

  std::vector<std::string> names;
  int prepared_again_ = 0;
};

class StatementCache {
 public:
  explicit StatementCache(std::size_t statements_max) : statements_max_(statements_max) {}

  // The statement of that text, now the most recently used, or nullptr.
  Statement* find(std::string_view text);
  // Adds one, dropping the least recently used at the bound.
  Statement& add(std::string text, StatementHandle prepared);
  void clear();
  std::size_t size() const noexcept { return statements_.size(); }

 private:
  const std::size_t statements_max_;
  std::list<Statement> statements_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Statement>::iterator> by_text_;
};

}  // namespace sluice::sqlite
