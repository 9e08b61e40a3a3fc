#include "db/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <string>
#include <unordered_map>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr std::size_t statements_max = 128;

sqlite3_stmt* statement_of(void* handle) {
  return static_cast<sqlite3_stmt*>(handle);
}

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {  // The low byte is the primary code.
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return ErrorCode::exhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return ErrorCode::denied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::timeout;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::malformed;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_SCHEMA:
      return ErrorCode::invalid;
    default:
      return ErrorCode::io;
  }
}

std::string_view advice_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return " (no space left for it)";
    case SQLITE_READONLY:
      return " (the file or its folder may not be written)";
    case SQLITE_CANTOPEN:
      return " (does its folder exist, and may it be written?)";
    case SQLITE_BUSY:
      return " (another process holds it; only one may write at a time)";
    default:
      return "";
  }
}

}  // namespace

struct SqliteDatabase::State {
  sqlite3* handle = nullptr;
  // Owned by pointer: callers hold on to statements.
  std::unordered_map<std::string, std::unique_ptr<SqliteStatement>> statements;
};

// --- Statement ---

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_of(handle_));
}

void SqliteStatement::bind_null(int index) {
  ASSERT(sqlite3_bind_null(statement_of(handle_), index) == SQLITE_OK);
}

void SqliteStatement::bind_integer(int index, std::int64_t value) {
  ASSERT(sqlite3_bind_int64(statement_of(handle_), index, value) == SQLITE_OK);
}

void SqliteStatement::bind_number(int index, double value) {
  ASSERT(sqlite3_bind_double(statement_of(handle_), index, value) == SQLITE_OK);
}

void SqliteStatement::bind_text(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();  // Null would bind a null.
  ASSERT(sqlite3_bind_text64(statement_of(handle_), index, data, value.size(), SQLITE_STATIC,
                             SQLITE_UTF8) == SQLITE_OK);
}

void SqliteStatement::bind_bytes(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  ASSERT(sqlite3_bind_blob64(statement_of(handle_), index, data, value.size(), SQLITE_STATIC) ==
         SQLITE_OK);
}

void SqliteStatement::bind(int index, const SqliteValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return bind_integer(index, *integer);
  if (const auto* number = std::get_if<double>(&value)) return bind_number(index, *number);
  if (const auto* text = std::get_if<std::string_view>(&value)) return bind_text(index, *text);
  if (const auto* bytes = std::get_if<ByteView>(&value)) return bind_bytes(index, as_text(*bytes));
  bind_null(index);
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_of(handle_));
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_of(handle_));
    return false;
  }
  auto error = database_.error(code, "");
  sqlite3_reset(statement_of(handle_));
  return error;
}

Result<> SqliteStatement::run() {
  while (TRY(step())) {
  }
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_of(handle_));
}

int SqliteStatement::columns() const {
  return sqlite3_column_count(statement_of(handle_));
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_of(handle_), column) == SQLITE_NULL;
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_of(handle_), column);
}

double SqliteStatement::number(int column) const {
  return sqlite3_column_double(statement_of(handle_), column);
}

std::optional<double> SqliteStatement::maybe_number(int column) const {
  if (is_null(column)) return std::nullopt;
  return number(column);
}

std::string_view SqliteStatement::text(int column) const {
  const auto* data =
      reinterpret_cast<const char*>(sqlite3_column_text(statement_of(handle_), column));
  const int size = sqlite3_column_bytes(statement_of(handle_), column);
  return data == nullptr ? std::string_view()
                         : std::string_view(data, static_cast<std::size_t>(size));
}

ByteView SqliteStatement::bytes(int column) const {
  const auto* data =
      static_cast<const std::byte*>(sqlite3_column_blob(statement_of(handle_), column));
  const int size = sqlite3_column_bytes(statement_of(handle_), column);
  return data == nullptr ? ByteView() : ByteView(data, static_cast<std::size_t>(size));
}

std::string_view SqliteStatement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_of(handle_), column);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

// --- Database ---

SqliteDatabase::SqliteDatabase(std::filesystem::path path, std::unique_ptr<State> state)
    : path_(std::move(path)), state_(std::move(state)) {}

SqliteDatabase::~SqliteDatabase() {
  state_->statements.clear();
  sqlite3_close(state_->handle);
}

