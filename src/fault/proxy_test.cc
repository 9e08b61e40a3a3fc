#include "fault/proxy.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "fault/proxy_test_world.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * i + i / 7) % 26);
  return text;
}

// The reply's delay, from sending to having it.
Duration round_trip(Fiber& self, Stream& stream) {
  const Instant start = self.now();
  send_all(self, stream, "ping");
  CHECK(receive_count(self, stream, 4) == "ping");
  return self.now() - start;
}

}  // namespace

TEST_CASE("Bytes go through untouched in both directions, over TCP and unix sockets") {
  std::vector<BackendKind> kinds = {BackendKind::simulated, BackendKind::epoll};
  if (Loop::create({.backend = BackendKind::io_uring})) kinds.push_back(BackendKind::io_uring);
  const std::string path = "unix:/tmp/brunt-proxy-test-" + std::to_string(getpid());
  for (const BackendKind kind : kinds)
    for (const bool is_unix : {false, true}) {
      CAPTURE(name_of(kind));
      ProxyWorld world({.backend = kind});
      if (is_unix) {
        world.options.listen = Endpoint::parse(path + "-a").value();
        world.upstream = Endpoint::parse(path + "-b").value();
      }
      const std::string text = pattern(300'000);
      world.run(echo, [&](Fiber& self) {
        auto stream = world.connect(self);
        FiberGroup sender(self.loop());
        REQUIRE(sender.spawn("send", [&](Fiber& fiber) {
          send_all(fiber, *stream, text);
          stream->finish();
        }));
        CHECK(receive_count(self, *stream, text.size() + 1) == text);
        (void)sender.join(self);
        CHECK(world.proxy->stats().bytes_upstream.get() == text.size());
        CHECK(world.proxy->stats().bytes_downstream.get() == text.size());
      });
    }
}

TEST_CASE("A half-close is passed on, and the other direction lives on") {
  ProxyWorld world;
  const auto service = [](Fiber& self, Stream& stream) {
    CHECK(receive_count(self, stream, 100) == "question");  // Until its end.
    (void)self.sleep(5s);
    send_all(self, stream, "answer");
    stream.finish();
  };
  world.run(service, [&](Fiber& self) {
    const auto stream = world.connect(self);
    send_all(self, *stream, "question");
    stream->finish();
    CHECK(receive_count(self, *stream, 100) == "answer");
    (void)self.sleep(1ms);
    CHECK(world.proxy->stats().connections_open.get() == 0);
    CHECK(world.proxy->stats().broken.get() == 0);
  });
}

TEST_CASE("Both ends closing at once end the connection in order") {
  ProxyWorld world;
  const auto service = [](Fiber& self, Stream& stream) {
    (void)self.sleep(1s - self.now().time_since_epoch() % 1s);
    stream.finish();
    (void)self.sleep(1s);
  };
  world.run(service, [&](Fiber& self) {
    const auto stream = world.connect(self);
    (void)self.sleep(1s - self.now().time_since_epoch() % 1s);
    stream->finish();
    CHECK(receive_count(self, *stream, 1).empty());
    (void)self.sleep(2s);
    CHECK(world.proxy->stats().connections_open.get() == 0);
    CHECK(world.proxy->stats().broken.get() == 0);
  });
}

TEST_CASE("An upstream that refuses resets the client, and is counted") {
  ProxyWorld world;
  world.upstream = Endpoint::loopback(9);
  world.run(nullptr, [&](Fiber& self) {
    const auto stream = world.connect(self);
    const auto received = stream->receive(self, far_future);
    REQUIRE(!received);
    CHECK(received.error().code == ErrorCode::reset);
    CHECK(world.proxy->stats().upstream_failed.get() == 1);
  });
}

TEST_CASE("A reset of the service reaches the client as a reset") {
  ProxyWorld world;
  world.run([](Fiber&, Stream& stream) { stream.abort(); },
            [&](Fiber& self) {
              const auto stream = world.connect(self);
              const auto received = stream->receive(self, far_future);
              REQUIRE(!received);
              CHECK(received.error().code == ErrorCode::reset);
            });
}

TEST_CASE(
    "Latency is there in the direction that it was put into, and gone when it is taken away") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 0ms);
    REQUIRE(world.proxy->set_toxic({.name = "far", .delay = 77ms}));
    CHECK(round_trip(self, *stream) == 77ms);
    REQUIRE(
        world.proxy->set_toxic({.name = "farther", .stream = ToxicStream::both, .delay = 100ms}));
    CHECK(round_trip(self, *stream) == 277ms);
    REQUIRE(world.proxy->remove_toxic("far"));
    REQUIRE(world.proxy->remove_toxic("farther"));
    CHECK(round_trip(self, *stream) == 0ms);
    CHECK(world.proxy->remove_toxic("far").error().code == ErrorCode::not_found);
  });
}

