// What the engines have in common that are one program listening on one port: found, told where to
// listen, started, asked until it answers, started again at the same place after an outage.
//
//   ServerProgram redis{.kind = "redis", .title = "Redis", .program = "redis-server",
//                       .package = "redis-server", .scheme = "redis", .ask = "PING\r\n",
//                       .answer = "+PONG"};
//   redis.arguments = [](const ServerPlace& at) { ... };
//   return start_server_program(self, options, std::move(redis));
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "net/subprocess.h"

namespace brunt {

// How every engine is started. Another process may take the port between our look and its bind;
// twice in a row is already unlikely.
inline constexpr int port_tries_max = 5;
inline constexpr Duration ready_interval = std::chrono::milliseconds(20);
inline constexpr std::size_t error_lines = 8;  // Of its log, in an error.

// Where it shall be.
struct ServerPlace {
  std::filesystem::path directory;  // Its own; kept over stop and start.
  std::uint16_t port = 0;           // On 127.0.0.1.
  std::string address() const;      // 127.0.0.1:34567
};

struct ServerProgram {
  std::string kind;                                        // "redis"
  std::string title;                                       // "Redis", for people.
  std::string program;                                     // "redis-server"
  std::string package;                                     // Debian's.
  std::vector<std::string> version_words = {"--version"};  // What it is called with to say so.
  std::string scheme;                                      // Of its URL.
  // It is ready when the answer to `ask` begins so; both empty: when it accepts a connection.
  std::string ask, answer;
  StopOptions stop;
  // Writes what it needs into the directory and gives its arguments. Called before every start.
  std::function<Result<std::vector<std::string>>(const ServerPlace&)> arguments;
};

// Parks until it is ready. Errors: as start_engine().
Result<std::unique_ptr<StartedService>> start_server_program(Fiber& self,
                                                             const EngineOptions& options,
                                                             ServerProgram program);

// Reads `with:` by name; what nobody asked for is an error with the nearest name.
class EngineParameters {
 public:
  EngineParameters(std::string_view title, const EngineOptions& options)
      : title_(title), options_(options) {}

  // nullptr where it was not given.
  const std::string* find(std::string_view name);
  // All that begin so, without it: `scrape.web` gives {web, ...}.
  std::vector<std::pair<std::string, std::string>> under(std::string_view prefix);
  std::filesystem::path path(const std::string& text) const;  // Made absolute by options.base.
  // Errors: invalid: a parameter that was not asked for.
  Result<> finish() const;

 private:
  std::string_view title_;
  const EngineOptions& options_;
  std::vector<std::string> known_;
};

// A configuration file of the user's with @address@, @port@ and @directory@ filled in. Errors:
// those of reading it; invalid where none of @address@ and @port@ is in it.
Result<std::string> fill_in_configuration(const std::filesystem::path& file,
                                          const ServerPlace& place);

// Runs a program to its end; gives its output. Errors: io (it failed: its words), those of its
// start.
Result<std::string> run_to_end(Fiber& self, const ProcessOptions& options, Instant deadline);

// "nginx version: nginx/1.22.1" gives 1.22.1; "" where there is none.
std::string version_in(std::string_view text);

// Whether one of the processes of `leader` listens at this port of 127.0.0.1 (or of all addresses).
// Somebody else may have been quicker and answers now. True where /proc does not tell.
bool listens(pid_t leader, std::uint16_t port);

// Where Debian keeps servers that are not on everybody's PATH.
std::vector<std::filesystem::path> server_directories();

}  // namespace brunt
