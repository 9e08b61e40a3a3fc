// Known engines, with a real PostgreSQL where it is installed: ready when it says so, stopped
// cleanly, nothing left behind, also when we are killed.
#include "engine/engine.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "base/file.h"
#include "engine/engine_directory.h"
#include "engine/engine_world.h"
#include "net/owned_descriptor.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// The raw reply to one simple query, by the protocol; enough to look for a word in it.
std::string query(Fiber& self, const Endpoint& address, const std::string& sql) {
  auto stream = self.loop().connect(self, {.to = address, .from = {}}, self.now() + 5s);
  REQUIRE(stream.has_value());
  const std::string body("\0\3\0\0user\0postgres\0\0", 19);
  const auto message = [](const std::string& text) {
    const std::size_t size = text.size() + 4;
    return std::string{'\0', '\0', static_cast<char>(size >> 8u), static_cast<char>(size)} + text;
  };
  const std::string bytes = message(body) + 'Q' + message(sql + '\0');
  CHECK((*stream)->send(self, as_bytes(bytes), self.now() + 5s));
  std::string reply;
  // 'Z' with its length, 5, comes once when the session is ready, and again when the query is done.
  const std::string ready("Z\0\0\0\5", 5);
  while (reply.find(ready) == reply.rfind(ready) || reply.find(ready) == std::string::npos) {
    const auto came = (*stream)->receive(self, self.now() + 10s);
    REQUIRE((came.has_value() && !came->empty()));
    reply += as_text(*came);
  }
  return reply.substr(reply.find(ready));
}

bool ends(pid_t pid) {
  const OwnedDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0u)));
  if (!handle.open()) return true;
  pollfd waiting{handle.number(), POLLIN, 0};
  return poll(&waiting, 1, 20'000) == 1;
}

TEST_CASE("an engine that nobody knows is an error with the nearest name") {
  on_engine_loop([](Fiber& self) {
    const auto started = start_engine(self, {.kind = "postgers"});
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == ErrorCode::invalid);
    CHECK(started.error().text.find("did you mean \"postgres\"") != std::string::npos);
  });
}

TEST_CASE("the table says what each engine needs") {
  REQUIRE_FALSE(known_engines().empty());
  for (const EngineKind& engine : known_engines()) {
    CHECK_FALSE(engine.name.empty());
    CHECK_FALSE(engine.package.empty());
    CHECK((engine.start != nullptr));
  }
}

TEST_CASE("PostgreSQL starts, answers, keeps fsync on, and leaves nothing but its log") {
  if (!has_engine("postgres")) return;
  EngineScratch scratch;
  EngineScratch logs;
  on_engine_loop([&](Fiber& self) {
    const auto database = start_known(self, {.kind = "postgres",
                                             .name = "database",
                                             .with = {{"max_connections", "17"}},
                                             .log_directory = logs.path(),
                                             .temporary = scratch.path()});
    CHECK(scratch.count() == 1);
    const auto url = database->member("url");
    REQUIRE(url.has_value());
    CHECK(*url == "postgresql://postgres@" + *database->member("address") + "/postgres");
    CHECK(database->member("host") == "127.0.0.1");
    CHECK(database->member("user") == "postgres");
    CHECK_FALSE(database->member("no_such_member").has_value());
    CHECK(std::stod(*database->member("version")) >= 10);
    CHECK(fs::exists(*database->member("socket")));

    const Endpoint address = database->facts().address;
    CHECK(query(self, address, "show fsync").find("on") != std::string::npos);
    CHECK(query(self, address, "show max_connections").find("17") != std::string::npos);

    const auto status = database->stop(self);
    REQUIRE(status.has_value());
    CHECK(status->text() == "exited with 0");
    CHECK(scratch.count() == 0);
    const auto log = read_file(logs.path() / "database.log");
    REQUIRE(log.has_value());
    CHECK(log->find("database system is shut down") != std::string::npos);
  });
}

