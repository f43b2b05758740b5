// SPDX-License-Identifier: Apache-2.0
#include "statement_cache.hpp"

#include "declared_type.hpp"

#include <utility>

namespace sluice::sqlite {
namespace {

int count_preparations(sqlite3_stmt* statement) {
  return sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_REPREPARE, 0);
}

}  // namespace

Statement::Statement(std::string sql, StatementHandle prepared)
    : text(std::move(sql)),
      handle(std::move(prepared)),
      parameters(sqlite3_bind_parameter_count(handle.get())) {
  read_columns();
}

void Statement::refresh_columns() {
  if (count_preparations(handle.get()) != prepared_again_) read_columns();
}

void Statement::read_columns() {
  prepared_again_ = count_preparations(handle.get());
  const int count = sqlite3_column_count(handle.get());
  names.clear();
  booleans.clear();
  columns.clear();
  for (int i = 0; i < count; ++i) {
    const char* name = sqlite3_column_name(handle.get(), i);
    names.emplace_back(name ? name : "");
    const char* declared = sqlite3_column_decltype(handle.get(), i);
    booleans.push_back(declared && parse_declared_type(declared) == SLUICE_T_BOOL);
  }
  // SQLite may keep any type in any row, so no column promises one.
  for (const auto& name : names) columns.push_back(make_column(name, SLUICE_T_NULL));
  row.assign(names.size(), make_null());
}

Statement* StatementCache::find(std::string_view text) {
  // A thread mostly runs one statement again and again: no hash for that.
  if (!statements_.empty() && statements_.front().text == text) return &statements_.front();
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return nullptr;
  statements_.splice(statements_.begin(), statements_, found->second);
  return &statements_.front();
}

Statement& StatementCache::add(std::string text, StatementHandle prepared) {
  if (statements_.size() >= statements_max_) {
    by_text_.erase(statements_.back().text);
    statements_.pop_back();
  }
  statements_.emplace_front(std::move(text), std::move(prepared));
  by_text_.emplace(statements_.front().text, statements_.begin());
  return statements_.front();
}

void StatementCache::clear() {
  by_text_.clear();
  statements_.clear();
}

}  // namespace sluice::sqlite
