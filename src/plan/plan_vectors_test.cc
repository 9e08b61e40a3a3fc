// The plan files under tests/vectors/plan: those in good/ are read; those in bad/ each give exactly
// the errors that stand in the file beside them.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "plan/describe_plan.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

const std::filesystem::path root = BRUNT_SOURCE_DIR;

std::vector<std::filesystem::path> yaml_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

}  // namespace

TEST_CASE("every bad plan is refused with every error in its place") {
  const auto files = yaml_files(root / "tests/vectors/plan/bad");
  CHECK(files.size() > 50);
  for (const auto& file : files) {
    CAPTURE(file.filename().string());
    const auto plan = read_plan_file(file, {});
    auto expected_file = file;
    const auto expected = read_file(expected_file.replace_extension(".errors"));
    REQUIRE(expected);
    CHECK_FALSE(plan);
    if (plan) continue;
    // The expected texts are written as if the plan stood in the current folder.
    std::string text = plan.error().text();
    const std::string folder = file.parent_path().string() + "/";
    for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;)
      text.erase(at, folder.size());
    CHECK(text == *expected);
  }
}

TEST_CASE("every plan that comes with brunt can be read and told") {
  for (const auto& file : yaml_files(root / "plans")) {
    CAPTURE(file.string());
    const auto plan = read_plan_file(file, {});
    if (!plan) FAIL(plan.error().text());
    CHECK(describe_plan(*plan).contains("scenarios"));
  }
}

TEST_CASE("the plans of the IoT service run on both stores") {
  for (const char* name : {"first.yaml", "iot/steady.yaml", "iot/ramp.yaml"})
    for (const char* store : {"sqlite", "postgres"}) {
      CAPTURE(name);
      const auto plan = read_plan_file(root / "plans" / name,
                                       {.overrides = {{"store", store}}, .environment = {}});
      if (!plan) FAIL(plan.error().text());
      const auto& database = plan->services.at(0);
      CHECK(std::get<EngineService>(database.kind).name == store);
      CHECK(plan->start_order == std::vector<std::uint32_t>{0, 1});
    }
}

TEST_CASE("a plan with everything in it is read whole") {
  const auto file = root / "tests/vectors/plan/good/everything.yaml";
  const auto plan = read_plan_file(file, {.overrides = {}, .environment = {{"BUILD", "b7"}}});
  if (!plan) FAIL(plan.error().text());
  const auto var = [&](std::string_view name) {
    return std::ranges::find(plan->vars, name, [](const auto& v) { return v.first; })
        ->second.dump();
  };
  CHECK(plan->seed == 7);
  CHECK(plan->tags == Tags{{"build", "b7"}});
  CHECK(var("base") == "\"http://127.0.0.1:8080\"");
  CHECK(var("kinds") == "[\"a\",\"b8079\",3]");
  CHECK(var("zip") == "\"007\"");
  CHECK(var("answer") == "\"no\"");
  CHECK(plan->tls.certificate == file.parent_path() / "c.pem");
  CHECK(plan->out.size() == 2);
  std::vector<std::string> order;
  for (const auto index : plan->start_order) order.push_back(plan->services[index].name);
  CHECK(order == std::vector<std::string>{"database", "collector", "app", "line", "outside"});
  const auto& collector = std::get<BuiltinService>(plan->services[0].kind);
  CHECK(collector.with[1].name == "pool.size");
  CHECK(std::get<CommandService>(plan->services[3].kind).arguments.size() == 3);
  CHECK(plan->scenarios[0].weight == 3);
  CHECK(plan->scenarios[0].target_service == 0);
  CHECK(plan->scenarios[1].target.text() == "http://127.0.0.1:8080/shop");
  CHECK(plan->expectations.size() == 5);
  CHECK_FALSE(plan->watch[0].process);
  CHECK(plan->watch[1].program == "nginx");
}

TEST_CASE("the scenario of that plan has its steps as written") {
  const auto plan = read_plan_file(root / "tests/vectors/plan/good/everything.yaml", {});
  if (!plan) FAIL(plan.error().text());
  const Scenario& alone = plan->scenarios[2];
  CHECK(alone.load.executor == ExecutorKind::ramping_arrival_rate);
  CHECK(alone.load.stages[1].target == doctest::Approx(100));
  CHECK(alone.load.when_busy == WhenBusy::drop);
  CHECK(alone.before_data_sets == std::vector<std::uint32_t>{0});
  CHECK(alone.data_sets == std::vector<std::uint32_t>{1});
  CHECK(alone.defaults.headers[0].value.text() == "Bearer secret");
  CHECK(alone.defaults.redirects_max == 0);
  CHECK_FALSE(alone.defaults.cookies);
  CHECK(alone.slots[0].name == "session");
  CHECK(alone.slots[0].kind == SlotKind::kept);
  CHECK(alone.steps.size() == 12);
  const auto& put = std::get<RequestStep>(alone.steps[0].kind);
  CHECK(put.name == "put a");
  CHECK(put.checks.size() == 16);
  CHECK(put.captures.size() == 6);
  CHECK(put.expected->contains(404));
  Prng prng(1);
  std::vector<Json> slots(alone.slots.size());
  const Scope scope{.slots = slots, .rows = {}, .members = {}, .vu = 9, .prng = &prng, .now = {}};
  std::string body;
  REQUIRE(std::get<JsonBody>(put.body).json.append(scope, body));
  CHECK(body ==
        R"({"number":5,"float":1.5,"text":"5","flag":true,"nothing":null,"list":[1,9,{"a":"x9"}],)"
        R"("time":"1970-01-01T00:00:00.000Z"})");
  CHECK(std::get<LoopStep>(alone.steps[4].kind).variable_slot.has_value());
  CHECK(std::get<IfStep>(alone.steps[6].kind).else_steps.size() == 1);
  CHECK(std::get<ParallelStep>(alone.steps[8].kind).at_once_max == 2);
  const auto& parallel = std::get<ParallelStep>(alone.steps[7].kind);
  CHECK(std::get<RequestStep>(parallel.steps[2].kind).name == "http://127.0.0.1:1/p3");
  const auto& upload = std::get<MultipartBody>(std::get<RequestStep>(alone.steps[9].kind).body);
  CHECK(upload.parts.size() == 3);
  CHECK(upload.parts[2].file_name == "o.txt");
  CHECK(upload.parts[1].value.text().starts_with("name,age"));
}

}  // namespace brunt
