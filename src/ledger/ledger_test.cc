#include "ledger/ledger.h"

#include <signal.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "db/sqlite.h"
#include "ledger/ledger_fixtures.h"

namespace brunt {
namespace {

// The same story on both stores.
void tell(const std::string& place) {
  CAPTURE(place);
  auto opened = Ledger::open({.place = place});
  REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().text));
  Ledger& ledger = **opened;
  CHECK(ledger.load("last").error().code == ErrorCode::not_found);

  const RunRecord head = sample_head("20261122-084410-k3f9");
  REQUIRE(ledger.begin_run(head));
  SampleSeconds left("left");
  SampleSeconds right("right");
  for (int i = 0; i < 3; ++i) {
    const SecondRecord second = left.next();
    REQUIRE(ledger.append_second(head.run.id, second));
    REQUIRE(ledger.append_second(head.run.id, second));  // Again: must not count twice.
    REQUIRE(ledger.append_second(head.run.id, right.next()));
  }
  const RunRecord end = sample_end(head);
  REQUIRE(ledger.finish_run(end));

  const auto loaded = ledger.load("last");
  REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
  CHECK(loaded->run == end.run);
  CHECK(loaded->scenarios == end.scenarios);
  CHECK(loaded->events == end.events);
  CHECK(loaded->checks == end.checks);
  CHECK(loaded->thresholds == end.thresholds);
  CHECK(loaded->subjects == end.subjects);
  CHECK(loaded->notes == end.notes);
  CHECK(loaded->profiles == end.profiles);
  CHECK(loaded->logs == end.logs);
  CHECK(loaded->origins == std::vector<std::string>{"left", "right"});
  CHECK(loaded->series.size() == 4);
  CHECK(loaded->seconds() == 3);
  const auto durations = loaded->merged({"http_req_duration", {{"name", "/cart"}}}, loaded->all());
  REQUIRE(durations);
  CHECK(durations->count() == 60);
  CHECK(durations->histogram().max() == 4.25);
  CHECK(loaded->merged({"vus", {}}, loaded->all())->last() == 100);

  const auto runs = ledger.list({});
  REQUIRE_MESSAGE(runs, (runs ? "" : runs.error().text));
  REQUIRE(runs->size() == 1);
  CHECK(runs->front().requests == 60);
  CHECK(runs->front().failed_requests == 6);
  CHECK(runs->front().seconds == 3);
  CHECK(runs->front().p95_ms == doctest::Approx(4.0).epsilon(0.002));

  RunRecord second_run = sample_head("20261122-090000-abcd");
  second_run.run.started.unix_ns += 1'000'000'000'000;
  second_run.run.plan_name = "other";
  REQUIRE(ledger.begin_run(second_run));
  CHECK(ledger.resolve("last") == "20261122-090000-abcd");
  CHECK(ledger.resolve("last~1") == "20261122-084410-k3f9");
  CHECK(ledger.resolve("last~2").error().code == ErrorCode::not_found);
  CHECK(ledger.resolve("20261122-0844") == "20261122-084410-k3f9");
  CHECK(ledger.resolve("20261122").error().code == ErrorCode::invalid);
  CHECK(ledger.resolve("2026112x").error().code == ErrorCode::not_found);
  CHECK(ledger.list({.plan_name = "checkout"})->size() == 1);
  CHECK(ledger.list({.plan_name = "", .status = RunStatus::finished})->size() == 1);
  CHECK(ledger.list({.plan_name = "", .status = {}, .limit = 1})->front().run.plan_name == "other");

  REQUIRE(ledger.remove("20261122-0844"));
  CHECK(ledger.list({})->size() == 1);
  CHECK(ledger.load("20261122-0844").error().code == ErrorCode::not_found);
}

TEST_CASE("a run written into a SQLite ledger is read back as it was") {
  const TemporaryFolder folder = ledger_folder();
  tell((folder / "deep/er/ledger.db").string());
}

TEST_CASE("a run written into a PostgreSQL ledger is read back as it was") {
  const TemporaryPostgres postgres;
  tell(postgres.url());
  // A second opening finds the tables as they are.
  CHECK(Ledger::open({.place = postgres.url()}));
  CHECK(Ledger::open({.place = postgres.url(), .access = LedgerAccess::read}));
}

// Writes seconds until it is killed.
[[noreturn]] void write_until_killed(const std::string& place, int told) {
  auto ledger = Ledger::open({.place = place});
  RunRecord head = sample_head("20261122-084410-k3f9");
  utsname names{};
  uname(&names);
  head.run.host = names.nodename;
  if (!ledger || !(*ledger)->begin_run(head)) _exit(1);
  SampleSeconds seconds("here");
  for (int i = 0; i < 100'000; ++i) {
    if (!(*ledger)->append_second(head.run.id, seconds.next())) _exit(2);
    if (write(told, "x", 1) != 1) _exit(3);
  }
  _exit(4);
}

