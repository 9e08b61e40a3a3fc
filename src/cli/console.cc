#include "cli/console.h"

#include <cstdio>
#include <exception>
#include <string>

#include "judge/exit_code.h"

namespace brunt {

void complain(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::fprintf(stderr, "brunt: %.*s\n", static_cast<int>(text.size()), text.data());
}

bool print(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) complain("standard output could not be written");
  return written;
}

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid:
    case ErrorCode::denied:
    case ErrorCode::dns:
      return code_of(ExitCode::invalid_config);
    case ErrorCode::cancelled:
      return code_of(ExitCode::external_abort);
    default:
      return code_of(ExitCode::other);
  }
}

int run_on_loop(const std::function<int(Fiber&, Signals&)>& body, BackendKind backend) {
  auto loop = Loop::create({.backend = backend});
  if (!loop) {
    complain(loop.error().text);
    return code_of(ExitCode::other);
  }
  auto signals = Signals::create(**loop);
  if (!signals) {
    complain(signals.error().text);
    return code_of(ExitCode::other);
  }
  int code = code_of(ExitCode::other);
  auto spawned = (*loop)->spawn("main", [&](Fiber& self) { code = body(self, **signals); });
  if (!spawned) {
    complain(spawned.error().text);
    return code;
  }
  (*loop)->run();
  return code;
}

}  // namespace brunt
