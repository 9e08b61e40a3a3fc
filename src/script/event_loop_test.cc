#include "script/script_test_world.h"

namespace brunt {
namespace {

std::string asynchronous(const std::string& body) {
  return "import http from 'k6/http'; import { check, sleep } from 'k6';\n"
         "import { setTimeout as later } from 'k6/timers';\n"
         "export default async function () {\n" +
         body + "\n}\n";
}

// What the script said with console.log(), in its order.
std::vector<std::string> said_by(ScriptWorld& world) {
  std::vector<std::string> texts;
  for (const std::string& line : world.said) texts.push_back(line.substr(line.find(": ") + 2));
  return texts;
}

}  // namespace

TEST_CASE("timers run when they are due, and the iteration waits for them") {
  ScriptWorld world;
  world.play(
      asynchronous("setTimeout((a, b) => console.log('two', a + b), 2000, 3, 4);"
                   "later(() => console.log('one'), 1000);"
                   "const gone = setTimeout(() => console.log('never'), 1500);"
                   "clearTimeout(gone); clearTimeout(undefined); clearTimeout(99);"
                   "console.log('first');"));
  CHECK(said_by(world) == std::vector<std::string>{"first", "one", "two 7"});
  CHECK(world.elapsed == 2s);
  CHECK(world.ends == std::vector{IterationEnd::complete});
}

TEST_CASE("an interval repeats at its pace until it is cleared") {
  ScriptWorld world;
  world.play(
      asynchronous("let n = 0; const i = setInterval(() => { console.log(++n); if (n === 3) "
                   "clearInterval(i) }, 500);"));
  CHECK(said_by(world) == std::vector<std::string>{"1", "2", "3"});
  CHECK(world.elapsed == 1500ms);
  ScriptWorld endless;
  endless.play(asynchronous("setInterval(() => {}, 0)"), {.cut_off = 2s});
  CHECK(endless.ends == std::vector{IterationEnd::interrupted});
  CHECK(endless.elapsed == 2s);
}

TEST_CASE("an async function is awaited with all that it waits for") {
  ScriptWorld world;
  world.play(
      asynchronous("const nap = (ms) => new Promise((done) => setTimeout(done, ms));"
                   "await nap(1000); console.log('a'); await Promise.all([nap(500), nap(700)]); "
                   "console.log('b');"));
  CHECK(said_by(world) == std::vector<std::string>{"a", "b"});
  CHECK(world.elapsed == 1700ms);
}

TEST_CASE("requests that are asked for at once go on at once") {
  ScriptWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    peer.sleep(1s);
    (void)peer.send(reply(request.substr(4, 2)));
  };
  world.play(asynchronous(
      "const all = await Promise.all([http.asyncRequest('get', 'http://localhost/1'),"
      "  http.asyncRequest('GET', 'http://localhost/2'),"
      "  http.asyncRequest('POST', 'http://localhost/3', 'x', { tags: { name: 'three' } })]);"
      "check(all, { bodies: (l) => l[0].body === '/1' && l[1].body === '/2' && l[2].status === 200 "
      "});"
      "const bad = await http.asyncRequest('GET', 'http://localhost:1/');"
      "check(bad, { refused: (r) => r.error_code === 1212 });"
      "try { await http.asyncRequest('GET', 'http://localhost:1/', null, { throw: true }) }"
      "catch (e) { check(e, { rejected: (e) => e.message.includes('refused') }) }"));
  CHECK(world.sum("checks") == 3);
  CHECK(world.sum("http_reqs") == 5);
  CHECK(world.sum("http_reqs", {{"name", "three"}}) == 1);
  CHECK(world.elapsed < 2s);
}

TEST_CASE("a request that nobody awaits still belongs to its iteration") {
  ScriptWorld world;
  world.answers = {{"/", reply("x")}};
  world.play(
      "import http from 'k6/http';"
      "export default () => { http.asyncRequest('GET', 'http://localhost/')"
      ".then((r) => console.log(r.status)) }");
  CHECK(said_by(world) == std::vector<std::string>{"200"});
}

TEST_CASE("a promise that is never settled ends with the iteration") {
  ScriptWorld world;
  world.play(asynchronous("await new Promise(() => {})"), {.iterations = 2});
  CHECK(world.told.empty());
  CHECK(world.ends == std::vector{IterationEnd::complete, IterationEnd::complete});
}

TEST_CASE("an exception in a timer ends the iteration and what it left behind") {
  ScriptWorld world;
  world.play(asynchronous("setTimeout(() => console.log('never'), 3000);"
                          "http.asyncRequest('GET', 'http://localhost/');"
                          "setTimeout(() => { throw new Error('in a timer') }, 0);"),
             {.iterations = 2});
  REQUIRE(world.told.size() == 2);
  CHECK_MESSAGE(world.told[0].starts_with("Error: in a timer, at (test.js"), world.told[0]);
  CHECK(world.said.empty());
  CHECK(world.ends == std::vector{IterationEnd::complete, IterationEnd::complete});
}

TEST_CASE("the end of a scenario breaks off timers, requests and what is awaited") {
  for (const char* code : {"await new Promise((done) => setTimeout(done, 1e7))",
                           "await http.asyncRequest('GET', 'http://localhost/')",
                           "setInterval(() => {}, 100)", "setTimeout(() => { sleep(1e6) }, 1)"}) {
    ScriptWorld world;
    world.answer = [](Peer& peer, const std::string&) { peer.sleep(1h); };
    world.play(asynchronous(code), {.cut_off = 2s});
    CHECK_MESSAGE(world.ends == std::vector{IterationEnd::interrupted}, code);
    CHECK(world.elapsed == 2s);
  }
}

TEST_CASE("timers of init code ring in their order and take no time, also while it awaits") {
  ScriptWorld world;
  world.play(
      "const rung = []; let times = 0;\n"
      "const later = (name, ms) => new Promise((done) => setTimeout(() => done(rung.push(name)), "
      "ms));\n"
      "setTimeout(() => rung.push('last'), 3600000);\n"
      "const every = setInterval(() => { if (++times === 3) clearInterval(every) }, 1000);\n"
      "await later('second', 20).then(() => rung.push('then'));\n"
      "export default () => console.log(rung.join(), times)");
  CHECK(world.said == std::vector<std::string>{"console.log: second,then,last 3"});
  CHECK(world.elapsed < 1s);
  const auto endless = read_script("setInterval(() => {}, 1); export default () => {}", "a.js", {});
  REQUIRE(!endless);
  CHECK(endless.error().text.contains("timers of the script's init code"));
  const auto wrong = read_script(
      "await new Promise((done) => setTimeout(done, 5)).then(() => { nothing });"
      "export default () => {}",
      "a.js", {});
  REQUIRE(!wrong);
  CHECK(wrong.error().text.contains("ReferenceError: nothing is not defined"));
}

TEST_CASE("the timers of the module are the global ones") {
  ScriptWorld world;
  world.play(
      "import timers, { clearInterval as c } from 'k6/timers';"
      "export default () => console.log(setTimeout === timers.setTimeout, c === clearInterval)");
  CHECK(world.said == std::vector<std::string>{"console.log: true true"});
}

TEST_CASE("timers are refused without a function") {
  ScriptWorld world;
  world.play(asynchronous("setTimeout('text', 5)"));
  CHECK(world.told[0].contains("setTimeout() takes a function and milliseconds"));
}

}  // namespace brunt
