// SPDX-License-Identifier: Apache-2.0
// Behaviour and conformance of ds-sqlite: real files, and the plugin as it is shipped.
#include "database_file.hpp"

#include <sluice/testing/data_source_conformance.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

namespace sluice::sqlite {
namespace {

using sluice::testing::DataSourceSubject;
using sluice::testing::FakeHost;
using sluice::testing::OwnedQuery;
using sluice::testing::RecordingCatalog;
using sluice::testing::RecordingExplain;
using sluice::testing::RecordingRows;
using sluice::testing::RecordingStatement;
using sluice::testing::ScriptedOp;
using sluice::testing::TestInstance;

using Texts = std::vector<std::vector<std::string>>;
using Script = ScriptedOp::Script;

constexpr std::string_view kFile = SLUICE_PLUGIN_DIR "/ds-sqlite.so";
constexpr const char* kEndless =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
constexpr std::uint64_t kSecondNs = 1'000'000'000;

constexpr const char* kUsers = R"sql(
  CREATE TABLE users (user_id INTEGER PRIMARY KEY, user_name TEXT NOT NULL, active BOOLEAN,
                      score DOUBLE, photo BLOB, born DATE, balance DECIMAL(10,2));
  CREATE UNIQUE INDEX users_by_name ON users (user_name);
  CREATE INDEX users_by_score ON users (score, born);
  INSERT INTO users VALUES (10001, 'Alice', 1, 1.5, x'00ff', '2000-01-02', 12.5),
                           (10002, 'Bob', 0, NULL, NULL, NULL, 7),
                           (10003, 'Carol', 2, 2, x'', '', 'much'))sql";

const sluice_component& component() {
  const auto plugin = sluice::testing::load_plugin(std::string(kFile));
  const auto* found =
      plugin ? sluice::testing::find_component(**plugin, SLUICE_KIND_DATA_SOURCE, "sqlite")
             : nullptr;
  if (!found) std::abort();  // the file is missing: no case of this program means anything
  return *found;
}

std::unique_ptr<TestInstance> make_instance(FakeHost& host, const std::string& settings) {
  auto made = TestInstance::make(component(), host, settings);
  EXPECT_TRUE(made) << made.error().where << ": " << made.error().detail;
  return made ? std::move(*made) : nullptr;
}

struct Answer {
  Status status = SLUICE_E_INTERNAL;
  std::vector<std::string> columns;
  Texts rows;
  Error failure;
};

Answer run(const TestInstance& instance, const OwnedQuery& query, const Script& script = {}) {
  ScriptedOp op(script);
  RecordingRows rows;
  Answer answer;
  answer.status = instance.execute(op.raw(), query.raw(), rows.raw());
  EXPECT_EQ(rows.fault, "");
  answer.columns = rows.columns;
  answer.rows = rows.rows;
  answer.failure = op.failure();
  return answer;
}

constexpr Script kInline{.mode = SLUICE_RUN_INLINE};

class SqliteSource : public ::testing::Test {
 protected:
  DatabaseFile file_{kUsers};
  FakeHost host_;
};

// ------------------------------------------------------------------------------ what is refused

TEST_F(SqliteSource, AcceptsOnlyOneStatementThatReads) {
  const auto source = make_instance(host_, file_.settings());
  const struct {
    const char *name, *sql;
    Status status;
  } cases[] = {
      {"select", "SELECT 1", SLUICE_OK},
      {"with", "WITH t(x) AS (SELECT 1) SELECT x FROM t", SLUICE_OK},
      {"values", "VALUES (1)", SLUICE_OK},
      {"blank and comments after it", "SELECT 1; -- done\n /* really */ ;;", SLUICE_OK},
      {"nothing", "", SLUICE_E_ARGUMENT},
      {"only a comment", "-- nothing", SLUICE_E_ARGUMENT},
      {"two statements", "SELECT 1; SELECT 2", SLUICE_E_ARGUMENT},
      {"a broken second statement", "SELECT 1; SELEC", SLUICE_E_ARGUMENT},
      {"insert", "INSERT INTO users (user_name) VALUES ('x')", SLUICE_E_ARGUMENT},
      {"insert returning", "INSERT INTO users (user_name) VALUES ('x') RETURNING 1",
       SLUICE_E_ARGUMENT},
      {"update", "UPDATE users SET score = 1", SLUICE_E_ARGUMENT},
      {"delete", "DELETE FROM users", SLUICE_E_ARGUMENT},
      {"drop", "DROP TABLE users", SLUICE_E_ARGUMENT},
      {"create temp", "CREATE TEMP TABLE t (x)", SLUICE_E_ARGUMENT},
      {"attach", "ATTACH '/etc/passwd' AS p", SLUICE_E_ARGUMENT},
      {"begin", "BEGIN", SLUICE_E_ARGUMENT},
      {"commit", "COMMIT", SLUICE_E_ARGUMENT},
      {"savepoint", "SAVEPOINT s", SLUICE_E_ARGUMENT},
      {"pragma", "PRAGMA query_only", SLUICE_E_ARGUMENT},
      {"pragma that writes", "PRAGMA user_version = 7", SLUICE_E_ARGUMENT},
      {"pragma as a table", "SELECT * FROM pragma_database_list", SLUICE_E_ARGUMENT},
      {"vacuum", "VACUUM", SLUICE_E_ARGUMENT},
      {"explain", "EXPLAIN SELECT 1", SLUICE_E_ARGUMENT},
      {"extension", "SELECT load_extension('x')", SLUICE_E_ARGUMENT},
      {"syntax", "SELEC 1", SLUICE_E_ARGUMENT},
      {"no such function", "SELECT nope(1)", SLUICE_E_ARGUMENT},
      {"overflow", "SELECT abs(-9223372036854775808)", SLUICE_E_ARGUMENT},
      {"no such table", "SELECT * FROM gone", SLUICE_E_NOT_FOUND},
      {"no such column", "SELECT gone FROM users", SLUICE_E_NOT_FOUND},
      {"a quoted column is never a text", "SELECT \"gone\" FROM users", SLUICE_E_NOT_FOUND},
      {"huge value", "SELECT zeroblob(100000000)", SLUICE_E_TOO_LARGE},
      {"huge random value", "SELECT randomblob(100000000)", SLUICE_E_TOO_LARGE},
      {"huge text", "SELECT replace(hex(zeroblob(1000)), '0', hex(zeroblob(100000)))",
       SLUICE_E_TOO_LARGE},
  };
  for (const auto& c : cases) {
    for (const auto& mode : {Script{}, kInline}) {
      SCOPED_TRACE(c.name);
      const auto answer = run(*source, {c.sql}, mode);
      EXPECT_EQ(answer.status, c.status) << answer.failure.internal;
      if (c.status == SLUICE_OK) continue;
      EXPECT_FALSE(answer.failure.detail.empty());
      EXPECT_EQ(answer.failure.detail.find(file_.directory().string()), std::string::npos);
      EXPECT_TRUE(answer.rows.empty());
    }
  }
  EXPECT_EQ(run(*source, {std::string("SELECT 1\0; SELECT 2", 19)}).status, SLUICE_E_ARGUMENT);
  EXPECT_EQ(run(*source, {"SELECT 1" + std::string(100'000, ' ')}).status, SLUICE_E_ARGUMENT);
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}).rows, (Texts{{"3"}}));
}

// SQLite's full-text search has a function that gives and takes addresses of code.
TEST_F(SqliteSource, CallsNoFunctionThatItDoesNotKnow) {
  file_.run("CREATE VIEW addresses AS SELECT hex(fts3_tokenizer('simple')) AS x");
  const auto source = make_instance(host_, file_.settings());
  const auto* statement = source->find_ability<sluice_statement>(SLUICE_STATEMENT_ID);
  const struct {
    const char* sql;
    std::vector<OwnedQuery::Argument> args;
  } cases[] = {
      {"SELECT hex(fts3_tokenizer('simple')) AS x", {}},
      {"SELECT fts3_tokenizer('simple', x'4141414141414141')", {}},
      {"SELECT fts3_tokenizer('simple', ?1)", {{std::string("AAAAAAAA"), SLUICE_T_BYTES}}},
      {"SELECT FTS3_Tokenizer(user_name) FROM users", {}},
      {"SELECT user_id FROM users ORDER BY fts3_tokenizer('simple')", {}},
      {"WITH t AS (SELECT fts3_tokenizer('simple') AS x) SELECT x FROM t", {}},
      {"SELECT fts5(NULL)", {}},
      {"SELECT rtreenode(2, x'00')", {}},
      {"SELECT sqlite_log(1, 'x')", {}},
      {"SELECT load_extension('x')", {}},
      {"SELECT sqlite_compileoption_get(1)", {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sql);
    for (const auto& mode : {Script{}, kInline}) {
      const auto answer = run(*source, {c.sql, c.args}, mode);
      EXPECT_EQ(answer.status, SLUICE_E_ARGUMENT);
      EXPECT_EQ(answer.failure.detail, "the statement calls a function that may not be used here");
      EXPECT_NE(answer.failure.internal.find("not authorized to use function: "),
                std::string::npos);
    }
    ScriptedOp op;
    RecordingStatement out;
    const OwnedQuery query(c.sql);
    EXPECT_EQ(statement->describe(source->self(), op.raw(), query.raw(), out.raw()),
              SLUICE_E_ARGUMENT);
    EXPECT_TRUE(out.fault.starts_with("not authorized to use function: ")) << out.fault;
  }
  // In a view SQLite itself calls it unsafe before it asks.
  EXPECT_EQ(run(*source, {"SELECT x FROM addresses"}).status, SLUICE_E_ARGUMENT);
}

TEST_F(SqliteSource, CallsTheFunctionsOfAReader) {
  const auto source = make_instance(host_, file_.settings());
  const struct {
    const char *sql, *answer;
  } cases[] = {
      {"SELECT count(*), sum(user_id), total(score), avg(score), min(score), max(user_id)"
       " FROM users",
       "3 30006 3.5 1.75 1.5 10003"},
      {"SELECT group_concat(user_name, '+'), upper('a'), lower('B'), length('abc') FROM users",
       "'Alice+Bob+Carol' 'A' 'b' 3"},
      {"SELECT user_name, row_number() OVER (ORDER BY user_id), lag(user_id) OVER (ORDER BY"
       " user_id), ntile(2) OVER (ORDER BY user_id) FROM users LIMIT 1",
       "'Alice' 1 NULL 1"},
      {"SELECT date('2024-02-29', '+1 day'), strftime('%Y', '2024-01-01'), unixepoch('1970-01-02'),"
       " typeof(datetime('now')), julianday('2000-01-01 12:00')",
       "'2024-03-01' '2024' 86400 'text' 2451545.0"},
      {"SELECT json_extract('{\"a\":[1,2]}', '$.a[1]'), '{\"a\":7}' -> 'a', '{\"a\":7}' ->> 'a',"
       " json_array(1, 'x'), json_object('k', 1)",
       "2 '7' 7 '[1,\"x\"]' '{\"k\":1}'"},
      {"SELECT coalesce(NULL, 1), ifnull(NULL, 2), iif(1, 3, 4), nullif(1, 1)", "1 2 3 NULL"},
      {"SELECT printf('%03d', 7), format('%s', 'x'), hex('A'), quote('q'), instr('abc', 'c'),"
       " substr('abc', 2), trim(' t '), replace('aba', 'a', 'c'), round(2.5), abs(-3)",
       "'007' 'x' '41' ''q'' 3 'bc' 't' 'cbc' 3.0 3"},
      {"SELECT 'abc' LIKE 'A%', 'abc' GLOB 'a*', char(65), unicode('A')", "1 1 'A' 65"},
      {"SELECT floor(1.5), sqrt(4.0), pow(2, 3), mod(7, 4), sign(-2)", "1.0 2.0 8.0 3.0 -1"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sql);
    const auto answer = run(*source, {c.sql});
    ASSERT_EQ(answer.status, SLUICE_OK) << answer.failure.internal;
    ASSERT_EQ(answer.rows.size(), 1u);
    std::string joined;
    for (const auto& text : answer.rows[0]) joined += (joined.empty() ? "" : " ") + text;
    EXPECT_EQ(joined, c.answer);
  }
}

TEST_F(SqliteSource, TakesExactlyTheArgumentsOfAStatement) {
  const auto source = make_instance(host_, file_.settings());
  const struct {
    const char* name;
    OwnedQuery query;
    Status status;
    Texts rows;
  } cases[] = {
      {"all types",
       {"SELECT ?1, ?2, ?3, ?4, ?5, typeof(?6)",
        {7, 1.5, "t", true, nullptr, OwnedQuery::Argument("b", SLUICE_T_BYTES)}},
       SLUICE_OK,
       {{"7", "1.5", "'t'", "1", "NULL", "'blob'"}}},
      {"one twice", {"SELECT ?1, ?1", {7}}, SLUICE_OK, {{"7", "7"}}},
      {"empty text is no NULL", {"SELECT ?1 IS NULL", {""}}, SLUICE_OK, {{"0"}}},
      {"a NUL inside",
       {"SELECT length(CAST(?1 AS BLOB))", {std::string("a\0b", 3)}},
       SLUICE_OK,
       {{"3"}}},
      {"largest", {"SELECT ?1", {INT64_MAX}}, SLUICE_OK, {{"9223372036854775807"}}},
      {"text against a number",
       {"SELECT user_name FROM users WHERE user_id = ?1", {"10001"}},
       SLUICE_OK,
       {{"'Alice'"}}},
      {"too few", {"SELECT ?1, ?2", {7}}, SLUICE_E_ARGUMENT, {}},
      {"too many", {"SELECT 1", {7}}, SLUICE_E_ARGUMENT, {}},
      {"a type it does not take",
       {"SELECT ?1", {OwnedQuery::Argument("", SLUICE_T_DECIMAL)}},
       SLUICE_E_UNSUPPORTED,
       {}},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto answer = run(*source, c.query);
    EXPECT_EQ(answer.status, c.status) << answer.failure.detail;
    EXPECT_EQ(answer.rows, c.rows);
  }
  // Nothing of an earlier call is left in a prepared statement.
  EXPECT_EQ(run(*source, {"SELECT ?1", {"secret"}}).rows, (Texts{{"'secret'"}}));
  EXPECT_EQ(run(*source, {"SELECT ?1", {}}).status, SLUICE_E_ARGUMENT);
}

TEST_F(SqliteSource, SaysWhenASinkCannotTakeAType) {
  const auto source = make_instance(host_, file_.settings());
  const OwnedQuery query("SELECT active, photo FROM users ORDER BY user_id");
  ScriptedOp op;
  RecordingRows rows;
  rows.take_only(1u << SLUICE_T_NULL | 1u << SLUICE_T_INT64);
  EXPECT_EQ(source->execute(op.raw(), query.raw(), rows.raw()), SLUICE_E_UNSUPPORTED);
  EXPECT_EQ(rows.fault, "");
  EXPECT_NE(op.failure().detail.find("photo"), std::string::npos);
}

// ------------------------------------------------------------------------------ trouble with files

TEST_F(SqliteSource, TellsTroubleWithItsFileApart) {
  const auto directory = file_.directory();
  std::ofstream(directory / "text.db") << std::string(5000, 'x');
  std::ofstream(directory / "short.db") << "SQLite format 3";
  {
    file_.run("PRAGMA wal_checkpoint");
    std::filesystem::copy_file(file_.path(), directory / "damaged.db");
    std::fstream damaged(directory / "damaged.db", std::ios::in | std::ios::out);
    damaged.seekp(4096);  // the root page of the table
    damaged << std::string(4096, '\x7f');
  }
  const struct {
    const char *name, *file, *detail;
  } cases[] = {
      {"missing", "absent.db", "does not exist"},
      {"missing directory", "absent/data.db", "does not exist"},
      {"file for a directory", "data.db/data.db", "does not exist"},
      {"directory", ".", "not a file"},
      {"text", "text.db", "not an SQLite database"},
      {"cut", "short.db", "not an SQLite database"},
      {"damaged", "damaged.db", "damaged"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto path = (directory / c.file).string();
    const auto source = make_instance(host_, R"({"file":")" + path + "\"}");
    ASSERT_NE(source, nullptr) << "create() touches no file";
    for (const auto& mode : {kInline, Script{}}) {
      const auto answer = run(*source, {"SELECT * FROM users"}, mode);
      EXPECT_EQ(answer.status, SLUICE_E_UNAVAILABLE);
      EXPECT_NE(answer.failure.detail.find(c.detail), std::string::npos) << answer.failure.detail;
      EXPECT_EQ(answer.failure.detail.find(path), std::string::npos);
      EXPECT_NE(answer.failure.internal.find(path), std::string::npos);
    }
    if (std::string_view(c.name) == "damaged") continue;  // its list of tables is whole
    const auto started = source->start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().status, SLUICE_E_UNAVAILABLE);
    EXPECT_EQ(started.error().where, "/file");
    EXPECT_NE(started.error().detail.find("/file"), std::string::npos);
  }
}

TEST_F(SqliteSource, RecoversWhenAMissingFileComes) {
  const auto path = file_.directory() / "later.db";
  const auto source = make_instance(host_, R"({"file":")" + path.string() + "\"}");
  EXPECT_FALSE(source->start());
  EXPECT_EQ(run(*source, {"SELECT 1 FROM users"}, kInline).status, SLUICE_E_UNAVAILABLE);
  std::filesystem::copy_file(file_.path(), path);
  EXPECT_TRUE(source->check_health());
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}, kInline).rows, (Texts{{"3"}}));
}

