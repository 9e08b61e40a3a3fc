// `brunt check`: what a plan would do, without doing it.
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/script_source.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "plan/describe_plan.h"

namespace brunt {

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
      return print(describe_plan(*plan)) ? 0 : code_of(ExitCode::other);
    };
  });
}

}  // namespace brunt
