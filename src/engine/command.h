// A service that the user has a command for (`command: ./server --port 8080`): started, waited for
// until it is ready, stopped with the run.
//
//   auto server = TRY(start_command(self, dialer, {.name = "shop", .shell = "./shop --port 8080",
//       .ready = {.kind = ReadyKind::http, .what = "http://localhost:8080/health"}}));
//
// The command has to stay in the foreground. Its output goes to <log_directory>/<name>.log.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "engine/service.h"
#include "net/dialer.h"

namespace brunt {

enum class ReadyKind : std::uint8_t {
  started,   // It runs: nothing else is asked.
  tcp,       // `what` is host:port (or unix:/path) that accepts a connection.
  http,      // `what` is a URL that answers with `status`.
  log_line,  // `what` is a POSIX extended regular expression that a line of its output matches.
};

struct ReadyProbe {
  ReadyKind kind = ReadyKind::started;
  std::string what;
  int status = 200;  // 0: any status below 500.
  Duration timeout = std::chrono::seconds(30);
  Duration interval = std::chrono::milliseconds(50);  // Between two tries.
};

struct CommandOptions {
  std::string name;
  std::vector<std::string> argv;  // Either this,
  std::string shell;              // or this, for /bin/sh -c.
  std::vector<std::pair<std::string, std::string>> env;
  std::filesystem::path cwd;
  std::string user;
  std::filesystem::path log_directory;
  std::string address;  // Where it will listen, host:port, if the plan says so; its members follow.
  ReadyProbe ready;
  StopOptions stop;
};

// Parks until ready. The dialer serves the probes. Where no `address` is given, that of the tcp or
// http probe is taken. On failure nothing is left running. Errors: invalid, not_found, denied,
// timeout (not ready in time: the last try's answer), io (it ended before: how, and the last lines
// of its log).
Result<std::unique_ptr<StartedService>> start_command(Fiber& self, Dialer& dialer,
                                                      const CommandOptions& options);

}  // namespace brunt
