// One request step: its templates, what it sends, and what is checked and captured of the reply.
#include "step/request_runner.h"

#include <doctest/doctest.h>

#include "step/step_test_world.h"

using namespace brunt;

namespace {

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a request's templates fill its URL, query, headers and JSON body") {
  StepWorld world;
  world.play(plan_of(R"(steps:
      - POST: "/devices/${vu}?x=1"
        query: { page: "${iteration + 1}", q: "a b&c" }
        headers: { X-Who: "VU ${vu} of ${scenario}", Content-Type: application/vnd.x+json }
        json: { id: "${vu}", text: "n${vu}", list: [ 1, "${iteration}" ], none: null }
)"));
  REQUIRE(world.requests.size() == 1);
  const std::string& request = world.requests[0];
  CHECK(world.lines()[0] == "POST /devices/1?x=1&page=1&q=a+b%26c");
  CHECK(field_of(request, "X-Who") == "VU 1 of s");
  CHECK(field_of(request, "Content-Type") == "application/vnd.x+json");
  CHECK(field_of(request, "Host") == "localhost");
  CHECK(body_of(request) == R"({"id":1,"text":"n1","list":[1,0],"none":null})");
}

TEST_CASE("each kind of body has its content type") {
  StepWorld world;
  world.plan_path = BRUNT_SOURCE_DIR "/tests/vectors/plan/good/test.yaml";
  world.play(plan_of(R"(steps:
      - { POST: /json, json: { a: "${vu}" } }
      - { POST: /form, form: { user: "${vu} x", more: "a&b" } }
      - { POST: /text, body: "plain ${vu}" }
      - { POST: /empty }
      - PUT: /files
        form: { title: "t${vu}" }
        files: { note: { file: users.csv, name: n.txt, type: text/plain } }
)"));
  struct Row {
    std::string_view type, body;
  };
  const Row rows[] = {{"application/json", R"({"a":1})"},
                      {"application/x-www-form-urlencoded", "user=1+x&more=a%26b"},
                      {"-", "plain 1"},
                      {"-", ""}};
  REQUIRE(world.requests.size() == 5);
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    CAPTURE(world.lines()[i]);
    CHECK(field_of(world.requests[i], "Content-Type") == rows[i].type);
    CHECK(body_of(world.requests[i]) == rows[i].body);
    CHECK(field_of(world.requests[i], "Content-Length") == std::to_string(rows[i].body.size()));
  }
  const std::string& files = world.requests[4];
  CHECK(field_of(files, "Content-Type").starts_with("multipart/form-data; boundary="));
  CHECK(files.find("name=\"title\"\r\n\r\nt1\r\n") != std::string::npos);
  CHECK(files.find("filename=\"n.txt\"\r\nContent-Type: text/plain\r\n") != std::string::npos);
}

TEST_CASE("captures flow into later requests, whatever they are taken from") {
  StepWorld world;
  world.answers["/login"] = reply(R"({"user": {"id": 7, "name": "ann"}} token=xyz;)",
                                  "X-Session: s-1\r\nSet-Cookie: cart=c9; Path=/\r\n");
  world.answers["/json"] = reply(R"({"user": {"id": 7, "tags": ["a", "b"]}})");
  world.play(plan_of(R"(steps:
      - GET: /login
        capture:
          session: "header:X-Session"
          cart: "cookie:cart"
          token: /token=(\w+)/
          code: status
      - GET: /json
        capture: { id: $.user.id, tags: { all: "$.user.tags[*]" }, none: { json: $.x, default: d } }
      - POST: "/next/${session}/${cart}/${token}/${code}"
        json: { id: "${id}", tags: "${tags}", none: "${none}" }
)"));
  REQUIRE(world.requests.size() == 3);
  CHECK(world.lines()[2] == "POST /next/s-1/c9/xyz/200");
  CHECK(body_of(world.requests[2]) == R"({"id":7,"tags":["a","b"],"none":"d"})");
  CHECK(world.told.empty());
}

TEST_CASE("what a capture does not find is told, is null, and ends the iteration that needs it") {
  StepWorld world;
  world.answers["/a"] = reply(R"({"other": 1})");
  world.answers["/b"] = reply("");
  world.play(plan_of(R"(steps:
      - { GET: /a, capture: { id: $.id } }
      - { GET: /b, query: { known: "${id == null}" } }
      - { GET: "/c/${id}" }
      - { GET: /never }
)"),
             {.iterations = 2});
  CHECK(world.lines() == Lines{"GET /a", "GET /b?known=true", "GET /a", "GET /b?known=true"});
  REQUIRE(world.told.size() == 4);
  CHECK(world.told[0] == "GET /a: nothing found for capture \"id\"");
  CHECK(world.told[1].starts_with("GET /c/${id}: "));
  CHECK(world.told[1].find("id") != std::string::npos);
  CHECK(world.sum("step_errors") == 2);
  CHECK(world.sum("step_errors", {{"scenario", "s"}}) == 2);
  // As k6 counts an iteration that throws.
  CHECK(world.ends == std::vector(2, IterationEnd::complete));
}

TEST_CASE("in a rehearsal what a capture does not find is made up") {
  StepWorld world;
  world.answers["/a"] = reply("{}");
  world.play(plan_of("steps: [ { GET: /a, capture: { id: $.id } }, { GET: \"/b/${id}\" } ]"),
             {.rehearsing = Rehearsing::yes});
  CHECK(world.lines() == Lines{"GET /a", "GET /b/0"});
  CHECK(world.told.empty());
}

TEST_CASE("a failed reply sets captures back to null without a word more") {
  StepWorld world;
  world.answer = [first = true](Peer& peer, const std::string&) mutable {
    if (std::exchange(first, false)) {
      peer.send(reply(R"({"id": 1})"));
    } else {
      peer.hang();
    }
  };
  world.play(plan_of(R"(steps:
      - { GET: /a, timeout: 1s, capture: { id: $.id } }
      - { GET: /a, timeout: 1s, capture: { id: $.id } }
      - { GET: "/b/${id}" }
)"));
  CHECK(world.requests.size() == 2);
  CHECK(world.sum("http_reqs", {{"error_code", "1050"}}) == 1);
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].starts_with("GET /b/${id}"));
}

TEST_CASE("checks are counted by their names and never stop the iteration") {
  StepWorld world;
  world.answers["/a"] =
      reply(R"({"n": 5, "name": "ann"})", "Content-Type: application/json\r\n", "201 Created");
  world.play(plan_of(R"(steps:
      - GET: /a
        check:
          status: 2xx
          contains: ann
          $.n: "> 4"
          $.gone:
          header: { Content-Type: /json/ }
          duration: "< 10ms"
          it is five: "${response.json.n == 5}"
          it is broken: "${response.json.n.x.y > nothing}"
      - { GET: /b }
)",
                     "vars: { nothing: null }\n"),
             {.iterations = 3});
  CHECK(world.requests.size() == 6);
  struct Row {
    std::string name;
    double passes;
  };
  const Row rows[] = {{"it is five", 3}, {"it is broken", 0}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(world.count("checks", {{"check", row.name}, {"scenario", "s"}}) == 3);
    CHECK(world.sum("checks", {{"check", row.name}}) == row.passes);
  }
  CHECK(world.count("checks") == 24);
  // status, contains, $.n, header, it is five.
  CHECK(world.sum("checks") == 15);
  CHECK(world.sum("step_errors") == 0);
}

