// SPDX-License-Identifier: Apache-2.0
#include "fault.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace sluice::sqlite {
namespace {

TEST(Fault, TellsTheOperatingSystemsReasonsApart) {
  const struct {
    int number;
    Status status;
    const char* detail;
  } cases[] = {
      {ENOENT, SLUICE_E_UNAVAILABLE, "the data source's file does not exist"},
      {ENOTDIR, SLUICE_E_UNAVAILABLE, "the data source's file does not exist"},
      {EACCES, SLUICE_E_UNAVAILABLE, "the gateway may not read the data source's file"},
      {EPERM, SLUICE_E_UNAVAILABLE, "the gateway may not read the data source's file"},
      {EMFILE, SLUICE_E_BUSY, "the gateway has too many files open"},
      {EIO, SLUICE_E_UNAVAILABLE, "the data source's file cannot be opened"},
  };
  for (const auto& c : cases) {
    const auto fault = make_file_fault(c.number, "/secret/path.db");
    EXPECT_EQ(fault.status, c.status);
    EXPECT_EQ(fault.detail, c.detail);
    EXPECT_NE(fault.internal.find("/secret/path.db"), std::string::npos);
  }
}

TEST(Fault, TellsSqlitesReasonsApart) {
  const struct {
    int code;
    Status status;
    const char* part;
    bool breaks;
  } cases[] = {
      {SQLITE_BUSY, SLUICE_E_BUSY, "locked", false},
      {SQLITE_BUSY_RECOVERY, SLUICE_E_BUSY, "locked", false},
      {SQLITE_SCHEMA, SLUICE_E_BUSY, "being changed", false},
      {SQLITE_NOTADB, SLUICE_E_UNAVAILABLE, "not an SQLite database", true},
      {SQLITE_CORRUPT_INDEX, SLUICE_E_UNAVAILABLE, "damaged", true},
      {SQLITE_READONLY_CANTINIT, SLUICE_E_UNAVAILABLE, "-shm", true},
      {SQLITE_IOERR_READ, SLUICE_E_UNAVAILABLE, "cannot be read", true},
      {SQLITE_NOMEM, SLUICE_E_UNAVAILABLE, "memory", true},
      {SQLITE_PERM, SLUICE_E_UNAVAILABLE, "may not read", false},
      {SQLITE_TOOBIG, SLUICE_E_TOO_LARGE, "too large", false},
      {SQLITE_AUTH, SLUICE_E_ARGUMENT, "one statement that reads", false},
      {SQLITE_MISUSE, SLUICE_E_INTERNAL, "failed", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.code);
    const auto fault = make_fault(nullptr, c.code, "/secret/path.db");
    EXPECT_EQ(fault.status, c.status);
    EXPECT_NE(fault.detail.find(c.part), std::string::npos) << fault.detail;
    EXPECT_EQ(fault.detail.find("secret"), std::string::npos);
    EXPECT_EQ(breaks_connection(c.code), c.breaks);
  }
}

}  // namespace
}  // namespace sluice::sqlite