TEST_F(SqliteSource, SeesThatItsFileWasReplaced) {
  const auto source = make_instance(host_, file_.settings());
  const OwnedQuery query("SELECT user_name FROM users WHERE user_id = ?1", {10001});
  const auto at = [](std::uint64_t seconds, std::uint32_t mode) {
    return Script{.mode = mode, .now_ns = ScriptedOp::kNowNs + seconds * kSecondNs};
  };
  ASSERT_EQ(run(*source, query, at(0, SLUICE_RUN_INLINE)).rows, (Texts{{"'Alice'"}}));

  DatabaseFile next(
      "CREATE TABLE users (user_name TEXT, user_id INTEGER PRIMARY KEY);"
      "INSERT INTO users VALUES ('Anna', 10001)");
  next.close();
  file_.close();
  std::filesystem::rename(next.path(), file_.path());

  // An I/O thread looks once a second; a worker always.
  EXPECT_EQ(run(*source, query, at(0, SLUICE_RUN_INLINE)).rows, (Texts{{"'Alice'"}}));
  EXPECT_EQ(run(*source, query, at(1, SLUICE_RUN_INLINE)).rows, (Texts{{"'Anna'"}}));
  EXPECT_EQ(run(*source, query, at(1, SLUICE_RUN_WORKER)).rows, (Texts{{"'Anna'"}}));

  std::filesystem::remove(file_.path());
  EXPECT_EQ(run(*source, query, at(1, SLUICE_RUN_WORKER)).status, SLUICE_E_UNAVAILABLE);
}

