// `faults:` as it is read: verbs, times, and what is refused where.
#include <doctest/doctest.h>

#include "plan/describe_plan.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

const std::string frame = R"(
services:
  queue: { engine: redis }
  store: { engine: sqlite }
  api: { address: "127.0.0.1:1" }
scenarios:
  get: { executor: constant-vus, vus: 1, duration: 1m, steps: [ { GET: "http://127.0.0.1:1/" } ] }
faults:
)";

Plan read(const std::string& faults, double time_scale = 1) {
  ReadOptions options;
  options.time_scale = time_scale;
  auto plan = read_plan(frame + faults, "p.yaml", options);
  REQUIRE_MESSAGE(plan.has_value(), (plan ? "" : plan.error().text()));
  return *std::move(plan);
}

TEST_CASE("a cycle, fixed times, a restart and a shortage are read with their units") {
  const Plan plan = read(R"(
  outages: { stop: queue, up: 13m..16m, down: 1m..3m }
  cold:    { freeze: queue, at: [20s, 10s], for: 5s }
  crash:   { kill: queue, at: 40s }
  again:   { restart: queue, up: 1h }
  hungry:  { starve: queue, cpu: 20%, memory: 64MiB, descriptors: 32, at: 50s, for: 1s..2s }
)");
  REQUIRE(plan.faults.size() == 5);
  const FaultSpec& outages = plan.faults[0].spec;
  CHECK(outages.action == FaultAction::stop);
  CHECK(outages.up == DurationRange{13min, 16min});
  CHECK(outages.down == DurationRange{1min, 3min});
  const FaultSpec& cold = plan.faults[1].spec;
  CHECK(cold.at == std::vector<Duration>{10s, 20s});
  CHECK(cold.lasts == DurationRange{5s, 5s});
  CHECK(plan.faults[2].spec.lasts.high == 0s);
  CHECK(plan.faults[3].spec.down->high == 0s);
  const Starvation& hungry = plan.faults[4].spec.starvation;
  CHECK(hungry.cpu == 0.2);
  CHECK(hungry.memory == 64u << 20u);
  CHECK(hungry.descriptors == 32);
  CHECK(describe_plan(plan).find("cold             queue frozen: at 10.0s, 20.0s for 5.00s") !=
        std::string::npos);
}

TEST_CASE("a time scale divides the times of faults") {
  const Plan plan = read(R"(
  outages: { stop: queue, up: 10m..20m, down: 1m }
  cold: { freeze: queue, at: 20s, for: 5s }
)",
                         10);
  CHECK(plan.faults[0].spec.up == DurationRange{1min, 2min});
  CHECK(plan.faults[0].spec.down == DurationRange{6s, 6s});
  CHECK(plan.faults[1].spec.at == std::vector<Duration>{2s});
  CHECK(plan.faults[1].spec.lasts == DurationRange{500ms, 500ms});
}

}  // namespace
}  // namespace brunt
