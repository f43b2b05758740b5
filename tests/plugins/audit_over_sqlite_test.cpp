// SPDX-License-Identifier: Apache-2.0
// The audit log in a real file: what somebody with the file and SQL can do to it, and what of
// secrets he finds there.
#include "loader/registry.hpp"
#include "store/audit_log.hpp"
#include "studio/fakes.hpp"

#include <sluice/draft/store.h>

#include <sqlite3.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice {
namespace {

namespace fs = std::filesystem;

struct NoServices final : loader::HostServices {
  void log(std::string_view, int, std::string_view) override {}
  const void* find_extension(std::string_view) override { return nullptr; }
};

// As a node masks settings: by what the component's schema says.
std::string mask_password(std::string_view, std::string_view, const std::string& settings) {
  auto told = settings;
  const auto at = told.find("pass-phrase-of-the-source");
  return at == std::string::npos ? told : told.replace(at, 25, "********");
}

class AuditOverSqlite : public testing::Test {
 protected:
  AuditOverSqlite() {
    auto pattern = (fs::temp_directory_path() / "audit-over-sqlite-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    registry_ = loader::Registry::load({.directory = SLUICE_PLUGIN_DIR,
                                        .state_directory = folder_ / "state",
                                        .load = {{"store-sqlite", ""}},
                                        .log = [](int, std::string_view) {}});
    fill();
  }
  ~AuditOverSqlite() override { fs::remove_all(folder_); }

  fs::path file() const { return folder_ / "sluice.db"; }

  // What happens between opening the file and closing it.
  template <class Act>
  void with_studio(Act act) {
    const auto* component = registry_.find(SLUICE_KIND_STORE, "sqlite");
    ASSERT_NE(component, nullptr) << registry_.reports().at(0).reason;
    const auto instance = loader::Instance::make(
        *component, "store", R"({"file":")" + file().string() + "\"}", services_);
    ASSERT_TRUE(instance) << instance.error().detail;
    ASSERT_TRUE((*instance)->start());
    store::Store store(
        *static_cast<const sluice_store*>(component->api), (*instance)->self(),
        store::make_test_sealer(), [](int, std::string_view) {}, &mask_password);
    auto studio = studio::Studio::make(store, floor_, clock_, studio::make_system_random());
    act(studio);
  }

  // Seven records: the workspace with its consumer and group, a source, a credential, a token ...
  void fill() {
    with_studio([&](auto& studio) {
      ASSERT_TRUE(studio) << studio.error().detail;
      const auto run = [&](auto use_case) {
        const auto done = (*studio)->run("ann", use_case);
        ASSERT_TRUE(done) << done.error().detail;
      };
      run([](studio::Edit& e) { return e.put_workspace({.name = "shop"}); });
      run([](studio::Edit& e) {
        return e.put_data_source({"shop",
                                  "db",
                                  "sqlite",
                                  R"({"file":"users.db","password":"pass-phrase-of-the-source"})",
                                  {}});
      });
      run([](studio::Edit& e) {
        return e.add_credential({"shop", "api-key", R"({"key":"key-of-the-consumer"})"});
      });
      run([&](studio::Edit& e) {
        auto made = e.add_token({.name = "ann"});
        if (made) token_ = made->secret;
        return made;
      });
      run([](studio::Edit& e) {
        return e.put_workspace({.name = "shop", .description = "orders"});
      });
      EXPECT_TRUE(
          (*studio)->reveal_credential("ann", (*studio)->state().credentials.all().begin()->first));
      last_ = (*studio)->audit_log().read_head()->seq;
    });
  }

  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, &error), SQLITE_OK)
        << (error ? error : "");
    EXPECT_GT(sqlite3_total_changes(database), 0) << "nothing was done by: " << text;
    sqlite3_free(error);
    sqlite3_close(database);
  }

  // What verification says, a line for each problem.
  std::vector<std::string> verify() {
    std::vector<std::string> told;
    with_studio([&](auto& studio) {
      if (!studio) {
        told.push_back("not opened: " + studio.error().detail);
        return;
      }
      const auto verdict = (*studio)->audit_log().verify();
      ASSERT_TRUE(verdict) << verdict.error().detail;
      for (const auto& problem : verdict->problems) {
        told.push_back(std::to_string(problem.seq) + " " + problem.what);
      }
    });
    return told;
  }

  fs::path folder_;
  NoServices services_;
  loader::Registry registry_;
  studio::FakeLowerFloor floor_;
  studio::FakeClock clock_;
  std::string token_;
  std::uint64_t last_ = 0;
};

