// A TLS stream over the simulated network: bytes survive both ways however it cuts them, and every
// kind of end is told apart.
#include "loop/fiber_group.h"
#include "net/tls_fixture.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 31 + i / 251);
  return out;
}

// Both directions at once, half a megabyte each, in a network that splits and delays.
void exchange(Fiber& self, Stream& stream, const std::string& out) {
  FiberGroup group(self.loop());
  std::string in;
  REQUIRE(group.spawn("sender", [&](Fiber& fiber) {
    CHECK(stream.send(fiber, as_bytes(out), fiber.now() + 600s));
    stream.finish();
  }));
  for (;;) {
    const Result<ByteView> came = stream.receive(self, self.now() + 600s);
    REQUIRE_MESSAGE(came.has_value(), (came ? "" : came.error().text));
    if (came->empty()) break;
    in += as_text(*came);
  }
  CHECK(group.join(self));
  CHECK(in == out);
}

TEST_CASE("bytes survive both ways at once in any weather, and the end is told") {
  const std::string out = pattern(512 * 1024 + 7);
  const auto server = context_of(serving(for_names({"shop.test"})));
  const auto client = context_of(trusting(authority()));
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    LoopOptions weather = calm();
    weather.seed = seed;
    weather.network.one_way_delay_min = 1ms;
    weather.network.one_way_delay_max = 20ms;
    weather.network.split_probability = 0.5;
    weather.network.loss_probability = 0.01;
    run_both(
        weather,
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          auto tls = tls_accept(self, std::move(stream), *server, self.now() + 30s);
          REQUIRE(tls.has_value());
          exchange(self, *tls->stream, out);
        },
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          auto tls = tls_connect(self, std::move(stream), *client, {.server_name = "shop.test"},
                                 self.now() + 30s);
          REQUIRE(tls.has_value());
          exchange(self, *tls->stream, out);
        });
  }
}

TEST_CASE("a stream cut in mid-record is reset, one that ends between records is an end") {
  const auto server = context_of(serving(for_names({"shop.test"})));
  TlsClientOptions options = trusting(authority());
  // Without tickets nothing but the one record follows the handshake.
  options.version_max = TlsVersion::tls_1_2;
  options.sessions_max = 0;
  const auto client = context_of(options);
  constexpr std::uint64_t all = 1u << 30u;
  std::uint64_t record_bytes = 0;
  const auto receive_all = [](Fiber& self, Stream& stream) {
    Result<ByteView> came = stream.receive(self, self.now() + 30s);
    while (came && !came->empty()) came = stream.receive(self, self.now() + 30s);
    return came;
  };
  for (const std::uint64_t missing : {0u, 1u, 500u, 1010u, 1028u}) {
    CAPTURE(missing);
    run_both(
        calm(),
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          auto tls = tls_accept(self, std::move(stream), *server, self.now() + 30s);
          REQUIRE(tls.has_value());
          // Closed without a close_notify.
          CHECK(tls->stream->send(self, as_bytes(pattern(1000)), self.now() + 30s));
        },
        [&](Fiber& self, std::unique_ptr<Stream> stream) {
          std::uint64_t left = all;
          auto tls = tls_connect(self, std::make_unique<CutStream>(std::move(stream), left),
                                 *client, {.server_name = "shop.test"}, self.now() + 30s);
          REQUIRE(tls.has_value());
          const std::uint64_t before = tls->stream->bytes_received();
          if (missing > 0) left = record_bytes - missing;
          const Result<ByteView> came = receive_all(self, *tls->stream);
          if (missing == 0) {
            CHECK(came.has_value());
            record_bytes = tls->stream->bytes_received() - before;
          } else {
            REQUIRE_FALSE(came.has_value());
            CHECK(came.error().code == ErrorCode::reset);
          }
        });
  }
  CHECK(record_bytes == 1029);
}

TEST_CASE("a dropped stream leaves an idle peer unusable") {
  const auto server = context_of(serving(for_names({"shop.test"})));
  const auto client = context_of(trusting(authority()));
  run_both(
      calm(),
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        auto tls = tls_accept(self, std::move(stream), *server, self.now() + 30s);
        REQUIRE(tls.has_value());
        CHECK(tls->stream->send(self, as_bytes("hello"), self.now() + 30s));
        CHECK(self.sleep(5s));
      },
      [&](Fiber& self, std::unique_ptr<Stream> stream) {
        auto tls = tls_connect(self, std::move(stream), *client, {.server_name = "shop.test"},
                               self.now() + 30s);
        REQUIRE(tls.has_value());
        const Result<ByteView> hello = tls->stream->receive(self, self.now() + 30s);
        REQUIRE(hello.has_value());
        CHECK(as_text(*hello) == "hello");
        CHECK(tls->stream->usable());
        CHECK(self.sleep(10s));
        CHECK_FALSE(tls->stream->usable());
      });
}

}  // namespace
}  // namespace brunt
