#include "watch/proc_files.h"

#include <doctest/doctest.h>
#include <unistd.h>

using namespace brunt;

TEST_CASE("a process's stat is read behind a name that holds brackets and blanks") {
  const auto stat = parse_process_stat(
      "812 (a (b) c)) S 7 812 812 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 3 0 9001 1 2\n");
  REQUIRE(stat.has_value());
  CHECK(stat->state == 'S');
  CHECK(stat->parent == 7);
  CHECK(stat->group == 812);
  CHECK(stat->user_ticks == 150);
  CHECK(stat->system_ticks == 50);
  CHECK(stat->reaped_user_ticks == 30);
  CHECK(stat->reaped_system_ticks == 20);
  CHECK(stat->start_ticks == 9001);
}

TEST_CASE("what is no stat of a process is malformed") {
  for (const char* text : {"", "12 (name S 1 2", "12 (name)", "12 (name) S 1 2 3",
                           "12 (x) S a 812 812 0 -1 0 1 2 3 4 150 50 30 20 20 0 3 0 9001"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_process_stat(text).has_value());
  }
}

TEST_CASE("a status without memory, as a kernel thread has it, counts as none") {
  const ProcessStatus status = parse_process_status("Name:\tx\nThreads:\t1\n");
  CHECK(status.threads == 1);
  CHECK(status.anonymous_bytes == 0);
}

TEST_CASE("a status tells memory apart by what forks share") {
  const ProcessStatus status = parse_process_status(
      "Name:\tx\nVmRSS:\t  100 kB\nRssAnon:\t   60 kB\nRssFile:\t   30 kB\nRssShmem:\t   10 kB\n"
      "Threads:\t4\nvoluntary_ctxt_switches:\t77\nnonvoluntary_ctxt_switches:\t5\n");
  CHECK(status.anonymous_bytes == 60 * 1024);
  CHECK(status.shared_bytes == 40 * 1024);
  CHECK(status.threads == 4);
  CHECK(status.voluntary_switches == 77);
  CHECK(status.involuntary_switches == 5);
}

TEST_CASE("pressure is the total of the line of some") {
  CHECK(parse_pressure_us("some avg10=0.10 avg60=0.05 avg300=0.00 total=123456\n"
                          "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n") == 123456);
  CHECK_FALSE(parse_pressure_us("").has_value());
  CHECK_FALSE(parse_pressure_us("some avg10=0.10\nfull total=99\n").has_value());
}

TEST_CASE("busy ticks of the machine leave out idle, waiting and stolen ones") {
  CHECK(parse_busy_ticks("cpu  1 2 4 800 1600 8 16 32 0 0\ncpu0 1 1 1 1\n") == 31);
  CHECK_FALSE(parse_busy_ticks("cpu0 1 2 3\n").has_value());
  CHECK_FALSE(parse_busy_ticks("cpu  1 2").has_value());
}

TEST_CASE("this very process can be read") {
  std::string text;
  REQUIRE(read_proc_file("/proc/self/stat", text));
  const auto stat = parse_process_stat(text);
  REQUIRE(stat.has_value());
  CHECK(stat->parent == ::getppid());
  REQUIRE(read_proc_file("/proc/self/status", text));
  CHECK(parse_process_status(text).anonymous_bytes > 0);
  CHECK_FALSE(read_proc_file("/proc/self/no-such-file", text));
}
