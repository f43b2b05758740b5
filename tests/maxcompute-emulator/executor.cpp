// SPDX-License-Identifier: Apache-2.0
#include "executor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "sql_compiler.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator {
namespace {

using sql::SqlError;
using sql::StatementKind;

std::string setting_of(const Settings& settings, const std::string& key, std::string fallback) {
  const auto found = settings.find(key);
  return found == settings.end() ? std::move(fallback) : found->second;
}

bool is_true(const Settings& settings, const std::string& key, bool fallback) {
  return equals_ignoring_case(setting_of(settings, key, fallback ? "true" : "false"), "true");
}

sql::Rules make_rules(const Settings& settings, const ProjectFacts& project) {
  sql::Rules rules;
  rules.project = project.name;
  rules.three_levels = project.schemas && is_true(settings, "odps.namespace.schema", false);
  rules.schema = to_lower(setting_of(settings, "odps.default.schema", std::string(kDefaultSchema)));
  if (rules.schema.empty() || !project.schemas) rules.schema = kDefaultSchema;
  rules.allow_full_scan = is_true(settings, "odps.sql.allow.fullscan", false);
  rules.order_needs_limit = is_true(settings, "odps.sql.validate.orderby.limit", true);
  rules.new_types = is_true(settings, "odps.sql.type.system.odps2", true);
  return rules;
}

std::string pad(const std::string& text, std::size_t width) {
  return text.size() >= width ? text + " " : text + std::string(width - text.size(), ' ');
}

class Execution {
 public:
  Execution(const Settings& settings, const ProjectFacts& project, Warehouse& warehouse,
            const std::atomic<bool>& cancelled, std::int64_t rows_max)
      : settings_(settings),
        project_(project),
        warehouse_(warehouse),
        cancelled_(cancelled),
        rows_max_(rows_max),
        lease_(warehouse.lend()),
        rules_(make_rules(settings, project)) {
    outcome_.zone = setting_of(settings, "odps.sql.timezone", project.zone);
    auto zone = Zone::find(outcome_.zone);
    if (!zone) {
      throw SqlError("ODPS-0420061:Invalid parameter - odps.sql.timezone '" + outcome_.zone + "'");
    }
    lease_->session().zone = std::move(zone);
    lease_->set_cancelled(&cancelled_);
  }

  Outcome run(const sql::Script& script) {
    for (const sql::Statement& statement : script.statements) run_one(statement);
    return std::move(outcome_);
  }

 private:
  Connection& connection() { return *lease_; }

  void run_one(const sql::Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kQuery:
        return run_query(*statement.query);
      case StatementKind::kExplain:
        return explain(statement);
      case StatementKind::kShowTables:
        return show_tables(statement);
      case StatementKind::kShowSchemas:
        return show_schemas();
      case StatementKind::kShowPartitions:
        return show_partitions(statement);
      case StatementKind::kShowCreateTable:
        return show_create(statement);
      case StatementKind::kDescribe:
        return describe(statement);
      case StatementKind::kNothing:
        return say("OK");
      default:
        break;
    }
    const std::lock_guard lock(warehouse_.writing());
    connection().run("BEGIN IMMEDIATE");
    try {
      change(statement);
      connection().run("COMMIT");
    } catch (...) {
      try {
        connection().run("ROLLBACK");
      } catch (const SqlError&) {
        // SQLite has ended the transaction already.
      }
      throw;
    }
  }

  void change(const sql::Statement& statement) {
    switch (statement.kind) {
      case StatementKind::kCreateTable:
        return create_table(statement);
      case StatementKind::kCreateView:
        return create_view(statement);
      case StatementKind::kCreateSchema:
        return create_schema(statement);
      case StatementKind::kDropSchema:
        return drop_schema(statement);
      case StatementKind::kDropTable:
      case StatementKind::kDropView:
        return drop(statement);
      case StatementKind::kAddPartition:
        return add_partitions(statement);
      case StatementKind::kDropPartition:
        return drop_partitions(statement);
      case StatementKind::kSetComment:
        return set_comment(statement);
      case StatementKind::kTruncate:
        return truncate(statement);
      case StatementKind::kInsert:
        return insert(statement);
      default:
        throw SqlError("ODPS-0130161:[1,1] Parse exception - statement not supported");
    }
  }

