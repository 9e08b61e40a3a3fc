// Listeners that pause, streams that are broken off, and waits that are ended from outside: the
// same on every backend.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

constexpr Duration limit = 20s;

std::vector<BackendKind> every_backend() {
  std::vector<BackendKind> kinds = {BackendKind::simulated, BackendKind::epoll};
  if (Loop::create({.backend = BackendKind::io_uring})) kinds.push_back(BackendKind::io_uring);
  return kinds;
}

void on_loop(BackendKind kind, const std::function<void(Fiber&)>& body) {
  CAPTURE(name_of(kind));
  auto loop = Loop::create({.backend = kind});
  REQUIRE(loop.has_value());
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) { body(self); }));
  (*loop)->run();
}

Result<std::unique_ptr<Stream>> connect_to(Fiber& self, const Endpoint& to) {
  return self.loop().connect(self, {.to = to, .from = {}}, self.now() + limit);
}

}  // namespace

TEST_CASE("A paused listener refuses, keeps its address, and listens again") {
  const std::vector<Endpoint> places = {
      Endpoint::loopback(0),
      *Endpoint::parse("unix:/tmp/brunt-listener-test-" + std::to_string(getpid()))};
  for (const BackendKind kind : every_backend())
    for (const Endpoint& at : places)
      on_loop(kind, [&](Fiber& self) {
        CAPTURE(at.text());
        auto listener = self.loop().listen({.at = at, .pausable = true});
        REQUIRE(listener.has_value());
        const Endpoint where = (*listener)->local();
        int accepted = 0;
        Fiber* const acceptor = *self.loop().spawn("acceptor", [&](Fiber& fiber) {
          while ((*listener)->accept(fiber, far_future)) ++accepted;
        });
        REQUIRE(connect_to(self, where));
        for (int round = 0; round < 2; ++round) {
          (void)self.sleep(5ms);
          REQUIRE((*listener)->pause());
          const auto refused = connect_to(self, where);
          REQUIRE(!refused);
          CHECK(refused.error().code == ErrorCode::refused);
          REQUIRE((*listener)->resume());
          CHECK((*listener)->local() == where);
          REQUIRE(connect_to(self, where));
        }
        (void)self.sleep(5ms);
        CHECK(accepted == 3);
        acceptor->cancel();
        (void)self.sleep(1ms);
      });
}

TEST_CASE("A listener that was not made for it cannot be paused") {
  for (const BackendKind kind : every_backend())
    on_loop(kind, [](Fiber& self) {
      const auto listener = self.loop().listen({.at = Endpoint::loopback(0)});
      REQUIRE(listener.has_value());
      const auto paused = (*listener)->pause();
      REQUIRE(!paused);
      CHECK(paused.error().code == ErrorCode::unsupported);
    });
}

TEST_CASE("A stream that is aborted is reset at the other end") {
  for (const BackendKind kind : every_backend())
    on_loop(kind, [](Fiber& self) {
      auto listener = self.loop().listen({.at = Endpoint::loopback(0)});
      REQUIRE(listener.has_value());
      auto ours = connect_to(self, (*listener)->local());
      auto theirs = (*listener)->accept(self, self.now() + limit);
      REQUIRE(ours);
      REQUIRE(theirs);
      (*ours)->abort();
      ours->reset();
      const auto received = (*theirs)->receive(self, self.now() + limit);
      REQUIRE(!received);
      CHECK(received.error().code == ErrorCode::reset);
    });
}

TEST_CASE("A receive that is expired from outside times out, and the stream goes on") {
  for (const BackendKind kind : every_backend())
    on_loop(kind, [](Fiber& self) {
      auto listener = self.loop().listen({.at = Endpoint::loopback(0)});
      REQUIRE(listener.has_value());
      auto ours = connect_to(self, (*listener)->local());
      auto theirs = (*listener)->accept(self, self.now() + limit);
      REQUIRE(self.loop().spawn("other", [&](Fiber& other) {
        self.expire();
        (void)other.sleep(1ms);
        REQUIRE((*theirs)->send(other, as_bytes("on"), far_future));
      }));
      const auto early = (*ours)->receive(self, far_future);
      REQUIRE(!early);
      CHECK(early.error().code == ErrorCode::timeout);
      const auto received = (*ours)->receive(self, self.now() + limit);
      REQUIRE(received);
      CHECK(as_text(*received) == "on");
    });
}