TEST_CASE("a parameter that PostgreSQL does not take is an error in its own words") {
  if (!has_engine("postgres")) return;
  EngineScratch scratch;
  on_engine_loop([&](Fiber& self) {
    struct Row {
      const char* key;
      const char* words;
    };
    const Row rows[] = {
        {"max_conections", "unrecognized configuration parameter \"max_conections\""},
        {"port", "`port` of PostgreSQL is chosen by brunt"},
        {"a b", "is no parameter"}};
    for (const Row& row : rows) {
      CAPTURE(row.key);
      const auto started = start_engine(self, {.kind = "postgres",
                                               .name = "db",
                                               .with = {{row.key, "1"}},
                                               .temporary = scratch.path()});
      REQUIRE_FALSE(started.has_value());
      CAPTURE(started.error().text);
      CHECK(started.error().text.starts_with("db: "));
      CHECK(started.error().text.find(row.words) != std::string::npos);
      CHECK(scratch.count() == 0);
    }
  });
}

TEST_CASE("a directory that cannot be made is said with its path") {
  if (!has_engine("postgres")) return;
  on_engine_loop([](Fiber& self) {
    const auto started =
        start_engine(self, {.kind = "postgres", .temporary = "/no/such/directory"});
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == ErrorCode::not_found);
    CHECK(started.error().text.find("/no/such/directory/brunt-engine-") != std::string::npos);
  });
}

// The pid of a process that has ended.
pid_t dead_pid() {
  const pid_t pid = fork();
  if (pid == 0) _exit(0);
  waitpid(pid, nullptr, 0);
  return pid;
}

TEST_CASE("what a dead brunt has left is swept, and nothing else") {
  EngineScratch scratch;
  const std::string dead = "brunt-engine-" + std::to_string(dead_pid()) + "-postgres-abc";
  const std::string ours = "brunt-engine-" + std::to_string(getpid()) + "-postgres-abc";
  for (const std::string& name : {dead, ours, std::string("brunt-engine-x"),
                                  std::string("brunt-engine--1-x"), std::string("other")}) {
    fs::create_directories(scratch.path() / name / "data");
    CHECK(write_file(scratch.path() / name / "data" / "file", "x"));
  }
  fs::create_directory_symlink(scratch.path() / "other", scratch.path() / (dead + "-link"));
  CHECK(sweep_engine_directories(scratch.path()) == 1);
  CHECK_FALSE(fs::exists(scratch.path() / dead));
  CHECK(fs::exists(scratch.path() / ours));
  CHECK(fs::exists(scratch.path() / "other" / "data" / "file"));
  CHECK(scratch.count() == 5);
  CHECK(sweep_engine_directories("/no/such/directory") == 0);
}

TEST_CASE("when we are killed PostgreSQL ends too, and the next start sweeps up") {
  if (!has_engine("postgres")) return;
  EngineScratch scratch;
  int ends_of_pipe[2];
  REQUIRE(pipe(ends_of_pipe) == 0);
  const OwnedDescriptor from(ends_of_pipe[0]);
  OwnedDescriptor to(ends_of_pipe[1]);
  const pid_t between = fork();
  if (between == 0) {
    on_engine_loop([&](Fiber& self) {
      const auto database = start_known(self, {.kind = "postgres", .temporary = scratch.path()});
      const pid_t pid = database->pid();
      (void)!write(to.number(), &pid, sizeof pid);
      (void)database->wait(self, far_future);
    });
    _exit(1);
  }
  to.close();
  pid_t postmaster = 0;
  REQUIRE(read(from.number(), &postmaster, sizeof postmaster) == sizeof postmaster);
  kill(between, SIGKILL);
  waitpid(between, nullptr, 0);
  CHECK(ends(postmaster));
  CHECK(scratch.count() == 1);
  CHECK(sweep_engine_directories(scratch.path()) == 1);
  CHECK(scratch.count() == 0);
}

}  // namespace
}  // namespace brunt
