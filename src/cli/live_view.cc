#include "cli/live_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace brunt {
namespace {

constexpr int bar_width = 24;

std::string clock_text(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  return seconds >= 3600
             ? fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
             : fmt::format("{:02}:{:02}", seconds / 60, seconds % 60);
}

double share_done(const ScenarioView& scenario) {
  if (scenario.ended) return 1;
  if (scenario.iterations_planned > 0 && scenario.duration == Duration{})
    return std::min(1.0, static_cast<double>(scenario.iterations_done) /
                             static_cast<double>(scenario.iterations_planned));
  if (scenario.duration == Duration{}) return 0;
  return std::clamp(seconds_of(scenario.elapsed) / seconds_of(scenario.duration), 0.0, 1.0);
}

std::string bar(double share, const Style& style) {
  const int filled = static_cast<int>(share * bar_width + 0.5);
  std::string done;
  std::string left;
  for (int i = 0; i < bar_width; ++i) (i < filled ? done : left) += i < filled ? "━" : "─";
  return style.paint(Paint::accent, done) + style.paint(Paint::faint, left);
}

std::string scenario_line(const ScenarioView& scenario, std::size_t name_width,
                          const Style& style) {
  const double share = share_done(scenario);
  const std::string state = scenario.ended     ? "done"
                            : scenario.started ? fmt::format("{:3.0f}%", share * 100)
                                               : "waits";
  const std::string counts =
      fmt::format("{}/{} VUs  {} iterations  ", scenario.vus_active, scenario.vus_max,
                  format_count(static_cast<double>(scenario.iterations_done)));
  // A line that wraps could not be taken back: the description gets what is left of the width.
  const std::size_t used =
      2 + name_width + 2 + bar_width + 1 + display_width(state) + 2 + counts.size();
  const std::size_t left = style.width > used + 1 ? style.width - used - 1 : 0;
  const std::string about = left < 8 ? "" : shorten(scenario.description, left);
  return fmt::format("  {:<{}}  {} {}  {}{}", scenario.name, name_width, bar(share, style),
                     scenario.ended ? style.paint(Paint::good, state) : state, counts,
                     style.paint(Paint::faint, about));
}

// A percentile of nothing is no figure.
std::string latency_text(Duration latency) {
  return latency > Duration{} ? format_duration(latency) : "–";
}

std::string count_text(std::uint64_t count) {
  return format_count(static_cast<double>(count));
}

// A run of WebSockets alone has messages and no requests.
bool has_requests(const Progress& progress) {
  return progress.requests > 0 || progress.messages == 0;
}

// Of the last second.
std::string rates_text(const Progress& progress, const Style& style, std::string_view gap) {
  std::string text;
  if (has_requests(progress))
    text = fmt::format("{} requests/s{}p50 {}{}p95 {}{}p99 {}",
                       style.paint(Paint::strong, format_count(progress.requests_each_second)), gap,
                       latency_text(progress.p50), gap, latency_text(progress.p95), gap,
                       latency_text(progress.p99));
  if (progress.messages == 0) return text;
  return fmt::format("{}{}{} messages/s", text, text.empty() ? "" : gap,
                     style.paint(Paint::strong, format_count(progress.messages_each_second)));
}

std::string totals_text(const Progress& progress) {
  std::string text;
  if (has_requests(progress)) text = count_text(progress.requests) + " requests";
  if (progress.messages == 0) return text;
  return text + (text.empty() ? "" : "   ") + count_text(progress.messages) + " messages";
}

}  // namespace

std::string render_live(const Progress& progress, const Style& style) {
  std::string out = fmt::format(
      "{} {}{}\n", style.paint(Paint::strong, progress.phase), clock_text(progress.elapsed),
      progress.duration > Duration{} ? " of " + clock_text(progress.duration) : "");
  std::size_t name_width = 0;
  for (const auto& scenario : progress.scenarios)
    name_width = std::max(name_width, scenario.name.size());
  for (const auto& scenario : progress.scenarios)
    out += scenario_line(scenario, name_width, style) + "\n";
  out += "  " + rates_text(progress, style, "   ") + "\n";
  const std::string failed = count_text(progress.failed) + " failed";
  out += fmt::format("  {}   {}", totals_text(progress),
                     progress.failed > 0 ? style.paint(Paint::bad, failed) : failed);
  if (progress.dropped > 0)
    out += "   " + style.paint(Paint::caution, count_text(progress.dropped) + " dropped");
  const std::string cpu = fmt::format("generator {:.0f}% of a core", progress.generator_cpu * 100);
  out += "   " + (progress.generator_cpu > 0.9 ? style.paint(Paint::caution, cpu)
                                               : style.paint(Paint::faint, cpu));
  if (progress.slip_p99 > Duration{})
    out += style.paint(Paint::faint, "   slip p99 " + format_duration(progress.slip_p99));
  for (const std::string& fault : progress.faults)
    out += "\n  " +
           style.paint(Paint::bad, "✗ " + shorten(fault, style.width > 8 ? style.width - 5 : 3));
  return out + "\n";
}

std::string render_line(const Progress& progress) {
  std::uint64_t vus = 0;
  for (const auto& scenario : progress.scenarios) vus += scenario.vus_active;
  std::string out =
      fmt::format("{} {}  {} VUs  {}  {} failed", progress.phase, clock_text(progress.elapsed), vus,
                  rates_text(progress, Style{}, "  "), count_text(progress.failed));
  if (progress.dropped > 0) out += fmt::format("  {} dropped", count_text(progress.dropped));
  out += fmt::format("  generator {:.0f}%", progress.generator_cpu * 100);
  for (const std::string& fault : progress.faults) out += "  [" + fault + "]";
  return out;
}

void LiveView::erase() {
  if (lines_drawn_ == 0) return;
  std::fprintf(out_, "\x1b[%dA\x1b[J", lines_drawn_);
  lines_drawn_ = 0;
}

void LiveView::phase(const std::string& text) {
  if (mode_ == Mode::quiet) return;
  erase();
  std::fprintf(out_, "%s\n", style_.paint(Paint::faint, text).c_str());
  std::fflush(out_);
}

void LiveView::warning(const std::string& text) {
  erase();
  std::fprintf(out_, "%s %s\n", style_.paint(Paint::caution, "warning:").c_str(), text.c_str());
  std::fflush(out_);
}

void LiveView::second(const Progress& progress) {
  if (mode_ == Mode::redraw) {
    erase();
    const std::string text = render_live(progress, style_);
    std::fputs(text.c_str(), out_);
    lines_drawn_ = static_cast<int>(std::ranges::count(text, '\n'));
  } else if (mode_ == Mode::lines) {
    const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(progress.elapsed).count();
    if (last_line_s_ >= 0 && now_s < last_line_s_ + 10) return;
    last_line_s_ = now_s;
    std::fprintf(out_, "%s\n", render_line(progress).c_str());
  }
  std::fflush(out_);
}

void LiveView::ended() {
  erase();
}

}  // namespace brunt
