// `brunt inspect`: the options that a script comes to, as k6's JSON.
#include <algorithm>

#include "base/units.h"
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/script_source.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "plan/script_bundle.h"

namespace brunt {
namespace {

struct InspectFlags {
  PlanSourceFlags source;
  bool requirements = false;
};

Result<std::string> inspect(const InspectFlags& flags) {
  const Plan plan = TRY(read_source(flags.source));
  if (plan.script == nullptr)
    return fail(ErrorCode::invalid,
                flags.source.target + ": this is no script; brunt check says what a plan does");
  Json options = TRY(Json::parse(plan.script->options));
  if (!flags.requirements) return options.dump_pretty() + "\n";
  Duration longest{};
  std::uint64_t vus = 0;
  for (const Scenario& scenario : plan.scenarios) {
    const ScenarioOptions& load = scenario.load;
    longest = std::max(longest, load.start_time + load.planned_duration() + load.graceful_stop);
    vus += load.vus_max();
  }
  options.set("maxDuration", format_duration(longest));
  options.set("maxVUs", vus);
  return options.dump_pretty() + "\n";
}

}  // namespace

void add_inspect(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* verb = app.add_subcommand("inspect", "Show the options that a k6 script comes to");
  add_plan_source(*verb, flags->source);
  verb->add_flag("--execution-requirements", flags->requirements,
                 "With the longest time that it may take, and its most VUs");
  verb->footer("\nExample:\n  brunt inspect load.js --execution-requirements");
  verb->callback([&line, flags]() {
    line.todo = [&f = *flags] {
      const auto text = inspect(f);
      if (!text) {
        complain(text.error().text);
        return exit_code_of_source(f.source, text.error());
      }
      return print(*text) ? 0 : code_of(ExitCode::other);
    };
  });
}

}  // namespace brunt
