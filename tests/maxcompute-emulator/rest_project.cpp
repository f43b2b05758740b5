// SPDX-License-Identifier: Apache-2.0
// Projects, schemas, tables and partitions of the REST side.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "service.hpp"
#include "sql_compiler.hpp"
#include "text.hpp"
#include "values.hpp"

namespace emulator {
namespace {

constexpr std::int64_t kPreviewRowsMax = 10000;

std::string element(std::string_view name, std::string_view text) {
  return "<" + std::string(name) + ">" + escape_xml(text) + "</" + std::string(name) + ">";
}

std::string format_seconds(std::int64_t seconds) {
  return format_http_date(SystemTime(std::chrono::seconds(seconds)));
}

std::string_view type_of(const Table& table) {
  return table.kind == TableKind::kView ? "VIRTUAL_VIEW" : "MANAGED_TABLE";
}

std::int64_t parse_count(std::optional<std::string_view> text, std::int64_t fallback) {
  std::int64_t value = 0;
  if (!text) return fallback;
  const auto end = std::from_chars(text->data(), text->data() + text->size(), value);
  if (end.ec != std::errc{} || end.ptr != text->data() + text->size() || value < 1) {
    refuse_with(400, "InvalidParameter",
                "ODPS-0420061:Invalid parameter in HTTP request - not a positive number");
  }
  return value;
}

// The items after the marker, at most a page, and the marker of the next page. Items are sorted by
// `key`; the marker is opaque to clients.
template <typename Item, typename Key>
std::vector<Item> take_page(std::vector<Item> items, const Request& request, std::int64_t page,
                            Key key, std::string& marker) {
  if (const auto sent = request.parameter("marker"); sent && !sent->empty()) {
    const auto after = from_hex(*sent);
    if (!after) {
      refuse_with(400, "InvalidParameter",
                  "ODPS-0420061:Invalid parameter in HTTP request - marker");
    }
    std::erase_if(items, [&](const Item& item) { return key(item) <= *after; });
  }
  const auto size =
      static_cast<std::size_t>(std::min(parse_count(request.parameter("maxitems"), page), page));
  if (items.size() > size) {
    items.resize(size);
    marker = to_hex(key(items.back()));
  }
  return items;
}

std::string make_page_head(const std::string& marker, std::int64_t page) {
  return (marker.empty() ? "<Marker/>" : element("Marker", marker)) +
         element("MaxItems", std::to_string(page));
}

}  // namespace

std::string make_schema_json(const std::vector<Column>& columns,
                             const std::vector<Column>& partition_columns, bool tunnel) {
  const auto list = [tunnel](const std::vector<Column>& from) {
    nlohmann::ordered_json items = nlohmann::ordered_json::array();
    for (const Column& column : from) {
      items.push_back({{"name", column.name},
                       {"type", to_text(column.type)},
                       {"comment", column.comment},
                       {tunnel ? "nullable" : "isNullable", column.nullable}});
    }
    return items;
  };
  nlohmann::ordered_json document;
  if (tunnel) document["IsVirtualView"] = false;
  document["columns"] = list(columns);
  document["partitionKeys"] = list(partition_columns);
  return document.dump();
}

Response Service::list_projects(Call& call) {
  const auto& project = options_.project;
  static_cast<void>(call);
  return make_xml("<Projects><Marker/><MaxItems>1000</MaxItems><Project>" +
                  element("Name", project.name) + element("Type", "managed") + "<Comment/>" +
                  element("Owner", project.owner) + element("State", "AVAILABLE") +
                  element("Region", project.region) + "</Project></Projects>");
}

Response Service::get_project(Call& call) {
  if (!is_project(call.path[1])) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found - '" + call.path[1] + "'");
  }
  const auto& project = options_.project;
  const auto property = [](std::string_view name, std::string_view value) {
    return "<Property>" + element("Name", name) + element("Value", value) + "</Property>";
  };
  Response response = make_xml(
      "<Project>" + element("Name", project.name) + element("Type", "managed") + "<Comment/>" +
      element("State", "AVAILABLE") + element("Owner", project.owner) +
      element("Region", project.region) + element("TenantId", project.tenant) + "<Properties>" +
      property("odps.schema.model.enabled", project.schemas ? "true" : "false") +
      property("odps.sql.timezone", project.zone) + property("odps.sql.type.system.odps2", "true") +
      property("READ_TABLE_MAX_ROW", "10000") + "</Properties></Project>");
  response.headers.emplace_back("x-odps-owner", project.owner);
  response.headers.emplace_back("x-odps-creation-time", format_seconds(1763877600));
  response.headers.emplace_back("Last-Modified", format_seconds(1763877600));
  return response;
}

