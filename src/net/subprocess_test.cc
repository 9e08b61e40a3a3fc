// Programs that we start: how they end, that their whole group goes, and that nothing survives us.
#include "net/subprocess.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <functional>

#include "base/file.h"
#include "base/text.h"
#include "loop/fiber_group.h"
#include "net/owned_descriptor.h"
#include "net/real_loops_fixture.h"
#include "net/signals.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

ProcessOptions shell(std::string line) {
  ProcessOptions options;
  options.argv = {"sh", "-c", std::move(line)};
  options.output = ProcessOutput::pipe;
  return options;
}

std::unique_ptr<Subprocess> start(Fiber& self, const ProcessOptions& options) {
  auto process = Subprocess::start(self.loop(), options);
  REQUIRE_MESSAGE(process.has_value(), (process ? "" : process.error().text));
  return *std::move(process);
}

std::string output_of(Fiber& self, Subprocess& process) {
  std::string all;
  for (;;) {
    const auto came = process.read(self, self.now() + 10s);
    REQUIRE_MESSAGE(came.has_value(), (came ? "" : came.error().text));
    if (came->empty()) return all;
    all += *came;
  }
}

// Up to the end of the first line.
std::string line_of(Fiber& self, Subprocess& process) {
  std::string all;
  while (all.find('\n') == std::string::npos) {
    const auto came = process.read(self, self.now() + 10s);
    REQUIRE((came.has_value() && !came->empty()));
    all += *came;
  }
  return std::string(trim(all));
}

pid_t pid_in(const std::string& text) {
  pid_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  REQUIRE(pid > 1);
  return pid;
}

// Waits (bounded) until a process that need not be our child has ended.
bool ends(pid_t pid) {
  const OwnedDescriptor handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0u)));
  if (!handle.open()) return true;
  pollfd waiting{handle.number(), POLLIN, 0};
  return poll(&waiting, 1, 10'000) == 1;
}

TEST_CASE("how a program ended is said in words") {
  struct Row {
    const char* line;
    const char* words;
  };
  const Row rows[] = {{"exit 0", "exited with 0"},
                      {"exit 3", "exited with 3"},
                      {"kill -KILL $$", "killed by SIGKILL"},
                      {"kill -TERM $$", "killed by SIGTERM"}};
  on_real_loops([&](Fiber& self) {
    for (const Row& row : rows) {
      CAPTURE(row.line);
      const auto process = start(self, shell(row.line));
      const auto status = process->wait(self, self.now() + 10s);
      REQUIRE(status.has_value());
      CHECK(status->text() == row.words);
      CHECK(process->status()->text() == row.words);
      CHECK(process->stop(self, {})->text() == row.words);
      CHECK(process->send_signal(SIGTERM).error().code == ErrorCode::not_found);
    }
  });
  CHECK(signal_name(77) == "signal 77");
}

TEST_CASE("output, environment, directory, and arguments are as given") {
  on_real_loops([](Fiber& self) {
    ProcessOptions options = shell("echo \"$GREETING $1\"; pwd >&2; ls /proc/self/fd | wc -l");
    options.argv.insert(options.argv.end(), {"sh", "a b"});
    options.env = {{"GREETING", "good morning"}};
    options.cwd = "/usr";
    const auto process = start(self, options);
    // Three standard ones, and ls's own; no descriptor of ours.
    CHECK(output_of(self, *process) == "good morning a b\n/usr\n4\n");
    CHECK(process->wait(self, self.now() + 10s)->success());
  });
}

TEST_CASE("a log file is appended to") {
  on_real_loops([](Fiber& self) {
    const auto log = std::filesystem::temp_directory_path() /
                     ("subprocess-test-" + std::to_string(getpid()) + ".log");
    std::filesystem::remove(log);
    for (const char* line : {"echo one", "echo two >&2"}) {
      ProcessOptions options = shell(line);
      options.output = ProcessOutput::log_file;
      options.log = log;
      CHECK(start(self, options)->wait(self, self.now() + 10s)->success());
    }
    CHECK(read_file(log) == "one\ntwo\n");
    std::filesystem::remove(log);
  });
}

