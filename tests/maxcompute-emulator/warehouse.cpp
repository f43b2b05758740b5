// SPDX-License-Identifier: Apache-2.0
#include "warehouse.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "sql_ast.hpp"
#include "sql_functions.hpp"
#include "text.hpp"

namespace emulator {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kIdleConnectionsMax = 16;
constexpr int kProgressSteps = 2000;
constexpr int kBusyMs = 60000;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Json to_document(const std::vector<Column>& columns) {
  Json list = Json::array();
  for (const Column& column : columns) {
    list.push_back({{"name", column.name},
                    {"type", to_text(column.type)},
                    {"comment", column.comment},
                    {"nullable", column.nullable}});
  }
  return list;
}

std::vector<Column> from_document(const Json& list) {
  std::vector<Column> columns;
  for (const Json& item : list) {
    Column column;
    column.name = item.at("name").get<std::string>();
    column.type = parse_type(item.at("type").get<std::string>()).value_or(Type{});
    column.comment = item.at("comment").get<std::string>();
    column.nullable = item.at("nullable").get<bool>();
    columns.push_back(std::move(column));
  }
  return columns;
}

// The affinity under which SQLite keeps values of this type unchanged.
std::string_view storage_of(Kind kind) {
  switch (kind) {
    case Kind::kTinyint:
    case Kind::kSmallint:
    case Kind::kInt:
    case Kind::kBigint:
    case Kind::kBoolean:
    case Kind::kIntervalYearMonth:
      return "INTEGER";
    case Kind::kFloat:
    case Kind::kDouble:
      return "REAL";
    case Kind::kBinary:
      return "BLOB";
    default:
      return "TEXT";
  }
}

Type type_of_declaration(std::string_view declared) {
  if (const auto type = parse_type(declared)) return *type;
  const std::string text = to_upper(declared);
  const auto has = [&text](std::string_view part) { return text.find(part) != std::string::npos; };
  if (has("INT")) return Type{Kind::kBigint};
  if (has("CHAR") || has("CLOB") || has("TEXT")) return Type{Kind::kString};
  if (has("REAL") || has("FLOA") || has("DOUB")) return Type{Kind::kDouble};
  if (has("BOOL")) return Type{Kind::kBoolean};
  if (has("BLOB")) return Type{Kind::kBinary};
  return Type{Kind::kString};
}

}  // namespace

std::string quote_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::vector<Column> Table::all_columns() const {
  std::vector<Column> all = columns;
  all.insert(all.end(), partition_columns.begin(), partition_columns.end());
  return all;
}

std::string Table::stored_name() const {
  return quote_name(schema == kDefaultSchema ? name : schema + "." + name);
}

Statement::Statement(sqlite3* database, const std::string& text) {
  if (sqlite3_prepare_v2(database, text.data(), static_cast<int>(text.size()), &handle_, nullptr) !=
      SQLITE_OK) {
    throw sql::SqlError(sqlite3_errmsg(database));
  }
}

Statement::~Statement() { sqlite3_finalize(handle_); }

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw sql::SqlError(sqlite3_errmsg(sqlite3_db_handle(handle_)));
}

void Statement::reset() { sqlite3_reset(handle_); }

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text(handle_, index, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
  sqlite3_bind_int64(handle_, index, number);
  return *this;
}

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

Connection::Connection(const std::string& file) {
  if (sqlite3_open(file.c_str(), &handle_) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    throw std::runtime_error(file + ": " + why);
  }
  sqlite3_busy_timeout(handle_, kBusyMs);
  sqlite3_progress_handler(handle_, kProgressSteps, on_progress, this);
  run("PRAGMA journal_mode=WAL");
  run("PRAGMA synchronous=OFF");
  run("PRAGMA case_sensitive_like=ON");
  sql::register_functions(handle_, session_);
}

Connection::~Connection() { sqlite3_close_v2(handle_); }

int Connection::on_progress(void* self) {
  const auto* flag = static_cast<Connection*>(self)->cancelled_;
  return flag != nullptr && flag->load() ? 1 : 0;
}

void Connection::run(const std::string& text) {
  char* error = nullptr;
  if (sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, &error) != SQLITE_OK) {
    const std::string why = error == nullptr ? "SQLite failed" : error;
    sqlite3_free(error);
    throw sql::SqlError(why);
  }
}

