#include "watch/watcher.h"

#include <doctest/doctest.h>

#include "metrics/totals.h"
#include "watch/proc_tree_for_tests.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

const Instant zero{};

struct WatcherWorld {
  ProcTree tree;
  MetricRegistry registry;
  std::vector<WatchedProcess> processes;
  Watcher watcher{registry, [this] { return processes; }, tree.folder()};
  Totals totals;

  void deliver(std::int64_t second) {
    REQUIRE(totals.merge(0, watcher.freeze(second)).has_value());
    totals.close_second(second);
  }
  std::optional<Sink> of(const char* metric, const char* service) {
    return totals.select({metric, {{"service", service}}});
  }
};

}  // namespace

TEST_CASE("each service is a series of its own") {
  WatcherWorld world;
  world.tree.put({.pid = 10, .anonymous_kb = 100});
  world.tree.put({.pid = 20, .anonymous_kb = 300});
  world.processes = {{"queue", 10}, {"gateway", 20}};
  world.watcher.sample(zero);
  world.tree.put({.pid = 10, .user = 50, .anonymous_kb = 200});
  world.watcher.sample(zero + 1s);
  world.deliver(0);
  CHECK(world.of("service_rss", "queue")->moments().max() == 200 * 1024);
  CHECK(world.of("service_rss", "gateway")->moments().max() == 300 * 1024);
  CHECK(world.of("service_cpu", "queue")->last() == doctest::Approx(0.5));
  CHECK(world.of("service_cpu", "gateway")->last() == 0);
}

TEST_CASE("a service that is down leaves a gap") {
  WatcherWorld world;
  world.tree.put({.pid = 10, .anonymous_kb = 100});
  world.processes = {{"queue", 10}};
  world.watcher.sample(zero);
  world.deliver(0);
  world.processes.clear();
  world.watcher.sample(zero + 1s);
  const Snapshot second = world.watcher.freeze(1);
  CHECK(second.rows.empty());
}

TEST_CASE("the CPU and the pressure of the machine are rates of what it has counted") {
  WatcherWorld world;
  world.tree.write(world.tree.folder() / "stat", "cpu  100 0 0 900 0 0 0 0 0 0\n");
  world.tree.write(world.tree.folder() / "pressure/io", "some avg10=0.00 total=1000000\n");
  world.watcher.sample(zero);
  world.tree.write(world.tree.folder() / "stat", "cpu  200 50 0 950 0 0 0 0 0 0\n");
  world.tree.write(world.tree.folder() / "pressure/io", "some avg10=0.00 total=1250000\n");
  world.watcher.sample(zero + 1s);
  world.deliver(0);
  CHECK(world.totals.select({"host_cpu", {}})->last() == doctest::Approx(1.5));
  CHECK(world.totals.select({"host_pressure_io", {}})->last() == doctest::Approx(0.25));
  CHECK_FALSE(world.totals.select({"host_pressure_cpu", {}}).has_value());
}

TEST_CASE("a program is found by its name, the oldest of several, however long the name") {
  ProcTree tree;
  tree.put({.pid = 10, .start = 900, .name = "nginx"});
  tree.put({.pid = 20, .start = 100, .name = "nginx"});
  tree.put({.pid = 30, .start = 50, .name = "node-exporter-l"});
  CHECK(find_process("nginx", tree.folder()) == 20);
  CHECK(find_process("node-exporter-linux", tree.folder()) == 30);
  CHECK(find_process("apache2", tree.folder()) == 0);
}
