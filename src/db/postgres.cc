#include "db/postgres.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <array>
#include <charconv>
#include <string>
#include <unordered_map>

#include "base/assert.h"
#include "base/text.h"
#include "loop/loop.h"
#include "net/resolver.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t statements_max = 128;
// How long a fiber that has bytes to send waits before it looks whether the server wants to be
// heard first: a server whose own answers are stuck reads nothing more.
constexpr Duration send_wait = 20ms;

using ResultHandle = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

ErrorCode code_of(std::string_view sqlstate) {
  if (sqlstate.starts_with("08") || sqlstate == "57P01" || sqlstate == "57P02")
    return ErrorCode::reset;
  if (sqlstate == "57P03") return ErrorCode::unreachable;  // Starting up or shutting down.
  if (sqlstate.starts_with("28") || sqlstate == "42501" || sqlstate == "25006")
    return ErrorCode::denied;
  if (sqlstate.starts_with("53")) return ErrorCode::exhausted;
  if (sqlstate == "57014" || sqlstate == "55P03") return ErrorCode::timeout;
  if (sqlstate.starts_with("58") || sqlstate.starts_with("XX")) return ErrorCode::io;
  return ErrorCode::invalid;
}

// libpq ends its texts with a newline, and puts several lines where it tried several addresses.
std::string one_line(std::string_view text) {
  std::string line;
  for (const std::string_view part : split(text, '\n')) {
    if (trim(part).empty()) continue;
    if (!line.empty()) line += "; ";
    line += trim(part);
  }
  return line.empty() ? "no reason given" : line;
}

ErrorCode code_of_connect(std::string_view text) {
  const auto says = [&](std::string_view part) { return text.find(part) != text.npos; };
  if (says("Connection refused") || says("No such file or directory")) return ErrorCode::refused;
  if (says("authentication") || says("no pg_hba.conf entry") || says("permission denied") ||
      says("password") || (says("role \"") && says("does not exist")))
    return ErrorCode::denied;
  if (says("database \"") && says("does not exist")) return ErrorCode::not_found;
  if (says("SSL") || says("certificate")) return ErrorCode::tls;
  if (says("too many clients") || says("remaining connection slots")) return ErrorCode::exhausted;
  if (says("closed the connection")) return ErrorCode::reset;
  return ErrorCode::unreachable;
}

}  // namespace

// --- Rows ---

namespace {
const PGresult* result_of(void* handle) {
  return static_cast<const PGresult*>(handle);
}
}  // namespace

