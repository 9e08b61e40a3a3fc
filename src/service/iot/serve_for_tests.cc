// The IoT service as a process of its own, for tests that kill it and for bench/iot_durable. Users
// have `brunt serve iot`. Prints its address on the first line, ends gracefully on SIGTERM.
//
//   iot_serve_for_tests STORE-URL [THREADS [LISTEN]]
#include <fmt/format.h>

#include <cstdio>
#include <span>

#include "base/units.h"
#include "loop/loop.h"
#include "net/signals.h"
#include "service/iot/iot_service.h"

namespace {

using namespace brunt;

Result<> serve(Fiber& self, const IotOptions& options) {
  auto signals = TRY(Signals::create(self.loop()));
  auto service = TRY(IotService::start(self, options));
  fmt::print("{}\n", service->endpoint().text());
  std::fflush(stdout);
  static_cast<void>(signals->next(self, far_future));
  service->stop();
  service->join(self);
  return {};
}

Result<IotOptions> parse(std::span<char*> arguments) {
  IotOptions options;
  if (arguments.size() > 1) options.store.url = arguments[1];
  if (arguments.size() > 2)
    options.threads = static_cast<std::size_t>(TRY(parse_integer(arguments[2])));
  if (arguments.size() > 3) options.listen = TRY(Endpoint::parse(arguments[3]));
  return options;
}

}  // namespace

int main(int count, char** values) {
  const auto options = parse({values, static_cast<std::size_t>(count)});
  Result<> outcome = options ? Result<>() : std::unexpected(options.error());
  auto loop = Loop::create({});
  if (!loop) outcome = std::unexpected(loop.error());
  if (outcome) {
    const auto spawned =
        (*loop)->spawn("serve", [&](Fiber& self) { outcome = serve(self, *options); });
    if (!spawned) outcome = std::unexpected(spawned.error());
    (*loop)->run();
  }
  if (outcome) return 0;
  fmt::print(stderr, "{}\n", outcome.error().text);
  return 1;
}
