#include "watch/profiler.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "watch/proc_tree_for_tests.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

// A perf that does what the test says, as a shell script: `record` and `script` each a line.
class FakePerf {
 public:
  FakePerf(const std::string& record, const std::string& script) {
    const auto path = tree_.folder() / "perf";
    tree_.write(path,
                "#!/bin/sh\nif [ $1 = record ]; then\n" + record + "\nelse\n" + script + "\nfi\n");
    ::chmod(path.c_str(), 0755);
  }
  Result<StackProfile> profile() {
    Result<StackProfile> result;
    auto loop = Loop::create({});
    REQUIRE(loop.has_value());
    const auto spawned = (*loop)->spawn("test", [&](Fiber& self) {
      auto profiler = Profiler::start(**loop, {.processes = {::getpid()},
                                               .folder = tree_.folder(),
                                               .program = (tree_.folder() / "perf").string()});
      if (!profiler) {
        result = std::unexpected(profiler.error());
        return;
      }
      // The script has written its file when this is there.
      while (!std::filesystem::exists(tree_.folder() / "ready") && self.sleep(5ms)) {
      }
      result = (*profiler)->finish(self);
    });
    REQUIRE(spawned.has_value());
    (*loop)->run();
    return result;
  }
  std::string ready() const { return "touch " + (tree_.folder() / "ready").string(); }
  std::string data() const { return (tree_.folder() / "perf.data").string(); }

 private:
  ProcTree tree_;
};

std::string record_to(const std::string& text) {
  // `--output FILE` is given somewhere; beside it the sign that all is there.
  return "while [ $1 != --output ]; do shift; done\nprintf '" + text +
         "' > $2\ntouch $(dirname $2)/ready\ntrap 'exit 0' INT\nwhile :; do sleep 0.01; done";
}

}  // namespace

TEST_CASE("a profile is what perf prints of its recording, which ends when it is asked to") {
  FakePerf perf(record_to("x"),
                "printf 'web 1 \\n\\t 1 write (/lib/libc.so)\\n\\t 2 main "
                "(/bin/web)\\n\\nweb 1 \\n\\t 2 main (/bin/web)\\n\\n'");
  const auto profile = perf.profile();
  REQUIRE(profile.has_value());
  CHECK(profile->samples == 2);
  CHECK(profile->folded == "web;main 1\nweb;main;write 1\n");
}

TEST_CASE("a perf that may not measure is told with what helps") {
  FakePerf perf(
      "while [ $1 != --output ]; do shift; done\necho 'Error: Access to performance monitoring is "
      "limited. Consider adjusting /proc/sys/kernel/perf_event_paranoid' >&2\ntouch $(dirname "
      "$2)/ready\nexit 255",
      "exit 1");
  const auto profile = perf.profile();
  REQUIRE_FALSE(profile.has_value());
  CHECK(profile.error().code == ErrorCode::denied);
  CHECK(profile.error().text.contains("sysctl kernel.perf_event_paranoid"));
}

TEST_CASE("a perf that fails is told in its own words") {
  FakePerf perf(
      "while [ $1 != --output ]; do shift; done\necho 'The PMU is on strike'\ntouch $(dirname "
      "$2)/ready\nexit 1",
      "exit 1");
  const auto profile = perf.profile();
  REQUIRE_FALSE(profile.has_value());
  CHECK(profile.error().text == "perf recorded nothing: The PMU is on strike");
}

TEST_CASE("a recording without samples says that nothing was seen") {
  FakePerf perf(record_to("x"), "exit 0");
  const auto profile = perf.profile();
  REQUIRE_FALSE(profile.has_value());
  CHECK(profile.error().text.contains("no samples"));
}

TEST_CASE("a missing perf names the package that has it") {
  auto loop = Loop::create({});
  REQUIRE(loop.has_value());
  const auto profiler =
      Profiler::start(**loop, {.processes = {1}, .folder = "/tmp", .program = "/no/such/perf"});
  REQUIRE_FALSE(profiler.has_value());
  CHECK(profiler.error().text.contains("linux-perf"));
}