Response Service::sign_bearer_token(Call& call) {
  if (!call.request.has("sign_bearer_token")) {
    refuse_with(400, "InvalidParameter", "ODPS-0420061:Invalid parameter in HTTP request");
  }
  return make_xml("<Authorization>" + element("Result", "bearer-" + make_random_hex(32)) +
                  "</Authorization>");
}

Response Service::refuse_logs(Call&) {
  refuse_with(404, "NoSuchObject", "ODPS-0420061:Invalid parameter - there are no logs here");
}

Response Service::get_tenant(Call&) {
  const nlohmann::json tenant = {{"Tenant",
                                  {{"Name", "tenant"},
                                   {"TenantId", options_.project.tenant},
                                   {"Parameters", nlohmann::json::object()}}}};
  return make_json(tenant.dump());
}

Response Service::get_host(Call& call) {
  return make_text(200, "text/plain", "http://" + host_of(call.request));
}

Response Service::find_tunnel(Call& call) {
  if (!is_project(call.path[1])) {
    refuse_with(404, "NoSuchProject", "ODPS-0420111:Project not found - '" + call.path[1] + "'");
  }
  return make_text(200, "text/plain", host_of(call.request));
}

Response Service::list_schemas(Call& call) {
  if (!is_project(call.path[1])) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found - '" + call.path[1] + "'");
  }
  if (!options_.project.schemas) {
    refuse_with(405, "MethodNotAllowed",
                "ODPS-0420071:The project has no schemas: it has not switched to the schema model");
  }
  auto connection = warehouse_.lend();
  const std::int64_t page = knobs_.page_items;
  std::string marker;
  const auto names = take_page(
      connection->list_schemas(), call.request, page, [](const std::string& name) { return name; },
      marker);
  std::string body = "<Schemas>" + make_page_head(marker, page);
  for (const std::string& name : names) {
    body +=
        "<Schema>" + element("Name", name) + element("Owner", options_.project.owner) + "</Schema>";
  }
  return make_xml(body + "</Schemas>");
}

// Functions and resources: there are none, but asking for those of a schema is how the vendor's
// Python client learns whether there is such a schema.
Response Service::list_none(Call& call) {
  const std::string schema(call.request.parameter("curr_schema").value_or(kDefaultSchema));
  auto connection = warehouse_.lend();
  const auto names = connection->list_schemas();
  if (!is_project(call.path[1]) ||
      std::find(names.begin(), names.end(), to_lower(schema)) == names.end()) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Schema not found - '" + schema + "'");
  }
  const std::string name = call.path.back() == "functions" ? "Functions" : "Resources";
  return make_xml("<" + name + "><Marker/><MaxItems>1000</MaxItems></" + name + ">");
}

Response Service::get_schema(Call& call) {
  auto connection = warehouse_.lend();
  const auto names = connection->list_schemas();
  if (!is_project(call.path[1]) ||
      std::find(names.begin(), names.end(), to_lower(call.path[3])) == names.end()) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Schema not found - '" + call.path[3] + "'");
  }
  return make_xml("<Schema>" + element("Name", to_lower(call.path[3])) +
                  element("Owner", options_.project.owner) + "</Schema>");
}

// The table of the path, or of curr_schema and the path.
Table Service::table_of(const Call& call, bool tunnel) {
  const auto& path = call.path;
  if (!is_project(path[1])) {
    refuse_with(404, tunnel ? "NoSuchProject" : "NoSuchObject",
                tunnel ? "The specified project name does not exist."
                       : "ODPS-0420111:Project not found - '" + path[1] + "'");
  }
  std::string schema(call.request.parameter("curr_schema").value_or(kDefaultSchema));
  if (path[2] == "schemas") schema = path[3];
  if (schema.empty() || !options_.project.schemas) schema = kDefaultSchema;
  auto connection = warehouse_.lend();
  const auto table = connection->find_table(schema, path.back());
  if (!table) {
    refuse_with(404, tunnel ? "NoSuchTable" : "NoSuchObject",
                tunnel ? "The specified table name does not exist."
                       : "ODPS-0130131:Table not found - table " + options_.project.name + "." +
                             path.back() + " cannot be resolved");
  }
  return *table;
}

