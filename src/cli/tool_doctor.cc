// `brunt tool doctor`: what this machine lets brunt do.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "cli/console.h"
#include "cli/tools.h"
#include "engine/engine.h"
#include "fault/kernel_road.h"
#include "judge/exit_code.h"
#include "net/limits.h"
#include "net/subprocess.h"

namespace brunt {
namespace {

struct Tool {
  std::string_view name, package;
  std::string purpose;
};

const Tool tools[] = {
    {"perf", "linux-perf", "profiles of a service"},
    {"gnuplot", "gnuplot-nox", "plots as PDF, SVG and PNG"},
};

std::string line(std::string_view what, std::string_view found) {
  return fmt::format("{:<25} {}\n", what, found);
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

std::string found(const Tool& program, const Result<std::filesystem::path>& path) {
  return line(program.name, path ? path->string()
                                 : fmt::format("not found; for {}: apt install {}", program.purpose,
                                               program.package));
}

std::string found_programs() {
  std::string out;
  for (const EngineKind& engine : known_engines())
    out += found({engine.program, engine.package, fmt::format("engine: {}", engine.name)},
                 find_engine(engine));
  for (const Tool& tool : tools) out += found(tool, find_program(tool.name, {"/usr/bin"}));
  return out;
}

// Tried for real: a road is made and goes again.
std::string roads(Fiber& self) {
  const auto lossy = KernelRoad::open(self, {.loss = 0.5});
  if (lossy) return line("driver: netem", "packets of links can be lost, doubled and reordered");
  const auto narrow = KernelRoad::open(self, {.bytes_a_second = 1'000'000});
  return line("driver: netem",
              fmt::format("{}{}", narrow ? "only bandwidth; " : "not here: ", lossy.error().text));
}

int doctor() {
  return run_on_loop([](Fiber& self, Signals&) {
    const std::string text = kernel() + backends() + limits() + roads(self) + found_programs();
    return print(text) ? 0 : code_of(ExitCode::other);
  });
}

}  // namespace

void add_doctor(CLI::App& tool, CommandLine& line) {
  CLI::App* verb = tool.add_subcommand("doctor",
                                       "What this machine lets brunt do: backends, limits, "
                                       "engines");
  verb->footer("\nExample:\n  brunt tool doctor | grep 'not found'");
  verb->callback([&line]() { line.todo = doctor; });
}

}  // namespace brunt
