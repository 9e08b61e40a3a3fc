// What a virtual user does: loops, branches, thinking, data, and what is kept between iterations.
#include "step/plan_body.h"

#include <doctest/doctest.h>

#include "step/step_test_world.h"

using namespace brunt;

namespace {

using Lines = std::vector<std::string>;

std::filesystem::path good_plans() {
  return BRUNT_SOURCE_DIR "/tests/vectors/plan/good/test.yaml";
}

}  // namespace

TEST_CASE("loops count, go over lists, and run while something holds") {
  struct Row {
    std::string loop;
    Lines lines;
  };
  const Row rows[] = {
      {R"(count: 3, index: i, steps: [ { GET: "/${i}" } ])", {"GET /0", "GET /1", "GET /2"}},
      {R"(count: "${vu + 0.9}", steps: [ { GET: /x } ])", {"GET /x"}},
      {R"(count: 0, steps: [ { GET: /x } ])", {}},
      {R"(over: "${kinds}", as: kind, index: i, steps: [ { GET: "/${i}/${kind}" } ])",
       {"GET /0/a", "GET /1/7"}},
      {R"(over: "${[]}", as: kind, steps: [ { GET: "/${kind}" } ])", {}},
      {R"(count: 2, index: i, steps: [ { loop: { count: 2, index: j, steps: [ { GET: "/${i}${j}" } ] } } ])",
       {"GET /00", "GET /01", "GET /10", "GET /11"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.loop);
    StepWorld world;
    world.play(plan_of("steps: [ { loop: { " + row.loop + " } } ]", "vars: { kinds: [ a, 7 ] }\n"));
    CHECK(world.lines() == row.lines);
    CHECK(world.told == Lines{});
  }
}

TEST_CASE("a loop runs while something holds, and its max is no error when it is just enough") {
  for (const char* max : {"", "max: 3, "}) {
    StepWorld world;
    world.answer = [count = 0](Peer& peer, const std::string&) mutable {
      peer.send(reply(++count == 3 ? R"({"state": "done"})" : R"({"state": "busy"})"));
    };
    world.play(plan_of("steps: [ { loop: { while: \"default(state, '') != 'done'\", index: i, " +
                       std::string(max) +
                       "steps: [ { GET: \"/${i}\", capture: { state: $.state } } ] } } ]"));
    CHECK(world.lines() == Lines{"GET /0", "GET /1", "GET /2"});
    CHECK(world.told == Lines{});
  }
}

TEST_CASE("why an answer cannot be taken is told once, with the request that it was for") {
  StepWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    peer.send(request.starts_with("GET /packed") ? reply("plain", "Content-Encoding: gzip\r\n")
                                                 : "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n");
  };
  world.play(plan_of(
      "steps: [ { GET: /bad }, { GET: /worse }, { GET: /packed, check: { contains: x } } ]"));
  REQUIRE(world.told.size() == 2);
  CHECK(world.told[0] ==
        "GET http://localhost/bad: malformed response: a Content-Length that is not a number");
  CHECK(world.told[1].starts_with("GET http://localhost/packed: "));
}

TEST_CASE("a loop that cannot go on ends the iteration and says why") {
  struct Row {
    std::string loop;
    std::size_t requests;
    std::string told;
  };
  const Row rows[] = {
      {R"(while: "true", max: 4, steps: [ { GET: /x } ])", 4,
       "a loop did not end within 4 rounds (raise its `max:`)"},
      {R"(count: "${0 - vu}", steps: [ { GET: /x } ])", 0,
       "a loop's count must be a number from 0, not -1"},
      {R"(count: "${vu + ' x'}", steps: [ { GET: /x } ])", 0,
       "a loop's count must be a number from 0, not \"1 x\""},
      {R"(over: "${vu}", as: it, steps: [ { GET: /x } ])", 0,
       "a loop goes over a list, not over number"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.loop);
    StepWorld world;
    world.play(plan_of("steps: [ { loop: { " + row.loop + " } }, { GET: /never } ]"));
    CHECK(world.requests.size() == row.requests);
    CHECK(world.told == Lines{row.told});
    CHECK(world.sum("step_errors") == 1);
    CHECK(world.ends == std::vector{IterationEnd::complete});
  }
}

