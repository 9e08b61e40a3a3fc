#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string imports =
    "import http from 'k6/http'; import { check, group, sleep, fail, randomSeed } from 'k6';"
    "import { Counter, Gauge, Rate, Trend } from 'k6/metrics'; import exec from 'k6/execution';\n";

// A script whose default function is this.
std::string script(const std::string& body, const std::string& init = "") {
  return imports + init + "\nexport default function (data) {\n" + body + "\n}\n";
}

}  // namespace

TEST_CASE("a get is sent, checked and measured with k6's metrics and tags") {
  ScriptWorld world;
  world.answers = {{"/x", reply("hello")}};
  world.play(
      script("const r = http.get('http://localhost/x');"
             "check(r, { 'is 200': (r) => r.status === 200, 'is long': r.body.length > 9 });"));
  CHECK(world.lines() == std::vector<std::string>{"GET /x"});
  CHECK(world.told.empty());
  CHECK(world.sum("http_reqs", {{"name", "http://localhost/x"},
                                {"method", "GET"},
                                {"status", "200"},
                                {"scenario", "default"},
                                {"expected_response", "true"},
                                {"group", ""}}) == 1);
  CHECK(world.count("http_req_duration") == 1);
  CHECK(world.sum("checks", {{"check", "is 200"}}) == 1);
  CHECK(world.sum("checks", {{"check", "is long"}}) == 0);
  CHECK(world.count("checks") == 2);
  CHECK(world.sum("data_sent") > 0);
  CHECK(world.ends == std::vector{IterationEnd::complete});
}

TEST_CASE("every iteration and every user runs the same code with its own numbers") {
  ScriptWorld world;
  world.play(script("http.get(`http://localhost/${__VU}-${__ITER}-${seen++}`);", "let seen = 0;"),
             {.vus = 2, .iterations = 2});
  CHECK(world.lines() ==
        std::vector<std::string>{"GET /1-0-0", "GET /1-1-1", "GET /2-0-0", "GET /2-1-1"});
}

TEST_CASE("the default export may have any form of a function") {
  for (const char* form :
       {"export default () => { http.get('http://localhost/a') }",
        "export default function f() { http.get('http://localhost/a') }",
        "export default async () => { await null; http.get('http://localhost/a') }",
        "const f = () => http.get('http://localhost/a'); export { f as default }"}) {
    ScriptWorld world;
    world.play(imports + form);
    CHECK_MESSAGE(world.requests.size() == 1, form);
    CHECK(world.told.empty());
  }
}

TEST_CASE("groups nest, are measured, and tag what is in them") {
  ScriptWorld world;
  world.play(
      script("const got = group('outer', () => group('inner', () => {"
             "  sleep(2); http.get('http://localhost/x'); check(1, { one: true }); return 7; }));"
             "check(got, { seven: (v) => v === 7 });"));
  CHECK(world.sum("http_reqs", {{"group", "::outer::inner"}}) == 1);
  CHECK(world.sum("checks", {{"group", "::outer::inner"}, {"check", "one"}}) == 1);
  CHECK(world.sum("checks", {{"group", ""}, {"check", "seven"}}) == 1);
  CHECK(world.sum("group_duration", {{"group", "::outer::inner"}}) >= 2000);
  CHECK(world.count("group_duration") == 2);
}

TEST_CASE("sleep parks the fiber, and the time scale divides it") {
  ScriptWorld world;
  world.play(script("sleep(3)"));
  CHECK(world.elapsed == 3s);
  ScriptWorld fast;
  fast.settings.time_scale = 10;
  fast.play(script("sleep(3)"));
  CHECK(fast.elapsed == 300ms);
}

