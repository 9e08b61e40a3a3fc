// CommonJS, TypeScript, await at the top level, and what is wrong with a script's modules.
#include <fmt/format.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

// Runs `script` beside the files; what it said.
std::vector<std::string> said_with(const std::map<std::string, std::string>& files,
                                   const std::string& script, const std::string& name = "main.js") {
  const TemporaryFolder folder = script_folder(files);
  ScriptWorld world;
  world.path = folder / name;
  world.play(script);
  CHECK(world.told.empty());
  std::vector<std::string> texts;
  for (const std::string& line : world.said) texts.push_back(line.substr(line.find(": ") + 2));
  return texts;
}

std::string error_with(const std::map<std::string, std::string>& files, const std::string& script,
                       const std::string& name = "main.js") {
  const TemporaryFolder folder = script_folder(files);
  const auto plan = read_script(script, folder / name, {});
  REQUIRE_FALSE(plan.has_value());
  std::string text = plan.error().text;
  // The folder's name differs each time.
  for (auto at = text.find(folder.path().string()); at != std::string::npos;
       at = text.find(folder.path().string()))
    text.replace(at, folder.path().string().size() + 1, "");
  return text;
}

using SaidTexts = std::vector<std::string>;

}  // namespace

TEST_CASE("a script may be CommonJS, and require modules of k6, files and JSON") {
  CHECK(said_with({{"lib.js", "exports.twice = (n) => 2 * n; let n = 0; exports.next = () => ++n;"},
                   {"whole.js", "module.exports = function (x) { return `whole ${x}`; };"},
                   {"es.js", "export const kind = 'es'; export default 5;"},
                   {"data.json", "[1, 2, 3]"}},
                  "const { check } = require('k6'); const http = require('k6/http');\n"
                  "const lib = require('./lib.js'); const whole = require('./whole.js');\n"
                  "const again = require('./lib.js'); const es = require('./es.js');\n"
                  "const data = require('./data.json');\n"
                  "module.exports.options = { vus: 1, iterations: 1 };\n"
                  "module.exports.default = function () {\n"
                  "  console.log(lib.twice(4), whole('x'), again === lib, es.kind, es.default,"
                  "    data[2], typeof check, typeof http.get);\n"
                  "};\n") == SaidTexts{"8 whole x true es 5 3 function function"});
}

TEST_CASE("an ES module imports a CommonJS one by name and as a whole") {
  CHECK(said_with({{"umd.js",
                    "(function (root, factory) {\n"
                    "  if (typeof exports === 'object' && typeof module !== 'undefined')\n"
                    "    module.exports = factory();\n"
                    "  else root.umd = factory();\n"
                    "})(this, function () { return { add: (a, b) => a + b, version: '1' }; });"}},
                  "import umd, { add } from './umd.js';\n"
                  "export default () => console.log(add(1, 2), umd.version, umd.add === add)") ==
        SaidTexts{"3 1 true"});
}

TEST_CASE("CommonJS modules may ask for each other in a circle") {
  CHECK(said_with({{"a.js", "exports.early = 1; exports.b = require('./b.js').name;"},
                   {"b.js", "const a = require('./a.js'); exports.name = 'b' + a.early;"}},
                  "import a from './a.js'; export default () => console.log(a.b)") ==
        SaidTexts{"b1"});
}

TEST_CASE("ES modules may import each other in a circle") {
  CHECK(said_with({{"a.js", "import { b } from './b.js'; export const a = () => 'a' + b(0);"},
                   {"b.js", "import { a } from './a.js'; export const b = (n) => n ? a() : 'b';"}},
                  "import { b } from './b.js'; export default () => console.log(b(1))") ==
        SaidTexts{"ab"});
}

TEST_CASE("TypeScript loses its types and keeps its lines") {
  CHECK(said_with({{"types.ts",
                    "export interface User { id: number; name?: string }\n"
                    "export enum Kind { One = 1, Two }\n"
                    "export const show = <T extends User>(user: T): string => `${user.id}`;\n"}},
                  "import { show, Kind, type User } from './types.ts';\n"
                  "import type { Options } from 'k6/options';\n"
                  "export const options: Options = { iterations: 1 };\n"
                  "class Box<T> { constructor(private readonly value: T) {} get(): T { return "
                  "this.value as T } }\n"
                  "export default function (): void {\n"
                  "  const user: User = { id: 7 };\n"
                  "  console.log(show(user), Kind.Two, new Box<number>(3).get(), user!.id);\n"
                  "}\n",
                  "main.ts") == SaidTexts{"7 2 3 7"});
  CHECK(error_with({}, "const a: number = ;\nexport default () => {}", "main.ts")
            .contains("main.ts"));
  ScriptWorld world;
  world.path = "late.ts";
  world.play("type A = { a: number };\n\nexport default (): void => {\n\n  none(); };\n");
  REQUIRE(world.told.size() == 1);
  CHECK_MESSAGE(world.told[0].contains("late.ts:5"), world.told[0]);
}

