// `brunt run`: a URL, a plan, or a file of targets under load.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/console.h"
#include "cli/live_view.h"
#include "cli/matrix.h"
#include "cli/plan_source.h"
#include "cli/render.h"
#include "cli/run_log.h"
#include "cli/script_source.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "judge/exit_code.h"
#include "net/limits.h"
#include "plan/describe_plan.h"
#include "plan/script_bundle.h"
#include "report/flame_graph.h"
#include "report/gnuplot.h"
#include "report/html.h"
#include "report/k6_text.h"
#include "report/plot.h"
#include "run/conductor.h"
#include "run/load_units.h"

namespace brunt {
namespace {

struct RunFlags {
  PlanSourceFlags source;
  std::string backend = "auto";
  std::uint64_t threads = 1;
  std::uint32_t processes = 0;
  std::optional<std::uint64_t> seed;
  std::string segment, segment_sequence;
  std::string ledger = ".brunt/ledger.db";
  bool no_ledger = false;
  std::vector<std::string> allow, redirections, outs;
  std::string local_ips;
  std::string address;
  std::string html, format = "text", profile;
  std::string summary_export, summary_mode;
  bool machine_summary = false, explain = false;
  bool quiet = false, no_colour = false;
};

constexpr std::uint32_t processes_max = 1024;

constexpr std::string_view plot_out = "plot=";

// subjects=FILE, analysis=FILE, plot=FILE: written once, at the end.
bool is_record_out(std::string_view out) {
  return out.starts_with("subjects=") || out.starts_with("analysis=") || out.starts_with(plot_out);
}

Result<> draw(Fiber& self, const RunRecord& record, const std::string& file) {
  const PlotOutput output{.form = TRY(parse_plot_form(file)), .file = file};
  return run_gnuplot(self, TRY(gnuplot_script(record, usual_plot(record), output)));
}

Result<> write_record_outs(Fiber& self, const RunRecord& record, const RunFlags& flags) {
  for (const std::string& out : flags.outs) {
    if (!is_record_out(out)) continue;
    const auto equals = out.find('=');
    const std::string file = out.substr(equals + 1);
    if (out.starts_with(plot_out))
      TRY(draw(self, record, file));
    else
      TRY(write_file(file, render(record, out.substr(0, equals), {})));
  }
  return {};
}

// What is written at the end has a folder, and a picture a form: said before the run rather than
// after it.
Result<> check_files(const RunFlags& flags) {
  std::vector<std::filesystem::path> files = {flags.html, flags.summary_export};
  for (const std::string& out : flags.outs) {
    if (is_record_out(out)) files.emplace_back(out.substr(out.find('=') + 1));
    if (out.starts_with(plot_out)) TRY(parse_plot_form(out.substr(plot_out.size())));
  }
  for (const std::filesystem::path& file : files)
    if (file.has_parent_path() && !std::filesystem::is_directory(file.parent_path()))
      return fail(ErrorCode::invalid, fmt::format("cannot write {}: there is no folder {}",
                                                  file.string(), file.parent_path().string()));
  return {};
}

Result<RunOptions> options_of(const RunFlags& flags, const CommandLine& line) {
  RunOptions options{.program = line.program, .arguments = line.arguments};
  options.backend = TRY(parse_backend(flags.backend));
  if (options.backend == BackendKind::simulated)
    return fail(ErrorCode::invalid,
                "--backend simulated: nothing would be sent; brunt rehearse does that");
  if (flags.threads < 1 || flags.threads > 1024)
    return fail(ErrorCode::invalid, fmt::format("--threads {}: give 1 to 1024", flags.threads));
  options.threads = flags.threads;
  if (flags.processes > processes_max)
    return fail(ErrorCode::invalid,
                fmt::format("--processes {}: give 1 to {}", flags.processes, processes_max));
  options.seed = flags.seed;
  options.segment = TRY(Segment::parse(flags.segment, flags.segment_sequence));
  options.segment_bounds = flags.segment;
  options.segment_sequence = flags.segment_sequence;
  options.ledger = flags.no_ledger ? "" : flags.ledger;
  options.allow = flags.allow;
  for (const std::string& rule : flags.redirections) {
    const auto equals = rule.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid,
                  fmt::format("--map {}: write it like shop.test:443=127.0.0.1:8443", rule));
    options.redirections.push_back(
        TRY(parse_redirection(rule.substr(0, equals), rule.substr(equals + 1))));
  }
  options.profile = flags.profile;
  if (!flags.local_ips.empty()) {
    options.local_ips = TRY(parse_local_ips(flags.local_ips));
    TRY(check_local_ips(options.local_ips));
  }
  for (const std::string& out : flags.outs)
    if (!is_record_out(out)) options.streams.push_back(TRY(parse_k6_stream(out)));
  TRY(check_files(flags));
  options.thresholds = flags.source.ignores_thresholds ? Thresholds::ignored : Thresholds::judged;
  return options;
}

// The flame graphs of a run, beside its page where there is one.
Result<std::vector<std::string>> write_profiles(const RunRecord& record, const RunFlags& flags) {
  std::vector<std::string> files;
  for (const ServiceProfile& one : record.profiles) {
    std::filesystem::path file = flags.html.empty() ? "profile-" + record.run.id : flags.html;
    if (file.has_extension()) file.replace_extension();
    file += "-" + one.service + ".svg";
    TRY(write_file(file, flame_graph(one.folded, {.title = "CPU time of " + one.service})));
    files.push_back(file.string());
  }
  return files;
}

Result<> write_summary_export(const ConductedRun& outcome, const Plan& plan,
                              const RunFlags& flags) {
  if (flags.summary_export.empty()) return {};
  K6SummaryOptions options{.setup_data = outcome.setup_data};
  if (plan.script != nullptr) options.trend_stats = plan.script->life.trend_stats;
  const Json summary = flags.machine_summary ? k6_machine_summary(outcome.record, options)
                                             : k6_summary_export(outcome.record, options);
  return write_file(flags.summary_export, summary.dump_pretty() + "\n");
}

// What handleSummary() made, instead of the summary. False: something could not be written.
bool show_script_texts(const ScriptTexts& texts) {
  bool written = true;
  for (const auto& [place, text] : texts) {
    if (place == "stdout") {
      written = print(text) && written;
    } else if (place == "stderr") {
      written = std::fwrite(text.data(), 1, text.size(), stderr) == text.size() && written;
    } else if (const auto done = write_file(place, text); !done) {
      complain("handleSummary(): " + done.error().text);
      written = false;
    }
  }
  return written;
}

// k6's layout has no place for the verdict: what went wrong is said beside it. False: it could not
// be written.
bool show_as_k6(const RunRecord& record, const Plan& plan, K6TextMode mode, Style style) {
  K6TextOptions options{.mode = mode, .style = style};
  if (plan.script != nullptr) {
    options.trend_stats = plan.script->life.trend_stats;
    options.time_unit = plan.script->life.time_unit;
  }
  const bool written = print(k6_text(record, options));
  for (const std::string& note : record.notes) complain(note);
  std::vector<std::string> crossed;
  for (const ThresholdResult& threshold : record.thresholds)
    if (!threshold.passed && std::ranges::find(crossed, threshold.selector) == crossed.end())
      crossed.push_back(threshold.selector);
  if (!crossed.empty())
    complain(fmt::format("thresholds on metrics '{}' have been crossed", fmt::join(crossed, ", ")));
  const bool is_told =
      record.run.exit_code == 0 || record.run.exit_code == code_of(ExitCode::thresholds_failed);
  if (!is_told) complain(record.run.verdict);
  return written;
}

int show_outcome(Fiber& self, const ConductedRun& outcome, const Plan& plan, const RunFlags& flags,
                 Style style) {
  int code = outcome.record.run.exit_code;
  const auto note = [&code](const auto& written) {
    if (written) return;
    complain(written.error().text);
    if (code == 0) code = code_of(ExitCode::other);
  };
  std::string page;  // The one that was written.
  if (!flags.html.empty()) {
    const auto written = write_file(flags.html, html_report(outcome.record));
    note(written);
    if (written) page = flags.html;
  }
  note(write_record_outs(self, outcome.record, flags));
  note(write_summary_export(outcome, plan, flags));
  const auto profiles = write_profiles(outcome.record, flags);
  note(profiles);
  if (outcome.script_texts && flags.format == "text")
    return show_script_texts(*outcome.script_texts) || code != 0 ? code : code_of(ExitCode::other);
  if (flags.summary_mode == "disabled") return code;
  if (const auto mode = parse_k6_text_mode(flags.summary_mode); mode && flags.format == "text")
    return show_as_k6(outcome.record, plan, *mode, style) || code != 0 ? code
                                                                       : code_of(ExitCode::other);
  const std::string summary = render(outcome.record, flags.format,
                                     {.style = style,
                                      .page = page,
                                      .profiles = profiles.value_or(std::vector<std::string>{}),
                                      .ledger = without_password(outcome.ledger.place)});
  return print(summary) || code != 0 ? code : code_of(ExitCode::other);
}

// One process may hold so many connections; a plan that needs more is told so before the run, and
// gets more processes.
void plan_processes(const Plan& plan, const RunFlags& flags, RunOptions& options) {
  const std::uint64_t connections = connections_max(plan);
  const std::uint64_t descriptors = read_machine_limits().descriptors;
  options.source_arguments = words_of(flags.source);
  const std::uint32_t needed = processes_needed(connections, descriptors);
  options.processes = flags.processes > 0 ? flags.processes : needed;
  if (flags.processes == 0 && needed > 1 && !flags.quiet)
    std::fprintf(stderr, "%s\n", processes_sentence(connections, descriptors).c_str());
}

// Served where it is asked for, and where the run can be led in no other way: several runs at once
// would else contend for one port.
std::string rest_address(const Plan& plan, const RunFlags& flags) {
  if (!flags.address.empty()) return flags.address;
  const bool is_led = controlled_unit(load_units(plan)) != nullptr;
  const bool is_paused = plan.script != nullptr && plan.script->life.paused;
  return is_led || is_paused ? usual_rest_address : "";
}

// One run, shown at its end. The record is nullopt where nothing was run.
struct OneRun {
  int code = 0;
  std::optional<RunRecord> record;
};

OneRun run_once(const Plan& plan, const RunFlags& flags, const CommandLine& line) {
  auto options = options_of(flags, line);
  if (!options) {
    complain(options.error().text);
    return {code_of(ExitCode::invalid_config), {}};
  }
  for (const ResultStream& out : plan.out)
    options->streams.push_back(
        {.format = out.format == "csv" ? K6StreamFormat::csv : K6StreamFormat::json,
         .place = out.file.string()});
  if (plan.script != nullptr)
    for (K6StreamOptions& stream : options->streams) stream.system_tags = plan.script->system_tags;
  if (flags.segment.empty() && plan.script != nullptr && !plan.script->network.segment.empty()) {
    const ScriptNetworkOptions& own = plan.script->network;
    auto segment = Segment::parse(own.segment, own.segment_sequence);
    if (!segment) {
      complain("options.executionSegment: " + segment.error().text);
      return {code_of(ExitCode::invalid_config), {}};
    }
    options->segment = *segment;
    options->segment_bounds = own.segment;
    options->segment_sequence = own.segment_sequence;
  }
  options->address = rest_address(plan, flags);
  plan_processes(plan, flags, *options);
  if (options->processes > 1 && flags.source.target == "-") {
    complain("a script on standard input runs in one process: save it in a file for --processes");
    return {code_of(ExitCode::invalid_config), {}};
  }
  Terminal out = Terminal::detect(STDOUT_FILENO);
  Terminal live = Terminal::detect(STDERR_FILENO);
  if (flags.no_colour) out.style.colours = live.style.colours = Colours::off;
  options->summary.machine = flags.machine_summary;
  options->summary.no_colour = out.style.colours == Colours::off;
  options->summary.stdout_is_terminal = out.interactive;
  options->summary.stderr_is_terminal = live.interactive;
  LiveView view(stderr,
                flags.quiet        ? LiveView::Mode::quiet
                : live.interactive ? LiveView::Mode::redraw
                                   : LiveView::Mode::lines,
                live.style);
  LogOptions log_options = flags.source.log;
  log_options.no_colour = flags.no_colour;
  auto log = RunLog::open(log_options);
  if (!log) {
    complain(log.error().text);
    return {code_of(ExitCode::invalid_config), {}};
  }
  LoggingObserver observer(*log, view);
  if (plan.script != nullptr && !plan.script->console_output.empty()) {
    if (const auto sent = observer.send_console_to(plan.script->console_output); !sent) {
      complain(sent.error().text);
      return {code_of(ExitCode::invalid_config), {}};
    }
  }
  OneRun run;
  run.code = run_on_loop([&](Fiber& self, Signals& signals) {
    auto outcome = conduct(self, plan, *options, observer, &signals);
    if (!outcome) {
      const RunFailure& failure = outcome.error();
      complain(failure.error.text);
      if (failure.script_texts) show_script_texts(*failure.script_texts);
      if (failure.code) return code_of(*failure.code);
      return !scripts_of(plan).empty() ? exit_code_of_script(failure.error)
                                       : exit_code_of(failure.error);
    }
    const int code = show_outcome(self, *outcome, plan, flags, out.style);
    run.record = std::move(outcome->record);
    return code;
  });
  return run;
}

// Files of one of several runs must not be those of another.
RunFlags flags_with(RunFlags flags, const MatrixChoice& choice) {
  flags.source.matrix.clear();
  for (const auto& [name, value] : choice) flags.source.matrix.push_back(name + "=" + value);
  flags.html = with_choice(flags.html, choice);
  for (std::string& out : flags.outs)
    if (const auto equals = out.find('='); equals != std::string::npos)
      out = out.substr(0, equals + 1) + with_choice(out.substr(equals + 1), choice);
  return flags;
}

// The worst of all codes; what was interrupted, or could not be run, ends it.
int run_matrix(const std::vector<MatrixChoice>& choices, const RunFlags& flags,
               const CommandLine& line) {
  std::vector<MatrixRow> rows;
  int worst = 0;
  for (const MatrixChoice& choice : choices) {
    const RunFlags own = flags_with(flags, choice);
    CommandLine told = line;
    for (const std::string& word : own.source.matrix)
      told.arguments.insert(told.arguments.end(), {"--matrix", word});
    const auto plan = read_source(own.source);
    if (!plan) {
      complain(plan.error().text);
      return exit_code_of(plan.error());
    }
    if (!flags.quiet)
      std::fprintf(stderr, "\nrun %zu of %zu: %s\n", rows.size() + 1, choices.size(),
                   words_of(choice).c_str());
    OneRun run = run_once(*plan, own, told);
    worst = std::max(worst, run.code);
    if (!run.record) return worst;
    rows.push_back(matrix_row(choice, *run.record));
    if (run.record->run.status == RunStatus::interrupted ||
        run.code == code_of(ExitCode::external_abort))
      break;
  }
  Terminal out = Terminal::detect(STDOUT_FILENO);
  if (flags.no_colour) out.style.colours = Colours::off;
  if (flags.format == "text" && !print(matrix_table(rows, out.style)) && worst == 0)
    return code_of(ExitCode::other);
  return worst;
}

int run_plan(const RunFlags& flags, const CommandLine& line) {
  const auto plan = read_source(flags.source);
  if (!plan) {
    complain(plan.error().text);
    return exit_code_of_source(flags.source, plan.error());
  }
  tell_script_warnings(*plan);
  if (flags.explain) return print(describe_plan(*plan)) ? 0 : code_of(ExitCode::other);
  MatrixChoice fixed;
  for (const std::string& word : flags.source.matrix)
    fixed.emplace_back(word.substr(0, word.find('=')), "");
  const std::vector<MatrixChoice> choices = combinations_of(*plan, fixed);
  return choices.empty() ? run_once(*plan, flags, line).code : run_matrix(choices, flags, line);
}

constexpr const char* footer = R"(
Examples:
  brunt run http://localhost:8080/ --vus 100 --duration 30s
  brunt run http://localhost:8080/cart -X POST -H 'Content-Type: application/json' --data '{"item": 7}' --rate 500/s
  brunt run load.js --vus 50 --duration 1m -e HOST=localhost:8080      a k6 script
  brunt run targets.txt --rate 100/s                       vegeta's target files, http or json form
  brunt run plans/iot/steady.yaml --set store=postgres --set device.vus=500
  brunt run plans/first.yaml --profile collector --html report.html
  brunt run plan.yaml --html report.html --out json=samples.json.gz

Only loopback may be loaded unless the plan's `allow:` or --allow names the host.)";

}  // namespace

