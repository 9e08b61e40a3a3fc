// Fibers, timers, groups and helpers, on every backend where that is the same, else on the
// simulated one, whose clock costs nothing.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "loop/fiber_group.h"
#include "loop/helper_thread.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

std::unique_ptr<Loop> make_loop(BackendKind kind = BackendKind::simulated) {
  auto loop = Loop::create({.backend = kind});
  REQUIRE_MESSAGE(loop.has_value(), loop.error().text);
  return std::move(*loop);
}

Fiber* start(Loop& loop, const char* name, Loop::Body body) {
  auto fiber = loop.spawn(name, std::move(body));
  REQUIRE_MESSAGE(fiber.has_value(), fiber.error().text);
  return *fiber;
}

std::vector<BackendKind> backends() {
  std::vector<BackendKind> kinds = {BackendKind::simulated, BackendKind::epoll};
  if (Loop::create({.backend = BackendKind::io_uring})) kinds.push_back(BackendKind::io_uring);
  return kinds;
}

}  // namespace

TEST_CASE("fibers take turns in the order in which they became ready") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = make_loop(kind);
    std::string order;
    Fiber* first = start(*loop, "first", [&](Fiber& self) {
      order += 'a';
      CHECK(self.park(far_future, "test"));
      order += 'c';
    });
    start(*loop, "second", [&](Fiber&) {
      order += 'b';
      first->wake();
      order += 'B';
    });
    loop->run();
    CHECK(order == "abBc");
    CHECK(loop->stats().fibers_started == 2);
    CHECK(loop->stats().fibers_alive == 0);
  }
}

TEST_CASE("a wake before the park is kept, once") {
  auto loop = make_loop();
  start(*loop, "fiber", [](Fiber& self) {
    self.wake();
    self.wake();
    CHECK(self.park(far_future, "kept"));
    const auto second = self.park(self.now() + 1s, "not kept");
    REQUIRE(!second);
    CHECK(second.error().code == ErrorCode::timeout);
    CHECK(second.error().text == "not kept: timed out");
  });
  loop->run();
}

TEST_CASE("a wake during a sleep does not shorten it and is kept for the next park") {
  auto loop = make_loop();
  Fiber* sleeper = start(*loop, "sleeper", [](Fiber& self) {
    const Instant before = self.now();
    CHECK(self.sleep(10s));
    CHECK(self.now() - before == 10s);
    CHECK(self.park(far_future, "kept"));
  });
  start(*loop, "waker", [&](Fiber& self) {
    CHECK(self.sleep(1s));
    sleeper->wake();
  });
  loop->run();
}

