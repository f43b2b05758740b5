// SPDX-License-Identifier: Apache-2.0
#include "sqlite_store.hpp"

#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/SQLite/SessionImpl.h>
#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace store_sqlite {
namespace {

using Poco::Data::Session;
using Poco::Data::Statement;
using sluice::Error;
using sluice::Op;
using sluice::Result;
using sluice::Status;
using sluice::to_view;
using namespace Poco::Data::Keywords;

constexpr std::int64_t kSchemaVersion = 1;
constexpr std::size_t kOpenTimeoutSeconds = 10;  // Poco opens on a thread of its own and waits

void run(Session& session, const std::string& sql) { session << sql, now; }

std::optional<std::int64_t> find_number(Session& session, const std::string& sql) {
  Poco::Int64 value = 0;
  Statement select(session);
  select << sql, into(value), limit(1);
  if (select.execute() == 0) return std::nullopt;
  return value;
}

// "BEGIN IMMEDIATE": expectations are read under the write lock, so nobody can slip in between the
// check and the write. Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Session& session) : session_(session) { run(session_, "BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (committed_) return;
    try {
      run(session_, "ROLLBACK");
    } catch (...) {  // SQLite has rolled back already, as it does when the disk is full
    }
  }
  void commit() {
    run(session_, "COMMIT");
    committed_ = true;
  }

 private:
  Session& session_;
  bool committed_ = false;
};

// What Poco threw, as a failure with a remedy. The library's own text goes to the log only.
Error make_error(const Poco::Exception& e) {
  namespace lite = Poco::Data::SQLite;
  const auto error = [&](Status status, const char* detail) {
    return Error{status, detail, e.displayText(), {}};
  };
  if (dynamic_cast<const lite::DBLockedException*>(&e) ||
      dynamic_cast<const lite::TableLockedException*>(&e)) {
    return error(SLUICE_E_BUSY, "the store is locked by another process: end that one, or retry");
  }
  if (dynamic_cast<const lite::DatabaseFullException*>(&e)) {
    return error(SLUICE_E_UNAVAILABLE, "the store's disk is full: make room and retry");
  }
  if (dynamic_cast<const lite::CorruptImageException*>(&e)) {
    return error(SLUICE_E_UNAVAILABLE, "the store's file is damaged: restore it from a backup");
  }
  if (dynamic_cast<const lite::ReadOnlyException*>(&e)) {
    return error(SLUICE_E_UNAVAILABLE, "the store's file cannot be written: check its permissions");
  }
  return error(SLUICE_E_UNAVAILABLE, "the store did not answer");
}

// The same at start-up, where an operator reads it and the file may be named.
Error make_start_error(const Poco::Exception& e, const std::string& file) {
  auto error = make_error(e);
  // SQLITE_NOTADB has no exception of its own in Poco; its text is SQLite's fixed one.
  if (e.displayText().find("not a database") != std::string::npos) {
    error = {SLUICE_E_CONFIG, "this file is not a SQLite database: name another file", {}, {}};
  }
  error.detail = file + ": " + error.detail;
  if (error.detail.ends_with("did not answer")) error.detail += " (" + e.displayText() + ")";
  error.where = "/file";
  return error;
}

bool is_text(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && text.find('\0') == std::string_view::npos;
}

// The present revision of a document; 0 when there is none.
std::int64_t revision_of(Session& session, std::string kind, std::string key) {
  Poco::Int64 found = 0;
  Statement select(session);
  select << "SELECT revision FROM documents WHERE kind=? AND key=?", use(kind), use(key),
      into(found), limit(1);
  select.execute();
  return found;
}

}  // namespace

SqliteStore::SqliteStore(StoreSettings settings, sluice::Host host)
    : settings_(std::move(settings)), host_(host) {}
SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::make(const sluice::Settings& settings,
                                                       sluice::Host host) {
  auto parsed = StoreSettings::parse(settings);
  if (!parsed) return parsed.error();
  return std::make_unique<SqliteStore>(std::move(*parsed), host);
}

// The file holds digests of credentials and settings of sources: nobody but its owner reads it.
// SQLite gives -wal and -shm the mode of the file itself.
Result<void> SqliteStore::make_file_private() const {
  const auto error = [&](std::string what) {
    return Error{SLUICE_E_UNAVAILABLE, settings_.file + ": " + std::move(what), {}, "/file"};
  };
  const int fd = ::open(settings_.file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) {
    const int why = errno;
    if (why == ENOENT) return error("its folder does not exist: create it");
    if (why == EISDIR) return error("this is a folder: name a file in it");
    if (why == EACCES || why == EPERM || why == EROFS) {
      return error("no right to write it: change its owner or permissions");
    }
    return error(std::string("it cannot be opened (") + std::strerror(why) + ")");
  }
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  if (!known || !S_ISREG(status.st_mode)) return error("this is no regular file: name another one");
  if (status.st_mode & 077) {
    host_.warn("store " + settings_.file + " can be read by others: chmod 600 it");
  }
  return {};
}

