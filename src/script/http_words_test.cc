// What scripts read of requests that could not be made and of answers that are no JSON: k6's words.
#include "script/json_words.h"
#include "script/script_test_world.h"
#include "script/url_words.h"

namespace brunt {
namespace {

// As check_expressions(), but the user may be told of requests that failed.
void check_texts(const std::vector<ScriptExpression>& expressions) {
  std::string body;
  for (const ScriptExpression& one : expressions)
    body += "try { console.log(String(" + one.expression +
            ")) } catch (error) { console.log(`${error.name}: ${error.message}`) }\n";
  ScriptWorld world;
  world.play(
      "import http from 'k6/http'; const thrown = { throw: true };"
      "const of = (r) => [r.status, r.error_code, r.error, r.body].join('|');"
      "export default async function () {\n" +
      body + "}");
  REQUIRE(world.said.size() == expressions.size());
  for (std::size_t i = 0; i < expressions.size(); ++i)
    CHECK_MESSAGE(world.said[i] == "console.log: " + expressions[i].value,
                  expressions[i].expression);
}

}  // namespace

TEST_CASE("a text that is no JSON is told by line, character and reason") {
  const struct {
    std::string_view text, told;
  } cases[] = {
      {"<html>",
       "line 1, character 1 , error: invalid character '<' looking for beginning of value"},
      {"{\n \"a\": 1,\n \"t\":testing\n}",
       "line 3, character 7 , error: invalid character 'e' in literal true (expecting 'r')"},
      {"{\n  \"b\": [1, 2,, 4]\n}",
       "line 2, character 14 , error: invalid character ',' looking for beginning of value"},
      {"true\nx", "line 2, character 1 , error: invalid character 'x' after top-level value"},
      {"", "line 1, character 0 , error: unexpected end of JSON input"},
      {"{\"a\":", "line 1, character 5 , error: unexpected end of JSON input"},
      {"{a: 1}",
       "line 1, character 2 , error: invalid character 'a' looking for beginning of object key "
       "string"},
      {"{\"a\" 1}", "line 1, character 6 , error: invalid character '1' after object key"},
      {"{\"a\": 1 2}",
       "line 1, character 9 , error: invalid character '2' after object key:value pair"},
      {"[1 2]", "line 1, character 4 , error: invalid character '2' after array element"},
      {"-x", "line 1, character 2 , error: invalid character 'x' in numeric literal"},
      {"1.e",
       "line 1, character 3 , error: invalid character 'e' after decimal point in numeric literal"},
      {"1e+", "line 1, character 3 , error: unexpected end of JSON input"},
      {"\"ä\\q\"", "line 1, character 4 , error: invalid character 'q' in string escape code"},
      {"\"\n\"", "line 2, character 1 , error: invalid character '\\n' in string literal"},
  };
  for (const auto& [text, told] : cases)
    CHECK_MESSAGE(
        trouble_of_json(text) == std::string("cannot parse json due to an error at ").append(told),
        text);
  CHECK(trouble_of_json(R"( {"a": [1.5e-3, "\u00e4", {}, [], null, false], "b": -0} )").empty());
}

TEST_CASE("a URL that cannot be asked is told in the words of Go") {
  const struct {
    std::string_view url;
    std::uint16_t code;
    std::string_view text;
  } cases[] = {
      {"https:// shop.test", 1020,
       R"(invalid URL: parse "https:// shop.test": invalid character " " in host name)"},
      {"http://shop.test:x1/", 1020,
       R"(invalid URL: parse "http://shop.test:x1/": invalid port ":x1" after host)"},
      {"1:x", 1020, R"(invalid URL: parse "1:x": first path segment in URL cannot contain colon)"},
      {"://x", 1020, R"(invalid URL: parse "://x": missing protocol scheme)"},
      {"", 1000, R"(unsupported protocol scheme "")"},
      {"shop.test/", 1000, R"(unsupported protocol scheme "")"},
      {"localhost:8080/", 1000, R"(unsupported protocol scheme "localhost")"},
      {"FTP://shop.test/", 1000, R"(unsupported protocol scheme "ftp")"},
      {"http:///x", 1000, "http: no Host in request URL"},
  };
  for (const auto& [url, code, text] : cases) {
    const UrlTrouble trouble = trouble_of_url(url, "?");
    CHECK_MESSAGE(trouble.code == code, url);
    CHECK_MESSAGE(trouble.text == text, url);
  }
}

TEST_CASE("names of URLs keep no passwords") {
  CHECK(without_secrets("http://ann:pw@h/p@q") == "http://****:****@h/p@q");
  CHECK(without_secrets("http://ann@h/") == "http://****@h/");
  CHECK(without_secrets("http://h/a@b") == "http://h/a@b");
}

TEST_CASE("a request that cannot be made is a response with the reason, or throws it") {
  check_texts(
      {{"of(http.get('https:// x/'))",
        "0|1020|invalid URL: parse \"https:// x/\": invalid character \" \" in host name|"},
       {"of(http.get(undefined))", "0|1020|invalid URL: '#<nil>'|"},
       {"of(http.get('ftp://x/'))", "0|1000|unsupported protocol scheme \"ftp\"|"},
       {"http.get('ftp://x/', thrown)",
        "Error: Get \"ftp://x/\": unsupported protocol scheme \"ftp\""},
       {"http.post('http://localhost/', 5).error.startsWith('unknown request body type')", "true"},
       {"http.post('http://localhost/', [1]).error.startsWith('unknown request body type')",
        "true"},
       {"http.post('http://localhost/', 'x', { compression: 'lzma' }).error.slice(0, 34)",
        "unknown compression algorithm lzma"},
       {"await http.asyncRequest('GET', 'ftp://x/', null, thrown).catch((e) => 'caught ' + "
        "e.message)",
        "caught Get \"ftp://x/\": unsupported protocol scheme \"ftp\""},
       {"http.get('http://localhost/', { auth: 'ntlm' })",
        "Error: auth \"ntlm\" is not supported; basic and digest are"}});
}

TEST_CASE("a batch says what is wrong with it, and is not sent where one of it is") {
  check_texts(
      {{"http.batch()", "Error: no argument was provided to http.batch()"},
       {"http.batch([], [])", "Error: http.batch() accepts only an array or an object of requests"},
       {"http.batch([{ method: 'GET' }])", "Error: batch request 0 doesn't have a url key"},
       {"http.batch(['https:// x/', 'http://localhost/']).map((r) => r && r.error_code).join()",
        "1020,"}});
}

TEST_CASE("a body that is none is null, and says so where JSON or HTML is wanted of it") {
  ScriptWorld world;
  world.answers = {{"/none", reply("", "", "204 No Content")}, {"/", reply("<p>hi</p>")}};
  world.play(
      "import http from 'k6/http';"
      "const why = (f) => { try { return f() } catch (e) { return e.message } };"
      "export default function () {"
      "  const r = http.get('http://localhost/');"
      "  console.log(http.get('http://localhost/none').body === null);"
      "  console.log(why(() => http.get('http://localhost/', { responseType: 'none' }).html()));"
      "  console.log(why(() => r.json()));"
      "  console.log(r.json('a.b') === undefined, r.html('p').text(), r.html().url);"
      "}");
  CHECK(world.told == std::vector<std::string>{});
  REQUIRE(world.said.size() == 4);
  CHECK(world.said[0] == "console.log: true");
  CHECK(world.said[1].contains("the body is null so we can't transform it to HTML"));
  CHECK(world.said[2].contains("line 1, character 1 , error: invalid character '<'"));
  CHECK(world.said[3] == "console.log: true hi http://localhost/");
}

TEST_CASE("a path into JSON has wildcards and conditions") {
  ScriptWorld world;
  world.answers = {{"/", reply(R"({"friends": [{"first": "Dale", "last": "Murphy", "age": 44},)"
                               R"({"first": "Roger", "last": "Craig", "age": 68},)"
                               R"({"first": "Jane", "last": "Murphy", "age": 47}],)"
                               R"("fav.movie": "Deer", "children": ["Sara", "Alex"]})")}};
  world.play(
      "import http from 'k6/http';"
      "export default function () {"
      "  const r = http.get('http://localhost/');"
      "  for (const path of ['friends.#(last==\"Murphy\").first', "
      "    'friends.#(last==\"Murphy\")#.first', 'friends.#(age>45)#.last', "
      "    'friends.#(first%\"R*\").age', 'child*.1', 'c?ildren.0', 'fav\\\\.movie', "
      "    'friends.#(age>100).first', 'friends.#(age>100)#', 'children.#', 'friends.#.age', "
      "    'children.#(!%\"S*\")', 'friends.#(', 'friends.#(nick)'])"
      "    console.log(JSON.stringify(r.json(path)));"
      "}");
  CHECK(world.told == std::vector<std::string>{});
  const std::vector<std::string> wanted = {
      "\"Dale\"",  R"(["Dale","Jane"])", R"(["Craig","Murphy"])",
      "68",        "\"Alex\"",           "\"Sara\"",
      "\"Deer\"",  "undefined",          "[]",
      "2",         "[44,68,47]",         "\"Alex\"",
      "undefined", "undefined"};
  REQUIRE(world.said.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(world.said[i] == "console.log: " + wanted[i]);
}

TEST_CASE("a response shows what was asked, with the agent and all cookies") {
  ScriptWorld world;
  world.play(
      "import http from 'k6/http';"
      "export default function () {"
      "  http.cookieJar().set('http://localhost/', 'b', '2', { secure: false });"
      "  const { request } = http.get('http://localhost/', {"
      "    headers: { 'x-own': '1', 'content-length': '12', 'User-Agent': 'me' }, cookies: { a: "
      "'1' } });"
      "  console.log(JSON.stringify(request.headers));"
      "  console.log(request.cookies.a[0].value, request.cookies.b[0].name);"
      "  http.get('http://localhost/', { headers: { 'user-agent': '' } });"
      "}");
  REQUIRE(world.said.size() == 2);
  CHECK(world.said[0] ==
        R"(console.log: {"X-Own":["1"],"User-Agent":["me"],"Cookie":["a=1; b=2"]})");
  CHECK(world.said[1] == "console.log: 1 b");
  REQUIRE(world.requests.size() == 2);
  CHECK(field_of(world.requests[0], "user-agent") == "me");
  CHECK(field_of(world.requests[1], "user-agent") == "-");
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("doesn't match the actual request body length of 0"));
}

TEST_CASE("each redirect counts under its own URL and method, or under the name of the request") {
  ScriptWorld world;
  world.answers = {{"/from", reply("", "Location: /to\r\n", "302 Found")}, {"/", reply("x")}};
  world.play(
      "import http from 'k6/http';"
      "export default function () {"
      "  http.post('http://localhost/from', 'x');"
      "  http.post('http://localhost/from', 'x', { tags: { name: 'mine' } });"
      "  http.get('http://ann:pw@localhost/');"
      "}");
  CHECK(world.sum("http_reqs", {{"method", "POST"}, {"url", "http://localhost/from"}}) == 1);
  CHECK(world.sum("http_reqs", {{"method", "GET"}, {"url", "http://localhost/to"}}) == 1);
  CHECK(world.sum("http_reqs", {{"name", "mine"}}) == 2);
  CHECK(world.sum("http_reqs", {{"method", "GET"}, {"name", "mine"}}) == 1);
  CHECK(world.sum("http_reqs", {{"url", "http://****:****@localhost/"}}) == 1);
}

TEST_CASE("httpDebug shows requests and responses, in full with their bodies") {
  const auto shown = [](const std::string& debug) {
    ScriptWorld world;
    world.answers = {{"/a", reply("answer", "X-Own: 1\r\n")}};
    world.play("import http from 'k6/http'; export const options = { httpDebug: '" + debug +
               "' }; export default () => { http.post('http://localhost/a', 'question') };");
    return world.said;
  };
  CHECK(shown("").empty());
  const auto heads = shown("headers");
  REQUIRE(heads.size() == 2);
  CHECK(heads[0].starts_with("http-debug: Request:\nPOST /a HTTP/1.1\r\nHost: localhost\r\n"));
  CHECK(heads[1].starts_with("http-debug: Response:\nHTTP/1.1 200 OK\r\n"));
  CHECK(heads[1].contains("X-Own: 1\r\n"));
  CHECK_FALSE(heads[1].contains("answer"));
  const auto full = shown("full");
  REQUIRE(full.size() == 2);
  CHECK(full[0].ends_with("\r\n\r\nquestion"));
  CHECK(full[1].ends_with("\r\n\r\nanswer"));
}

TEST_CASE("who never said how many redirects to follow is told where they were too many") {
  const auto told = [](const std::string& params) {
    ScriptWorld world;
    world.answers = {{"/", reply("", "Location: /\r\n", "302 Found")}};
    world.play(
        "import http from 'k6/http';"
        "export default () => { http.get('http://localhost/', " +
        params + ") };");
    return world.told.empty() ? std::string() : world.told[0];
  };
  CHECK(told("{}").contains("Stopped after 11 redirects"));
  CHECK(told("{ redirects: 2 }").empty());
}

}  // namespace brunt
