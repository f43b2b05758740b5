// SPDX-License-Identifier: Apache-2.0
#include "sqlite_source.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN("org.sluice.ds-sqlite", "0.1.0", "Sluice",
              sluice::data_source<sluice::sqlite::SqliteSource>(
                  {.type = "sqlite",
                   .title = "SQLite",
                   .summary = "Tables of one SQLite database file, read-only.",
                   .exec = SLUICE_EXEC_INLINE_FIRST}))