std::vector<std::string> Connection::list_schemas() {
  std::vector<std::string> names;
  auto statement = prepare("SELECT name FROM mc_schemas ORDER BY name");
  while (statement.step()) names.push_back(statement.text(0));
  return names;
}

Table Connection::read_table(const Statement& statement) {
  const Json document = Json::parse(statement.text(0));
  Table table;
  table.schema = document.at("schema").get<std::string>();
  table.name = document.at("name").get<std::string>();
  table.kind = static_cast<TableKind>(document.at("kind").get<int>());
  table.columns = from_document(document.at("columns"));
  table.partition_columns = from_document(document.at("partitionColumns"));
  table.comment = document.at("comment").get<std::string>();
  table.view_text = document.at("viewText").get<std::string>();
  table.created_s = document.at("created").get<std::int64_t>();
  table.lifecycle = document.at("lifecycle").get<std::int64_t>();
  table.modified_s = statement.integer(1);
  return table;
}

std::vector<Table> Connection::list_tables(std::string_view schema) {
  std::vector<Table> tables;
  auto statement =
      prepare("SELECT document, modified FROM mc_tables WHERE schema = ? ORDER BY name");
  statement.bind(1, schema);
  while (statement.step()) tables.push_back(read_table(statement));
  return tables;
}

std::optional<Table> Connection::find_table(std::string_view schema, std::string_view name) {
  auto statement =
      prepare("SELECT document, modified FROM mc_tables WHERE schema = ? AND name = ?");
  statement.bind(1, to_lower(schema)).bind(2, to_lower(name));
  if (!statement.step()) return std::nullopt;
  return read_table(statement);
}

std::vector<Partition> Connection::list_partitions(const Table& table) {
  std::vector<Partition> partitions;
  auto statement =
      prepare("SELECT spec FROM mc_partitions WHERE schema = ? AND name = ? ORDER BY spec");
  statement.bind(1, table.schema).bind(2, table.name);
  while (statement.step()) {
    partitions.push_back(Json::parse(statement.text(0)).get<Partition>());
  }
  return partitions;
}

std::int64_t Connection::count_rows(const Table& table) {
  auto statement = prepare("SELECT COUNT(*) FROM " + table.stored_name());
  statement.step();
  return statement.integer(0);
}

void Connection::create_schema(std::string_view name) {
  prepare("INSERT INTO mc_schemas (name) VALUES (?)").bind(1, name).step();
}

void Connection::drop_schema(std::string_view name) {
  prepare("DELETE FROM mc_schemas WHERE name = ?").bind(1, name).step();
}

void Connection::create_table(const Table& table, const std::string& body) {
  if (table.kind == TableKind::kTable && body.empty()) {
    std::vector<std::string> columns;
    for (const Column& column : table.all_columns()) {
      columns.push_back(quote_name(column.name) + " " + std::string(storage_of(column.type.kind)));
    }
    run("CREATE TABLE " + table.stored_name() + " (" + join(columns, ", ") + ")");
  } else if (!body.empty()) {
    run("CREATE VIEW " + table.stored_name() + " AS " + body);
  }
  Table stamped = table;
  if (stamped.created_s == 0) stamped.created_s = now_s();
  prepare("INSERT INTO mc_tables (schema, name, document, modified) VALUES (?, ?, '{}', ?)")
      .bind(1, table.schema)
      .bind(2, table.name)
      .bind(3, stamped.created_s)
      .step();
  update_table(stamped);
}

void Connection::update_table(const Table& table) {
  const Json document = {{"schema", table.schema},
                         {"name", table.name},
                         {"kind", static_cast<int>(table.kind)},
                         {"columns", to_document(table.columns)},
                         {"partitionColumns", to_document(table.partition_columns)},
                         {"comment", table.comment},
                         {"viewText", table.view_text},
                         {"created", table.created_s},
                         {"lifecycle", table.lifecycle}};
  prepare("UPDATE mc_tables SET document = ? WHERE schema = ? AND name = ?")
      .bind(1, document.dump())
      .bind(2, table.schema)
      .bind(3, table.name)
      .step();
}

void Connection::touch(const Table& table) {
  prepare("UPDATE mc_tables SET modified = ? WHERE schema = ? AND name = ?")
      .bind(1, now_s())
      .bind(2, table.schema)
      .bind(3, table.name)
      .step();
}