std::unexpected<Error> SqliteDatabase::error(int code, std::string_view doing) const {
  const char* text =
      state_->handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(state_->handle);
  return fail(code_of(code),
              fmt::format("{}: {}{}{}", path_.string(), doing, text, advice_of(code)));
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const SqliteOptions& options) {
  std::unique_ptr<SqliteDatabase> database(
      // make_unique cannot reach a private constructor.
      new SqliteDatabase(options.path, std::make_unique<State>()));
  const bool writes = options.access == SqliteAccess::read_write;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  const int code = sqlite3_open_v2(options.path.c_str(), &database->state_->handle, flags, nullptr);
  if (code != SQLITE_OK) return database->error(code, "cannot open the database: ");
  sqlite3_busy_timeout(
      database->state_->handle,
      static_cast<int>(
          std::chrono::duration_cast<std::chrono::milliseconds>(options.busy_timeout).count()));

  constexpr std::string_view levels[] = {"off", "normal", "full"};
  std::string pragmas = fmt::format("pragma cache_size = -{}; pragma foreign_keys = on;",
                                    options.page_cache_bytes / 1024);
  if (writes)
    pragmas += fmt::format(
        "pragma journal_mode = wal; pragma synchronous = {}; pragma wal_autocheckpoint = {};",
        levels[std::to_underlying(options.synchronous)], options.wal_autocheckpoint_pages);
  TRY(database->execute(pragmas));
  if (writes) {
    // Setting the mode succeeds silently on a database that cannot be written: ask for a write.
    if (sqlite3_db_readonly(database->state_->handle, "main") == 1)
      return database->error(SQLITE_READONLY, "cannot open the database for writing: ");
  } else {
    TRY(database->execute("select count(*) from sqlite_schema"));  // Is it a database at all?
  }
  return database;
}

Result<> SqliteDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(state_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "");
  return {};
}

Result<SqliteStatement*> SqliteDatabase::prepare(std::string_view sql) {
  std::string key(sql);
  if (const auto found = state_->statements.find(key); found != state_->statements.end()) {
    found->second->reset();
    return found->second.get();
  }
  if (state_->statements.size() >= statements_max)
    return fail(ErrorCode::exhausted,
                fmt::format("{}: more than {} different statements; use parameters", path_.string(),
                            statements_max));
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(state_->handle, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK) return error(code, fmt::format("in `{}`: ", sql));
  if (handle == nullptr) return fail(ErrorCode::invalid, "an empty statement");
  // make_unique cannot reach a private constructor.
  std::unique_ptr<SqliteStatement> statement(new SqliteStatement(*this, handle));
  return state_->statements.emplace(std::move(key), std::move(statement)).first->second.get();
}

Result<SqliteStatement*> SqliteDatabase::query(std::string_view sql,
                                               std::initializer_list<SqliteValue> values) {
  SqliteStatement* statement = TRY(prepare(sql));
  const int wanted = sqlite3_bind_parameter_count(statement_of(statement->handle_));
  if (static_cast<std::size_t>(wanted) != values.size())
    return fail(ErrorCode::invalid,
                fmt::format("`{}` wants {} values, not {}", sql, wanted, values.size()));
  int index = 0;
  for (const SqliteValue& value : values) statement->bind(++index, value);
  return statement;
}

Result<> SqliteDatabase::run(std::string_view sql, std::initializer_list<SqliteValue> values) {
  SqliteStatement* statement = TRY(query(sql, values));
  return statement->run();
}

std::int64_t SqliteDatabase::changes() const {
  return sqlite3_changes64(state_->handle);
}

std::int64_t SqliteDatabase::last_insert_id() const {
  return sqlite3_last_insert_rowid(state_->handle);
}

// --- Transaction ---

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database) {
  TRY(database.run("begin immediate", {}));
  return SqliteTransaction(&database);
}

Result<> SqliteTransaction::commit() {
  ASSERT(database_ != nullptr);
  TRY(database_->run("commit", {}));
  database_ = nullptr;
  return {};
}

SqliteTransaction::~SqliteTransaction() {
  // SQLite may have rolled back by itself (a full disk): then this says so, and nobody minds.
  if (database_ != nullptr) static_cast<void>(database_->run("rollback", {}));
}

// --- On a helper thread ---

SqliteThread::SqliteThread(const std::filesystem::path& path)
    : helper_("sqlite " + path.filename().string()) {}

SqliteThread::~SqliteThread() = default;

Result<std::unique_ptr<SqliteThread>> SqliteThread::open(Fiber& self,
                                                         const SqliteOptions& options) {
  // make_unique cannot reach a private constructor.
  std::unique_ptr<SqliteThread> thread(new SqliteThread(options.path));
  using Opened = Result<std::unique_ptr<SqliteDatabase>>;
  thread->database_ =
      TRY(thread->helper_.call<Opened>(self, [&] { return SqliteDatabase::open(options); }));
  return thread;
}

void SqliteThread::submit(std::move_only_function<void(SqliteDatabase&)> work) {
  helper_.submit([this, work = std::move(work)]() mutable { work(*database_); });
}

}  // namespace brunt
