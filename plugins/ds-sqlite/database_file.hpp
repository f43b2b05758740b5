// SPDX-License-Identifier: Apache-2.0
#pragma once
// A database file in a directory of its own, for tests: made and changed through a connection that
// is not the plugin's.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>

namespace sluice::sqlite {

class DatabaseFile {
 public:
  explicit DatabaseFile(const std::string& sql) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sluice-ds-sqlite-XXXXXX");
    const char* made = ::mkdtemp(pattern.data());
    directory_ = made ? made : "";
    EXPECT_FALSE(directory_.empty());
    open();
    run(sql);
  }
  ~DatabaseFile() {
    close();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  std::filesystem::path path() const { return directory_ / "data.db"; }
  std::filesystem::path directory() const { return directory_; }
  // Settings that name this file; `more` are further members: `,"consistency":"strict"`.
  std::string settings(const std::string& more = {}) const {
    return R"({"file":")" + path().string() + '"' + more + '}';
  }

  // The writer's own connection.
  void run(const std::string& sql) {
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << sql << ": " << (error ? error : "");
    sqlite3_free(error);
  }
  void open() { EXPECT_EQ(sqlite3_open(path().c_str(), &db_), SQLITE_OK); }
  void close() { sqlite3_close(std::exchange(db_, nullptr)); }

 private:
  std::filesystem::path directory_;
  sqlite3* db_ = nullptr;
};

}  // namespace sluice::sqlite
