// k6's REST API over the simulated network, on a run that only notes what it is told.
#include "run/rest_api.h"

#include <doctest/doctest.h>

#include "server/http_client_for_tests.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

class NotedRun : public ApiRun {
 public:
  ApiStatus status() const override { return current; }
  Result<> change(const ApiChange& change) override {
    if (change.vus.value_or(0) > 50) return fail(ErrorCode::invalid, "60 VUs are more than 50");
    changes.push_back(change);
    if (change.paused) current.paused = *change.paused;
    if (change.vus) current.vus = *change.vus;
    return {};
  }
  Duration elapsed() const override { return 10s; }
  std::vector<ApiMetric> metrics() const override {
    Sink requests(MetricKind::counter), checks(MetricKind::rate);
    requests.add(20);
    checks.add(1);
    checks.add(0);
    return {{.name = "http_reqs",
             .info = {.name = "http_reqs", .kind = MetricKind::counter},
             .total = requests,
             .tainted = {}},
            {.name = "checks{name:a b}",
             .info = {.name = "checks", .kind = MetricKind::rate},
             .total = checks,
             .tainted = true}};
  }
  K6Group groups() const override {
    const std::vector<std::string> paths = {"::shop"};
    const std::vector<CheckResult> checks = {
        {.name = "is paid", .group = "::shop::cart", .passes = 3, .fails = 1}};
    return k6_groups(paths, checks);
  }
  std::string setup_data() const override { return data; }
  Result<> set_setup_data(std::string json) override { return data = std::move(json), Result<>(); }
  Result<> run_setup(Fiber&) override { return fail(ErrorCode::io, "setup() failed"); }
  Result<> run_teardown(Fiber&) override { return fail(ErrorCode::denied, "it runs already"); }

  ApiStatus current{.phase = RunPhase::running, .vus = 3, .vus_max = 50};
  std::vector<ApiChange> changes;
  std::string data;
};

struct Answer {
  std::uint16_t status = 0;
  Json body;
  std::string text() const { return body.dump(); }
};
using Ask =
    std::function<Answer(std::string_view method, std::string_view path, std::string_view body)>;

void with_api(NotedRun& run, const std::function<void(const Ask&)>& story) {
  auto loop = Loop::create({.backend = BackendKind::simulated}).value();
  auto server = HttpServer::listen(*loop, {}, rest_api(run)).value();
  REQUIRE(loop->spawn("serve", [&](Fiber& self) { server->serve(self); }));
  REQUIRE(loop->spawn("story", [&](Fiber& self) {
    auto client = TestHttpClient::connect(self, server->endpoint()).value();
    story([&](std::string_view method, std::string_view path, std::string_view body) {
      const TestReply reply = client.ask(self, method, path, body);
      return Answer{reply.status, Json::parse(reply.body).value_or(Json())};
    });
    server->stop(1s);
  }));
  loop->run();
}

std::string change_text(std::string_view attributes) {
  return fmt::format(R"({{"data": {{"type": "status", "id": "default", "attributes": {}}}}})",
                     attributes);
}

}  // namespace

TEST_CASE("the status is k6's document, and null attributes of a change say nothing") {
  NotedRun run;
  with_api(run, [&](const Ask& ask) {
    CHECK(ask("GET", "/v1/status", "").text() ==
          R"({"data":{"type":"status","id":"default","attributes":{"status":7,"paused":false,)"
          R"("vus":3,"vus-max":50,"stopped":false,"running":true,"tainted":false}}})");
    const Answer answer =
        ask("PATCH", "/v1/status",
            change_text(R"({"status":0,"paused":true,"vus":7,"vus-max":null,"stopped":false})"));
    CHECK(answer.status == 200);
    CHECK(answer.body.find("data")->find("attributes")->find("vus")->integer() == 7);
  });
  REQUIRE(run.changes.size() == 1);
  CHECK(run.changes[0].paused == true);
  CHECK(run.changes[0].vus == 7);
  CHECK_FALSE(run.changes[0].vus_max);
  CHECK_FALSE(run.changes[0].stopped);
}

