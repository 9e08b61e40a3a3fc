// Commands as a plan sends them: what goes out, over which connections, what is measured, checked
// and captured. On the simulated network: 10 ms each way.
#include "step/redis_runner.h"

#include <doctest/doctest.h>

#include "plan/names.h"
#include "step/step_test_world.h"

using namespace brunt;

namespace {

// A Redis that answers each command as told; +OK where nothing is.
struct RedisWorld : StepWorld {
  std::vector<std::string> commands;           // As JSON, with the connection's number in front.
  std::map<std::string, std::string> replies;  // By the command's first word.

  RedisWorld() {
    serve_raw = [this](Peer& peer) {
      RespDecoder decoder;
      while (true) {
        const std::string byte = peer.bytes(1);
        if (byte.empty()) return;
        ByteView input = as_bytes(byte);
        const auto whole = decoder.next(input);
        REQUIRE(whole);
        if (!*whole) continue;
        std::string command = std::to_string(peer.number) + ":";
        decoder.reply().append_json(command);
        commands.push_back(command);
        const std::string word(decoder.reply().text(decoder.reply().values()[1]));
        if (!peer.send(replies.contains(word) ? replies[word] : "+OK\r\n")) return;
      }
    };
  }
};

std::string redis_plan(const std::string& steps,
                       const std::string& target = "redis://localhost:80") {
  return "name: test\nscenarios:\n  s:\n    target: " + target +
         "\n    executor: per-vu-iterations\n    vus: 1\n    iterations: 1\n    steps:\n" + steps;
}

std::string refused(const std::string& steps, const std::string& target = "redis://localhost:80") {
  const auto plan = read_plan(redis_plan(steps, target), "test.yaml", {});
  return plan ? "" : plan.error().text();
}

}  // namespace

TEST_CASE("a scenario may ask for figures of each client of Redis") {
  RedisWorld world;
  world.replies = {{"GET", "-ERR no\r\n"}};
  std::string plan = redis_plan("      - redis: PING\n      - redis: [GET, k]\n");
  plan.insert(plan.find("    executor"), "    subjects: client\n");
  world.play(plan, {.vus = 2, .iterations = 3});
  REQUIRE(world.subjects.size() == 6);
  CHECK(world.subjects[3].subject == "2");
  CHECK(world.subjects[0].metric == "setup_time");
  CHECK(world.subjects[0].value == doctest::Approx(20));
  CHECK(world.subjects[1].metric == "redis_req_duration.median");
  CHECK(world.subjects[1].value == doctest::Approx(20));
  CHECK(world.subjects[2].metric == "redis_req_duration.count");
  CHECK(world.subjects[2].value == 3);
}

TEST_CASE("a command goes out with its expressions filled in, over one connection for each VU") {
  RedisWorld world;
  world.play(redis_plan("      - redis: [SET, \"k${vu}\", \"v ${iteration}\"]\n"
                        "      - redis: PING\n"),
             {.vus = 2, .iterations = 2});
  CHECK(world.commands == std::vector<std::string>{"0:[\"SET\",\"k1\",\"v 0\"]", "0:[\"PING\"]",
                                                   "0:[\"SET\",\"k1\",\"v 1\"]", "0:[\"PING\"]",
                                                   "1:[\"SET\",\"k2\",\"v 0\"]", "1:[\"PING\"]",
                                                   "1:[\"SET\",\"k2\",\"v 1\"]", "1:[\"PING\"]"});
  CHECK(world.told.empty());
  CHECK(world.sum("redis_reqs", {{"name", "SET"}, {"scenario", "s"}}) == 4);
  CHECK(world.sum("redis_reqs", {{"name", "PING"}}) == 4);
  CHECK(world.sum("redis_req_failed") == 0);
  CHECK(world.mean("redis_req_duration") == doctest::Approx(20));
  CHECK(world.count("setup_time") == 2);
  CHECK(world.sum("data_received") == 8 * 5);
}

