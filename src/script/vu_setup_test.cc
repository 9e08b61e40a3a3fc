// vuSetup(): once for each virtual user, before its first iteration.
#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {

TEST_CASE("vuSetup runs once for each virtual user and its iterations get what it returned") {
  ScriptWorld world;
  world.answers = {{"/login", reply("{}")}};
  world.play(
      "import http from 'k6/http';"
      "export async function vuSetup(data) {"
      "  http.get('http://localhost/login');"
      "  return { me: `${data.shop}-${__VU}` } }"
      "export default function (data, mine) {"
      "  mine.seen = (mine.seen ?? 0) + 1; console.log(data.shop, mine.me, mine.seen) }",
      {.vus = 2, .iterations = 2, .setup_data = R"({"shop":"tea"})"});
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.said ==
        std::vector<std::string>{"console.log: tea tea-1 1", "console.log: tea tea-1 2",
                                 "console.log: tea tea-2 1", "console.log: tea tea-2 2"});
  CHECK(world.sum("http_reqs") == 2);
  CHECK(world.sum("http_reqs", {{"group", "::vuSetup"}}) == 2);
}

TEST_CASE(
    "cookies that vuSetup got are there in each iteration, and those of an iteration are not") {
  ScriptWorld world;
  world.play(
      "import http from 'k6/http';"
      "export function vuSetup() { http.cookieJar().set('http://localhost/', 'session', 'kept') }"
      "export default function () {"
      "  const jar = http.cookieJar(); const there = jar.cookiesForURL('http://localhost/');"
      "  console.log(Object.keys(there).join()); jar.set('http://localhost/', 'own', 'gone') }",
      {.iterations = 2});
  CHECK(world.told == std::vector<std::string>{});
  CHECK(world.said == std::vector<std::string>{"console.log: session", "console.log: session"});
}

TEST_CASE("a script without vuSetup has no second argument") {
  ScriptWorld world;
  world.play("export default function (data, mine) { console.log(typeof mine) }");
  CHECK(world.said == std::vector<std::string>{"console.log: undefined"});
}

TEST_CASE("rows are for virtual users, and of arrays that are there") {
  ScriptWorld world, setup;
  const std::string script =
      "import { takeRow } from 'brunt/data'; import { SharedArray } from 'k6/data';"
      "new SharedArray('users', () => [1, 2]);"
      "export const setup = () => takeRow('users');"
      "export default () => takeRow('user')";
  CHECK(setup.stage(script, "setup").error().text.contains("takeRow() is for virtual users"));
  world.play(script);
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("the script has no SharedArray \"user\"; did you mean \"users\"?"));
}

}  // namespace brunt
