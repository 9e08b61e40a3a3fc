// The IoT service in process: over the simulated network with a real SQLite, and on several
// threads.
#include "service/iot/iot_service.h"

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/json.h"
#include "base/temporary_folder.h"
#include "base/text.h"
#include "loop/fiber_group.h"
#include "server/http_client_for_tests.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

TemporaryFolder iot_folder() {
  return TemporaryFolder::make("brunt-iot").value();
}

std::string store_in(const TemporaryFolder& folder) {
  return "sqlite:" + (folder / "iot.db").string();
}

IotOptions memory() {
  IotOptions options;
  options.store.url = "sqlite::memory:";
  options.statistics_age_max = {};
  options.seed = 1;
  return options;
}

void on_loop(BackendKind backend, const std::function<void(Fiber&)>& story) {
  auto loop = Loop::create({.backend = backend});
  REQUIRE(loop);
  REQUIRE((*loop)->spawn("story", [&](Fiber& self) { story(self); }));
  (*loop)->run();
}

using Story = std::function<void(Fiber&, IotService&)>;

void with_service(const IotOptions& options, const Story& story,
                  BackendKind backend = BackendKind::simulated) {
  on_loop(backend, [&](Fiber& self) {
    auto service = IotService::start(self, options);
    REQUIRE_MESSAGE(service.has_value(), service.error().text);
    story(self, **service);
    (*service)->stop();
    (*service)->join(self);
  });
}

// A device with its connection.
struct TestDevice {
  TestDevice(Fiber& self, const IotService& service) : client(connect(self, service)) {
    const TestReply reply = client.ask(self, "POST", "/login", R"({"username":"somebody"})");
    REQUIRE_MESSAGE(reply.status == 200, reply.body);
    field = "servant-auth-cookie: " + Json::parse(reply.body)->find("username")->string() + "\r\n";
  }
  static TestHttpClient connect(Fiber& self, const IotService& service) {
    auto client = TestHttpClient::connect(self, service.endpoint());
    REQUIRE_MESSAGE(client.has_value(), client.error().text);
    return std::move(*client);
  }
  TestReply measure(Fiber& self, std::string_view body) {
    return client.ask(self, "POST", "/measurement", body, field);
  }
  TestReply command(Fiber& self) { return client.ask(self, "GET", "/command", "", field); }

  TestHttpClient client;
  std::string field;
};

std::int64_t measurements(Fiber& self, TestHttpClient& client) {
  const TestReply reply = client.ask(self, "GET", "/statistics");
  REQUIRE_MESSAGE(reply.status == 200, reply.body);
  return Json::parse(reply.body)->find("measurements")->integer();
}

constexpr std::string_view plain = R"({"time":1500000000000,"charge_now":50})";

}  // namespace

TEST_CASE("a device logs in, measures, and is told what to do") {
  with_service(memory(), [](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    CHECK(device.command(self).body ==
          R"({"charge":"NoChargeBattery","fill":"NoFillReservoir","flush":{"tag":"NoFlush"}})");
    const TestReply stored =
        device.measure(self, R"({"time":"2026-11-22T08:49:41Z","charge_now":10,"charge_full":100,)"
                             R"("water_temp":60,"water_level":200})");
    CHECK(stored.status == 200);
    CHECK(stored.body == "{}");
    CHECK(device.command(self).body == R"({"charge":"ChargeBattery","fill":"NoFillReservoir",)"
                                       R"("flush":{"tag":"Flush","contents":20}})");
  });
}

