#include "fault/kernel_road.h"

#include <doctest/doctest.h>

#include "loop/fiber_group.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

TEST_CASE("The queue of a road is told to tc in its own words and units") {
  struct Row {
    RoadShape shape;
    std::string_view words;
  };
  const Row rows[] = {
      {{.loss = 0.01}, "netem limit 100000 loss random 1%"},
      {{.loss = 0.000001}, "netem limit 100000 loss random 0.0001%"},
      {{.round_trip = 154ms}, "netem limit 100000 delay 77000us"},
      {{.round_trip = 1ms, .jitter = 101us}, "netem limit 100000 delay 500us 50us"},
      {{.round_trip = 154ms, .jitter = 4ms, .distribution = JitterShape::normal},
       "netem limit 100000 delay 77000us 2000us distribution normal"},
      {{.duplicate = 0.25, .corrupt = 0.5}, "netem limit 100000 duplicate 25% corrupt 50%"},
      {{.round_trip = 20ms, .bytes_a_second = 1'000'000, .loss = 1, .reorder = 0.05},
       "netem limit 100000 delay 10000us loss random 100% reorder 5% rate 8000000bit"},
      {{.bytes_a_second = 1'000'000}, "tbf rate 8000000bit burst 10000 latency 200ms"},
      {{.bytes_a_second = 10'000}, "tbf rate 80000bit burst 3200 latency 200ms"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.words);
    CHECK(check_road(row.shape));
    CHECK(queue_words(row.shape) == row.words);
  }
}

TEST_CASE("A road that cannot be is refused with what would do") {
  struct Row {
    RoadShape shape;
    std::string_view text;
  };
  const Row rows[] = {
      {{}, "needs a shape"},
      {{.loss = 1.01}, "0 to 100%"},
      {{.duplicate = -0.1}, "0 to 100%"},
      {{.round_trip = -1ms}, "neither is negative"},
      {{.round_trip = 1ms, .jitter = 2ms}, "at most the round trip"},
      {{.loss = 0.1, .reorder = 0.1}, "reordering needs a round trip"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto checked = check_road(row.shape);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().text.find(row.text) != std::string::npos);
  }
}

// Needs root and iproute2; a kernel without netem has at least tbf, by which a road that is only
// narrow is made.
TEST_CASE("A road leads to a listener at its far end, is as narrow as it says, and goes") {
  const auto loop = Loop::create({.backend = BackendKind::epoll}).value();
  std::string skipped;
  Duration took{};
  const auto walk = [&](Fiber& self) -> Result<> {
    const auto road = TRY(KernelRoad::open(self, {.bytes_a_second = 100'000}));
    const auto listener = TRY(road->listen(*loop, {.at = Endpoint::loopback(0)}));
    CHECK(listener->local().ip() == road->far_end().ip());
    FiberGroup group(*loop);
    CHECK(group.spawn("far end", [&](Fiber& far) {
      const auto stream = listener->accept(far, far_future);
      std::size_t received = 0;
      while (stream) {
        const auto bytes = (*stream)->receive(far, far_future);
        if (!bytes || bytes->empty()) break;
        received += bytes->size();
      }
      CHECK(received == 30'000);
    }));
    const Instant started = self.now();
    const auto stream = TRY(loop->connect(self, {.to = listener->local(), .from = {}}, far_future));
    TRY(stream->send(self, as_bytes(std::string(30'000, 'x')), far_future));
    stream->finish();
    static_cast<void>(group.join(self));
    took = self.now() - started;
    return {};
  };
  REQUIRE(loop->spawn("test", [&](Fiber& self) {
    const auto walked = walk(self);
    if (walked) return;
    skipped = walked.error().text;
    CHECK((walked.error().code == ErrorCode::unsupported ||
           walked.error().code == ErrorCode::not_found));
  }));
  loop->run();
  if (!skipped.empty()) {
    MESSAGE("not tried: " << skipped);
    return;
  }
  // 3,200 bytes at once, the rest at 100 a millisecond.
  CHECK(took >= 200ms);
}

}  // namespace
}  // namespace brunt
