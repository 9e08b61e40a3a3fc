// k6's options as flags and as variables.
#include "cli/script_options.h"

#include <doctest/doctest.h>

using namespace brunt;

namespace {

std::string of_environment(const std::map<std::string, std::string>& environment) {
  const auto options = script_options_of_environment(environment);
  return options ? options->dump() : options.error().text;
}

std::string of_flags(const ScriptOptionTexts& texts) {
  const auto options = script_options_of(texts);
  return options ? options->dump() : options.error().text;
}

}  // namespace

TEST_CASE(
    "tags are NAME=VALUE as a flag, where commas are part of them, and NAME:VALUE in K6_TAGS") {
  CHECK(of_flags({{"tags", {"a=b=c,d", "e=f"}}}) == R"({"tags":{"a":"b=c,d","e":"f"}})");
  CHECK(of_environment({{"K6_TAGS", "a:b,c:d"}}) == R"({"tags":{"a":"b","c":"d"}})");
  CHECK(of_flags({{"tags", {"a"}}}) == "--tag a: write it like NAME=VALUE");
  CHECK(of_flags({{"tags", {"=a"}}}) == "--tag =a: write it like NAME=VALUE");
  CHECK(of_environment({{"K6_TAGS", "a=b"}}) == "K6_TAGS a=b: write it like NAME:VALUE");
}

TEST_CASE("a flag may be given again, for more or instead") {
  CLI::App app;
  ScriptOptionTexts texts;
  add_script_options(app, texts, "");
  app.parse(
      "--tag a=b --tag c=d --blacklist-ip 10.0.0.0/8 --blacklist-ip ::1/128 --rps 3 --rps 4 "
      "--http-debug --http-debug=full");
  CHECK(of_flags(texts) == R"({"blacklistIPs":["10.0.0.0/8","::1/128"],"httpDebug":"full","rps":4,)"
                           R"("tags":{"a":"b","c":"d"}})");
}

TEST_CASE("variables that are to be true or false take Go's words, and no others") {
  CHECK(of_environment({{"K6_NO_SETUP", "T"}, {"K6_NO_TEARDOWN", "0"}}) ==
        R"({"noSetup":true,"noTeardown":false})");
  CHECK(of_environment({{"K6_NO_TEARDOWN", "bool"}}) == "K6_NO_TEARDOWN bool: write true or false");
}

TEST_CASE("a warm-up goes where k6 lets a script say anything") {
  CHECK(of_flags({{"warmUp", {"30s"}}}) == R"({"ext":{"brunt":{"warmUp":"30s"}}})");
  CHECK(of_environment({{"BRUNT_WARM_UP", "1m"}}) == R"({"ext":{"brunt":{"warmUp":"1m"}}})");
  CHECK(of_flags({{"warmUp", {"30"}}}).starts_with("--warm-up: "));
}

TEST_CASE("stages have a unit, and an empty text says that there are none") {
  CHECK(stages_of("--stage", {"20s:10", "3m:5,1s:0"})->array().size() == 3);
  CHECK(stages_of("--stage", {""})->array().empty());
  CHECK_FALSE(stages_of("--stage", {"1000:20"}));
  CHECK_FALSE(stages_of("--stage", {"10:20s"}));
  CHECK_FALSE(stages_of("--stage", {"10s:"}));
}

TEST_CASE("an empty list of statistics is an empty list") {
  CHECK(of_flags({{"summaryTrendStats", {""}}}) == R"({"summaryTrendStats":[]})");
}

TEST_CASE("without a value --http-debug shows heads") {
  CLI::App app;
  ScriptOptionTexts texts;
  add_script_options(app, texts, "");
  app.parse("--http-debug");
  CHECK(of_flags(texts) == R"({"httpDebug":"headers"})");
}