TEST_CASE("bad input gets a status and a reason") {
  struct Row {
    std::string_view method, target, fields, body;
    std::uint16_t status;
    std::string_view text;
  };
  const Row rows[] = {
      {"GET", "/", "", "", 404, "there is no such endpoint"},
      {"GET", "/login", "", "", 405, "/login takes POST"},
      {"DELETE", "/stats", "", "", 405, "/stats takes GET, HEAD"},
      {"POST", "/login", "", "", 400, "the body is no JSON"},
      {"POST", "/login", "", "[]", 400, R"(the body must be like {\"username\")"},
      {"POST", "/login", "", R"({"username":7})", 400, "the body must be like"},
      {"POST", "/measurement", "", "{}", 401, "the header servant-auth-cookie is missing"},
      {"GET", "/command", "", "", 401, "the header servant-auth-cookie is missing"},
      {"GET", "/command", "servant-auth-cookie: x\r\n", "", 401, "names no device"},
      {"POST", "/measurement", "servant-auth-cookie: 7d444840-9dc0-41d1-b245-5ffdce74fad2\r\n",
       "{}", 401, "names no device"},
      {"POST", "/measurement", "known", "", 400, "the body is empty"},
      {"POST", "/measurement", "known", "{", 400, "the body is no JSON"},
      {"POST", "/measurement", "known", R"({"time":1})", 400, "`charge_now` is missing"},
      {"POST", "/measurement", "known", R"({"time":1,"charge_now":-1})", 400,
       "`charge_now` must be a whole number"},
  };
  with_service(memory(), [&](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    for (const Row& row : rows) {
      CAPTURE(row.method);
      CAPTURE(row.target);
      CAPTURE(row.body);
      const TestReply reply =
          device.client.ask(self, row.method, row.target, row.body,
                            row.fields == "known" ? std::string_view(device.field) : row.fields);
      CHECK(reply.status == row.status);
      CHECK_MESSAGE(reply.body.find(row.text) != std::string::npos, reply.body);
      CHECK(Json::parse(reply.body)->find("error") != nullptr);
      CHECK(reply.keep_alive);
    }
    CHECK(device.client.ask(self, "PUT", "/command").head.find("Allow: GET, HEAD\n") !=
          std::string::npos);
    const std::string long_name = R"({"username":")" + std::string(256, 'x') + "\"}";
    CHECK(device.client.ask(self, "POST", "/login", long_name).status == 400);
    CHECK(measurements(self, device.client) == 0);
    CHECK(device.client.ask(self, "POST", "/measurement", std::string(1'100'000, 'x')).status ==
          413);
  });
}

TEST_CASE("statistics are what the formulas say, of the last measurement of each device") {
  with_service(memory(), [](Fiber& self, IotService& service) {
    TestDevice one(self, service);
    TestDevice two(self, service);
    const auto body = [](std::string_view time, int charge, int level, int ambient) {
      return fmt::format(R"({{"time":"{}","charge_now":{},"water_level":{},"ambient_temp":{},)"
                         R"("water_temp":50}})",
                         time, charge, level, ambient);
    };
    CHECK(one.measure(self, body("2026-11-22T08:00:00Z", 10, 1, 20)).status == 200);
    CHECK(one.measure(self, body("2026-11-22T09:00:00Z", 30, 100, 30)).status == 200);
    CHECK(one.measure(self, body("2026-11-22T08:30:00Z", 20, 1, 24)).status == 200);  // Late.
    CHECK(two.measure(self, body("2026-11-22T08:59:59Z", 5, 10, 22)).status == 200);
    const TestReply reply = one.client.ask(self, "GET", "/stats");
    const auto json = Json::parse(reply.body);
    REQUIRE(json);
    CHECK(json->find("measurements")->integer() == 4);
    CHECK(json->find("devices")->integer() == 2);
    CHECK(json->find("total_battery_charge")->integer() == 35);
    CHECK(json->find("total_water_volume_litres")->integer() == 110);
    CHECK(json->find("water_energy_kilojoules")->number() ==
          doctest::Approx(100 * 4.186 * 20 + 10 * 4.186 * 28));
    const Json::Array& hours = json->find("temperature_by_hour")->array();
    REQUIRE(hours.size() == 2);
    CHECK(hours[0].find("hour")->string() == "2026-11-22T08:00:00Z");
    CHECK(hours[0].find("measurements")->integer() == 3);
    CHECK(hours[0].find("mean_celsius")->number() == doctest::Approx(22));
    CHECK(hours[0].find("deviation_celsius")->number() == doctest::Approx(1.632993));
    CHECK(json->find("as_of")->string() == "2000-01-01T00:00:00Z");  // The simulated calendar.
  });
}

TEST_CASE("statistics asked often are asked of the store once") {
  IotOptions options = memory();
  options.statistics_age_max = 10s;
  with_service(options, [](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    CHECK(measurements(self, device.client) == 0);
    CHECK(device.measure(self, plain).status == 200);
    CHECK(measurements(self, device.client) == 0);
    REQUIRE(self.sleep(11s));
    CHECK(measurements(self, device.client) == 1);
  });
}

