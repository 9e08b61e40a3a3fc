#include <doctest/doctest.h>

#include "script/script_test_world.h"

namespace brunt {
namespace {

const std::string start =
    "import { open, SeekMode } from 'k6/experimental/fs';"
    "import csv from 'k6/experimental/csv';"
    "const text = await open('text.txt'), people = await open('./people.csv');";

// What the default function says on the console, and what it ended with.
std::vector<std::string> told_by(const std::string& init, const std::string& body) {
  const TemporaryFolder folder = script_folder(
      {{"text.txt", "Bonjour"}, {"people.csv", "name,age\nJohn,30\n\"Doe, Jane\",25\nPaul,61\n"}});
  ScriptWorld world;
  world.path = folder / "test.js";
  world.play(start + init + "export default async function () {" + body + "}");
  std::vector<std::string> all = world.said;
  for (const std::string& one : world.told) all.push_back(one.substr(0, one.find(" at ")));
  return all;
}

std::vector<std::string> rows_of(const std::string& options) {
  return told_by("const rows = await csv.parse(people, " + options + ");",
                 "console.log(JSON.stringify([...rows]))");
}

std::string parsed(const std::string& json) {
  return "console.log: " + json;
}

}  // namespace

TEST_CASE("a file is read in pieces sought and described") {
  const auto said = told_by("",
                            "const into = new Uint8Array(4);"
                            "const show = (n) => console.log(n, String.fromCharCode(...into));"
                            "show(await text.read(into)); show(await text.read(into));"
                            "show(await text.read(into));"
                            "console.log(await text.seek(3, SeekMode.Start));"
                            "show(await text.read(into.subarray(2)));"
                            "console.log(await text.seek(-1, SeekMode.Current),"
                            "            await text.seek(-6, SeekMode.End));"
                            "console.log(await text.stat(), text.path.endsWith('/text.txt'))");
  CHECK(said == std::vector<std::string>{"console.log: 4 Bonj", "console.log: 3 ourj",
                                         "console.log: null ourj", "console.log: 3",
                                         "console.log: 2 oujo", "console.log: 4 0",
                                         R"(console.log: { name: "text.txt", size: 7 } true)"});
}

TEST_CASE("a file says what it cannot do") {
  struct Row {
    std::string body, error;
  };
  for (const Row& row : std::vector<Row>{
           {"await text.seek(8, SeekMode.Start)", "TypeError: File.seek: this is behind the end"},
           {"await text.seek(-1, SeekMode.Start)", "TypeError: File.seek: this is before the"},
           {"await text.seek(1, 7)", "TypeError: File.seek: the second argument is a SeekMode"},
           {"await text.read('text')", "TypeError: File.read: a Uint8Array is wanted"},
           {"await text.seek(1, SeekMode.End)", "TypeError: File.seek: from the end it goes"},
           {"await open('text.txt')", "ForbiddenError: the \"open\" function is only available"},
           {"throw failed.none", "NotFoundError: "},
           {"throw failed.nothing", "TypeError: open() takes"},
           {"await csv.parse(people)", "Error: csv.parse() works in init code only"},
           {"new csv.Parser(text)", "Error: csv Parser constructor must be called in the init"},
           {"throw failed.parser", "TypeError: a fs.File instance is wanted"},
       }) {
    const auto told = told_by(
        "const failed = {"
        "none: await open('none.txt').catch((e) => e),"
        "nothing: await open().catch((e) => e) };"
        "try { new csv.Parser('people.csv') } catch (e) { failed.parser = e }",
        row.body);
    REQUIRE(told.size() == 1);
    CHECK_MESSAGE(told[0].starts_with(row.error), row.body << ": " << told[0]);
  }
}

TEST_CASE("a table is parsed once into rows that all virtual users share") {
  CHECK(rows_of("{}")[0] ==
        parsed(R"([["name","age"],["John","30"],["Doe, Jane","25"],["Paul","61"]])"));
  CHECK(rows_of("{ skipFirstLine: true }")[0] ==
        parsed(R"([["John","30"],["Doe, Jane","25"],["Paul","61"]])"));
  CHECK(rows_of("{ fromLine: 1, toLine: 2 }")[0] ==
        parsed(R"([["John","30"],["Doe, Jane","25"]])"));
  CHECK(rows_of("{ asObjects: true, toLine: 1 }")[0] == parsed(R"([{"name":"John","age":"30"}])"));
  CHECK(told_by("const rows = await csv.parse(people);", "rows[0][0] = 'x'")[0].starts_with(
      "TypeError: Cannot assign to read only property '0'"));
}

TEST_CASE("a parser gives one record after the other") {
  const auto said = told_by("const parser = new csv.Parser(text, { delimiter: 'j' });",
                            "console.log(await parser.next()); console.log(await parser.next())");
  CHECK(said == std::vector<std::string>{R"(console.log: { done: false, value: [ "Bon", "our" ] })",
                                         R"(console.log: { done: true, value: [] })"});
  CHECK(told_by("const p = new csv.Parser(people, { asObjects: true });",
                "console.log((await p.next()).value.age)")[0] == parsed("30"));
}

TEST_CASE("options of a table that make no sense are refused") {
  struct Row {
    std::string options, error;
  };
  for (const Row& row : std::vector<Row>{
           {"{ delimiter: ';;' }", "TypeError: csv: the delimiter is one character"},
           {"{ fromLine: -1 }", "TypeError: csv: fromLine is a whole number"},
           {"{ fromLine: 3, toLine: 2 }", "TypeError: csv: fromLine has to be less than toLine"},
           {"{ asObjects: true, skipFirstLine: true }",
            "TypeError: csv: asObjects reads the first"},
       }) {
    const auto told = told_by(
        "let error; try { new csv.Parser(people, " + row.options + ") } catch (e) { error = e }",
        "throw error");
    CHECK_MESSAGE(told[0].starts_with(row.error), row.options << ": " << told[0]);
  }
}

TEST_CASE("records of different widths are an error") {
  const auto told = told_by("const parser = new csv.Parser(people, { delimiter: 'J' });",
                            "await parser.next(); await parser.next()");
  CHECK(told[0].contains("record 2 has 2 fields where there are 1"));
}

}  // namespace brunt
