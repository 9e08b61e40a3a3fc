#include "cli/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "base/units.h"
#include "report/figures.h"

namespace brunt {

std::vector<MatrixChoice> combinations_of(const Plan& plan, const MatrixChoice& fixed) {
  std::vector<MatrixChoice> all = {{}};
  for (const MatrixAxis& axis : plan.matrix) {
    const bool is_fixed =
        std::ranges::find(fixed, axis.name, &MatrixChoice::value_type::first) != fixed.end();
    std::vector<MatrixChoice> longer;
    for (const MatrixChoice& choice : all)
      for (std::size_t i = 0; i < axis.values.size(); ++i) {
        if (is_fixed && i != axis.chosen) continue;
        longer.push_back(choice);
        longer.back().emplace_back(axis.name, axis.values[i].text());
      }
    all = std::move(longer);
  }
  if (all.size() == 1) all.clear();
  return all;
}

std::string words_of(const MatrixChoice& choice) {
  std::string text;
  for (const auto& [name, value] : choice)
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  return text;
}

std::string with_choice(const std::string& file, const MatrixChoice& choice) {
  if (file.empty() || file == "-") return file;
  const std::filesystem::path path(file);
  // A .gz says how the rest is packed: what goes between stands before both endings.
  std::string stem = path.filename().string();
  const auto dot = stem.find('.', 1);
  const std::string ending = dot == std::string::npos ? "" : stem.substr(dot);
  stem.resize(stem.size() - ending.size());
  for (const auto& [name, value] : choice) stem += fmt::format("-{}={}", name, value);
  std::ranges::replace(stem, '/', '_');
  return (path.parent_path() / (stem + ending)).string();
}

MatrixRow matrix_row(const MatrixChoice& choice, const RunRecord& record) {
  MatrixRow row{.choice = choice, .run_id = record.run.id};
  row.outcome = name_of(outcome_of(record.run));
  const Figures figures = figures_of(record);
  if (!figures.whole) return row;
  const auto time = [](double ms) { return format_value(Contains::time, ms); };
  const RequestFigures& whole = *figures.whole;
  row.requests_each_second =
      format_count(static_cast<double>(static_cast<std::uint64_t>(whole.each_second + 0.5)));
  row.p50 = time(whole.latency.p50);
  row.p95 = time(whole.latency.p95);
  row.p99 = time(whole.latency.p99);
  row.failed = fmt::format("{:.4g}%", whole.failed_share * 100);
  return row;
}

std::string matrix_table(const std::vector<MatrixRow>& rows, const Style& style) {
  if (rows.empty()) return {};
  std::vector<std::vector<std::string>> cells(1);
  for (const auto& [name, value] : rows.front().choice) cells[0].push_back(name);
  for (const char* head : {"requests/s", "p50", "p95", "p99", "failed", "outcome", "run"})
    cells[0].emplace_back(head);
  for (const MatrixRow& row : rows) {
    std::vector<std::string> line;
    for (const auto& [name, value] : row.choice) line.push_back(value);
    for (const std::string& cell :
         {row.requests_each_second, row.p50, row.p95, row.p99, row.failed, row.outcome, row.run_id})
      line.push_back(cell);
    cells.push_back(std::move(line));
  }
  // A micro sign is two bytes and one column.
  const auto columns_of = [](const std::string& cell) {
    return cell.size() - (cell.contains("µ") ? 1 : 0);
  };
  std::vector<std::size_t> widths(cells[0].size());
  for (const auto& line : cells)
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], columns_of(line[i]));
  std::string out = "\n";
  for (std::size_t l = 0; l < cells.size(); ++l) {
    std::string line = " ";
    for (std::size_t i = 0; i < widths.size(); ++i)
      line += std::string(2 + widths[i] - columns_of(cells[l][i]), ' ') + cells[l][i];
    out += (l == 0 ? style.paint(Paint::faint, line) : line) + '\n';
  }
  return out;
}

}  // namespace brunt
