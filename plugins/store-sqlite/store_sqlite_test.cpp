// SPDX-License-Identifier: Apache-2.0
// The store as the gateway meets it: the built .so, loaded, behind its C tables.
#include <sluice/draft/store.h>
#include <sluice/sdk.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

extern char** environ;

struct sluice_node {
  nlohmann::json value;
  std::string text;
  std::map<std::string, sluice_node> members;
};
struct sluice_err {
  sluice_status status = SLUICE_OK;
  std::string where, text;
};

namespace {

namespace fs = std::filesystem;
using sluice::to_str;
using sluice::to_view;
using Json = nlohmann::json;

// ---- the least host that a store needs

sluice_node make_node(const Json& value) {
  sluice_node node{value, value.is_string() ? value.get<std::string>() : value.dump(), {}};
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) node.members.emplace(key, make_node(member));
  }
  return node;
}

std::vector<std::string>& logged() {
  static std::vector<std::string> lines;
  return lines;
}

const sluice_host& host() {
  static const sluice_host table{
      sizeof(sluice_host),
      1,
      0,
      0,
      SLUICE_STR("test"),
      SLUICE_STR("store"),
      [](const sluice_host*, const char*) -> const void* { return nullptr; },
      [](const sluice_host*, int32_t, sluice_str text) { logged().emplace_back(to_view(text)); },
      [](sluice_err* err, sluice_status status, sluice_str where, sluice_str text) {
        *err = {status, std::string(to_view(where)), std::string(to_view(text))};
      },
      [](const sluice_node* n) -> int32_t {
        return n->value.is_object() ? 6 : n->value.is_string() ? 4 : 2;
      },
      [](const sluice_node* n) { return n->members.size(); },
      [](const sluice_node* n, sluice_str key) -> const sluice_node* {
        const auto it = n->members.find(std::string(to_view(key)));
        return it == n->members.end() ? nullptr : &it->second;
      },
      [](const sluice_node*, size_t, sluice_str*) -> const sluice_node* { return nullptr; },
      [](const sluice_node* n) -> int64_t {
        return n->value.is_number() ? n->value.get<int64_t>() : 0;
      },
      [](const sluice_node* n) { return n->value.is_number() ? n->value.get<double>() : 0; },
      [](const sluice_node* n) { return to_str(n->text); }};
  return table;
}

const sluice_component& component() {
  static const sluice_component* found = [] {
    void* image = dlopen(SLUICE_PLUGIN_DIR "/store-sqlite.so", RTLD_NOW | RTLD_LOCAL);
    if (!image) throw std::runtime_error(dlerror());
    const auto entry = reinterpret_cast<sluice_plugin_main_fn>(dlsym(image, SLUICE_PLUGIN_MAIN));
    return entry(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR)->components[0];
  }();
  return *found;
}

// ---- one op: remembers what failed, may be cancelled after some checkpoints
struct TestOp : sluice_op {
  sluice_status status = SLUICE_OK;
  std::string text;
  int checkpoints_left = -1;  // 0: cancelled from now on
  TestOp() : sluice_op{} {
    static const sluice_op_vt table{
        sizeof(sluice_op_vt),
        0,
        [](sluice_op* op) -> sluice_status {
          auto& left = static_cast<TestOp*>(op)->checkpoints_left;
          if (left == 0) return SLUICE_E_CANCELLED;
          if (left > 0) --left;
          return SLUICE_OK;
        },
        [](sluice_op* op, sluice_status status, sluice_str text, sluice_str) {
          static_cast<TestOp*>(op)->status = status;
          static_cast<TestOp*>(op)->text = to_view(text);
        },
        [](sluice_op*, uint64_t, sluice_status) {},
        [](sluice_op*, size_t) -> void* { return nullptr; },
        [](sluice_op*, sluice_str, sluice_str, sluice_credential*) -> sluice_status {
          return SLUICE_E_NOT_FOUND;
        }};
    size = sizeof(sluice_op);
    mode = SLUICE_RUN_WORKER;
    vt = &table;
    deadline_ns = UINT64_MAX;
  }
};