TEST_CASE("what cannot be understood changes nothing, and is told why") {
  NotedRun run;
  with_api(run, [&](const Ask& ask) {
    const auto refused = [&](std::string_view body) {
      const Answer answer = ask("PATCH", "/v1/status", body);
      CHECK(answer.status == 400);
      return answer.text();
    };
    CHECK(refused("{").find("line 1") != std::string::npos);
    CHECK(refused("").find("errors") != std::string::npos);
    CHECK(refused("[]").find("write it like") != std::string::npos);
    CHECK(refused(change_text(R"({"vus": -1})")).find("vus: a whole number from 0, not -1") !=
          std::string::npos);
    CHECK(refused(change_text(R"({"vus": 1.5})")).find("not 1.5") != std::string::npos);
    CHECK(refused(change_text(R"({"paused": "yes"})")).find("true or false") != std::string::npos);
    CHECK(refused(change_text(R"({"vus_max": 3})")).find("vus-max") != std::string::npos);
    CHECK(refused(change_text(R"({"vus": 60})")).find("60 VUs are more than 50") !=
          std::string::npos);
    CHECK(ask("DELETE", "/v1/status", "").status == 405);
    CHECK(ask("GET", "/v1/statu", "").status == 404);
    CHECK(ask("GET", "/v1/metrics/", "").status == 404);
  });
  CHECK(run.changes.empty());
}

TEST_CASE("metrics are shown with k6's samples, by their names also with tags") {
  NotedRun run;
  with_api(run, [&](const Ask& ask) {
    const Answer all = ask("GET", "/v1/metrics", "");
    CHECK(all.body.find("data")->array().size() == 2);
    CHECK(ask("GET", "/v1/metrics/http_reqs", "").text() ==
          R"({"data":{"type":"metrics","id":"http_reqs","attributes":{"type":"counter",)"
          R"("contains":"default","tainted":null,"sample":{"count":20,"rate":2}}}})");
    const Answer tagged = ask("GET", "/v1/metrics/checks%7Bname:a%20b%7D", "");
    CHECK(tagged.body.find("data")->find("attributes")->find("tainted")->boolean());
    CHECK(ask("GET", "/v1/metrics/nothing", "").status == 404);
  });
}

TEST_CASE("groups are a flat list in which each knows what is above and in it") {
  NotedRun run;
  with_api(run, [&](const Ask& ask) {
    const Json list = *ask("GET", "/v1/groups", "").body.find("data");
    REQUIRE(list.array().size() == 3);
    const Json& shop = list.array()[1];
    const Json& cart = list.array()[2];
    CHECK(list.array()[0].find("id")->string() == "d41d8cd98f00b204e9800998ecf8427e");
    CHECK(shop.find("attributes")->find("path")->string() == "::shop");
    CHECK(shop.find("attributes")->find("checks")->is_null());
    CHECK(*cart.find("relationships")->find("parent")->find("data")->find("id") ==
          *shop.find("id"));
    CHECK(cart.find("attributes")->find("checks")->array()[0].find("passes")->integer() == 3);
    CHECK(ask("GET", "/v1/groups/" + shop.find("id")->string(), "").body.find("data")->dump() ==
          shop.dump());
    CHECK(ask("GET", "/v1/groups/none", "").status == 404);
  });
}

TEST_CASE("what setup returned can be read and set, and failures of stages are told") {
  NotedRun run;
  with_api(run, [&](const Ask& ask) {
    CHECK(ask("GET", "/v1/setup", "").text() ==
          R"({"data":{"type":"setupData","id":"default","attributes":{}}})");
    CHECK(ask("PUT", "/v1/setup", "{\"a\":").status == 400);
    CHECK(run.data.empty());
    CHECK(ask("PUT", "/v1/setup", R"({"a":1})").text() ==
          R"({"data":{"type":"setupData","id":"default","attributes":{"data":{"a":1}}}})");
    CHECK(ask("POST", "/v1/setup", "").status == 500);
    CHECK(ask("POST", "/v1/teardown", "").status == 409);
    CHECK(ask("GET", "/v1/teardown", "").status == 405);
  });
}
