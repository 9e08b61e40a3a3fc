#include "script/script_archive.h"

#include <doctest/doctest.h>

#include "plan/script_bundle.h"
#include "script/script_test_world.h"
#include "wire/tar.h"

namespace brunt {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

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
  std::optional<TemporaryFolder> folder =
      script_folder({{"lib/word.js", "export const word = 'hello';"}, {"text.txt", "of a file"}});
  ScriptArchive made{.path = *folder / "test.js", .text = script, .environment = {{"WHO", "me"}}};
  const auto read =
      read_script(script, made.path, {.environment_options = {}, .collected = &made.files});
  REQUIRE_MESSAGE(read.has_value(), read.error().text);
  const std::string bytes = archive_bytes(made, *read->script);
  folder.reset();

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

TEST_CASE("an archive of k6 has modules of the network, and paths of any system") {
  const auto run = [](const std::string& filename, const Files& files) {
    std::string bytes;
    append_tar_file(bytes, {"metadata.json", R"({"type":"js","k6version":"1.0.0","options":{},)"
                                             R"("filename":")" +
                                                 filename + R"("})"});
    append_tar_file(bytes, {"data",
                            "import remote from 'https://cdn.test/lib/a.js?v=1';"
                            "import { beside } from './be side.js';"
                            "export default () => console.log(remote, beside)"});
    for (const auto& [name, text] : files) append_tar_file(bytes, {name, text});
    append_tar_end(bytes);
    const auto archive = read_script_archive(bytes);
    REQUIRE_MESSAGE(archive.has_value(), archive.error().text);
    ScriptWorld world;
    world.path = archive->path;
    world.settings.archived = &archive->files;
    world.settings.archived_options = archive->options;
    world.play(archive->text);
    return world.said;
  };
  const std::vector<std::string> expected = {"console.log: one two 3"};
  const Files remote = {
      {"https/cdn.test/lib/a.js?v=1", "import { b } from '../b.js'; export default 'one ' + b;"},
      {"https/cdn.test/b.js", "export const b = 'two'"}};
  const auto with = [&](const char* name) {
    Files files = remote;
    files.emplace_back(name, "export const beside = 3");
    return files;
  };
  CHECK(run("file:///home/nobody/my%20load.js", with("file/home/nobody/be side.js")) == expected);
  CHECK(run("file:///C/Users/nobody/load.js", with("file/C:\\Users\\ada\\be side.js")) == expected);
  CHECK(run("file:///home/nobody/load.js", with("scripts/_/home/ada/be side.js")) == expected);
  CHECK(run("https://cdn.test/x/load.js", with("https/cdn.test/x/be side.js")) == expected);
}

TEST_CASE("names in archives are the same wherever they were made") {
  const auto name_of = [](const std::string& filename) {
    const auto archive = read_script_archive(
        made_by_hand(R"({"type":"js","options":{},"filename":")" + filename + R"("})"));
    REQUIRE_MESSAGE(archive.has_value(), archive.error().text);
    return archive->path.string();
  };
  CHECK(name_of(R"(C:\\Documents and Settings\\ada\\load.js)") ==
        "/C/Documents and Settings/nobody/load.js");
  CHECK(name_of(R"(\\\\SHARE\\tests\\load.js)") == "/nobody/tests/load.js");
  CHECK(name_of("/USERS/ada/load.js") == "/USERS/nobody/load.js");
  ScriptArchive made{.path = "/srv/my tests/load.js", .text = "export default () => {}"};
  const auto files = read_tar(archive_bytes(made, {}));
  REQUIRE(files.has_value());
  CHECK(files->front().content.contains(R"("filename": "file:///srv/my%20tests/load.js")"));
  CHECK(files->front().content.contains(R"("pwd": "file:///srv/my%20tests/")"));
}

TEST_CASE("what is no archive of a script is refused") {
  std::string bytes;
  append_tar_file(bytes, {"other", "text"});
  append_tar_end(bytes);
  CHECK(read_script_archive(bytes).error().text.contains("no metadata.json"));
  CHECK(read_script_archive("text").error().text.contains("no tar archive"));
  CHECK(read_script_archive(made_by_hand("{")).error().text.contains("metadata.json"));
  CHECK(
      read_script_archive(made_by_hand(R"({"k6version":"1"})")).error().text.contains("filename"));
  const ScriptFiles none;
  const auto plan = read_script("import './gone.js'; export default function () {}", "/x/load.js",
                                {.archived = &none});
  REQUIRE(!plan);
  CHECK(plan.error().text.contains("/x/gone.js: not in the archive"));
}

}  // namespace brunt
