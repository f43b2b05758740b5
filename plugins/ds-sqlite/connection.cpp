// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include "fault.hpp"
#include "functions.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include <sys/stat.h>

namespace sluice::sqlite {
namespace {

// A statement that ran is reset whatever happens: an open one would hold its read lock, and the
// bindings point into the call's memory.
class ResetAtEnd {
 public:
  explicit ResetAtEnd(sqlite3_stmt* statement) : statement_(statement) {}
  ~ResetAtEnd() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  ResetAtEnd(const ResetAtEnd&) = delete;
  ResetAtEnd& operator=(const ResetAtEnd&) = delete;

 private:
  sqlite3_stmt* statement_;
};

int run_once(sqlite3_stmt* statement) {
  sqlite3_step(statement);
  return sqlite3_reset(statement);
}

int bind_cell(sqlite3_stmt* statement, int place, const Cell& cell) {
  switch (cell.type) {
    case SLUICE_T_NULL:
      return sqlite3_bind_null(statement, place);
    case SLUICE_T_BOOL:
    case SLUICE_T_INT64:
      return sqlite3_bind_int64(statement, place, cell.v.i);
    case SLUICE_T_DOUBLE:
      return sqlite3_bind_double(statement, place, cell.v.f);
    case SLUICE_T_TEXT:
    case SLUICE_T_JSON:
      // The text lives until the op completes and the binding is cleared before: no copy. An empty
      // text may come without an address, which SQLite would take for NULL.
      return sqlite3_bind_text64(statement, place, cell.v.s.n ? cell.v.s.p : "", cell.v.s.n,
                                 SQLITE_STATIC, SQLITE_UTF8);
    case SLUICE_T_BYTES:
      return sqlite3_bind_blob64(statement, place, cell.v.s.n ? cell.v.s.p : "", cell.v.s.n,
                                 SQLITE_STATIC);
    default:
      return SQLITE_MISMATCH;
  }
}

Cell read_cell(sqlite3_stmt* statement, int i, bool as_boolean) {
  switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER: {
      const auto value = sqlite3_column_int64(statement, i);
      if (as_boolean && (value == 0 || value == 1)) return make_bool(value == 1);
      return make_int64(value);
    }
    case SQLITE_FLOAT:
      return make_double(sqlite3_column_double(statement, i));
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
      return make_text({text, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))});
    }
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, i));
      return make_bytes({bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement, i))});
    }
    default:
      return make_null();
  }
}

bool goes_on(Status status) { return status == SLUICE_OK || status == SLUICE_PAUSE; }

Error unfit(std::string detail) { return {SLUICE_E_ARGUMENT, std::move(detail), {}, {}}; }

}  // namespace

Connection::Serving::Serving(Connection& connection, const Op& op) : connection_(connection) {
  connection_.op_ = &op;
  connection_.stopped_ = SLUICE_OK;
  connection_.waited_ms_ = 0;
}

Connection::Connection(const SourceSettings& settings)
    : settings_(settings), statements_(settings.cache_statements) {}

Connection::~Connection() { close(); }

// ------------------------------------------------------------------------- opening and closing

Result<void> Connection::open() {
  // Looked at before it is opened: should it be replaced in between, the next check sees it.
  struct stat found {};
  if (::stat(settings_.file.c_str(), &found) != 0) return make_file_fault(errno, settings_.file);
  if (!S_ISREG(found.st_mode)) {
    return Error{SLUICE_E_UNAVAILABLE, "the data source's path is not a file", settings_.file, {}};
  }
  device_ = found.st_dev;
  inode_ = found.st_ino;

  int code =
      sqlite3_open_v2(settings_.file.c_str(), &db_,
                      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code == SQLITE_OK) code = configure();
  if (code == SQLITE_OK) return {};
  const Error fault = make_fault(db_, code, settings_.file);
  close();
  return fault;
}

