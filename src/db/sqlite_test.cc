// SQLite in a temporary folder: what goes in comes out, and what cannot work says why.
#include "db/sqlite.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/temporary_folder.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

std::unique_ptr<SqliteDatabase> open(const std::filesystem::path& path) {
  auto database = SqliteDatabase::open({.path = path});
  REQUIRE_MESSAGE(database.has_value(), database.error().text);
  return std::move(*database);
}

std::int64_t count(SqliteDatabase& database) {
  SqliteStatement& rows = **database.query("select count(*) from t", {});
  REQUIRE(*rows.step());
  const std::int64_t found = rows.integer(0);
  rows.reset();
  return found;
}

}  // namespace

TEST_CASE("every kind of value comes back as it went in") {
  auto database = open(":memory:");
  REQUIRE(database->execute("create table t (i integer, r real, s text, b blob, n)"));
  const std::string_view bytes("\0\1\2", 3);
  REQUIRE(database->run(
      "insert into t values (?, ?, ?, ?, ?)",
      {std::int64_t{1} << 62, 0.1, std::string_view("na\"me"), as_bytes(bytes), nullptr}));
  CHECK(database->changes() == 1);
  CHECK(database->last_insert_id() == 1);
  SqliteStatement& row = **database->query("select * from t", {});
  REQUIRE(*row.step());
  CHECK(row.columns() == 5);
  CHECK(row.column_name(2) == "s");
  CHECK(row.integer(0) == std::int64_t{1} << 62);
  CHECK(row.number(1) == 0.1);
  CHECK(row.text(2) == "na\"me");
  CHECK(as_text(row.bytes(3)) == bytes);
  CHECK(row.is_null(4));
  CHECK_FALSE(row.maybe_number(4).has_value());
  CHECK_FALSE(*row.step());
}

TEST_CASE("an empty text is not a null") {
  auto database = open(":memory:");
  REQUIRE(database->execute("create table t (s text not null, b blob not null)"));
  CHECK(database->run("insert into t values (?, ?)", {std::string_view(), ByteView()}));
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  auto database = open(":memory:");
  REQUIRE(database->execute("create table t (i integer)"));
  {
    auto transaction = SqliteTransaction::begin(*database);
    REQUIRE(transaction);
    REQUIRE(database->run("insert into t values (1)", {}));
  }
  CHECK(count(*database) == 0);
  auto transaction = SqliteTransaction::begin(*database);
  REQUIRE(database->run("insert into t values (1)", {}));
  REQUIRE(transaction->commit());
  CHECK(count(*database) == 1);
}

TEST_CASE("what SQLite refuses is told with its kind") {
  const TemporaryFolder folder = TemporaryFolder::make("brunt-db").value();
  auto database = open(folder / "a.db");
  REQUIRE(database->execute("create table t (i integer primary key)"));

  SUBCASE("wrong SQL, wrong number of values, a violated constraint") {
    CHECK(database->execute("selekt 1").error().code == ErrorCode::invalid);
    CHECK(database->query("select * from nowhere", {}).error().code == ErrorCode::invalid);
    const auto values = database->run("insert into t values (?)", {});
    CHECK(values.error().text == "`insert into t values (?)` wants 1 values, not 0");
    REQUIRE(database->run("insert into t values (1)", {}));
    CHECK(database->run("insert into t values (1)", {}).error().code == ErrorCode::invalid);
  }
  SUBCASE("a full disk, and the space that comes back") {
    REQUIRE(database->execute("pragma max_page_count = 3"));
    REQUIRE(database->execute("create table big (b blob)"));
    const std::string filler(100'000, 'x');
    const auto full = database->run("insert into big values (?)", {std::string_view(filler)});
    CHECK(full.error().code == ErrorCode::exhausted);
    CHECK(full.error().text.find("no space left") != std::string::npos);
    REQUIRE(database->execute("pragma max_page_count = 1000"));
    CHECK(database->run("insert into big values (?)", {std::string_view(filler)}));
  }
  SUBCASE("another writer holds the lock") {
    auto other = SqliteDatabase::open({.path = folder / "a.db", .busy_timeout = 1ms});
    REQUIRE(other);
    auto transaction = SqliteTransaction::begin(*database);
    REQUIRE(transaction);
    CHECK(SqliteTransaction::begin(**other).error().code == ErrorCode::timeout);
  }
  SUBCASE("a reader may not write, and sees what was committed") {
    auto reader =
        SqliteDatabase::open({.path = folder / "a.db", .access = SqliteAccess::read_only});
    REQUIRE(reader);
    CHECK((*reader)->run("insert into t values (9)", {}).error().code == ErrorCode::denied);
    REQUIRE(database->run("insert into t values (9)", {}));
    CHECK(count(**reader) == 1);
  }
  SUBCASE("too many different statements") {
    Result<> last;
    for (int i = 0; i < 200 && last; ++i) last = database->run(fmt::format("select {}", i), {});
    CHECK(last.error().code == ErrorCode::exhausted);
  }
}

TEST_CASE("what cannot be opened is told with its kind") {
  const TemporaryFolder folder = TemporaryFolder::make("brunt-db").value();
  const auto missing = SqliteDatabase::open({.path = folder / "no" / "a.db"});
  CHECK(missing.error().code == ErrorCode::denied);
  CHECK(missing.error().text.find("does its folder exist") != std::string::npos);
  CHECK_FALSE(SqliteDatabase::open({.path = folder / "b.db", .access = SqliteAccess::read_only}));
  std::ofstream(folder / "text.db") << std::string(5000, 'x');
  CHECK(SqliteDatabase::open({.path = folder / "text.db"}).error().code == ErrorCode::malformed);

  // A folder that may not be written. Root may write everywhere: be nobody for a moment.
  open(folder / "c.db")->execute("create table t (i integer)");
  std::filesystem::permissions(folder / "c.db", std::filesystem::perms(0444));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  const uid_t me = geteuid();
  if (me == 0) REQUIRE(seteuid(65534) == 0);
  const auto read_only = SqliteDatabase::open({.path = folder / "c.db"});
  const auto no_folder = SqliteDatabase::open({.path = folder / "d.db"});
  if (me == 0) REQUIRE(seteuid(0) == 0);
  CHECK(read_only.error().code == ErrorCode::denied);
  CHECK(no_folder.error().code == ErrorCode::denied);
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
}

TEST_CASE("a fiber uses a database on a helper thread") {
  auto loop = Loop::create({.backend = BackendKind::simulated});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("test", [](Fiber& self) {
    auto thread = SqliteThread::open(self, {.path = ":memory:"});
    REQUIRE(thread);
    const auto made = (*thread)->call(self, [](SqliteDatabase& database) {
      return database.execute("create table t (i integer)");
    });
    CHECK(made);
    (*thread)->submit([](SqliteDatabase& database) {
      static_cast<void>(database.run("insert into t values (5)", {}));
    });
    const auto found = (*thread)->call(
        self, [](SqliteDatabase& database) -> Result<std::int64_t> { return count(database); });
    CHECK(*found == 1);
    const auto wrong =
        (*thread)->call(self, [](SqliteDatabase& database) { return database.execute("oops"); });
    CHECK(wrong.error().code == ErrorCode::invalid);
    CHECK_FALSE(SqliteThread::open(self, {.path = "/proc/nowhere/a.db"}));
  }));
  (*loop)->run();
}