Result<void> SqliteStore::start() {
  const std::lock_guard lock(mutex_);
  if (auto made = make_file_private(); !made) return made.error();
  try {
    session_ = std::make_unique<Session>(Poco::AutoPtr<Poco::Data::SessionImpl>(
        new Poco::Data::SQLite::SessionImpl(settings_.file, kOpenTimeoutSeconds)));
    run(*session_, "PRAGMA busy_timeout=" + std::to_string(settings_.lock_wait_ms));
    if (auto migrated = migrate(); !migrated) {
      session_.reset();
      return migrated.error();
    }
    return {};
  } catch (const Poco::Exception& e) {
    session_.reset();
    return make_start_error(e, settings_.file);
  }
}

Result<void> SqliteStore::migrate() {
  const auto refuse = [&](std::string why) {
    return Error{SLUICE_E_CONFIG, settings_.file + ": " + std::move(why), {}, "/file"};
  };
  auto& session = *session_;
  // Somebody else's database is refused before anything of it is changed, its journal mode too.
  const auto tables = find_number(session, "SELECT count(*) FROM main.sqlite_master").value_or(0);
  const auto own = find_number(
      session, "SELECT count(*) FROM main.sqlite_master WHERE type='table' AND name='meta'");
  if (tables > 0 && own.value_or(0) == 0) {
    return refuse("this is a SQLite database, but no store of Sluice: name another file");
  }
  if (tables > 0) {
    const auto version =
        find_number(session, "SELECT value FROM meta WHERE name='schema_version'").value_or(0);
    if (version > kSchemaVersion) {
      return refuse("a newer Sluice wrote this store (schema " + std::to_string(version) +
                    ", this one knows " + std::to_string(kSchemaVersion) + "): use that release");
    }
    if (version < 1) return refuse("its schema version is missing: restore it from a backup");
  }
  run(session, "PRAGMA main.journal_mode=WAL");
  run(session, "PRAGMA main.synchronous=FULL");
  Transaction transaction(session);
  // IF NOT EXISTS and OR IGNORE: two processes that create the store at once both succeed.
  run(session,
      "CREATE TABLE IF NOT EXISTS main.meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
      " WITHOUT ROWID");
  run(session,
      "CREATE TABLE IF NOT EXISTS main.documents(kind TEXT NOT NULL, key TEXT NOT NULL,"
      " body TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY(kind,key)) WITHOUT ROWID");
  run(session, "CREATE INDEX IF NOT EXISTS main.documents_revision ON documents(revision)");
  run(session,
      "CREATE TABLE IF NOT EXISTS main.deletions(kind TEXT NOT NULL, key TEXT NOT NULL,"
      " revision INTEGER NOT NULL, PRIMARY KEY(kind,key)) WITHOUT ROWID");
  run(session, "CREATE INDEX IF NOT EXISTS main.deletions_revision ON deletions(revision)");
  // changes_from: the oldest `since` that `changes` can answer in full.
  run(session, "INSERT OR IGNORE INTO meta(name,value) VALUES('schema_version'," +
                   std::to_string(kSchemaVersion) + "),('revision',0),('changes_from',0)");
  transaction.commit();
  return {};
}

void SqliteStore::stop() {
  const std::lock_guard lock(mutex_);
  session_.reset();
}

Result<void> SqliteStore::check_health() {
  const std::lock_guard lock(mutex_);
  if (!session_) return Error{SLUICE_E_UNAVAILABLE, "the store is not open", {}, {}};
  try {
    find_number(*session_, "SELECT value FROM meta WHERE name='revision'");
    return {};
  } catch (const Poco::Exception& e) {
    return make_error(e);
  }
}

template <class Step>
Status SqliteStore::guarded(Op op, Step step) {
  const std::lock_guard lock(mutex_);
  if (!session_) return op.fail(SLUICE_E_UNAVAILABLE, "the store is not open");
  if (const auto go_on = op.checkpoint(); go_on != SLUICE_OK) return go_on;
  try {
    return step();
  } catch (const Poco::Exception& e) {
    return op.fail(make_error(e));
  }
}