TEST_CASE("a step's own target leads through the scenario's link to it") {
  RedisWorld world;
  const std::size_t one_view = service_members.size();
  world.members.assign(3 * one_view, "redis://nowhere:1");  // Everybody, the scenario, the service.
  world.members[one_view + member_slot(0, 0)] = "redis://localhost:80";
  world.play(
      "name: test\nservices: { queue: { engine: redis } }\n"
      "links: [ { from: s, to: queue, rtt: 20ms } ]\n"
      "scenarios:\n  s:\n    executor: per-vu-iterations\n    vus: 1\n    iterations: 1\n"
      "    steps: [ { redis: PING, target: queue } ]\n");
  CHECK(world.commands.size() == 1);
  CHECK(world.sum("redis_reqs") == 1);
  CHECK(world.sum("redis_req_failed") == 0);
}

TEST_CASE("several commands of a step are one request, and their replies a list") {
  RedisWorld world;
  world.replies = {{"INCR", ":7\r\n"}, {"GET", "$2\r\nhi\r\n"}};
  world.play(
      redis_plan("      - redis: [[INCR, a], [GET, b]]\n"
                 "        check: { \"$[0]\": 7, \"$[1]\": hi }\n"
                 "        capture: { n: \"$[0]\" }\n"
                 "      - redis: [SET, c, \"${n}\"]\n"));
  CHECK(world.sum("redis_reqs", {{"name", "pipeline"}}) == 1);
  CHECK(world.sum("checks") == 2);
  CHECK(world.commands.back() == "0:[\"SET\",\"c\",\"7\"]");
}

TEST_CASE("checks and captures see the reply as its text") {
  RedisWorld world;
  world.replies = {{"GET", "$5\r\nhello\r\n"}, {"LLEN", ":12\r\n"}};
  world.play(
      redis_plan("      - redis: [GET, a]\n        check: { equals: hello, size: \"< 6B\" }\n"
                 "        capture: { word: body }\n"
                 "      - redis: [LLEN, a]\n        check: { $: \"> 10\" }\n"
                 "      - redis: [ECHO, \"${word}\"]\n"));
  CHECK(world.count("checks") == 3);
  CHECK(world.sum("checks") == 3);
  CHECK(world.commands.back() == "0:[\"ECHO\",\"hello\"]");
}

TEST_CASE("an error reply is a failed request with its word, and the iteration goes on") {
  RedisWorld world;
  world.replies = {{"INCR", "-WRONGTYPE Operation against a key\r\n"}};
  world.play(redis_plan("      - redis: [INCR, a]\n      - redis: PING\n"));
  CHECK(world.sum("redis_req_failed", {{"name", "INCR"}, {"error", "redis: WRONGTYPE"}}) == 1);
  CHECK(world.commands.size() == 2);
  CHECK(world.count("setup_time") == 1);
}

TEST_CASE("what runs in parallel has a connection each, which are used again") {
  RedisWorld world;
  world.play(redis_plan("      - parallel: [ { redis: [GET, a] }, { redis: [GET, b] } ]\n"),
             {.vus = 1, .iterations = 2});
  CHECK(world.count("setup_time") == 2);
  CHECK(world.sum("redis_reqs") == 4);
}

TEST_CASE("what a plan may not say about a redis step is told") {
  CHECK(refused("      - redis: [GET, a]\n") == "");
  CHECK(refused("      - redis: []\n").contains("an empty command"));
  CHECK(refused("      - redis: GET a\n").contains("as a list"));
  CHECK(refused("      - redis: [GET, a]\n        check: { status: 200 }\n")
            .contains("has no status"));
  CHECK(refused("      - redis: [GET, a]\n        capture: { x: \"header:X\" }\n")
            .contains("has no status, header or cookie"));
  CHECK(refused("      - redis: [GET, a]\n        target: http://localhost\n")
            .contains("begins with redis://"));
  CHECK(refused("      - redis: [GET, a]\n        tymeout: 5s\n").contains("timeout"));
}