TEST_CASE("bodies are texts, forms with sorted keys, or bytes") {
  ScriptWorld world;
  world.play(
      script("http.post('http://localhost/', 'plain');"
             "http.put('http://localhost/', { b: 2, a: 'x y', list: [1, 2], deep: { n: 1 } });"
             "http.patch('http://localhost/', new Uint8Array([65, 66]).buffer);"
             "http.post('http://localhost/', JSON.stringify({ a: 1 }),"
             "  { headers: { 'Content-Type': 'application/json', 'X-Id': 5 } });"
             "http.del('http://localhost/');"));
  REQUIRE(world.requests.size() == 5);
  CHECK(body_of(world.requests[0]) == "plain");
  CHECK(body_of(world.requests[1]) == "a=x+y&b=2&deep=&list=1&list=2");
  CHECK(field_of(world.requests[1], "content-type") == "application/x-www-form-urlencoded");
  CHECK(body_of(world.requests[2]) == "AB");
  CHECK(body_of(world.requests[3]) == "{\"a\":1}");
  CHECK(field_of(world.requests[3], "x-id") == "5");
  CHECK(world.lines()[4] == "DELETE /");
}

TEST_CASE("a response has k6's members") {
  ScriptWorld world;
  world.answers = {{"/r", reply("{\"user\":{\"ids\":[4,5]},\"a.b\":1}",
                                "Content-Type: application/json\r\nx-a: 1\r\nX-A: 2\r\n"
                                "Set-Cookie: k=v; Path=/; HttpOnly\r\n")}};
  world.play(script(R"(
    const r = http.get('http://localhost/r');
    const is = (what, got, want) => check(0, { [what]: JSON.stringify(got) === JSON.stringify(want) });
    is('status', r.status, 200);
    is('text', r.status_text, '200 OK');
    is('url', r.url, 'http://localhost/r');
    is('type', r.headers['Content-Type'], 'application/json');
    is('joined', r.headers['X-A'], '1, 2');
    is('same', r.headers === r.headers, true);
    is('body', r.body.length, 30);
    is('json', r.json().user.ids, [4, 5]);
    is('path', r.json('user.ids.1'), 5);
    is('count', r.json('user.ids.#'), 2);
    is('dot', r.json('a\\.b'), 1);
    is('none', r.json('user.name'), undefined);
    is('cookie', r.cookies.k[0].value, 'v');
    is('only', r.cookies.k[0].http_only, true);
    is('proto', r.proto, 'HTTP/1.1');
    is('error', [r.error, r.error_code], ['', 0]);
    is('timings', r.timings.duration === r.timings.sending + r.timings.waiting + r.timings.receiving, true);
    is('request', r.request.method, 'GET');
    is('as json', JSON.parse(JSON.stringify(r)).status, 200);
  )"));
  CHECK(world.told.empty());
  CHECK(world.count("checks") == 19);
  CHECK(world.sum("checks") == 19);
}

TEST_CASE("parameters of a request are its tags, timeout, cookies, redirects, the kind of body") {
  ScriptWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    if (request.starts_with("GET /slow")) peer.sleep(10s);
    (void)peer.send(request.starts_with("GET /to") ? reply("", "Location: /x\r\n", "302 Found")
                                                   : reply("AB"));
  };
  world.play(script(R"(
    http.get('http://localhost/a', { tags: { name: 'A', team: 'x' }, cookies: { c: '1' } });
    check(http.get('http://localhost/to', { redirects: 0 }), { stays: (r) => r.status === 302 });
    check(http.get('http://localhost/to'), { goes: (r) => r.status === 200 && r.url.endsWith('/x') });
    check(http.get('http://localhost/a', { responseType: 'binary' }),
      { bytes: (r) => new Uint8Array(r.body)[1] === 66 });
    check(http.get('http://localhost/a', { responseType: 'none' }), { none: (r) => r.body === null });
    check(http.get('http://localhost/slow', { timeout: '2s' }),
      { late: (r) => r.status === 0 && r.error_code === 1050 && r.error === 'request timeout' });
  )"));
  CHECK(world.sum("checks") == 5);
  CHECK(world.sum("http_reqs", {{"name", "A"}, {"team", "x"}, {"url", "A"}}) == 1);
  CHECK(field_of(world.requests[0], "cookie") == "c=1");
  CHECK(world.sum("http_req_failed") == 1);
}

TEST_CASE("a request that fails is told once, or thrown where that was asked for") {
  ScriptWorld world;
  world.play(
      script("http.get('http://localhost:1/'); http.get('http://localhost:1/');"
             "let threw = ''; try { http.get('http://localhost:1/', { throw: true }) }"
             "catch (e) { threw = e.message }"
             "check(threw, { threw: (t) => t.includes('connection refused') });"
             "check(http.get('nonsense'), { invalid: (r) => r.error_code === 1000 });"));
  CHECK(world.sum("checks") == 2);
  REQUIRE(world.told.size() == 3);
  CHECK(world.told[0] == "Request Failed: GET localhost:1: dial: connection refused");
}

TEST_CASE("a batch is sent at once, and its results keep their order and names") {
  ScriptWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    peer.sleep(1s);
    (void)peer.send(reply(request.substr(4, 2)));
  };
  world.play(script(R"(
    const list = http.batch(['http://localhost/1', ['GET', 'http://localhost/2'],
      { method: 'POST', url: 'http://localhost/3', body: 'x' }]);
    check(list, { order: (l) => Array.isArray(l) && l[1].body === '/2' && l.length === 3 });
    const named = http.batch({ a: 'http://localhost/4', b: 'http://localhost/5' });
    check(named, { names: (n) => n.b.body === '/5' });
  )"));
  CHECK(world.sum("checks") == 2);
  CHECK(world.told.empty());
  CHECK(world.sum("http_reqs") == 5);
  CHECK(world.elapsed < 3s);
}

TEST_CASE("cookies are kept within an iteration and forgotten after it") {
  ScriptWorld world;
  world.answers = {{"/in", reply("", "Set-Cookie: s=1\r\n")}, {"/", reply("")}};
  world.play(script("http.get('http://localhost/'); http.get('http://localhost/in');"
                    "http.cookieJar().set('http://localhost/', 'own', '2');"
                    "http.get('http://localhost/');"
                    "check(http.cookieJar().cookiesForURL('http://localhost/'),"
                    "  { both: (c) => c.s[0] === '1' && c.own[0] === '2' });"),
             {.iterations = 2});
  CHECK(world.sum("checks") == 2);
  CHECK(field_of(world.requests[2], "cookie") == "s=1; own=2");
  CHECK(field_of(world.requests[3], "cookie") == "-");
}

TEST_CASE("an exception ends the iteration, which counts, and says where it came from") {
  ScriptWorld world;
  world.play(imports +
                 "function inner() {\n  return undefined_thing.x;\n}\n"
                 "export default function () {\n  inner();\n}\n",
             {.iterations = 2});
  CHECK(world.ends == std::vector{IterationEnd::complete, IterationEnd::complete});
  CHECK(world.sum("step_errors") == 2);
  REQUIRE(!world.told.empty());
  CHECK(world.told[0] ==
        "ReferenceError: undefined_thing is not defined, at inner (test.js:3), from default "
        "(test.js:6)");
}

TEST_CASE("a promise that is rejected and never caught fails the iteration") {
  ScriptWorld world;
  world.play(imports + "export default async function () { throw new Error('late') }");
  REQUIRE(world.told.size() == 1);
  CHECK_MESSAGE(world.told[0].starts_with("Error: late, at default"), world.told[0]);
  ScriptWorld alone;
  alone.play(imports + "export default function () { Promise.reject(new Error('alone')) }");
  CHECK(alone.told[0].starts_with("Uncaught (in promise) Error: alone"));
  ScriptWorld forever;
  forever.play(imports + "export default async function () { await new Promise(() => {}) }");
  CHECK(forever.told.empty());
  CHECK(forever.ends == std::vector{IterationEnd::complete});
}

TEST_CASE("an endless loop lets others run and is broken off at the end, also inside a try") {
  for (const char* code : {"while (true) {}", "for (;;) { try { while (true) {} } catch (e) {} }",
                           "for (;;) { try { sleep(1) } catch (e) {} }"}) {
    ScriptWorld world;
    world.play(script(code), {.cut_off = 2s});
    CHECK_MESSAGE(world.ends == std::vector{IterationEnd::interrupted}, code);
    CHECK(world.elapsed >= 2s);
    CHECK(world.elapsed < 4s);
  }
}

TEST_CASE("too much memory, too deep a recursion and a circle are exceptions, not crashes") {
  for (const auto& [code, text] : {std::pair{"'x'.repeat(2 ** 31)", "RangeError"},
                                   {"'x'.repeat(900000000)", "out of memory"},
                                   {"const f = () => 1 + f(); f()", "stack overflow"},
                                   {"const a = {}; a.a = a; JSON.stringify(a)", "circular"}}) {
    ScriptWorld world;
    world.play(script(code));
    REQUIRE_MESSAGE(world.told.size() == 1, code);
    CHECK_MESSAGE(world.told[0].contains(text), world.told[0]);
  }
}

TEST_CASE("a check that throws counts as failed and throws on, an async one is refused") {
  ScriptWorld world;
  world.play(script("check(1, { bad: () => { throw new Error('oh') }, after: true });"));
  CHECK(world.count("checks") == 1);
  CHECK(world.sum("checks") == 0);
  CHECK(world.told[0].starts_with("Error: oh"));
  ScriptWorld async;
  async.play(script("check(1, { slow: async () => true });"));
  CHECK(async.told[0].contains("check() does not support async functions"));
  ScriptWorld group;
  group.play(script("group('g', async () => {});"));
  CHECK(group.told[0].contains("group() does not support async functions"));
}

TEST_CASE("group and check say what is wrong with what they are given") {
  for (const auto& [call, error] : std::vector<std::pair<std::string, std::string>>{
           {"check(1, { 'a::b': true })", "Error: group and check names may not contain '::'"},
           {"check(1)", "Error: no checks provided"},
           {"group('a::b', () => {})", "Error: group and check names may not contain '::'"},
           {"group('a')", "Error: group() requires a callback"}}) {
    ScriptWorld world;
    world.play(script(call));
    REQUIRE(world.told.size() == 1);
    CHECK_MESSAGE(world.told[0].starts_with(error), world.told[0]);
    CHECK(world.count("checks") == 0);
  }
  ScriptWorld nothing;
  nothing.play(script("if (!check(null, 12345)) throw new Error('no');"));
  CHECK(nothing.told.empty());
}

TEST_CASE("metrics of a script's own are measured with their tags") {
  ScriptWorld world;
  world.play(
      script("c.add(2, { k: 'v' }); c.add(3); g.add(7); r.add(true); r.add(0); t.add(12.5);"
             "t.add(NaN); t.add(null);",
             "const c = new Counter('my_count'), g = new Gauge('my_gauge'),"
             "  r = new Rate('my_rate'), t = new Trend('my_trend', true);"));
  CHECK(world.sum("my_count") == 5);
  CHECK(world.sum("my_count", {{"k", "v"}}) == 2);
  CHECK(world.sum("my_rate") == 1);
  CHECK(world.count("my_rate") == 2);
  CHECK(world.sum("my_trend") == 12.5);
  REQUIRE(world.told.size() == 2);
  CHECK(world.told[0].contains("my_trend.add(NaN)"));
}

TEST_CASE("what is asked of the init context alone is refused elsewhere, and the other way round") {
  ScriptWorld world;
  world.play(script(
      "let seen = [];"
      "for (const f of [() => new Counter('late'), () => open('x')])"
      "  try { f() } catch (e) { seen.push(e.message) }"
      "check(seen, { both: (s) => s.length === 2 && s.every((m) => m.includes('init')) });"));
  CHECK(world.sum("checks") == 1);
  ScriptWorld init;
  auto plan = read_script(imports + "http.get('http://localhost/'); export default () => {}",
                          "test.js", {});
  REQUIRE(!plan);
  CHECK(plan.error().text.contains("Making http requests in the init context is not supported"));
}

TEST_CASE("what setup returns reaches every user as a copy of its own") {
  ScriptWorld world;
  const std::string text = script(
      "check(data, { got: (d) => d.n === 1 && d.list[1] === 'b' });"
      "data.n = 2; data.n = 1;",
      "export function setup() { http.get('http://localhost/s');"
      " return { n: 1, list: ['a', 'b'] } }"
      "export async function asynchronous() { await 0; return 5 }"
      "export function broken() { throw new Error('no') }"
      "export function slow() { sleep(100) }");
  const auto data = world.stage(text, "setup");
  REQUIRE(data.has_value());
  CHECK(*data == R"({"n":1,"list":["a","b"]})");
  CHECK(world.sum("http_reqs", {{"group", "::setup"}}) == 1);
  CHECK(world.sum("http_reqs", {{"scenario", "default"}}) == 0);
  CHECK(ScriptWorld().stage(text, "asynchronous").value() == "5");
  CHECK(ScriptWorld().stage(text, "broken").error().text.starts_with("broken(): Error: no"));
  CHECK(ScriptWorld().stage(text, "slow").error().code == ErrorCode::timeout);
  ScriptWorld load;
  load.play(text, {.vus = 2, .setup_data = *data});
  CHECK(load.sum("checks") == 2);
}

TEST_CASE("a tag of too many values keeps the first ones and those that a threshold names") {
  ScriptWorld world;
  world.play(script("const id = `x${__ITER}`, tags = { id };"
                    "http.get('http://localhost/a', { tags });"
                    "check(id, { fixed: true }, tags);"
                    "check(id, { [`of ${id}`]: true }); own.add(1, tags);"
                    "group(id, () => own.add(1));",
                    "const own = new Counter('own'); export const options = {"
                    "  thresholds: { 'http_reqs{id:x1002}': ['count==1'] } };"),
             {.iterations = 1005});
  CHECK(world.sum("http_reqs", {{"name", "http://localhost/a"}}) == 1005);
  CHECK(world.sum("http_reqs", {{"id", "x999"}}) == 1);
  CHECK(world.sum("http_reqs", {{"id", "x1002"}}) == 1);
  CHECK(world.sum("http_reqs", {{"id", "x1003"}}) == 0);
  CHECK(world.sum("http_reqs", {{"id", "(other)"}}) == 4);
  CHECK(world.sum("own", {{"id", "(other)"}}) == 4);
  CHECK(world.sum("checks", {{"check", "fixed"}, {"id", "(other)"}}) == 4);
  CHECK(world.sum("checks", {{"check", "(other)"}}) == 6);
  CHECK(world.sum("own", {{"group", "::(other)"}}) == 5);
  REQUIRE(world.told.size() == 3);
  CHECK_MESSAGE(world.told[0].contains("the tag \"check\" has more than 1,000 values"),
                world.told[0]);
}

TEST_CASE("names of tags without end are left out") {
  ScriptWorld world;
  world.play(script("own.add(1, { [`t${__ITER}`]: 'x' });", "const own = new Counter('own');"),
             {.iterations = 150});
  CHECK(world.sum("own") == 150);
  CHECK(world.sum("own", {{"t10", "x"}}) == 1);
  CHECK(world.sum("own", {{"t149", "x"}}) == 0);
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].starts_with("more than 100 names of tags"));
}

