// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a project holds, over one SQLite file: schemas, tables with the service's types, partitions,
// rows. A Connection belongs to one thread at a time; the Warehouse lends them.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "calendar.hpp"
#include "types.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace emulator {

enum class TableKind { kTable, kView, kGenerated };  // generated: a view that counts as a table

struct Table {
  std::string schema;
  std::string name;
  TableKind kind = TableKind::kTable;
  std::vector<Column> columns;
  std::vector<Column> partition_columns;
  std::string comment;
  std::string view_text;
  std::int64_t created_s = 0;
  std::int64_t modified_s = 0;
  std::int64_t lifecycle = -1;

  std::vector<Column> all_columns() const;  // partition columns last
  std::string stored_name() const;          // quoted, as SQLite knows it
};

using Partition = std::vector<std::string>;  // values in key order

std::string quote_name(std::string_view name);

class Statement {
 public:
  Statement(sqlite3* database, const std::string& text);
  ~Statement();
  Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;

  bool step();  // throws sql::SqlError with SQLite's text
  void reset();
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  std::string text(int column) const;
  std::int64_t integer(int column) const;
  sqlite3_stmt* handle() const { return handle_; }

 private:
  sqlite3_stmt* handle_ = nullptr;
};

// What SQL functions need to know of the statement that runs.
struct Session {
  std::shared_ptr<const Zone> zone = Zone::utc();
};

class Connection {
 public:
  explicit Connection(const std::string& file);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return handle_; }
  Session& session() { return session_; }
  Statement prepare(const std::string& text) { return Statement(handle_, text); }
  void run(const std::string& text);
  // What runs on this connection ends soon after the flag is raised. nullptr: never.
  void set_cancelled(const std::atomic<bool>* flag) { cancelled_ = flag; }

  std::vector<std::string> list_schemas();
  std::vector<Table> list_tables(std::string_view schema);
  std::optional<Table> find_table(std::string_view schema, std::string_view name);
  std::vector<Partition> list_partitions(const Table& table);
  std::int64_t count_rows(const Table& table);

  void create_schema(std::string_view name);
  void drop_schema(std::string_view name);
  // `body`: the SELECT of a view or of a generated table, in SQLite's words.
  void create_table(const Table& table, const std::string& body = {});
  void drop_table(const Table& table);
  void update_table(const Table& table);
  void touch(const Table& table);
  void add_partition(const Table& table, const Partition& partition);
  void drop_partition(const Table& table, const Partition& partition);

 private:
  static int on_progress(void* self);
  Table read_table(const Statement& statement);

  sqlite3* handle_ = nullptr;
  Session session_;
  const std::atomic<bool>* cancelled_ = nullptr;
};

class Warehouse {
 public:
  // Opens the file, or makes a temporary one that ends with the Warehouse. Tables of a file that
  // the emulator did not make are taken in by their declared types.
  explicit Warehouse(const std::string& file);
  ~Warehouse();

  class Lease {
   public:
    Lease(Warehouse& owner, std::unique_ptr<Connection> connection)
        : owner_(owner), connection_(std::move(connection)) {}
    ~Lease() { owner_.give_back(std::move(connection_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection* operator->() const { return connection_.get(); }
    Connection& operator*() const { return *connection_; }

   private:
    Warehouse& owner_;
    std::unique_ptr<Connection> connection_;
  };

  Lease lend();
  std::mutex& writing() { return writing_; }  // hold it for statements that change something

 private:
  void give_back(std::unique_ptr<Connection> connection);
  void adopt_tables();

  std::string file_;
  bool temporary_ = false;
  std::mutex mutex_;
  std::mutex writing_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

constexpr std::string_view kDefaultSchema = "default";

}  // namespace emulator
