// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs one job's script against the warehouse: queries into a ResultSet, everything else into text.

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "result_set.hpp"
#include "sql_ast.hpp"
#include "warehouse.hpp"

namespace emulator {

using Settings = std::map<std::string, std::string>;

struct ProjectFacts {
  std::string name;
  std::string owner = "ALIYUN$owner1";
  std::string region = "cn-hangzhou";
  std::string tenant = "tid";
  std::string zone = "Asia/Shanghai";
  bool schemas = false;  // three-level names
};

struct Outcome {
  bool failed = false;
  bool select = false;
  std::string text;  // of everything that is no SELECT, or what went wrong
  std::shared_ptr<ResultSet> rows;
  std::string zone;  // of times in CSV
};

// Whether the script can be answered at once: everything but queries and INSERTs.
bool is_quick(const sql::Script& script);
bool is_select(const sql::Script& script);

// Settings of the request, then those of SET in front of the statement. Throws sql::SqlError when
// the text is no script of the dialect.
sql::Script parse_job(const std::string& query, Settings& settings);

// `rows_max`: without a LIMIT of its own a query gives so many rows; -1: all.
Outcome run_script(const sql::Script& script, const Settings& settings, const ProjectFacts& project,
                   Warehouse& warehouse, const std::atomic<bool>& cancelled, std::int64_t rows_max);

}  // namespace emulator
