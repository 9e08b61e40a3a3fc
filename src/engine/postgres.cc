#include "engine/postgres.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <optional>

#include "base/bytes.h"
#include "base/text.h"
#include "engine/engine_directory.h"
#include "engine/log_tail.h"
#include "engine/server_program.h"
#include "net/subprocess.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::string_view superuser = "postgres";

struct Programs {
  fs::path initdb;
  fs::path postgres;
};

Result<Programs> find_programs() {
  const auto directories = postgres_directories();
  auto postgres = find_program("postgres", directories);
  if (!postgres)
    return fail(ErrorCode::not_found,
                "PostgreSQL is not installed: there is no program \"postgres\" on PATH or in "
                "/usr/lib/postgresql; on Debian: apt-get install postgresql");
  // initdb of the same version: the one beside it.
  std::error_code ignored;
  const fs::path program = fs::canonical(*postgres, ignored);
  const fs::path initdb = program.parent_path() / "initdb";
  if (access(initdb.c_str(), X_OK) != 0)
    return fail(ErrorCode::not_found,
                fmt::format("{} has no initdb beside it; on Debian: apt-get install postgresql",
                            postgres->string()));
  return Programs{initdb, program};
}

// PostgreSQL refuses to run as root.
std::string user_to_be() {
  return geteuid() == 0 ? std::string(superuser) : "";
}

struct Setup {
  EngineOptions options;
  Programs programs;
  fs::path directory;
  fs::path log;
  std::string user;
};

Result<> make_cluster(Fiber& self, const Setup& setup, Instant deadline) {
  ProcessOptions initdb;
  initdb.argv = {setup.programs.initdb.string(),
                 "-D",
                 (setup.directory / "data").string(),
                 "-A",
                 "trust",
                 "--no-sync",
                 "-U",
                 std::string(superuser),
                 "-E",
                 "UTF8",
                 "--locale=C.UTF-8"};
  initdb.cwd = setup.directory;
  initdb.user = setup.user;
  initdb.output = ProcessOutput::pipe;
  initdb.orphans = Orphans::killed;
  TRY(run_to_end(self, initdb, deadline));
  return {};
}

Result<std::string> version_of(Fiber& self, const Setup& setup, Instant deadline) {
  ProcessOptions ask;
  ask.argv = {setup.programs.postgres.string(), "--version"};
  ask.cwd = setup.directory;
  ask.user = setup.user;
  ask.output = ProcessOutput::pipe;
  return version_in(TRY(run_to_end(self, ask, deadline)));
}

Result<> check_parameters(const EngineOptions& options) {
  static constexpr std::string_view ours[] = {"port", "listen_addresses", "unix_socket_directories",
                                              "data_directory"};
  for (const auto& [key, value] : options.with) {
    const bool well_formed =
        !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
          return std::isalnum(c) != 0 || c == '_' || c == '.';
        });
    if (!well_formed)
      return fail(
          ErrorCode::invalid,
          fmt::format("\"{}\" is no parameter of PostgreSQL; it looks like max_connections", key));
    if (std::find(std::begin(ours), std::end(ours), key) != std::end(ours))
      return fail(ErrorCode::invalid, fmt::format("`{}` of PostgreSQL is chosen by brunt", key));
  }
  return {};
}

Result<std::unique_ptr<Subprocess>> start_server(Fiber& self, const Setup& setup,
                                                 std::uint16_t port) {
  ProcessOptions server;
  server.argv = {setup.programs.postgres.string(),
                 "-D",
                 (setup.directory / "data").string(),
                 "-c",
                 "listen_addresses=127.0.0.1",
                 "-c",
                 fmt::format("port={}", port),
                 "-c",
                 fmt::format("unix_socket_directories={}", setup.directory.string())};
  for (const auto& [key, value] : setup.options.with) {
    server.argv.emplace_back("-c");
    server.argv.push_back(key + '=' + value);
  }
  server.cwd = setup.directory;
  server.user = setup.user;
  server.output = ProcessOutput::log_file;
  server.log = setup.log;
  // "Immediate shutdown": it ends at once, and takes its children and its shared memory with it.
  server.death_signal = SIGQUIT;
  return Subprocess::start(self.loop(), server);
}

// The startup packet: length, protocol 3.0, "user" and "database" with their values, each ended by
// a zero, and a zero. Source: PostgreSQL documentation, "Message Formats".
std::string startup_packet() {
  std::string body{'\0', '\3', '\0', '\0'};
  for (const std::string_view text :
       {std::string_view("user"), superuser, std::string_view("database"), superuser}) {
    body += text;
    body += '\0';
  }
  body += '\0';
  const std::size_t size = body.size() + 4;
  return std::string{'\0', '\0', static_cast<char>(size >> 8u), static_cast<char>(size)} + body;
}

// Whether a session can be begun: the first message of the answer is then 'R', authentication.
bool answers(Fiber& self, const Endpoint& address) {
  const Instant deadline = self.now() + 5s;
  auto stream = self.loop().connect(self, {.to = address, .from = std::nullopt}, deadline);
  if (!stream || !(*stream)->send(self, as_bytes(startup_packet()), deadline)) return false;
  const Result<ByteView> reply = (*stream)->receive(self, deadline);
  const bool ready = reply && !reply->empty() && as_text(*reply).front() == 'R';
  // 'X', terminate: else it would log a connection that was reset.
  if (ready) (void)(*stream)->send(self, as_bytes(std::string_view("X\0\0\0\4", 5)), deadline);
  return ready;
}

