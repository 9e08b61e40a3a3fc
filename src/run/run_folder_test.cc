// A run's folders: swept when their run is dead, never while it lives; logs that stay, bounded.
#include "run/run_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>

#include "base/file.h"
#include "base/temporary_folder.h"

namespace brunt {
namespace {

namespace fs = std::filesystem;

// Before any file of this test was made, long after 2001.
constexpr WallTime today{1'500'000'000'000'000'000};

TemporaryFolder temporary_place() {
  return TemporaryFolder::make("brunt-test").value();
}

TEST_CASE("the folder of a killed run is swept by the next, that of a living one is not") {
  const TemporaryFolder place = temporary_place();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t other = fork();
  if (other == 0) {
    auto folder = RunFolder::make(place.path(), today);
    (void)!write(ends[1], "x", 1);
    for (;;) pause();
  }
  char byte = 0;
  REQUIRE(read(ends[0], &byte, 1) == 1);
  close(ends[0]);
  close(ends[1]);
  CHECK(sweep_run_folders(place.path(), today) == 0);
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  const auto ours = RunFolder::make(place.path(), today);
  REQUIRE(ours.has_value());
  CHECK(std::distance(fs::directory_iterator(place.path()), {}) == 1);
  CHECK(fs::exists(ours->path()));
}

TEST_CASE("a folder without a lock is left alone while it is young, and what is not ours always") {
  const TemporaryFolder place = temporary_place();
  fs::create_directory(place.path() / "brunt-run-young0");
  fs::create_directory(place.path() / "brunt-run-old000");
  fs::create_directory(place.path() / "other");
  fs::create_directory_symlink(place.path() / "other", place.path() / "brunt-run-link00");
  const timespec long_ago[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 0},
                                {.tv_sec = 1'000'000'000, .tv_nsec = 0}};
  REQUIRE(utimensat(AT_FDCWD, (place.path() / "brunt-run-old000").c_str(), long_ago, 0) == 0);
  CHECK(sweep_run_folders(place.path(), today) == 1);
  CHECK(fs::exists(place.path() / "brunt-run-young0"));
  CHECK_FALSE(fs::exists(place.path() / "brunt-run-old000"));
  CHECK(fs::exists(place.path() / "other"));
  CHECK(sweep_run_folders("/no/such/place", today) == 0);
}

TEST_CASE("the folder goes with its owner") {
  const TemporaryFolder place = temporary_place();
  {
    const auto folder = RunFolder::make(place.path(), today);
    REQUIRE(folder.has_value());
    CHECK(write_file(folder->path() / "file", "x").has_value());
  }
  CHECK(fs::is_empty(place.path()));
  CHECK_FALSE(RunFolder::make("/no/such/place", today).has_value());
}

TEST_CASE("logs stand beside the ledger, and those of the oldest runs go") {
  const TemporaryFolder place = temporary_place();
  const std::string ledger = (place.path() / "kept" / "ledger.db").string();
  for (const char* run : {"2026-1", "2026-2", "2026-3"}) {
    const auto logs = make_log_folder(ledger, run, {.runs_max = 2});
    REQUIRE(logs.has_value());
    CHECK(*logs == place.path() / "kept" / "logs" / run);
  }
  CHECK_FALSE(fs::exists(place.path() / "kept" / "logs" / "2026-1"));
  CHECK(fs::exists(place.path() / "kept" / "logs" / "2026-2"));
}

TEST_CASE("a log that is too long keeps its end and says so") {
  const TemporaryFolder place = temporary_place();
  REQUIRE(write_file(place.path() / "long.log", "first\nsecond\nthird\nlast\n").has_value());
  REQUIRE(write_file(place.path() / "short.log", "all\n").has_value());
  trim_logs(place.path(), 10, {.bytes_max = 13});
  CHECK(*read_file(place.path() / "long.log") ==
        "[brunt: the first 13 bytes of this log were cut]\nthird\nlast\n");
  CHECK(*read_file(place.path() / "short.log") == "all\n");
}

}  // namespace
}  // namespace brunt