TEST_F(SqliteSource, SeesThatALinkPointsElsewhere) {
  const auto link = file_.directory() / "current.db";
  std::filesystem::create_symlink(file_.path(), link);
  const auto source = make_instance(host_, R"({"file":")" + link.string() + "\"}");
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}).rows, (Texts{{"3"}}));
  DatabaseFile next("CREATE TABLE users (user_id)");
  std::filesystem::remove(link);
  std::filesystem::create_symlink(next.path(), link);
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}).rows, (Texts{{"0"}}));
}

TEST_F(SqliteSource, FollowsTablesThatChange) {
  const auto source = make_instance(host_, file_.settings());
  const OwnedQuery all("SELECT * FROM users WHERE user_id = 10001");
  ASSERT_EQ(run(*source, all).columns.size(), 7u);
  file_.run("ALTER TABLE users ADD COLUMN city TEXT DEFAULT 'Ulm'");
  const auto wider = run(*source, all);
  EXPECT_EQ(wider.columns.back(), "city");
  EXPECT_EQ(wider.rows.at(0).back(), "'Ulm'");
  file_.run("ALTER TABLE users RENAME TO people");
  const auto gone = run(*source, all);
  EXPECT_EQ(gone.status, SLUICE_E_NOT_FOUND);
  EXPECT_EQ(gone.failure.detail, "the table or a column of it is gone");
  file_.run("ALTER TABLE people RENAME TO users");
  EXPECT_EQ(run(*source, all).status, SLUICE_OK);
}

