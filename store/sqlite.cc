#include "store/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/check.h"

namespace rastro {

struct Database::State {
  sqlite3* handle = nullptr;
  std::filesystem::path path;
  std::optional<Error> error;
  bool interrupted = false;
  std::function<bool()> should_stop;
  sqlite3_stmt* begin = nullptr;  // of begin_reading() and end_reading(), prepared when first used
  sqlite3_stmt* commit = nullptr;

  ~State() {
    sqlite3_finalize(begin);
    sqlite3_finalize(commit);
    sqlite3_close_v2(handle);
  }
  // Runs one of these two.
  int run_again(sqlite3_stmt*& statement, const char* sql) {
    if (statement == nullptr) {
      const int code =
          sqlite3_prepare_v3(handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
      if (code != SQLITE_OK) return code;
    }
    sqlite3_step(statement);
    return sqlite3_reset(statement);
  }
  void fail(int code, std::string_view what);
  static int check_interrupt(void* state) {
    return static_cast<State*>(state)->should_stop() ? 1 : 0;
  }
};

namespace {

constexpr int kStepsPerInterruptCheck = 4000;

// SQLite counts every allocation under a global lock, for statistics that nobody here asks for.
// Must come before its first use; refused and harmless when somebody else used it already.
void leave_memory_uncounted() {
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(done);
}

Error::Code code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return Error::Code::corrupt;
    case SQLITE_FULL:
      return Error::Code::limit;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
      return Error::Code::unavailable;
    default:
      return Error::Code::io;
  }
}

}  // namespace

void Database::State::fail(int code, std::string_view what) {
  if (error) return;
  const bool no_space = sqlite3_system_errno(handle) == ENOSPC;
  const bool io_error = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  const bool disk_full =
      (code & 0xff) == SQLITE_FULL || code == SQLITE_IOERR_SHMSIZE || (io_error && no_space);
  interrupted = (code & 0xff) == SQLITE_INTERRUPT;
  error = make_error(disk_full ? Error::Code::limit : code_of(code),
                     std::string(what) + " " + path.string() + ": " + sqlite3_errmsg(handle));
}

