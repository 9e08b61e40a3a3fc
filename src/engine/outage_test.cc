// A service taken down and brought back: same address, same directory, and what was written is
// still there; frozen and let go; also for commands and for PostgreSQL.
#include <doctest/doctest.h>
#include <signal.h>

#include "base/file.h"
#include "engine/command.h"
#include "engine/engine_world.h"
#include "net/resolver.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

TEST_CASE(
    "Redis that is killed or stopped comes back at its address with what it had acknowledged") {
  if (!has_engine("redis")) return;
  for (const Ending ending : {Ending::killed, Ending::asked}) {
    EngineScratch scratch;
    on_engine_loop([&](Fiber& self) {
      const auto redis = start_known(self, {.kind = "redis", .temporary = scratch.path()});
      const Endpoint at = redis->facts().address;
      CHECK(ask_once(self, at, "LPUSH queue one\r\n", 5s) == ":1\r\n");
      const pid_t before = redis->pid();
      const auto ended = redis->take_down(self, ending);
      REQUIRE(ended.has_value());
      CHECK(ended->text() == (ending == Ending::killed ? "killed by SIGKILL" : "exited with 0"));
      CHECK(redis->is_down());
      ErrorCode error{};
      CHECK(ask_once(self, at, "PING\r\n", 1s, &error).empty());
      CHECK(error == ErrorCode::refused);
      REQUIRE(redis->bring_back(self).has_value());
      CHECK_FALSE(redis->is_down());
      CHECK(redis->pid() != before);
      CHECK(ask_once(self, at, "LLEN queue\r\n", 5s) == ":1\r\n");
      CHECK(redis->stop(self).has_value());
      CHECK(scratch.count() == 0);
    });
  }
}

TEST_CASE("a frozen server accepts and says nothing, and answers when it is let go") {
  for (const char* kind : {"redis", "nginx"}) {
    CAPTURE(std::string(kind));
    if (!has_engine(kind)) continue;
    on_engine_loop([&](Fiber& self) {
      const auto server = start_known(self, {.kind = kind});
      const std::string_view question =
          kind == std::string_view("redis") ? "PING\r\n" : "GET / HTTP/1.0\r\n\r\n";
      REQUIRE(server->freeze().has_value());
      CHECK(server->is_frozen());
      ErrorCode error{};
      CHECK(ask_once(self, server->facts().address, question, 300ms, &error).empty());
      CHECK(error == ErrorCode::timeout);
      server->thaw();
      CHECK_FALSE(ask_once(self, server->facts().address, question, 5s).empty());
      // A frozen one can be stopped as well.
      REQUIRE(server->freeze().has_value());
      CHECK(server->stop(self).has_value());
      CHECK_FALSE(server->freeze().has_value());
    });
  }
}

TEST_CASE("PostgreSQL that is killed with all its sessions recovers and comes back") {
  if (!std::filesystem::exists("/usr/lib/postgresql")) return;
  EngineScratch scratch;
  on_engine_loop([&](Fiber& self) {
    const auto database = start_known(self, {.kind = "postgres", .temporary = scratch.path()});
    CHECK(database->take_down(self, Ending::killed)->text() == "killed by SIGKILL");
    const auto back = database->bring_back(self);
    REQUIRE_MESSAGE(back.has_value(), (back ? "" : back.error().text));
    CHECK(database->freeze().has_value());
    CHECK(database->stop(self).has_value());
    CHECK(scratch.count() == 0);
  });
}

TEST_CASE(
    "an engine with a small disk of its own has it full of what was asked, and leaves no mount") {
  if (!has_engine("redis")) return;
  EngineScratch scratch;
  on_engine_loop([&](Fiber& self) {
    const auto redis =
        start_engine(self, {.kind = "redis", .temporary = scratch.path(), .disk_bytes = 8u << 20u});
    if (!redis && redis.error().code == ErrorCode::unsupported) {
      MESSAGE("skipped: ", redis.error().text);
      return;
    }
    REQUIRE(redis.has_value());
    CHECK(std::filesystem::space((*redis)->facts().directory).capacity == 8u << 20u);
    CHECK((*redis)->stop(self).has_value());
    CHECK(scratch.count() == 0);
  });
}

TEST_CASE("a command comes back too, and one that does not is an error with its words") {
  EngineScratch scratch;
  on_engine_loop([&](Fiber& self) {
    Resolver resolver(self.loop(), {});
    const AllowList allow = AllowList::everything();
    Dialer dialer(self.loop(), resolver, allow, {});
    // Works the first two times, then no more.
    const std::string script =
        "n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; "
        "[ $n -lt 2 ] || { echo no more; exit 3; }; echo ready; exec sleep 100";
    auto command = start_command(self, dialer,
                                 {.name = "thing",
                                  .shell = script,
                                  .cwd = scratch.path(),
                                  .log_directory = scratch.path(),
                                  .ready = {.kind = ReadyKind::log_line, .what = "^ready"}});
    REQUIRE_MESSAGE(command.has_value(), (command ? "" : command.error().text));
    CHECK((*command)->take_down(self, Ending::asked).has_value());
    REQUIRE((*command)->bring_back(self).has_value());
    CHECK((*command)->take_down(self, Ending::killed).has_value());
    const auto back = (*command)->bring_back(self);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().text.find("no more") != std::string::npos);
    CHECK((*command)->stop(self).has_value());
  });
}

}  // namespace
}  // namespace brunt
