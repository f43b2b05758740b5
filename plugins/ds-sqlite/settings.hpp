// SPDX-License-Identifier: Apache-2.0
#pragma once
// The settings of one SQLite data source, as a value.

#include <sluice/host.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::sqlite {

// kPass: calls that one I/O thread serves in one pass of its event loop share a read transaction.
// kStrict: every call reads the newest committed state on its own.
enum class Consistency { kPass, kStrict };

struct SourceSettings {
  std::string file;
  int busy_timeout_ms = 1000;         // a worker's patience with a writer's lock
  std::size_t cache_statements = 64;  // prepared statements kept by one connection
  int page_cache_kib = 2048;          // of one connection
  Consistency consistency = Consistency::kPass;
};

inline constexpr std::string_view kSettingsSchema = R"json({
  "type": "object",
  "additionalProperties": false,
  "required": ["file"],
  "properties": {
    "file": {
      "title": "Database file", "type": "string", "minLength": 1, "maxLength": 4096, "x-sluice-file": true,
      "description": "Path of an existing SQLite database. It is opened read-only."},
    "busy_timeout_ms": {
      "title": "Patience with a writer, ms", "type": "integer", "minimum": 0, "maximum": 60000,
      "default": 1000,
      "description": "How long a call on a worker waits for a locked file. Never beyond its deadline."},
    "cache_statements": {
      "title": "Prepared statements kept", "type": "integer", "minimum": 1, "maximum": 1024,
      "default": 64, "description": "For each connection; there is one connection a thread."},
    "page_cache_kib": {
      "title": "Page cache, KiB", "type": "integer", "minimum": 64, "maximum": 1048576,
      "default": 2048, "description": "For each connection."},
    "consistency": {
      "title": "Consistency", "enum": ["pass", "strict"], "default": "pass",
      "description": "pass: calls served together share one read transaction, far below a millisecond old. strict: each call reads the newest state."}
  }
})json";

// Checks what the schema cannot; touches no file. [ctl]
Result<SourceSettings> parse_settings(const Settings& settings);

}  // namespace sluice::sqlite
