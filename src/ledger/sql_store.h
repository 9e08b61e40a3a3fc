// What the ledger needs of a SQL database, so that its statements are written once: a SQLite file,
// or a PostgreSQL connection with blocking calls. Internal to this layer.
//
// Statements use $1, $2 ... in rising order of first use, and only SQL that both understand; where
// they differ, dialect() says which it is. One thread at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "ledger/ledger.h"

namespace brunt {

enum class SqlDialect : std::uint8_t { sqlite, postgres };

struct SqlBlob {
  std::string_view bytes;
};
// Views must live until the call returns.
using SqlValue = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, SqlBlob>;

// The current row of a query; valid within the callback only. A null reads as 0 or "".
class SqlCells {
 public:
  virtual ~SqlCells() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double number(int column) const = 0;
  virtual std::string text(int column) const = 0;
  virtual std::string bytes(int column) const = 0;
};
using SqlVisitor = std::function<Result<>(const SqlCells&)>;

// `insert into TABLE (COLUMNS) values … SUFFIX` for many rows.
struct SqlInsert {
  std::string_view table;
  std::span<const std::string_view> columns;
  std::string_view suffix;  // on conflict …
};

class SqlStore {
 public:
  virtual ~SqlStore() = default;
  virtual SqlDialect dialect() const = 0;
  virtual std::string place() const = 0;

  virtual Result<> script(const std::string& statements) = 0;  // Without parameters.
  virtual Result<> run(std::string_view sql, std::span<const SqlValue> values) = 0;
  virtual Result<> query(std::string_view sql, std::span<const SqlValue> values,
                         const SqlVisitor& visit) = 0;
  // `values` holds the rows one after the other.
  virtual Result<> insert(const SqlInsert& into, std::span<const SqlValue> values) = 0;

  // A transaction around `work`; rolled back if it fails. A broken connection is opened again by
  // the next call.
  virtual Result<> transaction(const std::function<Result<>()>& work) = 0;
};

Result<std::unique_ptr<SqlStore>> open_sqlite_store(const LedgerOptions& options);
Result<std::unique_ptr<SqlStore>> open_postgres_store(const LedgerOptions& options);

// Creates the tables, or brings them up to date. Errors: invalid for the tables of a newer brunt.
Result<> migrate(SqlStore& store);
// For LedgerAccess::read: only looks.
Result<> check_schema(SqlStore& store);

}  // namespace brunt
