// Commands as services: when they count as ready, and what an error tells of one that is not.
#include "engine/command.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "engine/log_tail.h"
#include "engine/ready_probe.h"
#include "loop/fiber_group.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// A real loop, a dialer, and a directory for logs.
struct House {
  Fiber& self;
  Dialer& dialer;
  fs::path logs;

  Result<std::unique_ptr<StartedService>> start(CommandOptions options) const {
    options.name = options.name.empty() ? "shop" : options.name;
    options.log_directory = logs;
    options.ready.interval = 5ms;
    return start_command(self, dialer, options);
  }
};

void in_house(const std::function<void(const House&)>& body) {
  LoopOptions options;
  options.backend = BackendKind::epoll;
  auto loop = Loop::create(options);
  REQUIRE(loop.has_value());
  const TemporaryFolder logs = TemporaryFolder::make("brunt-test").value();
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) {
    Resolver resolver(**loop, {});
    const AllowList allow_list;
    Dialer dialer(**loop, resolver, allow_list, {});
    body({self, dialer, logs.path()});
  }));
  (*loop)->run();
}

void check_failure(const Result<std::unique_ptr<StartedService>>& started, ErrorCode code,
                   const std::vector<std::string>& words) {
  REQUIRE_FALSE(started.has_value());
  CAPTURE(started.error().text);
  CHECK(started.error().code == code);
  for (const std::string& word : words) CHECK(started.error().text.find(word) != std::string::npos);
}

TEST_CASE("a line of its output says that a command is ready") {
  in_house([](const House& house) {
    CommandOptions options;
    options.shell = "echo starting; echo \"listening on port $PORT\"; exec sleep 60";
    options.env = {{"PORT", "7001"}};
    options.ready = {.kind = ReadyKind::log_line, .what = "listening on port [0-9]+"};
    options.address = "localhost:7001";
    const auto service = house.start(options);
    REQUIRE_MESSAGE(service.has_value(), (service ? "" : service.error().text));
    CHECK((*service)->member("address") == "127.0.0.1:7001");
    CHECK((*service)->member("port") == "7001");
    CHECK_FALSE((*service)->member("url").has_value());
    CHECK((*service)->last_log_lines() == "starting | listening on port 7001");
    CHECK((*service)->stop(house.self)->text() == "killed by SIGTERM");
    // A second start is not fooled by the first one's lines.
    options.shell = "exec sleep 60";
    options.ready.timeout = 50ms;
    check_failure(house.start(options), ErrorCode::timeout, {"no line of its output matches"});
  });
}

TEST_CASE("a command is ready when its address accepts") {
  in_house([](const House& house) {
    const auto listener = house.self.loop().listen({.at = Endpoint::loopback(0)});
    REQUIRE(listener.has_value());
    CommandOptions options;
    options.argv = {"sleep", "60"};
    options.ready = {.kind = ReadyKind::tcp,
                     .what = "localhost:" + std::to_string((*listener)->local().port())};
    const auto service = house.start(options);
    REQUIRE_MESSAGE(service.has_value(), (service ? "" : service.error().text));
    CHECK((*service)->facts().address == (*listener)->local());
  });
}

// An HTTP server that answers `503` twice, then `200`, in a form that comes in pieces.
void serve_http(Fiber& self, Listener& listener) {
  for (int request = 0;; ++request) {
    auto stream = listener.accept(self, far_future);
    if (!stream) return;
    (void)(*stream)->receive(self, self.now() + 5s);
    (void)(*stream)->send(self, as_bytes(std::string_view("HTTP/1.")), self.now() + 5s);
    const std::string_view rest = request < 2 ? "1 503 Busy\r\n\r\n" : "1 200 OK\r\n\r\n";
    (void)(*stream)->send(self, as_bytes(rest), self.now() + 5s);
  }
}

TEST_CASE("a command is ready when its URL answers with the status wanted") {
  in_house([](const House& house) {
    const auto listener = house.self.loop().listen({.at = Endpoint::loopback(0)});
    REQUIRE(listener.has_value());
    const std::string port = std::to_string((*listener)->local().port());
    FiberGroup group(house.self.loop());
    CHECK(group.spawn("http", [&](Fiber& fiber) { serve_http(fiber, **listener); }));
    CommandOptions options;
    options.shell = "exec sleep 60";
    options.ready = {.kind = ReadyKind::http, .what = "http://127.0.0.1:" + port + "/health"};
    const auto service = house.start(options);
    REQUIRE_MESSAGE(service.has_value(), (service ? "" : service.error().text));
    CHECK((*service)->member("url") == "http://127.0.0.1:" + port);
    options.ready.status = 204;
    options.ready.timeout = 50ms;
    check_failure(house.start(options), ErrorCode::timeout,
                  {"shop: not ready within 0.05 s", "status 200, wanted 204"});
    group.cancel();
    CHECK(group.join(house.self));
  });
}