TEST_CASE("standard input may be JavaScript or TypeScript") {
  for (const char* text : {"export default function () { console.log('in') }",
                           "export default function (): void { console.log('in' as string) }"}) {
    ScriptWorld world;
    world.path = "-";
    world.play(text);
    CHECK(world.said == SaidTexts{"console.log: in"});
  }
}

TEST_CASE("a module may await at its top level what init code can know") {
  CHECK(said_with({{"lib.js", "export const late = await Promise.resolve('lib');"}},
                  "import { late } from './lib.js';\n"
                  "const one = await Promise.resolve(1);\n"
                  "export const options = { iterations: 1, vus: one };\n"
                  "export default function () { console.log(one, late, inner()); }\n"
                  "function inner() { return 'in' }\n") == SaidTexts{"1 lib in"});
  CHECK(error_with({}, "await new Promise(() => {}); export default () => {}")
            .contains("does not come to an end"));
  CHECK(error_with({}, "await Promise.reject(new Error('early')); export default () => {}")
            .contains("Error: early"));
}

TEST_CASE("classes may have static blocks and look for private names") {
  CHECK(said_with({},
                  "class Box { static count = 1; static { Box.count += 1; this.seen = true; }\n"
                  "  #key = 1; static is(it) { return #key in it && it.#key === 1; } }\n"
                  "export default () => console.log(Box.count, Box.seen, Box.is(new Box()), "
                  "Box.is({}))") == SaidTexts{"2 true true false"});
}

TEST_CASE("import.meta.resolve gives what open and require understand") {
  CHECK(said_with({{"lib/data.txt", "text"},
                   {"lib/util.js", "exports.two = 2;"},
                   {"lib/near.js", "export const near = open(import.meta.resolve('./data.txt'));"}},
                  "import { near } from './lib/near.js';\n"
                  "const { two } = require(import.meta.resolve('./lib/util.js'));\n"
                  "const name = import.meta.resolve('./lib/data.txt');\n"
                  "export default () => console.log(near, two, name.startsWith('file:///'), "
                  "name.endsWith('/lib/data.txt'), import.meta.resolve('k6/http'))") ==
        SaidTexts{"text 2 true true k6/http"});
}

TEST_CASE("import.meta.resolve of a script with a relative name gives the whole path") {
  const TemporaryFolder folder =
      script_folder({{"near.txt", "text"}, {"near.js", "export const two = 2;"}});
  ScriptWorld world;
  world.path = std::filesystem::relative(folder.path()) / "main.js";
  world.play(
      "const name = import.meta.resolve('./near.txt'); const text = open(name);\n"
      "const { two } = require(import.meta.resolve('./near.js'));\n"
      "export default () => console.log(name, text, two)");
  CHECK(world.said ==
        SaidTexts{"console.log: file://" + folder.path().string() + "/near.txt text 2"});
}

TEST_CASE("built-ins of later years are there") {
  check_expressions(
      "class Late extends Error { constructor(text, cause) { super(text, { cause }); } }",
      {{"[3, 1, 2].toSorted()", "[1,2,3]"},
       {"[3, 1, 2].toReversed()", "[2,1,3]"},
       {"[3, 1, 2].with(-1, 9)", "[3,1,9]"},
       {"[3, 1, 2].with(3, 9)", "RangeError: with(): there is no index 3"},
       {"[3, 1, 2].toSpliced(1, 1, 7, 8)", "[3,7,8,2]"},
       {"new Uint8Array([3, 1]).toSorted().join()", "1,3"},
       {"new Error('a', { cause: 5 }).cause", "5"},
       {"['cause' in Error('a'), 'cause' in Error('a', { cause: undefined }), 'cause' in "
        "Error('a', {})]",
        "[false,true,false]"},
       {"[new Late('a', 7).cause, new Late('a') instanceof Late, new Late('a') instanceof Error]",
        "[7,true,true]"},
       {"new AggregateError([1], 'a', { cause: 2 }).cause", "2"},
       {"(() => { try { null.x } catch (e) { return e.constructor === TypeError && e instanceof "
        "Error } })()",
        "true"},
       {"new Error('a').stack.includes('polyfills')", "false"},
       {"new Date('2020-03-04 05:06').toISOString()", "2020-03-04T05:06:00.000Z"},
       {"new Date('March 4, 2020 05:06:07').toISOString()", "2020-03-04T05:06:07.000Z"},
       {"[Date.parse('nonsense'), Date.parse('2020-01-01')]", "[null,1577836800000]"},
       {"[new Date() instanceof Date, new Date(0).constructor === Date, typeof Date()]",
        R"([true,true,"string"])"},
       {"new Date(2020, 2, 4, 5, 6, 7).toLocaleString()", "03/04/2020, 05:06:07"}});
}

