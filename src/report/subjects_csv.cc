#include "report/subjects_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>

#include "base/units.h"

namespace brunt {
namespace {

struct Line {
  std::string subject;
  std::optional<std::int64_t> number;
  std::map<std::string_view, double> figures;  // By metric.
};

std::vector<Line> lines_of(const RunRecord& record) {
  std::map<std::string_view, Line> by_subject;
  for (const SubjectValue& one : record.subjects) {
    Line& line = by_subject[one.subject];
    line.figures[one.metric] = one.value;
  }
  std::vector<Line> lines;
  for (auto& [subject, line] : by_subject) {
    line.subject = subject;
    if (const auto number = parse_integer(subject)) line.number = *number;
    lines.push_back(std::move(line));
  }
  // Texts behind numbers, each in their own order.
  std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
    if (a.number && b.number) return *a.number < *b.number;
    return a.number.has_value() && !b.number.has_value();
  });
  return lines;
}

}  // namespace

std::string subjects_csv(const RunRecord& record) {
  std::vector<std::string_view> columns;
  for (const SubjectValue& one : record.subjects)
    if (std::ranges::find(columns, one.metric) == columns.end()) columns.push_back(one.metric);
  std::ranges::sort(columns, std::ranges::greater{});  // setup_time comes first, as it did.
  std::string out = "subject";
  for (const std::string_view column : columns) out.append(",").append(column);
  out += '\n';
  for (const Line& line : lines_of(record)) {
    out += line.subject;
    for (const std::string_view column : columns) {
      out += ',';
      const auto found = line.figures.find(column);
      if (found != line.figures.end())
        fmt::format_to(std::back_inserter(out), "{:.10g}", found->second);
    }
    out += '\n';
  }
  return out;
}

std::string analysis_csv(const RunRecord& record) {
  std::string out = "client_id,connect_time_us,median_rtt_us\n";
  constexpr double us_per_ms = 1000;
  for (const Line& line : lines_of(record)) {
    const auto setup = line.figures.find("setup_time");
    const auto median = std::ranges::find_if(
        line.figures, [](const auto& one) { return one.first.ends_with("_req_duration.median"); });
    if (setup == line.figures.end() || median == line.figures.end()) continue;
    fmt::format_to(std::back_inserter(out), "{},{:.1f},{:.1f}\n", line.subject,
                   setup->second * us_per_ms, median->second * us_per_ms);
  }
  return out;
}

}  // namespace brunt