void kill_in_the_middle(const std::string& place) {
  CAPTURE(place);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) write_until_killed(place, ends[1]);
  close(ends[1]);
  std::uint32_t told = 0;
  char byte = 0;
  while (told < 25 && read(ends[0], &byte, 1) == 1) ++told;
  {
    auto alive = Ledger::open({.place = place, .access = LedgerAccess::read});
    REQUIRE_MESSAGE(alive, (alive ? "" : alive.error().text));
    CHECK((*alive)->list({})->front().run.status == RunStatus::running);
    CHECK((*alive)->list({})->front().requests >= 10);
  }
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  while (read(ends[0], &byte, 1) == 1) ++told;
  close(ends[0]);

  auto ledger = Ledger::open({.place = place, .access = LedgerAccess::read});
  REQUIRE(ledger);
  const auto record = (*ledger)->load("last");
  REQUIRE_MESSAGE(record, (record ? "" : record.error().text));
  CHECK(record->run.status == RunStatus::interrupted);
  CHECK(record->seconds() >= told);  // Every second that was acknowledged is there.
  CHECK(record->seconds() <= told + 1);
  CHECK(record->merged({"http_reqs", {}}, record->all())->sum() == record->seconds() * 10);
  CHECK((*ledger)->list({.plan_name = "", .status = RunStatus::interrupted})->size() == 1);
}

TEST_CASE("a writer killed in mid-run leaves every second it had written, shown as interrupted") {
  const TemporaryFolder folder = ledger_folder();
  kill_in_the_middle((folder / "ledger.db").string());
}

TEST_CASE("a writer killed in mid-run leaves its seconds in PostgreSQL too") {
  const TemporaryPostgres postgres;
  kill_in_the_middle(postgres.url());
}

TEST_CASE("a run of another host that says running is believed") {
  const TemporaryFolder folder = ledger_folder();
  auto ledger = Ledger::open({.place = (folder / "ledger.db").string()});
  RunRecord head = sample_head("20261122-084410-k3f9");
  head.run.host = "elsewhere";
  head.run.process = {.id = 1, .start_ticks = 1};
  REQUIRE((*ledger)->begin_run(head));
  CHECK((*ledger)->load("last")->run.status == RunStatus::running);
}

TEST_CASE("what is no ledger is refused with what it is") {
  const TemporaryFolder folder = ledger_folder();
  CHECK(Ledger::open({.place = (folder / "no.db").string(), .access = LedgerAccess::read})
            .error()
            .code == ErrorCode::not_found);
  CHECK(Ledger::open({.place = "mysql://x"}).error().code == ErrorCode::invalid);
  std::ofstream((folder / "text.db").string()) << std::string(5000, 'x');
  CHECK_FALSE(Ledger::open({.place = (folder / "text.db").string()}));
  {
    auto other = SqliteDatabase::open({.path = (folder / "other.db").string()});
    REQUIRE((*other)->execute("create table orders (id integer)"));
  }
  const auto foreign = Ledger::open({.place = (folder / "other.db").string()});
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().text.find("no ledger of brunt") != std::string::npos);

  REQUIRE(Ledger::open({.place = (folder / "ledger.db").string()}));
  {
    auto newer = SqliteDatabase::open({.path = (folder / "ledger.db").string()});
    REQUIRE((*newer)->execute("insert into brunt_schema (version) values (99)"));
  }
  const auto refused = Ledger::open({.place = (folder / "ledger.db").string()});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("newer brunt") != std::string::npos);
}

TEST_CASE("a server that is not there is an error that names it without the password") {
  const auto refused = Ledger::open({.place = "postgres://me:secret@127.0.0.1:1/lab"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::refused);
  CHECK(refused.error().text.find("127.0.0.1") != std::string::npos);
  CHECK(refused.error().text.find("secret") == std::string::npos);
}

TEST_CASE("the view for dashboards has plain columns on both stores") {
  const TemporaryFolder folder = ledger_folder();
  const std::string place = (folder / "ledger.db").string();
  auto ledger = Ledger::open({.place = place});
  const RunRecord head = sample_head("20261122-084410-k3f9");
  REQUIRE((*ledger)->begin_run(head));
  SampleSeconds seconds("here");
  REQUIRE((*ledger)->append_second(head.run.id, seconds.next()));
  auto database = SqliteDatabase::open({.path = place, .access = SqliteAccess::read_only});
  SqliteStatement& row = **(*database)->query(
      "select run, origin, tags, time, count, p99 from measurements where metric = ?",
      {"http_req_duration"});
  REQUIRE(*row.step());
  CHECK(row.text(0) == head.run.id);
  CHECK(row.text(1) == "here");
  CHECK(row.text(2) == R"({"name":"/cart","status":"200"})");
  CHECK(row.text(3) == "2026-11-22T08:44:10.000Z");
  CHECK(row.integer(4) == 10);
  CHECK(row.number(5) == 2.25);
}

}  // namespace
}  // namespace brunt

TEST_CASE("a password is for the server, not for people's eyes") {
  struct Row {
    std::string_view place, shown;
  };
  const Row rows[] = {
      {"postgres://me:secret@127.0.0.1:1/lab", "postgres://me@127.0.0.1:1/lab"},
      {"--ledger=postgres://me:se@cret@host/lab", "--ledger=postgres://me@host/lab"},
      {"postgres://me@host:5432/lab", "postgres://me@host:5432/lab"},
      {"postgres:///lab?user=me&password=secret&host=/tmp",
       "postgres:///lab?user=me&password=&host=/tmp"},
      {"postgres:///lab?password=secret", "postgres:///lab?password="},
      {"http://host:8080/a?mail=me@home", "http://host:8080/a?mail=me@home"},
      {".brunt/ledger.db", ".brunt/ledger.db"},
      {"a:b@c", "a:b@c"},
      {"", ""},
  };
  for (const Row& row : rows) CHECK(brunt::without_password(row.place) == row.shown);
}
