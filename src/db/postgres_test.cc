// PostgreSQL without blocking, against a real server of its own.
#include "db/postgres.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "db/postgres_for_tests.h"
#include "loop/fiber_group.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

using Story = std::function<void(Fiber&)>;

void on_loop(const Story& story, BackendKind backend = BackendKind::epoll) {
  auto loop = Loop::create({.backend = backend});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("story", [&](Fiber& self) { story(self); }));
  (*loop)->run();
}

// One server for all cases of this file, started when first wanted.
PostgresForTests* server() {
  static const std::unique_ptr<PostgresForTests> shared = PostgresForTests::start();
  if (shared == nullptr) MESSAGE("PostgreSQL is not installed: skipped");
  return shared.get();
}

std::unique_ptr<PostgresConnection> connect(Fiber& self) {
  auto connection = PostgresConnection::connect(self, {.url = server()->url()});
  REQUIRE_MESSAGE(connection.has_value(), connection.error().text);
  return std::move(*connection);
}

Instant soon(Fiber& self) {
  return self.now() + 20s;
}

}  // namespace

TEST_CASE("values go in as text and binary, and come back") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    auto connection = connect(self);
    CHECK(connection->server_version() >= 120'000);
    PostgresParams params;
    params.add_text("it's");
    params.add_integer(-5);
    params.add_number(0.25);
    params.add_flag(1);
    params.add_time({.unix_ns = 1'500'000'000'123'456'789});
    params.add_null();
    for (int again = 0; again < 2; ++again) {
      const auto rows = connection->query(
          self, "select $1::text, $2, $3, $4, extract(epoch from $5)::text, $6::text", params,
          soon(self));
      REQUIRE_MESSAGE(rows.has_value(), rows.error().text);
      CHECK(rows->rows() == 1);
      CHECK(rows->columns() == 6);
      CHECK(rows->text(0, 0) == "it's");
      CHECK(*rows->integer(0, 1) == -5);
      CHECK(*rows->number(0, 2) == 0.25);
      CHECK(rows->text(0, 3) == "t");
      CHECK(rows->text(0, 4) == "1500000000.123456");
      CHECK(rows->is_null(0, 5));
      CHECK(rows->integer(0, 0).error().code == ErrorCode::malformed);
    }
  });
}

TEST_CASE("arrays with nulls become rows, also empty ones") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    auto connection = connect(self);
    const UuidBytes uuid{std::byte{0x7d}, std::byte{0x44}};
    for (const std::size_t count : {std::size_t{0}, std::size_t{3}, std::size_t{5000}}) {
      PostgresParams params;
      params.add_integers(std::vector<std::optional<std::int32_t>>(count, -7));
      params.add_bigints(std::vector<std::optional<std::int64_t>>(count));
      params.add_numbers(std::vector<std::optional<double>>(count, 1.5));
      params.add_times(std::vector<WallTime>(count, WallTime{.unix_ns = -1'000}));
      params.add_uuids(std::vector<UuidBytes>(count, uuid));
      params.add_texts(std::vector<std::string_view>(count, "x\ny"));
      params.add_flags(std::vector<std::optional<std::uint8_t>>(count, 1));
      const auto rows = connection->query(
          self,
          "select * from unnest($1::int4[], $2::int8[], $3::float8[], $4::timestamptz[],"
          " $5::uuid[], $6::text[], $7::bool[])",
          params, soon(self));
      REQUIRE_MESSAGE(rows.has_value(), rows.error().text);
      REQUIRE(rows->rows() == count);
      if (count == 0) continue;
      CHECK(*rows->integer(count - 1, 0) == -7);
      CHECK(rows->is_null(0, 1));
      CHECK(*rows->number(0, 2) == 1.5);
      CHECK(rows->text(0, 4) == "7d440000-0000-0000-0000-000000000000");
      CHECK(rows->text(0, 5) == "x\ny");
      CHECK(rows->text(0, 6) == "t");
    }
  });
}

TEST_CASE("a pipeline happens whole or not at all, and the connection goes on") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    auto connection = connect(self);
    REQUIRE(connection->execute(self, "create temp table t (i int8 primary key)", soon(self)));
    PostgresParams one, two;
    one.add_integer(1);
    two.add_integer(2);
    constexpr std::string_view insert = "insert into t values ($1)";
    const PostgresStatement good[] = {{insert, one}, {insert, two}};
    CHECK(connection->pipeline(self, good, soon(self)));
    PostgresParams three;
    three.add_integer(3);
    const PostgresStatement bad[] = {
        {insert, three}, {insert, one}, {"insert into t values ($1 + 9)", one}};
    const auto refused = connection->pipeline(self, bad, soon(self));
    CHECK(refused.error().code == ErrorCode::invalid);
    CHECK(refused.error().text.find("SQLSTATE 23505") != std::string::npos);
    CHECK(connection->usable());
    const auto rows = connection->query(self, "select count(*) from t", {}, soon(self));
    REQUIRE(rows);
    CHECK(*rows->integer(0, 0) == 2);
    const PostgresStatement again[] = {{"insert into t values ($1 + 9)", one}};
    CHECK(connection->pipeline(self, again, soon(self)));
  });
}