Result<Database> Database::open(const std::filesystem::path& path, Mode mode, int busy_ms) {
  leave_memory_uncounted();
  std::error_code ignored;
  if (mode != Mode::create && !std::filesystem::exists(path, ignored)) {
    return make_error(Error::Code::not_found, "open " + path.string() + ": no such file");
  }
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW;
  flags |= mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (mode == Mode::create) flags |= SQLITE_OPEN_CREATE;

  auto state = std::make_unique<State>();
  state->path = path;
  // NOFOLLOW refuses a symbolic link anywhere in the path, so the directory is resolved first.
  auto resolved = std::filesystem::weakly_canonical(path.parent_path(), ignored) / path.filename();
  const int code = sqlite3_open_v2(resolved.c_str(), &state->handle, flags, nullptr);
  if (code != SQLITE_OK) {
    state->fail(code, "open");
    return state->error.value_or(Error{});
  }
  sqlite3_db_config(state->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(state->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(state->handle, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_busy_timeout(state->handle, busy_ms);
  Database database(std::move(state));
  database.run("PRAGMA cell_size_check=ON");
  // A reader has a connection to each hour: the upper pages of its trees stay, the system caches
  // the rest.
  if (mode == Mode::read_only) database.run("PRAGMA cache_size=-96");
  if (auto done = database.take_error(); !done) return done.error();
  return database;
}

Database::Database(std::unique_ptr<State> state) : state_(std::move(state)) {}
Database::Database(Database&& other) noexcept = default;
Database& Database::operator=(Database&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Database::~Database() = default;

void Database::run(const char* sql) {
  if (state_->error) return;
  const int code = sqlite3_exec(state_->handle, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) state_->fail(code, "run");
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (!state_->error) {
    const int code = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    // Our statements are right, so a schema that they do not fit is not as we wrote it.
    if (code != SQLITE_OK) state_->fail(code == SQLITE_ERROR ? SQLITE_CORRUPT : code, "prepare");
  }
  return {state_.get(), statement};
}

void Database::begin_reading() {
  if (state_->error || sqlite3_get_autocommit(state_->handle) == 0) return;
  const int code = state_->run_again(state_->begin, "BEGIN");
  if (code != SQLITE_OK) state_->fail(code, "run");
}

bool Database::end_reading() {
  // Whatever failed meanwhile: its locks must go.
  if (sqlite3_get_autocommit(state_->handle) == 0)
    static_cast<void>(state_->run_again(state_->commit, "COMMIT"));
  return sqlite3_txn_state(state_->handle, nullptr) == SQLITE_TXN_NONE;
}

std::optional<std::int64_t> Database::query_int(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement.step() || statement.is_null(0)) return std::nullopt;
  return statement.column_int(0);
}

bool Database::ok() const { return !state_->error; }

void Database::report_damage(std::string_view what) {
  if (state_->error) return;
  state_->interrupted = false;
  state_->error = make_error(Error::Code::corrupt,
                             state_->path.string() + ": " + std::string(what) + " is damaged");
}

Result<void> Database::take_error() {
  auto error = std::exchange(state_->error, std::nullopt);
  if (!error) return {};
  return std::move(*error);
}

std::uint64_t Database::bytes_written() const {
  constexpr std::uint64_t kPageBytes = 4096;
  int pages = 0;
  int highest = 0;
  sqlite3_db_status(state_->handle, SQLITE_DBSTATUS_CACHE_WRITE, &pages, &highest, 0);
  return static_cast<std::uint64_t>(pages) * kPageBytes;
}

bool Database::interrupted() const { return state_->interrupted; }

void Database::set_interrupt(std::function<bool()> should_stop) {
  state_->should_stop = std::move(should_stop);
  state_->interrupted = false;
  const bool wanted = static_cast<bool>(state_->should_stop);
  sqlite3_progress_handler(state_->handle, wanted ? kStepsPerInterruptCheck : 0,
                           wanted ? State::check_interrupt : nullptr, state_.get());
}

void Database::interrupt() { sqlite3_interrupt(state_->handle); }

const std::filesystem::path& Database::path() const { return state_->path; }

Statement::Statement(Database::State* database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

Statement::Statement(Statement&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::optional<std::int64_t> value) {
  return value ? bind(index, *value) : bind_null(index);
}

Statement& Statement::bind_text(int index, std::string_view bytes) {
  // A null pointer would bind NULL, and an empty value is not an absent one.
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  const int code =
      sqlite3_bind_text64(statement_, index, data, bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK && database_ != nullptr) database_->fail(code, "bind text in");
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  const int code = sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK && database_ != nullptr) database_->fail(code, "bind blob in");
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

bool Statement::step() {
  if (statement_ == nullptr || database_->error) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_->fail(code, "use");
  return false;
}

void Statement::reset() { sqlite3_reset(statement_); }

void Statement::run() {
  step();
  reset();
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::column_int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::column_bytes(int column) const {
  // _blob gives text values without conversion too.
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string_view("") : std::string_view(data, size);
}

int Statement::column_count() const { return sqlite3_column_count(statement_); }

std::string_view Statement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_, column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

Statement::Type Statement::column_type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_NULL:
      return Type::null;
    case SQLITE_INTEGER:
      return Type::integer;
    case SQLITE_TEXT:
      return Type::text;
    default:
      return Type::blob;
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.run("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (!open_) return;
  // Whatever the error was, SQLite may have rolled back by itself already; then this fails and that
  // is no news.
  Result<void> first = database_.take_error();
  database_.run("ROLLBACK");
  static_cast<void>(database_.take_error());
  static_cast<void>(first);
}

Result<void> Transaction::commit() {
  RASTRO_CHECK(open_);
  database_.run("COMMIT");
  auto done = database_.take_error();
  if (!done) return done;
  open_ = false;
  return {};
}

}  // namespace rastro
