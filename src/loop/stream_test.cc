// Long because the same stories are told on all three backends, with the helpers they share.
//
// Streams, the same stories on every backend; then the simulated network's weather.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/fiber_group.h"
#include "loop/loop.h"

using namespace std::chrono_literals;
using namespace brunt;

namespace {

constexpr Duration limit = 20s;  // Far beyond what any of this takes.

std::vector<BackendKind> backends() {
  std::vector<BackendKind> kinds = {BackendKind::simulated, BackendKind::epoll};
  if (Loop::create({.backend = BackendKind::io_uring})) kinds.push_back(BackendKind::io_uring);
  return kinds;
}

// Two fibers, one at each end of a stream.
using Talk = std::function<void(Fiber&, Stream&)>;

struct Pair {
  LoopOptions options;
  Endpoint at = Endpoint::loopback(0);
  Talk server;
  Talk client;

  void run() const {
    auto loop = Loop::create(options);
    REQUIRE_MESSAGE(loop.has_value(), loop.error().text);
    auto listener = (*loop)->listen({.at = at});
    REQUIRE_MESSAGE(listener.has_value(), listener.error().text);
    const Endpoint to = (*listener)->local();
    REQUIRE((*loop)->spawn("server", [&](Fiber& self) {
      auto stream = (*listener)->accept(self, self.now() + limit);
      REQUIRE_MESSAGE(stream.has_value(), stream.error().text);
      server(self, **stream);
    }));
    REQUIRE((*loop)->spawn("client", [&](Fiber& self) {
      auto stream = (*loop)->connect(self, {.to = to, .from = {}}, self.now() + limit);
      REQUIRE_MESSAGE(stream.has_value(), stream.error().text);
      client(self, **stream);
    }));
    (*loop)->run();
  }
};

// Everything until the peer's end.
std::string receive_all(Fiber& self, Stream& stream) {
  std::string all;
  for (;;) {
    const auto bytes = stream.receive(self, self.now() + limit);
    REQUIRE_MESSAGE(bytes.has_value(), bytes.error().text);
    if (bytes->empty()) return all;
    all += as_text(*bytes);
  }
}

std::string receive_some(Fiber& self, Stream& stream, std::size_t count) {
  std::string all;
  while (all.size() < count) {
    const auto bytes = stream.receive(self, self.now() + limit);
    REQUIRE_MESSAGE(bytes.has_value(), bytes.error().text);
    REQUIRE(!bytes->empty());
    all += as_text(*bytes);
  }
  return all;
}

void send_text(Fiber& self, Stream& stream, std::string_view text) {
  const auto sent = stream.send(self, as_bytes(text), self.now() + limit);
  REQUIRE_MESSAGE(sent.has_value(), sent.error().text);
}

std::string long_text(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (i * i + i / 7) % 26);
  return text;
}

std::string temporary_socket() {
  return "/tmp/brunt-stream-test-" + std::to_string(getpid()) + ".sock";
}

}  // namespace

TEST_CASE("bytes go both ways over TCP on IPv4 and IPv6 and over a unix socket") {
  const std::vector<Endpoint> places = {Endpoint::loopback(0), *Endpoint::parse("[::1]:0"),
                                        *Endpoint::parse("unix:" + temporary_socket())};
  for (const BackendKind kind : backends())
    for (const Endpoint& at : places) {
      CAPTURE(name_of(kind));
      CAPTURE(at.text());
      Pair{.options = {.backend = kind},
           .at = at,
           .server =
               [](Fiber& self, Stream& stream) {
                 CHECK(receive_some(self, stream, 4) == "PING");
                 send_text(self, stream, "PONG");
                 CHECK(receive_all(self, stream).empty());
                 CHECK(stream.bytes_sent() == 4);
                 CHECK(stream.bytes_received() == 4);
               },
           .client =
               [&](Fiber& self, Stream& stream) {
                 send_text(self, stream, "PING");
                 CHECK(receive_some(self, stream, 4) == "PONG");
                 CHECK(stream.peer().family() == at.family());
               }}
          .run();
    }
  unlink(temporary_socket().c_str());
}

