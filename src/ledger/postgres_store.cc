// Blocking calls of libpq on purpose: this runs on a run's helper thread or in a verb that has
// nothing else to do, so the non-blocking client of db/ and a loop for one connection would be in
// the way.
#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "ledger/sql_store.h"

namespace brunt {
namespace {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ConnectionHandle = std::unique_ptr<PGconn, CloseConnection>;
using ResultHandle = std::unique_ptr<PGresult, ClearResult>;

// The first line, without libpq's line ends.
std::string first_line(const char* message) {
  std::string_view text = message == nullptr ? "" : message;
  return std::string(trim(text.substr(0, text.find('\n'))));
}

ErrorCode code_of(std::string_view sqlstate) {
  const std::string_view kind = sqlstate.substr(0, 2);
  if (kind == "08" || kind == "57") return ErrorCode::reset;
  if (kind == "53") return ErrorCode::exhausted;
  if (kind == "28" || sqlstate == "42501" || sqlstate == "25006") return ErrorCode::denied;
  if (kind == "3D") return ErrorCode::not_found;
  return ErrorCode::io;
}

// Parameters in text form, but blobs, which go in binary.
class Parameters {
 public:
  explicit Parameters(std::span<const SqlValue> values) {
    texts_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) add(values[i], texts_[i]);
  }
  int size() const { return static_cast<int>(pointers_.size()); }
  const char* const* values() const { return pointers_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const SqlValue& value, std::string& text) {
    if (const auto* integer = std::get_if<std::int64_t>(&value))
      text = std::to_string(*integer);
    else if (const auto* number = std::get_if<double>(&value))
      put_number(text, *number);
    else if (const auto* view = std::get_if<std::string_view>(&value))
      put_text(text, *view);
    const auto* blob = std::get_if<SqlBlob>(&value);
    if (blob != nullptr) text.assign(blob->bytes);
    pointers_.push_back(std::holds_alternative<std::nullptr_t>(value) ? nullptr : text.c_str());
    lengths_.push_back(static_cast<int>(text.size()));
    formats_.push_back(blob == nullptr ? 0 : 1);
  }
  static void put_number(std::string& text, double number) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number);
    text.assign(digits, end.ptr);
  }
  // A PostgreSQL text cannot hold a zero byte.
  static void put_text(std::string& text, std::string_view view) {
    for (const char c : view)
      if (c == '\0')
        text += "\xEF\xBF\xBD";
      else
        text += c;
  }

  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_, formats_;
};

class PostgresCells final : public SqlCells {
 public:
  PostgresCells(const PGresult* result, int row) : result_(result), row_(row) {}
  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  std::int64_t integer(int column) const override {
    return std::strtoll(PQgetvalue(result_, row_, column), nullptr, 10);
  }
  double number(int column) const override {
    return std::strtod(PQgetvalue(result_, row_, column), nullptr);
  }
  std::string text(int column) const override {
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }
  std::string bytes(int column) const override {
    std::size_t size = 0;
    const auto* escaped = reinterpret_cast<const unsigned char*>(PQgetvalue(result_, row_, column));
    const std::unique_ptr<unsigned char, decltype(&PQfreemem)> plain(
        PQunescapeBytea(escaped, &size), &PQfreemem);
    return {reinterpret_cast<const char*>(plain.get()), plain == nullptr ? 0 : size};
  }

 private:
  const PGresult* result_;
  int row_;
};

class PostgresStore final : public SqlStore {
 public:
  explicit PostgresStore(const LedgerOptions& options)
      : url_(options.place), timeout_(options.timeout) {}

  SqlDialect dialect() const override { return SqlDialect::postgres; }
  std::string place() const override { return without_password(url_); }