// -------------------------------------------------------------------------------- locks and time

TEST_F(SqliteSource, NeverWaitsForALockOnAnIoThread) {
  const auto source = make_instance(host_, file_.settings(R"(,"busy_timeout_ms":0)"));
  const OwnedQuery query("SELECT count(*) FROM users");
  file_.run("BEGIN EXCLUSIVE");
  EXPECT_EQ(run(*source, query, kInline).status, SLUICE_RETRY_ON_WORKER);
  const auto busy = run(*source, query);
  EXPECT_EQ(busy.status, SLUICE_E_BUSY);
  EXPECT_NE(busy.failure.detail.find("locked"), std::string::npos);
  file_.run("COMMIT");
  EXPECT_EQ(run(*source, query, kInline).rows, (Texts{{"3"}}));
}

TEST_F(SqliteSource, StopsWaitingForALockAtTheDeadlineAndWhenCancelled) {
  const auto source = make_instance(host_, file_.settings(R"(,"busy_timeout_ms":60000)"));
  const OwnedQuery query("SELECT count(*) FROM users");
  file_.run("BEGIN EXCLUSIVE");
  EXPECT_EQ(run(*source, query, {.timeout_at = 3}).status, SLUICE_E_TIMEOUT);
  EXPECT_EQ(run(*source, query, {.cancel_at = 3}).status, SLUICE_E_CANCELLED);
  file_.run("COMMIT");
  EXPECT_EQ(run(*source, query).status, SLUICE_OK);
}