TEST_CASE(
    "a long transfer arrives whole, with a half-close behind it, while the other end is slow") {
  const std::string text = long_text(3'000'000);
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server =
             [&](Fiber& self, Stream& stream) {
               CHECK(self.sleep(20ms));  // Longer than the buffers last: the sender has to wait.
               CHECK(receive_all(self, stream) == text);
               send_text(self, stream, "thanks");
             },
         .client =
             [&](Fiber& self, Stream& stream) {
               send_text(self, stream, text);
               stream.finish();
               CHECK(receive_all(self, stream) == "thanks");
             }}
        .run();
  }
}

TEST_CASE("many short sends keep their order, also into a peer that does not read") {
  constexpr int count = 30'000;
  constexpr std::string_view line =
      "one hundred bytes of a line that is long enough to fill every buffer "
      "between the two of us, sooner\n";
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server =
             [&](Fiber& self, Stream& stream) {
               CHECK(self.sleep(20ms));
               const std::string all = receive_all(self, stream);
               std::string expected;
               for (int i = 0; i < count; ++i) {
                 expected += std::to_string(i);
                 expected += line;
               }
               CHECK((all == expected));
             },
         .client =
             [&](Fiber& self, Stream& stream) {
               for (int i = 0; i < count; ++i) {
                 // The bytes may change as soon as send() is back.
                 std::string text = std::to_string(i);
                 text += line;
                 send_text(self, stream, text);
                 text.assign(text.size(), '!');
               }
             }}
        .run();
  }
}

TEST_CASE("bytes sent just before the stream is destroyed are delivered") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server = [](Fiber& self, Stream& stream) { send_text(self, stream, "last words"); },
         .client = [](Fiber& self,
                      Stream& stream) { CHECK(receive_all(self, stream) == "last words"); }}
        .run();
  }
}

TEST_CASE("a receive that times out or is cancelled leaves the stream usable for receiving") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server =
             [](Fiber& self, Stream& stream) {
               CHECK(receive_some(self, stream, 5) == "ready");
               send_text(self, stream, "late");
               CHECK(receive_all(self, stream).empty());
             },
         .client =
             [](Fiber& self, Stream& stream) {
               const auto nothing = stream.receive(self, self.now() + 10ms);
               REQUIRE(!nothing);
               CHECK(nothing.error().code == ErrorCode::timeout);
               send_text(self, stream, "ready");
               CHECK(receive_some(self, stream, 4) == "late");
               self.cancel();
               CHECK(stream.receive(self, far_future).error().code == ErrorCode::cancelled);
             }}
        .run();
  }
}

TEST_CASE("an idle stream is usable until its peer closes it or says what nobody asked") {
  for (const BackendKind kind : backends())
    for (const bool closes : {true, false}) {
      CAPTURE(name_of(kind));
      CAPTURE(closes);
      Pair{.options = {.backend = kind},
           .at = Endpoint::loopback(0),
           .server =
               [&](Fiber& self, Stream& stream) {
                 send_text(self, stream, "hello");
                 CHECK(receive_some(self, stream, 1) == "x");
                 if (!closes) send_text(self, stream, "unasked");
                 if (!closes) CHECK(self.sleep(100ms));
               },
           .client =
               [](Fiber& self, Stream& stream) {
                 CHECK(receive_some(self, stream, 5) == "hello");
                 CHECK(stream.usable());
                 send_text(self, stream, "x");
                 CHECK(self.sleep(30ms));
                 CHECK(!stream.usable());
               }}
          .run();
    }
}

TEST_CASE("a long send behind a short one waits for nothing else to happen") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    bool something_happened = false;
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server =
             [&](Fiber& self, Stream&) {
               CHECK(self.sleep(300ms));
               something_happened = true;
             },
         .client =
             [&](Fiber& self, Stream& stream) {
               CHECK(self.sleep(10ms));
               send_text(self, stream, "short");
               send_text(self, stream, std::string(10'000, 'x'));
               CHECK(!something_happened);
             }}
        .run();
  }
}

