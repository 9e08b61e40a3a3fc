#include "engine/server_program.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/engine_directory.h"
#include "engine/log_tail.h"
#include "net/process_tree.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::size_t output_max = 64u << 10u;  // More is no help in an error's text.

// All that is needed to start it, now and after an outage.
struct Recipe {
  ServerProgram server;
  std::string name;
  fs::path program, log;
  Duration ready_timeout{};
};

Result<std::unique_ptr<Subprocess>> launch(Fiber& self, const Recipe& recipe,
                                           const ServerPlace& place) {
  ProcessOptions process;
  process.argv = TRY(recipe.server.arguments(place));
  process.argv.insert(process.argv.begin(), recipe.program.string());
  process.cwd = place.directory;
  process.output = ProcessOutput::log_file;
  process.log = recipe.log;
  // Its workers shall not outlive us when it is killed before it can tell them.
  process.orphans = Orphans::killed;
  return Subprocess::start(self.loop(), process);
}

// One try. Errors: what it met.
Result<> ask(Fiber& self, const ServerProgram& server, const Endpoint& address) {
  const Instant deadline = self.now() + 2s;
  auto stream = TRY(self.loop().connect(self, {.to = address, .from = std::nullopt}, deadline));
  if (server.answer.empty()) return {};
  TRY(stream->send(self, as_bytes(server.ask), deadline));
  std::string reply;
  while (reply.size() < server.answer.size()) {
    const ByteView came = TRY(stream->receive(self, deadline));
    if (came.empty()) break;
    reply += as_text(came);
  }
  if (reply.starts_with(server.answer)) return {};
  return fail(ErrorCode::malformed,
              fmt::format("it answered \"{}\"", reply.substr(0, reply.find_first_of("\r\n"))));
}

enum class Readiness : std::uint8_t { yes, port_taken };

Result<Readiness> wait_until_ready(Fiber& self, Subprocess& process, const Recipe& recipe,
                                   const ServerPlace& place) {
  const Instant deadline = self.now() + recipe.ready_timeout;
  std::string last = "it did not answer";
  for (;;) {
    const Result<> answered = ask(self, recipe.server, Endpoint::loopback(place.port));
    // Asked after the probe: somebody else may be answering where it could not listen.
    if (const auto status = process.status()) {
      const std::string lines = last_lines(recipe.log, error_lines);
      if (to_lower(lines).find("address already in use") != std::string::npos)
        return Readiness::port_taken;
      return fail(ErrorCode::io, fmt::format("{} {} before it was ready: {}", recipe.server.title,
                                             status->text(), lines));
    }
    if (answered && listens(process.pid(), place.port)) return Readiness::yes;
    if (!answered && answered.error().code == ErrorCode::cancelled)
      return std::unexpected(answered.error());
    if (!answered) last = answered.error().text;
    if (self.now() >= deadline)
      return fail(ErrorCode::timeout,
                  fmt::format("{} was not ready within {:.3g} s: {}; its log ends with: {}",
                              recipe.server.title, seconds_of(recipe.ready_timeout), last,
                              last_lines(recipe.log, error_lines)));
    TRY(self.sleep(ready_interval));
  }
}

struct RunningServer {
  std::unique_ptr<Subprocess> process;
  ServerPlace place;
};

Result<RunningServer> start_somewhere(Fiber& self, const Recipe& recipe,
                                      const EngineOptions& options, const fs::path& directory) {
  for (int i = 0; i < port_tries_max; ++i) {
    ServerPlace place{.directory = directory, .port = options.port_first};
    if (i > 0 || place.port == 0) place.port = TRY(free_loopback_port());
    auto process = TRY(launch(self, recipe, place));
    if (TRY(wait_until_ready(self, *process, recipe, place)) == Readiness::yes)
      return RunningServer{std::move(process), place};
  }
  return fail(ErrorCode::exhausted,
              fmt::format("{} ports that were free were taken before {} could have them",
                          port_tries_max, recipe.server.title));
}

// Others may have taken its port while it was down; they may give it back.
Result<std::unique_ptr<Subprocess>> start_again(Fiber& self, const Recipe& recipe,
                                                const ServerPlace& place) {
  const Instant deadline = self.now() + recipe.ready_timeout;
  for (;;) {
    auto process = TRY(launch(self, recipe, place));
    if (TRY(wait_until_ready(self, *process, recipe, place)) == Readiness::yes) return process;
    if (self.now() >= deadline)
      return fail(ErrorCode::exhausted,
                  fmt::format("{} cannot come back: somebody else listens at {} now",
                              recipe.server.title, place.address()));
    TRY(self.sleep(100ms));
  }
}

}  // namespace

std::string ServerPlace::address() const {
  return fmt::format("127.0.0.1:{}", port);
}

