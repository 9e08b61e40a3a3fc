#include <doctest/doctest.h>
#include <fmt/format.h>

#include "script/script_test_world.h"

namespace brunt {

TEST_CASE("jslib's k6-utils is served whatever its version") {
  check_expressions(
      "import * as u from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';\n"
      "import { uuidv4 } from 'https://jslib.k6.io/k6-utils/1.2.0/index.js';\n"
      "const all = (n, draw) => Array.from({ length: n }, draw);",
      {{"u.uuidv4 === uuidv4 && uuidv4().length", "36"},
       {"Math.min(...all(99, () => u.randomIntBetween(2, 4))) + ' ' + "
        "Math.max(...all(99, () => u.randomIntBetween(2, 4)))",
        "2 4"},
       {"['a', 'b'].includes(u.randomItem(['a', 'b']))", "true"},
       {"/^[xy]{12}$/.test(u.randomString(12, 'xy'))", "true"},
       {"u.findBetween('a<b>c<d>', '<', '>')", "b"},
       {"u.findBetween('a<b>c<d>', '<', '>', true)", R"(["b","d"])"},
       {"u.findBetween('a', '<', '>')", "null"},
       {"u.parseDuration('1h2m3.5s4ms')", "3723504"},
       {"u.parseDuration('soon')", "Error: soon is an invalid time duration"},
       {"u.normalDistributionStages(10, 60).length", "12"},
       {"await u.check(1, { async: async (v) => v === 1 })", "true"}});
}

TEST_CASE("jslib's k6chaijs makes checks of what is expected") {
  ScriptWorld world;
  world.play(R"(
import chai, { describe, expect } from 'https://jslib.k6.io/k6chaijs/4.3.4.3/index.js';
export default function () {
  console.log(describe('good', () => {
    expect(200, 'status').to.equal(200);
    expect([1, 2]).to.have.length(2);
    expect([1, 2]).to.have.lengthOf.above(1);
    expect({ a: { b: 1 } }).to.deep.equal({ a: { b: 1 } });
    expect('text').to.be.a('string').and.to.include('ex').but.not.include('z');
    expect({ a: 1, b: 2 }).to.include.keys('a');
    expect([3, 4]).to.be.an('array').that.includes(4);
    expect({ a: 1 }).to.have.property('a').that.is.within(0, 2);
    expect(() => { throw new Error('boom') }).to.throw('boom');
    expect(null).to.be.null;
    expect({ body: '{}' }).to.have.validJsonBody();
    expect(5).to.be.oneOf([4, 5]);
  }));
  console.log(describe('bad', () => {
    expect(404, 'status').to.equal(200);
    expect(1).to.equal(1);
  }));
})");
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.said == std::vector<std::string>{"console.log: true", "console.log: false"});
  CHECK(world.count("checks", {{"group", "::good"}}) == 20);
  CHECK(world.sum("checks", {{"group", "::good"}}) == 20);
  for (const char* name :
       {"expected ${this} to have a length of 2 got ${actual}",
        "expected ${this} to deeply equal { a: { b: 1 } }", "expected ${this} to not include 'z'",
        "expected ${this} to be an array", "expected ${this} to throw an error",
        "expected ${this} to be one of [ 4, 5 ]"})
    CHECK_MESSAGE(world.count("checks", {{"check", name}}) > 0, std::string(name));
  CHECK(world.count("checks", {{"check", "expected status to equal 200"}}) == 2);
  CHECK(world.sum("checks", {{"check", "expected status to equal 200"}}) == 1);
}

