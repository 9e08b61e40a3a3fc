// `brunt rehearse`: a plan's shape over time, in virtual time, before anything is sent.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include "base/units.h"
#include "cli/console.h"
#include "cli/plan_source.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "report/json.h"
#include "run/load_units.h"
#include "run/rehearse.h"

namespace brunt {
namespace {

struct RehearseFlags {
  PlanSourceFlags source;
  std::string service_time = "5ms", round_trip = "200us", limit = "1m", format = "text";
  std::uint64_t seed = 1;
};

volatile std::sig_atomic_t interrupted = 0;

// The first Ctrl-C ends the rehearsal with what it has seen, the second the program.
void end_by_interrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  (void)sigaction(SIGINT, &action, nullptr);
}

Result<std::string> rehearse_plan(const RehearseFlags& flags) {
  const Plan plan = TRY(read_source(flags.source));
  const RehearseOptions options{.service_time = TRY(parse_duration(flags.service_time)),
                                .round_trip = TRY(parse_duration(flags.round_trip)),
                                .seed = flags.seed};
  const Duration limit = TRY(parse_duration(flags.limit));
  const Terminal progress = Terminal::detect(STDERR_FILENO);
  const std::string whole = format_duration(load_end_of(plan));
  const auto start = std::chrono::steady_clock::now();
  const auto tell = [&](Duration elapsed) {
    if (progress.interactive)
      std::fprintf(stderr, "\r\x1b[Krehearsed %s of %s", format_duration(elapsed).c_str(),
                   whole.c_str());
    const bool late = limit > Duration{} && std::chrono::steady_clock::now() - start >= limit;
    return interrupted == 0 && !late;
  };
  end_by_interrupt();
  const auto rehearsal = rehearse(plan, options, tell);
  if (progress.interactive) std::fprintf(stderr, "\r\x1b[K");
  if (!rehearsal) return std::unexpected(rehearsal.error());
  if (flags.format == "json") return json_report(rehearsal->record).dump_pretty() + "\n";
  std::string text = render_rehearsal(plan, *rehearsal, Terminal::detect(STDOUT_FILENO).style);
  if (rehearsal->ended_early && interrupted == 0)
    text += fmt::format(
        "  {} of real time were over (--limit). Virtual users that never sleep make as many\n"
        "  requests as the model answers: --iterations or --time-scale makes the plan shorter.\n",
        format_duration(limit));
  return text;
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
  verb->add_option("--limit", f.limit, "End early after so much real time (default 1m; 0: never)");
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
