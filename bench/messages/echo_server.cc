// The yardstick for the message server: the same loop, one fiber a connection, and every byte sent
// back as it came. Nothing is read, checked or stored.
//
//   echo_server BACKEND              prints its port, serves until it is killed
#include <cstdio>

#include "loop/loop.h"

namespace {

using namespace brunt;

void echo(Fiber& self, Stream& stream) {
  for (;;) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty() || !stream.send(self, *bytes, far_future)) return;
  }
}

void serve(Fiber& self, Listener& listener) {
  for (;;) {
    auto stream = listener.accept(self, far_future);
    if (!stream) continue;
    const auto spawned = self.loop().spawn(
        "client", [stream = std::move(*stream)](Fiber& fiber) { echo(fiber, *stream); });
    if (!spawned) std::fprintf(stderr, "%s\n", spawned.error().text.c_str());
  }
}

}  // namespace

int main(int count, char** values) {
  const auto backend = parse_backend(count > 1 ? values[1] : "auto");
  auto loop = Loop::create({.backend = backend ? *backend : BackendKind::automatic});
  if (!loop) return 1;
  auto listener = (*loop)->listen({.at = Endpoint::loopback(0)});
  if (!listener) return 1;
  std::printf("%d\n", static_cast<int>((*listener)->local().port()));
  std::fflush(stdout);
  if (!(*loop)->spawn("serve", [&](Fiber& self) { serve(self, **listener); })) return 1;
  (*loop)->run();
}
