// SPDX-License-Identifier: Apache-2.0
// What tables there are, what they are made of, and how a statement would run.
#include "connection.hpp"
#include "declared_type.hpp"
#include "fault.hpp"

#include <cstring>
#include <optional>
#include <vector>

namespace sluice::sqlite {
namespace {

// SQLite's own tables, and those that a virtual table keeps its content in, are left out.
constexpr std::string_view kListTables = R"sql(
  SELECT name, type = 'view' FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')
    AND substr(name, 1, 7) <> 'sqlite_' AND instr(lower(name), lower(?1)) > 0
  ORDER BY name)sql";

// `pk = 1 and no second part` of type INTEGER is the row's own number, which is never NULL.
constexpr std::string_view kListColumns = R"sql(
  SELECT name, type, "notnull", pk,
         upper(type) = 'INTEGER' AND pk = 1 AND max(pk) OVER () = 1
  FROM pragma_table_xinfo(?1, 'main')
  WHERE hidden <> 1 AND substr(?1, 1, 7) <> 'sqlite_'
  ORDER BY cid)sql";

constexpr std::string_view kListIndexes = R"sql(
  SELECT list.name, list."unique" AND NOT list.partial, info.name
  FROM pragma_index_list(?1, 'main') AS list, pragma_index_xinfo(list.name, 'main') AS info
  WHERE info.key = 1
  ORDER BY list.name, info.seqno)sql";

std::string_view read_text(sqlite3_stmt* row, int i) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, i));
  return text ? std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(row, i)))
              : std::string_view();
}

// Every row of a table is read when a step scans it without an index. "CONSTANT ROW" and what
// stands in brackets are no tables.
bool is_full_scan(std::string_view step) {
  return step.starts_with("SCAN ") && !step.starts_with("SCAN CONSTANT ROW") &&
         !step.starts_with("SCAN (") && step.find(" USING ") == step.npos;
}

// One index, gathered from its rows.
struct Index {
  std::string name;
  bool unique = false;
  bool nameable = true;  // false: one of its parts is an expression
  std::vector<std::string> columns;
};

Status push_index(const Index& index, CatalogOut out) {
  if (!index.nameable) return SLUICE_OK;
  std::vector<sluice_str> columns;
  for (const auto& column : index.columns) columns.push_back(to_str(column));
  return out.index({sizeof(sluice_index_info), index.unique, to_str(index.name), columns.data(),
                    columns.size()});
}

}  // namespace

template <class Visit>
Status Connection::each_row(std::string_view text, std::string_view argument, Op op, Visit visit) {
  auto statement = prepare(text, 0, Origin::kOwn);
  if (!statement) return give_up(op, statement.error());
  sqlite3_stmt* const handle = statement->get();
  sqlite3_bind_text64(handle, 1, argument.empty() ? "" : argument.data(), argument.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(handle)) == SQLITE_ROW) {
    if (const Status status = visit(handle); status != SLUICE_OK) return status;
  }
  return code == SQLITE_DONE ? SLUICE_OK : give_up(op, make_fault_of(code));
}

Status Connection::list_tables(std::string_view search, CatalogOut out, Op op) {
  const Serving serving(*this, op);
  if (auto ready = make_ready(op); !ready) return give_up(op, ready.error());
  return each_row(kListTables, search, op, [&](sqlite3_stmt* row) {
    return out.table({sizeof(sluice_table_info),
                      static_cast<std::uint32_t>(sqlite3_column_int(row, 1)),
                      to_str(read_text(row, 0)), to_str("")});
  });
}

Status Connection::describe_table(std::string_view table, CatalogOut out, Op op) {
  const Serving serving(*this, op);
  if (auto ready = make_ready(op); !ready) return give_up(op, ready.error());

  bool found = false;
  const Status columns = each_row(kListColumns, table, op, [&](sqlite3_stmt* row) {
    found = true;
    const auto declared = read_text(row, 1);
    const bool not_null = sqlite3_column_int(row, 2) != 0 || sqlite3_column_int(row, 4) != 0;
    return out.column({sizeof(sluice_column_info), parse_declared_type(declared),
                       to_str(read_text(row, 0)), to_str(declared), to_str(""), !not_null,
                       static_cast<std::uint32_t>(sqlite3_column_int(row, 3))});
  });
  if (columns != SLUICE_OK) return columns;
  if (!found) return op.fail(SLUICE_E_NOT_FOUND, "the data source has no such table");

  std::optional<Index> index;
  const Status indexes = each_row(kListIndexes, table, op, [&](sqlite3_stmt* row) {
    const auto name = read_text(row, 0);
    if (!index || index->name != name) {
      if (index) {
        if (const Status status = push_index(*index, out); status != SLUICE_OK) return status;
      }
      index = Index{std::string(name), sqlite3_column_int(row, 1) != 0, true, {}};
    }
    if (sqlite3_column_type(row, 2) == SQLITE_NULL) index->nameable = false;
    index->columns.emplace_back(read_text(row, 2));
    return Status{SLUICE_OK};
  });
  if (indexes != SLUICE_OK || !index) return indexes;
  return push_index(*index, out);
}

Status Connection::explain(const Query& query, ExplainOut out, Op op) {
  const Serving serving(*this, op);
  if (auto ready = make_ready(op); !ready) return give_up(op, ready.error());
  // First as what it is: an EXPLAIN of a statement that writes would count as reading.
  if (auto checked = find_statement(query.text()); !checked) return give_up(op, checked.error());

  const std::string text = "EXPLAIN QUERY PLAN " + std::string(query.text());
  auto plan = prepare(text, 0, Origin::kPublished);
  if (!plan) return give_up(op, plan.error());
  constexpr int kDetail = 3;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(plan->get())) == SQLITE_ROW) {
    const auto step = read_text(plan->get(), kDetail);
    if (const Status status = out.step(step, is_full_scan(step)); status != SLUICE_OK)
      return status;
  }
  return code == SQLITE_DONE ? SLUICE_OK : give_up(op, make_fault_of(code));
}

Status Connection::describe(const Query& query, StatementOut out, Op op) {
  const Serving serving(*this, op);
  if (auto ready = make_ready(op); !ready) return give_up(op, ready.error());
  if (auto read = read_schema(); !read) return give_up(op, read.error());
  auto prepared = prepare(query.text(), 0, Origin::kPublished);
  if (!prepared) {
    if ((sqlite3_errcode(db_) & 0xff) == SQLITE_ERROR) {
      const int offset = sqlite3_error_offset(db_);
      out.fault(sqlite3_errmsg(db_), offset < 0 ? UINT64_MAX : static_cast<std::uint64_t>(offset));
    }
    return give_up(op, prepared.error());
  }
  sqlite3_stmt* const statement = prepared->get();
  if (sqlite3_stmt_isexplain(statement)) {
    return op.fail(SLUICE_E_ARGUMENT, "an EXPLAIN is not a query");
  }
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* name = sqlite3_column_name(statement, i);
    // What is computed has no declared type, and SQLite knows the real one of a row only.
    const char* declared = sqlite3_column_decltype(statement, i);
    const Status status =
        out.column({sizeof(sluice_column_info),
                    declared ? parse_declared_type(declared) : std::uint32_t{SLUICE_T_NULL},
                    to_str(name ? name : ""), to_str(declared ? declared : ""), to_str(""), 1, 0});
    if (status != SLUICE_OK) return status;
  }
  return SLUICE_OK;
}

}  // namespace sluice::sqlite