TEST_CASE("a URL that a threshold names is not counted with others of its shape") {
  ScriptWorld world;
  world.play(script("http.get(`http://localhost/p/${__ITER}`);",
                    "export const options = {"
                    "  thresholds: { 'http_reqs{name:http://localhost/p/50}': ['count==1'],"
                    "    'http_reqs{url:http://localhost/p/51}': ['count==1'] } };"),
             {.iterations = 60});
  CHECK(world.sum("http_reqs", {{"name", "http://localhost/p/50"}}) == 1);
  CHECK(world.sum("http_reqs", {{"url", "http://localhost/p/51"}}) == 1);
  CHECK(world.sum("http_reqs", {{"name", "http://localhost/p/*"}}) == 38);
}

TEST_CASE("URLs that differ by an id share a name after the first twenty") {
  ScriptWorld world;
  world.play(script(
      "for (let i = 0; i < 50; i++) http.get(`http://localhost/timers/t-${__VU}-${i}?x=${i}`)"));
  CHECK(world.sum("http_reqs") == 50);
  CHECK(world.sum("http_reqs", {{"name", "http://localhost/timers/t-*-*"}}) == 30);
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("http://localhost/timers/t-*-*"));
}

TEST_CASE("the language has what its users write today") {
  ScriptWorld world;
  world.play(script(R"(
    const all = {
      at: [1, 2, 3].at(-1) === 3 && 'abc'.at(0) === 'a',
      own: Object.hasOwn({ a: 1 }, 'a'),
      last: [1, 2, 3].findLast((x) => x < 3) === 2,
      every: 'a-a'.replaceAll('a', 'b') === 'b-b',
      chain: ({ a: null }).a?.b === undefined && (null ?? 1) === 1,
      spread: { ...{ a: 1 }, b: 2 }.b === 2,
      big: 2n ** 64n === 18446744073709551616n,
      regex: /(?<y>\d{4})/u.exec('in 2024').groups.y === '2024',
      clone: (() => { const a = { d: new Date(0), m: new Map([[1, { x: 1 }]]) }; a.self = a;
        const b = structuredClone(a); return b.self === b && b.m.get(1).x === 1 && b.d.getTime() === 0 })(),
      klass: (() => { class A { #x = 1; static s = 2; get x() { return this.#x } } return new A().x + A.s === 3 })(),
      grouped: Object.groupBy([1, 2, 3], (x) => x % 2 ? 'odd' : 'even').odd.length === 2,
    };
    check(0, all);
  )"));
  CHECK(world.told.empty());
  CHECK(world.count("checks") == 11);
  CHECK(world.sum("checks") == 11);
}

TEST_CASE("console says its texts and objects") {
  ScriptWorld world;
  world.play(
      script("console.log('a', 1, { b: [2] }, null, undefined, 7n); console.error(new Error('x'));"
             "const round = { f() {}, text: 't', none: null }; round.again = round;"
             "console.info(round, [, 'x'], [], {}, () => 1, new Date(0), new Date(NaN), new Map());"
             "console.warn(new Uint8Array([1, 255]), new Float64Array(0), new Uint8Array([1, "
             "255]).buffer);"
             "console.debug({ get bad() { throw new Error('no') } });"));
  CHECK(world.said ==
        std::vector<std::string>{
            "console.log: a 1 { b: [ 2 ] } null undefined 7", "console.error: Error: x",
            "console.info: { f: [object Function], text: \"t\", none: null, again: [Circular] } "
            "[ null, \"x\" ] [] {} [object Function] \"1970-01-01T00:00:00.000Z\" {} {}",
            "console.warn: Uint8Array(2) [ 1, 255 ] Float64Array(0) [] ArrayBuffer { "
            "[Uint8Contents]: <01 ff>, byteLength: 2 }",
            "console.debug: [object Object]"});
}

TEST_CASE("execution says who runs") {
  ScriptWorld world;
  world.play(script("check(exec, { vu: (e) => e.vu.idInTest === __VU,"
                    " iteration: (e) => e.vu.iterationInScenario === __ITER,"
                    " scenario: (e) => e.scenario.name === 'default' && e.scenario.executor === "
                    "'constant-vus',"
                    " test: (e) => e.scenario.iterationInTest === (__VU - 1) * 2 + __ITER,"
                    " options: (e) => e.test.options.vus === 2 });",
                    "export const options = { vus: 2, duration: '1s' };"),
             {.vus = 2, .iterations = 2});
  CHECK(world.sum("checks") == 20);
  CHECK(world.told.empty());
}

TEST_CASE("one seed draws the same chance") {
  const auto draw = [](const std::string& code) {
    ScriptWorld world;
    world.play(script(code + "console.log(Math.random(), Math.random())"));
    return world.said[0];
  };
  CHECK(draw("") == draw(""));
  CHECK(draw("randomSeed(5);") == draw("randomSeed(5);"));
  CHECK(draw("randomSeed(5);") != draw("randomSeed(6);"));
}

}  // namespace brunt