std::vector<fs::path> server_directories() {
  return {"/usr/sbin", "/usr/local/sbin", "/sbin"};
}

Result<std::unique_ptr<StartedService>> start_server_program(Fiber& self,
                                                             const EngineOptions& options,
                                                             ServerProgram server) {
  const auto found = find_program(server.program, server_directories());
  if (!found)
    return fail(ErrorCode::not_found,
                fmt::format("{} is not installed: there is no program \"{}\" on PATH or in "
                            "/usr/sbin; on Debian: apt-get install {}",
                            server.title, server.program, server.package));
  EngineDirectory directory = TRY(EngineDirectory::make(options, server.kind, ""));
  Recipe recipe{.server = std::move(server),
                .name = options.name.empty() ? options.kind : options.name,
                .program = *found,
                .ready_timeout = options.ready_timeout};
  recipe.log = (options.log_directory.empty() ? directory.path() : options.log_directory) /
               (recipe.name + ".log");
  ProcessOptions asking;
  asking.argv = {found->string()};
  asking.argv.insert(asking.argv.end(), recipe.server.version_words.begin(),
                     recipe.server.version_words.end());
  asking.output = ProcessOutput::pipe;
  const std::string version = version_in(TRY(run_to_end(self, asking, self.now() + 30s)));
  RunningServer running = TRY(start_somewhere(self, recipe, options, directory.path()));

  ServiceFacts facts;
  facts.name = recipe.name;
  facts.kind = recipe.server.kind;
  facts.version = version;
  facts.address = Endpoint::loopback(running.place.port);
  facts.url = recipe.server.scheme + "://" + running.place.address();
  facts.log = recipe.log;
  facts.stop = recipe.server.stop;
  facts.directory = directory.release();
  auto again = [recipe = std::move(recipe), place = running.place](Fiber& fiber) {
    return start_again(fiber, recipe, place);
  };
  return std::make_unique<StartedService>(std::move(facts), std::move(running.process),
                                          std::move(again));
}

const std::string* EngineParameters::find(std::string_view name) {
  known_.emplace_back(name);
  for (const auto& [key, value] : options_.with)
    if (key == name) return &value;
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> EngineParameters::under(std::string_view prefix) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [key, value] : options_.with) {
    if (!key.starts_with(prefix) || key.size() == prefix.size()) continue;
    known_.push_back(key);
    out.emplace_back(key.substr(prefix.size()), value);
  }
  return out;
}

fs::path EngineParameters::path(const std::string& text) const {
  std::error_code ignored;
  return fs::absolute(options_.base / text, ignored);
}

Result<> EngineParameters::finish() const {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& [key, value] : options_.with)
    if (std::ranges::find(known, key) == known.end())
      return fail(ErrorCode::invalid,
                  fmt::format("{} takes no parameter \"{}\"{}; it takes: {}", title_, key,
                              did_you_mean(key, known), fmt::join(known, ", ")));
  return {};
}

Result<std::string> fill_in_configuration(const fs::path& file, const ServerPlace& place) {
  std::string text = TRY(read_file(file, 1u << 20u));
  bool is_told = false;
  const auto replace = [&](std::string_view mark, const std::string& value) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.replace(at, mark.size(), value);
      at += value.size();
      is_told = is_told || mark != "@directory@";
    }
  };
  replace("@address@", place.address());
  replace("@port@", std::to_string(place.port));
  replace("@directory@", place.directory.string());
  if (is_told) return text;
  return fail(ErrorCode::invalid,
              fmt::format("{} does not say where brunt's port goes: write @address@ (host:port) or "
                          "@port@ where it listens",
                          file.string()));
}

Result<std::string> run_to_end(Fiber& self, const ProcessOptions& options, Instant deadline) {
  const auto process = TRY(Subprocess::start(self.loop(), options));
  std::string output;
  for (;;) {
    const std::string came = TRY(process->read(self, deadline));
    if (came.empty()) break;
    if (output.size() < output_max) output += came;
  }
  const ExitStatus status = TRY(process->wait(self, deadline));
  if (status.success()) return output;
  std::string words;
  for (const std::string_view line : split(output, '\n'))
    if (!trim(line).empty()) words += (words.empty() ? "" : " | ") + std::string(trim(line));
  return fail(ErrorCode::io,
              fmt::format("{} {}: {}", options.argv.front(), status.text(), words.substr(0, 2000)));
}

std::string version_in(std::string_view text) {
  const auto digit = [&](std::size_t at) {
    return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!digit(at)) continue;
    std::size_t end = at;
    while (digit(end)) ++end;
    if (end < text.size() && text[end] == '.' && digit(end + 1)) {
      while (digit(end) || (end < text.size() && text[end] == '.' && digit(end + 1))) ++end;
      return std::string(text.substr(at, end - at));
    }
    at = end;
  }
  return {};
}

}  // namespace brunt