Response Service::list_tables(Call& call) {
  const auto& path = call.path;
  if (!is_project(path[1])) {
    refuse_with(404, "NoSuchObject", "ODPS-0420111:Project not found - '" + path[1] + "'");
  }
  std::string schema(call.request.parameter("curr_schema").value_or(kDefaultSchema));
  if (path[2] == "schemas") schema = path[3];
  if (schema.empty() || !options_.project.schemas) schema = kDefaultSchema;
  auto connection = warehouse_.lend();
  auto tables = connection->list_tables(to_lower(schema));
  if (const auto name = call.request.parameter("name")) {
    const std::string prefix = to_lower(*name);
    std::erase_if(
        tables, [&](const Table& table) { return table.name.substr(0, prefix.size()) != prefix; });
  }
  if (const auto type = call.request.parameter("type"); type && !type->empty()) {
    std::erase_if(tables,
                  [&](const Table& table) { return !equals_ignoring_case(type_of(table), *type); });
  }
  const std::int64_t page = knobs_.page_items;
  std::string marker;
  tables = take_page(
      std::move(tables), call.request, page, [](const Table& table) { return table.name; }, marker);
  std::string body = "<Tables>" + make_page_head(marker, page);
  for (const Table& table : tables) {
    body += "<Table>" + element("Name", table.name) + element("Owner", options_.project.owner) +
            element("Type", type_of(table)) + "</Table>";
  }
  return make_xml(body + "</Tables>");
}

Response Service::get_table(Call& call) {
  const Table table = table_of(call, false);
  nlohmann::ordered_json document = nlohmann::ordered_json::parse(
      make_schema_json(table.columns, table.partition_columns, false));
  document["comment"] = table.comment;
  document["createTime"] = table.created_s;
  document["lastDDLTime"] = table.created_s;
  document["lastModifiedTime"] = table.modified_s;
  document["isVirtualView"] = table.kind == TableKind::kView;
  if (table.kind == TableKind::kView) document["viewText"] = table.view_text;
  document["lifecycle"] = table.lifecycle;
  document["owner"] = options_.project.owner;
  document["shardExist"] = false;
  document["size"] = 1024;
  document["tableName"] = table.name;
  if (call.request.has("extended")) {
    auto connection = warehouse_.lend();
    document["physicalSize"] = 1024;
    document["fileNum"] = 1;
    document["recordNum"] = connection->count_rows(table);
    document["IsArchived"] = false;
  }
  Response response =
      make_xml("<Table>" + element("Name", table.name) + element("TableId", "tid-" + table.name) +
               (options_.project.schemas ? element("SchemaName", table.schema) : "") +
               element("Project", options_.project.name) + "<Schema format=\"Json\">" +
               make_cdata(document.dump()) + "</Schema>" + element("Comment", table.comment) +
               element("Owner", options_.project.owner) +
               element("CreationTime", format_seconds(table.created_s)) +
               element("LastModifiedTime", format_seconds(table.modified_s)) +
               element("Type", type_of(table)) + "</Table>");
  response.headers.emplace_back("Last-Modified", format_seconds(table.modified_s));
  return response;
}

namespace {

std::string format_partition(const Table& table, const Partition& partition) {
  std::string text = "<Partition>";
  for (std::size_t i = 0; i < partition.size(); ++i) {
    text += "<Column Name=\"" + escape_xml(table.partition_columns[i].name) + "\" Value=\"" +
            escape_xml(partition[i]) + "\"/>";
  }
  return text;
}

// pt='a',hh=1 or pt=a/hh=1, in any order of keys; values of named keys, by key order.
std::vector<std::optional<std::string>> parse_partition(const Table& table, std::string_view text) {
  std::vector<std::optional<std::string>> values(table.partition_columns.size());
  std::string normal(text);
  std::replace(normal.begin(), normal.end(), '/', ',');
  for (const std::string& part : split(normal, ',')) {
    const auto equals = part.find('=');
    if (equals == std::string::npos) {
      refuse_with(400, "InvalidPartitionSpec", "The specified partitionspec is not valid.");
    }
    const std::string name = to_lower(trim(std::string_view(part).substr(0, equals)));
    std::string_view value = trim(std::string_view(part).substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"') &&
        value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    bool found = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (table.partition_columns[i].name != name) continue;
      values[i] = std::string(value);
      found = true;
    }
    if (!found) {
      refuse_with(400, "InvalidPartitionSpec", "The specified partitionspec is not valid.");
    }
  }
  return values;
}

bool matches(const Partition& partition, const std::vector<std::optional<std::string>>& wanted) {
  for (std::size_t i = 0; i < partition.size(); ++i) {
    if (wanted[i] && *wanted[i] != partition[i]) return false;
  }
  return true;
}

}  // namespace