TEST_CASE("jslib's httpx keeps a base URL, headers and tags") {
  ScriptWorld world;
  world.answers = {{"/a", reply("a")}, {"/b", reply("b")}};
  world.play(R"(
import { Httpx, Get, Post } from 'https://jslib.k6.io/httpx/0.1.0/index.js';
const session = new Httpx({ baseURL: 'http://localhost', headers: { 'X-One': '1' }, tags: { t: 'u' } });
export default function () {
  session.addHeader('X-Two', '2');
  const answers = [session.get('/a'), session.post('/b', 'body', { headers: { 'X-One': 'mine' } })];
  const more = session.batch([new Get('/a'), new Post('/b', 'x')], { tags: { of: 'batch' } });
  console.log([...answers, ...more].map((r) => r.body).join());
})");
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.said == std::vector<std::string>{"console.log: a,b,a,b"});
  REQUIRE(world.requests.size() == 4);
  CHECK(field_of(world.requests[0], "X-Two") == "2");
  CHECK(field_of(world.requests[1], "X-One") == "mine");
  CHECK(world.sum("http_reqs", {{"t", "u"}}) == 4);
  CHECK(world.sum("http_reqs", {{"of", "batch"}}) == 2);
}

TEST_CASE("jslib's other modules do their work") {
  check_expressions(
      R"(
import papaparse from 'https://jslib.k6.io/papaparse/5.1.1/index.js';
import { URL as Imported } from 'https://jslib.k6.io/url/1.0.0/index.js';
import { FormData } from 'https://jslib.k6.io/formdata/0.0.2/index.js';
import { textSummary, jUnit } from 'https://jslib.k6.io/k6-summary/0.0.2/index.js';
const data = { root_group: { name: '', checks: [{ name: 'ok', passes: 1, fails: 1 }], groups: [] }, options: {},
  metrics: { http_req_duration: { type: 'trend', contains: 'time', values: { avg: 1.5, 'p(95)': 1200 },
                                  thresholds: { 'p(95)<1000': { ok: false } } },
             http_reqs: { type: 'counter', contains: 'default', values: { count: 7, rate: 3.5 } } } };
)",
      {{"papaparse.parse('a,b\\n1,\"x,y\"', { header: true }).data", R"([{"a":"1","b":"x,y"}])"},
       {"new Imported('http://h/x?a=b').searchParams.get('a')", "b"},
       {"((f) => { f.append('a', '1'); f.append('f', { data: 'x', filename: 'n.txt' }); return new "
        "TextDecoder().decode(f.body()).replaceAll(f.boundary, 'B').replaceAll('\\r\\n', '|') "
        "})(new FormData())",
        "--B|Content-Disposition: form-data; name=\"a\"||1|--B|Content-Disposition: form-data; "
        "name=\"f\"; filename=\"n.txt\"|Content-Type: application/octet-stream||x|--B--|"},
       {"textSummary(data, { indent: ' ', enableColors: false }).replaceAll('\\n', '|')",
        "     ✗ ok|      ↳  50% — ✓ 1 / ✗ 1||   ✗ http_req_duration...: avg=1.5ms p(95)=1.2s|     "
        "http_reqs...........: 7 3.5/s|"},
       {"jUnit(data).includes('failures=\"1\"')", "true"}});
}

TEST_CASE("jslib's k6chaijs is configured through its default export") {
  ScriptWorld world;
  world.play(R"(
import chai, { describe, expect } from 'https://jslib.k6.io/k6chaijs/4.5.0.1/index.js';
chai.config.aggregateChecks = false;
chai.config.truncateVariableThreshold = 5;
export default function () {
  chai.describe('short', () => chai.expect('long text').to.equal('other text'));
})");
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.count("checks", {{"check", "expected 'long... to equal 'othe..."}}) == 1);
}