// Proves: R094
TEST_F(SqliteSource, EndsAnEndlessQuery) {
  const auto source = make_instance(host_, file_.settings());
  const auto late = run(*source, {kEndless}, {.timeout_at = 1000});
  EXPECT_EQ(late.status, SLUICE_E_TIMEOUT);
  EXPECT_FALSE(late.failure.detail.empty());
  EXPECT_EQ(run(*source, {kEndless}, {.cancel_at = 1000}).status, SLUICE_E_CANCELLED);
  EXPECT_EQ(run(*source, {kEndless}, {.mode = SLUICE_RUN_INLINE, .budget = 5}).status,
            SLUICE_RETRY_ON_WORKER);
  EXPECT_EQ(run(*source, {"SELECT 1"}).status, SLUICE_OK);
}

// A call that holds its connection inside push() until it is let go.
class HeldCall {
 public:
  explicit HeldCall(const TestInstance& instance) {
    table_ = {sizeof table_, 0x1ff,
              [](sluice_rows*, const sluice_column*, std::size_t) { return 0; },
              [](sluice_rows* rows, const sluice_cell*, std::size_t) {
                return static_cast<Sink*>(rows)->owner->hold();
              },
              nullptr};
    sink_.vt = &table_;
    sink_.owner = this;
    thread_ = std::jthread([this, &instance] {
      ScriptedOp op;
      const OwnedQuery query("SELECT 1");
      instance.execute(op.raw(), query.raw(), &sink_);
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return held_; });
  }
  ~HeldCall() {
    const std::lock_guard lock(mutex_);
    let_go_ = true;
    changed_.notify_all();
  }

 private:
  struct Sink : sluice_rows {
    HeldCall* owner = nullptr;
  };
  Status hold() {
    std::unique_lock lock(mutex_);
    held_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return let_go_; });
    return SLUICE_OK;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false, let_go_ = false;
  sluice_rows_vt table_{};
  Sink sink_{};
  std::jthread thread_;
};

TEST_F(SqliteSource, AnswersBusyBeyondItsLastConnection) {
  const auto source = make_instance(host_, file_.settings());
  std::vector<std::unique_ptr<HeldCall>> held;
  for (int i = 0; i < 64; ++i) held.push_back(std::make_unique<HeldCall>(*source));
  for (const auto& mode : {Script{}, kInline}) {
    EXPECT_EQ(run(*source, {"SELECT 1"}, mode).status, SLUICE_E_BUSY);
  }
  held.pop_back();
  EXPECT_EQ(run(*source, {"SELECT 1"}).status, SLUICE_OK);
}

// ------------------------------------------------------------------------------ passes and writers

TEST_F(SqliteSource, SharesOneReadTransactionInAPass) {
  file_.run("PRAGMA journal_mode = WAL");
  auto& pass = host_.offer_pass();
  const auto source = make_instance(host_, file_.settings());
  const OwnedQuery count("SELECT count(*) FROM users");

  EXPECT_EQ(run(*source, count, kInline).rows, (Texts{{"3"}}));
  EXPECT_EQ(pass.open_callbacks(), 1u);
  file_.run("INSERT INTO users (user_name) VALUES ('Dora')");
  EXPECT_EQ(run(*source, count, kInline).rows, (Texts{{"3"}})) << "one pass, one state";
  EXPECT_EQ(pass.open_callbacks(), 1u) << "registered once a pass";
  EXPECT_EQ(run(*source, count).rows, (Texts{{"4"}})) << "a worker reads the newest state";
  pass.end();
  EXPECT_EQ(run(*source, count, kInline).rows, (Texts{{"4"}}));
  pass.end();
}