Status SqliteStore::write(const sluice_store_write& write, std::int64_t revision) {
  auto& session = *session_;
  std::string kind(to_view(write.kind)), key(to_view(write.key));
  Poco::Int64 stamp = revision;
  if (write.action == SLUICE_STORE_PUT) {
    std::string body(to_view(write.body));
    session << "INSERT INTO documents(kind,key,body,revision) VALUES(?,?,?,?) ON CONFLICT(kind,key)"
               " DO UPDATE SET body=excluded.body, revision=excluded.revision",
        use(kind), use(key), use(body), use(stamp), now;
    session << "DELETE FROM deletions WHERE kind=? AND key=?", use(kind), use(key), now;
    return SLUICE_OK;
  }
  if (revision_of(session, kind, key) == 0) return SLUICE_OK;  // gone already: nothing to tell
  session << "DELETE FROM documents WHERE kind=? AND key=?", use(kind), use(key), now;
  session << "INSERT OR REPLACE INTO deletions(kind,key,revision) VALUES(?,?,?)", use(kind),
      use(key), use(stamp), now;
  return SLUICE_OK;
}

Status SqliteStore::commit(std::span<const sluice_store_write> writes, std::uint64_t* revision,
                           std::size_t* failed, Op op) {
  if (writes.size() > kWritesPerCommitMax) {
    return op.fail(SLUICE_E_TOO_LARGE, "too many documents in one commit: split it, at most " +
                                           std::to_string(kWritesPerCommitMax));
  }
  for (std::size_t i = 0; i < writes.size(); ++i) {
    const auto& w = writes[i];
    const bool right = (w.action == SLUICE_STORE_PUT || w.action == SLUICE_STORE_DELETE) &&
                       w.kind.n > 0 && is_text(to_view(w.kind), kKindBytesMax) && w.key.n > 0 &&
                       is_text(to_view(w.key), kKeyBytesMax) &&
                       is_text(to_view(w.body), kBodyBytesMax);
    if (right) continue;
    if (failed) *failed = i;
    return op.fail(SLUICE_E_ARGUMENT,
                   "a document's kind, key or body is empty, too long or holds "
                   "a NUL character, or the action is unknown");
  }
  return guarded(op, [&]() -> Status {
    auto& session = *session_;
    Transaction transaction(session);
    const auto before = find_number(session, "SELECT value FROM meta WHERE name='revision'");
    if (!before) return op.fail(SLUICE_E_UNAVAILABLE, "the store has lost its revision");
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (const auto go_on = op.checkpoint(); go_on != SLUICE_OK) return go_on;
      const auto& w = writes[i];
      if (w.expected == SLUICE_STORE_ANY) continue;
      const auto found =
          revision_of(session, std::string(to_view(w.kind)), std::string(to_view(w.key)));
      if (static_cast<std::uint64_t>(found) == w.expected) continue;
      if (failed) *failed = i;
      return op.fail(SLUICE_E_CONFLICT, "somebody else changed a document first: read it again");
    }
    if (writes.empty()) {
      if (revision) *revision = static_cast<std::uint64_t>(*before);
      return SLUICE_OK;
    }
    Poco::Int64 after = *before + 1;
    for (const auto& w : writes) {
      if (const auto go_on = op.checkpoint(); go_on != SLUICE_OK) return go_on;
      if (const auto wrote = write(w, after); wrote != SLUICE_OK) return wrote;
    }
    session << "UPDATE meta SET value=? WHERE name='revision'", use(after), now;
    const auto kept = std::to_string(settings_.deletions_kept);
    // The newest revision that has to be forgotten; nothing at all in the usual case.
    const auto floor = find_number(
        session, "SELECT revision FROM deletions ORDER BY revision DESC LIMIT 1 OFFSET " + kept);
    if (floor) {
      Poco::Int64 from = *floor;
      session << "DELETE FROM deletions WHERE revision<=?", use(from), now;
      session << "UPDATE meta SET value=max(value,?) WHERE name='changes_from'", use(from), now;
    }
    transaction.commit();
    if (revision) *revision = static_cast<std::uint64_t>(after);
    return SLUICE_OK;
  });
}