PostgresRows::~PostgresRows() {
  PQclear(static_cast<PGresult*>(handle_));
}
PostgresRows::PostgresRows(PostgresRows&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)) {}
PostgresRows& PostgresRows::operator=(PostgresRows&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

std::size_t PostgresRows::rows() const {
  return static_cast<std::size_t>(PQntuples(result_of(handle_)));
}
std::size_t PostgresRows::columns() const {
  return static_cast<std::size_t>(PQnfields(result_of(handle_)));
}

std::int64_t PostgresRows::affected() const {
  // Not const in libpq, although it only reads.
  const std::string_view text = PQcmdTuples(static_cast<PGresult*>(handle_));
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

bool PostgresRows::is_null(std::size_t row, std::size_t column) const {
  ASSERT(row < rows() && column < columns());
  return PQgetisnull(result_of(handle_), static_cast<int>(row), static_cast<int>(column)) == 1;
}

std::string_view PostgresRows::text(std::size_t row, std::size_t column) const {
  ASSERT(row < rows() && column < columns());
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  return {PQgetvalue(result_of(handle_), r, c),
          static_cast<std::size_t>(PQgetlength(result_of(handle_), r, c))};
}

namespace {
template <typename Number>
Result<Number> parse_cell(std::string_view text) {
  Number value{};
  if (text.empty()) return value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(ErrorCode::malformed, fmt::format("`{}` is no such number", text));
  return value;
}
}  // namespace

Result<std::int64_t> PostgresRows::integer(std::size_t row, std::size_t column) const {
  return parse_cell<std::int64_t>(text(row, column));
}
Result<double> PostgresRows::number(std::size_t row, std::size_t column) const {
  return parse_cell<double>(text(row, column));
}

// --- Connection ---

struct PostgresConnection::State {
  PGconn* handle = nullptr;
  bool broken = false;  // A half-finished exchange: whatever comes next would be misread.
  std::unordered_map<std::string, std::string> statements;  // Text to name on the server.
  std::uint64_t names_given = 0;

  // Kept for their memory.
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;

  ~State() { PQfinish(handle); }

  Error connection_error() const {
    const std::string text = one_line(PQerrorMessage(handle));
    return {ErrorCode::reset, "the connection to PostgreSQL broke: " + text};
  }
  Error result_error(const PGresult* result) const;
  Result<> flush(Fiber& self, Instant deadline);
  Result<ResultHandle> next_result(Fiber& self, Instant deadline);
  Result<ResultHandle> finish(Fiber& self, Instant deadline);
  void lay_out(const PostgresParams& params);
  Result<> send_prepare(std::string_view sql, const PostgresParams& params, std::string& name);
  Result<> read_pipeline(Fiber& self, Instant deadline);
};

Error PostgresConnection::State::result_error(const PGresult* result) const {
  const std::string_view state = field(result, PG_DIAG_SQLSTATE);
  if (state.empty()) return connection_error();
  std::string text = fmt::format("PostgreSQL says: {} (SQLSTATE {})",
                                 field(result, PG_DIAG_MESSAGE_PRIMARY), state);
  if (const auto detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    text += fmt::format("; {}", one_line(detail));
  return {code_of(state), std::move(text)};
}

Result<> PostgresConnection::State::flush(Fiber& self, Instant deadline) {
  for (;;) {
    const int left = PQflush(handle);
    if (left == 0) return {};
    if (left < 0) return std::unexpected(connection_error());
    const Instant until = std::min(deadline, self.now() + send_wait);
    const auto ready = self.loop().wait_fd(self, PQsocket(handle), FdEvent::writable, until);
    if (!ready && (ready.error().code != ErrorCode::timeout || self.now() >= deadline))
      return std::unexpected(ready.error());
    if (PQconsumeInput(handle) == 0) return std::unexpected(connection_error());
  }
}

Result<ResultHandle> PostgresConnection::State::next_result(Fiber& self, Instant deadline) {
  while (PQisBusy(handle) == 1) {
    auto ready = self.loop().wait_fd(self, PQsocket(handle), FdEvent::readable, deadline);
    if (!ready && ready.error().code == ErrorCode::timeout)
      return fail(ErrorCode::timeout, "PostgreSQL did not answer in time");
    if (!ready) return std::unexpected(std::move(ready).error());
    if (PQconsumeInput(handle) == 0) return std::unexpected(connection_error());
  }
  return ResultHandle(PQgetResult(handle), &PQclear);
}

// Everything that belongs to what was sent: the last result, or the first error.
Result<ResultHandle> PostgresConnection::State::finish(Fiber& self, Instant deadline) {
  broken = true;  // Until the exchange is complete.
  TRY(flush(self, deadline));
  ResultHandle last(nullptr, &PQclear);
  std::optional<Error> error;
  for (;;) {
    ResultHandle result = TRY(next_result(self, deadline));
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!error) error = result_error(result.get());
      if (PQstatus(handle) != CONNECTION_OK) break;
      continue;
    }
    last = std::move(result);
  }
  broken = PQstatus(handle) != CONNECTION_OK;
  if (error) return std::unexpected(std::move(*error));
  if (last == nullptr) return std::unexpected(connection_error());
  return last;
}

void PostgresConnection::State::lay_out(const PostgresParams& params) {
  types.clear();
  values.clear();
  lengths.clear();
  formats.clear();
  for (const auto& param : params.params_) {
    types.push_back(param.type);
    values.push_back(param.length < 0 ? nullptr : params.bytes_.data() + param.offset);
    lengths.push_back(param.length);
    formats.push_back(param.format);
  }
}

Result<> PostgresConnection::State::send_prepare(std::string_view sql, const PostgresParams& params,
                                                 std::string& name) {
  // A new name each time: after a failure nobody need know whether the old one exists.
  name = fmt::format("s{}", ++names_given);
  lay_out(params);
  if (PQsendPrepare(handle, name.c_str(), std::string(sql).c_str(), static_cast<int>(types.size()),
                    types.data()) == 0)
    return std::unexpected(connection_error());
  return {};
}

PostgresConnection::PostgresConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
PostgresConnection::~PostgresConnection() = default;

namespace {

// The addresses of the hosts in a connection string, comma-separated as libpq's `hostaddr` wants
// them; "" if there is nothing to resolve. libpq itself would block in getaddrinfo.
Result<std::string> resolve_hosts(Fiber& self, const std::string& url, Instant deadline) {
  char* message = nullptr;
  PQconninfoOption* parsed = PQconninfoParse(url.c_str(), &message);
  if (parsed == nullptr) {
    std::string text = message == nullptr ? "out of memory" : one_line(message);
    PQfreemem(message);
    return fail(ErrorCode::invalid, "not a PostgreSQL address: " + text);
  }
  std::string hosts;
  bool has_address = false;
  for (const PQconninfoOption* option = parsed; option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (std::string_view(option->keyword) == "host") hosts = option->val;
    if (std::string_view(option->keyword) == "hostaddr") has_address = true;
  }
  PQconninfoFree(parsed);
  if (hosts.empty() || has_address || hosts.find('/') != hosts.npos) return std::string();

  Resolver resolver(self.loop(), {});
  std::string addresses;
  for (const std::string_view host : split(hosts, ',')) {
    const auto found = TRY(resolver.resolve(self, {.host = host, .port = 0}, deadline));
    if (!addresses.empty()) addresses += ',';
    addresses += found.front().ip();
  }
  return addresses;
}

void ignore_notice(void*, const char*) {}  // libpq would print them to standard error.

}  // namespace

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::connect(
    Fiber& self, const PostgresOptions& options) {
  if (self.loop().backend() == BackendKind::simulated)
    return fail(ErrorCode::unsupported, "there is no PostgreSQL in the simulated network");
  const Instant deadline = self.now() + options.connect_timeout;
  const std::string addresses = TRY(resolve_hosts(self, options.url, deadline));
  // The URL comes last of what may be overridden, and first of what overrides it.
  const std::array<const char*, 6> keywords{"gssencmode",
                                            "fallback_application_name",
                                            "dbname",
                                            "client_encoding",
                                            addresses.empty() ? nullptr : "hostaddr",
                                            nullptr};
  const std::array<const char*, 6> values{"disable",
                                          options.application_name.c_str(),
                                          options.url.c_str(),
                                          "UTF8",
                                          addresses.empty() ? nullptr : addresses.c_str(),
                                          nullptr};
  auto state = std::make_unique<State>();
  state->handle = PQconnectStartParams(keywords.data(), values.data(), 1);
  if (state->handle == nullptr) return fail(ErrorCode::exhausted, "no memory for a connection");
  PQsetNoticeProcessor(state->handle, &ignore_notice, nullptr);

  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(state->handle) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
         status != PGRES_POLLING_FAILED) {
    const FdEvent event = status == PGRES_POLLING_READING ? FdEvent::readable : FdEvent::writable;
    auto ready = self.loop().wait_fd(self, PQsocket(state->handle), event, deadline);
    if (!ready && ready.error().code == ErrorCode::timeout)
      return fail(ErrorCode::timeout, "PostgreSQL did not let us in within the time");
    if (!ready) return std::unexpected(std::move(ready).error());
    status = PQconnectPoll(state->handle);
  }
  if (PQstatus(state->handle) != CONNECTION_OK) {
    std::string text = one_line(PQerrorMessage(state->handle));
    return fail(code_of_connect(text), "cannot connect to PostgreSQL: " + text);
  }
  PQsetnonblocking(state->handle, 1);
  // make_unique cannot reach a private constructor.
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(std::move(state)));
  if (!options.session_sql.empty()) TRY(connection->execute(self, options.session_sql, deadline));
  return connection;
}