TEST_CASE("a command that dies before it is ready says how, and its last words") {
  in_house([](const House& house) {
    CommandOptions options;
    options.shell = "echo one; echo 'bad config: no database' >&2; exit 3";
    options.ready = {.kind = ReadyKind::log_line, .what = "never"};
    check_failure(house.start(options), ErrorCode::io,
                  {"shop: it exited with 3 before it was ready", "one | bad config: no database"});
    options.shell = "kill -SEGV $$";
    options.name = "silent";
    check_failure(house.start(options), ErrorCode::io, {"killed by SIGSEGV", "it wrote nothing"});
  });
}

TEST_CASE("a command that is never ready is stopped, and the error says what the last try met") {
  in_house([](const House& house) {
    const auto listener = house.self.loop().listen({.at = Endpoint::loopback(0)});
    const std::string where = (*listener)->local().text();
    CommandOptions options;
    options.shell = "echo $$; exec sleep 60";
    options.ready = {.kind = ReadyKind::http, .what = "http://" + where, .timeout = 60ms};
    // It accepts and says nothing.
    check_failure(house.start(options), ErrorCode::timeout, {"not ready within 0.06 s"});
    const auto pid = read_file(house.logs / "shop.log");
    REQUIRE(pid.has_value());
    CHECK(kill(std::stoi(*pid), 0) != 0);
  });
}

TEST_CASE("a command that cannot be used is refused before it starts") {
  in_house([](const House& house) {
    CommandOptions both;
    both.argv = {"true"};
    both.shell = "true";
    check_failure(house.start(both), ErrorCode::invalid, {"either"});
    check_failure(house.start({}), ErrorCode::invalid, {"either"});
    struct Row {
      ReadyProbe probe;
      const char* words;
    };
    const Row rows[] = {
        {{.kind = ReadyKind::log_line, .what = "([a-z"}, "no regular expression"},
        {{.kind = ReadyKind::tcp, .what = "localhost"}, "host:port"},
        {{.kind = ReadyKind::tcp, .what = "localhost:0"}, "host:port"},
        {{.kind = ReadyKind::http, .what = "localhost:8080"}, "http://localhost:8080"}};
    for (const Row& row : rows) {
      CAPTURE(row.words);
      CommandOptions options;
      options.shell = "true";
      options.ready = row.probe;
      check_failure(house.start(options), ErrorCode::invalid, {row.words});
    }
    CommandOptions missing;
    missing.argv = {"no-such-program-here"};
    check_failure(house.start(missing), ErrorCode::not_found, {"no-such-program-here"});
    CommandOptions stranger;
    stranger.shell = "exec sleep 60";
    stranger.ready = {.kind = ReadyKind::tcp, .what = "198.51.100.7:80"};
    check_failure(house.start(stranger), ErrorCode::denied, {"--allow"});
  });
}

TEST_CASE("the last lines of a log are those of its end, on one line") {
  in_house([](const House& house) {
    const fs::path log = house.logs / "x.log";
    CHECK(last_lines(log, 3).empty());
    CHECK(write_file(log, "a\n\nb\r\n  c\nd"));
    CHECK(last_lines(log, 3) == "b | c | d");
    CHECK(last_lines(log, 9) == "a | b | c | d");
    CHECK(write_file(log, std::string(10'000, 'x') + "\nend\n"));
    CHECK(last_lines(log, 3) == "end");
  });
}

TEST_CASE("a log is followed by whole lines, and the last one before its end too") {
  in_house([](const House& house) {
    const fs::path log = house.logs / "x.log";
    CHECK(write_file(log, "old\n"));
    LogFollower follower(log);
    std::string seen;
    const auto note = [&](std::string_view line) {
      seen += std::string(line) + ";";
      return line == "stop";
    };
    CHECK_FALSE(follower.any_line(note));
    CHECK(write_file(log, "old\none\r\ntw"));
    CHECK_FALSE(follower.any_line(note));
    CHECK(write_file(log, "old\none\r\ntwo\nstop"));
    CHECK(follower.any_line(note));
    CHECK(seen == "one;tw;two;stop;");
  });
}

}  // namespace
}  // namespace brunt