TEST_CASE("what is wrong with a script's modules is told with its name") {
  CHECK(error_with({}, "import x from './none.js'; export default () => {}") ==
        "import of none.js: it couldn't be found on local disk");
  CHECK(error_with({}, "const x = require('./none.js'); module.exports = () => {}")
            .contains("none.js"));
  CHECK(error_with({}, "const ws = require('k6/browser'); module.exports.default = () => {}")
            .contains("main.js:1: module k6/browser: browsers are not driven"));
  CHECK(error_with({}, "export const options = {}").contains("no exported functions"));
  CHECK(error_with({{"bad.js", "export const a = ;"}},
                   "import { a } from './bad.js'; export default () => {}")
            .contains("bad.js:1"));
  CHECK(error_with({{"a.js", "export const a = 1;"}},
                   "import { b } from './a.js'; export default () => {}")
            .contains("a.js has no b"));
  ScriptWorld world;
  world.play("export default () => { require('./x.js') }");
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("only available in the init stage"));
}

TEST_CASE("names that an export takes apart are exported") {
  CHECK(
      said_with({{"a.js",
                  "const all = { a: 1, list: [2, { b: 3 }], rest: 4, more: 5 };\n"
                  "export const { a, list: [two, { b: three }], late = ((x) => { const { y } = x; "
                  "return y; })({ y: 6 }), ...others } = all;\n"
                  "export let [first] = [7];"}},
                "import * as all from './a.js';\n"
                "export const { default: run, setup } = { default: () => "
                "console.log(JSON.stringify(all)), setup: () => 1 };\n"
                "export default () => run();") ==
      SaidTexts{R"({"a":1,"first":7,"late":6,"others":{"rest":4,"more":5},"three":3,"two":2})"});
}

TEST_CASE("exceptions of the language have the words of k6") {
  const std::pair<const char*, const char*> cases[] = {
      {"o.missing()", "TypeError: Object has no member 'missing'"},
      {"o.missing(1, o.other.kind ?? 2)", "TypeError: Object has no member 'missing'"},
      {"o['missing']()", "TypeError: Object has no member 'missing'"},
      {"o.list[3]()", "TypeError: Object has no member '3'"},
      {"'a'.split('').every(Boolean).more()", "TypeError: Object has no member 'more'"},
      {"o.maybe?.(); o.missing()", "TypeError: Object has no member 'missing'"},
      {"o.maybe?.(); let f; f()", "TypeError: Value is not an object: undefined"},
      {"o.nothing()", "TypeError: Value is not an object: undefined"},
      {"o.text()", "TypeError: Value is not an object: x"},
      {"o.other()", "TypeError: Not a function: [object Object]"},
      {"o.none.x()", "TypeError: Cannot read property 'x' of undefined or null"},
      {"o.nothing.x", "TypeError: Cannot read property 'x' of undefined"},
      {"o.nothing[1]", "TypeError: Cannot read property '1' of undefined"},
      {"new o.missing()", "TypeError: Value is not an object: undefined"},
      {"new (() => 1)()", "TypeError: Value is not a constructor"},
      {"[1].map(undefined)", "TypeError: Value is not an object: undefined"},
      {"[1].map({})", "TypeError: Value is not callable: [object Object]"},
      {"missing", "ReferenceError: missing is not defined"},
      {"late; let late", "ReferenceError: Cannot access late before initialization"},
      {"const a = 1; a = 2", "TypeError: Assignment to constant variable."},
      {"Object.freeze(o).text = 1", "TypeError: Cannot assign to read only property 'text'"},
      {"Object.freeze(o).y = 1", "TypeError: Cannot add property y, object is not extensible"},
      {"for (const x of 5);", "TypeError: object is not iterable"},
      {"[...o.nothing]", "TypeError: Cannot convert undefined or null to object"},
      {"const { a } = null", "TypeError: Cannot convert undefined or null to object"},
      {"JSON.parse('<html>')", "SyntaxError: invalid character '<' looking for beginning of value"},
      {"JSON.parse('')", "SyntaxError: Unexpected end of JSON input (EOF)"},
      {"JSON.parse('[1,')", "SyntaxError: unexpected EOF"},
      {"JSON.parse('{} x')", "SyntaxError: Unexpected token at the end: x"},
      {"JSON.parse('1', () => { throw 'mine' })", "mine"},
  };
  for (const auto& [code, words] : cases) {
    const std::string script = fmt::format(
        "const o = {{ text: 'x', other: {{}}, list: [], nothing: undefined, none: null }};\n"
        "export default function () {{ try {{ {} }} catch (e) {{ console.log(String(e)) }} }}",
        code);
    CHECK_MESSAGE(said_with({}, script) == SaidTexts{words}, code);
  }
}

TEST_CASE("an exception in a function of one line tells that line") {
  ScriptWorld world;
  world.play("const f = (x) => x.y.z; export default function () { f({}) }");
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0] ==
        "TypeError: Cannot read property 'z' of undefined, at f (test.js:1), from default "
        "(test.js:1)");
}

}  // namespace brunt