TEST_CASE("signals are as a program expects them, whatever ours are") {
  on_real_loops([](Fiber& self) {
    const auto signals = Signals::create(self.loop());
    REQUIRE(signals.has_value());
    const auto process = start(self, shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
    const std::string masks = output_of(self, *process);
    CHECK(masks.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(masks.find("SigIgn:\t0000000000000000") != std::string::npos);
  });
}

TEST_CASE("a program that cannot be started says why") {
  struct Row {
    std::function<void(ProcessOptions&)> change;
    ErrorCode code;
    const char* words;
  };
  const Row rows[] = {
      {[](ProcessOptions& o) { o.argv = {"no-such-program-here"}; }, ErrorCode::not_found,
       "no-such-program-here"},
      {[](ProcessOptions& o) { o.argv = {"/no/such/program"}; }, ErrorCode::not_found,
       "/no/such/program"},
      {[](ProcessOptions& o) { o.argv = {"/etc/passwd"}; }, ErrorCode::denied, "/etc/passwd"},
      {[](ProcessOptions& o) { o.argv = {}; }, ErrorCode::invalid, "not named"},
      {[](ProcessOptions& o) { o.cwd = "/no/such/directory"; }, ErrorCode::not_found,
       "/no/such/directory"},
      {[](ProcessOptions& o) { o.user = "nobody-of-that-name"; }, ErrorCode::not_found,
       "nobody-of-that-name"},
      {[](ProcessOptions& o) {
         o.output = ProcessOutput::log_file;
         o.log = "/no/such/directory/x.log";
       },
       ErrorCode::not_found, "/no/such/directory/x.log"},
  };
  on_real_loops([&](Fiber& self) {
    for (const Row& row : rows) {
      CAPTURE(row.words);
      ProcessOptions options = shell("exit 0");
      row.change(options);
      const auto process = Subprocess::start(self.loop(), options);
      REQUIRE_FALSE(process.has_value());
      CHECK(process.error().code == row.code);
      CHECK(process.error().text.find(row.words) != std::string::npos);
    }
  });
}

TEST_CASE("root can start a program as somebody else, who has only his own groups") {
  if (geteuid() != 0) {
    MESSAGE("skipped: this needs root");
    return;
  }
  on_real_loops([](Fiber& self) {
    for (const char* user : {"nobody", "65534"}) {
      ProcessOptions options = shell("id -u; id -G; echo alive");
      options.user = user;
      const auto process = start(self, options);
      CHECK(output_of(self, *process) == "65534\n65534\nalive\n");
    }
  });
}

TEST_CASE("any number of fibers may wait for a program") {
  on_real_loops([](Fiber& self) {
    const auto process = start(self, shell("read line"));
    // Its input is empty, so it ends by itself.
    FiberGroup group(self.loop());
    int ended = 0;
    for (int i = 0; i < 5; ++i)
      CHECK(group.spawn("waits", [&](Fiber& fiber) {
        ended += process->wait(fiber, fiber.now() + 10s).has_value() ? 1 : 0;
      }));
    CHECK(group.join(self));
    CHECK(ended == 5);
  });
}

TEST_CASE("waiting has a deadline") {
  on_real_loops([](Fiber& self) {
    const auto process = start(self, shell("sleep 60"));
    CHECK(process->wait(self, self.now() + 5ms).error().code == ErrorCode::timeout);
  });
}

TEST_CASE("stop asks first, kills after the grace, and takes the whole group") {
  on_real_loops([](Fiber& self) {
    const auto polite = start(self, shell("trap 'exit 7' TERM; echo up; sleep 60 & wait"));
    line_of(self, *polite);
    CHECK(polite->stop(self, {})->text() == "exited with 7");

    const auto stubborn =
        start(self, shell("trap '' TERM; sleep 60 & echo $!; while :; do wait; done"));
    const pid_t grandchild = pid_in(line_of(self, *stubborn));
    CHECK(stubborn->stop(self, {.grace = 20ms})->text() == "killed by SIGKILL");
    CHECK(ends(grandchild));

    const auto frozen = start(self, shell("sleep 60"));
    CHECK(frozen->send_signal(SIGSTOP));
    CHECK(frozen->stop(self, {})->text() == "killed by SIGTERM");
  });
}

TEST_CASE("what a program leaves behind ends with it") {
  on_real_loops([](Fiber& self) {
    ProcessOptions options = shell("sleep 60 >/dev/null 2>&1 & echo $!");
    options.orphans = Orphans::killed;
    const auto process = start(self, options);
    const pid_t left_behind = pid_in(line_of(self, *process));
    CHECK(process->wait(self, self.now() + 10s)->success());
    CHECK(ends(left_behind));
  });
}

TEST_CASE("in a cancelled fiber stop has no grace, and nothing is left") {
  on_real_loops([](Fiber& self) {
    const auto process = start(self, shell("trap '' TERM; echo up; while :; do sleep 1; done"));
    line_of(self, *process);
    FiberGroup group(self.loop());
    CHECK(group.spawn("stops", [&](Fiber& fiber) {
      fiber.cancel();
      CHECK(process->stop(fiber, {.grace = 60s})->text() == "killed by SIGKILL");
    }));
    CHECK(group.join(self));
  });
}

// Starts `line` from a process in between, kills that with SIGKILL, and says whether what `line`
// printed the pid of has ended too.
bool ends_with_its_parent(const std::string& line, Orphans orphans, const std::string& user) {
  int ends_of_pipe[2];
  REQUIRE(pipe(ends_of_pipe) == 0);
  const OwnedDescriptor from(ends_of_pipe[0]);
  OwnedDescriptor to(ends_of_pipe[1]);
  const pid_t between = fork();
  if (between == 0) {
    on_backend(BackendKind::epoll, [&](Fiber& self) {
      ProcessOptions options = shell(line);
      options.orphans = orphans;
      options.user = user;
      const auto process = start(self, options);
      const std::string pid = line_of(self, *process);
      (void)!write(to.number(), pid.data(), pid.size());
      to.close();
      (void)process->wait(self, far_future);
    });
    _exit(1);
  }
  to.close();
  char text[32] = "";
  REQUIRE(read(from.number(), text, sizeof text - 1) > 0);
  const pid_t pid = pid_in(text);
  kill(between, SIGKILL);
  waitpid(between, nullptr, 0);
  const bool ended = ends(pid);
  if (!ended) kill(pid, SIGKILL);
  return ended;
}

TEST_CASE("a program ends with us when we are killed, also as another user") {
  CHECK(ends_with_its_parent("echo $$; exec sleep 60", Orphans::left, ""));
  if (geteuid() == 0)
    CHECK(ends_with_its_parent("echo $$; exec sleep 60", Orphans::left, "nobody"));
}

TEST_CASE("what a program has started ends with us too, if that is wanted") {
  CHECK(ends_with_its_parent("sleep 60 & echo $!; wait", Orphans::killed, ""));
}

TEST_CASE("signals are counted events") {
  on_real_loops([](Fiber& self) {
    const auto signals = Signals::create(self.loop());
    REQUIRE(signals.has_value());
    CHECK((*signals)->next(self, self.now() + 1ms).error().code == ErrorCode::timeout);
    raise(SIGINT);
    CHECK((*signals)->next(self, self.now() + 5s) == SIGINT);
    CHECK((*signals)->count() == 1);
    raise(SIGTERM);
    CHECK((*signals)->next(self, self.now() + 5s) == SIGTERM);
    CHECK((*signals)->count() == 2);
  });
}

}  // namespace
}  // namespace brunt
