// Runs a test's body on every real backend that this machine has.
#pragma once
#include <doctest/doctest.h>

#include <functional>

#include "loop/loop.h"

namespace brunt {

inline void on_backend(BackendKind backend, const std::function<void(Fiber&)>& body) {
  LoopOptions options;
  options.backend = backend;
  auto loop = Loop::create(options);
  // io_uring is refused in many containers.
  if (!loop && loop.error().code == ErrorCode::unsupported) return;
  REQUIRE_MESSAGE(loop.has_value(), (loop ? "" : loop.error().text));
  CAPTURE(name_of(backend));
  REQUIRE((*loop)->spawn("test", [&](Fiber& self) { body(self); }));
  (*loop)->run();
}

inline void on_real_loops(const std::function<void(Fiber&)>& body) {
  for (const BackendKind backend : {BackendKind::epoll, BackendKind::io_uring})
    on_backend(backend, body);
}

}  // namespace brunt