TEST_CASE("a loop of more rounds than any machine can count to is bounded by its max") {
  StepWorld world;
  world.play(plan_of(
      R"(steps: [ { loop: { count: "${1e300 * vu}", max: 3, steps: [ { GET: /x } ] } } ])"));
  CHECK(world.requests.size() == 3);
}

TEST_CASE("if takes one way or the other") {
  StepWorld world;
  world.answers["/a"] = reply("{\"n\": 1}");
  world.play(plan_of(R"(steps:
      - { GET: /a, capture: { n: $.n, code: status } }
      - if: "${code == 200 && n == iteration}"
        then: [ { GET: /yes } ]
        else: [ { GET: /no } ]
      - if: "${n > 5}"
        then: [ { GET: /never } ]
)"),
             {.iterations = 2});
  CHECK(world.lines() == Lines{"GET /a", "GET /no", "GET /a", "GET /yes"});
}

TEST_CASE("parallel steps run at once, or as many at once as the limit says") {
  struct Row {
    std::string parallel;
    Duration elapsed;
  };
  // 20 ms to connect, and for each request in turn 20 ms on the way and 1 s in the server.
  const Row rows[] = {
      {"[ { GET: /1 }, { GET: /2 }, { GET: /3 } ]", 1040ms},
      {"{ limit: 2, steps: [ { GET: /1 }, { GET: /2 }, { GET: /3 } ] }", 2060ms},
      {"{ limit: 1, steps: [ { GET: /1 }, { GET: /2 }, { GET: /3 } ] }", 3080ms},
      {"[ { think: 5s }, { GET: /1 } ]", 5s},
  };
  for (const Row& row : rows) {
    CAPTURE(row.parallel);
    StepWorld world;
    world.answer = [](Peer& peer, const std::string&) {
      peer.sleep(1s);
      peer.send(reply("ok"));
    };
    world.play(plan_of("steps: [ { parallel: " + row.parallel + " } ]"));
    CHECK(world.elapsed == row.elapsed);
    CHECK(world.sum("http_reqs", {{"status", "200"}}) ==
          static_cast<double>(world.requests.size()));
  }
}