void Connection::drop_table(const Table& table) {
  run((table.kind == TableKind::kTable ? "DROP TABLE " : "DROP VIEW ") + table.stored_name());
  for (const std::string_view from : {"mc_tables", "mc_partitions"}) {
    prepare("DELETE FROM " + std::string(from) + " WHERE schema = ? AND name = ?")
        .bind(1, table.schema)
        .bind(2, table.name)
        .step();
  }
}

void Connection::add_partition(const Table& table, const Partition& partition) {
  prepare("INSERT OR IGNORE INTO mc_partitions (schema, name, spec) VALUES (?, ?, ?)")
      .bind(1, table.schema)
      .bind(2, table.name)
      .bind(3, Json(partition).dump())
      .step();
}

void Connection::drop_partition(const Table& table, const Partition& partition) {
  prepare("DELETE FROM mc_partitions WHERE schema = ? AND name = ? AND spec = ?")
      .bind(1, table.schema)
      .bind(2, table.name)
      .bind(3, Json(partition).dump())
      .step();
  std::string text = "DELETE FROM " + table.stored_name() + " WHERE ";
  for (std::size_t i = 0; i < partition.size(); ++i) {
    if (i > 0) text += " AND ";
    text += "CAST(" + quote_name(table.partition_columns[i].name) + " AS TEXT) = ?";
  }
  auto statement = prepare(text);
  for (std::size_t i = 0; i < partition.size(); ++i) {
    statement.bind(static_cast<int>(i + 1), partition[i]);
  }
  statement.step();
}

Warehouse::Warehouse(const std::string& file) : file_(file) {
  if (file.empty()) {
    const char* folder = std::getenv("TMPDIR");
    file_ = std::string(folder == nullptr ? "/tmp" : folder) + "/maxcompute-emulator-XXXXXX";
    const int descriptor = mkstemp(file_.data());
    if (descriptor < 0) throw std::runtime_error(file_ + ": cannot be made");
    close(descriptor);
    temporary_ = true;
  }
  auto lease = lend();
  lease->run("CREATE TABLE IF NOT EXISTS mc_schemas (name TEXT PRIMARY KEY)");
  lease->run("INSERT OR IGNORE INTO mc_schemas (name) VALUES ('default')");
  lease->run(
      "CREATE TABLE IF NOT EXISTS mc_tables (schema TEXT, name TEXT, document TEXT, "
      "modified INTEGER, PRIMARY KEY (schema, name))");
  lease->run(
      "CREATE TABLE IF NOT EXISTS mc_partitions (schema TEXT, name TEXT, spec TEXT, "
      "PRIMARY KEY (schema, name, spec))");
  adopt_tables();
}

Warehouse::~Warehouse() {
  idle_.clear();
  if (!temporary_) return;
  for (const std::string_view suffix : {"", "-wal", "-shm"}) {
    std::remove((file_ + std::string(suffix)).c_str());
  }
}

void Warehouse::adopt_tables() {
  auto lease = lend();
  std::vector<std::string> strangers;
  {
    auto statement = lease->prepare(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'mc\\_%' ESCAPE '\\' AND instr(name, '.') = 0 "
        "AND lower(name) NOT IN (SELECT name FROM mc_tables WHERE schema = 'default')");
    while (statement.step()) strangers.push_back(statement.text(0));
  }
  for (const std::string& name : strangers) {
    Table table;
    table.schema = kDefaultSchema;
    table.name = to_lower(name);
    table.kind = TableKind::kGenerated;
    auto statement = lease->prepare("PRAGMA table_info(" + quote_name(name) + ")");
    while (statement.step()) {
      Column column;
      column.name = to_lower(statement.text(1));
      column.type = type_of_declaration(statement.text(2));
      table.columns.push_back(std::move(column));
    }
    lease->create_table(table);
  }
}

Warehouse::Lease Warehouse::lend() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(connection)};
    }
  }
  return {*this, std::make_unique<Connection>(file_)};
}

void Warehouse::give_back(std::unique_ptr<Connection> connection) {
  connection->set_cancelled(nullptr);
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleConnectionsMax) idle_.push_back(std::move(connection));
}

}  // namespace emulator