TEST_CASE("jslib's k6chaijs has the words of Chai that look at what a function does") {
  ScriptWorld world;
  world.play(R"(
import chai, { describe, expect } from 'https://jslib.k6.io/k6chaijs/4.3.4.3/index.js';
chai.config.aggregateChecks = false;
chai.config.logFailures = true;
export default function () {
  console.log(describe('good', () => {
    const o = { n: 1 };
    expect(() => { o.n += 2 }).to.increase(o, 'n').by(2);
    expect(() => {}).to.not.change(o, 'n');
    expect(o).to.have.ownPropertyDescriptor('n').that.has.property('value', 3);
    expect('x').to.respondTo('trim');
    expect(Object.freeze({})).to.be.frozen.and.sealed.but.not.extensible;
    expect({ a: [{ b: 'x' }] }).to.nested.include({ 'a[0].b': 'x' });
    expect('Today is sunny').to.contain.oneOf(['sunny', 'cloudy']);
  }));
  describe('misspelt', () => expect(1).to.be.equall(1));
  describe('bad', () => expect([1, 2]).to.have.lengthOf.at.least(3));
})");
  REQUIRE(world.said.size() == 3);
  CHECK(world.said[0] == "console.log: true");
  CHECK(world.said[1].contains("Invalid Chai property: equall. Did you mean \"equal\"?"));
  CHECK(world.said[2] ==
        "console.warn: describe bad: expected [ 1, 2 ] to have a length at least 3 got 2");
  CHECK(world.sum("checks", {{"check",
                              "expected 'Today is sunny' to contain one of [ 'sunny', "
                              "'cloudy' ]"}}) == 1);
}

TEST_CASE("jslib's k6-testing holds or refuses as its matchers say") {
  const std::string_view good[] = {"toBe(NaN, NaN)",
                                   "toEqual({ a: [1, new Set([2])] }, { a: [1, new Set([2])] })",
                                   "toBeCloseTo(0.1 + 0.2, 0.3)",
                                   "toContain('text', 'ex')",
                                   "toContain([1, 2], 2)",
                                   "toContainEqual([{ a: 1 }], { a: 1 })",
                                   "toContainEqual(new Set([[1]]), [1])",
                                   "toHaveLength('mango', 5)",
                                   "toHaveProperty({ a: { b: [{ c: 1 }] } }, 'a.b[0].c', 1)",
                                   "toHaveProperty({ 'a.b': 1 }, ['a.b'])",
                                   "toHaveProperty({ a: undefined }, 'a')",
                                   "toBeInstanceOf([], Array)",
                                   "toBeNull(null)",
                                   "toBeUndefined(undefined)",
                                   "toBeGreaterThanOrEqual(2, 2)"};
  const std::string_view bad[] = {"toBe({}, {})",
                                  "toEqual({ a: 1 }, { a: 1, b: 2 })",
                                  "toBeCloseTo(1.005, 1.02)",
                                  "toContain([{ a: 1 }], { a: 1 })",
                                  "toHaveProperty({ a: null }, 'a.b')",
                                  "toHaveProperty({ a: 1 }, 'a', 2)",
                                  "toHaveLength({}, 1)",
                                  "toBeDefined(undefined)",
                                  "toBeLessThan(2, 2)"};
  const auto held = [](std::string_view matcher, std::string_view chain) {
    const auto name = matcher.substr(0, matcher.find('('));
    return fmt::format(
        "((value, ...rest) => {{ try {{ throwing.soft(value){}{}(...rest); return true }} catch "
        "(e) "
        "{{ return e.name }} }}){}",
        chain, name, matcher.substr(matcher.find('(')));
  };
  std::vector<ScriptExpression> rows;
  for (const std::string_view one : good) {
    rows.push_back({held(one, "."), "true"});
    rows.push_back({held(one, ".not."), "AssertionFailedError"});
  }
  for (const std::string_view one : bad) {
    rows.push_back({held(one, "."), "AssertionFailedError"});
    rows.push_back({held(one, ".not."), "true"});
  }
  check_expressions(
      "import { expect } from 'https://jslib.k6.io/k6-testing/0.5.0/index.js';\n"
      "const throwing = expect.configure({ softMode: 'throw' });",
      rows);
}

TEST_CASE("jslib's k6-testing ends the test, or fails it where it is soft") {
  ScriptWorld world;
  world.play(R"(
import { expect } from 'https://jslib.k6.io/k6-testing/0.5.0/index.js';
export default function () {
  expect(200, 'status').toBe(200);
  expect(404, 'status').toBe(200);
  console.log('never');
})");
  CHECK(world.said == std::vector<std::string>{});
  CHECK(world.judgement == ScriptJudgement::aborted);
  CHECK(world.reason == "status\nexpect(received).toBe(expected)\nExpected: 200\nReceived: 404");
  ScriptWorld soft;
  soft.play(R"(
import { expect } from 'https://jslib.k6.io/k6-testing/0.5.0/index.js';
export default function () {
  expect.configure({ display: 'inline' }).soft([]).not.toHaveLength(0);
  console.log('goes on');
})");
  CHECK(soft.judgement == ScriptJudgement::failed);
  CHECK(soft.reason ==
        "expect(received).not.toHaveLength(expected) | Expected: not 0 | Received: []");
  CHECK(soft.said.back() == "console.log: goes on");
}

