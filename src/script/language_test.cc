// CommonJS, TypeScript, await at the top level, and what is wrong with a script's modules.
#include <filesystem>
#include <fstream>

#include "script/script_test_world.h"

namespace brunt {
namespace {

// A folder of files that goes away again.
struct ScriptFolder {
  explicit ScriptFolder(std::map<std::string, std::string> files) {
    for (const auto& [name, text] : files) {
      std::filesystem::create_directories((path / name).parent_path());
      std::ofstream(path / name) << text;
    }
  }
  ~ScriptFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("brunt-language-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
};

// Runs `script` beside the files; what it said.
std::vector<std::string> said_with(const std::map<std::string, std::string>& files,
                                   const std::string& script, const std::string& name = "main.js") {
  ScriptFolder folder(files);
  ScriptWorld world;
  world.path = folder.path / name;
  world.play(script);
  CHECK(world.told.empty());
  std::vector<std::string> texts;
  for (const std::string& line : world.said) texts.push_back(line.substr(line.find(": ") + 2));
  return texts;
}

std::string error_with(const std::map<std::string, std::string>& files, const std::string& script,
                       const std::string& name = "main.js") {
  ScriptFolder folder(files);
  const auto plan = read_script(script, folder.path / name, {});
  REQUIRE_FALSE(plan.has_value());
  std::string text = plan.error().text;
  // The folder's name differs each time.
  for (auto at = text.find(folder.path.string()); at != std::string::npos;
       at = text.find(folder.path.string()))
    text.replace(at, folder.path.string().size() + 1, "");
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

TEST_CASE("what is wrong with a script's modules is told with its name") {
  CHECK(error_with({}, "import x from './none.js'; export default () => {}").contains("none.js"));
  CHECK(error_with({}, "const x = require('./none.js'); module.exports = () => {}")
            .contains("none.js"));
  CHECK(error_with({}, "const ws = require('k6/browser'); module.exports.default = () => {}")
            .contains("main.js:1: module k6/browser: browsers are not driven"));
  CHECK(error_with({}, "export const options = {}").contains("no default function"));
  CHECK(error_with({{"bad.js", "export const a = ;"}},
                   "import { a } from './bad.js'; export default () => {}")
            .contains("bad.js:1"));
  CHECK(error_with({{"a.js", "export const a = 1;"}},
                   "import { b } from './a.js'; export default () => {}")
            .contains("'b'"));
  ScriptWorld world;
  world.play("export default () => { require('./x.js') }");
  REQUIRE(world.told.size() == 1);
  CHECK(world.told[0].contains("works in init code only"));
}

}  // namespace brunt
