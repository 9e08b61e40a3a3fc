// A process with all that it has started, found, held, and let go; also when its holder is killed.
#include "net/process_tree.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <string>

namespace brunt {
namespace {

// A process with a child in a session of its own, which has left the group; both wait to be killed.
struct Family {
  pid_t leader = 0, child = 0;

  static Family start() {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    Family family;
    family.leader = fork();
    if (family.leader == 0) {
      const pid_t child = fork();
      if (child == 0) {
        setsid();
        const pid_t self = getpid();
        (void)!write(ends[1], &self, sizeof self);
      }
      for (;;) pause();
    }
    REQUIRE(read(ends[0], &family.child, sizeof family.child) == sizeof family.child);
    close(ends[0]);
    close(ends[1]);
    return family;
  }
  void end() const {
    kill(child, SIGKILL);
    kill(leader, SIGKILL);
    waitpid(leader, nullptr, 0);
  }
};

char state_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const auto name_end = text.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= text.size() ? '-' : text[name_end + 2];
}

// The kernel stops and continues soon, not at once.
bool becomes(pid_t pid, char wanted) {
  for (int i = 0; i < 2000; ++i) {
    if (state_of(pid) == wanted) return true;
    poll(nullptr, 0, 5);
  }
  return false;
}

TEST_CASE("a child that has left its group is still of the tree, a stranger is not") {
  const Family family = Family::start();
  const auto tree = process_tree(family.leader);
  CHECK(tree.front() == family.leader);
  CHECK(std::ranges::count(tree, family.child) == 1);
  CHECK(std::ranges::count(tree, getpid()) == 0);
  CHECK(tree.size() == 2);
  family.end();
}

TEST_CASE("what is frozen stands still, all of it, until it is released") {
  const Family family = Family::start();
  {
    auto frozen = FrozenProcesses::freeze(family.leader);
    REQUIRE(frozen.has_value());
    CHECK((*frozen)->pids().size() == 2);
    CHECK(becomes(family.leader, 'T'));
    CHECK(becomes(family.child, 'T'));
  }
  CHECK(becomes(family.leader, 'S'));
  CHECK(becomes(family.child, 'S'));
  family.end();
}

TEST_CASE("what a killed program had frozen goes on") {
  const Family family = Family::start();
  const pid_t holder = fork();
  if (holder == 0) {
    auto frozen = FrozenProcesses::freeze(family.leader);
    for (;;) pause();
  }
  CHECK(becomes(family.child, 'T'));
  // Its guard is there a moment after the last process has stopped.
  CHECK(becomes(family.leader, 'T'));
  while (process_tree(holder).size() < 2) poll(nullptr, 0, 5);
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  CHECK(becomes(family.leader, 'S'));
  CHECK(becomes(family.child, 'S'));
  family.end();
}

TEST_CASE("freezing what is not there is an error") {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  const auto frozen = FrozenProcesses::freeze(gone);
  REQUIRE_FALSE(frozen.has_value());
  CHECK(frozen.error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace brunt