int Connection::configure() {
  origin_ = Origin::kOwn;
  const struct {
    int option, value;
  } switches[] = {
      {SQLITE_DBCONFIG_DEFENSIVE, 1},
      {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
      {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
      // Takes the address of code as a value. With it off, a bound one would still be taken: that
      // function is not on the list of functions.hpp either.
      {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
      // With it on, a column that is gone would become a text, and the answer wrong.
      {SQLITE_DBCONFIG_DQS_DML, 0},
  };
  for (const auto& [option, value] : switches) {
    if (const int code = sqlite3_db_config(db_, option, value, nullptr); code != SQLITE_OK) {
      return code;
    }
  }
  sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, kValueBytesMax);
  sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, kStatementBytesMax);
  sqlite3_limit(db_, SQLITE_LIMIT_VARIABLE_NUMBER, kParametersMax);
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(db_, SQLITE_LIMIT_COMPOUND_SELECT, 64);
  sqlite3_limit(db_, SQLITE_LIMIT_EXPR_DEPTH, 250);
  sqlite3_limit(db_, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
  sqlite3_limit(db_, SQLITE_LIMIT_WORKER_THREADS, 0);

  // Before anything is prepared: a new authorizer makes SQLite prepare everything again.
  sqlite3_set_authorizer(db_, &on_authorize, this);
  sqlite3_progress_handler(db_, kStepsBetweenCheckpoints, &on_progress, this);
  sqlite3_busy_handler(db_, &on_busy, this);

  const std::string pragmas =
      "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; "
      "PRAGMA cache_size = -" +
      std::to_string(settings_.page_cache_kib);
  if (const int code = sqlite3_exec(db_, pragmas.c_str(), nullptr, nullptr, nullptr);
      code != SQLITE_OK) {
    return code;
  }
  for (const auto& [text, handle] : {std::pair{"BEGIN", &begin_}, std::pair{"COMMIT", &commit_}}) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(db_, text, -1, SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return code;
    handle->reset(made);
  }
  return SQLITE_OK;
}

void Connection::close() noexcept {
  statements_.clear();
  begin_.reset();
  commit_.reset();
  // Every statement is gone, so this cannot be refused.
  sqlite3_close(std::exchange(db_, nullptr));
  broken_ = false;
}

bool Connection::is_replaced() const {
  struct stat now {};
  return ::stat(settings_.file.c_str(), &now) != 0 || now.st_dev != device_ || now.st_ino != inode_;
}

Result<void> Connection::make_ready(Op op) {
  if (broken_) close();
  if (!db_) {
    checked_ns_ = op.now_ns();
    return open();
  }
  // Inside a shared read transaction the file was looked at when it began.
  if (!sqlite3_get_autocommit(db_)) return {};
  // A clock that was set back makes the difference huge, and the file is looked at once more.
  if (op.is_inline() && op.now_ns() - checked_ns_ < kReplacedCheckNs) return {};
  checked_ns_ = op.now_ns();
  if (!is_replaced()) return {};
  close();
  return open();
}

Result<void> Connection::probe() {
  if (auto opened = open(); !opened) return opened;
  return read_schema();
}

Result<void> Connection::read_schema() {
  auto statement = prepare("SELECT count(*) FROM sqlite_schema", 0, Origin::kOwn);
  if (!statement) return statement.error();
  if (const int code = sqlite3_step(statement->get()); code != SQLITE_ROW) {
    return make_fault_of(code);
  }
  return {};
}

void Connection::end_shared_reads() noexcept {
  shares_reads_ = false;
  if (!db_ || sqlite3_get_autocommit(db_)) return;
  origin_ = Origin::kOwn;
  // Ending a transaction that only read cannot wait for anybody.
  if (run_once(commit_.get()) != SQLITE_OK) broken_ = true;
}

// ------------------------------------------------------------------- what SQLite asks in between

int Connection::on_progress(void* self) {
  auto& connection = *static_cast<Connection*>(self);
  if (!connection.op_) return 0;
  connection.stopped_ = connection.op_->checkpoint();
  return connection.stopped_ != SLUICE_OK;
}

int Connection::on_busy(void* self, int waits_before) {
  auto& connection = *static_cast<Connection*>(self);
  if (connection.op_) {
    if (connection.op_->is_inline()) return 0;  // an I/O thread never waits
    connection.stopped_ = connection.op_->checkpoint();
    if (connection.stopped_ != SLUICE_OK) return 0;
  }
  if (connection.waited_ms_ >= connection.settings_.busy_timeout_ms) return 0;
  const int pause_ms = std::min(1 << std::min(waits_before, 4),
                                connection.settings_.busy_timeout_ms - connection.waited_ms_);
  std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  connection.waited_ms_ += pause_ms;
  return 1;
}

int Connection::on_authorize(void* self, int action, const char*, const char* name, const char*,
                             const char*) {
  // A list of what is allowed: ATTACH, for one, would count as a statement that only reads.
  switch (action) {
    case SQLITE_FUNCTION:  // whoever asks: the views of the file are its writer's
      return name && is_known_function(name) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    default:
      return static_cast<Connection*>(self)->origin_ == Origin::kOwn ? SQLITE_OK : SQLITE_DENY;
  }
}

// ------------------------------------------------------------------------------------ statements

Error Connection::make_fault_of(int code) {
  broken_ = broken_ || breaks_connection(code);
  return make_fault(db_, code, settings_.file);
}

Result<StatementHandle> Connection::prepare(std::string_view text, unsigned flags, Origin origin) {
  origin_ = origin;
  if (text.size() > static_cast<std::size_t>(kStatementBytesMax)) {
    return unfit("the statement is longer than this data source takes");
  }
  if (text.find('\0') != text.npos) return unfit("the statement holds a NUL character");

  const char* tail = nullptr;
  sqlite3_stmt* made = nullptr;
  const int code =
      sqlite3_prepare_v3(db_, text.data(), static_cast<int>(text.size()), flags, &made, &tail);
  StatementHandle statement(made);
  if (code != SQLITE_OK) return make_fault_of(code);
  if (!statement) return unfit("the statement is empty");
  if (!sqlite3_stmt_readonly(statement.get()) || sqlite3_column_count(statement.get()) == 0) {
    return unfit("only one statement that reads is accepted");
  }
  // What follows may be blank or a comment, of which SQLite makes no statement.
  for (const char* end = text.data() + text.size(); tail < end;) {
    const char* rest = tail;
    made = nullptr;
    const int rest_code =
        sqlite3_prepare_v3(db_, rest, static_cast<int>(end - rest), 0, &made, &tail);
    const StatementHandle second(made);
    if (rest_code != SQLITE_OK || second) return unfit("only one statement that reads is accepted");
    if (tail == rest) break;
  }
  return statement;
}

Result<Statement*> Connection::find_statement(std::string_view text) {
  if (auto* known = statements_.find(text)) {
    origin_ = Origin::kPublished;  // SQLite may prepare it again
    return known;
  }
  auto prepared = prepare(text, SQLITE_PREPARE_PERSISTENT, Origin::kPublished);
  if (!prepared) return prepared.error();
  if (sqlite3_stmt_isexplain(prepared->get())) return unfit("an EXPLAIN is not a query");
  return &statements_.add(std::string(text), std::move(*prepared));
}

Result<void> Connection::bind(const Statement& statement, std::span<const Cell> args) {
  if (args.size() != static_cast<std::size_t>(statement.parameters)) {
    return unfit("the statement takes " + std::to_string(statement.parameters) +
                 " arguments, but " + std::to_string(args.size()) + " were given");
  }
  int place = 0;
  for (const Cell& cell : args) {
    const int code = bind_cell(statement.handle.get(), ++place, cell);
    if (code == SQLITE_MISMATCH) {
      return Error{
          SLUICE_E_UNSUPPORTED,
          "argument " + std::to_string(place) + " has a type that this data source does not take",
          {},
          {}};
    }
    if (code != SQLITE_OK) return make_fault_of(code);
  }
  return {};
}

// --------------------------------------------------------------------------------------- running

Status Connection::give_up(Op op, const Error& fault) const {
  if (stopped_ == SLUICE_E_TIMEOUT) {
    return op.fail(stopped_, "the data source did not answer in time");
  }
  if (stopped_ != SLUICE_OK) return stopped_;
  if (fault.status == SLUICE_E_BUSY && op.is_inline()) return SLUICE_RETRY_ON_WORKER;
  return op.fail(fault);
}

Status Connection::run(const Query& query, Rows rows, Op op) {
  const Serving serving(*this, op);
  if (auto ready = make_ready(op); !ready) return give_up(op, ready.error());
  if (shares_reads_ && op.is_inline() && sqlite3_get_autocommit(db_)) {
    origin_ = Origin::kOwn;
    run_once(begin_.get());  // should it fail, this call simply reads on its own
  }
  auto found = find_statement(query.text());
  if (!found) return give_up(op, found.error());
  const ResetAtEnd reset((*found)->handle.get());
  if (auto bound = bind(**found, query.args()); !bound) return give_up(op, bound.error());
  return push_rows(**found, query, rows, op);
}

Status Connection::push_rows(Statement& statement, const Query& query, Rows rows, Op op) {
  sqlite3_stmt* const handle = statement.handle.get();
  // The first row is fetched before the columns are announced: until then the call can still fail
  // with a whole answer, and only now it is known which columns there are.
  int code = sqlite3_step(handle);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return give_up(op, make_fault_of(code));
  statement.refresh_columns();
  Status status = rows.begin(statement.columns);

  const bool takes_booleans = rows.takes(SLUICE_T_BOOL);
  std::uint64_t left = query.max_rows();
  while (code == SQLITE_ROW && goes_on(status)) {
    for (std::size_t i = 0; i < statement.row.size(); ++i) {
      const bool as_boolean = statement.booleans[i] && takes_booleans;
      statement.row[i] = read_cell(handle, static_cast<int>(i), as_boolean);
      if (!rows.takes(statement.row[i].type)) {
        return op.fail(SLUICE_E_UNSUPPORTED,
                       "column " + std::string(to_view(statement.columns[i].name)) +
                           " holds a type that this kind of answer cannot carry");
      }
    }
    status = rows.push(statement.row);
    if (--left == 0) break;  // no bound: from 0 it counts down from the largest number
    if (goes_on(status)) code = sqlite3_step(handle);
  }
  if (!goes_on(status)) return status;
  if (code != SQLITE_ROW && code != SQLITE_DONE) return give_up(op, make_fault_of(code));
  return SLUICE_OK;
}

}  // namespace sluice::sqlite
