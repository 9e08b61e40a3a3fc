// How long the codec takes for the hot shape: a small response with few fields.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <string>

#include "wire/http1_parser.h"
#include "wire/http1_writer.h"

namespace {
std::uint64_t allocations = 0;
}  // namespace

// Counted, so that each row can say how many it needs. Not inlined: GCC would see free() meet a
// new.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

using namespace brunt;

constexpr std::string_view small_response =
    "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 09:00:00 GMT\r\n"
    "Content-Type: text/plain\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\r\nHello world!";
constexpr std::string_view chunked_response =
    "HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 09:00:00 GMT\r\nContent-Type: text/plain\r\n"
    "Transfer-Encoding: chunked\r\n\r\nc\r\nHello world!\r\n0\r\n\r\n";
constexpr std::string_view small_request =
    "POST /measurement HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: brunt\r\n"
    "Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"charge\": 100}";

void parse(benchmark::State& state, Http1Role role, std::string_view bytes, std::size_t piece) {
  HttpMessage message;
  const Http1Limits limits;
  Http1Parser parser(role, limits);
  std::uint64_t before = 0;
  for (auto _ : state) {
    if (before == 0) before = allocations + 1;  // The first round warms the message.
    parser.begin(message, {});
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      benchmark::DoNotOptimize(parser.feed(as_bytes(bytes.substr(at, piece))));
    if (!parser.done()) std::abort();
  }
  state.counters["allocations"] = benchmark::Counter(static_cast<double>(allocations + 1 - before),
                                                     benchmark::Counter::kAvgIterations);
}

void write_request(benchmark::State& state) {
  std::string out;
  const HttpField fields[] = {{"User-Agent", "brunt"}, {"Content-Type", "application/json"}};
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(append_request_head(out, {.method = "POST",
                                                       .target = "/measurement",
                                                       .authority = "localhost:8080",
                                                       .fields = fields,
                                                       .framing = BodyFraming::content_length,
                                                       .content_length = 15}));
  }
}

void copy_only(benchmark::State& state) {
  std::string out;
  for (auto _ : state) {
    out.assign(small_response);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}

BENCHMARK_CAPTURE(parse, small_response_whole, Http1Role::client, small_response, 4096);
BENCHMARK_CAPTURE(parse, small_response_in_two, Http1Role::client, small_response, 100);
BENCHMARK_CAPTURE(parse, chunked_response_whole, Http1Role::client, chunked_response, 4096);
BENCHMARK_CAPTURE(parse, small_request_whole, Http1Role::server, small_request, 4096);
BENCHMARK(write_request);
BENCHMARK(copy_only);

}  // namespace
