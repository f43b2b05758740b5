// SPDX-License-Identifier: Apache-2.0
#pragma once

// The SQL functions that translated statements call and SQLite does not have (all named mc_…).

#include <string>
#include <string_view>

struct sqlite3;

namespace emulator {
struct Session;
}

namespace emulator::sql {

void register_functions(sqlite3* database, Session& session);

// Exact where 38 digits suffice; empty when not, or on a division by zero.
std::string combine_decimals(char operation, std::string_view a, std::string_view b);
int compare_decimals(std::string_view a, std::string_view b);

}  // namespace emulator::sql