Partition find_partition(Connection& connection, const Table& table, std::string_view spec,
                         bool tunnel) {
  const auto wanted = parse_partition(table, spec);
  for (const auto& value : wanted) {
    if (!value) {
      refuse_with(400, "InvalidPartitionSpec", "The specified partitionspec is not valid.");
    }
  }
  for (const Partition& partition : connection.list_partitions(table)) {
    if (matches(partition, wanted)) return partition;
  }
  refuse_with(404, tunnel ? "NoSuchPartition" : "NoSuchObject",
              tunnel ? "The specified partition does not exist."
                     : "ODPS-0420111:Partition not found - '" + std::string(spec) + "'");
}

Response Service::list_partitions(Call& call) {
  const Table table = table_of(call, false);
  if (table.partition_columns.empty()) {
    refuse_with(400, "InvalidArgument",
                "ODPS-0420411:Invalid argument - " + table.name + " is not a partitioned table");
  }
  auto connection = warehouse_.lend();
  auto partitions = connection->list_partitions(table);
  if (const auto spec = call.request.parameter("partition"); spec && !spec->empty()) {
    const auto wanted = parse_partition(table, *spec);
    std::erase_if(partitions,
                  [&](const Partition& partition) { return !matches(partition, wanted); });
  }
  std::sort(partitions.begin(), partitions.end());
  const auto key = [](const Partition& partition) { return join(partition, std::string(1, '\1')); };
  const std::int64_t page = knobs_.page_items;
  std::string marker;
  partitions = take_page(std::move(partitions), call.request, page, key, marker);
  if (call.request.has("reverse")) std::reverse(partitions.begin(), partitions.end());
  std::string body = "<Partitions>" + make_page_head(marker, page);
  for (const Partition& partition : partitions) {
    body += format_partition(table, partition) +
            element("CreationTime", std::to_string(table.created_s)) +
            element("LastDDLTime", std::to_string(table.created_s)) +
            element("LastModifiedTime", std::to_string(table.modified_s)) + "</Partition>";
  }
  return make_xml(body + "</Partitions>");
}

Response Service::get_partition(Call& call) {
  const Table table = table_of(call, false);
  auto connection = warehouse_.lend();
  const Partition partition =
      find_partition(*connection, table, call.request.parameter("partition").value_or(""), false);
  const nlohmann::json schema = {{"createTime", table.created_s},
                                 {"lastDDLTime", table.created_s},
                                 {"lastModifiedTime", table.modified_s},
                                 {"partitionSize", 1024},
                                 {"partitionRecordCount", -1},
                                 {"IsExstore", false},
                                 {"IsArchived", false},
                                 {"LifeCycle", table.lifecycle},
                                 {"PhysicalSize", 1024},
                                 {"FileNum", 1},
                                 {"reserved", "{}"}};
  return make_xml(format_partition(table, partition) + "<Schema>" + make_cdata(schema.dump()) +
                  "</Schema></Partition>");
}

// The first lines as CSV, without SQL.
Response Service::preview_table(Call& call) {
  const Table table = table_of(call, false);
  const std::int64_t lines =
      std::min(parse_count(call.request.parameter("linenum"), kPreviewRowsMax), kPreviewRowsMax);
  auto connection = warehouse_.lend();
  std::string where;
  if (const auto spec = call.request.parameter("partition"); spec && !spec->empty()) {
    const Partition partition = find_partition(*connection, table, *spec, false);
    for (std::size_t i = 0; i < partition.size(); ++i) {
      where += (i == 0 ? " WHERE " : " AND ") + std::string("CAST(") +
               quote_name(table.partition_columns[i].name) + " AS TEXT) = ?" +
               std::to_string(i + 1);
    }
    where += '\n' + join(partition, "\n");
  }
  std::vector<std::string> bound = split(where, '\n');
  std::vector<Column> columns = table.all_columns();
  if (const auto cols = call.request.parameter("cols"); cols && !cols->empty()) {
    std::vector<Column> chosen;
    for (const std::string& name : split(*cols, ',')) {
      for (const Column& column : columns) {
        if (column.name == to_lower(name)) chosen.push_back(column);
      }
    }
    columns = std::move(chosen);
  }
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(quote_name(column.name));
  auto statement =
      connection->prepare("SELECT " + join(names, ", ") + " FROM " + table.stored_name() +
                          bound[0] + " LIMIT " + std::to_string(lines));
  for (std::size_t i = 1; i < bound.size(); ++i) statement.bind(static_cast<int>(i), bound[i]);
  auto rows = std::make_shared<ResultSet>(columns);
  while (statement.step()) {
    Values row;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.push_back(value_from_column(statement.handle(), static_cast<int>(i), columns[i].type));
    }
    rows->append(row);
  }
  rows->finish();
  return make_text(200, "text/csv", make_csv(rows, lines, options_.project.zone));
}

}  // namespace emulator
