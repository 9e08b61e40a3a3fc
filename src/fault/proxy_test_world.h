// A simulated network with a proxy between a client and a service: for the tests of this layer.
#pragma once
#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>

#include "fault/proxy.h"
#include "loop/fiber_group.h"
#include "net/dialer.h"

namespace brunt {

struct ProxyWorld {
  using Service = std::function<void(Fiber&, Stream&)>;
  using Client = std::function<void(Fiber&)>;

  explicit ProxyWorld(const LoopOptions& of_loop = {.backend = BackendKind::simulated})
      : loop(Loop::create(of_loop).value()),
        resolver(*loop, {}),
        dialer(*loop, resolver, allow, {}) {}

  // Starts a service behind the proxy and runs `client` in front of it.
  void run(const Service& service, const Client& client) {
    FiberGroup background(*loop);
    REQUIRE(loop->spawn("test", [&](Fiber& self) {
      if (service != nullptr) serve_upstream(background, service);
      options.upstream = upstream.text();
      auto opened = Proxy::open(*loop, dialer, options);
      REQUIRE_MESSAGE(opened.has_value(), opened.error().text);
      proxy = std::move(*opened);
      REQUIRE(background.spawn("proxy", [&](Fiber& fiber) { proxy->serve(fiber); }));
      REQUIRE(self.sleep(std::chrono::milliseconds(1)));
      client(self);
      background.cancel();
      (void)background.join(self);
      listener.reset();
      proxy.reset();
    }));
    loop->run();
  }

  void serve_upstream(FiberGroup& background, const Service& service) {
    listener = loop->listen({.at = upstream}).value();
    upstream = listener->local();
    REQUIRE(background.spawn("service", [&](Fiber& self) {
      FiberGroup connections(*loop);
      while (auto stream = listener->accept(self, far_future)) {
        accepted_at = self.now();
        REQUIRE(connections.spawn(
            "served", [&service, s = std::move(*stream)](Fiber& fiber) { service(fiber, *s); }));
      }
      connections.cancel();
      (void)connections.join(self);
    }));
  }

  std::unique_ptr<Stream> connect(Fiber& self) {
    auto stream = loop->connect(self, {.to = proxy->endpoint(), .from = {}}, far_future);
    REQUIRE_MESSAGE(stream.has_value(), stream.error().text);
    return std::move(*stream);
  }

  std::unique_ptr<Loop> loop;
  Resolver resolver;
  AllowList allow = AllowList::everything();
  Dialer dialer;
  ProxyOptions options{.name = "test"};
  Endpoint upstream = Endpoint::loopback(0);
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Proxy> proxy;
  Instant accepted_at{};
};

// Sends back what comes, and ends when the peer does.
inline void echo(Fiber& self, Stream& stream) {
  for (;;) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes) return;
    if (bytes->empty()) break;
    const std::string copy(as_text(*bytes));
    if (!stream.send(self, as_bytes(copy), far_future)) return;
  }
  stream.finish();
}

inline std::string receive_count(Fiber& self, Stream& stream, std::size_t count) {
  std::string all;
  while (all.size() < count) {
    const auto bytes = stream.receive(self, far_future);
    if (!bytes || bytes->empty()) break;
    all += as_text(*bytes);
  }
  return all;
}

inline void send_all(Fiber& self, Stream& stream, std::string_view text) {
  const auto sent = stream.send(self, as_bytes(text), far_future);
  REQUIRE_MESSAGE(sent.has_value(), sent.error().text);
}

}  // namespace brunt
