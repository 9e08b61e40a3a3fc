// What is measured of a request: k6's samples by outcome, and response times from planned instants.
#include "step/http_series.h"

#include <doctest/doctest.h>

#include "step/step_test_world.h"

using namespace brunt;

TEST_CASE("samples carry status, error code and what the plan tags them with") {
  StepWorld world;
  world.answers["/ok"] = reply("ok");
  world.answers["/bad"] = reply("", "", "500 Internal Server Error");
  world.play(plan_of(R"(tags: { team: x, who: scenario }
    steps:
      - { GET: /ok, name: fine, tags: { kind: read, who: request } }
      - { GET: /bad }
      - { GET: /gone, expected: [ 404 ] }
)",
                     "tags: { build: b1, team: plan }\n"),
             {.iterations = 2});
  CHECK(world.sum("http_reqs") == 6);
  CHECK(world.sum("http_reqs", {{"name", "fine"},
                                {"method", "GET"},
                                {"status", "200"},
                                {"scenario", "s"},
                                {"build", "b1"},
                                {"team", "x"},
                                {"who", "request"},
                                {"kind", "read"},
                                {"expected_response", "true"},
                                {"proto", "HTTP/1.1"},
                                {"error_code", ""}}) == 2);
  CHECK(world.sum("http_reqs", {{"name", "/bad"},
                                {"status", "500"},
                                {"error_code", "1500"},
                                {"expected_response", "false"}}) == 2);
  CHECK(world.sum("http_reqs",
                  {{"name", "/gone"}, {"status", "404"}, {"expected_response", "true"}}) == 2);
  CHECK(world.count("http_req_failed") == 6);
  CHECK(world.sum("http_req_failed") == 2);
  CHECK(world.sum("http_req_failed", {{"name", "/gone"}}) == 0);
}

TEST_CASE("a time-out is the outcome 1050 and the iteration goes on") {
  StepWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /slow")) peer.hang();
    peer.send(reply("ok"));
  };
  world.play(plan_of("steps: [ { GET: /slow, timeout: 2s }, { GET: /fast } ]"));
  CHECK(world.sum("http_reqs", {{"status", "0"},
                                {"error_code", "1050"},
                                {"error", "request timeout"},
                                {"expected_response", "false"}}) == 1);
  CHECK(world.sum("http_req_failed") == 1);
  CHECK(world.sum("http_reqs", {{"status", "200"}}) == 1);
  CHECK(world.sum("step_errors") == 0);
  // 20 ms to connect, twice, as the connection is not used again; 2 s; 20 ms for the answer.
  CHECK(world.elapsed == 2s + 40ms);
}

TEST_CASE("times are of the virtual network, to the nanosecond") {
  StepWorld world;
  world.answer = [](Peer& peer, const std::string&) {
    peer.sleep(100ms);
    peer.send(reply("ok"));
  };
  world.play(plan_of("steps: [ { GET: /a }, { GET: /a } ]"));
  CHECK(world.mean("http_req_duration") == doctest::Approx(120));
  CHECK(world.mean("http_req_waiting") == doctest::Approx(120));
  CHECK(world.count("http_req_connecting") == 2);
  CHECK(world.mean("http_req_connecting") == doctest::Approx(10));  // 20 for the first, 0 then.
  CHECK(world.mean("setup_time") == doctest::Approx(20));
  CHECK(world.count("setup_time") == 1);
}

TEST_CASE("a response time counts from the planned instant, and only in open models") {
  struct Row {
    Duration lateness;
    double first_ms, second_ms;
  };
  const Row rows[] = {{0ms, 40, 20}, {250ms, 290, 270}};
  for (const Row& row : rows) {
    StepWorld world;
    world.answers["/a"] = reply("ok");
    world.answers["/b"] = reply("ok");
    world.play(open_plan_of("steps: [ { GET: /a }, { GET: /b } ]"), {.lateness = row.lateness});
    const auto response_time = [&](const char* name) {
      const auto sink = world.totals.select({"response_time", {{"name", name}}});
      return sink ? sink->sum() : -1;
    };
    CHECK(response_time("/a") == doctest::Approx(row.first_ms));  // With 20 ms to connect.
    CHECK(response_time("/b") == doctest::Approx(row.second_ms));
    CHECK(world.mean("http_req_duration") == doctest::Approx(20));
  }
  StepWorld closed;
  closed.answers["/a"] = reply("ok");
  closed.play(plan_of("steps: [ { GET: /a } ]"));
  CHECK(closed.count("response_time") == 0);
  CHECK(closed.count("http_req_duration") == 1);
}

TEST_CASE("each hop of a redirect is a request of its own with the same name") {
  StepWorld world;
  world.answers["/a"] = reply("", "Location: /b\r\n", "302 Found");
  world.answers["/b"] = reply("there");
  world.play(plan_of("steps: [ { GET: /a, check: { contains: there } } ]"));
  CHECK(world.sum("http_reqs", {{"name", "/a"}, {"status", "302"}}) == 1);
  CHECK(world.sum("http_reqs", {{"name", "/a"}, {"status", "200"}}) == 1);
  CHECK(world.sum("checks") == 1);
}

TEST_CASE("bytes sent and received are those on the wire") {
  StepWorld world;
  const std::string answer = reply("0123456789");
  world.answers["/a"] = answer;
  world.play(plan_of("steps: [ { GET: /a } ]"), {.iterations = 3});
  double sent = 0;
  for (const std::string& request : world.requests) sent += static_cast<double>(request.size());
  CHECK(world.sum("data_sent", {{"scenario", "s"}}) == sent);
  CHECK(world.sum("data_received") == 3 * static_cast<double>(answer.size()));
}

TEST_CASE("a request cut off at the end of the run is neither success nor failure") {
  StepWorld world;
  world.answer = [](Peer& peer, const std::string&) { peer.hang(); };
  world.play(plan_of("steps: [ { GET: /a, timeout: 24h } ]"));
  CHECK(world.ends == std::vector{IterationEnd::interrupted});
  CHECK(world.count("http_reqs") == 0);
  CHECK(world.count("http_req_failed") == 0);
  CHECK(world.elapsed == 1h);
}
