// k6/http beyond plain requests: expected statuses, jars, files, compression, digest.
#include "base/digest.h"
#include "script/script_test_world.h"
#include "wire/content_coding.h"

namespace brunt {
namespace {

std::string script(const std::string& body) {
  return "import http from 'k6/http'; import { check } from 'k6'; import exec from "
         "'k6/execution';\nexport default function () {\n" +
         body + "\n}\n";
}

}  // namespace

TEST_CASE("a script says which statuses it expects, of one request or of all") {
  ScriptWorld world;
  world.answer = [](Peer& peer, const std::string&) {
    (void)peer.send(reply("", "", "404 Not Found"));
  };
  world.play(script(
      "http.get('http://localhost/1');"
      "http.get('http://localhost/2', { responseCallback: http.expectedStatuses(404, 410) });"
      "http.get('http://localhost/3', { responseCallback: null });"
      "http.setResponseCallback(http.expectedStatuses({ min: 400, max: 499 }));"
      "http.get('http://localhost/4');"
      "http.setResponseCallback(null); http.get('http://localhost/5');"));
  CHECK(world.told.empty());
  CHECK(world.sum("http_reqs") == 5);
  CHECK(world.count("http_req_failed") == 3);
  CHECK(world.sum("http_req_failed") == 1);
  CHECK(world.sum("http_reqs", {{"expected_response", "true"}}) == 2);
  CHECK(world.sum("http_reqs", {{"expected_response", "false"}}) == 1);
}

TEST_CASE("what is no response callback is refused") {
  ScriptWorld world;
  world.play(
      script("for (const f of [() => http.expectedStatuses('200'), () => http.expectedStatuses(),"
             "  () => http.setResponseCallback(200),"
             "  () => http.get('http://localhost/', { responseCallback: () => true })])"
             "  try { f(); check(0, { threw: false }) } catch (e) { check(0, { threw: true }) }"));
  CHECK(world.sum("checks") == 4);
}

TEST_CASE("the members of a response are listed, kept, replaced and deleted as any object's") {
  ScriptWorld world;
  world.answers = {{"/", reply("text")}};
  world.play(
      "import http from 'k6/http';"
      "export default function () {"
      "  const r = http.get('http://localhost/'), names = Object.keys(r);"
      "  console.log(names.length, names.slice(0, 2).join(), names.includes('json'));"
      "  const inside = []; for (const name in r) inside.push(name);"
      "  console.log(names.every((n) => inside.includes(n)), inside.includes('json'));"
      "  console.log({ ...r }.status, Object.assign({}, r).status_text, 'body' in r, 'x' in r);"
      "  console.log(r.headers === r.headers, Object.hasOwn(r, 'timings'), JSON.parse("
      "    JSON.stringify(r)).status);"
      "  r.status = 7; r.mine = 8; delete r.body; r.headers.Self = r;"
      "  console.log(r.status, r.mine, r.body, 'body' in r, r.headers.Self === r);"
      "  console.log(Object.keys(r).length, Object.keys(r).includes('body'));"
      "  const frozen = Object.freeze(http.get('http://localhost/'));"
      "  console.log(frozen.status, Object.keys(frozen).length);"
      "  Object.defineProperty(r, 'url', { get: () => 'got' });"
      "  console.log(r.url, Object.keys(r).includes('url'));"
      "}");
  CHECK(world.told.empty());
  CHECK(world.said == std::vector<std::string>{
                          "console.log: 16 status,status_text false", "console.log: true true",
                          "console.log: 200 200 OK true false", "console.log: true true 200",
                          "console.log: 7 8 undefined false true", "console.log: 16 false",
                          "console.log: 200 16", "console.log: got false"});
}

TEST_CASE("a jar of one's own is used and filled beside that of the user") {
  ScriptWorld world;
  world.answers = {{"/in", reply("", "Set-Cookie: s=1\r\n")}, {"/", reply("")}};
  world.play(
      script("const jar = new http.CookieJar(); jar.set('http://localhost/', 'own', 'x');"
             "http.cookieJar().set('http://localhost/', 'user', 'y');"
             "http.get('http://localhost/in', { jar }); http.get('http://localhost/', { jar });"
             "http.get('http://localhost/');"
             "check(jar.cookiesForURL('http://localhost/'), { both: (c) => c.s[0] === '1' && "
             "c.own[0] === 'x' });"
             "jar.delete('http://localhost/', 's'); jar.clear('http://localhost/');"
             "http.get('http://localhost/', { jar });"
             "http.get('http://localhost/', { jar: http.cookieJar(), cookies: { user: { value: "
             "'z', replace: true }, c: '2' } });"));
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 1);
  REQUIRE(world.requests.size() == 5);
  CHECK(field_of(world.requests[0], "cookie") == "own=x");
  CHECK(field_of(world.requests[1], "cookie") == "own=x; s=1");
  CHECK(field_of(world.requests[2], "cookie") == "user=y");
  CHECK(field_of(world.requests[3], "cookie") == "-");
  CHECK(field_of(world.requests[4], "cookie") == "user=z; c=2");
}

TEST_CASE("an object with files is sent as a form with parts") {
  ScriptWorld world;
  world.play(
      script("http.post('http://localhost/', { field: 'v', n: 5,"
             "  file: http.file(new Uint8Array([65, 66]).buffer, 'a.bin', 'image/png'),"
             "  plain: http.file('text') });"));
  REQUIRE(world.requests.size() == 1);
  CHECK(field_of(world.requests[0], "content-type").starts_with("multipart/form-data; boundary="));
  const std::string body = body_of(world.requests[0]);
  CHECK(body.contains("name=\"field\"\r\n\r\nv\r\n"));
  CHECK(body.contains("name=\"n\"\r\n\r\n5\r\n"));
  CHECK(body.contains("name=\"file\"; filename=\"a.bin\"\r\nContent-Type: image/png\r\n\r\nAB"));
  CHECK(body.contains("Content-Type: application/octet-stream\r\n\r\ntext"));
}