TEST_CASE("Where the handshake counts, the first answer takes two round trips and later ones one") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    REQUIRE(world.proxy->set_toxic(
        {.name = "far", .stream = ToxicStream::both, .delay = 77ms, .handshake = true}));
    const Instant start = self.now();
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 308ms);
    CHECK(world.accepted_at - start == 231ms);  // SYN, its answer, and the answer to that.
    CHECK(round_trip(self, *stream) == 154ms);
  });
}

TEST_CASE("A sender that comes after the connection was established pays no more for it") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    REQUIRE(world.proxy->set_toxic(
        {.name = "far", .stream = ToxicStream::both, .delay = 77ms, .handshake = true}));
    const auto stream = world.connect(self);
    (void)self.sleep(160ms);
    CHECK(round_trip(self, *stream) == 154ms);
  });
}

TEST_CASE("Down closes what is connected and refuses who comes, until it is up again") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 0ms);
    for (const bool by_toxic : {true, false}) {
      const auto before = world.connect(self);
      CHECK(round_trip(self, *before) == 0ms);
      const auto cut = by_toxic ? world.proxy->set_toxic({.name = "cut", .type = ToxicType::down})
                                : world.proxy->set_enabled(false);
      REQUIRE(cut.has_value());
      const auto ended = before->receive(self, far_future);
      REQUIRE(ended);
      CHECK(ended->empty());
      const auto refused =
          self.loop().connect(self, {.to = world.proxy->endpoint(), .from = {}}, far_future);
      REQUIRE(!refused);
      CHECK(refused.error().code == ErrorCode::refused);
      const auto up = by_toxic ? world.proxy->remove_toxic("cut") : world.proxy->set_enabled(true);
      REQUIRE(up.has_value());
      const auto after = world.connect(self);
      CHECK(round_trip(self, *after) == 0ms);
    }
  });
}

TEST_CASE("Refuse leaves open connections alone") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 0ms);
    REQUIRE(world.proxy->set_toxic({.name = "no", .type = ToxicType::refuse}));
    CHECK(!self.loop().connect(self, {.to = world.proxy->endpoint(), .from = {}}, far_future));
    CHECK(round_trip(self, *stream) == 0ms);
  });
}

TEST_CASE("A share of connections is hit, the same ones for the same seed") {
  std::string first;
  for (int run = 0; run < 2; ++run) {
    ProxyWorld world;
    world.options.seed = 5;
    std::string hit;
    world.run(echo, [&](Fiber& self) {
      REQUIRE(world.proxy->set_toxic({.name = "half", .toxicity = 0.3, .delay = 50ms}));
      for (int i = 0; i < 200; ++i) {
        const auto stream = world.connect(self);
        hit += round_trip(self, *stream) > 0ms ? 'x' : '.';
      }
    });
    const auto count = std::ranges::count(hit, 'x');
    CHECK(count > 40);
    CHECK(count < 80);
    if (run == 0) first = hit;
    CHECK(hit == first);
  }
}

TEST_CASE("A reset toxic breaks both ends after the first bytes") {
  ProxyWorld world;
  Instant broken{};
  const auto service = [&](Fiber& self, Stream& stream) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes) broken = self.now();
  };
  world.run(service, [&](Fiber& self) {
    REQUIRE(world.proxy->set_toxic({.name = "rst",
                                    .type = ToxicType::reset_peer,
                                    .stream = ToxicStream::upstream,
                                    .delay = 200ms}));
    const auto stream = world.connect(self);
    const Instant start = self.now();
    send_all(self, *stream, "x");
    const auto received = stream->receive(self, far_future);
    REQUIRE(!received);
    CHECK(received.error().code == ErrorCode::reset);
    const Instant ended = self.now();
    CHECK(ended - start == 200ms);
    (void)self.sleep(1ms);
    CHECK(broken == ended);
  });
}