// Runs one select of (kind, key, body, revision, deleted), one row at a time: the store may be
// larger than what should lie in memory twice. The texts are its first parameters.
Status SqliteStore::push_documents(const std::string& sql, std::vector<std::string> texts,
                                   std::vector<std::int64_t> numbers, sluice::StoreOut out, Op op) {
  std::string found_kind, key, body;
  Poco::Int64 revision = 0;
  std::vector<Poco::Int64> bounds(numbers.begin(), numbers.end());
  int deleted = 0;
  Statement select(*session_);
  select << sql, into(found_kind), into(key), into(body), into(revision), into(deleted),
      Poco::Data::Keywords::range(0, 1);
  for (auto& text : texts) select, use(text);
  for (auto& bound : bounds) select, use(bound);
  while (!select.done()) {
    if (select.execute() == 0) break;
    if (const auto go_on = op.checkpoint(); go_on != SLUICE_OK) return go_on;
    const sluice_store_doc doc{sizeof doc,
                               static_cast<std::uint32_t>(deleted),
                               sluice::to_str(found_kind),
                               sluice::to_str(key),
                               sluice::to_str(body),
                               static_cast<std::uint64_t>(revision)};
    if (const auto taken = out.doc(doc); taken != SLUICE_OK) return taken;
  }
  return SLUICE_OK;
}

Status SqliteStore::get(std::string_view kind, std::string_view key, sluice::StoreOut out, Op op) {
  return guarded(op, [&]() -> Status {
    std::string kind_text(kind), key_text(key), body;
    Poco::Int64 revision = 0;
    Statement select(*session_);
    select << "SELECT body,revision FROM documents WHERE kind=? AND key=?", use(kind_text),
        use(key_text), into(body), into(revision), limit(1);
    if (select.execute() == 0) {
      return op.fail(SLUICE_E_NOT_FOUND, "there is no such document");
    }
    const sluice_store_doc doc{sizeof doc,
                               0,
                               sluice::to_str(kind_text),
                               sluice::to_str(key_text),
                               sluice::to_str(body),
                               static_cast<std::uint64_t>(revision)};
    return out.doc(doc);
  });
}

Status SqliteStore::scan(std::string_view kind, sluice::StoreOut out, Op op) {
  // One statement reads one revision. An empty kind means every kind.
  return guarded(op, [&] {
    if (kind.empty()) {
      return push_documents("SELECT kind,key,body,revision,0 FROM documents ORDER BY kind,key", {},
                            {}, out, op);
    }
    return push_documents(
        "SELECT kind,key,body,revision,0 FROM documents WHERE kind=? ORDER BY key",
        {std::string(kind)}, {}, out, op);
  });
}

Status SqliteStore::scan_others(std::string_view kind, sluice::StoreOut out, Op op) {
  // Two ranges of the primary key: what is left out is not read, however much it is.
  return guarded(op, [&] {
    return push_documents(
        "SELECT kind,key,body,revision,0 FROM documents WHERE kind<? UNION ALL"
        " SELECT kind,key,body,revision,0 FROM documents WHERE kind>? ORDER BY kind,key",
        {std::string(kind), std::string(kind)}, {}, out, op);
  });
}

Status SqliteStore::range(const sluice::StoreRange& range, sluice::StoreOut out, Op op) {
  return guarded(op, [&] {
    return push_documents(
        std::string("SELECT kind,key,body,revision,0 FROM documents WHERE kind=? AND key>=? AND"
                    " key<=? ORDER BY key") +
            (range.backwards ? " DESC" : ""),
        {std::string(range.kind), std::string(range.first), std::string(range.last)}, {}, out, op);
  });
}

Status SqliteStore::changes(std::uint64_t since, sluice::StoreOut out, Op op) {
  if (since > std::uint64_t(std::numeric_limits<std::int64_t>::max())) return SLUICE_OK;
  return guarded(op, [&]() -> Status {
    const auto from =
        find_number(*session_, "SELECT value FROM meta WHERE name='changes_from'").value_or(0);
    if (static_cast<std::int64_t>(since) < from) {
      return op.fail(SLUICE_E_TOO_LARGE,
                     "deletions as old as that are no longer remembered: scan the store instead");
    }
    return push_documents(
        "SELECT kind,key,body,revision AS r,0 FROM documents WHERE revision>? UNION ALL"
        " SELECT kind,key,'',revision AS r,1 FROM deletions WHERE revision>? ORDER BY r,kind,key",
        {}, {static_cast<std::int64_t>(since), static_cast<std::int64_t>(since)}, out, op);
  });
}

Status SqliteStore::revision(std::uint64_t* revision, Op op) {
  return guarded(op, [&]() -> Status {
    const auto found = find_number(*session_, "SELECT value FROM meta WHERE name='revision'");
    if (!found) return op.fail(SLUICE_E_UNAVAILABLE, "the store has lost its revision");
    *revision = static_cast<std::uint64_t>(*found);
    return SLUICE_OK;
  });
}

}  // namespace store_sqlite