// "kind/key=body@revision", "-kind/key@revision" for one that is gone
struct Documents : sluice_store_out {
  std::vector<std::string> lines;
  std::size_t stop_after = SIZE_MAX;
  Documents() {
    static const sluice_store_out_vt table{
        sizeof table, 0, [](sluice_store_out* out, const sluice_store_doc* d) -> sluice_status {
          auto& self = *static_cast<Documents*>(out);
          if (self.lines.size() >= self.stop_after) return SLUICE_E_TOO_LARGE;
          const auto name = std::string(to_view(d->kind)) + "/" + std::string(to_view(d->key));
          const auto at = "@" + std::to_string(d->revision);
          self.lines.push_back(d->deleted ? "-" + name + at
                                          : name + "=" + std::string(to_view(d->body)) + at);
          return SLUICE_OK;
        }};
    vt = &table;
  }
};

class Store {
 public:
  explicit Store(Json settings) {
    const auto node = make_node(settings);
    if (component().create(&host(), &node, &err, &self_) == SLUICE_OK) {
      started = component().start(self_, &err) == SLUICE_OK;
    }
  }
  explicit Store(const fs::path& file) : Store(Json{{"file", file.string()}}) {}
  ~Store() {
    if (!self_) return;
    component().drain(self_);
    component().stop(self_);
    component().destroy(self_);
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const sluice_store& table() const { return *static_cast<const sluice_store*>(component().api); }

  struct Write {
    bool put;
    std::string kind, key, body;
    std::uint64_t expected = SLUICE_STORE_ANY;
  };
  // "ok 3", or "<status> <index>"
  std::string commit(const std::vector<Write>& writes, TestOp op = {}) {
    std::vector<sluice_store_write> raw;
    for (const auto& w : writes) {
      raw.push_back({sizeof(sluice_store_write),
                     static_cast<uint32_t>(w.put ? SLUICE_STORE_PUT : SLUICE_STORE_DELETE),
                     to_str(w.kind), to_str(w.key), to_str(w.body), w.expected});
    }
    std::uint64_t revision = 0;
    std::size_t failed = 999;
    const auto status = table().commit(self_, &op, raw.data(), raw.size(), &revision, &failed);
    if (status == SLUICE_OK) return "ok " + std::to_string(revision);
    return std::to_string(status) + " " + std::to_string(failed);
  }
  std::vector<std::string> scan(std::string_view kind = "") {
    TestOp op;
    Documents out;
    EXPECT_EQ(table().scan(self_, &op, to_str(kind), &out), SLUICE_OK) << op.text;
    return out.lines;
  }
  std::vector<std::string> changes(std::uint64_t since) {
    TestOp op;
    Documents out;
    const auto status = table().changes(self_, &op, since, &out);
    if (status != SLUICE_OK) return {std::to_string(status), op.text};
    return out.lines;
  }
  std::string get(std::string_view kind, std::string_view key) {
    TestOp op;
    Documents out;
    const auto status = table().get(self_, &op, to_str(kind), to_str(key), &out);
    return status == SLUICE_OK ? out.lines.at(0) : std::to_string(status);
  }
  std::uint64_t revision() {
    TestOp op;
    std::uint64_t revision = 0;
    EXPECT_EQ(table().revision(self_, &op, &revision), SLUICE_OK) << op.text;
    return revision;
  }
  void* self() const { return self_; }

  sluice_err err;
  bool started = false;

 private:
  void* self_ = nullptr;
};

class StoreSqlite : public testing::Test {
 protected:
  StoreSqlite() {
    auto pattern = (fs::temp_directory_path() / "store-sqlite-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    logged().clear();
  }
  ~StoreSqlite() override { fs::remove_all(folder_); }
  fs::path file() const { return folder_ / "sluice.db"; }

  fs::path folder_;
};

using Lines = std::vector<std::string>;

// ---- settings

TEST_F(StoreSqlite, ChecksItsSettings) {
  const struct {
    const char* name;
    Json settings;
    const char* where;  // empty: taken
  } cases[] = {
      {"file", {{"file", file().string()}}, ""},
      {"no file", Json::object(), "/file"},
      {"empty file", {{"file", ""}}, "/file"},
      {"memory", {{"file", ":memory:"}}, "/file"},
      {"URI", {{"file", "file:x.db?mode=rwc"}}, "/file"},
      {"folder", {{"file", "var/"}}, "/file"},
      {"NUL", {{"file", std::string("a\0b", 3)}}, "/file"},
      {"all", {{"file", "x"}, {"lock_wait_ms", 0}, {"deletions_kept", 1}}, ""},
      {"negative wait", {{"file", "x"}, {"lock_wait_ms", -1}}, "/lock_wait_ms"},
      {"long wait", {{"file", "x"}, {"lock_wait_ms", 60'001}}, "/lock_wait_ms"},
      {"nothing kept", {{"file", "x"}, {"deletions_kept", 0}}, "/deletions_kept"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto node = make_node(c.settings);
    sluice_err err;
    void* self = nullptr;
    const auto status = component().create(&host(), &node, &err, &self);
    EXPECT_EQ(status == SLUICE_OK, std::string_view(c.where).empty()) << err.text;
    EXPECT_EQ(err.where, c.where);
    if (self) component().destroy(self);
  }
  EXPECT_TRUE(fs::is_empty(folder_)) << "create() touched a file";
  EXPECT_TRUE(Json::accept(to_view(component().settings_schema)));
  EXPECT_EQ(component().exec, static_cast<uint32_t>(SLUICE_EXEC_WORKER));
}

// ---- opening

TEST_F(StoreSqlite, CreatesAPrivateFileAndReadsItAgain) {
  {
    Store store(file());
    ASSERT_TRUE(store.started) << store.err.text;
    EXPECT_EQ(store.revision(), 0u);
    EXPECT_EQ(store.commit({{true, "api", "a", "{}"}}), "ok 1");
    for (const char* end : {"", "-wal"}) {
      struct stat status {};
      ASSERT_EQ(::stat((file().string() + end).c_str(), &status), 0) << end;
      EXPECT_EQ(status.st_mode & 0777, 0600u) << end;
    }
  }
  Store again(file());
  ASSERT_TRUE(again.started);
  EXPECT_EQ(again.scan(), (Lines{"api/a={}@1"}));
  EXPECT_EQ(again.revision(), 1u);
  EXPECT_TRUE(logged().empty());
}

TEST_F(StoreSqlite, WarnsOfAFileThatOthersCanRead) {
  { Store store(file()); }
  fs::permissions(file(), fs::perms(0644));
  Store store(file());
  ASSERT_TRUE(store.started);
  ASSERT_EQ(logged().size(), 1u);
  EXPECT_NE(logged()[0].find("chmod 600"), std::string::npos);
}

void run_sql(const fs::path& file, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_close(db);
}

TEST_F(StoreSqlite, RefusesAFileItCannotServeAndLeavesItAlone) {
  const auto text = folder_ / "text", other = folder_ / "other", newer = folder_ / "newer",
             locked = folder_ / "locked";
  std::ofstream(text) << std::string(4096, 'x');
  run_sql(other, "CREATE TABLE user_info(user_id INTEGER)");
  { Store store(newer); }
  run_sql(newer, "UPDATE meta SET value=2 WHERE name='schema_version'");
  { Store store(locked); }
  sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open(locked.c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);

  const struct {
    const char* name;
    fs::path file;
    sluice_status status;
    const char* text;
  } cases[] = {
      {"missing folder", folder_ / "absent" / "x.db", SLUICE_E_UNAVAILABLE, "create it"},
      {"a folder", folder_, SLUICE_E_UNAVAILABLE, "name a file in it"},
      {"no regular file", "/dev/null", SLUICE_E_UNAVAILABLE, "no regular file"},
      {"no database", text, SLUICE_E_CONFIG, "not a SQLite database"},
      {"another database", other, SLUICE_E_CONFIG, "no store of Sluice"},
      {"newer schema", newer, SLUICE_E_CONFIG, "newer Sluice"},
      {"locked", locked, SLUICE_E_BUSY, "locked by another process"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Store store(Json{{"file", c.file.string()}, {"lock_wait_ms", 0}});
    EXPECT_FALSE(store.started);
    EXPECT_EQ(store.err.status, c.status);
    EXPECT_EQ(store.err.where, "/file");
    EXPECT_NE(store.err.text.find(c.text), std::string::npos) << store.err.text;
    EXPECT_NE(store.err.text.find(c.file.filename().string()), std::string::npos) << store.err.text;
  }
  sqlite3_close(holder);
  run_sql(other, "SELECT user_id FROM user_info");
  EXPECT_FALSE(fs::exists(folder_ / "other-wal"));
  EXPECT_FALSE(fs::exists(folder_ / "absent"));
}

TEST_F(StoreSqlite, AnswersUnavailableBeforeStartAndAfterStop) {
  const auto node = make_node(Json{{"file", file().string()}});
  sluice_err err;
  void* self = nullptr;
  ASSERT_EQ(component().create(&host(), &node, &err, &self), SLUICE_OK);
  const auto& table = *static_cast<const sluice_store*>(component().api);
  std::uint64_t revision = 0;
  TestOp op;
  EXPECT_EQ(table.revision(self, &op, &revision), SLUICE_E_UNAVAILABLE);
  EXPECT_EQ(component().health(self, &err), SLUICE_E_UNAVAILABLE);
  ASSERT_EQ(component().start(self, &err), SLUICE_OK);
  EXPECT_EQ(component().health(self, &err), SLUICE_OK);
  component().stop(self);
  EXPECT_EQ(table.revision(self, &op, &revision), SLUICE_E_UNAVAILABLE);
  component().destroy(self);
}

// ---- behaviour

TEST_F(StoreSqlite, CommitsAllOrNothing) {
  constexpr auto kNone = std::uint64_t{SLUICE_STORE_NONE};
  constexpr auto kAny = SLUICE_STORE_ANY;
  const struct {
    const char* name;
    std::vector<Store::Write> writes;
    const char* answer;
    Lines after;
  } steps[] = {
      {"two at once",
       {{true, "api", "b", "1", kNone}, {true, "api", "a", "1", kNone}},
       "ok 1",
       {"api/a=1@1", "api/b=1@1"}},
      {"it exists",
       {{true, "api", "c", "1"}, {true, "api", "a", "2", kNone}},
       "-13 1",
       {"api/a=1@1", "api/b=1@1"}},
      {"stale revision", {{true, "api", "a", "2", 7}}, "-13 0", {"api/a=1@1", "api/b=1@1"}},
      {"gone", {{false, "api", "x", "", 1}}, "-13 0", {"api/a=1@1", "api/b=1@1"}},
      {"the first of two that fail",
       {{true, "api", "a", "2", 1}, {true, "api", "x", "", 4}, {true, "api", "y", "", 4}},
       "-13 1",
       {"api/a=1@1", "api/b=1@1"}},
      {"right revision",
       {{true, "api", "a", "2", 1}, {false, "api", "b", "", 1}},
       "ok 2",
       {"api/a=2@2"}},
      {"another kind, same key",
       {{true, "version", "a", "v", kNone}},
       "ok 3",
       {"api/a=2@2", "version/a=v@3"}},
      {"delete what is not there",
       {{false, "api", "x", "", kAny}},
       "ok 4",
       {"api/a=2@2", "version/a=v@3"}},
      {"nothing", {}, "ok 4", {"api/a=2@2", "version/a=v@3"}},
      {"no kind", {{true, "", "a", ""}}, "-3 0", {"api/a=2@2", "version/a=v@3"}},
      {"NUL in a key",
       {{true, "api", "ok", ""}, {true, "api", std::string("a\0", 2), ""}},
       "-3 1",
       {"api/a=2@2", "version/a=v@3"}},
      {"quotes and Chinese",
       {{true, "api", "';--", "\xE7\x94\xA8\"'", kNone}},
       "ok 5",
       {"api/';--=\xE7\x94\xA8\"'@5", "api/a=2@2", "version/a=v@3"}},
      {"empty body",
       {{true, "api", "';--", "", 5}},
       "ok 6",
       {"api/';--=@6", "api/a=2@2", "version/a=v@3"}},
  };
  Store store(file());
  ASSERT_TRUE(store.started) << store.err.text;
  for (const auto& s : steps) {
    SCOPED_TRACE(s.name);
    EXPECT_EQ(store.commit(s.writes), s.answer);
    EXPECT_EQ(store.scan(), s.after);
  }
  EXPECT_EQ(store.scan("version"), (Lines{"version/a=v@3"}));
  EXPECT_EQ(store.scan("none"), Lines{});
  EXPECT_EQ(store.get("api", "a"), "api/a=2@2");
  EXPECT_EQ(store.get("api", "b"), "-4");
}

TEST_F(StoreSqlite, TellsWhatChangedAndWhatIsGone) {
  Store store(file());
  store.commit({{true, "k", "a", "1"}, {true, "k", "b", "1"}});  // 1
  store.commit({{true, "k", "a", "2"}});                         // 2
  store.commit({{false, "k", "b", ""}});                         // 3
  store.commit({{true, "k", "c", "1"}});                         // 4
  EXPECT_EQ(store.changes(0), (Lines{"k/a=2@2", "-k/b@3", "k/c=1@4"}));
  EXPECT_EQ(store.changes(2), (Lines{"-k/b@3", "k/c=1@4"}));
  EXPECT_EQ(store.changes(4), Lines{});
  EXPECT_EQ(store.changes(UINT64_MAX), Lines{});
  store.commit({{true, "k", "b", "3"}});  // 5: back again
  EXPECT_EQ(store.changes(2), (Lines{"k/c=1@4", "k/b=3@5"}));
}

TEST_F(StoreSqlite, ForgetsTheOldestDeletionsAndSaysSo) {
  Store store(Json{{"file", file().string()}, {"deletions_kept", 2}});
  store.commit({{true, "k", "a", ""}, {true, "k", "b", ""}, {true, "k", "c", ""}});  // 1
  store.commit({{false, "k", "a", ""}});                                             // 2
  store.commit({{false, "k", "b", ""}});                                             // 3
  EXPECT_EQ(store.changes(1), (Lines{"-k/a@2", "-k/b@3"}));
  store.commit({{false, "k", "c", ""}});  // 4: one too many
  EXPECT_EQ(store.changes(2), (Lines{"-k/b@3", "-k/c@4"}));
  EXPECT_EQ(store.changes(1).at(0), std::to_string(SLUICE_E_TOO_LARGE));
}

TEST_F(StoreSqlite, StopsWhereTheSinkOrTheCallSays) {
  Store store(file());
  store.commit({{true, "k", "a", ""}, {true, "k", "b", ""}, {true, "k", "c", ""}});
  TestOp op;
  Documents out;
  out.stop_after = 2;
  EXPECT_EQ(store.table().scan(store.self(), &op, to_str(""), &out), SLUICE_E_TOO_LARGE);
  EXPECT_EQ(out.lines.size(), 2u);
  for (int checkpoints = 0; checkpoints < 5; ++checkpoints) {
    SCOPED_TRACE(checkpoints);
    TestOp cancelled;
    cancelled.checkpoints_left = checkpoints;
    EXPECT_EQ(store.commit({{true, "k", "a", "x", 1}, {true, "k", "d", "x", 0}}, cancelled),
              std::to_string(SLUICE_E_CANCELLED) + " 999");
    EXPECT_EQ(store.scan(), (Lines{"k/a=@1", "k/b=@1", "k/c=@1"}));
  }
  EXPECT_EQ(store.commit({{true, "k", "d", ""}}), "ok 2");
}

TEST_F(StoreSqlite, TellsABusyStoreAndWorksAfterwards) {
  Store store(Json{{"file", file().string()}, {"lock_wait_ms", 0}});
  sqlite3* holder = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &holder), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(store.commit({{true, "k", "a", ""}}), std::to_string(SLUICE_E_BUSY) + " 999");
  EXPECT_EQ(store.scan(), Lines{});  // readers go on
  sqlite3_close(holder);
  EXPECT_EQ(store.commit({{true, "k", "a", ""}}), "ok 1");
}

TEST_F(StoreSqlite, LetsOneOfTwoWritersWin) {
  Store one(file()), two(file());
  EXPECT_EQ(one.commit({{true, "k", "head", "1", 0}}), "ok 1");
  EXPECT_EQ(two.commit({{true, "k", "head", "2", 0}}), "-13 0");
  EXPECT_EQ(two.commit({{true, "k", "head", "2", 1}}), "ok 2");

  // Eight threads, each adding one to a counter fifty times under its expectation: none is lost.
  one.commit({{true, "k", "n", "0"}});
  std::atomic<int> conflicts = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&] {
        for (int done = 0; done < 50;) {
          const auto line = one.get("k", "n");  // "k/n=12@34"
          const auto eq = line.find('='), at = line.find('@');
          const auto n = std::stoi(line.substr(eq + 1, at - eq - 1));
          const auto answer = one.commit(
              {{true, "k", "n", std::to_string(n + 1), std::stoull(line.substr(at + 1))}});
          answer.starts_with("ok") ? ++done : ++conflicts;
        }
      });
    }
  }
  EXPECT_EQ(one.get("k", "n").substr(0, 7), "k/n=400") << conflicts << " conflicts";
}

// ---- killed in the middle

constexpr const char* kChildFile = "STORE_SQLITE_TEST_CHILD_FILE";
constexpr const char* kChildPipe = "STORE_SQLITE_TEST_CHILD_PIPE";
constexpr int kDocumentsPerCommit = 5;

// Not a case of its own: the process that the next case starts and kills.
TEST(StoreSqliteChild, CommitsUntilItIsKilled) {
  const char* file = std::getenv(kChildFile);
  if (!file) GTEST_SKIP() << "runs only as the child of StoreSqlite.KeepsWholeTransactions...";
  const int pipe = std::atoi(std::getenv(kChildPipe));
  Store store{fs::path(file)};
  if (!store.started) std::_Exit(3);
  auto n = store.revision();
  for (int i = 0; i < 100'000; ++i) {  // the parent kills long before
    ++n;
    std::vector<Store::Write> writes;
    for (int d = 0; d < kDocumentsPerCommit; ++d) {
      // Large enough that a transaction spans pages.
      writes.push_back({true, "k", std::to_string(d), std::to_string(n) + std::string(3000, ' ')});
    }
    writes.push_back({n % 2 == 0, "k", "sometimes", std::to_string(n) + std::string(3000, ' ')});
    if (store.commit(writes) != "ok " + std::to_string(n)) std::_Exit(4);
    if (::write(pipe, "c", 1) != 1) std::_Exit(5);
  }
}

TEST_F(StoreSqlite, KeepsWholeTransactionsWhenItsProcessIsKilled) {
  std::minstd_rand random(20250101);
  std::uint64_t acknowledged = 0;
  for (int kill_number = 0; kill_number < 30; ++kill_number) {
    SCOPED_TRACE(kill_number);
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    ::setenv(kChildFile, file().c_str(), 1);
    ::setenv(kChildPipe, std::to_string(ends[1]).c_str(), 1);
    char name[] = "child", filter[] = "--gtest_filter=StoreSqliteChild.*";
    char* const arguments[] = {name, filter, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    ASSERT_EQ(::posix_spawn(&child, "/proc/self/exe", &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);

    // After some commits, and then somewhere in the next one: as far as a random spin goes.
    const auto commits = 1 + random() % 4;
    char byte = 0;
    for (std::uint64_t i = 0; i < commits; ++i) {
      ASSERT_EQ(::read(ends[0], &byte, 1), 1) << "the child ended by itself";
      ++acknowledged;
    }
    const auto spins = random() % 2'000'000;
    for (std::uint64_t i = 0; i < spins; ++i) asm volatile("");
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(ends[0], &byte, 1) == 1) ++acknowledged;
    ::close(ends[0]);

    Store store(file());
    ASSERT_TRUE(store.started) << store.err.text;
    const auto revision = store.revision();
    EXPECT_GE(revision, acknowledged) << "a commit that was answered is gone";
    EXPECT_LE(revision, acknowledged + 1);
    acknowledged = revision;
    Lines expected;
    for (int d = 0; d < kDocumentsPerCommit; ++d) {
      expected.push_back("k/" + std::to_string(d) + "=" + std::to_string(revision) +
                         std::string(3000, ' ') + "@" + std::to_string(revision));
    }
    if (revision % 2 == 0) {
      expected.push_back("k/sometimes=" + std::to_string(revision) + std::string(3000, ' ') + "@" +
                         std::to_string(revision));
    }
    EXPECT_EQ(store.scan(), expected);
  }
  ::unsetenv(kChildFile);
  ::unsetenv(kChildPipe);
}

}  // namespace
