// `brunt report`: a run of the ledger as text, JSON, CSV, or one HTML page.
#include "base/file.h"
#include "cli/console.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "ledger/ledger.h"

namespace brunt {
namespace {

struct ReportFlags {
  std::string run = "last", ledger = ".brunt/ledger.db", format = "text", output;
};

int report_run(const ReportFlags& flags) {
  auto ledger = Ledger::open({.place = flags.ledger, .access = LedgerAccess::read});
  if (!ledger) {
    complain(ledger.error().text);
    return code_of(ExitCode::other);
  }
  const auto record = (*ledger)->load(flags.run);
  if (!record) {
    complain(record.error().text);
    return code_of(ExitCode::other);
  }
  const Style style = flags.output.empty() ? Terminal::detect(1).style : Style{};
  const std::string text =
      render(*record, flags.format, {.style = style, .ledger = without_password(flags.ledger)});
  if (flags.output.empty()) return print(text) ? 0 : code_of(ExitCode::other);
  const auto written = write_file(flags.output, text);
  if (!written) complain(written.error().text);
  return written ? 0 : code_of(ExitCode::other);
}

}  // namespace

void add_report(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<ReportFlags>();
  ReportFlags& f = *flags;
  CLI::App* verb = app.add_subcommand("report", "Show a run of the ledger");
  verb->add_option("RUN", f.run,
                   "Its id, the beginning of it, `last`, or `last~1` (default: last)");
  verb->add_option("--format", f.format,
                   "text, json, csv, html; subjects or analysis: CSV of each client's figures")
      ->check(CLI::IsMember(record_formats));
  verb->add_option("-o,--output", f.output, "Write to this file instead of standard output");
  verb->add_option("--ledger", f.ledger,
                   "Where runs are kept: a file, or postgres://... (default .brunt/ledger.db)");
  verb->footer(
      "\nExamples:\n  brunt report\n  brunt report last~1 --format html -o before.html\n"
      "  brunt report 20261122-0844 --format json | jq .verdict\n"
      "  brunt report last --format analysis -o analysis.csv");
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return report_run(g); }; });
}

}  // namespace brunt
