// PostgreSQL through libpq without blocking: a fiber that asks parks until the answer is there.
//
// A connection belongs to one loop and is used by one fiber at a time; PostgresPool lends
// connections, bounded, and replaces those that broke. Under simulation there is no PostgreSQL
// (`unsupported`).
//
//   PostgresPool pool({.url = "postgres://me@localhost/lab"});
//   auto connection = TRY(pool.acquire(self, self.now() + 5s));
//   PostgresParams params;
//   params.add_text("soak");
//   const PostgresRows rows = TRY(connection->query(self, "select id from run where name = $1",
//                                                   params, self.now() + 5s));
//
// Errors: refused, unreachable, dns, tls, denied (authentication, no right, read-only), timeout,
// reset (the connection broke; what was under way may or may not have happened), invalid (the
// server's message with its SQLSTATE), exhausted (disk, memory, connections), cancelled, io. After
// timeout and cancelled the connection is not usable.
//
// Source: PostgreSQL 15 manual, chapter 34 (libpq), 34.5 (pipeline mode).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "db/postgres_params.h"
#include "loop/fiber.h"

namespace brunt {

// What a statement answered. Owns it. REQUIRES: row and column exist (asserted).
class PostgresRows {
 public:
  std::size_t rows() const;
  std::size_t columns() const;
  std::int64_t affected() const;  // Rows that an insert, update or delete touched.
  bool is_null(std::size_t row, std::size_t column) const;
  std::string_view text(std::size_t row, std::size_t column) const;  // "" for null. In text form.
  // 0 for null, `malformed` for what is no number.
  Result<std::int64_t> integer(std::size_t row, std::size_t column) const;
  Result<double> number(std::size_t row, std::size_t column) const;

  ~PostgresRows();
  PostgresRows(PostgresRows&& other) noexcept;
  PostgresRows& operator=(PostgresRows&& other) noexcept;

 private:
  friend class PostgresConnection;
  explicit PostgresRows(void* handle) : handle_(handle) {}
  void* handle_;
};

struct PostgresOptions {
  std::string url;  // postgres://user:password@host:port/database?option=value, or key=value pairs.
  std::string application_name = "brunt";
  std::string session_sql;  // Run on each new connection: "set synchronous_commit = on".
  Duration connect_timeout = std::chrono::seconds(10);
};

// One statement of a pipeline. Refers to what must live until pipeline() returns.
struct PostgresStatement {
  std::string_view sql;
  const PostgresParams& params;
};

class PostgresConnection {
 public:
  // Resolves the host without blocking, connects, logs in.
  static Result<std::unique_ptr<PostgresConnection>> connect(Fiber& self,
                                                             const PostgresOptions& options);
  ~PostgresConnection();

  // Several statements without parameters, separated by semicolons, in one transaction unless they
  // say otherwise.
  Result<> execute(Fiber& self, const std::string& sql, Instant deadline);

  // One statement; prepared at its first use on this connection and kept by its text (at most 128,
  // then unprepared). Rows come in text form.
  Result<PostgresRows> query(Fiber& self, std::string_view sql, const PostgresParams& params,
                             Instant deadline);

  // All statements in one round trip and one transaction (libpq's pipeline mode, one sync): either
  // all have happened or none.
  Result<> pipeline(Fiber& self, std::span<const PostgresStatement> statements, Instant deadline);

  // False once it broke, or timed out half way.
  bool usable() const;
  int server_version() const;  // 150020 is 15.20.

  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

 private:
  struct State;
  explicit PostgresConnection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct PostgresPoolOptions {
  PostgresOptions connection;
  std::uint32_t connections_max = 4;  // One caller more waits for its turn.
  // After a failed connect the next one is not tried before this has passed; callers meanwhile get
  // the error of the last try at once, so that a server that is away costs nothing.
  Duration reconnect_pause = std::chrono::milliseconds(250);
};

class PostgresPool {
 public:
  explicit PostgresPool(PostgresPoolOptions options);
  ~PostgresPool();  // REQUIRES: every lease was given back.

  // Gives its connection back when it is destroyed; a broken one is thrown away.
  class Lease {
   public:
    PostgresConnection* operator->() const { return connection_.get(); }
    PostgresConnection& operator*() const { return *connection_; }
    ~Lease();
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&&) = delete;

   private:
    friend class PostgresPool;
    Lease(PostgresPool& pool, std::unique_ptr<PostgresConnection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    PostgresPool& pool_;
    std::unique_ptr<PostgresConnection> connection_;  // Null once moved from.
  };

  // Parks until a connection is free, connecting one where fewer than connections_max are open.
  Result<Lease> acquire(Fiber& self, Instant deadline);

  std::size_t idle() const;
  std::size_t open() const;  // Idle and lent.

  PostgresPool(const PostgresPool&) = delete;
  PostgresPool& operator=(const PostgresPool&) = delete;

 private:
  void give_back(std::unique_ptr<PostgresConnection> connection);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brunt