TEST_CASE("virtual time jumps to the next deadline, and a deadline is met exactly") {
  auto loop = make_loop();
  std::vector<int> order;
  for (const int seconds : {3, 1, 2, 86'400})
    start(*loop, "sleeper", [&, seconds](Fiber& self) {
      CHECK(self.sleep(std::chrono::seconds(seconds)));
      CHECK(self.now() == Instant(std::chrono::seconds(seconds)));
      order.push_back(seconds);
    });
  loop->run();
  CHECK(order == std::vector<int>{1, 2, 3, 86'400});
}

TEST_CASE(
    "a deadline that moves later and earlier again is met, though its timer is armed lazily") {
  auto loop = make_loop();
  Fiber* fiber = start(*loop, "fiber", [](Fiber& self) {
    CHECK(self.park(Instant(10s), "short, woken at 1 s"));
    CHECK(!self.park(Instant(60s), "longer than what is armed"));
    CHECK(self.now() == Instant(60s));
    CHECK(!self.park(Instant(61s), "after it fired"));
    CHECK(self.now() == Instant(61s));
  });
  start(*loop, "waker", [&](Fiber& self) {
    CHECK(self.sleep(1s));
    fiber->wake();
  });
  loop->run();
}

TEST_CASE("a deadline that has passed still lets the others run first") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = make_loop(kind);
    int turns = 0;
    bool is_done = false;
    start(*loop, "late", [&](Fiber& self) {
      while (!is_done && turns < 1'000) {
        ++turns;
        CHECK(self.sleep(0ns));
      }
    });
    start(*loop, "other", [&](Fiber&) { is_done = true; });
    loop->run();
    CHECK(turns < 1'000);
  }
}

TEST_CASE("cancel ends the present park and every later one") {
  auto loop = make_loop();
  Fiber* fiber = start(*loop, "fiber", [](Fiber& self) {
    for (int i = 0; i < 3; ++i) {
      const auto parked = self.park(far_future, "test");
      REQUIRE(!parked);
      CHECK(parked.error().code == ErrorCode::cancelled);
    }
    CHECK(self.sleep(1h).error().code == ErrorCode::cancelled);
    CHECK(self.cancelled());
    CHECK(self.now() == Instant(5s));
  });
  start(*loop, "canceller", [&](Fiber& self) {
    CHECK(self.sleep(5s));
    fiber->cancel();
  });
  loop->run();
}

TEST_CASE("two fibers parked inside catch keep their own exceptions") {
  auto loop = make_loop();
  std::string seen;
  const auto body = [&](const char* name) {
    return [&seen, name](Fiber& self) {
      try {
        throw std::runtime_error(name);
      } catch (const std::exception&) {
        CHECK(self.sleep(1s));
        try {
          throw;  // The one that is being handled here, not the other fiber's.
        } catch (const std::exception& mine) {
          seen += mine.what();
        }
        CHECK(self.sleep(1s));
      }
    };
  };
  start(*loop, "a", body("a"));
  start(*loop, "b", body("b"));
  loop->run();
  CHECK(seen == "ab");
}

TEST_CASE("an exception that leaves a fiber ends the others in good order and comes out of run") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = make_loop(kind);
    bool other_ended = false;
    start(*loop, "other", [&](Fiber& self) {
      CHECK(self.park(far_future, "test").error().code == ErrorCode::cancelled);
      other_ended = true;
    });
    start(*loop, "thrower", [](Fiber&) { throw std::runtime_error("out of a fiber"); });
    CHECK_THROWS_WITH_AS(loop->run(), "out of a fiber", std::runtime_error);
    CHECK(other_ended);
  }
}

TEST_CASE("a simulation in which nothing can happen any more fails with a description") {
  auto loop = make_loop();
  start(*loop, "hopeless", [](Fiber& self) { (void)self.park(far_future, "godot"); });
  try {
    loop->run();
    FAIL("it returned");
  } catch (const std::runtime_error& error) {
    const std::string text = error.what();
    CHECK(text.find("hopeless: parked, godot") != std::string::npos);
  }
}

TEST_CASE("describe tells what each fiber waits for and how long yet") {
  auto loop = make_loop();
  start(*loop, "sleeper", [](Fiber& self) { CHECK(self.sleep(2s)); });
  start(*loop, "reporter", [&](Fiber& self) {
    CHECK(self.sleep(1s));
    const std::string text = loop->describe();
    CHECK(text.find("sleeper: parked, sleeping, until 1.000000 s from now") != std::string::npos);
    CHECK(text.find("reporter: running") != std::string::npos);
  });
  loop->run();
}

TEST_CASE("stop and post come from any thread") {
  for (const BackendKind kind : backends()) {
    if (kind == BackendKind::simulated) continue;  // Its time would not stand still for a thread.
    CAPTURE(name_of(kind));
    auto loop = make_loop(kind);
    std::atomic<bool> is_up = false;
    bool was_posted = false;
    Fiber* fiber = start(*loop, "fiber", [&](Fiber& self) {
      is_up = true;
      CHECK(self.park(far_future, "post"));
      CHECK(was_posted);
      CHECK(self.park(far_future, "stop").error().code == ErrorCode::cancelled);
    });
    std::jthread outside([&] {
      is_up.wait(false);
      loop->post([&] {
        was_posted = true;
        fiber->wake();
      });
      loop->stop();
    });
    start(*loop, "bell", [&](Fiber&) { is_up.notify_all(); });
    loop->run();
  }
}

TEST_CASE("mail that came before run is read") {
  auto loop = make_loop();
  bool was_read = false;
  loop->post([&] { was_read = true; });
  loop->run();
  CHECK(was_read);
}

TEST_CASE("a group waits for all its members, and cancels those left at its deadline") {
  auto loop = make_loop();
  start(*loop, "parent", [&](Fiber& self) {
    FiberGroup group(self.loop());
    int ended = 0;
    for (int i = 1; i <= 5; ++i)
      CHECK(group.spawn("child", [&ended, i](Fiber& child) {
        if (child.sleep(std::chrono::seconds(i))) ++ended;
      }));
    CHECK(group.alive() == 5);
    const auto joined = group.join_until(self, self.now() + 3500ms);
    REQUIRE(!joined);
    CHECK(joined.error().code == ErrorCode::timeout);
    CHECK(ended == 3);
    CHECK(group.alive() == 0);
    CHECK(group.spawn("again", [&](Fiber& child) { CHECK(child.sleep(1s)); }));
    CHECK(group.join(self));
    CHECK(self.now() == Instant(4500ms));
  });
  loop->run();
}

TEST_CASE("cancelling who joins cancels the members, and it still waits for their end") {
  auto loop = make_loop();
  bool child_ended = false;
  Fiber* parent = start(*loop, "parent", [&](Fiber& self) {
    FiberGroup group(self.loop());
    CHECK(group.spawn("child", [&](Fiber& child) {
      CHECK(!child.sleep(1h));
      child_ended = true;
    }));
    CHECK(group.join(self).error().code == ErrorCode::cancelled);
    CHECK(child_ended);
  });
  start(*loop, "canceller", [&](Fiber& self) {
    CHECK(self.sleep(1s));
    parent->cancel();
  });
  loop->run();
  CHECK(child_ended);
}

TEST_CASE("a helper's work is waited for really, while simulated time stands still") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = make_loop(kind);
    HelperThread helper("helper");
    start(*loop, "caller", [&](Fiber& self) {
      const Instant before = self.now();
      const auto loop_thread = std::this_thread::get_id();
      const auto answer =
          helper.call<std::thread::id>(self, [] { return std::this_thread::get_id(); });
      CHECK(answer != loop_thread);
      if (kind == BackendKind::simulated) CHECK(self.now() == before);
      CHECK(helper.call<std::unique_ptr<int>>(self, [] { return std::make_unique<int>(7); }) !=
            nullptr);
      CHECK_THROWS_WITH(helper.run(self, [] { throw std::runtime_error("disk on fire"); }),
                        "disk on fire");
    });
    loop->run();
    CHECK(helper.queued() == 0);
  }
}

