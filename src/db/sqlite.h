// A SQLite database: a blocking handle, for a helper thread (loop/helper_thread.h) or a program
// that may block, and SqliteThread, which owns a helper thread and lets fibers use a database on
// it.
//
// WAL mode; every statement is prepared once and kept by its text. One thread at a time may use a
// handle; open a second one for reading beside a writer.
//
//   auto database = TRY(SqliteDatabase::open({.path = "runs.db"}));
//   TRY(database->execute("create table if not exists run (id integer primary key, name text)"));
//   TRY(database->run("insert into run (name) values (?)", {"soak"}));
//   SqliteStatement& rows = *TRY(database->query("select id, name from run where id > ?", {10}));
//   while (TRY(rows.step())) use(rows.integer(0), rows.text(1));
//
// Errors everywhere: exhausted (disk full, the text says so), denied (read-only file or folder),
// timeout (another process holds the lock longer than busy_timeout), malformed (no database, or a
// damaged one), invalid (wrong SQL, a violated constraint), io.
//
// Source: https://www.sqlite.org/c3ref/intro.html, https://www.sqlite.org/wal.html
#pragma once
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "loop/helper_thread.h"

namespace brunt {

// A parameter: null, a number, text, or bytes. Views must live until the statement has run.
using SqliteValue = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, ByteView>;

enum class SqliteAccess : std::uint8_t { read_write, read_only };
// What has happened when a commit returns. full: it is on the disk (one fsync a commit). normal: it
// survives a crash of the process, not of the machine. off: hope.
enum class SqliteSynchronous : std::uint8_t { off, normal, full };

struct SqliteOptions {
  std::filesystem::path path;                      // ":memory:" for a database that is nowhere.
  SqliteAccess access = SqliteAccess::read_write;  // read_write creates the file, not the folder.
  SqliteSynchronous synchronous = SqliteSynchronous::full;
  Duration busy_timeout = std::chrono::seconds(5);
  std::int64_t page_cache_bytes = 16 << 20;
  // The log is copied into the database when it holds this many pages of 4 KiB. More makes commits
  // even and the log large.
  int wal_autocheckpoint_pages = 4000;
};

class SqliteDatabase;

// A prepared statement, owned by its database. Parameters and columns: the first parameter is 1,
// the first column 0, as in SQLite.
class SqliteStatement {
 public:
  // For hot paths; query() and run() bind all at once. REQUIRES: `index` exists (asserted).
  void bind(int index, const SqliteValue& value);
  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_number(int index, double value);
  void bind_text(int index, std::string_view value);   // Not copied: must live until the step.
  void bind_bytes(int index, std::string_view value);  // Not copied: must live until the step.

  // Moves to the next row; false when there is none (the statement is then ready to be bound and
  // run again).
  Result<bool> step();
  // Runs to the end and readies the statement for the next run; rows are dropped.
  Result<> run();
  void reset();  // Gives up the rows that are left, and with them the read lock.

  // Of the current row. A null reads as 0, "" or nullopt.
  int columns() const;
  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double number(int column) const;
  std::optional<double> maybe_number(int column) const;
  std::string_view text(int column) const;  // Valid until the next step or reset.
  ByteView bytes(int column) const;         // Valid until the next step or reset.
  std::string_view column_name(int column) const;

  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

 private:
  friend class SqliteDatabase;
  SqliteStatement(SqliteDatabase& database, void* handle) : database_(database), handle_(handle) {}
  SqliteDatabase& database_;
  void* handle_;
};

class SqliteDatabase {
 public:
  static Result<std::unique_ptr<SqliteDatabase>> open(const SqliteOptions& options);
  ~SqliteDatabase();

  // Several statements without parameters, separated by semicolons: schemas, pragmas.
  Result<> execute(const std::string& sql);

  // Prepared at the first call, kept for later ones, bounded to 128 texts (then `exhausted`: a text
  // that is put together with values in it is a bug). The statement stays valid as long as the
  // database; two loops over the same text at once are not possible.
  Result<SqliteStatement*> prepare(std::string_view sql);
  Result<SqliteStatement*> query(std::string_view sql, std::initializer_list<SqliteValue> values);
  Result<> run(std::string_view sql, std::initializer_list<SqliteValue> values);

  std::int64_t changes() const;         // Rows that the last insert, update or delete touched.
  std::int64_t last_insert_id() const;  // Rowid of the last insert.
  const std::filesystem::path& path() const { return path_; }

  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

 private:
  friend class SqliteStatement;
  struct State;
  SqliteDatabase(std::filesystem::path path, std::unique_ptr<State> state);
  std::unexpected<Error> error(int code, std::string_view doing) const;

  std::filesystem::path path_;
  std::unique_ptr<State> state_;
};

// begin immediate … commit. Rolls back when it is destroyed without a commit, also after a failed
// one.
//
//   auto transaction = TRY(SqliteTransaction::begin(database));
//   for (const Row& row : rows) TRY(insert(row));
//   TRY(transaction.commit());
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(SqliteDatabase& database);
  Result<> commit();
  ~SqliteTransaction();
  SqliteTransaction(SqliteTransaction&& other) noexcept
      : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;

 private:
  explicit SqliteTransaction(SqliteDatabase* database) : database_(database) {}
  SqliteDatabase* database_;  // Null once committed or moved from.
};

// A database on a helper thread of its own, for fibers. `work` runs on that thread and may block;
// it must not touch what belongs to the loop, except what it captured by reference: call() does not
// return before the work is done.
//
//   const auto count = TRY(thread.call(self, [&](SqliteDatabase& database) -> Result<std::int64_t>
//   {
//     SqliteStatement& row = *TRY(database.query("select count(*) from run", {}));
//     TRY(row.step());
//     return row.integer(0);
//   }));
class SqliteThread {
 public:
  static Result<std::unique_ptr<SqliteThread>> open(Fiber& self, const SqliteOptions& options);
  ~SqliteThread();  // Finishes what is queued, then closes the database.

  // Work must return a Result<T>; call() returns it.
  template <typename Work>
  auto call(Fiber& self, Work&& work) -> decltype(work(std::declval<SqliteDatabase&>())) {
    using Answer = decltype(work(std::declval<SqliteDatabase&>()));
    return helper_.call<Answer>(self, [&] { return work(*database_); });
  }

  // Fire and forget, from any thread.
  void submit(std::move_only_function<void(SqliteDatabase&)> work);

  std::size_t queued() const { return helper_.queued(); }

 private:
  explicit SqliteThread(const std::filesystem::path& path);
  std::unique_ptr<SqliteDatabase> database_;
  HelperThread helper_;  // Last: its destructor ends the work that uses the database.
};

}  // namespace brunt