TEST_CASE("a body is compressed as its parameter says") {
  ScriptWorld world;
  world.play(
      script("http.post('http://localhost/', 'hello hello', { compression: 'gzip' });"
             "http.post('http://localhost/', { a: 'b' }, { compression: 'deflate, br' });"
             "const r = http.post('http://localhost/', 'x', { compression: 'lzma' });"
             "check(r, { told: (r) => r.error.includes('lzma') });"
             "http.post('http://localhost/', 'x', { compression: ' ' });"));
  REQUIRE(world.requests.size() == 3);
  CHECK(field_of(world.requests[2], "content-encoding") == "-");
  ContentDecoder decoder;
  std::string plain;
  CHECK(field_of(world.requests[0], "content-encoding") == "gzip");
  REQUIRE(decoder.decode("gzip", body_of(world.requests[0]), plain));
  CHECK(plain == "hello hello");
  REQUIRE(decoder.decode("deflate, br", body_of(world.requests[1]), plain));
  CHECK(plain == "a=b");
  CHECK(world.sum("checks") == 1);
}

TEST_CASE("a digest challenge is answered, and both requests are measured") {
  ScriptWorld world;
  world.answer = [](Peer& peer, const std::string& request) {
    if (request.contains("Authorization: Digest username=\"ann\""))
      (void)peer.send(reply("in"));
    else
      (void)peer.send(reply("",
                            "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n",
                            "401 Unauthorized"));
  };
  world.play(
      script("const r = http.get('http://ann:secret@localhost/x', { auth: 'digest' });"
             "check(r, { in: (r) => r.status === 200 && r.body === 'in' });"
             "try { http.get('http://localhost/', { auth: 'ntlm' }) }"
             "catch (e) { check(e, { told: (e) => e.message.includes('ntlm') }) }"));
  CHECK(world.sum("checks") == 2);
  REQUIRE(world.requests.size() == 2);
  CHECK(field_of(world.requests[0], "authorization") == "-");
  const std::string field = field_of(world.requests[1], "authorization");
  const auto part = [&field](const std::string& name) {
    const auto from = field.find(name + "=\"") + name.size() + 2;
    return field.substr(from, field.find('"', from) - from);
  };
  const std::string wanted = md5_hex(md5_hex("ann:r:secret") + ":n:00000001:" + part("cnonce") +
                                     ":auth:" + md5_hex("GET:/x"));
  CHECK(part("response") == wanted);
  CHECK(world.sum("http_reqs", {{"status", "401"}}) == 1);
  // The challenge was expected.
  CHECK(world.sum("http_req_failed") == 0);
  CHECK(world.sum("http_reqs", {{"url", "http://localhost/x"}}) == 2);
}

TEST_CASE("tags of the virtual user are on all that it measures, until they are taken away") {
  ScriptWorld world;
  world.answers = {{"/", reply("x")}};
  world.play(script(
      "http.get('http://localhost/');"
      "exec.vu.metrics.tags.team = 'blue'; exec.vu.tags['n'] = 5;"
      "http.get('http://localhost/'); check(1, { one: true });"
      "http.get('http://localhost/', { tags: { team: 'red' } });"
      "check(exec, { read: (e) => e.vu.tags.team === 'blue' && e.vu.metrics.tags.scenario === "
      "'default', names: (e) => Object.keys(e.vu.tags).join() === 'team,n,scenario,group' });"
      "delete exec.vu.tags.team; http.get('http://localhost/');"
      "try { exec.vu.tags.bad = {} } catch (e) { check(e, { told: true }) }"));
  CHECK(world.told.empty());
  CHECK(world.sum("http_reqs", {{"team", "blue"}, {"n", "5"}}) == 1);
  CHECK(world.sum("http_reqs", {{"team", "red"}, {"n", "5"}}) == 1);
  CHECK(world.sum("http_reqs", {{"n", "5"}}) == 3);
  CHECK(world.sum("checks", {{"team", "blue"}, {"check", "one"}}) == 1);
  CHECK(world.sum("checks") == 4);
}

TEST_CASE("a script aborts its test, or marks it as failed and goes on") {
  ScriptWorld world;
  world.play(script("exec.test.fail('bad data'); console.log('on');"));
  CHECK(world.judgement == ScriptJudgement::failed);
  CHECK(world.reason == "bad data");
  CHECK(world.said.size() == 1);
  ScriptWorld aborted;
  aborted.play(script("try { exec.test.abort('enough') } catch (e) { for (;;) {} }"));
  CHECK(aborted.judgement == ScriptJudgement::aborted);
  CHECK(aborted.reason == "enough");
  CHECK(aborted.ends == std::vector{IterationEnd::interrupted});
}

TEST_CASE("the parts of k6 execution can be imported by name") {
  ScriptWorld world;
  world.play(
      "import { scenario, vu, test, instance } from 'k6/execution';"
      "import { check } from 'k6';"
      "export const options = { vus: 1, iterations: 2 };"
      "export default () => check(0, {"
      "  scenario: scenario.name === 'default' && scenario.progress <= 1,"
      "  began: scenario.startTime > 0,"
      "  vu: vu.idInTest === 1, test: test.options.iterations === 2,"
      "  instance: instance.iterationsCompleted === 0 && instance.currentTestRunDuration >= 0 });",
      {.iterations = 2});
  CHECK(world.told.empty());
  CHECK(world.sum("checks") == 10);
}

}  // namespace brunt