TEST_CASE("the first error of parallel steps is the step's") {
  StepWorld world;
  world.play(plan_of(R"(steps:
      - parallel: [ { GET: /1 }, { loop: { over: "${vu}", as: x, steps: [ { GET: /x } ] } }, { GET: /2 } ]
      - { GET: /never }
)"));
  CHECK(world.told.size() == 1);
  const Lines lines = world.lines();
  CHECK(std::ranges::find(lines, "GET /never") == lines.end());
}

TEST_CASE("thinking takes virtual time, between its bounds, and differs between users") {
  StepWorld world;
  world.play(plan_of("steps: [ { think: 25s..35s }, { GET: /a } ]"), {.vus = 3, .iterations = 10});
  REQUIRE(world.arrivals.size() == 30);
  std::vector<Duration> pauses;
  for (std::size_t i = 1; i < world.arrivals.size(); ++i)
    pauses.push_back(world.arrivals[i] - world.arrivals[i - 1]);
  CHECK(std::ranges::min(pauses) >= 25s);
  CHECK(std::ranges::max(pauses) <= 35s + 40ms);
  std::ranges::sort(pauses);
  CHECK(std::ranges::adjacent_find(pauses) == pauses.end());
}

TEST_CASE(
    "what steps capture is forgotten when the next iteration starts, what before captured stays") {
  StepWorld world;
  world.answer = [count = 0](Peer& peer, const std::string& request) mutable {
    const bool first = request.starts_with("GET /token") && count++ == 0;
    peer.send(reply(request.starts_with("POST /login") ? "{\"id\": 9}"
                    : first                            ? "{\"token\": \"t\"}"
                                                       : "{}"));
  };
  world.play(plan_of(R"(before:
      - { POST: /login, capture: { id: $.id } }
    steps:
      - { GET: "/jobs/${id}?seen=${token == null}" }
      - { GET: /token, capture: { token: { json: $.token, default: none } } }
)"),
             {.iterations = 2});
  CHECK(world.lines() == Lines{"POST /login", "GET /jobs/9?seen=true", "GET /token",
                               "GET /jobs/9?seen=true", "GET /token"});
}

TEST_CASE("a user whose before fails is given up, and the others go on") {
  StepWorld world;
  world.answer = [count = 0](Peer& peer, const std::string& request) mutable {
    if (request.starts_with("POST /login") && count++ == 0) {
      peer.send(reply("{}"));
    } else {
      peer.send(reply("{\"id\": 9}"));
    }
  };
  world.play(plan_of(R"(before:
      - { POST: /login, capture: { id: $.id } }
      - { GET: "/hello/${id}" }
    steps: [ { GET: /a } ]
)"),
             {.vus = 2});
  CHECK(world.vus_failed.size() == 1);
  CHECK(world.lines() == Lines{"POST /login", "POST /login", "GET /hello/9", "GET /a"});
  CHECK(world.sum("step_errors") == 1);
}

TEST_CASE("rows of data are taken in turn over all users") {
  StepWorld world;
  world.plan_path = good_plans();
  world.play(plan_of("steps: [ { GET: \"/${users.name}\" } ]",
                     "data: { users: { file: users.csv, columns: [ name, age ] } }\n"),
             {.vus = 2, .iterations = 2});
  REQUIRE(world.requests.size() == 4);
  CHECK(world.lines()[0] != world.lines()[1]);
  CHECK(world.told.empty());
}

TEST_CASE("rows used once are used once, and their end is told") {
  StepWorld world;
  world.plan_path = good_plans();
  world.play(plan_of("steps: [ { GET: /x, headers: { X-Name: \"${users.name}\" } } ]",
                     "data: { users: { file: users.csv, order: once } }\n"),
             {.iterations = 5});
  std::vector<std::string> names;
  for (const std::string& request : world.requests) names.push_back(field_of(request, "X-Name"));
  std::ranges::sort(names);
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(names == std::vector<std::string>{"ann", "bob"});
  CHECK(world.data_ends == 3);
  CHECK(std::ranges::count(world.ends, IterationEnd::interrupted) == 3);
}

TEST_CASE("a row that before takes is the user's own over all its iterations") {
  StepWorld world;
  world.plan_path = good_plans();
  world.play(plan_of("before: [ { GET: \"/in/${users.name}\" } ]\n    steps: [ { GET: /x } ]",
                     "data: { users: { file: users.csv, order: once } }\n"),
             {.vus = 2, .iterations = 4});
  CHECK(world.data_ends == 0);
  CHECK(world.requests.size() == 10);
}

TEST_CASE("each user has its own cookies, emptied for each iteration unless before took them") {
  struct Row {
    std::string scenario;
    std::vector<std::string> cookies;  // Of each request, in order.
  };
  const Row rows[] = {
      {"steps: [ { GET: /set }, { GET: /a } ]",
       {"-", "id=0", "-", "id=1", "-", "id=2", "-", "id=3"}},
      {"cookies: false\n    steps: [ { GET: /set }, { GET: /a } ]",
       {"-", "-", "-", "-", "-", "-", "-", "-"}},
      {"before: [ { GET: /set } ]\n    steps: [ { GET: /a } ]",
       {"-", "id=0", "id=0", "-", "id=1", "id=1"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.scenario);
    StepWorld world;
    world.answer = [number = 0](Peer& peer, const std::string& request) mutable {
      std::string cookie;
      if (request.starts_with("GET /set"))
        cookie = "Set-Cookie: id=" + std::to_string(number++) + "\r\n";
      peer.send(reply("ok", cookie));
    };
    world.play(plan_of(row.scenario), {.vus = 2, .iterations = 2});
    std::vector<std::string> cookies;
    for (const std::string& request : world.requests)
      cookies.push_back(field_of(request, "Cookie"));
    CHECK(cookies == row.cookies);
  }
}

TEST_CASE("the same seed gives the same chances, another user others") {
  const auto play = [] {
    StepWorld world;
    world.play(plan_of("steps: [ { GET: \"/${int(1, 1000000)}/${uuid()}\" } ]"),
               {.vus = 3, .iterations = 2});
    return world.lines();
  };
  const Lines first = play();
  CHECK(first == play());
  Lines sorted = first;
  std::ranges::sort(sorted);
  CHECK(std::ranges::adjacent_find(sorted) == sorted.end());
}

TEST_CASE("a target that is no URL is an error when the body is made, or told by the request") {
  StepWorld world;
  world.play(plan_of("steps: [ { GET: \"http://${vu}.invalid/\" }, { GET: /a } ]"));
  CHECK(world.sum("http_reqs", {{"name", "http://${vu}.invalid/"}, {"status", "0"}}) == 1);
  CHECK(world.sum("http_req_failed") == 2);  // And 404 for /a.
}
