// `brunt tool plot`: a run of the ledger as a picture.
#include "cli/console.h"
#include "cli/tools.h"
#include "judge/exit_code.h"
#include "ledger/ledger.h"
#include "report/gnuplot.h"
#include "report/plot.h"

namespace brunt {
namespace {

struct PlotFlags {
  std::string run = "last", ledger = ".brunt/ledger.db", x, kind, by, title, output,
              format = "picture";
  std::vector<std::string> y;
  std::uint32_t width = 1000, height = 560;
};

Result<PlotSpec> spec_of(const PlotFlags& flags, const RunRecord& record) {
  PlotSpec spec{.y = {}};
  if (flags.y.empty()) spec = usual_plot(record);
  spec.by = flags.by;
  spec.title = flags.title;
  spec.width_px = flags.width;
  spec.height_px = flags.height;
  if (!flags.kind.empty()) spec.kind = TRY(parse_plot_kind(flags.kind));
  if (flags.x == "client") spec.kind = PlotKind::clients;
  // Commas within braces belong to the tags.
  for (const std::string& list : flags.y) {
    std::size_t from = 0;
    int depth = 0;
    for (std::size_t i = 0; i <= list.size(); ++i) {
      const char c = i < list.size() ? list[i] : ',';
      if (c == '{') ++depth;
      if (c == '}') --depth;
      if (c != ',' || depth > 0) continue;
      if (i > from) spec.y.emplace_back(list.substr(from, i - from));
      from = i + 1;
    }
  }
  return spec;
}

Result<std::string> script_of(const PlotFlags& flags) {
  PlotOutput output{.file = flags.output};
  if (!flags.output.empty()) output.form = TRY(parse_plot_form(flags.output));
  const auto ledger = TRY(Ledger::open({.place = flags.ledger, .access = LedgerAccess::read}));
  const RunRecord record = TRY(ledger->load(flags.run));
  return gnuplot_script(record, TRY(spec_of(flags, record)), output);
}

int plot(const PlotFlags& flags) {
  if (flags.output.empty() && flags.format != "gnuplot") {
    complain("where to? give -o FILE.pdf, .svg or .png (or --format gnuplot)");
    return code_of(ExitCode::invalid_config);
  }
  const auto script = script_of(flags);
  if (!script) {
    complain(script.error().text);
    return script.error().code == ErrorCode::invalid || script.error().code == ErrorCode::not_found
               ? code_of(ExitCode::invalid_config)
               : code_of(ExitCode::other);
  }
  if (flags.format == "gnuplot") return print(*script) ? 0 : code_of(ExitCode::other);
  return run_on_loop([&](Fiber& self, Signals&) {
    const auto drawn = run_gnuplot(self, *script);
    if (!drawn) complain(drawn.error().text);
    return drawn ? 0 : code_of(ExitCode::other);
  });
}

constexpr const char* plot_footer = R"(
What --y names: METRIC, METRIC{tag:value}, METRIC.FIGURE; figures are those of thresholds (rate, count, avg, min, max,
med, p95 ...). With --x client what was measured of each client: setup_time, frame_req_duration.median.

Examples:
  brunt tool plot -o run.pdf
  brunt tool plot --y http_req_duration.p50,http_req_duration.p99 -o latency.pdf
  brunt tool plot --y http_reqs,service_cpu --by service -o service.svg
  brunt tool plot last~1 --kind ecdf --y http_req_duration --by name -o ecdf.png
  brunt tool plot --kind boxes --y http_req_duration --by name -o boxes.pdf
  brunt tool plot --x client --y setup_time,frame_req_duration.median -o profile.pdf)";

}  // namespace

void add_plot(CLI::App& tool, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<PlotFlags>();
  PlotFlags& f = *flags;
  CLI::App* verb =
      tool.add_subcommand("plot", "Draw a run: over time, by client, as a distribution");
  verb->add_option("RUN", f.run,
                   "Its id, the beginning of it, `last`, or `last~1` (default: last)");
  verb->add_option("--y", f.y,
                   "What to draw, with commas between (default: of clients where the run has their "
                   "figures, else p50 and p99 of its requests)");
  verb->add_option("--x", f.x, "time (default) or client")
      ->check(CLI::IsMember({"time", "client"}));
  verb->add_option("--kind", f.kind, "lines (default), histogram, ecdf, or boxes")
      ->check(CLI::IsMember({"lines", "histogram", "ecdf", "boxes"}));
  verb->add_option("--by", f.by, "A tag: one line or box for each of its values");
  verb->add_option("-o,--output", f.output, "The picture: .pdf, .svg or .png");
  verb->add_option("--format", f.format, "gnuplot: print gnuplot's script instead")
      ->check(CLI::IsMember({"picture", "gnuplot"}));
  verb->add_option("--title", f.title, "Instead of the plan's name and the run's id");
  verb->add_option("--width", f.width, "Pixels; of a PDF in hundredths of an inch")
      ->check(CLI::Range(200, 10'000));
  verb->add_option("--height", f.height, "The same")->check(CLI::Range(150, 10'000));
  verb->add_option("--ledger", f.ledger, "Where runs are kept: a file, or postgres://...");
  verb->footer(plot_footer);
  verb->callback([&line, flags]() { line.todo = [&g = *flags] { return plot(g); }; });
}

}  // namespace brunt