std::string key(std::uint64_t seq) { return "'" + store::make_audit_key(seq) + "'"; }

TEST_F(AuditOverSqlite, IsWholeAfterAReopen) {
  EXPECT_GE(last_, 7u);
  EXPECT_TRUE(verify().empty());
}

TEST_F(AuditOverSqlite, TellsWhateverIsDoneToRecordsInTheFile) {
  const std::string of_audit = " WHERE kind='audit' AND key=";
  const auto last = std::to_string(last_);
  const struct {
    const char* name;
    std::string sql;
    std::vector<std::string> told;  // how each problem begins
  } cases[] = {
      {"one is changed",
       "UPDATE documents SET body=replace(body,'\"actor\":\"ann\"','\"actor\":\"eve\"')" +
           of_audit + key(2),
       {"2 the record was changed"}},
      {"one is emptied",
       "UPDATE documents SET body=''" + of_audit + key(3),
       {"3 the record was changed"}},
      {"one is removed", "DELETE FROM documents" + of_audit + key(4), {"4 the record is missing"}},
      {"the first is removed",
       "DELETE FROM documents" + of_audit + key(1),
       {"1 the record is missing"}},
      {"several are removed",
       "DELETE FROM documents WHERE kind='audit' AND key BETWEEN " + key(2) + " AND " + key(4),
       {"2 the records up to 4 are missing"}},
      {"two change places",
       "UPDATE documents SET key='x'" + of_audit + key(2) + ";UPDATE documents SET key=" + key(2) +
           of_audit + key(3) + ";UPDATE documents SET key=" + key(3) + of_audit + "'x'",
       {"2 the record was moved", "3 the record was moved"}},
      {"the end is cut off",
       "DELETE FROM documents" + of_audit + key(last_),
       {last + " the record is missing"}},
      {"all are removed",
       "DELETE FROM documents WHERE kind='audit'",
       {"1 the records up to " + last + " are missing"}},
      {"one is doubled behind the end",
       "INSERT INTO documents SELECT kind," + key(last_ + 1) + ",body,revision FROM documents" +
           of_audit + key(last_),
       {std::to_string(last_ + 1) + " a record lies behind the end"}},
      {"a removed one is replaced by another",
       "UPDATE documents SET body=(SELECT body FROM documents" + of_audit + key(3) + ")" +
           of_audit + key(4),
       {"4 the record was moved"}},
  };
  const auto whole = folder_ / "whole.db";
  fs::copy_file(file(), whole);
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    fs::copy_file(whole, file(), fs::copy_options::overwrite_existing);
    sql(c.sql);
    const auto told = verify();
    ASSERT_EQ(told.size(), c.told.size()) << (told.empty() ? "" : told[0]);
    for (std::size_t i = 0; i < told.size(); ++i) {
      EXPECT_EQ(told[i].substr(0, c.told[i].size()), c.told[i]) << told[i];
    }
  }
}

// Whoever writes another end of the log has not the key that seals it: the store is not opened.
TEST_F(AuditOverSqlite, AnEndThatWasForgedIsNotOpened) {
  sql("UPDATE documents SET body=replace(body,'\"audit\":\"','\"audit\":\"x') WHERE kind='head'");
  const auto told = verify();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].substr(0, 10), "not opened") << told[0];
}

TEST_F(AuditOverSqlite, NoSecretStandsInTheFile) {
  std::string bytes;
  for (const auto& entry : fs::directory_iterator(folder_)) {  // -wal and -journal too
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    bytes += text.str();
  }
  ASSERT_NE(bytes.find("users.db"), std::string::npos)
      << "what is no secret of a source is told in the log";
  ASSERT_EQ(token_.substr(0, 4), "sat_");
  for (const auto& secret :
       {std::string("pass-phrase-of-the-source"), std::string("key-of-the-consumer"), token_}) {
    EXPECT_EQ(bytes.find(secret), std::string::npos) << secret;
  }
}

}  // namespace
}  // namespace sluice
