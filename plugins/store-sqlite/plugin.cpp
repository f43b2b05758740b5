// SPDX-License-Identifier: Apache-2.0
#include "sqlite_store.hpp"

#include <sluice/plugin.hpp>

SLUICE_PLUGIN(
    "org.sluice.store-sqlite", "0.1.0", "Sluice",
    sluice::store<store_sqlite::SqliteStore>({.type = "sqlite",
                                              .title = "SQLite store",
                                              .summary = "Metadata of one node in one file",
                                              .exec = SLUICE_EXEC_WORKER}))
