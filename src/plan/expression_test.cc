#include "plan/expression.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "base/file.h"
#include "plan/expression_functions.h"
#include "plan/json_template.h"

namespace brunt {
namespace {

// A plan's worth of names: var store and size, capture session, loop variable item, data users,
// service collector, env HOME.
struct World {
  NameTable names;
  std::vector<Json> slots{Json("s-1"), Json(),
                          *Json::parse(R"({"a": [1, {"b": "deep"}], "n": 7})")};
  std::array<Json, 2> cells{Json("ann"), Json("42")};
  std::array<const Json*, 2> rows{cells.data(), nullptr};
  std::vector<std::string> members = std::vector<std::string>(service_members.size());
  Prng prng{7};
  Scope scope;

  World() {
    add("store", ConstantSymbol{Json("sqlite")});
    add("size", ConstantSymbol{Json(12)});
    add("session", SlotSymbol{0});
    add("missing", SlotSymbol{1});
    add("item", SlotSymbol{2});
    add("users", DataSymbol{0, {"name", "age"}});
    add("nobody", DataSymbol{1, {"name"}});
    add("collector", ServiceSymbol{0});
    add("env", EnvironmentSymbol{{{"HOME", "/root"}}});
    members[0] = "http://127.0.0.1:8080";
    scope = {.slots = slots,
             .rows = rows,
             .members = members,
             .scenario = "device",
             .vu = 3,
             .iteration = 4,
             .iteration_in_test = 44,
             .prng = &prng,
             .now = {1'767'323'045'678'000'000}};
  }
  void add(std::string_view name, Symbol symbol) {
    REQUIRE(names.add(name, std::move(symbol), "name", {}));
  }

