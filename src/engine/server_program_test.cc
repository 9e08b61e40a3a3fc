// The engines that are one program with one port, each for real where it is installed.
#include "engine/server_program.h"

#include <doctest/doctest.h>

#include "base/file.h"
#include "engine/engine_world.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

TEST_CASE("the version is the first number with a dot in what a program says of itself") {
  CHECK(version_in("Redis server v=7.0.15 sha=00000000:0 bits=64") == "7.0.15");
  CHECK(version_in("nginx version: nginx/1.22.1\n") == "1.22.1");
  CHECK(version_in("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)") == "15.20");
  CHECK(version_in("prometheus, version 2.42.0+ds (branch: debian/sid)") == "2.42.0");
  CHECK(version_in("built 2023 without a version.") == "");
}

TEST_CASE("each engine starts, answers at its address, says its version, and leaves its log") {
  struct Row {
    const char* kind;
    std::vector<std::pair<std::string, std::string>> with;
    const char* question;
    const char* answer;
  };
  const Row rows[] = {
      {"redis",
       {{"maxmemory", "64mb"}},
       "CONFIG GET appendfsync\r\n",
       "*2\r\n$11\r\nappendfsync\r\n$6\r\nalways"},
      {"nginx", {}, "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200"},
      {"haproxy",
       {{"upstream", "127.0.0.1:1"}, {"mode", "http"}},
       "GET / HTTP/1.0\r\n\r\n",
       "HTTP/1.1 503"},
      {"prometheus",
       {{"scrape.own", "127.0.0.1:1"}},
       "GET /-/healthy HTTP/1.0\r\n\r\n",
       "HTTP/1.0 200"},
      {"node-exporter", {}, "GET /metrics HTTP/1.0\r\n\r\n", "HTTP/1.0 200"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.kind));
    if (!has_engine(row.kind)) continue;
    EngineScratch scratch, logs;
    on_engine_loop([&](Fiber& self) {
      const auto engine = start_known(self, {.kind = row.kind,
                                             .name = "it",
                                             .with = row.with,
                                             .log_directory = logs.path(),
                                             .temporary = scratch.path()});
      CHECK(scratch.count() == 1);
      CHECK(engine->facts().version.find('.') != std::string::npos);
      CHECK(engine->member("url")->ends_with("://" + *engine->member("address")));
      const std::string answer = ask_once(self, engine->facts().address, row.question, 5s);
      CAPTURE(answer);
      CHECK(answer.starts_with(row.answer));
      const auto ended = engine->stop(self);
      REQUIRE(ended.has_value());
      CHECK(scratch.count() == 0);
    });
    CHECK(std::filesystem::exists(logs.path() / "it.log"));
  }
}

TEST_CASE("a port that somebody else has taken in between is left to him") {
  for (const char* kind : {"redis", "nginx", "prometheus"}) {
    CAPTURE(std::string(kind));
    if (!has_engine(kind)) continue;
    EngineScratch scratch;
    on_engine_loop([&](Fiber& self) {
      const auto other = self.loop().listen({.at = Endpoint::loopback(0)});
      REQUIRE(other.has_value());
      const std::uint16_t taken = (*other)->local().port();
      const auto engine =
          start_known(self, {.kind = kind, .temporary = scratch.path(), .port_first = taken});
      CHECK(engine->facts().address.port() != taken);
      CHECK(engine->stop(self).has_value());
    });
  }
}

TEST_CASE("an engine that never becomes ready is told with the last lines of its log") {
  EngineScratch scratch;
  on_engine_loop([&](Fiber& self) {
    EngineOptions options{.kind = "mute", .temporary = scratch.path(), .ready_timeout = 400ms};
    ServerProgram mute{.kind = "mute",
                       .title = "Mute",
                       .program = "sh",
                       .package = "dash",
                       .version_words = {"-c", "echo mute 1.2"},
                       .scheme = "tcp"};
    mute.arguments = [](const ServerPlace&) -> Result<std::vector<std::string>> {
      return std::vector<std::string>{"-c", "echo I am thinking; exec sleep 100"};
    };
    const auto started = start_server_program(self, options, mute);
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == ErrorCode::timeout);
    CAPTURE(started.error().text);
    CHECK(started.error().text.starts_with("Mute was not ready within 0.4 s: "));
    CHECK(started.error().text.ends_with("its log ends with: I am thinking"));
    CHECK(scratch.count() == 0);
  });
}

TEST_CASE("an engine that ends before it is ready is told with how, and its words") {
  if (!has_engine("redis")) return;
  on_engine_loop([](Fiber& self) {
    const auto started =
        start_engine(self, {.kind = "redis", .name = "queue", .with = {{"maxmemory", "lots"}}});
    REQUIRE_FALSE(started.has_value());
    CAPTURE(started.error().text);
    CHECK(started.error().text.starts_with("queue: Redis exited with 1 before it was ready"));
    CHECK(started.error().text.find("maxmemory") != std::string::npos);
  });
}

TEST_CASE("a program that is not there is named with the package that has it") {
  on_engine_loop([](Fiber& self) {
    ServerProgram none{
        .kind = "none", .title = "None", .program = "no-such-program", .package = "none-server"};
    const auto started = start_server_program(self, {.kind = "none"}, none);
    REQUIRE_FALSE(started.has_value());
    CHECK(started.error().code == ErrorCode::not_found);
    CHECK(started.error().text.ends_with("on Debian: apt-get install none-server"));
  });
}

TEST_CASE("parameters that an engine does not take are errors that say which it takes") {
  struct Row {
    const char* kind;
    std::vector<std::pair<std::string, std::string>> with;
    const char* words;
  };
  const Row rows[] = {
      {"nginx", {{"rot", "x"}}, "nginx takes no parameter \"rot\"; did you mean \"root\"?"},
      {"nginx", {{"root", "x"}, {"upstream", "y"}}, "one of root, upstream, config"},
      {"nginx", {{"workers", "none"}}, "give 1 to 1024"},
      {"haproxy", {}, "HAProxy needs"},
      {"haproxy", {{"upstream", "a:1"}, {"mode", "udp"}}, "tcp and http"},
      {"prometheus", {{"interval", "soon"}}, "give a time"},
      {"redis", {{"port", "1"}}, "chosen by brunt"},
      {"redis", {{"max memory", "1"}}, "is no directive"},
      {"node-exporter", {{"port", "1"}}, "takes no parameter"}};
  for (const Row& row : rows) {
    CAPTURE(std::string(row.kind));
    on_engine_loop([&](Fiber& self) {
      const auto started = start_engine(self, {.kind = row.kind, .with = row.with});
      REQUIRE_FALSE(started.has_value());
      CAPTURE(started.error().text);
      CHECK(started.error().text.find(row.words) != std::string::npos);
    });
  }
}

TEST_CASE("a configuration of the user's is told where to listen, and must say where") {
  EngineScratch scratch;
  const ServerPlace place{.directory = "/d", .port = 4711};
  REQUIRE(write_file(scratch.path() / "good", "listen @address@; port @port@; in @directory@"));
  REQUIRE(write_file(scratch.path() / "bad", "listen 80; in @directory@"));
  const auto good = fill_in_configuration(scratch.path() / "good", place);
  REQUIRE(good.has_value());
  CHECK(*good == "listen 127.0.0.1:4711; port 4711; in /d");
  const auto bad = fill_in_configuration(scratch.path() / "bad", place);
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().text.find("@address@") != std::string::npos);
}

}  // namespace
}  // namespace brunt