Result<> PostgresConnection::execute(Fiber& self, const std::string& sql, Instant deadline) {
  if (PQsendQuery(state_->handle, sql.c_str()) == 0)
    return std::unexpected(state_->connection_error());
  TRY(state_->finish(self, deadline));
  return {};
}

Result<PostgresRows> PostgresConnection::query(Fiber& self, std::string_view sql,
                                               const PostgresParams& params, Instant deadline) {
  State& state = *state_;
  std::string key(sql);
  std::string name;
  if (const auto found = state.statements.find(key); found != state.statements.end()) {
    name = found->second;
  } else if (state.statements.size() < statements_max) {
    TRY(state.send_prepare(sql, params, name));
    TRY(state.finish(self, deadline));
    state.statements.emplace(key, name);
  }
  state.lay_out(params);
  const int count = static_cast<int>(state.types.size());
  const int sent =
      name.empty()
          ? PQsendQueryParams(state.handle, key.c_str(), count, state.types.data(),
                              state.values.data(), state.lengths.data(), state.formats.data(), 0)
          : PQsendQueryPrepared(state.handle, name.c_str(), count, state.values.data(),
                                state.lengths.data(), state.formats.data(), 0);
  if (sent == 0) return std::unexpected(state.connection_error());
  ResultHandle result = TRY(state.finish(self, deadline));
  return PostgresRows(result.release());
}

