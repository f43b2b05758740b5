// SPDX-License-Identifier: Apache-2.0
#pragma once
// From what SQLite or the operating system answered to an Error that tells the cases apart.

#include <sluice/result.hpp>

#include <sqlite3.h>

#include <string>

namespace sluice::sqlite {

// `code` is what the last call on `db` answered. The text for callers has no path and no SQL; the
// one for the log has SQLite's own words and `file`.
Error make_fault(sqlite3* db, int code, const std::string& file);

// The file could not even be looked at; `number` is an errno.
Error make_file_fault(int number, const std::string& file);

// After such an answer the connection is not worth keeping: its file or its view of it is bad.
bool breaks_connection(int code);

}  // namespace sluice::sqlite