TEST_CASE("a peer that resets the stream is reported as reset") {
  for (const BackendKind kind : backends()) {
    if (kind == BackendKind::simulated) continue;  // Has its own below.
    CAPTURE(name_of(kind));
    Pair{.options = {.backend = kind},
         .at = Endpoint::loopback(0),
         .server =
             [](Fiber& self, Stream& stream) {
               // Closed with bytes unread: the kernel answers with a reset.
               CHECK(self.sleep(20ms));
               (void)stream;
             },
         .client =
             [](Fiber& self, Stream& stream) {
               send_text(self, stream, "unread");
               const auto bytes = stream.receive(self, self.now() + limit);
               REQUIRE(!bytes);
               CHECK(bytes.error().code == ErrorCode::reset);
               Result<> sent;
               for (int i = 0; i < 3 && sent; ++i) {
                 sent = stream.send(self, as_bytes("more"), self.now() + limit);
                 CHECK(self.sleep(5ms));
               }
               REQUIRE(!sent);
               CHECK(sent.error().code == ErrorCode::reset);
             }}
        .run();
  }
}

TEST_CASE("where nobody listens, connect is refused and says where") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    REQUIRE((*loop)->spawn("client", [&](Fiber& self) {
      const auto stream =
          (*loop)->connect(self, {.to = Endpoint::loopback(1), .from = {}}, self.now() + limit);
      REQUIRE(!stream);
      CHECK(stream.error().code == ErrorCode::refused);
      CHECK(stream.error().text.find("127.0.0.1:1") != std::string::npos);
      const auto nowhere =
          (*loop)->connect(self, {.to = *Endpoint::parse("unix:/nonexistent/socket"), .from = {}},
                           self.now() + limit);
      REQUIRE(!nowhere);
      CHECK(nowhere.error().code == ErrorCode::refused);
    }));
    (*loop)->run();
  }
}

TEST_CASE("a stream can start from another loopback address") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    auto listener = (*loop)->listen({.at = Endpoint::any(0)});
    REQUIRE(listener);
    REQUIRE((*loop)->spawn("client", [&](Fiber& self) {
      const Endpoint to = Endpoint::loopback((*listener)->local().port());
      auto stream = (*loop)->connect(self, {.to = to, .from = *Endpoint::from_ip("127.0.0.9", 0)},
                                     self.now() + limit);
      REQUIRE_MESSAGE(stream.has_value(), stream.error().text);
      CHECK((*stream)->local().ip() == "127.0.0.9");
      CHECK((*stream)->local().port() != 0);
      auto accepted = (*listener)->accept(self, self.now() + limit);
      REQUIRE(accepted);
      CHECK((*accepted)->peer() == (*stream)->local());
    }));
    (*loop)->run();
  }
}

TEST_CASE("an accept that nobody answers ends at its deadline and by cancel") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    auto listener = (*loop)->listen({.at = Endpoint::loopback(0)});
    REQUIRE(listener);
    REQUIRE((*loop)->spawn("server", [&](Fiber& self) {
      CHECK((*listener)->accept(self, self.now() + 5ms).error().code == ErrorCode::timeout);
      self.cancel();
      CHECK((*listener)->accept(self, far_future).error().code == ErrorCode::cancelled);
    }));
    (*loop)->run();
  }
}

TEST_CASE("without descriptors, connect says which limit it was") {
  for (const BackendKind kind : backends()) {
    if (kind == BackendKind::simulated) continue;
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    REQUIRE((*loop)->spawn("client", [&](Fiber& self) {
      rlimit before{};
      getrlimit(RLIMIT_NOFILE, &before);
      rlimit none = before;
      none.rlim_cur = 3;
      setrlimit(RLIMIT_NOFILE, &none);
      const auto stream =
          (*loop)->connect(self, {.to = Endpoint::loopback(9), .from = {}}, self.now() + limit);
      setrlimit(RLIMIT_NOFILE, &before);
      REQUIRE(!stream);
      CHECK(stream.error().code == ErrorCode::exhausted);
      CHECK(stream.error().text.find("ulimit -n") != std::string::npos);
    }));
    (*loop)->run();
  }
}

