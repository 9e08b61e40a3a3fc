#include "loop/time_slice.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <thread>

namespace brunt {
namespace {

int nice_of_this_thread() {
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)));
}

}  // namespace

TEST_CASE("a thread that asks for short slices keeps its nice value, and its children have none") {
  std::thread([] {
    REQUIRE(::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), 7) == 0);
    CHECK(ask_for_short_slices());
    CHECK(nice_of_this_thread() == 7);
    CHECK((::sched_getscheduler(0) & SCHED_RESET_ON_FORK) != 0);
    std::thread([] {
      CHECK((::sched_getscheduler(0) & SCHED_RESET_ON_FORK) == 0);
      CHECK(nice_of_this_thread() == 7);
    }).join();
  }).join();
}

TEST_CASE("a thread of another policy keeps it") {
  std::thread([] {
    const sched_param none{};
    REQUIRE(::sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    CHECK(ask_for_short_slices());
    CHECK(::sched_getscheduler(0) == SCHED_BATCH);
  }).join();
}

}  // namespace brunt