TEST_F(SqliteSource, HoldsNothingAfterAPass) {
  auto& pass = host_.offer_pass();
  const auto source = make_instance(host_, file_.settings());
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}, kInline).status, SLUICE_OK);
  EXPECT_EQ(run(*source, {kEndless}, {.mode = SLUICE_RUN_INLINE, .budget = 3}).status,
            SLUICE_RETRY_ON_WORKER);
  EXPECT_EQ(run(*source, {"SELECT gone FROM users"}, kInline).status, SLUICE_E_NOT_FOUND);
  EXPECT_EQ(pass.open_callbacks(), 1u);
  pass.end();
  // Not in WAL mode: a read lock that was left would make this fail.
  file_.run("BEGIN EXCLUSIVE; COMMIT");
}

TEST_F(SqliteSource, ReadsOnItsOwnWhenThePassIsFullOrTheSettingSaysSo) {
  file_.run("PRAGMA journal_mode = WAL");
  for (const char* settings : {"", R"(,"consistency":"strict")"}) {
    SCOPED_TRACE(settings);
    FakeHost host;
    auto& pass = host.offer_pass();
    pass.set_room(*settings ? 100 : 0);
    const auto source = make_instance(host, file_.settings(settings));
    const auto before = run(*source, {"SELECT count(*) FROM users"}, kInline).rows;
    file_.run("INSERT INTO users (user_name) VALUES (hex(randomblob(8)))");
    EXPECT_NE(run(*source, {"SELECT count(*) FROM users"}, kInline).rows, before);
    EXPECT_EQ(pass.open_callbacks(), 0u);
  }
}

TEST_F(SqliteSource, MayBeDestroyedBeforeAPassEnds) {
  auto& pass = host_.offer_pass();
  auto source = make_instance(host_, file_.settings());
  auto other = make_instance(host_, file_.settings());
  EXPECT_EQ(run(*source, {"SELECT 1 FROM users"}, kInline).status, SLUICE_OK);
  EXPECT_EQ(run(*other, {"SELECT 1 FROM users"}, kInline).status, SLUICE_OK);
  source.reset();
  pass.end();
  EXPECT_EQ(run(*other, {"SELECT 1 FROM users"}, kInline).status, SLUICE_OK);
  pass.end();
  file_.run("BEGIN EXCLUSIVE; COMMIT");
}

TEST_F(SqliteSource, ReadsWholeStatesBesideAWriterInWalMode) {
  file_.run("PRAGMA journal_mode = WAL; CREATE TABLE pair (a, b); INSERT INTO pair VALUES (0, 0)");
  const auto source = make_instance(host_, file_.settings());
  std::atomic<int> torn{0}, failed{0};
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < 3; ++t) {
      readers.emplace_back([&, t] {
        for (int i = 0; i < 300; ++i) {
          const auto answer = run(*source, {"SELECT a = b FROM pair"}, t == 0 ? kInline : Script{});
          if (answer.status != SLUICE_OK) {
            ++failed;
          } else if (answer.rows != Texts{{"1"}}) {
            ++torn;
          }
        }
      });
    }
    for (int i = 1; i <= 200; ++i) {
      const auto n = std::to_string(i);
      file_.run("UPDATE pair SET a = " + n + ", b = " + n);
    }
  }
  EXPECT_EQ(torn, 0);
  EXPECT_EQ(failed, 0);
}

TEST_F(SqliteSource, ReadsAWalFileThatNobodyElseHasOpen) {
  file_.run("PRAGMA journal_mode = WAL");
  file_.close();
  const auto source = make_instance(host_, file_.settings());
  const auto answer = run(*source, {"SELECT count(*) FROM users"}, kInline);
  EXPECT_EQ(answer.rows, (Texts{{"3"}})) << answer.failure.internal;
  file_.open();
  file_.run("DELETE FROM users WHERE user_id = 10003");
  EXPECT_EQ(run(*source, {"SELECT count(*) FROM users"}, kInline).rows, (Texts{{"2"}}));
}

TEST_F(SqliteSource, KeepsNoMoreStatementsThanItsSettingSays) {
  const auto source = make_instance(host_, file_.settings(R"(,"cache_statements":2)"));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5; ++i) {
      const auto n = std::to_string(i);
      EXPECT_EQ(run(*source, {"SELECT " + n}).rows, (Texts{{n}}));
    }
  }
}

// ----------------------------------------------------------------------------------- abilities

