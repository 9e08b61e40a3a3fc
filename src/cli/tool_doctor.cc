// `brunt tool doctor`: what this machine lets brunt do.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "cli/console.h"
#include "cli/tools.h"
#include "judge/exit_code.h"
#include "net/limits.h"

namespace brunt {
namespace {

struct Program {
  std::string_view name, package, purpose;
};

constexpr Program programs[] = {
    {"postgres", "postgresql", "engine: postgres"},
    {"redis-server", "redis-server", "engine: redis"},
    {"nginx", "nginx-light", "engine: nginx"},
    {"perf", "linux-perf", "profiles of a service"},
    {"gnuplot", "gnuplot-nox", "plots as PDF, SVG and PNG"},
};

// Where Debian puts them; PostgreSQL keeps its own out of PATH.
std::string path_of(std::string_view name) {
  const char* const from_environment = std::getenv("PATH");
  std::string places = from_environment == nullptr ? "" : from_environment;
  places += ":/usr/sbin:/usr/lib/postgresql/15/bin";
  for (std::size_t begin = 0; begin <= places.size();) {
    const std::size_t end = std::min(places.find(':', begin), places.size());
    const std::string path = places.substr(begin, end - begin) + "/" + std::string(name);
    if (access(path.c_str(), X_OK) == 0) return path;
    begin = end + 1;
  }
  return {};
}

std::string line(std::string_view what, std::string_view found) {
  return fmt::format("{:<16} {}\n", what, found);
}

std::string backends() {
  const auto loop = Loop::create({.backend = BackendKind::io_uring});
  return line("event loop", loop
                                ? "io_uring and epoll"
                                : fmt::format("epoll; io_uring is refused: {}", loop.error().text));
}

std::string kernel() {
  utsname name{};
  if (uname(&name) != 0) return {};
  return line("kernel", fmt::format("{} {}, {} cores", name.sysname, name.release,
                                    sysconf(_SC_NPROCESSORS_ONLN)));
}

std::string limits() {
  const MachineLimits limits = read_machine_limits();
  std::string out;
  out +=
      line("descriptors", fmt::format("{} a process (hard limit); a plan that needs more runs in "
                                      "several processes",
                                      limits.descriptors_max));
  out += line("source ports", fmt::format("{} an address ({} to {})", limits.ports(),
                                          limits.port_first, limits.port_last));
  out += line("listen queue",
              fmt::format("{} connections at most (net.core.somaxconn)", limits.somaxconn));
  out +=
      line("memory maps", fmt::format("{} a process (vm.max_map_count)", limits.memory_maps_max));
  return out;
}

std::string found_programs() {
  std::string out;
  for (const Program& program : programs) {
    const std::string path = path_of(program.name);
    out += line(program.name, path.empty() ? fmt::format("not found; for {}: apt install {}",
                                                         program.purpose, program.package)
                                           : path);
  }
  return out;
}

int doctor() {
  return print(kernel() + backends() + limits() + found_programs()) ? 0 : code_of(ExitCode::other);
}

}  // namespace

void add_doctor(CLI::App& tool, CommandLine& line) {
  CLI::App* verb = tool.add_subcommand("doctor",
                                       "What this machine lets brunt do: backends, limits, "
                                       "engines");
  verb->callback([&line]() { line.todo = doctor; });
}

}  // namespace brunt