TEST_CASE("a request that never changes has the same bytes as one that is filled in each time") {
  struct Row {
    std::string constant, dynamic;
  };
  const Row rows[] = {
      {"GET: \"/a?x=1\", query: { q: \"a b\" }", "GET: \"/a?x=${one}\", query: { q: \"a ${b}\" }"},
      {"POST: /a, json: { n: \"1\", t: [ b ] }",
       "POST: /a, json: { n: \"${one}\", t: [ \"${b}\" ] }"},
      {"POST: /a, form: { n: 1 }", "POST: /a, form: { n: \"${one}\" }"},
      {"PUT: /a, body: b1, headers: { X: \"1\" }", "PUT: /a, body: b1, headers: { X: \"${one}\" }"},
      {"GET: /a, check: { contains: x }, headers: { X: \"1\" }",
       "GET: /a, check: { contains: x }, headers: { X: \"${one}\" }"},
      {"HEAD: /a, headers: { X: \"1\" }", "HEAD: /a, headers: { X: \"${one}\" }"},
  };
  const std::string before = R"(before:
      - { GET: /one, capture: { one: $.one, b: $.b } }
    steps:
)";
  for (const Row& row : rows) {
    CAPTURE(row.constant);
    StepWorld world;
    world.answers["/one"] = reply(R"({"one": "1", "b": "b"})");
    world.play(
        plan_of(before + "      - { " + row.constant + " }\n      - { " + row.dynamic + " }\n"),
        {.iterations = 2});
    REQUIRE(world.requests.size() == 5);
    for (std::size_t i = 2; i < 5; ++i) CHECK(world.requests[i] == world.requests[1]);
  }
}

TEST_CASE("a request that never changes carries its user's cookies too") {
  StepWorld world;
  world.answers["/set"] = reply("", "Set-Cookie: id=7; Path=/\r\n");
  world.play(plan_of("steps: [ { POST: /a, body: b }, { GET: /set }, { POST: /a, body: b } ]"));
  REQUIRE(world.requests.size() == 3);
  CHECK(field_of(world.requests[0], "Cookie") == "-");
  CHECK(field_of(world.requests[2], "Cookie") == "id=7");
  CHECK(body_of(world.requests[2]) == "b");
}