  std::string value(std::string_view source) {
    const auto expression = Expression::compile(source, names);
    if (!expression) return "compile: " + expression.error().text;
    const auto result = expression->evaluate(scope);
    return result ? result->dump() : "error: " + result.error().text;
  }
  std::string text(std::string_view source) {
    const auto compiled = Template::compile(source, names);
    if (!compiled) return "compile: " + compiled.error().text;
    const auto result = compiled->expand(scope);
    return result ? *result : "error: " + result.error().text;
  }
};

struct Row {
  std::string_view source, expected;
};

void check_values(std::span<const Row> rows) {
  for (const Row& row : rows) {
    World world;
    CAPTURE(row.source);
    CHECK(world.value(row.source) == row.expected);
  }
}

}  // namespace

TEST_CASE("expressions compute with the usual precedence") {
  constexpr std::array rows = {
      Row{"1 + 2 * 3", "7"},
      Row{"(1 + 2) * 3", "9"},
      Row{"10 - 4 - 3", "3"},
      Row{"7 / 2", "3.5"},
      Row{"8 / 2", "4"},
      Row{"-7 % 3", "-1"},
      Row{"7.5 % 2", "1.5"},
      Row{"- -3", "3"},
      Row{"1 < 2 && 2 <= 2", "true"},
      Row{"1 == 1.0", "true"},
      Row{"\"1\" == 1", "false"},
      Row{"\"a\" < 'b'", "true"},
      Row{"1 != 2 || nosuch", "compile: unknown name \"nosuch\""},
      Row{"!0 && !\"\" && !null", "true"},
      Row{"vu > 2 ? \"many\" : \"few\"", "\"many\""},
      Row{"false ? 1 : true ? 2 : 3", "2"},
      Row{"\"n\" + 1 + 2", "\"n12\""},
      Row{"1 + 2 + \"n\"", "\"3n\""},
      Row{"9223372036854775807 + 1", "9223372036854775808"},
      Row{"[1, \"a\", [vu]][2][0]", "3"},
      Row{"1e3", "1000"},
      Row{"'it\\'s \\\"q\\\"\\n'", "\"it's \\\"q\\\"\\n\""},
  };
  check_values(rows);
}

TEST_CASE("names stand for the values of the scope") {
  constexpr std::array rows = {
      Row{"session", "\"s-1\""},
      Row{"item.a[1].b", "\"deep\""},
      Row{"item.a[-2]", "1"},
      Row{"item['n'] * 2", "14"},
      Row{"item.nosuch", "null"},
      Row{"item.a[9]", "null"},
      Row{"missing == null", "true"},
      Row{"missing.x", "error: missing is not set"},
      Row{"users.name + users.age", "\"ann42\""},
      Row{"number(users.age) + 1", "43"},
      Row{"users", R"({"name":"ann","age":"42"})"},
      Row{"nobody.name", "null"},
      Row{"collector.url + '/x'", "\"http://127.0.0.1:8080/x\""},
      Row{"collector.port", "error: the service has no collector.port"},
      Row{"[vu, iteration, iteration_in_test, scenario]", R"([3,4,44,"device"])"},
      Row{"store + size", "\"sqlite12\""},
      Row{"env.HOME", "\"/root\""},
      Row{"env('NOPE', 'other') + env('HOME')", "\"other/root\""},
  };
  check_values(rows);
}

TEST_CASE("functions give what the reference says") {
  constexpr std::array rows = {
      Row{"now()", "\"2026-01-02T03:04:05.678Z\""},
      Row{"now('1h')", "\"2026-01-02T04:04:05.678Z\""},
      Row{"now('-2d')", "\"2025-12-31T03:04:05.678Z\""},
      Row{"now_ms()", "1767323045678"},
      Row{"unix('+1s')", "1767323046"},
      Row{"date('%d.%m.%Y %H:%M:%S.%L %%')", "\"02.01.2026 03:04:05.678 %\""},
      Row{"date('')", "\"\""},
      Row{"base64('hello') + base64_decode('aGVsbG8=')", "\"aGVsbG8=hello\""},
      Row{"url('a b/c')", "\"a%20b%2Fc\""},
      Row{"json([1, 'x'])", "\"[1,\\\"x\\\"]\""},
      Row{"parse_json('[1, 2]')[1]", "2"},
      Row{"lower('ABC') + upper('def') + trim('  x ')", "\"abcDEFx\""},
      Row{"len('äö') + len([1, 2, 3])", "5"},
      Row{"round(2.5) + floor(-1.5) + ceil(1.2)", "3"},
      Row{"round(3.14159, 2)", "3.14"},
      Row{"min(3, 1, 2) + max(3, 1, 2) + abs(-4)", "8"},
      Row{"pad(7, 3) + pad('x', 3, ' ')", "\"007  x\""},
      Row{"fixed(2, 3)", "\"2.000\""},
      Row{"replace('aXbX', 'X', '--')", "\"a--b--\""},
      Row{"join([1, 'b'], '; ')", "\"1; b\""},
      Row{"split('a,b,c', ',')[1]", "\"b\""},
      Row{"contains('abc', 'b') && contains([1, 2], 2) && !contains([1], 3)", "true"},
      Row{"starts_with('abc', 'ab') && ends_with('abc', 'bc')", "true"},
      Row{"range(3)", "[0,1,2]"},
      Row{"default(missing, 5) + default(size, 1)", "17"},
      Row{"pick('only')", "\"only\""},
      Row{"weighted('never', 0, 'always', 1)", "\"always\""},
      Row{"chance(1) && !chance(0)", "true"},
      Row{"int(5, 5) + float(2, 2)", "7"},
      Row{"text(1.5) + text([1])", "\"1.5[1]\""},
      Row{"number(' 12 ') + number('1.5')", "13.5"},
  };
  check_values(rows);
}

TEST_CASE("what cannot be computed says why") {
  constexpr std::array rows = {
      Row{"1 / 0", "compile: division by zero"},
      Row{"1 / (vu - 3)", "error: division by zero"},
      Row{"1 % 0.0", "compile: division by zero"},
      Row{"'a' * 2",
          "compile: * needs numbers, not a string and a number; number() makes one of a text"},
      Row{"users.age > 18",
          "error: > cannot compare a string with a number; number() makes one of a text"},
      Row{"missing + 'x'", "error: one side of + is null: is the variable set?"},
      Row{"int(5, 1)", "error: int(5, 1): the first is the larger"},
      Row{"int(1, 2.5)", "error: int() needs a whole number, not 2.5"},
      Row{"string(-1)", "error: string() takes a length from 0 to 1048576, not -1"},
      Row{"number('x')", "compile: \"x\" is not a number"},
      Row{"sesion", "compile: unknown name \"sesion\"; did you mean \"session\"?"},
      Row{"uuid", "compile: \"uuid\" is a function: write uuid()"},
      Row{"uid()", "compile: unknown function \"uid\"; did you mean \"uuid\"?"},
      Row{"int(1)", "compile: int() does not take 1 argument: int(low, high)"},
      Row{"collector",
          "compile: \"collector\" is a service: write collector.url or collector.address"},
      Row{"collector.adress",
          "compile: a service has no member \"adress\"; did you mean \"address\"?"},
      Row{"users.nam",
          "compile: the data \"users\" have no column \"nam\"; did you mean \"name\"?"},
      Row{"env.NOPE",
          "compile: the environment variable NOPE is not set; env(\"NOPE\", "
          "\"otherwise\") gives it a default"},
      Row{"response.status", "compile: unknown name \"response\""},
      Row{"", "compile: the expression ends too early"},
      Row{"1 +", "compile: the expression ends too early"},
      Row{"(1", "compile: the expression ends where \")\" is missing"},
      Row{"'abc", "compile: the quoted text does not end"},
      Row{"'a\\q'", "compile: unknown escape: \\n, \\r, \\t, \\\\, \\\" and \\' are known"},
      Row{"1 2", "compile: the expression should end here"},
      Row{"1h", "compile: a number with a unit is a text: write it in quotes"},
      Row{"a.", "compile: unknown name \"a\""},
      Row{"item.", "compile: expected a member's name after the dot"},
      Row{"@", "compile: \"@\" cannot start a value"},
  };
  check_values(rows);
}

TEST_CASE("an expression that nests too deeply is refused, not run off the stack") {
  World world;
  const std::string parentheses(5000, '(');
  CHECK(world.value(parentheses + "1") == "compile: the expression is nested too deeply");
  std::string chain = "vu";
  for (int i = 0; i < 1000; ++i) chain += "+vu";
  CHECK(world.value(chain) ==
        "compile: the expression is too deep or too long: split it with vars");
  CHECK(world.value(std::string(3000, '!') + "1") ==
        "compile: the expression is nested too deeply");
}

TEST_CASE("a template joins text and values") {
  constexpr std::array rows = {
      Row{"", ""},
      Row{"plain $ text", "plain $ text"},
      Row{"cost: $5 and $", "cost: $5 and $"},
      Row{"$${store}", "${store}"},
      Row{"/x/${session}?n=${vu}&i=${iteration}", "/x/s-1?n=3&i=4"},
      Row{"${store}-${size}", "sqlite-12"},
      Row{"${item.a}", "[1,{\"b\":\"deep\"}]"},
      Row{"${ '}' + \"{\" }", "}{"},
      Row{"a${missing}b", "error: missing is not set"},
      Row{"${null}", "error: the expression is not set"},
      Row{"a ${1 + }", "compile: \"}\" cannot start a value"},
      Row{"a ${vu", "compile: the } of ${ is missing"},
      Row{"a ${vu vu}", "compile: expected }"},
  };
  for (const Row& row : rows) {
    World world;
    CAPTURE(row.source);
    CHECK(world.text(row.source) == row.expected);
  }
}

TEST_CASE("a text that is one whole expression keeps the type of its value") {
  World world;
  const auto typed = [&](std::string_view source) {
    return Template::compile(source, world.names)->evaluate(world.scope)->dump();
  };
  CHECK(typed("${size}") == "12");
  CHECK(typed("${vu}") == "3");
  CHECK(typed("${size} ") == "\"12 \"");
  CHECK(typed("${item.n == 7}") == "true");
  CHECK(typed("12") == "\"12\"");
  CHECK(typed("${missing}") == "null");
}

TEST_CASE("what does not depend on the run is constant once compiled") {
  World world;
  CHECK(Template::compile("${store}-${size * 2}", world.names)->is_constant());
  CHECK(Template::compile("${store}-${size * 2}", world.names)->text() == "sqlite-24");
  CHECK(Template::compile("${store}", world.names)->text() == "sqlite");
  CHECK_FALSE(Template::compile("${uuid()}", world.names)->is_constant());
  CHECK_FALSE(Template::compile("${session}", world.names)->is_constant());
  CHECK_FALSE(Template::compile("${null}", world.names)->is_constant());
}

TEST_CASE("the error of a template points at the byte") {
  World world;
  CHECK(Template::compile("abc ${1 + nosuch}", world.names).error().offset == 10);
  CHECK(Template::compile("${vu} ${1 / 0}", world.names).error().offset == 10);
}

TEST_CASE("what an expression uses is known without running it") {
  World world;
  Uses uses;
  Template::compile("${users.name} ${collector.url}", world.names)->collect(uses);
  CHECK(uses.data_sets == std::set<std::uint32_t>{0});
  CHECK(uses.services == std::set<std::uint32_t>{0});
}

TEST_CASE("chance is repeatable and stays in its bounds") {
  World one, other;
  CHECK(one.value("uuid()") == other.value("uuid()"));
  CHECK(one.value("uuid()") != one.value("uuid()"));
  const std::string uuid = one.text("${uuid()}");
  CHECK(uuid.size() == 36);
  CHECK(uuid[14] == '4');
  CHECK(std::string_view("89ab").contains(uuid[19]));
  CHECK(one.text("${string(20)}").size() == 20);
  CHECK(one.text("${digits(9)}").find_first_not_of("0123456789") == std::string::npos);
  CHECK(one.text("${hex(16)}").find_first_not_of("0123456789abcdef") == std::string::npos);
  for (int i = 0; i < 100; ++i) {
    CHECK(std::string_view("234").contains(one.value("int(2, 4)")));
    CHECK(std::string_view("\"a\"\"b\"").contains(one.value("pick('a', 'b')")));
  }
}

TEST_CASE("appending takes no allocation once the text has room") {
  World world;
  std::string out;
  out.reserve(256);
  const char* before = out.data();
  const auto compiled =
      Template::compile("/d/${session}/${vu}/${uuid()}/${now()}/${int(1, 9)}", world.names);
  REQUIRE(compiled);
  REQUIRE(compiled->append(world.scope, out));
  CHECK(out.starts_with("/d/s-1/3/"));
  CHECK(out.data() == before);
}

TEST_CASE("a JSON template keeps types and escapes texts") {
  World world;
  const auto body = compile_json_template(
      *Json::parse(
          R"({"a": "${vu}", "b": "x${vu}", "c": [1, "${session}", null], "d": {"e": "${item}"},
                       "f": "${'a\"b'}", "g${vu}": "${missing}"})"),
      world.names);
  REQUIRE(body);
  std::string out;
  REQUIRE(body->append(world.scope, out));
  CHECK(out == R"({"a":3,"b":"x3","c":[1,"s-1",null],"d":{"e":{"a":[1,{"b":"deep"}],"n":7}},)"
               R"("f":"a\"b","g${vu}":null})");
}

