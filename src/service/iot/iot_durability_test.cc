// No answered measurement is lost: the service as a process that is killed at its peak, and over a
// PostgreSQL that crashes and comes back.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <set>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "base/text.h"
#include "db/postgres.h"
#include "db/postgres_for_tests.h"
#include "db/sqlite.h"
#include "loop/fiber_group.h"
#include "server/http_client_for_tests.h"
#include "service/iot/iot_service.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

// The service in a process of its own.
class Process {
 public:
  explicit Process(const std::string& store) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(BRUNT_IOT_SERVE, "iot_serve_for_tests", store.c_str(), "2", nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string line;
    for (char letter = 0; read(ends[0], &letter, 1) == 1 && letter != '\n';) line += letter;
    close(ends[0]);
    const auto parsed = Endpoint::parse(line);
    REQUIRE_MESSAGE(parsed.has_value(), "the service did not start");
    endpoint = *parsed;
  }
  ~Process() { kill_now(); }

  void kill_now() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  Endpoint endpoint;

 private:
  pid_t pid_ = -1;
};

// Every measurement has a time of its own, so that each can be found again.
struct Fleet {
  std::set<std::int64_t> answered_ms;
  std::int64_t next_ms = 1'600'000'000'000;
  std::size_t refused = 0;

  std::string log_in(Fiber& self, TestHttpClient& client) {
    const TestReply reply = client.ask(self, "POST", "/login", R"({"username":"x"})");
    REQUIRE_MESSAGE(reply.status == 200, reply.body);
    return "servant-auth-cookie: " + Json::parse(reply.body)->find("username")->string() + "\r\n";
  }
  // The status; 0 when the connection broke.
  std::uint16_t measure(Fiber& self, TestHttpClient& client, const std::string& field) {
    const std::int64_t time_ms = next_ms++;
    const TestReply reply =
        client.ask(self, "POST", "/measurement",
                   fmt::format(R"({{"time":{},"charge_now":1}})", time_ms), field);
    if (reply.status == 200) answered_ms.insert(time_ms);
    if (reply.status == 503) ++refused;
    return reply.status;
  }
};

void on_loop(const std::function<void(Fiber&)>& story) {
  auto loop = Loop::create({.backend = BackendKind::epoll});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("story", [&](Fiber& self) { story(self); }));
  (*loop)->run();
}

}  // namespace

TEST_CASE("killed at its peak, the service has lost nothing that it answered") {
  const TemporaryFolder folder = TemporaryFolder::make("brunt-kill").value();
  const std::string path = (folder / "iot.db").string();
  Fleet fleet;
  for (int kills = 1; kills <= 2; ++kills) {
    Process process("sqlite:" + path);
    const std::size_t enough = fleet.answered_ms.size() + 4000;
    on_loop([&](Fiber& self) {
      FiberGroup group(self.loop());
      for (int i = 0; i < 48; ++i)
        REQUIRE(group.spawn("device", [&](Fiber& fiber) {
          auto client = TestHttpClient::connect(fiber, process.endpoint);
          if (!client) return;
          const std::string field = fleet.log_in(fiber, *client);
          while (fleet.measure(fiber, *client, field) == 200)
            if (fleet.answered_ms.size() >= enough) process.kill_now();
        }));
      CHECK(group.join(self));
    });
    CHECK(fleet.answered_ms.size() >= enough);
  }
  auto database = SqliteDatabase::open({.path = path});
  REQUIRE(database);
  std::set<std::int64_t> stored_ms;
  SqliteStatement& rows = **(*database)->query("select time from measurement", {});
  while (*rows.step()) stored_ms.insert(rows.integer(0) / 1000);
  CHECK(std::includes(stored_ms.begin(), stored_ms.end(), fleet.answered_ms.begin(),
                      fleet.answered_ms.end()));
}

TEST_CASE("over PostgreSQL that crashes and comes back, nothing that was answered is lost") {
  const auto postgres = PostgresForTests::start();
  if (postgres == nullptr) {
    MESSAGE("PostgreSQL is not installed: skipped");
    return;
  }
  Fleet fleet;
  on_loop([&](Fiber& self) {
    IotOptions options;
    options.store.url = postgres->url();
    options.threads = 2;
    options.statistics_age_max = {};
    auto service = IotService::start(self, options);
    REQUIRE_MESSAGE(service.has_value(), service.error().text);
    {
      FiberGroup group(self.loop());
      bool done = false;
      for (int i = 0; i < 16; ++i)
        REQUIRE(group.spawn("device", [&](Fiber& fiber) {
          auto client = TestHttpClient::connect(fiber, (*service)->endpoint());
          REQUIRE(client);
          const std::string field = fleet.log_in(fiber, *client);
          while (!done) {
            const std::uint16_t status = fleet.measure(fiber, *client, field);
            CHECK((status == 200 || status == 503));
            if (status != 200) REQUIRE(fiber.sleep(10ms));
          }
        }));
      const auto wait_for = [&](auto&& condition) {
        const Instant give_up = self.now() + 60s;
        while (!condition() && self.now() < give_up) REQUIRE(self.sleep(5ms));
        CHECK(condition());
      };
      wait_for([&] { return fleet.answered_ms.size() > 500; });
      postgres->crash();
      wait_for([&] { return fleet.refused > 16; });
      auto health = TestHttpClient::connect(self, (*service)->endpoint());
      CHECK(health->ask(self, "GET", "/statistics").status == 503);
      const std::size_t before = fleet.answered_ms.size();
      REQUIRE(postgres->start_again());
      wait_for([&] { return fleet.answered_ms.size() > before + 500; });
      done = true;
      CHECK(group.join(self));
      // A pooled connection that nobody used since the crash may tell of it only now: that is a
      // 503, once.
      TestReply reply;
      wait_for([&] {
        reply = health->ask(self, "GET", "/stats");
        return reply.status == 200;
      });
      REQUIRE(reply.status == 200);
      const auto json = Json::parse(reply.body);
      CHECK(json->find("devices")->integer() == 16);
      CHECK(json->find("measurements")->integer() >=
            static_cast<std::int64_t>(fleet.answered_ms.size()));
      CHECK(json->find("total_battery_charge")->integer() == 16);
    }
    (*service)->stop();
    (*service)->join(self);

    auto connection = PostgresConnection::connect(self, {.url = postgres->url()});
    REQUIRE(connection);
    const auto rows =
        (*connection)
            ->query(self, "select (extract(epoch from time) * 1000)::int8 from measurement", {},
                    self.now() + 20s);
    REQUIRE(rows);
    std::set<std::int64_t> stored_ms;
    for (std::size_t row = 0; row < rows->rows(); ++row) stored_ms.insert(*rows->integer(row, 0));
    CHECK(std::includes(stored_ms.begin(), stored_ms.end(), fleet.answered_ms.begin(),
                        fleet.answered_ms.end()));
  });
}