TEST_CASE("A time-out that comes over an idle connection closes it") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 0ms);
    const Instant start = self.now();
    REQUIRE(world.proxy->set_toxic({.name = "t", .type = ToxicType::timeout, .delay = 3s}));
    const auto ended = stream->receive(self, far_future);
    REQUIRE(ended);
    CHECK(ended->empty());
    CHECK(self.now() - start == 3s);
  });
}

TEST_CASE("A stall holds what comes, and lets it go when it is taken away") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    const auto stream = world.connect(self);
    CHECK(round_trip(self, *stream) == 0ms);
    REQUIRE(world.proxy->set_toxic({.name = "s", .type = ToxicType::stall}));
    send_all(self, *stream, "late");
    CHECK(stream->receive(self, self.now() + 1h).error().code == ErrorCode::timeout);
    REQUIRE(world.proxy->remove_toxic("s"));
    CHECK(receive_count(self, *stream, 4) == "late");
  });
}

TEST_CASE("A narrow road passes megabytes at its rate, and the sender waits") {
  ProxyWorld world;
  world.run(echo, [&](Fiber& self) {
    REQUIRE(world.proxy->set_toxic({.name = "narrow",
                                    .type = ToxicType::bandwidth,
                                    .stream = ToxicStream::upstream,
                                    .bytes_a_second = 1'000'000}));
    const auto stream = world.connect(self);
    const std::string text = pattern(3'000'000);
    const Instant start = self.now();
    FiberGroup sender(self.loop());
    REQUIRE(sender.spawn("send", [&](Fiber& fiber) { send_all(fiber, *stream, text); }));
    CHECK(receive_count(self, *stream, text.size()) == text);
    (void)sender.join(self);
    CHECK(self.now() - start == 3s);
  });
}

TEST_CASE("All bytes arrive in order through every toxic that loses none") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    ProxyWorld world(
        {.backend = BackendKind::simulated,
         .seed = seed,
         .network = {
             .one_way_delay_min = 1us, .one_way_delay_max = 2ms, .split_probability = 0.2}});
    world.options.seed = seed;
    const std::string text = pattern(50'000);
    world.run(echo, [&](Fiber& self) {
      REQUIRE(world.proxy->set_toxic({.type = ToxicType::latency,
                                      .stream = ToxicStream::both,
                                      .delay = 20ms,
                                      .jitter = 15ms}));
      REQUIRE(world.proxy->set_toxic({.type = ToxicType::slicer, .delay = 50us, .bytes = 700}));
      REQUIRE(world.proxy->set_toxic({.type = ToxicType::bandwidth, .bytes_a_second = 500'000}));
      REQUIRE(world.proxy->set_toxic({.type = ToxicType::slow_close, .delay = 1s}));
      REQUIRE(world.proxy->set_toxic({.type = ToxicType::stall, .delay = 100ms, .bytes = 20'000}));
      auto stream = world.connect(self);
      FiberGroup others(self.loop());
      REQUIRE(others.spawn("send", [&](Fiber& fiber) {
        for (std::size_t at = 0; at < text.size(); at += 1000) {
          send_all(fiber, *stream, std::string_view(text).substr(at, 1000));
          (void)fiber.sleep(1ms);
        }
        stream->finish();
      }));
      REQUIRE(others.spawn("change", [&](Fiber& fiber) {
        (void)fiber.sleep(60ms);
        REQUIRE(world.proxy->remove_toxic("slicer_downstream"));
        (void)fiber.sleep(60ms);
        REQUIRE(world.proxy->remove_toxic("latency_both"));
      }));
      CHECK(receive_count(self, *stream, text.size() + 1) == text);
      (void)others.join(self);
    });
  }
}

TEST_CASE("An address that is none, and one that is taken, are said plainly") {
  CHECK(parse_proxy_target("localhost").error().text ==
        "\"localhost\" is no address; give host:port or unix:/path");
  CHECK(parse_proxy_target("localhost:0").has_value() == false);
  CHECK(parse_proxy_target("[::1]:80")->host == "::1");
  CHECK(parse_proxy_target("unix:/run/x")->host == "/run/x");
  ProxyWorld world;
  world.run(echo, [&](Fiber&) {
    const auto again = Proxy::open(*world.loop, world.dialer,
                                   {.listen = world.proxy->endpoint(), .upstream = "h:1"});
    REQUIRE(!again);
    CHECK(again.error().text.find("in use") != std::string::npos);
  });
}

}  // namespace brunt
