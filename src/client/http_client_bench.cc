// What the client itself costs for one request: encoding, pool, parsing, clock, buffers; without
// network and kernel. The stream answers at once with ready bytes.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "client/http_session.h"

namespace {
std::uint64_t allocations = 0;
std::uint64_t bytes_alive = 0;
}  // namespace

// Counted, so that each row can say how many it needs. Not inlined: GCC would see free() meet a
// new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  bytes_alive += malloc_usable_size(memory);
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  bytes_alive -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  bytes_alive -= malloc_usable_size(memory);
  std::free(memory);
}

namespace {

using namespace brunt;

constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 09:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\nHello world!";

class ReadyStream final : public Stream {
 public:
  Result<ByteView> receive(Fiber& /*self*/, Instant /*deadline*/) override {
    return as_bytes(response);
  }
  Result<> send(Fiber& /*self*/, ByteView bytes, Instant /*deadline*/) override {
    benchmark::DoNotOptimize(bytes.data());
    return {};
  }
  void finish() override {}
  void abort() override {}
  bool usable() override { return true; }
  Endpoint local() const override { return Endpoint::loopback(1); }
  Endpoint peer() const override { return Endpoint::loopback(2); }
  std::uint64_t bytes_sent() const override { return 0; }
  std::uint64_t bytes_received() const override { return 0; }
};

// A real loop but for its network.
class ReadyLoop final : public Loop {
 public:
  explicit ReadyLoop(Loop& real) : real_(real) {}
  Result<Fiber*> spawn(const char* name, Body body) override {
    return real_.spawn(name, std::move(body));
  }
  void run() override { real_.run(); }
  void stop() override { real_.stop(); }
  void post(std::move_only_function<void()> work) override { real_.post(std::move(work)); }
  Instant now() const override { return real_.now(); }
  Instant precise_now() const override { return real_.precise_now(); }
  WallTime wall() const override { return real_.wall(); }
  Prng& prng() override { return real_.prng(); }
  BackendKind backend() const override { return BackendKind::simulated; }
  Result<std::unique_ptr<Stream>> connect(Fiber& /*self*/, const ConnectOptions& /*options*/,
                                          Instant /*deadline*/) override {
    return std::make_unique<ReadyStream>();
  }
  Result<std::unique_ptr<Listener>> listen(const ListenOptions& options) override {
    return real_.listen(options);
  }
  Result<> wait_fd(Fiber& self, int fd, FdEvent event, Instant deadline) override {
    return real_.wait_fd(self, fd, event, deadline);
  }
  LoopStats stats() const override { return real_.stats(); }
  void reset_lag() override { real_.reset_lag(); }
  std::string describe() const override { return real_.describe(); }

 private:
  Loop& real_;
};

enum class Cookies { none, one };
enum class Encoding { prepared, each_time };

void measure(benchmark::State& state, Fiber& self, HttpContext& context, Encoding encoding,
             Cookies cookies) {
  const HttpSessionOptions options;
  const Url url = *parse_url("http://127.0.0.1:8080/command");
  const HttpField fields[] = {{"Accept", "*/*"}};
  HttpRequest request{.url = url, .fields = fields};
  const EncodedRequest encoded = *HttpSession::prepare(request, options);
  if (encoding == Encoding::prepared) request.encoded = &encoded;
  HttpReply reply;
  // The second session finds the loop's buffers warm: what it adds is what a virtual user costs.
  std::array<std::unique_ptr<HttpSession>, 2> sessions;
  std::uint64_t bytes_before = 0;
  for (auto& session : sessions) {
    bytes_before = bytes_alive;
    session = std::make_unique<HttpSession>(context, options);
    if (!session->send(self, request, {}, reply)) std::abort();
    reply.release();
  }
  state.counters["bytes_idle"] = static_cast<double>(bytes_alive - bytes_before);
  HttpSession& session = *sessions.back();
  if (cookies == Cookies::one && !session.cookies().store(url, "id=7", context.loop.wall()))
    std::abort();
  const auto once = [&] {
    if (!session.send(self, request, {}, reply) || reply.status() != 200) std::abort();
    reply.release();
  };
  once();
  const std::uint64_t before = allocations;
  for (auto _ : state) once();
  state.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations - before),
                                                     benchmark::Counter::kAvgIterations);
}

void request(benchmark::State& state, Encoding encoding, Cookies cookies) {
  const auto real = Loop::create({.backend = BackendKind::epoll});
  if (!real) std::abort();
  ReadyLoop loop(**real);
  Resolver resolver(**real, {});
  const AllowList allow;
  Dialer dialer(loop, resolver, allow, {});
  HttpContext context{.loop = loop, .dialer = dialer};
  const auto spawned = (*real)->spawn(
      "bench", [&](Fiber& self) { measure(state, self, context, encoding, cookies); });
  if (!spawned) std::abort();
  (*real)->run();
}

BENCHMARK_CAPTURE(request, prepared, Encoding::prepared, Cookies::none);
BENCHMARK_CAPTURE(request, encoded_each_time, Encoding::each_time, Cookies::none);
BENCHMARK_CAPTURE(request, prepared_with_cookie, Encoding::prepared, Cookies::one);

void clock_read(benchmark::State& state) {
  const auto loop = Loop::create({.backend = BackendKind::epoll});
  if (!loop) std::abort();
  for (auto _ : state) benchmark::DoNotOptimize((*loop)->precise_now());
}
BENCHMARK(clock_read);

}  // namespace