  void say(std::string text) {
    outcome_.select = false;
    outcome_.rows.reset();
    outcome_.text = std::move(text);
  }

  // ------------------------------------------------------------------------------------- queries

  void run_query(const sql::Query& query) {
    const sql::Compiled compiled = sql::compile_query(query, connection(), rules_);
    const std::int64_t rows_max = query.limit ? -1 : rows_max_;
    auto rows = std::make_shared<ResultSet>(compiled.columns);
    auto statement = connection().prepare(compiled.text);
    Values row(compiled.columns.size());
    while ((rows_max < 0 || rows->count() < rows_max) && statement.step()) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        row[i] =
            value_from_column(statement.handle(), static_cast<int>(i), compiled.columns[i].type);
      }
      rows->append(row);
    }
    rows->finish();
    outcome_.select = true;
    outcome_.text.clear();
    outcome_.rows = std::move(rows);
  }

  void explain(const sql::Statement& statement) {
    const sql::Statement& inner = *statement.explained;
    if (inner.kind != StatementKind::kQuery) return say("nothing to explain");
    const sql::Compiled compiled = sql::compile_query(*inner.query, connection(), rules_);
    nlohmann::json columns = nlohmann::json::array();
    for (const Column& column : compiled.columns) {
      columns.push_back({{"name", column.name}, {"type", to_text(column.type)}});
    }
    if (statement.output_only) return say(nlohmann::json{{"columns", columns}}.dump());
    say("job0 is root job\n\nIn Job job0:\nroot Tasks: M1\n\nIn Task M1:\n    Output columns: " +
        columns.dump() + "\n");
  }

  // ---------------------------------------------------------------------------------------- SHOW

  std::string schema_of(const sql::Statement& statement) const {
    const auto& parts = statement.table.parts;
    if (parts.size() == 2) return parts[1];
    if (parts.size() == 1 && !equals_ignoring_case(parts[0], project_.name)) return parts[0];
    return rules_.schema;
  }

  void show_tables(const sql::Statement& statement) {
    std::string text;
    auto like = connection().prepare("SELECT ? LIKE ?");
    std::string pattern = statement.pattern;
    std::replace(pattern.begin(), pattern.end(), '*', '%');
    for (const Table& table : connection().list_tables(schema_of(statement))) {
      if (!pattern.empty()) {
        like.reset();
        like.bind(1, table.name).bind(2, pattern);
        like.step();
        if (like.integer(0) == 0) continue;
      }
      text += project_.owner + ":" + table.name + "\n";
    }
    say(std::move(text));
  }

  void show_schemas() { say(join(connection().list_schemas(), "\n") + "\n"); }

  Table resolve(const sql::Statement& statement) {
    return sql::resolve_table(statement.table, connection(), rules_);
  }

  static std::string format_partition(const Table& table, const Partition& partition,
                                      std::string_view separator, std::string_view quote) {
    std::string text;
    for (std::size_t i = 0; i < partition.size(); ++i) {
      if (i > 0) text += separator;
      text += table.partition_columns[i].name + "=" + std::string(quote) + partition[i] +
              std::string(quote);
    }
    return text;
  }

  void show_partitions(const sql::Statement& statement) {
    const Table table = resolve(statement);
    if (table.partition_columns.empty()) {
      throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - table " + table.name +
                     " is not a partitioned table");
    }
    std::string text;
    for (const Partition& partition : connection().list_partitions(table)) {
      text += format_partition(table, partition, "/", "") + "\n";
    }
    say(std::move(text));
  }

  void show_create(const sql::Statement& statement) {
    const Table table = resolve(statement);
    const auto list = [](const std::vector<Column>& columns) {
      std::vector<std::string> texts;
      for (const Column& column : columns) {
        texts.push_back("`" + column.name + "` " + to_upper(to_text(column.type)));
      }
      return join(texts, ",");
    };
    std::string text = "CREATE TABLE IF NOT EXISTS " + table.name + "(" + list(table.columns) + ")";
    if (!table.partition_columns.empty()) {
      text += " PARTITIONED BY (" + list(table.partition_columns) + ")";
    }
    say(text + ";\n");
  }

  void describe(const sql::Statement& statement) {
    const Table table = resolve(statement);
    const std::string line = "+" + std::string(84, '-') + "+\n";
    const auto row = [](const std::string& text) { return "| " + pad(text, 83) + "|\n"; };
    std::string text = line + row("Owner: " + project_.owner) + row("Project: " + project_.name);
    if (rules_.three_levels) text += row("Schema: " + table.schema);
    text += row("TableComment: " + table.comment) + line;
    text += row("InternalTable: " + std::string(table.kind == TableKind::kView ? "NO" : "YES"));
    text += line + row("Native Columns:") + line;
    text += row(pad("Field", 24) + "| " + pad("Type", 24) + "| Label | Comment") + line;
    for (const Column& column : table.columns) {
      text += row(pad(column.name, 24) + "| " + pad(to_text(column.type), 24) + "|       | " +
                  column.comment);
    }
    text += line;
    if (!table.partition_columns.empty()) {
      text += row("Partition Columns:") + line;
      for (const Column& column : table.partition_columns) {
        text += row(pad(column.name, 24) + "| " + pad(to_text(column.type), 24) + "| " +
                    column.comment);
      }
      text += line;
    }
    say(std::move(text));
  }

  // --------------------------------------------------------------------------------- tables

  void create_table(const sql::Statement& statement) {
    Table table;
    std::tie(table.schema, table.name) = sql::resolve_name(statement.table, rules_);
    if (connection().find_table(table.schema, table.name)) {
      if (statement.if_exists) return say("OK");
      throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - table " + project_.name +
                     "." + table.name + " already exists");
    }
    const auto schemas = connection().list_schemas();
    if (std::find(schemas.begin(), schemas.end(), table.schema) == schemas.end()) {
      throw SqlError("ODPS-0110061:Failed to run ddltask - schema " + table.schema + " not found");
    }
    table.comment = statement.comment;
    table.lifecycle = statement.lifecycle;
    table.columns = statement.columns;
    table.partition_columns = statement.partition_columns;
    if (statement.like) {
      const Table model = sql::resolve_table(*statement.like, connection(), rules_);
      table.columns = model.columns;
      table.partition_columns = model.partition_columns;
    }
    if (statement.query) {
      const sql::Compiled compiled = sql::compile_query(*statement.query, connection(), rules_);
      table.columns = compiled.columns;
      connection().create_table(table);
      connection().run("INSERT INTO " + table.stored_name() + " " + compiled.text);
      return say("OK");
    }
    connection().create_table(table);
    say("OK");
  }

  void create_view(const sql::Statement& statement) {
    Table table;
    std::tie(table.schema, table.name) = sql::resolve_name(statement.table, rules_);
    if (const auto found = connection().find_table(table.schema, table.name)) {
      if (statement.if_exists) return say("OK");
      if (!statement.replace || found->kind != TableKind::kView) {
        throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - view " + table.name +
                       " already exists");
      }
      connection().drop_table(*found);
    }
    sql::Rules rules = rules_;
    rules.allow_full_scan = true;
    const sql::Compiled compiled = sql::compile_query(*statement.query, connection(), rules);
    table.kind = TableKind::kView;
    table.columns = compiled.columns;
    table.comment = statement.comment;
    table.view_text = statement.text;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      names.push_back("c" + std::to_string(i) + " AS " + quote_name(table.columns[i].name));
    }
    connection().create_table(table,
                              "SELECT " + join(names, ", ") + " FROM (" + compiled.text + ")");
    say("OK");
  }

  void create_schema(const sql::Statement& statement) {
    const std::string& name = statement.table.parts.back();
    const auto known = connection().list_schemas();
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      if (statement.if_exists) return say("OK");
      throw SqlError("ODPS-0110061:Failed to run ddltask - schema " + name + " already exists");
    }
    connection().create_schema(name);
    say("OK");
  }

  void drop_schema(const sql::Statement& statement) {
    const std::string& name = statement.table.parts.back();
    if (!connection().list_tables(name).empty() || name == kDefaultSchema) {
      throw SqlError("ODPS-0110061:Failed to run ddltask - schema " + name + " is not empty");
    }
    connection().drop_schema(name);
    say("OK");
  }

  void drop(const sql::Statement& statement) {
    const auto [schema, name] = sql::resolve_name(statement.table, rules_);
    const auto table = connection().find_table(schema, name);
    if (!table && statement.if_exists) return say("OK");
    const bool view = statement.kind == StatementKind::kDropView;
    const Table found = resolve(statement);
    if (view != (found.kind == TableKind::kView)) {
      throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - " + name +
                     (view ? " is not a view" : " is a view"));
    }
    connection().drop_table(found);
    say("OK");
  }

  void set_comment(const sql::Statement& statement) {
    Table table = resolve(statement);
    if (statement.lifecycle >= 0)
      table.lifecycle = statement.lifecycle;
    else
      table.comment = statement.comment;
    connection().update_table(table);
    say("OK");
  }

  // ---------------------------------------------------------------------------------- partitions

  // Values in key order, each as its text; nullopt for a dynamic one.
  std::vector<std::optional<std::string>> read_spec(const Table& table,
                                                    const sql::PartitionSpec& spec) {
    std::vector<std::optional<std::string>> values(table.partition_columns.size());
    std::vector<bool> named(values.size());
    for (const auto& [name, expr] : spec) {
      bool found = false;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (table.partition_columns[i].name != name) continue;
        found = named[i] = true;
        if (!expr) continue;
        Type type;
        const Value value = sql::evaluate(*expr, connection(), rules_, type);
        const auto text = convert(value, type, Type{Kind::kString}, *lease_->session().zone);
        if (text && !text->is_null()) values[i] = text->text();
      }
      if (!found)
        throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - partition column " + name +
                       " cannot be resolved");
    }
    if (std::find(named.begin(), named.end(), false) != named.end()) {
      throw SqlError(
          "ODPS-0130071:[1,1] Semantic analysis exception - the partition spec lacks a column");
    }
    return values;
  }

  Partition read_whole_spec(const Table& table, const sql::PartitionSpec& spec) {
    Partition partition;
    for (auto& value : read_spec(table, spec)) {
      if (!value)
        throw SqlError(
            "ODPS-0130071:[1,1] Semantic analysis exception - the partition spec lacks a value");
      partition.push_back(std::move(*value));
    }
    return partition;
  }

  void add_partitions(const sql::Statement& statement) {
    const Table table = resolve(statement);
    const auto known = connection().list_partitions(table);
    for (const auto& spec : statement.partitions) {
      const Partition partition = read_whole_spec(table, spec);
      if (!statement.if_exists && std::find(known.begin(), known.end(), partition) != known.end()) {
        throw SqlError(
            "ODPS-0110061:Failed to run ddltask - Partition already exists, existed values: [\"" +
            join(partition, "\", \"") + "\"]");
      }
      connection().add_partition(table, partition);
    }
    connection().touch(table);
    say("OK");
  }

  void drop_partitions(const sql::Statement& statement) {
    const Table table = resolve(statement);
    const auto known = connection().list_partitions(table);
    for (const auto& spec : statement.partitions) {
      const Partition partition = read_whole_spec(table, spec);
      if (std::find(known.begin(), known.end(), partition) == known.end()) {
        if (statement.if_exists) continue;
        throw SqlError("ODPS-0110061:Failed to run ddltask - Partition not found");
      }
      connection().drop_partition(table, partition);
    }
    connection().touch(table);
    say("OK");
  }

  void truncate(const sql::Statement& statement) {
    const Table table = resolve(statement);
    if (statement.partitions.empty()) {
      connection().run("DELETE FROM " + table.stored_name());
    } else {
      for (const auto& spec : statement.partitions) {
        const Partition partition = read_whole_spec(table, spec);
        connection().drop_partition(table, partition);
        connection().add_partition(table, partition);
      }
    }
    connection().touch(table);
    say("OK");
  }

  // -------------------------------------------------------------------------------------- INSERT

  void insert(const sql::Statement& statement) {
    const Table table = resolve(statement);
    if (table.kind != TableKind::kTable) {
      throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - cannot insert into view " +
                     table.name);
    }
    std::vector<std::optional<std::string>> fixed(table.partition_columns.size());
    if (!statement.partitions.empty()) fixed = read_spec(table, statement.partitions[0]);
    std::vector<Column> targets;
    for (const Column& column : table.columns) {
      const auto& names = statement.names;
      if (names.empty() || std::find(names.begin(), names.end(), column.name) != names.end()) {
        targets.push_back(column);
      }
    }
    if (!statement.names.empty()) reorder(targets, statement.names, table);
    const bool named_partition = !statement.names.empty() && statement.partitions.empty();
    for (std::size_t i = 0; i < fixed.size() && !named_partition; ++i) {
      if (!fixed[i]) targets.push_back(table.partition_columns[i]);
    }
    const std::string source = statement.query ? compile_rows(*statement.query, targets)
                                               : compile_rows(statement.rows, targets);
    std::vector<std::string> names;
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      names.push_back(quote_name(targets[i].name));
      cells.push_back("c" + std::to_string(i));
    }
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      if (!fixed[i]) continue;
      names.push_back(quote_name(table.partition_columns[i].name));
      cells.push_back("'" + escape_quotes(*fixed[i]) + "'");
    }
    const std::string rows = "SELECT " + join(cells, ", ") + " FROM (" + source + ")";
    connection().run("CREATE TEMP TABLE mc_incoming AS " + rows);
    if (statement.overwrite) clear_for_overwrite(table, fixed);
    connection().run("INSERT INTO " + table.stored_name() + " (" + join(names, ", ") +
                     ") SELECT * FROM mc_incoming");
    connection().run("DROP TABLE temp.mc_incoming");
    note_partitions(table, fixed);
    connection().touch(table);
    say("OK");
  }

  static std::string escape_quotes(const std::string& text) {
    std::string escaped;
    for (const char c : text) {
      if (c == '\'') escaped += '\'';
      escaped += c;
    }
    return escaped;
  }

  static void reorder(std::vector<Column>& targets, const std::vector<std::string>& names,
                      const Table& table) {
    targets.clear();
    const auto all = table.all_columns();
    for (const std::string& name : names) {
      const auto found = std::find_if(all.begin(), all.end(),
                                      [&](const Column& column) { return column.name == name; });
      if (found == all.end()) {
        throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - column " + name +
                       " cannot be resolved");
      }
      targets.push_back(*found);
    }
  }

  std::string compile_rows(const sql::Query& query, const std::vector<Column>& targets) {
    const sql::Compiled compiled = sql::compile_query(query, connection(), rules_);
    if (compiled.columns.size() != targets.size()) {
      throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - wrong columns count " +
                     std::to_string(compiled.columns.size()) + " in data source, requires " +
                     std::to_string(targets.size()) + " columns");
    }
    std::vector<std::string> cells;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const std::string name = "c" + std::to_string(i);
      cells.push_back(sql::coerce(name, compiled.columns[i].type, targets[i].type, {1, 1}) +
                      " AS " + name);
    }
    return "SELECT " + join(cells, ", ") + " FROM (" + compiled.text + ")";
  }

  std::string compile_rows(const std::vector<std::vector<sql::ExprPtr>>& rows,
                           const std::vector<Column>& targets) {
    std::vector<std::string> selects;
    for (const auto& row : rows) {
      if (row.size() != targets.size()) {
        throw SqlError("ODPS-0130071:[1,1] Semantic analysis exception - wrong columns count " +
                       std::to_string(row.size()) + " in data source, requires " +
                       std::to_string(targets.size()) + " columns");
      }
      std::vector<std::string> cells;
      for (std::size_t i = 0; i < row.size(); ++i) {
        cells.push_back(sql::translate(*row[i], targets[i].type, connection(), rules_) + " AS c" +
                        std::to_string(i));
      }
      selects.push_back("SELECT " + join(cells, ", "));
    }
    return join_in_blocks(std::move(selects));
  }

  // SQLite takes at most 500 SELECTs in one compound.
  static std::string join_in_blocks(std::vector<std::string> selects) {
    constexpr std::size_t kBlock = 400;
    while (selects.size() > kBlock) {
      std::vector<std::string> blocks;
      for (std::size_t i = 0; i < selects.size(); i += kBlock) {
        const std::vector<std::string> block(
            selects.begin() + static_cast<std::ptrdiff_t>(i),
            selects.begin() + static_cast<std::ptrdiff_t>(std::min(i + kBlock, selects.size())));
        blocks.push_back("SELECT * FROM (" + join(block, " UNION ALL ") + ")");
      }
      selects = std::move(blocks);
    }
    return join(selects, " UNION ALL ");
  }

  void clear_for_overwrite(const Table& table,
                           const std::vector<std::optional<std::string>>& fixed) {
    std::vector<std::string> conditions;
    for (std::size_t i = 0; i < fixed.size(); ++i) {
      const std::string column = quote_name(table.partition_columns[i].name);
      if (fixed[i])
        conditions.push_back(column + " = '" + escape_quotes(*fixed[i]) + "'");
      else
        conditions.push_back(column + " IN (SELECT " + column + " FROM mc_incoming)");
    }
    connection().run("DELETE FROM " + table.stored_name() +
                     (conditions.empty() ? "" : " WHERE " + join(conditions, " AND ")));
  }

  void note_partitions(const Table& table, const std::vector<std::optional<std::string>>& fixed) {
    if (table.partition_columns.empty()) return;
    if (std::all_of(fixed.begin(), fixed.end(), [](const auto& v) { return v.has_value(); })) {
      Partition partition;
      for (const auto& value : fixed) partition.push_back(*value);
      connection().add_partition(table, partition);
      return;
    }
    std::vector<std::string> names;
    for (const Column& column : table.partition_columns) {
      names.push_back("CAST(" + quote_name(column.name) + " AS TEXT)");
    }
    std::vector<Partition> seen;
    {
      auto statement = connection().prepare("SELECT DISTINCT " + join(names, ", ") + " FROM " +
                                            table.stored_name());
      while (statement.step()) {
        Partition partition;
        for (std::size_t i = 0; i < names.size(); ++i) {
          partition.push_back(statement.text(static_cast<int>(i)));
        }
        seen.push_back(std::move(partition));
      }
    }
    for (const Partition& partition : seen) connection().add_partition(table, partition);
  }

  const Settings& settings_;
  const ProjectFacts& project_;
  Warehouse& warehouse_;
  const std::atomic<bool>& cancelled_;
  std::int64_t rows_max_;
  Warehouse::Lease lease_;
  sql::Rules rules_;
  Outcome outcome_;
};

}  // namespace