TEST_CASE("metrics count what happened, in Prometheus text") {
  with_service(memory(), [](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    for (int i = 0; i < 3; ++i) CHECK(device.measure(self, plain).status == 200);
    CHECK(device.measure(self, "{}").status == 400);
    const TestReply reply = device.client.ask(self, "GET", "/metrics");
    CHECK(reply.head.find("Content-Type: text/plain; version=0.0.4") != std::string::npos);
    for (const std::string_view line :
         {R"(iot_requests_total{endpoint="/measurement",status="200"} 3)",
          R"(iot_requests_total{endpoint="/measurement",status="400"} 1)",
          R"(iot_requests_total{endpoint="/login",status="200"} 1)",
          R"(iot_request_duration_seconds_count{endpoint="/measurement"} 4)",
          "iot_measurements_total 3", "iot_commits_total 4",
          R"(iot_group_size_bucket{le="+Inf"} 4)", "iot_queue_depth 0", "iot_devices 1",
          "iot_connections 1", R"(iot_store_info{store="sqlite"} 1)"})
      CHECK_MESSAGE(reply.body.find(std::string(line) + "\n") != std::string::npos, line);
    for (const std::string_view line : split(reply.body, '\n'))
      if (!line.empty() && !line.starts_with('#')) CHECK(split(line, ' ').size() == 2);
  });
}

TEST_CASE("what was answered is there after a restart, and the device is still known") {
  const TemporaryFolder folder = iot_folder();
  IotOptions options = memory();
  options.store.url = store_in(folder);
  std::string field;
  with_service(options, [&](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    field = device.field;
    CHECK(device.measure(self, plain).status == 200);
  });
  with_service(options, [&](Fiber& self, IotService& service) {
    TestHttpClient client = TestDevice::connect(self, service);
    CHECK(measurements(self, client) == 1);
    CHECK(client.ask(self, "POST", "/measurement", plain, field).status == 200);
    CHECK(measurements(self, client) == 2);
  });
}

TEST_CASE("two services on one store know the same devices, and made-up ids are rationed") {
  const TemporaryFolder folder = iot_folder();
  IotOptions options = memory();
  options.store.url = store_in(folder);
  with_service(options, [&](Fiber& self, IotService& first) {
    auto second = IotService::start(self, options);
    REQUIRE_MESSAGE(second.has_value(), second.error().text);
    TestDevice device(self, first);
    TestHttpClient client = TestDevice::connect(self, **second);
    CHECK(client.ask(self, "POST", "/measurement", plain, device.field).status == 200);
    CHECK(measurements(self, device.client) == 1);
    int unknown = 0;
    int later = 0;
    for (int i = 0; i < 150; ++i) {
      const std::string field =
          fmt::format("servant-auth-cookie: 7d444840-9dc0-41d1-b245-{:012x}\r\n", i);
      const std::uint16_t status = client.ask(self, "GET", "/command", "", field).status;
      if (status == 401) ++unknown;
      if (status == 503) ++later;
    }
    CHECK(unknown + later == 150);
    CHECK(later >= 40);
    (*second)->stop();
    (*second)->join(self);
  });
}

TEST_CASE("one device too many is asked to come later") {
  IotOptions options = memory();
  options.devices_max = 1;
  with_service(options, [](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    const TestReply reply = device.client.ask(self, "POST", "/login", R"({"username":"x"})");
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: 1\n") != std::string::npos);
    CHECK(device.measure(self, plain).status == 200);
  });
}

// A disk that is full while measurements come, and has room again afterwards.
void survives_a_full_disk(const std::string& store, const std::function<void()>& fill,
                          const std::function<void()>& make_room) {
  IotOptions options = memory();
  options.store.url = store;
  with_service(options, [&](Fiber& self, IotService& service) {
    TestDevice device(self, service);
    CHECK(device.measure(self, plain).status == 200);
    fill();
    std::int64_t answered = 1;
    TestReply reply;
    for (int i = 0; i < 5000; ++i) {
      reply = device.measure(self, plain);
      if (reply.status != 200) break;
      ++answered;
    }
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: 1\n") != std::string::npos);
    CHECK(device.client.ask(self, "GET", "/health").status == 503);
    CHECK(device.command(self).status == 200);  // What needs no store goes on.
    make_room();
    CHECK(device.measure(self, plain).status == 200);
    CHECK(device.client.ask(self, "GET", "/health").status == 200);
    CHECK(measurements(self, device.client) == answered + 1);
  });
}

