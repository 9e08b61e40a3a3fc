#include <filesystem>
#include <string>
#include <system_error>

#include "db/sqlite.h"
#include "ledger/sql_store.h"

namespace brunt {
namespace {

class SqliteCells final : public SqlCells {
 public:
  explicit SqliteCells(const SqliteStatement& row) : row_(row) {}
  bool is_null(int column) const override { return row_.is_null(column); }
  std::int64_t integer(int column) const override { return row_.integer(column); }
  double number(int column) const override { return row_.number(column); }
  std::string text(int column) const override { return std::string(row_.text(column)); }
  std::string bytes(int column) const override { return std::string(as_text(row_.bytes(column))); }

 private:
  const SqliteStatement& row_;
};

void bind_all(SqliteStatement& statement, std::span<const SqlValue> values) {
  int index = 1;
  for (const SqlValue& value : values) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      statement.bind_integer(index, *integer);
    else if (const auto* number = std::get_if<double>(&value))
      statement.bind_number(index, *number);
    else if (const auto* text = std::get_if<std::string_view>(&value))
      statement.bind_text(index, *text);
    else if (const auto* blob = std::get_if<SqlBlob>(&value))
      statement.bind_bytes(index, blob->bytes);
    else
      statement.bind_null(index);
    ++index;
  }
}

class SqliteStore final : public SqlStore {
 public:
  explicit SqliteStore(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {}

  SqlDialect dialect() const override { return SqlDialect::sqlite; }
  std::string place() const override { return database_->path().string(); }

  Result<> script(const std::string& statements) override { return database_->execute(statements); }

  Result<> run(std::string_view sql, std::span<const SqlValue> values) override {
    SqliteStatement& statement = *TRY(database_->prepare(sql));
    bind_all(statement, values);
    return statement.run();
  }

  Result<> query(std::string_view sql, std::span<const SqlValue> values,
                 const SqlVisitor& visit) override {
    SqliteStatement& statement = *TRY(database_->prepare(sql));
    bind_all(statement, values);
    const SqliteCells cells(statement);
    while (true) {
      const auto more = statement.step();
      if (!more) return std::unexpected(more.error());
      if (!*more) return {};
      if (const auto visited = visit(cells); !visited) {
        statement.reset();
        return visited;
      }
    }
  }

  Result<> insert(const SqlInsert& into, std::span<const SqlValue> values) override {
    std::string sql = "insert into ";
    sql.append(into.table).append(" (");
    std::string marks;
    for (const std::string_view column : into.columns) {
      if (!marks.empty()) {
        sql += ", ";
        marks += ", ";
      }
      sql.append(column);
      marks += '?';
    }
    sql.append(") values (").append(marks).append(") ").append(into.suffix);
    SqliteStatement& statement = *TRY(database_->prepare(sql));
    for (std::size_t at = 0; at < values.size(); at += into.columns.size()) {
      bind_all(statement, values.subspan(at, into.columns.size()));
      if (auto ran = statement.run(); !ran) return ran;
    }
    return {};
  }

  Result<> transaction(const std::function<Result<>()>& work) override {
    auto transaction = TRY(SqliteTransaction::begin(*database_));
    if (auto worked = work(); !worked) return worked;
    return transaction.commit();
  }

 private:
  std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace

Result<std::unique_ptr<SqlStore>> open_sqlite_store(const LedgerOptions& options) {
  const std::filesystem::path path(options.place);
  const bool writes = options.access == LedgerAccess::write;
  std::error_code failed;
  if (writes && path.has_parent_path()) {
    std::filesystem::create_directories(path.parent_path(), failed);
    if (failed)
      return std::unexpected(
          errno_error("cannot create " + path.parent_path().string(), failed.value()));
  }
  if (!writes && !std::filesystem::exists(path, failed))
    return fail(ErrorCode::not_found,
                "there is no ledger at " + path.string() + " yet: run something first");
  auto database = TRY(
      SqliteDatabase::open({.path = path,
                            .access = writes ? SqliteAccess::read_write : SqliteAccess::read_only,
                            .synchronous = SqliteSynchronous::full,
                            .busy_timeout = options.timeout}));
  return std::make_unique<SqliteStore>(std::move(database));
}

}  // namespace brunt
