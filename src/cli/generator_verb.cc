// `brunt generator`: one generator process of a run that needs several. Started by `brunt run`, not
// by people.
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "run/generator_processes.h"

namespace brunt {

void add_generator(CLI::App& app, CommandLine& line) {
  struct Flags {
    PlanSourceFlags source;
    std::string socket;
  };
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("generator", "")->group("");
  add_plan_source(*verb, flags->source);
  verb->add_option("--socket", flags->socket)->required();
  verb->callback([&line, flags]() {
    line.todo = [&f = *flags] {
      f.source.log.output = "none";  // Init code has said the same in the first process.
      const auto plan = read_source(f.source);
      if (!plan) {
        complain(plan.error().text);
        return exit_code_of(plan.error());
      }
      return run_on_loop([&](Fiber& self, Signals&) {
        const auto served = serve_generator(self, *plan, f.socket);
        if (!served) complain(served.error().text);
        return served ? 0 : code_of(ExitCode::other);
      });
    };
  });
}

}  // namespace brunt
