// `brunt list`: the runs in the ledger.
#include "cli/console.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "ledger/ledger.h"
#include "report/list.h"

namespace brunt {
namespace {

struct ListFlags {
  std::string ledger = ".brunt/ledger.db", plan, format = "text";
  std::uint32_t limit = 50;
};

int list_runs(const ListFlags& flags) {
  auto ledger = Ledger::open({.place = flags.ledger, .access = LedgerAccess::read});
  if (!ledger) {
    complain(ledger.error().text);
    return code_of(ExitCode::other);
  }
  const auto runs = (*ledger)->list({.plan_name = flags.plan, .limit = flags.limit});
  if (!runs) {
    complain(runs.error().text);
    return code_of(ExitCode::other);
  }
  const Terminal terminal = Terminal::detect(1);
  const std::string text = flags.format == "json" ? list_json(*runs).dump_pretty() + "\n"
                                                  : list_report(*runs, terminal.style);
  return print(text) ? 0 : code_of(ExitCode::other);
}

}  // namespace

void add_list(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<ListFlags>();
  ListFlags& f = *flags;
  CLI::App* verb = app.add_subcommand("list", "List the runs in the ledger, newest first");
  verb->add_option("--ledger", f.ledger,
                   "Where runs are kept: a file, or postgres://... (default .brunt/ledger.db)");
  verb->add_option("--plan", f.plan, "Only runs of the plan of this name");
  verb->add_option("--limit", f.limit, "At most this many (default 50)");
  verb->add_option("--format", f.format, "text or json")->check(CLI::IsMember({"text", "json"}));
  verb->footer(
      "\nExamples:\n  brunt list --plan first --limit 10\n"
      "  brunt list --format json | jq '.[0].verdict'");
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return list_runs(g); }; });
}

}  // namespace brunt
