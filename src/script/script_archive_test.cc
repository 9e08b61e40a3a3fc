#include "script/script_archive.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "plan/script_bundle.h"
#include "script/script_test_world.h"
#include "wire/tar.h"

namespace brunt {
namespace {

const std::string script =
    "import { word } from './lib/word.js';"
    "const text = open('./text.txt');"
    "export const options = { vus: 3, duration: '10s' };"
    "export default function () { console.log(word, text, __ENV.WHO) }";

std::string made_by_hand(const std::string& metadata) {
  std::string bytes;
  append_tar_file(bytes, {"metadata.json", metadata});
  append_tar_file(bytes, {"data", "export default function () {}"});
  append_tar_end(bytes);
  return bytes;
}

}  // namespace

TEST_CASE("an archive runs where none of its files are") {
  const auto folder = std::filesystem::temp_directory_path() / "brunt_archive_test";
  std::filesystem::create_directories(folder / "lib");
  std::ofstream(folder / "lib/word.js") << "export const word = 'hello';";
  std::ofstream(folder / "text.txt") << "of a file";
  ScriptArchive made{.path = folder / "test.js", .text = script, .environment = {{"WHO", "me"}}};
  const auto read =
      read_script(script, made.path, {.environment_options = {}, .collected = &made.files});
  REQUIRE_MESSAGE(read.has_value(), read.error().text);
  const std::string bytes = archive_bytes(made, *read->script);
  std::filesystem::remove_all(folder);

  const auto archive = read_script_archive(bytes);
  REQUIRE_MESSAGE(archive.has_value(), archive.error().text);
  CHECK(archive->environment == made.environment);
  CHECK(archive->files.size() == 3);
  ScriptWorld world;
  world.path = archive->path;
  world.settings.environment = archive->environment;
  world.settings.archived = &archive->files;
  world.settings.archived_options = archive->options;
  world.play(archive->text);
  CHECK(world.said == std::vector<std::string>{"console.log: hello of a file me"});
  const auto plan = read_script(archive->text, archive->path, world.settings);
  REQUIRE(plan);
  CHECK(plan->scenarios[0].load.vus == 3);
}

TEST_CASE("what k6 writes into an archive is understood") {
  const auto archive = read_script_archive(made_by_hand(
      R"({"type":"js","filename":"file:///home/nobody/load.js","pwd":"file:///home/nobody","env":{"A":"1"},
          "options":{"paused":null,"vus":5,"duration":"3s","dns":{"ttl":null,"select":null},
          "scenarios":{"default":{"executor":"constant-vus","startTime":null,"vus":5,"duration":"3s"}}}})"));
  REQUIRE_MESSAGE(archive.has_value(), archive.error().text);
  CHECK(archive->path == "/home/nobody/load.js");
  CHECK(archive->environment.at("A") == "1");
  const auto plan =
      read_script(archive->text, archive->path,
                  {.archived_options = archive->options, .archived = &archive->files});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text);
  CHECK(plan->scenarios[0].load.vus == 5);
}

TEST_CASE("names of homes stay out of archives") {
  CHECK(archived_name("/home/ada/x/../load.js") == "/home/nobody/load.js");
  CHECK(archived_name("/Users/ada/load.js") == "/Users/nobody/load.js");
  CHECK(archived_name("/srv/home/ada.js") == "/srv/home/ada.js");
}

TEST_CASE("what is no archive of a script is refused") {
  std::string bytes;
  append_tar_file(bytes, {"other", "text"});
  append_tar_end(bytes);
  CHECK(read_script_archive(bytes).error().text.contains("no metadata.json"));
  CHECK(read_script_archive("text").error().text.contains("no tar archive"));
  CHECK(read_script_archive(made_by_hand("{")).error().text.contains("metadata.json"));
  CHECK(read_script_archive(made_by_hand("{}")).error().text.contains("filename"));
  const ScriptFiles none;
  const auto plan = read_script("import './gone.js'; export default function () {}", "/x/load.js",
                                {.archived = &none});
  REQUIRE(!plan);
  CHECK(plan.error().text.contains("/x/gone.js: not in the archive"));
}

}  // namespace brunt