bool is_quick(const sql::Script& script) {
  return std::all_of(script.statements.begin(), script.statements.end(), [](const auto& each) {
    return each.kind != StatementKind::kQuery && each.kind != StatementKind::kInsert &&
           !(each.kind == StatementKind::kCreateTable && each.query);
  });
}

bool is_select(const sql::Script& script) {
  return !script.statements.empty() && script.statements.back().kind == StatementKind::kQuery;
}

sql::Script parse_job(const std::string& query, Settings& settings) {
  sql::Script script =
      sql::parse_script(query, is_true(settings, "odps.sql.type.system.odps2", true));
  for (const auto& [key, value] : script.settings) settings[key] = value;
  if (script.statements.size() > 1 &&
      !equals_ignoring_case(setting_of(settings, "odps.sql.submit.mode", ""), "script")) {
    throw SqlError(
        "ODPS-0130161:[1,1] Parse exception - only one statement in a job, unless "
        "odps.sql.submit.mode=script");
  }
  return script;
}

Outcome run_script(const sql::Script& script, const Settings& settings, const ProjectFacts& project,
                   Warehouse& warehouse, const std::atomic<bool>& cancelled,
                   std::int64_t rows_max) {
  Outcome outcome;
  try {
    return Execution(settings, project, warehouse, cancelled, rows_max).run(script);
  } catch (const SqlError& error) {
    outcome.text = error.what();
  } catch (const std::exception& error) {
    outcome.text = std::string("ODPS-0010000:System internal error - ") + error.what();
  }
  outcome.failed = true;
  if (cancelled) outcome.text = "ODPS-0123105:Job got killed";
  if (outcome.text.substr(0, 5) != "ODPS-") {
    outcome.text = "ODPS-0010000:System internal error - " + outcome.text;
  }
  return outcome;
}

}  // namespace emulator
