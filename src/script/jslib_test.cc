#include <doctest/doctest.h>

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
  CHECK(world.count("checks", {{"group", "::good"}}) == 16);
  CHECK(world.sum("checks", {{"group", "::good"}}) == 16);
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

TEST_CASE("what jslib has and we do not is told with what there is") {
  const auto plan =
      read_script("import x from 'https://jslib.k6.io/aws/0.11.0/index.js';", "t.js", {});
  REQUIRE_FALSE(plan.has_value());
  CHECK(plan.error().text.contains("(of jslib.k6.io there are formdata, httpx, k6-summary"));
}

}  // namespace brunt