TEST_CASE("jslib's expect makes checks until the first that does not hold") {
  ScriptWorld world;
  world.play(R"(
import { describe } from 'https://jslib.k6.io/expect/0.0.4/index.js';
export default function () {
  describe('answer', (t) => {
    t.expect(200).as('status').toEqual(200).and({ body: '{}' }).toHaveValidJson().and(3).as('stars').toBeBetween(1, 2)
      .and(1).as('never').toBeTruthy();
  });
})");
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.sum("checks", {{"check", "status to equal 200"}}) == 1);
  CHECK(world.sum("checks", {{"check", "stars to be between 1 2"}}) == 0);
  CHECK(world.count("checks", {{"group", "::answer"}}) == 3);
}

// Source of the codes: RFC 6238, appendix B.
TEST_CASE("jslib's totp gives the codes of the RFC") {
  check_expressions(
      "import { TOTP } from 'https://jslib.k6.io/totp/1.0.0/index.js';\n"
      "const totp = new TOTP('gezd gnbv GY3TQOJQGEZDGNBVGY3TQOJQ==', 8);\n"
      "const at = (time) => totp.gen(30, time - Date.now() / 1000);",
      {{"await at(59.5)", "94287082"},
       {"await at(1111111109.5)", "07081804"},
       {"await at(20000000000.5)", "65353130"},
       {"(await new TOTP('GEZDGNBV').gen()).length", "6"},
       {"await totp.verify(await totp.gen())", "true"},
       {"await totp.verify('00')", "false"},
       {"new TOTP('1')", "Error: TOTP: '1' is no letter of a base32 secret"}});
}

TEST_CASE("jslib's instrumentations add headers to the requests of the http module") {
  ScriptWorld world;
  world.answers = {{"/a", reply("a")}};
  world.play(R"(
import tempo from 'https://jslib.k6.io/http-instrumentation-tempo/1.0.1/index.js';
import pyroscope from 'https://jslib.k6.io/http-instrumentation-pyroscope/1.0.2/index.js';
import http from 'k6/http';
const jaeger = new tempo.Client({ propagator: 'jaeger', sampling: 0 });
const plain = { ...http };
tempo.instrumentHTTP({ propagator: 'w3c' });
pyroscope.instrumentHTTP();
export default function () {
  const params = { headers: { 'X-Mine': '1' }, tags: { name: 'the a' } };
  http.get('http://localhost/a', params);
  jaeger.post('http://localhost/a', 'body', params);
  plain.get('http://localhost/a');
})");
  CHECK(world.told == std::vector<std::string>{});
  REQUIRE(world.requests.size() == 3);
  const std::string trace = field_of(world.requests[0], "traceparent");
  CHECK(trace.size() == 55);
  CHECK(trace.starts_with("00-dc0712"));
  CHECK(trace.ends_with("-01"));
  CHECK(field_of(world.requests[0], "Baggage").ends_with("k6.name=the%20a"));
  CHECK(field_of(world.requests[0], "X-Mine") == "1");
  CHECK(field_of(world.requests[1], "uber-trace-id").ends_with(":0:0"));
  CHECK(field_of(world.requests[1], "traceparent") == "-");
  CHECK(field_of(world.requests[2], "traceparent") == "-");
}

TEST_CASE("what jslib has and we do not is told with what there is") {
  const auto plan =
      read_script("import x from 'https://jslib.k6.io/ajv/6.12.5/index.js';", "t.js", {});
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().text.contains("(of jslib.k6.io there are aws, expect, formdata, http-instr"));
}

}  // namespace brunt
