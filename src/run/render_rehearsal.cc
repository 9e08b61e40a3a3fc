#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "run/load_units.h"
#include "run/rehearse.h"

namespace brunt {
namespace {

// One figure of one metric in a stretch of seconds.
double over(const RunRecord& record, const char* metric, SecondWindow window) {
  const auto sink = record.merged(Selector{metric, {}}, window);
  if (!sink) return 0;
  return sink->kind() == MetricKind::gauge ? sink->moments().max() : sink->sum();
}

// Of every protocol.
double requests_over(const RunRecord& record, SecondWindow window) {
  double sum = 0;
  for (const std::string& name : record.metrics())
    if (counts_requests(*record.find_metric(name))) sum += over(record, name.c_str(), window);
  return sum;
}

double failed_over(const RunRecord& record, SecondWindow window) {
  double sum = 0;
  for (const std::string& name : record.metrics())
    if (name.ends_with("_req_failed")) sum += over(record, name.c_str(), window);
  return sum;
}

std::string bar(double value, double most, int width) {
  if (most <= 0) return {};
  const int filled = static_cast<int>(value / most * width + 0.5);
  std::string text;
  for (int i = 0; i < filled; ++i) text += "▇";
  return text;
}

// Every outage with its instant, as a run with this seed will have it.
std::string timetable_text(const Plan& plan, const Rehearsal& rehearsal, const Style& style) {
  if (plan.faults.empty()) return {};
  std::string out = "\n" + style.paint(Paint::strong, "  Faults") + "\n";
  constexpr std::size_t rows_max = 40;
  for (std::size_t i = 0; i < std::min(rows_max, rehearsal.timetable.size()); ++i) {
    const RunEvent& event = rehearsal.timetable[i];
    const Duration length = event.to - event.from;
    out += fmt::format("  {:>10}  {:>8}  {}\n", format_duration(event.from),
                       length > Duration{} ? format_duration(length) : "", event.text);
  }
  if (rehearsal.timetable.size() > rows_max)
    out += fmt::format("  … and {} more\n", rehearsal.timetable.size() - rows_max);
  const bool drawn = std::ranges::any_of(
      plan.faults, [](const FaultPlan& fault) { return fault.spec.is_drawn(); });
  if (drawn && !plan.seed)
    out += style.paint(Paint::faint,
                       "  drawn times: a run has these with the same --seed, or with `seed:` in "
                       "the plan\n");
  const bool starves = std::ranges::any_of(
      plan.faults, [](const FaultPlan& fault) { return fault.spec.action == FaultAction::starve; });
  if (starves)
    out += style.paint(Paint::faint,
                       "  what a service does with less of a resource is not modelled\n");
  return out;
}

}  // namespace

std::string render_rehearsal(const Plan& plan, const Rehearsal& rehearsal, const Style& style,
                             std::size_t rows_max) {
  const RunRecord& record = rehearsal.record;
  const std::uint32_t seconds = std::max(record.seconds(), 1U);
  const auto step = static_cast<std::uint32_t>((seconds + rows_max - 1) / rows_max);
  struct Row {
    std::uint32_t from = 0;
    double vus = 0, iterations = 0, requests = 0, failed = 0, dropped = 0;
  };
  std::vector<Row> rows;
  double most = 0;
  for (std::uint32_t from = 0; from < seconds; from += step) {
    const SecondWindow window{from, std::min(from + step, seconds)};
    const double length = window.length();
    rows.push_back({from, over(record, "vus", window), over(record, "iterations", window) / length,
                    requests_over(record, window) / length, failed_over(record, window),
                    over(record, "dropped_iterations", window)});
    most = std::max(most, rows.back().requests);
  }
  std::string out = style.paint(Paint::strong, plan.name) + " rehearsed on a simulated network\n\n";
  out += style.paint(Paint::faint, "        time       VUs   iterations/s    requests/s\n");
  const int width = std::max(10, static_cast<int>(style.width) - 60);
  const auto faults_of = [&](std::uint32_t from) {
    std::string names;
    for (const RunEvent& event : record.events) {
      const bool within =
          event.from < std::chrono::seconds(from + step) &&
          (event.to > std::chrono::seconds(from) || event.from >= std::chrono::seconds(from));
      const auto what = event.text.find(": ");
      if (within && what != std::string::npos && !names.contains(event.text.substr(what + 2)))
        names += (names.empty() ? "" : ", ") + event.text.substr(what + 2);
    }
    return names;
  };
  for (const Row& row : rows) {
    out += fmt::format("  {:>10}  {:>8}  {:>13}  {:>12}  {}",
                       format_duration(std::chrono::seconds(row.from)), format_count(row.vus),
                       format_count(row.iterations), format_count(row.requests),
                       style.paint(Paint::accent, bar(row.requests, most, width)));
    if (row.failed > 0) out += style.paint(Paint::bad, " " + format_count(row.failed) + " failed");
    if (row.dropped > 0)
      out += style.paint(Paint::caution, " " + format_count(row.dropped) + " dropped");
    if (const std::string faults = faults_of(row.from); !faults.empty())
      out += style.paint(Paint::bad, "  ✗ " + faults);
    out += '\n';
  }
  out += timetable_text(plan, rehearsal, style);
  const SecondWindow all = record.all();
  out += fmt::format("\n  in all: {} iterations, {} requests",
                     format_count(over(record, "iterations", all)),
                     format_count(requests_over(record, all)));
  if (const double dropped = over(record, "dropped_iterations", all); dropped > 0)
    out += fmt::format(", {} dropped", format_count(dropped));
  out += '\n';
  if (rehearsal.ended_early)
    out += "  " + style.paint(Paint::caution, "ended early") +
           fmt::format(": {} of {} were played\n", format_duration(*rehearsal.ended_early),
                       format_duration(load_end_of(plan)));
  for (const std::string& warning : rehearsal.warnings)
    out += "  " + style.paint(Paint::caution, "warning: ") + warning + "\n";
  return out;
}

}  // namespace brunt
