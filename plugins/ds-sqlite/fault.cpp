// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

#include <cerrno>
#include <string_view>
#include <system_error>

namespace sluice::sqlite {
namespace {

struct Judgement {
  Status status;
  const char* detail;
};

constexpr Judgement kMissing{SLUICE_E_UNAVAILABLE, "the data source's file does not exist"};
constexpr Judgement kForbidden{SLUICE_E_UNAVAILABLE,
                               "the gateway may not read the data source's file"};
constexpr Judgement kGone{SLUICE_E_NOT_FOUND, "the table or a column of it is gone"};

Judgement judge_error_text(std::string_view message) {
  const auto says = [&](std::string_view text) { return message.find(text) != message.npos; };
  if (says("no such table") || says("no such column") || says("no such view")) return kGone;
  // With a name in double quotes SQLite speaks of a string when the column is gone.
  if (says("should be a string literal")) return kGone;
  // The function's name is in SQLite's words: a draft's author reads them, a caller does not.
  if (says("not authorized to use function")) {
    return {SLUICE_E_ARGUMENT, "the statement calls a function that may not be used here"};
  }
  if (says("syntax error") || says("incomplete input") || says("unrecognized token") ||
      says("no such function") || says("ambiguous column")) {
    return {SLUICE_E_ARGUMENT, "the statement is not valid for this data source"};
  }
  return {SLUICE_E_ARGUMENT, "the data source could not compute the statement"};
}

Judgement judge_system_error(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return kMissing;
    case EACCES:
    case EPERM:
      return kForbidden;
    case EMFILE:
    case ENFILE:
      return {SLUICE_E_BUSY, "the gateway has too many files open"};
    default:
      return {SLUICE_E_UNAVAILABLE, "the data source's file cannot be opened"};
  }
}

Judgement judge(sqlite3* db, int code) {
  switch (code & 0xff) {
    case SQLITE_ERROR:
      return judge_error_text(sqlite3_errmsg(db));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return {SLUICE_E_BUSY, "the data source is locked by a writer; try again"};
    case SQLITE_NOTADB:
      return {SLUICE_E_UNAVAILABLE, "the data source's file is not an SQLite database"};
    case SQLITE_CORRUPT:
      return {SLUICE_E_UNAVAILABLE, "the data source's file is damaged"};
    case SQLITE_CANTOPEN:
      return judge_system_error(sqlite3_system_errno(db));
    case SQLITE_PERM:
      return kForbidden;
    case SQLITE_READONLY:
      return {SLUICE_E_UNAVAILABLE,
              "the data source's file is in WAL mode and its -shm file cannot be used; let the "
              "gateway write the directory, or let a writer keep the file open"};
    case SQLITE_IOERR:
      return {SLUICE_E_UNAVAILABLE, "the data source's file cannot be read"};
    case SQLITE_NOMEM:
      return {SLUICE_E_UNAVAILABLE, "the data source is out of memory"};
    case SQLITE_TOOBIG:
      return {SLUICE_E_TOO_LARGE, "a value or the statement is too large for this data source"};
    case SQLITE_SCHEMA:
      return {SLUICE_E_BUSY, "the data source's tables are being changed; try again"};
    case SQLITE_AUTH:
      return {SLUICE_E_ARGUMENT, "only one statement that reads is accepted"};
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
      return {SLUICE_E_ARGUMENT, "an argument does not fit the statement"};
    case SQLITE_INTERRUPT:
      return {SLUICE_E_CANCELLED, "the query was stopped"};
    default:
      return {SLUICE_E_INTERNAL, "the data source failed"};
  }
}

}  // namespace

Error make_fault(sqlite3* db, int code, const std::string& file) {
  const auto [status, detail] = judge(db, code);
  return {status,
          detail,
          file + ": SQLite " + std::to_string(code) + ": " +
              (db ? sqlite3_errmsg(db) : sqlite3_errstr(code)),
          {}};
}

Error make_file_fault(int number, const std::string& file) {
  const auto [status, detail] = judge_system_error(number);
  return {status, detail, file + ": " + std::generic_category().message(number), {}};
}

bool breaks_connection(int code) {
  switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
      return true;
    default:
      return false;
  }
}

}  // namespace sluice::sqlite