void add_run(CLI::App& app, CommandLine& line) {
  // shared_ptr: the callback is a std::function, which copies what it holds.
  auto flags = std::make_shared<RunFlags>();
  RunFlags& f = *flags;
  CLI::App* verb = app.add_subcommand(
      "run", "Load a URL, a plan, a k6 script, or a file of targets, and say how it did");
  add_plan_source(*verb, f.source);
  verb->add_option("--threads", f.threads,
                   "Generator threads, each with its share of the load (default 1)")
      ->group("Generator");
  verb->add_option("--processes", f.processes,
                   "Generator processes (default: as many as the connections need)")
      ->group("Generator");
  verb->add_option("--backend", f.backend,
                   "auto (io_uring where it may be used), io_uring, or epoll")
      ->group("Generator");
  verb->add_option("--seed", f.seed, "Reproduces every random choice")->group("Generator");
  verb->add_option("--local-ips", f.local_ips,
                   "Source addresses: 127.0.0.1-127.0.0.9, or a CIDR block")
      ->group("Generator");
  verb->add_option("--execution-segment", f.segment, "This instance's share: 1/4:2/4")
      ->group("Generator");
  verb->add_option("--execution-segment-sequence", f.segment_sequence, "All bounds: 0,1/4,2/4,1")
      ->group("Generator");
  verb->add_option("-a,--address", f.address,
                   "Serve k6's REST API here, for brunt pause, resume, scale, status, stats: "
                   "localhost:6565 (it asks for no password)")
      ->envname("K6_ADDRESS")
      ->group("Generator");
  verb->add_option("--allow", f.allow,
                   "A host, address, or CIDR block that may be loaded besides loopback")
      ->allow_extra_args(false)
      ->group("Target");
  verb->add_option("--map", f.redirections, "HOST:PORT=HOST:PORT: go there instead")
      ->allow_extra_args(false)
      ->group("Target");
  verb->add_option("-o,--out", f.outs,
                   "Every sample, in k6's formats: json=FILE, csv=FILE (.gz compresses); each "
                   "client's figures: subjects=FILE, analysis=FILE; a picture of the run: "
                   "plot=FILE.pdf, .svg or .png")
      ->allow_extra_args(false)
      ->envname("K6_OUT")
      ->group("Output");
  verb->add_option("--html", f.html, "Write the report as one page to this file")->group("Output");
  verb->add_option("--profile", f.profile,
                   "A service that brunt starts: record its CPU time with perf, as a flame graph")
      ->group("Output");
  verb->add_option("--format", f.format, "The summary on standard output: text, json, csv, html")
      ->check(CLI::IsMember(record_formats))
      ->group("Output");
  verb->add_option("--summary-export", f.summary_export,
                   "Write the summary as k6's JSON to this file")
      ->envname("K6_SUMMARY_EXPORT")
      ->group("Output");
  verb->add_flag("--new-machine-readable-summary", f.machine_summary,
                 "--summary-export in k6's newer, versioned form")
      ->envname("K6_NEW_MACHINE_READABLE_SUMMARY")
      ->group("Output");
  verb->add_option("--summary-mode", f.summary_mode,
                   "The summary in k6's layout: full, compact, legacy; or disabled: none")
      ->check(CLI::IsMember({"full", "compact", "legacy", "disabled"}))
      ->envname("K6_SUMMARY_MODE")
      ->group("Output");
  verb->add_option("--ledger", f.ledger,
                   "Where runs are kept: a file, or postgres://... (default .brunt/ledger.db)")
      ->group("Output");
  verb->add_flag("--no-ledger", f.no_ledger, "Keep no record of this run")->group("Output");
  verb->add_flag("--explain", f.explain, "Say what would run, and run nothing: as brunt check")
      ->group("Output");
  verb->add_flag("-q,--quiet", f.quiet, "No progress, only warnings and the summary")
      ->group("Output");
  verb->add_flag("--no-color,--no-colour", f.no_colour, "No colours on a terminal either")
      ->envname("K6_NO_COLOR")
      ->group("Output");
  verb->footer(footer);
  verb->callback(
      [&line, flags]() { line.todo = [&line, &f = *flags] { return run_plan(f, line); }; });
}

}  // namespace brunt