// Reads up to the sync; the error, if any, is the first one's. Those after it were skipped.
Result<> PostgresConnection::State::read_pipeline(Fiber& self, Instant deadline) {
  TRY(flush(self, deadline));
  std::optional<Error> error;
  for (;;) {
    const ResultHandle result = TRY(next_result(self, deadline));
    if (result == nullptr) {  // Between two statements.
      if (PQstatus(handle) != CONNECTION_OK) return std::unexpected(connection_error());
      continue;
    }
    const ExecStatusType status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!error) error = result_error(result.get());
      if (PQstatus(handle) != CONNECTION_OK) return std::unexpected(std::move(*error));
    }
  }
  // The one null result after the sync, then the mode can be left.
  while (PQexitPipelineMode(handle) == 0) {
    const ResultHandle rest = TRY(next_result(self, deadline));
    if (rest == nullptr && PQstatus(handle) != CONNECTION_OK)
      return std::unexpected(connection_error());
  }
  broken = false;
  if (error) return std::unexpected(std::move(*error));
  return {};
}

Result<> PostgresConnection::pipeline(Fiber& self, std::span<const PostgresStatement> statements,
                                      Instant deadline) {
  State& state = *state_;
  if (PQenterPipelineMode(state.handle) == 0) return std::unexpected(state.connection_error());
  state.broken = true;  // Until the sync has come back.
  std::vector<std::string> prepared_now;
  for (const PostgresStatement& statement : statements) {
    std::string key(statement.sql);
    auto found = state.statements.find(key);
    if (found == state.statements.end()) {
      std::string name;
      TRY(state.send_prepare(statement.sql, statement.params, name));
      prepared_now.push_back(key);
      found = state.statements.emplace(std::move(key), std::move(name)).first;
    }
    state.lay_out(statement.params);
    if (PQsendQueryPrepared(state.handle, found->second.c_str(),
                            static_cast<int>(state.types.size()), state.values.data(),
                            state.lengths.data(), state.formats.data(), 0) == 0)
      return std::unexpected(state.connection_error());
  }
  if (PQpipelineSync(state.handle) == 0) return std::unexpected(state.connection_error());
  auto outcome = state.read_pipeline(self, deadline);
  if (!outcome)
    for (const std::string& key : prepared_now) state.statements.erase(key);
  return outcome;
}

bool PostgresConnection::usable() const {
  if (state_->broken || PQstatus(state_->handle) != CONNECTION_OK) return false;
  // Notices that a server which went away has closed the socket; does not block.
  return PQconsumeInput(state_->handle) == 1 && PQstatus(state_->handle) == CONNECTION_OK;
}

int PostgresConnection::server_version() const {
  return PQserverVersion(state_->handle);
}

}  // namespace brunt