TEST_CASE("a listener without descriptors pauses, says so, and works again later") {
  for (const BackendKind kind : backends()) {
    if (kind == BackendKind::simulated) continue;
    CAPTURE(name_of(kind));
    Pair pair{
        .options = {.backend = kind}, .at = Endpoint::loopback(0), .server = {}, .client = {}};
    auto loop = Loop::create(pair.options);
    REQUIRE(loop);
    auto listener = (*loop)->listen({.at = pair.at});
    REQUIRE(listener);
    REQUIRE((*loop)->spawn("both", [&](Fiber& self) {
      auto client =
          (*loop)->connect(self, {.to = (*listener)->local(), .from = {}}, self.now() + limit);
      REQUIRE(client);
      rlimit before{};
      getrlimit(RLIMIT_NOFILE, &before);
      rlimit none = before;
      none.rlim_cur = 3;
      setrlimit(RLIMIT_NOFILE, &none);
      const auto refused = (*listener)->accept(self, self.now() + limit);
      setrlimit(RLIMIT_NOFILE, &before);
      REQUIRE(!refused);
      CHECK(refused.error().code == ErrorCode::exhausted);
      CHECK((*listener)->accept(self, self.now() + limit));
    }));
    (*loop)->run();
  }
}

TEST_CASE("a foreign descriptor is waited for until it is ready, or the deadline") {
  for (const BackendKind kind : backends()) {
    CAPTURE(name_of(kind));
    auto loop = Loop::create({.backend = kind});
    REQUIRE(loop);
    std::array<int, 2> pipe{};
    REQUIRE(pipe2(pipe.data(), O_NONBLOCK | O_CLOEXEC) == 0);
    REQUIRE((*loop)->spawn("reader", [&](Fiber& self) {
      if (kind == BackendKind::simulated) {
        const auto waited = (*loop)->wait_fd(self, pipe[0], FdEvent::readable, far_future);
        CHECK(waited.error().code == ErrorCode::unsupported);
        return;
      }
      CHECK((*loop)->wait_fd(self, pipe[1], FdEvent::writable, self.now() + limit));
      const auto early = (*loop)->wait_fd(self, pipe[0], FdEvent::readable, self.now() + 5ms);
      CHECK(early.error().code == ErrorCode::timeout);
      REQUIRE(write(pipe[1], "x", 1) == 1);
      CHECK((*loop)->wait_fd(self, pipe[0], FdEvent::readable, self.now() + limit));
    }));
    (*loop)->run();
    close(pipe[0]);
    close(pipe[1]);
  }
}

TEST_CASE("a simulated stream takes its delay, and a lost chunk 200 ms more") {
  LoopOptions options{.backend = BackendKind::simulated};
  options.network.one_way_delay_min = options.network.one_way_delay_max = 50ms;
  Pair pair{.options = options,
            .at = Endpoint::loopback(80),
            .server =
                [](Fiber& self, Stream& stream) {
                  CHECK(self.now() == Instant(50ms));  // The SYN's journey.
                  CHECK(receive_some(self, stream, 4) == "ping");
                  CHECK(self.now() == Instant(150ms));
                },
            .client =
                [](Fiber& self, Stream& stream) {
                  CHECK(self.now() == Instant(100ms));
                  send_text(self, stream, "ping");
                }};
  pair.run();
  pair.options.network.loss_probability = 0.5;
  pair.server = [](Fiber& self, Stream& stream) { CHECK(receive_all(self, stream) == "abcdefgh"); };
  pair.client = [](Fiber& self, Stream& stream) {
    for (const char* letter : {"a", "b", "c", "d", "e", "f", "g", "h"})
      send_text(self, stream, letter);
  };
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    pair.options.seed = seed;
    pair.run();
  }
}

