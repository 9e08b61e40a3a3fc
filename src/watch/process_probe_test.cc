#include "watch/process_probe.h"

#include <doctest/doctest.h>

#include "watch/proc_tree_for_tests.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

const Instant zero{};

ProcessProbe probe_of(const ProcTree& tree) {
  return ProcessProbe({.proc = tree.folder(), .limits = {}});
}

}  // namespace

TEST_CASE("the first sample of a service has levels and no rates") {
  ProcTree tree;
  tree.put({.pid = 10,
            .user = 500,
            .anonymous_kb = 60,
            .shared_kb = 40,
            .descriptors = 7,
            .threads = {11, 12}});
  ProcessProbe probe = probe_of(tree);
  const auto seen = probe.sample(10, zero);
  REQUIRE(seen.has_value());
  CHECK_FALSE(seen->is_rated);
  CHECK(seen->rss_bytes == 100 * 1024);
  CHECK(seen->processes == 1);
  CHECK(seen->threads == 3);
  CHECK(seen->descriptors == 7);
}

TEST_CASE("the CPU of a second is what the ticks have grown by") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 500, .system = 100});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.put({.pid = 10,
            .user = 540,
            .system = 120,
            .voluntary = 9,
            .involuntary = 2,
            .read_bytes = 4096,
            .written_bytes = 8192});
  const auto seen = probe.sample(10, zero + 1s);
  REQUIRE(seen->is_rated);
  CHECK(seen->cpu_cores == doctest::Approx(0.6));
  CHECK(seen->cpu_system_cores == doctest::Approx(0.2));
  CHECK(seen->voluntary_switches == 9);
  CHECK(seen->involuntary_switches == 2);
  CHECK(seen->disk_read_bytes == 4096);
  CHECK(seen->disk_written_bytes == 8192);
}

TEST_CASE("children and their children belong to the service, and what forks share counts once") {
  ProcTree tree;
  tree.put({.pid = 10, .anonymous_kb = 10, .shared_kb = 100, .descriptors = 1, .children = {20}});
  tree.put({.pid = 20,
            .parent = 10,
            .group = 20,
            .anonymous_kb = 20,
            .shared_kb = 80,
            .descriptors = 2,
            .children = {30}});
  tree.put({.pid = 30, .parent = 20, .group = 20, .anonymous_kb = 30, .descriptors = 3});
  ProcessProbe probe = probe_of(tree);
  const auto seen = probe.sample(10, zero);
  CHECK(seen->processes == 3);
  CHECK(seen->rss_bytes == 160 * 1024);
  CHECK(seen->descriptors == 6);
}

TEST_CASE("one of the process group that is no descendant belongs to the service") {
  ProcTree tree;
  tree.put({.pid = 10});
  tree.put({.pid = 20, .parent = 1, .group = 10});
  tree.put({.pid = 30, .parent = 1, .group = 30});
  ProcessProbe probe = probe_of(tree);
  CHECK(probe.sample(10, zero)->processes == 2);
}

TEST_CASE("a child that ended and was waited for is counted once") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 100, .children = {20}});
  tree.put({.pid = 20, .parent = 10, .user = 30, .start = 200});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.remove(20);
  tree.put({.pid = 10, .user = 110, .reaped_user = 50});  // It had used 20 more at its end.
  CHECK(probe.sample(10, zero + 1s)->cpu_cores == doctest::Approx(0.3));
}

TEST_CASE("a child that ended and that nobody of the service waited for is no negative use") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 100, .children = {20}});
  tree.put({.pid = 20, .parent = 10, .user = 30, .start = 200});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.remove(20);
  tree.put({.pid = 10, .user = 101});
  CHECK(probe.sample(10, zero + 1s)->cpu_cores == 0);
}

TEST_CASE("a new child counts from its start") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 100});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.put({.pid = 10, .user = 100, .children = {20}});
  tree.put({.pid = 20, .parent = 10, .user = 25, .start = 300});
  CHECK(probe.sample(10, zero + 1s)->cpu_cores == doctest::Approx(0.25));
}

TEST_CASE(
    "a service that is down has no sample, and is rated anew when it is back under another pid") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 100'000});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.remove(10);
  CHECK_FALSE(probe.sample(10, zero + 1s).has_value());
  CHECK_FALSE(probe.sample(0, zero + 9s).has_value());
  tree.put({.pid = 44, .user = 50, .start = 900});
  const auto seen = probe.sample(44, zero + 10s);
  REQUIRE(seen.has_value());
  CHECK(seen->cpu_cores == doctest::Approx(0.5));
}

TEST_CASE("the same pid with another start is another process") {
  ProcTree tree;
  tree.put({.pid = 10, .user = 100'000});
  ProcessProbe probe = probe_of(tree);
  probe.sample(10, zero);
  tree.put({.pid = 10, .user = 20, .start = 900});
  CHECK(probe.sample(10, zero + 1s)->cpu_cores == doctest::Approx(0.2));
}

TEST_CASE("a zombie is not there") {
  ProcTree tree;
  tree.put({.pid = 10, .state = 'Z'});
  ProcessProbe probe = probe_of(tree);
  CHECK_FALSE(probe.sample(10, zero).has_value());
}

TEST_CASE("processes that name each other as children do not hold the probe up, nor do too many") {
  ProcTree tree;
  tree.put({.pid = 10, .children = {20}});
  tree.put({.pid = 20, .parent = 10, .children = {10, 20, 30}});
  tree.put({.pid = 30, .parent = 20});
  ProcessProbe probe = probe_of(tree);
  CHECK(probe.sample(10, zero)->processes == 3);
  ProcessProbe small({.proc = tree.folder(), .limits = {.processes_max = 2}});
  CHECK(small.sample(10, zero)->processes == 2);
}

TEST_CASE("this very process has memory, threads and descriptors") {
  ProcessProbe probe;
  const auto seen = probe.sample(::getpid(), zero);
  REQUIRE(seen.has_value());
  CHECK(seen->rss_bytes > 100'000);
  CHECK(seen->threads >= 1);
  CHECK(seen->descriptors >= 3);
}
