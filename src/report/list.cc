#include "report/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/units.h"
#include "report/figures.h"

namespace brunt {
namespace {

Paint paint_of(RunOutcome outcome) {
  constexpr std::array<Paint, 6> paints = {Paint::good,    Paint::accent,  Paint::bad,
                                           Paint::caution, Paint::caution, Paint::accent};
  return paints[std::to_underlying(outcome)];
}

Duration length_of(const RunSummary& one) {
  if (one.run.ended.unix_ns > one.run.started.unix_ns)
    return Duration(one.run.ended.unix_ns - one.run.started.unix_ns);
  return std::chrono::seconds(one.seconds);
}

}  // namespace

std::string list_report(std::span<const RunSummary> runs, const Style& style) {
  if (runs.empty()) return "No runs yet.\n";
  constexpr std::size_t id_width = 20;
  constexpr std::size_t started_width = 19;
  constexpr std::size_t outcome_width = 11;
  constexpr std::size_t number_width = 10;
  constexpr std::size_t fixed =
      id_width + started_width + outcome_width + 4 * (number_width + 1) + 6;
  std::size_t plans = 4;
  for (const RunSummary& one : runs) plans = std::max(plans, display_width(one.run.plan_name));
  plans = std::min(plans, std::max<std::size_t>(style.width > fixed ? style.width - fixed : 0, 12));

  std::string out =
      style.paint(Paint::strong,
                  fmt::format("{}  {}  {}  {} {} {} {} {}", pad_right("run", id_width),
                              pad_right("plan", plans), pad_right("started (UTC)", started_width),
                              pad_right("verdict", outcome_width), pad_left("length", number_width),
                              pad_left("requests", number_width), pad_left("errors", number_width),
                              pad_left("p95", number_width)));
  out += '\n';
  for (const RunSummary& one : runs) {
    const RunOutcome outcome = outcome_of(one.run);
    std::string started = format_wall_time(one.run.started, 0);
    started[10] = ' ';
    started.pop_back();
    const double share = one.requests == 0 ? 0
                                           : static_cast<double>(one.failed_requests) /
                                                 static_cast<double>(one.requests);
    out += fmt::format(
        "{}  {}  {}  {} {} {} {} {}\n", pad_right(one.run.id, id_width),
        pad_right(shorten(one.run.plan_name, plans), plans), style.paint(Paint::faint, started),
        style.paint(paint_of(outcome), pad_right(name_of(outcome), outcome_width)),
        pad_left(format_duration(length_of(one)), number_width),
        pad_left(format_count(static_cast<double>(one.requests)), number_width),
        one.failed_requests == 0
            ? style.paint(Paint::faint, pad_left("0", number_width))
            : style.paint(Paint::bad, pad_left(format_percent(share), number_width)),
        pad_left(one.p95_ms > 0 ? format_duration(duration_of(one.p95_ms)) : "–", number_width));
  }
  return out;
}

Json list_json(std::span<const RunSummary> runs) {
  Json array = Json::Array{};
  for (const RunSummary& one : runs)
    array.push(Json::Object{{"id", one.run.id},
                            {"plan", one.run.plan_name},
                            {"started", format_wall_time(one.run.started)},
                            {"status", name_of(one.run.status)},
                            {"outcome", name_of(outcome_of(one.run))},
                            {"exit_code", one.run.exit_code},
                            {"verdict", one.run.verdict},
                            {"duration_ms", time_value(length_of(one))},
                            {"requests", one.requests},
                            {"failed_requests", one.failed_requests},
                            {"p95_ms", one.p95_ms}});
  return array;
}

}  // namespace brunt