// Proves: R081, R083, R090
TEST_F(SqliteSource, DescribesTables) {
  file_.run(
      "CREATE VIEW active_users AS SELECT user_id, user_name FROM users WHERE active;"
      "CREATE TABLE \"odd \"\"name\" (a VARCHAR(20), b INTEGER, c, PRIMARY KEY (b, a)) WITHOUT "
      "ROWID;"
      "CREATE INDEX odd_c ON \"odd \"\"name\" (c) WHERE c > 0;"
      "CREATE UNIQUE INDEX odd_sum ON \"odd \"\"name\" (a || c)");
  const auto source = make_instance(host_, file_.settings());
  const auto* catalog = source->find_ability<sluice_catalog>(SLUICE_CATALOG_ID);
  ASSERT_NE(catalog, nullptr);

  ScriptedOp op;
  RecordingCatalog list, users, odd, view;
  using Names = std::vector<std::string>;
  ASSERT_EQ(catalog->list_tables(source->self(), op.raw(), to_str(""), list.raw()), SLUICE_OK);
  EXPECT_EQ(list.tables, (Names{"odd \"name", "users"}));
  EXPECT_EQ(list.views, (Names{"active_users"}));

  ASSERT_EQ(catalog->describe_table(source->self(), op.raw(), to_str("users"), users.raw()),
            SLUICE_OK);
  EXPECT_EQ(users.columns, (std::vector<RecordingCatalog::Column>{
                               {"user_id", "INTEGER", SLUICE_T_INT64, false, 1},
                               {"user_name", "TEXT", SLUICE_T_TEXT, false, 0},
                               {"active", "BOOLEAN", SLUICE_T_BOOL, true, 0},
                               {"score", "DOUBLE", SLUICE_T_DOUBLE, true, 0},
                               {"photo", "BLOB", SLUICE_T_BYTES, true, 0},
                               {"born", "DATE", SLUICE_T_TEXT, true, 0},
                               {"balance", "DECIMAL(10,2)", SLUICE_T_DOUBLE, true, 0}}));
  EXPECT_EQ(users.indexes,
            (std::vector<RecordingCatalog::Index>{{"users_by_name", true, {"user_name"}},
                                                  {"users_by_score", false, {"score", "born"}}}));

  ASSERT_EQ(catalog->describe_table(source->self(), op.raw(), to_str("odd \"name"), odd.raw()),
            SLUICE_OK);
  EXPECT_EQ(odd.columns,
            (std::vector<RecordingCatalog::Column>{{"a", "VARCHAR(20)", SLUICE_T_TEXT, false, 2},
                                                   {"b", "INTEGER", SLUICE_T_INT64, false, 1},
                                                   {"c", "", SLUICE_T_TEXT, true, 0}}));
  ASSERT_EQ(odd.indexes.size(), 2u) << "an index of an expression is left out";
  EXPECT_FALSE(odd.indexes[0].unique) << "a partial index promises nothing about other rows";
  EXPECT_EQ(odd.indexes[1].columns, (Names{"b", "a"}));

  ASSERT_EQ(catalog->describe_table(source->self(), op.raw(), to_str("active_users"), view.raw()),
            SLUICE_OK);
  EXPECT_EQ(view.columns.size(), 2u);
}

// Proves: R090
TEST_F(SqliteSource, ExplainsWhichStepsReadAWholeTable) {
  const auto source = make_instance(host_, file_.settings());
  const auto* explain = source->find_ability<sluice_explain>(SLUICE_EXPLAIN_ID);
  ASSERT_NE(explain, nullptr);
  const struct {
    const char* sql;
    Status status;
    bool full_scan;
  } cases[] = {
      {"SELECT * FROM users WHERE user_id = ?1", SLUICE_OK, false},
      {"SELECT * FROM users WHERE user_name = ?1", SLUICE_OK, false},
      {"SELECT * FROM users WHERE born = ?1", SLUICE_OK, true},
      {"SELECT * FROM users a JOIN users b ON b.user_id = a.score", SLUICE_OK, true},
      {"SELECT 1", SLUICE_OK, false},
      {"DELETE FROM users", SLUICE_E_ARGUMENT, false},
      {"SELECT * FROM gone", SLUICE_E_NOT_FOUND, false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.sql);
    ScriptedOp op;
    RecordingExplain out;
    const OwnedQuery query(c.sql);
    EXPECT_EQ(explain->explain(source->self(), op.raw(), query.raw(), out.raw()), c.status);
    EXPECT_EQ(out.full_scan, c.full_scan);
  }
}

TEST_F(SqliteSource, DescribesTheColumnsOfAStatement) {
  const auto source = make_instance(host_, file_.settings());
  const auto* statement = source->find_ability<sluice_statement>(SLUICE_STATEMENT_ID);
  ASSERT_NE(statement, nullptr);
  using Column = RecordingStatement::Column;
  const struct {
    const char *name, *sql;
    std::vector<Column> columns;
    const char* fault;
    std::uint64_t offset;
  } cases[] = {
      {"columns of a table",
       "SELECT user_id, user_name AS name, active FROM users WHERE user_id = ?1",
       {{"user_id", "INTEGER", SLUICE_T_INT64},
        {"name", "TEXT", SLUICE_T_TEXT},
        {"active", "BOOLEAN", SLUICE_T_BOOL}},
       "",
       UINT64_MAX},
      {"through a query within",
       "SELECT s FROM (SELECT score AS s FROM users)",
       {{"s", "DOUBLE", SLUICE_T_DOUBLE}},
       "",
       UINT64_MAX},
      {"computed", "SELECT COUNT(*) AS n FROM users", {{"n", "", SLUICE_T_NULL}}, "", UINT64_MAX},
      {"no column", "SELECT user_id, nme FROM users", {}, "no such column: nme", 16},
      {"no table", "SELECT 1 FROM usrs", {}, "no such table: usrs", 0},
      {"syntax", "SELECT user_id FROM users WHERE AND", {}, "near \"AND\": syntax error", 32},
      {"writes", "DELETE FROM users", {}, "", UINT64_MAX},
      {"explain", "EXPLAIN SELECT 1", {}, "", UINT64_MAX},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    ScriptedOp op;
    RecordingStatement out;
    const OwnedQuery query(c.sql);
    const Status status = statement->describe(source->self(), op.raw(), query.raw(), out.raw());
    EXPECT_EQ(status == SLUICE_OK, !c.columns.empty());
    EXPECT_EQ(out.columns, c.columns);
    EXPECT_EQ(out.fault, c.fault);
    if (c.offset != 0) {  // SQLite does not say where a table stands
      EXPECT_EQ(out.fault_offset, c.offset);
    }
  }
  EXPECT_EQ(run(*source, {"SELECT COUNT(*) FROM users"}).rows, (Texts{{"3"}}));
}