TEST_CASE("basic authentication, the scenario's or the request's own") {
  StepWorld world;
  world.play(plan_of(R"(auth: { user: ann, password: "p${vu}" }
    steps:
      - { GET: /a }
      - { GET: /b, auth: { user: bob, password: "x:y" } }
)"));
  REQUIRE(world.requests.size() == 2);
  CHECK(field_of(world.requests[0], "Authorization") == "Basic YW5uOnAx");
  CHECK(field_of(world.requests[1], "Authorization") == "Basic Ym9iOng6eQ==");
}

TEST_CASE("the request's headers win over the scenario's, in any case") {
  StepWorld world;
  world.play(plan_of(R"(headers: { Accept: text/plain, X-All: "v${vu}" }
    steps:
      - { GET: /a, headers: { accept: text/html } }
      - { GET: /b }
)"));
  REQUIRE(world.requests.size() == 2);
  CHECK(field_of(world.requests[0], "Accept") == "text/html");
  CHECK(world.requests[0].find("text/plain") == std::string::npos);
  CHECK(field_of(world.requests[0], "X-All") == "v1");
  CHECK(field_of(world.requests[1], "Accept") == "text/plain");
}

TEST_CASE("codings are asked for only where somebody reads the body") {
  StepWorld world;
  world.play(plan_of(R"(steps:
      - { GET: /a, check: { status: 404 } }
      - { GET: /b, check: { contains: x } }
      - { GET: /c, check: { contains: x }, decode: false }
      - { GET: /d, check: { contains: x }, headers: { Accept-Encoding: gzip } }
)"));
  REQUIRE(world.requests.size() == 4);
  const auto codings = [&](std::size_t i) {
    return field_of(world.requests[i], "Accept-Encoding");
  };
  CHECK(codings(0) == "-");
  CHECK(codings(1) == "gzip, deflate, br, zstd");
  CHECK(codings(2) == "-");
  CHECK(codings(3) == "gzip");
}

TEST_CASE("a reply to HEAD has no body to wait for") {
  StepWorld world;
  world.answers["/a"] = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
  world.play(plan_of("steps: [ { HEAD: /a, check: { status: 200 } }, { HEAD: /a } ]"));
  CHECK(world.lines() == Lines{"HEAD /a", "HEAD /a"});
  CHECK(world.sum("checks") == 1);
  CHECK(world.sum("http_reqs", {{"method", "HEAD"}, {"status", "200"}}) == 2);
}

TEST_CASE("a request that cannot be made ends its iteration, is told and counted, and not sent") {
  struct Row {
    std::string step, told;
  };
  const Row rows[] = {{R"(GET: "${x}")", "GET ${x}: "},
                      {R"(GET: "/${1 / (vu - 1)}")", "GET /${1 / (vu - 1)}: "}};
  for (const Row& row : rows) {
    CAPTURE(row.step);
    StepWorld world;
    world.answers["/x"] = reply(R"({"x": "http:// y"})");
    world.play(plan_of("steps: [ { GET: /x, capture: { x: $.x } }, { " + row.step +
                       " }, { GET: /never } ]"));
    CHECK(world.lines() == Lines{"GET /x"});
    REQUIRE(world.told.size() == 1);
    CHECK(world.told[0].starts_with(row.told));
    CHECK(world.sum("step_errors") == 1);
    CHECK(world.sum("http_reqs") == 1);
  }
}

TEST_CASE("a target is a whole URL or goes under the scenario's, as it is when filled in") {
  struct Row {
    std::string target, line, host;
  };
  const Row rows[] = {
      {"/a", "GET /a", "localhost"},
      {"http://127.0.0.1/b", "GET /b", "127.0.0.1"},
      {"/login?next=http://127.0.0.1/b", "GET /login?next=http://127.0.0.1/b", "localhost"},
      {"/login?next=${whole}", "GET /login?next=http://127.0.0.1:8080/c", "localhost"},
      {"${whole}", "GET /c", "127.0.0.1:8080"},
      {"${path}", "GET /d", "localhost"},
      {"${path}/e", "GET /d/e", "localhost"},
      {"${bare}/f", "GET /d/f", "localhost"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    StepWorld world;
    world.answers["/links"] =
        reply(R"({"whole": "http://127.0.0.1:8080/c", "path": "/d", "bare": "d"})");
    world.play(plan_of(
        "steps: [ { GET: /links, capture: { whole: $.whole, path: $.path, bare: $.bare } }, "
        "{ GET: \"" +
        row.target + "\" } ]"));
    CHECK(world.told == Lines{});
    REQUIRE(world.requests.size() == 2);
    CHECK(world.lines()[1] == row.line);
    CHECK(field_of(world.requests[1], "Host") == row.host);
  }
}