  Result<> connect() {
    const auto seconds =
        std::max<std::int64_t>(2, std::chrono::ceil<std::chrono::seconds>(timeout_).count());
    const std::string wait = std::to_string(seconds);
    const char* const keys[] = {"dbname",          "connect_timeout",  "fallback_application_name",
                                "keepalives_idle", "tcp_user_timeout", nullptr};
    const std::string silence = std::to_string(seconds * 2000);
    const char* const values[] = {url_.c_str(), wait.c_str(),    "brunt",
                                  "10",         silence.c_str(), nullptr};
    connection_.reset(PQconnectdbParams(keys, values, 1));
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
      std::string reason = first_line(PQerrorMessage(connection_.get()));
      connection_.reset();
      const bool denied = reason.find("authentication") != std::string::npos ||
                          reason.find("role") != std::string::npos;
      return fail(denied ? ErrorCode::denied : ErrorCode::refused, place() + ": " + reason);
    }
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    prepared_.clear();
    return {};
  }

  Result<> script(const std::string& statements) override {
    TRY(ensure());
    const ResultHandle result(PQexec(connection_.get(), statements.c_str()));
    return check(result.get());
  }

  Result<> run(std::string_view sql, std::span<const SqlValue> values) override {
    TRY(execute(std::string(sql), values));
    return {};
  }

  Result<> query(std::string_view sql, std::span<const SqlValue> values,
                 const SqlVisitor& visit) override {
    const ResultHandle result = TRY(execute(std::string(sql), values));
    const int rows = PQntuples(result.get());
    for (int row = 0; row < rows; ++row) TRY(visit(PostgresCells(result.get(), row)));
    return {};
  }

  Result<> insert(const SqlInsert& into, std::span<const SqlValue> values) override {
    // Many rows a statement: a round trip a row would make a second of 1,000 series slow. The
    // protocol allows 65,535 parameters.
    const std::size_t columns = into.columns.size();
    const std::size_t rows_max = 4000 / columns;
    for (std::size_t at = 0; at < values.size();) {
      const std::size_t rows = std::min(rows_max, (values.size() - at) / columns);
      TRY(execute_prepared(statement_for(into, rows), values.subspan(at, rows * columns)));
      at += rows * columns;
    }
    return {};
  }

  Result<> transaction(const std::function<Result<>()>& work) override {
    TRY(script("begin"));
    auto worked = work();
    if (worked) worked = script("commit");
    if (!worked && connection_ != nullptr)
      ResultHandle(PQexec(connection_.get(), "rollback")).reset();
    return worked;
  }

 private:
  static std::string statement_for(const SqlInsert& into, std::size_t rows) {
    std::string sql = "insert into ";
    sql.append(into.table).append(" (");
    for (std::size_t i = 0; i < into.columns.size(); ++i)
      sql.append(i == 0 ? "" : ", ").append(into.columns[i]);
    sql += ") values ";
    std::size_t parameter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      sql += row == 0 ? "(" : ", (";
      for (std::size_t i = 0; i < into.columns.size(); ++i)
        sql.append(i == 0 ? "$" : ", $").append(std::to_string(++parameter));
      sql += ')';
    }
    return sql.append(" ").append(into.suffix);
  }

  Result<> ensure() {
    if (connection_ != nullptr && PQstatus(connection_.get()) == CONNECTION_OK) return {};
    return connect();
  }

  Result<ResultHandle> execute(const std::string& sql, std::span<const SqlValue> values) {
    TRY(ensure());
    const Parameters parameters(values);
    ResultHandle result(PQexecParams(connection_.get(), sql.c_str(), parameters.size(), nullptr,
                                     parameters.values(), parameters.lengths(),
                                     parameters.formats(), 0));
    TRY(check(result.get()));
    return result;
  }

  // Parsing hundreds of rows costs more than inserting them, and every second's statement has the
  // same text. Beyond the bound (row counts that never come again) it is parsed each time.
  Result<> execute_prepared(const std::string& sql, std::span<const SqlValue> values) {
    TRY(ensure());
    constexpr std::size_t prepared_max = 32;
    auto known = prepared_.find(sql);
    if (known == prepared_.end()) {
      if (prepared_.size() >= prepared_max) {
        TRY(execute(sql, values));
        return {};
      }
      const std::string name = "brunt_" + std::to_string(prepared_.size());
      const ResultHandle made(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
      TRY(check(made.get()));
      known = prepared_.emplace(sql, name).first;
    }
    const Parameters parameters(values);
    const ResultHandle result(PQexecPrepared(connection_.get(), known->second.c_str(),
                                             parameters.size(), parameters.values(),
                                             parameters.lengths(), parameters.formats(), 0));
    return check(result.get());
  }

  Result<> check(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
      return {};
    const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    std::string reason = first_line(PQerrorMessage(connection_.get()));
    if (sqlstate != nullptr) reason += std::string(" (SQLSTATE ") + sqlstate + ")";
    const ErrorCode code = sqlstate == nullptr ? ErrorCode::reset : code_of(sqlstate);
    if (PQstatus(connection_.get()) != CONNECTION_OK) connection_.reset();
    return fail(code, place() + ": " + reason);
  }

  std::string url_;
  Duration timeout_;
  ConnectionHandle connection_;
  std::map<std::string, std::string> prepared_;  // Statement -> its name on this connection.
};

}  // namespace

Result<std::unique_ptr<SqlStore>> open_postgres_store(const LedgerOptions& options) {
  auto store = std::make_unique<PostgresStore>(options);
  TRY(store->connect());
  return store;
}

}  // namespace brunt