TEST_CASE(
    "split, lost, and reordered chunks still make the same bytes, and the seed the same times") {
  const std::string text = long_text(20'000);
  const auto arrivals = [&](std::uint64_t seed) {
    LoopOptions options{.backend = BackendKind::simulated, .seed = seed};
    options.network = {.one_way_delay_min = 1ms,
                       .one_way_delay_max = 9ms,
                       .loss_probability = 0.1,
                       .split_probability = 0.5,
                       .reorder_probability = 0.2};
    std::vector<Instant> times;
    Pair{.options = options,
         .at = Endpoint::loopback(80),
         .server =
             [&](Fiber& self, Stream& stream) {
               std::string all;
               for (;;) {
                 const auto bytes = stream.receive(self, self.now() + limit);
                 REQUIRE(bytes);
                 times.push_back(self.now());
                 if (bytes->empty()) break;
                 all += as_text(*bytes);
               }
               CHECK((all == text));
             },
         .client =
             [&](Fiber& self, Stream& stream) {
               for (std::size_t at = 0; at < text.size(); at += 1'000)
                 send_text(self, stream, std::string_view(text).substr(at, 1'000));
             }}
        .run();
    return times;
  };
  const auto first = arrivals(1);
  CHECK(first.size() > 21);  // Some were split.
  CHECK(first == arrivals(1));
  CHECK(first != arrivals(2));
}

TEST_CASE("a simulated reset breaks both ends") {
  LoopOptions options{.backend = BackendKind::simulated};
  options.network.one_way_delay_min = options.network.one_way_delay_max = 10ms;
  options.network.reset_probability = 1;
  const Talk broken = [](Fiber& self, Stream& stream) {
    CHECK(stream.receive(self, self.now() + limit).error().code == ErrorCode::reset);
    CHECK(stream.send(self, as_bytes("x"), self.now() + limit).error().code == ErrorCode::reset);
    CHECK(!stream.usable());
  };
  Pair{.options = options,
       .at = Endpoint::loopback(80),
       .server = broken,
       .client =
           [&](Fiber& self, Stream& stream) {
             send_text(self, stream, "doomed");
             broken(self, stream);
           }}
      .run();
}

TEST_CASE(
    "with reordering a later chunk of another stream overtakes, never one of the same stream") {
  LoopOptions options{.backend = BackendKind::simulated, .seed = 5};
  options.network.one_way_delay_min = options.network.one_way_delay_max = 1ms;
  options.network.reorder_probability = 0.5;
  auto loop = Loop::create(options);
  REQUIRE(loop);
  auto listener = (*loop)->listen({.at = Endpoint::loopback(80)});
  REQUIRE(listener);
  std::string order;
  REQUIRE((*loop)->spawn("main", [&](Fiber& self) {
    std::array<std::unique_ptr<Stream>, 2> ours;
    std::array<std::unique_ptr<Stream>, 2> theirs;
    for (std::size_t i = 0; i < 2; ++i) {
      ours[i] =
          std::move(*(*loop)->connect(self, {.to = (*listener)->local(), .from = {}}, far_future));
      theirs[i] = std::move(*(*listener)->accept(self, far_future));
    }
    FiberGroup readers(**loop);
    for (auto& stream : theirs)
      CHECK(
          readers.spawn("reader", [&](Fiber& fiber) { order += receive_some(fiber, *stream, 8); }));
    for (int i = 0; i < 8; ++i) {
      const std::size_t which = static_cast<std::size_t>(i) % 2;
      send_text(self, *ours[which], which == 0 ? "abcd" : "ABCD");
    }
    for (auto& stream : ours) stream->finish();
    CHECK(readers.join(self));
  }));
  (*loop)->run();
  CHECK(order.size() >= 16);
}
