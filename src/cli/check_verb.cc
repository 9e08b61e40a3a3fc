// `brunt check`: what a plan would do, without doing it.
#include <fmt/format.h>

#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/script_source.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "net/limits.h"
#include "plan/describe_plan.h"
#include "run/links.h"
#include "run/run_options.h"

namespace brunt {
namespace {

// "" where one process is enough.
std::string about_processes(const Plan& plan) {
  const std::uint64_t connections = connections_max(plan);
  const std::uint64_t descriptors = read_machine_limits().descriptors;
  std::string text;
  if (processes_needed(connections, descriptors) > 1)
    text += "\n" + processes_sentence(connections, descriptors) + "\n";
  const std::uint32_t links = link_processes_needed(linked_connections_max(plan), descriptors);
  if (links > 1)
    text += fmt::format("\nlinks' proxies in {} processes, as a connection takes two descriptors\n",
                        links);
  return text;
}

}  // namespace

void add_check(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<PlanSourceFlags>();
  CLI::App* verb =
      app.add_subcommand("check", "Read a plan and say what it would do, or what is wrong with it");
  add_plan_source(*verb, *flags);
  verb->footer("\nExample:\n  brunt check plans/iot/ramp.yaml --set store=postgres");
  verb->callback([&line, flags]() {
    line.todo = [&f = *flags] {
      const auto plan = read_source(f);
      if (!plan) {
        complain(plan.error().text);
        return exit_code_of_source(f, plan.error());
      }
      tell_script_warnings(*plan);
      return print(describe_plan(*plan) + about_processes(*plan)) ? 0 : code_of(ExitCode::other);
    };
  });
}

}  // namespace brunt