enum class Ready : std::uint8_t { yes, port_taken };

Result<Ready> wait_until_ready(Fiber& self, Subprocess& server, const Setup& setup,
                               std::uint16_t port, Instant deadline) {
  const Endpoint address = Endpoint::loopback(port);
  for (;;) {
    if (const auto status = server.status()) {
      const std::string lines = last_lines(setup.log, error_lines);
      if (lines.find("Address already in use") != std::string::npos) return Ready::port_taken;
      return fail(ErrorCode::io,
                  fmt::format("PostgreSQL {} before it was ready: {}", status->text(), lines));
    }
    // Not before its unix socket is there: until then somebody else may be answering at that port.
    std::error_code ignored;
    if (fs::exists(setup.directory / fmt::format(".s.PGSQL.{}", port), ignored) &&
        answers(self, address))
      return Ready::yes;
    if (self.now() >= deadline)
      return fail(ErrorCode::timeout, fmt::format("PostgreSQL was not ready in time: {}",
                                                  last_lines(setup.log, error_lines)));
    TRY(self.sleep(ready_interval));
  }
}

struct Running {
  std::unique_ptr<Subprocess> server;
  std::uint16_t port = 0;
};

Result<Running> start_on_free_port(Fiber& self, const Setup& setup, Instant deadline) {
  for (int i = 0; i < port_tries_max; ++i) {
    std::uint16_t port = setup.options.port_first;
    if (i > 0 || port == 0) port = TRY(free_loopback_port());
    auto server = TRY(start_server(self, setup, port));
    if (TRY(wait_until_ready(self, *server, setup, port, deadline)) == Ready::yes)
      return Running{std::move(server), port};
  }
  return fail(ErrorCode::exhausted,
              fmt::format("{} ports that were free were taken before PostgreSQL could have them",
                          port_tries_max));
}

// What a killed one has left keeps the next from starting for a moment: sessions that have not yet
// noticed that their postmaster has gone hold its shared memory.
Result<std::unique_ptr<Subprocess>> start_again(Fiber& self, const Setup& setup,
                                                std::uint16_t port) {
  const Instant deadline = self.now() + setup.options.ready_timeout;
  for (;;) {
    auto server = TRY(start_server(self, setup, port));
    const Result<Ready> ready = wait_until_ready(self, *server, setup, port, deadline);
    if (ready && *ready == Ready::yes) return server;
    const bool passes = ready || ready.error().text.find("shared memory") != std::string::npos ||
                        ready.error().text.find("lock file") != std::string::npos;
    if (!passes || self.now() >= deadline)
      return ready ? fail(ErrorCode::exhausted,
                          fmt::format("PostgreSQL cannot come back: somebody else listens at port "
                                      "{} now",
                                      port))
                   : std::unexpected(ready.error());
    TRY(self.sleep(100ms));
  }
}

ServiceFacts facts_of(const Setup& setup, std::uint16_t port, std::string version) {
  ServiceFacts facts;
  facts.name = setup.options.name.empty() ? "postgres" : setup.options.name;
  facts.kind = "postgres";
  facts.version = std::move(version);
  facts.address = Endpoint::loopback(port);
  facts.url = fmt::format("postgresql://{0}@127.0.0.1:{1}/{0}", superuser, port);
  facts.more = {{"user", std::string(superuser)},
                {"database", std::string(superuser)},
                {"socket", setup.directory.string()}};
  facts.log = setup.log;
  // "Fast shutdown": sessions are ended, everything is written, and only the postmaster has to
  // know.
  facts.stop = {.signal = SIGINT, .grace = 20s, .scope = StopOptions::Scope::leader};
  return facts;
}

}  // namespace

std::vector<fs::path> postgres_directories() {
  std::vector<std::pair<double, fs::path>> found;
  for (const fs::path& path : entries_of("/usr/lib/postgresql"))
    found.emplace_back(std::atof(path.filename().c_str()), path / "bin");
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> out;
  for (auto& [version, path] : found) out.push_back(std::move(path));
  return out;
}

Result<std::unique_ptr<StartedService>> start_postgres(Fiber& self, const EngineOptions& options) {
  const Instant deadline = self.now() + options.ready_timeout;
  TRY(check_parameters(options));
  Programs programs = TRY(find_programs());
  const std::string user = user_to_be();
  EngineDirectory directory = TRY(EngineDirectory::make(options, "postgres", user));
  const std::string name = options.name.empty() ? "postgres" : options.name;
  const fs::path log =
      (options.log_directory.empty() ? directory.path() : options.log_directory) / (name + ".log");
  const Setup setup{options, std::move(programs), directory.path(), log, user};
  std::string version = TRY(version_of(self, setup, deadline));
  TRY(make_cluster(self, setup, deadline));
  Running running = TRY(start_on_free_port(self, setup, deadline));
  ServiceFacts facts = facts_of(setup, running.port, std::move(version));
  facts.directory = directory.release();
  auto again = [setup, port = running.port](Fiber& fiber) {
    return start_again(fiber, setup, port);
  };
  return std::make_unique<StartedService>(std::move(facts), std::move(running.server),
                                          std::move(again));
}

}  // namespace brunt