TEST_CASE("a name stands for one thing only") {
  NameTable plan;
  REQUIRE(plan.add("store", ConstantSymbol{Json("x")}, "var", {3, 5}));
  NameTable scenario(&plan);
  CHECK(scenario.add("store", SlotSymbol{0}, "capture", {9, 1}).error().text ==
        "the capture \"store\" clashes with the var \"store\" of line 3: every name stands for one "
        "thing");
  CHECK(scenario.add("vu", SlotSymbol{0}, "capture", {}).error().text ==
        "a capture cannot be called \"vu\": brunt itself uses that name");
  CHECK(scenario.add("a-b", SlotSymbol{0}, "capture", {})
            .error()
            .text.starts_with("\"a-b\" cannot be a capture's name in expressions"));
  REQUIRE(scenario.add("x", SlotSymbol{0}, "loop variable", {}));
  scenario.remove("x");
  CHECK(scenario.find("x") == nullptr);
  CHECK(scenario.find("store") != nullptr);
}

TEST_CASE("functions stand in the order of the alphabet, and in the reference with their usage") {
  const auto reference = read_file(BRUNT_SOURCE_DIR "/docs/reference/expressions.md");
  REQUIRE(reference);
  std::string_view last;
  for (const ExpressionFunction& function : expression_functions()) {
    CAPTURE(function.name);
    CHECK(last < function.name);
    CHECK(function.usage.starts_with(std::string(function.name) + "("));
    CHECK(reference->contains("| `" + std::string(function.usage) + "` |"));
    last = function.name;
  }
}

}  // namespace brunt