TEST_CASE("a store that cannot grow gives 503, and the service recovers") {
  const TemporaryFolder folder = iot_folder();
  struct sigaction ignore{};
  struct sigaction before{};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(sigaction(SIGXFSZ, &ignore, &before) == 0);
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const auto allow = [&](rlim_t bytes) {
    const rlimit changed{.rlim_cur = bytes, .rlim_max = limit.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &changed) == 0);
  };
  survives_a_full_disk(store_in(folder), [&] { allow(100'000); }, [&] { allow(limit.rlim_cur); });
  sigaction(SIGXFSZ, &before, nullptr);
}

TEST_CASE("a full disk gives 503, and the service recovers when there is room again") {
  const TemporaryFolder folder = iot_folder();
  const auto disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    MESSAGE("no right to mount a small disk: skipped");
    return;
  }
  const auto filler = disk / "filler";
  survives_a_full_disk(
      "sqlite:" + (disk / "iot.db").string(),
      [&] {
        FILE* file = std::fopen(filler.c_str(), "w");
        const std::string block(4096, 'x');
        while (std::fwrite(block.data(), 1, block.size(), file) == block.size() &&
               std::fflush(file) == 0) {
        }
        std::fclose(file);
      },
      [&] { std::filesystem::remove(filler); });
  CHECK(umount(disk.c_str()) == 0);
}

TEST_CASE("it does not start where there is no store or no address, and says why") {
  const TemporaryFolder folder = iot_folder();
  const auto error_of = [](const IotOptions& options) {
    Error error;
    on_loop(BackendKind::epoll, [&](Fiber& self) {
      auto service = IotService::start(self, options);
      REQUIRE_FALSE(service.has_value());
      error = service.error();
    });
    return error;
  };
  IotOptions options = memory();
  options.store.url = "mysql://x";
  CHECK(error_of(options).text.starts_with("`mysql://x` is no store: write sqlite:PATH"));
  options.store.url = "sqlite:" + (folder / "no" / "iot.db").string();
  CHECK(error_of(options).code == ErrorCode::denied);
  options.store.url = "postgres://127.0.0.1:1/x";
  options.store.start_timeout = 100ms;
  CHECK(error_of(options).code == ErrorCode::refused);
  options = memory();
  options.threads = 0;
  CHECK(error_of(options).code == ErrorCode::invalid);
  options = memory();
  options.tls.emplace();
  options.tls->certificate = "/nowhere.pem";
  CHECK(error_of(options).code == ErrorCode::not_found);
  options = memory();
  options.threads = 2;
  options.listen = *Endpoint::parse("192.0.2.1:80");  // Nobody's address.
  CHECK_FALSE(error_of(options).text.empty());
}

TEST_CASE("on several threads a device may use any connection, and nothing is lost") {
  const TemporaryFolder folder = iot_folder();
  IotOptions options = memory();
  options.store.url = store_in(folder);
  options.threads = 3;
  with_service(
      options,
      [](Fiber& self, IotService& service) {
        TestDevice device(self, service);
        FiberGroup group(self.loop());
        int answered = 0;
        for (int i = 0; i < 24; ++i)
          REQUIRE(group.spawn("client", [&](Fiber& fiber) {
            TestHttpClient client = TestDevice::connect(fiber, service);
            for (int round = 0; round < 20; ++round)
              if (client.ask(fiber, "POST", "/measurement", plain, device.field).status == 200)
                ++answered;
          }));
        CHECK(group.join(self));
        CHECK(answered == 24 * 20);
        CHECK(measurements(self, device.client) == answered);
        const TestReply metrics = device.client.ask(self, "GET", "/metrics");
        CHECK(metrics.body.find("iot_measurements_total 480\n") != std::string::npos);
      },
      BackendKind::epoll);
}

TEST_CASE("a graceful end answers what it took, a stopped loop ends it at once") {
  const TemporaryFolder folder = iot_folder();
  IotOptions options = memory();
  options.store.url = store_in(folder);
  int answered = 0;
  with_service(
      options,
      [&](Fiber& self, IotService& service) {
        TestDevice device(self, service);
        FiberGroup group(self.loop());
        for (int i = 0; i < 8; ++i)
          REQUIRE(group.spawn("client", [&](Fiber& fiber) {
            TestHttpClient client = TestDevice::connect(fiber, service);
            while (client.ask(fiber, "POST", "/measurement", plain, device.field).status == 200)
              ++answered;
          }));
        while (answered < 50) REQUIRE(self.sleep(1ms));
        service.stop();
        CHECK(group.join(self));
      },
      BackendKind::epoll);
  with_service(options, [&](Fiber& self, IotService& service) {
    TestHttpClient client = TestDevice::connect(self, service);
    CHECK(measurements(self, client) == answered);
  });

  options.threads = 2;
  on_loop(BackendKind::epoll, [&](Fiber& self) {
    auto service = IotService::start(self, options);
    REQUIRE(service);
    TestDevice device(self, **service);
    self.loop().stop();
    (*service)->join(self);
  });
}
