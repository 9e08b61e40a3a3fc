// What the loop costs: one fiber a connection sends ready-made requests through the public Stream
// and looks no further into an answer than its length. The difference to raw_uring is the price of
// fibers, timers and streams; to brunt's own figure, that of codec, metrics and checks.
//
//   stream_load BACKEND PORT SECONDS [CONNECTIONS] [THINK_SECONDS]
//
// With a think time between requests it shows what an idle connection keeps of memory: all have
// had an answer, and are due another, when it is read.
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
  brunt::Duration think{};
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;
  std::uint64_t started = 0;
};

double resident_kib() {
  long pages = 0;
  long resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%ld %ld", &pages, &resident) != 2) return 0;
  std::fclose(file);
  return static_cast<double>(resident) * 4;
}

void note(Load& load, const std::string& text) {
  if (load.failures++ == 0) std::fprintf(stderr, "%s\n", text.c_str());
}

void drive(Loop& loop, Fiber& self, Load& load) {
  // Not all at once: the server's queue of new connections holds a few thousand.
  if (load.think > 0ns) (void)self.sleep(loop.prng().between(0ns, load.think / 2));
  // Several source addresses: with more than some thousand connections between two addresses the
  // kernel's search for a free port takes milliseconds.
  constexpr std::uint64_t connections_per_address = 2'000;
  const auto address = 1 + load.started++ / connections_per_address;
  const auto from = brunt::Endpoint::from_ip("127.0.0." + std::to_string(address), 0);
  auto stream = loop.connect(self, {.to = load.to, .from = from.value()}, self.now() + 10s);
  if (!stream) return note(load, stream.error().text);
  while (self.now() < load.end) {
    const brunt::Instant deadline = self.now() + 60s;
    const auto sent = (*stream)->send(self, brunt::as_bytes(request), deadline);
    if (!sent) return note(load, sent.error().text);
    const auto answer = (*stream)->receive(self, deadline);
    if (!answer) return note(load, answer.error().text);
    if (answer->size() < request.size()) return note(load, "the answer is too short");
    ++load.answers;
    if (load.think > 0ns) (void)self.sleep(loop.prng().between(load.think / 2, load.think));
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
  load.think = brunt::from_seconds(argc > 5 ? std::atof(argv[5]) : 0);
  const double resident_before = resident_kib();
  double resident = 0;
  const auto meter = (*loop)->spawn("meter", [&](Fiber& self) {
    (void)self.sleep_until(load.end - 50ms);
    resident = resident_kib() - resident_before;
  });
  if (!meter) return 1;
  for (int i = 0; i < connections; ++i)
    if (!(*loop)->spawn("load", [&](Fiber& self) { drive(**loop, self, load); })) return 1;
  const double cpu_begin = cpu_seconds();
  (*loop)->run();
  const double cpu = cpu_seconds() - cpu_begin;
  if (load.failures > 0)
    std::fprintf(stderr, "%llu connections failed\n",
                 static_cast<unsigned long long>(load.failures));
  const auto count = static_cast<double>(load.answers);
  const std::string name(brunt::name_of((*loop)->backend()));
  std::printf(
      "stream_load/%s %.0f requests per CPU-second, %.0f per second, %.1f a turn, "
      "%.1f KiB a connection\n",
      name.c_str(), count / cpu, count / brunt::seconds_of(length),
      count / static_cast<double>((*loop)->stats().turns), resident / connections);
}