TEST_F(SqliteSource, DescribesAStatementAsTheFileIsByNow) {
  const auto source = make_instance(host_, file_.settings());
  const auto* statement = source->find_ability<sluice_statement>(SLUICE_STATEMENT_ID);
  ASSERT_NE(statement, nullptr);
  const OwnedQuery query("SELECT born FROM users");
  const auto describe = [&] {
    ScriptedOp op;
    RecordingStatement out;
    EXPECT_EQ(statement->describe(source->self(), op.raw(), query.raw(), out.raw()), SLUICE_OK);
    return out.columns.empty() ? std::string() : out.columns[0].declared;
  };
  EXPECT_EQ(describe(), "DATE");
  file_.run("DROP TABLE users; CREATE TABLE users (user_id INTEGER PRIMARY KEY, born BIGINT)");
  EXPECT_EQ(describe(), "BIGINT");
}

TEST_F(SqliteSource, OffersItsDialect) {
  const auto source = make_instance(host_, file_.settings());
  const auto* dialect = source->find_ability<sluice_dialect>(SLUICE_DIALECT_ID);
  ASSERT_NE(dialect, nullptr);
  EXPECT_EQ(dialect->placeholder, std::uint32_t{SLUICE_PLACEHOLDER_QUESTION});
  EXPECT_EQ(dialect->limit, std::uint32_t{SLUICE_LIMIT_OFFSET});
  EXPECT_EQ(to_view(dialect->quote_open), "\"");
  EXPECT_EQ(source->find_ability<void>("sluice.unknown/1"), nullptr);
}

// ---------------------------------------------------------------------------------- conformance

DataSourceSubject make_subject() {
  DataSourceSubject subject;
  subject.name = "Sqlite";
  subject.file = kFile;
  subject.type = "sqlite";
  const auto file = std::make_shared<std::unique_ptr<DatabaseFile>>();
  subject.make_settings = [file] {
    if (!*file) *file = std::make_unique<DatabaseFile>(kUsers);
    return (*file)->settings();
  };
  subject.bad_settings = {
      {"{}", "/file"},
      {R"({"file":""})", "/file"},
      {R"({"file":7})", "/file"},
      {R"({"file":":memory:"})", "/file"},
      {R"({"file":"file:x.db?mode=rwc"})", "/file"},
      {R"({"file":"a\u0000b"})", "/file"},
      {R"({"file":"x","busy_timeout_ms":-1})", "/busy_timeout_ms"},
      {R"({"file":"x","busy_timeout_ms":60001})", "/busy_timeout_ms"},
      {R"({"file":"x","busy_timeout_ms":"1"})", "/busy_timeout_ms"},
      {R"({"file":"x","cache_statements":0})", "/cache_statements"},
      {R"({"file":"x","cache_statements":1025})", "/cache_statements"},
      {R"({"file":"x","page_cache_kib":1})", "/page_cache_kib"},
      {R"({"file":"x","consistency":"loose"})", "/consistency"},
  };
  subject.samples = {
      {"every type",
       {"SELECT * FROM users ORDER BY user_id"},
       {"user_id", "user_name", "active", "score", "photo", "born", "balance"},
       {{"10001", "'Alice'", "true", "1.5", "x'00ff'", "'2000-01-02'", "12.5"},
        {"10002", "'Bob'", "false", "NULL", "NULL", "NULL", "7"},
        {"10003", "'Carol'", "2", "2.0", "x''", "''", "'much'"}}},
      {"one row",
       {"SELECT user_id, user_name FROM users WHERE user_id = ?1", {10001}},
       {"user_id", "user_name"},
       {{"10001", "'Alice'"}}},
      {"no row", {"SELECT user_id AS id FROM users WHERE user_id = ?1", {-1}}, {"id"}, {}},
  };
  subject.many_rows.emplace(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i FROM "
      "n");
  subject.long_query.emplace(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
      "SELECT i FROM n WHERE i % 100 = 0");
  subject.echo.emplace("SELECT ?1 AS text");
  subject.known_table = "users";
  return subject;
}

}  // namespace
}  // namespace sluice::sqlite

namespace sluice::testing {
INSTANTIATE_TEST_SUITE_P(Sqlite, DataSourceConformance, ::testing::Values(sqlite::make_subject()),
                         name_of_subject);
}  // namespace sluice::testing
