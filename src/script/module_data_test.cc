#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string users = R"(
import { SharedArray } from 'k6/data';
const users = new SharedArray('users', function () {
  return [{ name: 'a', tags: ['x'] }, { name: 'b', tags: [] }, 'text', 7, null, undefined];
});
)";

// What the default function says on the console.
std::vector<std::string> said_by(const std::string& body, int vus = 1) {
  ScriptWorld world;
  world.play(users + "export default function () {" + body + "}", {.vus = vus});
  CHECK(world.told == std::vector<std::string>{});
  return world.said;
}

std::string thrown_by(const std::string& body) {
  ScriptWorld world;
  world.play(users + "export default function () {" + body + "}");
  return world.told.empty() ? "nothing" : world.told[0];
}

std::string error_of(const std::string& init) {
  const auto plan = read_script(
      "import { SharedArray } from 'k6/data';" + init + "\nexport default function () {}",
      "test.js", {});
  return plan ? "nothing" : plan.error().text;
}

}  // namespace

TEST_CASE("a shared array is made once and read by every virtual user") {
  ScriptWorld world;
  world.play(
      "import { SharedArray } from 'k6/data';"
      "const drawn = new SharedArray('drawn', () => [Math.random()]);"
      "export default function () { console.log(drawn[0]) }",
      {.vus = 3});
  REQUIRE(world.said.size() == 3);
  CHECK(world.said[0] == world.said[1]);
  CHECK(world.said[0] == world.said[2]);
  const auto said = said_by("console.log(__VU, users.length, users[1].name);", 3);
  CHECK(said ==
        std::vector<std::string>{"console.log: 1 6 b", "console.log: 2 6 b", "console.log: 3 6 b"});
}

TEST_CASE("a shared array reads like any array") {
  struct Row {
    std::string expression, value;
  };
  for (const Row& row : std::vector<Row>{
           {"users[0]", R"({ name: "a", tags: [ "x" ] })"},
           {"users[2]", "text"},
           {"users[3] + 1", "8"},
           {"users[4]", "null"},
           {"users[5]", "null"},
           {"users[6]", "undefined"},
           {"users[-1]", "undefined"},
           {"users['01']", "undefined"},
           {"users.nope", "undefined"},
           {"users.at(-3)", "7"},
           {"Array.isArray(users)", "true"},
           {"users.slice(2, 4)", R"([ "text", 7 ])"},
           {"[...users].length", "6"},
           {"users.map((u) => typeof u).join()", "object,object,string,number,object,object"},
           {"users.find((u) => u.name === 'b').tags", "[]"},
           {"Object.keys(users)", R"([ "0", "1", "2", "3", "4", "5" ])"},
           {"2 in users", "true"},
           {"9 in users", "false"},
           {"JSON.stringify(users).length", "69"},
           {"[1].concat(users).length", "7"},
           {"[...users.entries()][3]", "[ 3, 7 ]"},
       })
    CHECK_MESSAGE(said_by("console.log(" + row.expression + ");") ==
                      std::vector<std::string>{"console.log: " + row.value},
                  row.expression);
}

TEST_CASE("nobody changes a shared array or what is in it") {
  CHECK(thrown_by("users[0] = 1").starts_with("TypeError: SharedArray is immutable"));
  CHECK(thrown_by("users.push(1)").starts_with("TypeError: SharedArray is immutable"));
  CHECK(thrown_by("users.length = 0").starts_with("TypeError: SharedArray is immutable"));
  CHECK(thrown_by("Object.freeze(users)").starts_with("TypeError: SharedArray is immutable"));
  CHECK(thrown_by("delete users[0]").starts_with("TypeError: SharedArray is immutable"));
  CHECK(thrown_by("users[0].name = 'c'")
            .starts_with("TypeError: Cannot assign to read only property 'name'"));
  CHECK(thrown_by("users[0].more = 'c'")
            .starts_with("TypeError: Cannot add property more, object is not extensible"));
  CHECK(thrown_by("users[0].tags.push('y')").starts_with("TypeError: "));
}

TEST_CASE("a shared array is made in init code of a function that gives an array") {
  CHECK(thrown_by("new SharedArray('late', () => [])")
            .starts_with("Error: new SharedArray must be called in the init context"));
  CHECK(error_of("new SharedArray('', () => [])").contains("empty name"));
  CHECK(error_of("new SharedArray('a', [])").contains("a function is expected"));
  CHECK(error_of("new SharedArray('a', () => 5)").contains("only arrays"));
  CHECK(error_of("new SharedArray('a', () => { throw new Error('own') })").contains("own"));
  CHECK(error_of("const circle = {}; circle.me = circle; new SharedArray('a', () => [circle])")
            .contains("circular"));
  CHECK(error_of("let deep = []; for (let i = 0; i < 600; ++i) deep = [deep];"
                 "new SharedArray('a', () => [1, deep])")
            .contains("element 1 is nested too deep"));
}

TEST_CASE("two shared arrays of one name are one") {
  ScriptWorld world;
  world.play(users +
             "const again = new SharedArray('users', () => [1]);"
             "export default () => console.log(again.length)");
  CHECK(world.said == std::vector<std::string>{"console.log: 6"});
}

}  // namespace brunt
