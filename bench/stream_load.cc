// What the loop costs: one fiber a connection sends ready-made requests through the public Stream
// and looks no further into an answer than its length. The difference to raw_uring is the price of
// fibers, timers and streams; to brunt's own figure, that of codec, metrics and checks.
//
//   stream_load BACKEND PORT SECONDS [CONNECTIONS]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "loop/loop.h"

namespace {

using namespace std::chrono_literals;
using brunt::Fiber;
using brunt::Loop;

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Load {
  brunt::Endpoint to;
  brunt::Instant end;
  std::uint64_t answers = 0;
};

void drive(Loop& loop, Fiber& self, Load& load) {
  auto stream = loop.connect(self, {.to = load.to, .from = {}}, self.now() + 10s);
  if (!stream) {
    std::fprintf(stderr, "%s\n", stream.error().text.c_str());
    return;
  }
  while (self.now() < load.end) {
    const brunt::Instant deadline = self.now() + 60s;
    if (!(*stream)->send(self, brunt::as_bytes(request), deadline)) return;
    const auto answer = (*stream)->receive(self, deadline);
    if (!answer || answer->size() < request.size()) return;
    ++load.answers;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("stream_load BACKEND PORT SECONDS [CONNECTIONS]\n", stderr);
    return 2;
  }
  const auto kind = brunt::parse_backend(argv[1]);
  auto loop = brunt::Loop::create({.backend = kind.value_or(brunt::BackendKind::automatic)});
  if (!loop) {
    std::fprintf(stderr, "%s\n", loop.error().text.c_str());
    return 1;
  }
  const int connections = argc > 4 ? std::atoi(argv[4]) : 64;
  const auto length = brunt::from_seconds(std::atof(argv[3]));
  Load load{.to = brunt::Endpoint::loopback(static_cast<std::uint16_t>(std::atoi(argv[2]))),
            .end = (*loop)->precise_now() + length};
  for (int i = 0; i < connections; ++i)
    if (!(*loop)->spawn("load", [&](Fiber& self) { drive(**loop, self, load); })) return 1;
  const double cpu_begin = cpu_seconds();
  (*loop)->run();
  const double cpu = cpu_seconds() - cpu_begin;
  const auto count = static_cast<double>(load.answers);
  const std::string name(brunt::name_of((*loop)->backend()));
  std::printf("stream_load/%s %.0f requests per CPU-second, %.0f per second, %.1f a turn\n",
              name.c_str(), count / cpu, count / brunt::seconds_of(length),
              count / static_cast<double>((*loop)->stats().turns));
}
