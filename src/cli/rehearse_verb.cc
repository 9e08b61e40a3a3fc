// `brunt rehearse`: a plan's shape over time, in virtual time, before anything is sent.
#include <unistd.h>

#include "base/units.h"
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "report/json.h"
#include "run/rehearse.h"

namespace brunt {
namespace {

struct RehearseFlags {
  PlanSourceFlags source;
  std::string service_time = "5ms", round_trip = "200us", format = "text";
  std::uint64_t seed = 1;
};

Result<std::string> rehearse_plan(const RehearseFlags& flags) {
  const Plan plan = TRY(read_source(flags.source));
  const RehearseOptions options{.service_time = TRY(parse_duration(flags.service_time)),
                                .round_trip = TRY(parse_duration(flags.round_trip)),
                                .seed = flags.seed};
  const Terminal progress = Terminal::detect(STDERR_FILENO);
  const auto tell = [&](Duration elapsed) {
    if (progress.interactive)
      std::fprintf(stderr, "\r\x1b[Krehearsed %s", format_duration(elapsed).c_str());
    return true;
  };
  const auto rehearsal = rehearse(plan, options, tell);
  if (progress.interactive) std::fprintf(stderr, "\r\x1b[K");
  if (!rehearsal) return std::unexpected(rehearsal.error());
  if (flags.format == "json") return json_report(rehearsal->record).dump_pretty() + "\n";
  return render_rehearsal(plan, *rehearsal, Terminal::detect(STDOUT_FILENO).style);
}

}  // namespace

void add_rehearse(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<RehearseFlags>();
  RehearseFlags& f = *flags;
  CLI::App* verb =
      app.add_subcommand("rehearse", "Show a plan's shape over time, on a simulated network");
  add_plan_source(*verb, f.source);
  verb->add_option("--service-time", f.service_time,
                   "How long the model takes to answer, on average")
      ->group("Model");
  verb->add_option("--round-trip", f.round_trip, "The simulated network's")->group("Model");
  verb->add_option("--seed", f.seed, "Reproduces every random choice")->group("Model");
  verb->add_option("--format", f.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->footer("\nExample:\n  brunt rehearse plans/iot/ramp.yaml --service-time 20ms");
  verb->callback([&line, flags]() {
    line.todo = [&g = *flags] {
      const auto text = rehearse_plan(g);
      if (!text) {
        complain(text.error().text);
        return exit_code_of(text.error());
      }
      return print(*text) ? 0 : code_of(ExitCode::other);
    };
  });
}

}  // namespace brunt