TEST_CASE("errors say what the server said, and the connection goes on") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    auto connection = connect(self);
    const auto wrong = connection->query(self, "selekt 1", {}, soon(self));
    CHECK(wrong.error().code == ErrorCode::invalid);
    CHECK(wrong.error().text ==
          "PostgreSQL says: syntax error at or near \"selekt\" (SQLSTATE 42601)");
    CHECK(connection->execute(self, "select 1; select 1 / 0", soon(self)).error().code ==
          ErrorCode::invalid);
    CHECK(connection->execute(self, "select 1; select 2", soon(self)));
  });
}

TEST_CASE("an answer that does not come in time ends the connection, not the fiber") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    auto connection = connect(self);
    const auto late = connection->execute(self, "select pg_sleep(5)", self.now() + 20ms);
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK_FALSE(connection->usable());
  });
}

TEST_CASE("who cannot be reached is told with the kind") {
  on_loop([](Fiber& self) {
    const auto code = [&](const char* url) {
      return PostgresConnection::connect(self, {.url = url}).error().code;
    };
    CHECK(code("postgres://127.0.0.1:1/x") == ErrorCode::refused);
    CHECK(code("postgres://localhost:1/x") == ErrorCode::refused);
    CHECK(code("postgres://x@/x?host=/nowhere") == ErrorCode::refused);
    CHECK(code("postgres://%zz/x") == ErrorCode::invalid);
    CHECK(code("postgres://h/x?no_such_option=1") == ErrorCode::invalid);
    if (server() == nullptr) return;
    const auto nobody = server()->url() + "&user=nobody";
    CHECK(PostgresConnection::connect(self, {.url = nobody}).error().code == ErrorCode::denied);
    const auto nowhere = server()->url() + "&dbname=nowhere";
    CHECK(PostgresConnection::connect(self, {.url = nowhere}).error().code == ErrorCode::not_found);
  });
  on_loop(
      [](Fiber& self) {
        CHECK(PostgresConnection::connect(self, {.url = "postgres://h/x"}).error().code ==
              ErrorCode::unsupported);
      },
      BackendKind::simulated);
}

TEST_CASE("a pool lends no more than its bound, and each caller gets its turn") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    PostgresPool pool({.connection = {.url = server()->url()}, .connections_max = 2});
    FiberGroup group(self.loop());
    std::size_t done = 0;
    for (int i = 0; i < 20; ++i)
      REQUIRE(group.spawn("user", [&](Fiber& fiber) {
        auto lease = pool.acquire(fiber, soon(fiber));
        REQUIRE(lease);
        CHECK(pool.open() <= 2);
        CHECK((*lease)->execute(fiber, "select 1", soon(fiber)));
        ++done;
      }));
    CHECK(group.join(self));
    CHECK(done == 20);
    CHECK(pool.open() == 2);
    auto first = pool.acquire(self, soon(self));
    auto second = pool.acquire(self, soon(self));
    CHECK(pool.acquire(self, self.now() + 10ms).error().code == ErrorCode::timeout);
  });
}

TEST_CASE("a pool outlives a server that crashes and comes back") {
  if (server() == nullptr) return;
  on_loop([](Fiber& self) {
    PostgresPool pool({.connection = {.url = server()->url()}, .reconnect_pause = 100ms});
    {
      auto lease = pool.acquire(self, soon(self));
      REQUIRE(lease);
      server()->crash();
      const auto broken = (*lease)->execute(self, "select 1", soon(self));
      CHECK(broken.error().code == ErrorCode::reset);
      CHECK_FALSE((*lease)->usable());
    }
    CHECK(pool.acquire(self, soon(self)).error().code == ErrorCode::refused);
    // At once the same again, without a try.
    CHECK(pool.acquire(self, soon(self)).error().code == ErrorCode::refused);
    REQUIRE(server()->start_again());
    REQUIRE(self.sleep(150ms));
    auto lease = pool.acquire(self, soon(self));
    REQUIRE_MESSAGE(lease.has_value(), lease.error().text);
    CHECK((*lease)->execute(self, "select 1", soon(self)));
  });
}
