// SPDX-License-Identifier: Apache-2.0
#include "demo.hpp"

#include <atomic>
#include <stdexcept>

#include "sql_ast.hpp"

namespace emulator {
namespace {

constexpr const char* kStatements[] = {
    "CREATE TABLE user_info (user_id BIGINT COMMENT 'id of the user', user_name STRING, age "
    "BIGINT) "
    "COMMENT 'the worked example'",
    "INSERT INTO user_info VALUES (10001, 'Alice', 25), (10002, 'Bob', 30)",

    "CREATE TABLE orders (id BIGINT, name STRING, price DOUBLE, amount DECIMAL(10,2), "
    "created DATETIME)",
    "INSERT INTO orders VALUES "
    "(1, 'alpha', 1.5, 12.34BD, DATETIME'2026-11-23 06:00:00'), "
    "(2, NULL, NULL, NULL, NULL), "
    "(3, 'it\\'s \"quoted\", line\\nbreak', -0.25, -1000BD, DATETIME'1969-12-31 23:59:59')",

    "CREATE TABLE all_types (c_tinyint TINYINT, c_smallint SMALLINT, c_int INT, c_bigint BIGINT, "
    "c_float FLOAT, c_double DOUBLE, c_decimal DECIMAL(38,18), c_boolean BOOLEAN, c_string STRING, "
    "c_varchar VARCHAR(20), c_char CHAR(5), c_binary BINARY, c_date DATE, c_datetime DATETIME, "
    "c_timestamp TIMESTAMP, c_timestamp_ntz TIMESTAMP_NTZ, c_json JSON, "
    "c_array ARRAY<BIGINT>, c_map MAP<STRING,BIGINT>, c_struct STRUCT<a:BIGINT,b:STRING>)",
    "INSERT INTO all_types VALUES "
    "(1Y, 2S, 3, 4L, 0.25, 1.5, 12345678901234567890.123456789012345678BD, TRUE, 'h\xc3\xa9llo', "
    "'varchar', 'char', unhex('0062696e'), DATE'2026-11-23', DATETIME'2026-11-23 06:00:00', "
    "TIMESTAMP'2026-11-23 06:00:00.123456789', TIMESTAMP_NTZ'2026-11-23 06:00:00.123456789', "
    "json_parse('{\"k\":[1,null,true]}'), array(1L, NULL, 3L), map('k', 7L), "
    "named_struct('a', 5L, 'b', 'x')), "
    "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
    "NULL, NULL, NULL, NULL, NULL), "
    "(-128Y, -32768S, -2147483648, -9223372036854775807L, -3.5, 1e300, "
    "-0.000000000000000001BD, FALSE, '', '', '', unhex(''), DATE'1969-12-31', "
    "DATETIME'1969-12-31 00:00:00', TIMESTAMP'1969-12-31 00:00:00.000000001', "
    "TIMESTAMP_NTZ'1969-12-31 00:00:00.000000001', json_parse('null'), array(), map(), "
    "named_struct('a', NULL, 'b', NULL))",

    "CREATE TABLE scalar_types (c_tinyint TINYINT, c_smallint SMALLINT, c_int INT, c_bigint "
    "BIGINT, "
    "c_float FLOAT, c_double DOUBLE, c_decimal DECIMAL(38,18), c_boolean BOOLEAN, c_string STRING, "
    "c_varchar VARCHAR(20), c_char CHAR(5), c_binary BINARY, c_date DATE, c_datetime DATETIME, "
    "c_timestamp TIMESTAMP, c_timestamp_ntz TIMESTAMP_NTZ)",
    "INSERT INTO scalar_types SELECT c_tinyint, c_smallint, c_int, c_bigint, c_float, c_double, "
    "c_decimal, c_boolean, c_string, c_varchar, c_char, c_binary, c_date, c_datetime, c_timestamp, "
    "c_timestamp_ntz FROM all_types",

    // The vendor's Python client reads only UTF-8 by default, so other bytes stand apart.
    "CREATE TABLE raw_bytes (id BIGINT, c_binary BINARY)",
    "INSERT INTO raw_bytes VALUES (1, unhex('00ff10')), (2, unhex('80')), (3, NULL)",

    "CREATE TABLE events (k STRING, v BIGINT) PARTITIONED BY (pt STRING)",
    "INSERT INTO events PARTITION (pt='20261122') VALUES ('a', 1), ('b', 2)",
    "INSERT INTO events PARTITION (pt='20261123') VALUES ('a', 10), ('c', 30), ('d', NULL)",

    "CREATE TABLE visits (user_id BIGINT, page STRING) PARTITIONED BY (day STRING, hour BIGINT)",
    "INSERT INTO visits PARTITION (day='20261123', hour=6) VALUES (10001, '/'), (10002, '/help')",
    "INSERT INTO visits PARTITION (day='20261123', hour=7) VALUES (10001, '/orders')",
    "INSERT INTO visits PARTITION (day='20261124', hour=6) VALUES (10002, '/')",

    "CREATE VIEW adults AS SELECT user_id, user_name FROM user_info WHERE age >= 18",
};

Table make_generated(const std::string& name, bool wide) {
  Table table;
  table.schema = kDefaultSchema;
  table.name = name;
  table.kind = TableKind::kGenerated;
  table.columns = {{"id", Type{Kind::kBigint}, "1, 2, 3, …"},
                   {"name", Type{Kind::kString}},
                   {"price", Type{Kind::kDouble}}};
  if (wide) table.columns.push_back({"created", Type{Kind::kDatetime}});
  return table;
}

std::string make_body(const std::string& rows, bool wide) {
  return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + rows +
         ") SELECT i AS id, 'name-' || i AS name, i * 0.5 AS price" +
         (wide ? std::string(", strftime('%Y-%m-%d %H:%M:%S.000', 1763877600 + i, 'unixepoch') AS "
                             "created")
               : std::string()) +
         " FROM n";
}

}  // namespace

void make_demo(Warehouse& warehouse, const ProjectFacts& project) {
  const std::atomic<bool> never{false};
  for (const char* text : kStatements) {
    Settings settings = {{"odps.sql.timezone", "UTC"}};
    const Outcome outcome =
        run_script(parse_job(text, settings), settings, project, warehouse, never, -1);
    if (outcome.failed) throw std::runtime_error(std::string(text) + ": " + outcome.text);
  }
  auto connection = warehouse.lend();
  connection->create_table(make_generated("million_rows", false), make_body("1000000", false));
  connection->create_table(make_generated("ten_thousand_rows", true), make_body("10000", true));
  connection->create_table(make_generated("billion_rows", false), make_body("1000000000", false));
}

}  // namespace emulator