TEST_CASE("a cancelled caller still waits for its helper, which uses its captures") {
  auto loop = make_loop(BackendKind::epoll);
  HelperThread helper("helper");
  std::atomic<bool> may_go = false;
  Fiber* caller = start(*loop, "caller", [&](Fiber& self) {
    int local = 0;
    helper.run(self, [&] {
      may_go.wait(false);
      local = 1;
    });
    CHECK(local == 1);
    CHECK(self.cancelled());
  });
  start(*loop, "canceller", [&](Fiber&) {
    caller->cancel();
    may_go = true;
    may_go.notify_all();
  });
  loop->run();
}

TEST_CASE("when somebody sets the wall clock, only wall jumps") {
  auto loop = Loop::create(
      {.backend = BackendKind::simulated, .wall_jump = {.at = Instant(10s), .by = -3600s}});
  REQUIRE(loop);
  start(**loop, "fiber", [&](Fiber& self) {
    const std::int64_t wall = (*loop)->wall().unix_ns;
    CHECK(wall == 946'684'800'000'000'000);  // 2000-01-01T00:00:00Z.
    CHECK(self.sleep(20s));
    CHECK(self.now() == Instant(20s));
    CHECK((*loop)->wall().unix_ns == wall + (20s - 3600s) / 1ns);
  });
  (*loop)->run();
}

TEST_CASE("a timer that the loop comes to late is lag, though the loop itself did nothing") {
  auto loop = Loop::create({.backend = BackendKind::simulated,
                            .core_loss = {.at = Instant(10s), .lasts = 300ms, .every = 10s}});
  REQUIRE(loop);
  start(**loop, "fiber", [&](Fiber& self) {
    CHECK(self.sleep(10s + 100ms));
    CHECK(self.now() == Instant(10s + 300ms));
    CHECK((*loop)->stats().waited_max == 200ms);
    CHECK(self.sleep(1ms));
    CHECK((*loop)->stats().lag_max == 200ms);
    CHECK((*loop)->stats().held_up == 200ms);
    (*loop)->reset_lag();
    // Nothing was due while it was away.
    CHECK(self.sleep_until(Instant(20s + 500ms)));
    CHECK(self.now() == Instant(20s + 500ms));
    CHECK((*loop)->stats().lag_max == 0s);
    CHECK((*loop)->stats().held_up == 0s);
  });
  (*loop)->run();
}

TEST_CASE("fifty thousand fibers sleep at once") {
#ifdef __SANITIZE_THREAD__
  constexpr int count = 2'000;  // ThreadSanitizer knows no more than 8,000 at a time.
#else
  constexpr int count = 50'000;
#endif
  auto loop = make_loop();
  int woken = 0;
  for (int i = 0; i < count; ++i)
    start(*loop, "sleeper", [&woken, i](Fiber& self) {
      CHECK(self.sleep(std::chrono::milliseconds(1 + i % 100)));
      ++woken;
    });
  CHECK(loop->stats().fibers_alive == count);
  loop->run();
  CHECK(woken == count);
  CHECK(loop->now() == Instant(100ms));
}

TEST_CASE("a loop that has no room for more fibers says which limit it was") {
  auto loop = Loop::create({.backend = BackendKind::simulated, .fibers_max = 1});
  REQUIRE(loop);
  start(**loop, "one", [](Fiber&) {});
  const auto refused = (*loop)->spawn("two", [](Fiber&) {});
  REQUIRE(!refused);
  CHECK(refused.error().code == ErrorCode::exhausted);
  CHECK(refused.error().text.find("fibers_max") != std::string::npos);
  (*loop)->run();

  auto vast =
      Loop::create({.backend = BackendKind::simulated, .stack_bytes = std::size_t{1} << 46u});
  REQUIRE(vast);
  const auto no_room = (*vast)->spawn("fiber", [](Fiber&) {});
  REQUIRE(!no_room);
  CHECK(no_room.error().code == ErrorCode::exhausted);
  CHECK(no_room.error().text.find("vm.max_map_count") != std::string::npos);
}

TEST_CASE("a loop that never ran destroys what its fibers captured") {
  const auto witness = std::make_shared<int>(1);
  {
    auto loop = make_loop();
    start(*loop, "never", [witness](Fiber&) {});
    CHECK(witness.use_count() == 2);
  }
  CHECK(witness.use_count() == 1);
}

TEST_CASE("backends have names and an unknown one is refused") {
  for (const char* name : {"auto", "io_uring", "epoll", "simulated"})
    CHECK(name_of(*parse_backend(name)) == name);
  CHECK(parse_backend("kqueue").error().code == ErrorCode::invalid);
}
