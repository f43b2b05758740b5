// SPDX-License-Identifier: Apache-2.0
#pragma once
// Settings of the store: where the file lies, how long to wait for somebody else's lock.

#include <sluice/host.hpp>

#include <cstdint>
#include <string>

namespace store_sqlite {

inline constexpr std::string_view kSettingsSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "required": ["file"],
  "properties": {
    "file": {
      "type": "string", "minLength": 1, "maxLength": 4000,
      "description": "The database file. It is created when absent; its folder must exist."
    },
    "lock_wait_ms": {
      "type": "integer", "minimum": 0, "maximum": 60000, "default": 5000,
      "description": "How long to wait while another process holds the file's lock."
    },
    "deletions_kept": {
      "type": "integer", "minimum": 1, "maximum": 10000000, "default": 100000,
      "description": "How many deleted documents `changes` remembers; the oldest go first."
    }
  }
})";

struct StoreSettings {
  std::string file;  // absolute
  std::int64_t lock_wait_ms = 5000;
  std::int64_t deletions_kept = 100'000;

  static sluice::Result<StoreSettings> parse(const sluice::Settings& settings);
};

}  // namespace store_sqlite
