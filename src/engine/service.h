// A service that brunt has started as a process: what a plan's expressions may ask of it, and how
// it is stopped.
//
// Made by start_engine() (engine/engine.h) and start_command() (engine/command.h). Belongs to the
// loop of the fiber that started it; start it on the main loop's thread (net/subprocess.h says
// why).
//
//   const std::optional<std::string> url = service->member("url");      // ${database.url}
//   TRY(service->stop(self));
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"
#include "net/subprocess.h"

namespace brunt {

// What is known of it once it is ready.
struct ServiceFacts {
  std::string name;     // As the plan calls it.
  std::string kind;     // "postgres", or "command".
  std::string version;  // "15.20"; empty for commands.
  Endpoint address;     // Unspecified if a command does not say where it listens.
  std::string url;      // What a client connects to; empty if not known.
  std::vector<std::pair<std::string, std::string>>
      more;  // Further members: user, database, socket.
  std::filesystem::path log;
  std::filesystem::path directory;  // Ours, removed when it has stopped; empty: none.
  StopOptions stop;
};

class StartedService {
 public:
  StartedService(ServiceFacts facts, std::unique_ptr<Subprocess> process);
  ~StartedService();  // Kills it if stop() was not called; removes its directory.

  const ServiceFacts& facts() const { return facts_; }
  const std::string& name() const { return facts_.name; }
  pid_t pid() const { return process_->pid(); }
  Subprocess& process() { return *process_; }

  // `url`, `address` (host:port), `host`, `port`, `pid`, `version`, `log`, and facts().more.
  // Nothing where there is no such member.
  std::optional<std::string> member(std::string_view name) const;
  std::vector<std::string> member_names() const;  // For "did you mean".

  // Parks until it has ended by itself: a fiber that watches it. Errors: timeout, cancelled.
  Result<ExitStatus> wait(Fiber& self, Instant deadline) { return process_->wait(self, deadline); }

  // Clean stop, then kill; its directory is removed, its log stays. Parks. Errors: io.
  Result<ExitStatus> stop(Fiber& self);

  // The last lines of its log, for an error's text. "" if there are none.
  std::string last_log_lines() const;

  StartedService(const StartedService&) = delete;
  StartedService& operator=(const StartedService&) = delete;

 private:
  ServiceFacts facts_;
  std::unique_ptr<Subprocess> process_;
};

}  // namespace brunt
