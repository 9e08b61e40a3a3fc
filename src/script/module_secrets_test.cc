#include <doctest/doctest.h>

#include <fstream>

#include "script/script_test_world.h"
#include "script/secret_sources.h"

namespace brunt {
namespace {

ScriptSecretSource source_of(std::string_view text) {
  auto source = parse_secret_source(text, {{"SHOP_TOKEN", "from the environment"}, {"HOME", "/"}});
  REQUIRE_MESSAGE(source.has_value(), source.error().text);
  return *source;
}

std::string error_of_source(std::string_view text) {
  const auto source = parse_secret_source(text, {});
  return source ? "nothing" : source.error().text;
}

std::vector<std::string> said_with(const std::vector<std::string_view>& sources,
                                   const std::string& body) {
  ScriptWorld world;
  for (const std::string_view text : sources) world.settings.secrets.push_back(source_of(text));
  world.play("import secrets from 'k6/secrets'; export default async function () {" + body + "}");
  std::vector<std::string> all = world.said;
  for (const std::string& text : world.told) all.push_back(text.substr(0, text.find(" at ")));
  return all;
}

}  // namespace

TEST_CASE("a secret is what its source says and is not shown to people") {
  const std::string body =
      "const token = await secrets.get('token');"
      "console.log(token.length, `Bearer ${token}`); throw new Error('not ' + token)";
  const auto said = said_with({"mock=token=open sesame"}, body);
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "console.log: 11 Bearer ***SECRET_REDACTED***");
  CHECK(said[1].starts_with("Error: not ***SECRET_REDACTED***"));
}

TEST_CASE("several sources are told apart by their names and one is the default") {
  const auto said = said_with({"mock=default,cool=a1", "mock=name=another,cool=b22"},
                              "console.log((await secrets.get('cool')).length);"
                              "console.log((await secrets.source('another').get('cool')).length)");
  CHECK(said == std::vector<std::string>{"console.log: 2", "console.log: 3"});
}

TEST_CASE("what is no secret is refused in words that say which") {
  const std::string try_it =
      "try { await secrets.get('x'); secrets.source('s') } catch (error) { "
      "console.log(error.message) }";
  CHECK(said_with({}, try_it)[0].contains("no secret sources are configured"));
  CHECK(said_with({"mock=x=1", "mock=x=2"}, try_it)[0].contains("no default secret source"));
  CHECK(said_with({"mock=y=1"}, try_it)[0].contains("no secret x in the source"));
  CHECK(said_with({"mock=x=1"}, try_it)[0].contains("no secret source is called s"));
}

TEST_CASE("secrets are read from files and from variables with a prefix") {
  const TemporaryFolder folder = script_folder({});
  const auto path = folder / "secrets";
  std::ofstream(path) << "token=a = b\n\n key =value\r\n";
  const ScriptSecretSource file = source_of("file=" + path.string());
  CHECK(file.values.at("token") == "a = b");
  CHECK(file.values.at("key") == "value");
  CHECK(source_of("file=name=f,filename=" + path.string()).name == "f");
  const ScriptSecretSource variables = source_of("env=SHOP_");
  CHECK(variables.values.size() == 1);
  CHECK(variables.values.at("TOKEN") == "from the environment");
  std::ofstream(path) << "token=1\nnothing\n";
  CHECK(error_of_source("file=" + path.string()).contains(":2: a secret is written NAME=VALUE"));
}

TEST_CASE("a source that is written differently says how it is written") {
  CHECK(error_of_source("vault").contains("write it like file=PATH"));
  CHECK(error_of_source("url=http://localhost").contains("not fetched"));
  CHECK(error_of_source("file=").contains("the filename is missing"));
  CHECK(error_of_source("env=prefx=A").contains("prefx is not known"));
}

TEST_CASE("of two secrets the longer one is redacted first") {
  ScriptBundle bundle;
  bundle.secrets = {{.values = {{"a", "abc"}, {"b", "abcdef"}, {"c", ""}}}};
  CHECK(redacted(bundle, "abcdef abc") == "***SECRET_REDACTED*** ***SECRET_REDACTED***");
}

}  // namespace brunt
