// The end of a run as k6 prints it, for who reads that, or has a program that does: thresholds,
// checks, metrics by their kind, and in the full form groups and scenarios.
//
//   k6_text(record, {.mode = K6TextMode::full, .trend_stats = {"avg", "p(95)"}});
//
// brunt's own metrics are not in it, and neither is the verdict: who shows it tells of that
// elsewhere. Source: what k6 prints with --summary-mode.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/run_record.h"
#include "report/style.h"

namespace brunt {

enum class K6TextMode : std::uint8_t { compact, full, legacy };

// Of "compact", "full", "legacy"; nullopt: none of these.
std::optional<K6TextMode> parse_k6_text_mode(std::string_view text);

struct K6TextOptions {
  K6TextMode mode = K6TextMode::compact;
  std::vector<std::string> trend_stats = {"avg", "min", "med", "max", "p(90)", "p(95)"};
  std::string time_unit;  // "s", "ms", "us"; "": what suits each.
  Style style;
};

std::string k6_text(const RunRecord& record, const K6TextOptions& options);

}  // namespace brunt
