// A service that brunt has started as a process: what a plan's expressions may ask of it, how it is
// stopped, and how it is taken down and brought back while the run goes on.
//
// Made by start_engine() (engine/engine.h) and start_command() (engine/command.h). Belongs to the
// loop of the fiber that started it; start it on the main loop's thread (net/subprocess.h says
// why).
//
//   const std::optional<std::string> url = service->member("url");      // ${database.url}
//   TRY(service->take_down(self, Ending::killed));    // an outage: directory and address stay
//   TRY(service->bring_back(self));                   // ready again when this returns
//   TRY(service->stop(self));
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "loop/endpoint.h"
#include "net/process_tree.h"
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

enum class Ending : std::uint8_t {
  asked,   // As its StopOptions say: it may finish what it does. SIGKILL after the grace.
  killed,  // SIGKILL to all of its processes at once: nothing is finished, nothing is flushed.
};

class StartedService {
 public:
  // Starts it once more at the same address with the same directory; returns when it is ready.
  using Starter = std::move_only_function<Result<std::unique_ptr<Subprocess>>(Fiber&)>;

  // `again` serves bring_back().
  StartedService(ServiceFacts facts, std::unique_ptr<Subprocess> process, Starter again);
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

  // Ends it, for a while: its directory stays. Parks. Errors: io.
  Result<ExitStatus> take_down(Fiber& self, Ending how);

  // After take_down(): parks until it is ready again, under a new pid. Errors: as those of its
  // start.
  Result<> bring_back(Fiber& self);

  // Holds every process of it (SIGSTOP): the kernel goes on to accept and acknowledge for it, it
  // answers nothing. thaw() lets them go on; so does our own end. Do not park. Errors: not_found.
  Result<> freeze();
  void thaw();
  bool is_frozen() const { return frozen_ != nullptr; }

  // Between take_down() and bring_back(): that it has ended is no surprise.
  bool is_down() const { return down_; }

  // The last lines of its log, for an error's text. "" if there are none.
  std::string last_log_lines() const;

  StartedService(const StartedService&) = delete;
  StartedService& operator=(const StartedService&) = delete;

 private:
  ServiceFacts facts_;
  std::unique_ptr<Subprocess> process_;
  Starter again_;
  std::unique_ptr<FrozenProcesses> frozen_;
  bool down_ = false;
};

}  // namespace brunt
