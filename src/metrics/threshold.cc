#include "metrics/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>

#include "base/assert.h"
#include "base/text.h"
#include "base/units.h"
#include "metrics/threshold_judge.h"

namespace brunt {
namespace {

struct Operator {
  std::string_view symbol;
  ThresholdOperator comparison;
};
// Longer symbols first, so that `<=` is not read as `<`.
constexpr std::array<Operator, 7> operators = {{{"===", ThresholdOperator::equal},
                                                {"<=", ThresholdOperator::less_or_equal},
                                                {">=", ThresholdOperator::greater_or_equal},
                                                {"==", ThresholdOperator::equal},
                                                {"!=", ThresholdOperator::not_equal},
                                                {"<", ThresholdOperator::less},
                                                {">", ThresholdOperator::greater}}};

struct Figure {
  std::string_view name;
  Statistic statistic;
};
constexpr std::array<Figure, 2> counter_figures = {
    {{"count", Statistic::count}, {"rate", Statistic::rate}}};
constexpr std::array<Figure, 3> gauge_figures = {
    {{"value", Statistic::value}, {"min", Statistic::min}, {"max", Statistic::max}}};
constexpr std::array<Figure, 2> rate_figures = {
    {{"rate", Statistic::rate}, {"count", Statistic::count}}};
constexpr std::array<Figure, 6> trend_figures = {{{"avg", Statistic::avg},
                                                  {"min", Statistic::min},
                                                  {"max", Statistic::max},
                                                  {"med", Statistic::med},
                                                  {"count", Statistic::count},
                                                  {"p", Statistic::percentile}}};

std::span<const Figure> figures_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return counter_figures;
    case MetricKind::gauge:
      return gauge_figures;
    case MetricKind::rate:
      return rate_figures;
    case MetricKind::trend:
      break;
  }
  return trend_figures;
}

std::string names_of(MetricKind kind) {
  std::string names;
  for (const Figure& figure : figures_of(kind)) {
    if (!names.empty()) names += ", ";
    names += figure.statistic == Statistic::percentile ? "p(N)" : figure.name;
  }
  return names;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Reads a text from left to right and says where it stopped.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) { skip_space(); }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool done() const { return at_ == text_.size(); }
  bool take(std::string_view symbol) {
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  template <typename Belongs>
  std::string_view take_while(Belongs&& belongs) {
    const std::size_t start = at_;
    while (at_ < text_.size() && belongs(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::size_t position() const { return at_; }

  std::unexpected<Error> expected(std::string_view what) const { return expected_at(at_, what); }
  std::unexpected<Error> expected_at(std::size_t position, std::string_view what) const {
    const std::string_view rest = trim(text_.substr(position));
    const std::string found =
        rest.empty() ? "the end" : fmt::format("\"{}\"", rest.substr(0, rest.find(' ')));
    return fail(ErrorCode::invalid, fmt::format("\"{}\", column {}: expected {}, not {}", text_,
                                                position + 1, what, found));
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// As Go's and JavaScript's numbers go, 1e3 and +5 too; the whole text, finite.
std::optional<double> whole_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Result<> read_figure(Cursor& in, MetricKind kind, Condition& condition) {
  const std::size_t start = in.position();
  const std::string_view name = in.take_while(is_letter);
  const auto figures = figures_of(kind);
  const auto found = std::ranges::find(figures, name, &Figure::name);
  if (found == figures.end())
    return in.expected_at(start,
                          fmt::format("one of {} (what a {} has)", names_of(kind), name_of(kind)));
  condition.statistic = found->statistic;
  if (found->statistic != Statistic::percentile) return {};
  if (!in.take("(")) return in.expected("( and a percentile, as in p(95)");
  in.skip_space();
  const std::size_t number_at = in.position();
  const auto number =
      whole_number(trim(in.take_while([](char c) { return c != ')' && !is_space(c); })));
  if (!number || *number < 0 || *number > 100)
    return in.expected_at(number_at, "a percentile from 0 to 100");
  condition.percentile = *number;
  in.skip_space();
  if (!in.take(")")) return in.expected(") after the percentile");
  return {};
}

Result<> read_operator(Cursor& in, Condition& condition) {
  for (const Operator& candidate : operators) {
    if (!in.take(candidate.symbol)) continue;
    condition.comparison = candidate.comparison;
    return {};
  }
  return in.expected("one of < <= > >= == === !=");
}

Result<double> amount_with_unit(std::string_view text, Contains contains) {
  if (const auto number = whole_number(text)) return *number;
  if (contains == Contains::time) return time_value(TRY(parse_duration(text)));
  if (contains == Contains::data) return static_cast<double>(TRY(parse_size(text)));
  return fail(ErrorCode::invalid, "a number");
}

// A limit that is more than a number, in the unit of the figure it is compared with.
Result<double> limit_with_unit(std::string_view text, const Condition& condition, MetricKind kind,
                               Contains contains) {
  if (condition.statistic == Statistic::count)
    return fail(ErrorCode::invalid, "a number without a unit");
  if (kind == MetricKind::rate) {
    if (const auto percent =
            text.ends_with('%') ? whole_number(text.substr(0, text.size() - 1)) : std::nullopt)
      return *percent / 100;
    return fail(ErrorCode::invalid, "a share, as 0.001 or 0.1%");
  }
  if (kind == MetricKind::counter) {
    const std::size_t slash = text.find('/');
    if (slash != std::string_view::npos) {
      const double each_second =
          TRY(parse_rate(fmt::format("1{}", text.substr(slash)))).each_second();
      return TRY(amount_with_unit(text.substr(0, slash), contains)) * each_second;
    }
    return fail(ErrorCode::invalid, "a rate, as 100/s, or a number (per second)");
  }
  return amount_with_unit(text, contains);
}

std::string_view limit_wanted(const Condition& condition, MetricKind kind, Contains contains) {
  if (condition.statistic == Statistic::count) return "a number without a unit";
  if (kind == MetricKind::rate) return "a share, as 0.001 or 0.1%";
  if (kind == MetricKind::counter)
    return contains == Contains::data ? "a rate, as 10MB/s, or a number (bytes per second)"
                                      : "a rate, as 100/s, or a number (per second)";
  if (contains == Contains::time) return "a duration, as 250ms, or a number (ms)";
  if (contains == Contains::data) return "a size, as 10MB, or a number (bytes)";
  return "a number";
}

Result<> read_limit(Cursor& in, MetricKind kind, Contains contains, Condition& condition) {
  const std::size_t start = in.position();
  const std::string_view text = in.take_while([](char c) { return !is_space(c); });
  if (const auto number = whole_number(text)) {
    condition.limit = *number;
    return {};
  }
  const auto limit = limit_with_unit(text, condition, kind, contains);
  if (!limit || !std::isfinite(*limit))
    return in.expected_at(start, limit_wanted(condition, kind, contains));
  condition.limit = *limit;
  return {};
}

Result<> read_window(Cursor& in, Condition& condition) {
  in.skip_space();
  const std::size_t start = in.position();
  const auto window = parse_duration(in.take_while([](char c) { return !is_space(c); }));
  const bool whole = window && *window >= std::chrono::seconds(1) &&
                     *window <= ThresholdJudge::window_max &&
                     *window % std::chrono::seconds(1) == Duration{};
  if (!whole) return in.expected_at(start, "a window of whole seconds from 1s to 1h");
  condition.window = *window;
  return {};
}

Result<> read_suffixes(Cursor& in, Condition& condition) {
  constexpr std::string_view wanted =
      "the end, \"over 10s\", \"after warm-up\", \"outside faults\" or \"during faults\"";
  while (in.skip_space(), !in.done()) {
    const std::size_t start = in.position();
    const std::string_view word = in.take_while([](char c) { return !is_space(c); });
    if (word == "over" && condition.window == Duration{}) {
      TRY(read_window(in, condition));
    } else if (word == "after" && condition.scope == ThresholdScope::whole_run) {
      in.skip_space();
      if (!in.take("warm-up") && !in.take("warmup")) return in.expected("warm-up");
      condition.scope = ThresholdScope::after_warm_up;
    } else if ((word == "outside" || word == "during") && condition.faults == FaultScope::any) {
      in.skip_space();
      if (!in.take("faults")) return in.expected("faults");
      condition.faults = word == "outside" ? FaultScope::outside_faults : FaultScope::during_faults;
    } else {
      return in.expected_at(start, wanted);
    }
    if (condition.window > Duration{} && condition.faults != FaultScope::any)
      return in.expected_at(start, "either \"over\" or \"faults\", as faults cut stretches short");
  }
  return {};
}

// One `tag:value`; the value may be quoted, and then hold commas.
Result<Tag> read_tag(Cursor& in) {
  constexpr std::string_view quotes = "\"'";
  in.skip_space();
  const std::size_t start = in.position();
  std::string_view key = trim(in.take_while([](char c) { return c != ':' && c != ','; }));
  if (key.size() >= 2 && quotes.contains(key.front()) && key.back() == key.front())
    key = key.substr(1, key.size() - 2);
  if (key.empty() || !in.take(":")) return in.expected_at(start, "tag:value");
  in.skip_space();
  for (const char quote : quotes) {
    const std::size_t opened = in.position();
    if (!in.take(std::string_view(&quote, 1))) continue;
    const std::string_view value = in.take_while([&](char c) { return c != quote; });
    if (!in.take(std::string_view(&quote, 1)))
      return in.expected_at(opened, fmt::format("a closing {}", quote));
    return Tag{std::string(key), std::string(value)};
  }
  const std::string_view value = trim(in.take_while([](char c) { return c != ','; }));
  return Tag{std::string(key), std::string(value)};
}

}  // namespace

std::string_view symbol_of(ThresholdOperator comparison) {
  constexpr std::array<std::string_view, 6> symbols = {"<", "<=", ">", ">=", "==", "!="};
  return symbols[static_cast<std::size_t>(comparison)];
}

Result<Selector> parse_selector(std::string_view text) {
  const std::string_view whole = trim(text);
  const std::size_t brace = whole.find('{');
  Selector selector;
  selector.metric = trim(whole.substr(0, brace));
  TRY(check_metric_name(selector.metric));
  if (brace == std::string_view::npos) return selector;
  // The last character closes, so that values may hold braces: k6 names URLs `/x/${}`.
  if (!whole.ends_with('}'))
    return fail(ErrorCode::invalid,
                fmt::format("\"{}\", column {}: expected a closing }}", whole, whole.size() + 1));
  std::vector<Tag> tags;
  Cursor in(whole.substr(0, whole.size() - 1));
  in.take_while([](char c) { return c != '{'; });
  in.take("{");
  do {
    tags.push_back(TRY(read_tag(in)));
    in.skip_space();
  } while (in.take(","));
  if (!in.done()) return in.expected("a comma or the closing }");
  selector.tags = make_tag_set(std::move(tags));
  return selector;
}

Result<Condition> parse_condition(std::string_view text, MetricKind kind, Contains contains) {
  Condition condition;
  condition.text = trim(text);
  Cursor in(condition.text);
  TRY(read_figure(in, kind, condition));
  in.skip_space();
  TRY(read_operator(in, condition));
  in.skip_space();
  TRY(read_limit(in, kind, contains, condition));
  TRY(read_suffixes(in, condition));
  return condition;
}

Result<Condition> parse_statistic(std::string_view text, MetricKind kind) {
  Condition condition;
  condition.text = trim(text);
  Cursor in(condition.text);
  TRY(read_figure(in, kind, condition));
  in.skip_space();
  if (!in.done()) return in.expected("the end");
  return condition;
}

std::string format_statistic(const Condition& condition) {
  if (condition.statistic == Statistic::percentile)
    return fmt::format("p({})", condition.percentile);
  constexpr std::array<std::string_view, 7> names = {"count", "rate", "value", "avg",
                                                     "min",   "max",  "med"};
  return std::string(names[static_cast<std::size_t>(condition.statistic)]);
}

std::optional<double> measure(const Condition& condition, const Sink& sink, Duration elapsed) {
  const bool counts = sink.kind() == MetricKind::counter;
  if (sink.empty() && !counts) return std::nullopt;
  switch (condition.statistic) {
    case Statistic::count:
      return counts ? sink.sum() : static_cast<double>(sink.count());
    case Statistic::rate:
      if (!counts) return sink.share();
      return elapsed > Duration{} ? std::optional(sink.sum() / seconds_of(elapsed)) : std::nullopt;
    case Statistic::value:
      return sink.last();
    case Statistic::avg:
      return sink.moments().mean();
    case Statistic::min:
      return sink.moments().min();
    case Statistic::max:
      return sink.moments().max();
    case Statistic::med:
      return sink.histogram().quantile(0.5);
    case Statistic::percentile:
      return sink.histogram().percentile(condition.percentile);
  }
  return std::nullopt;
}

bool holds(const Condition& condition, double measured) {
  switch (condition.comparison) {
    case ThresholdOperator::less:
      return measured < condition.limit;
    case ThresholdOperator::less_or_equal:
      return measured <= condition.limit;
    case ThresholdOperator::greater:
      return measured > condition.limit;
    case ThresholdOperator::greater_or_equal:
      return measured >= condition.limit;
    case ThresholdOperator::equal:
      return measured == condition.limit;
    case ThresholdOperator::not_equal:
      return measured != condition.limit;
  }
  return false;
}

std::string format_figure(const Condition& condition, const MetricInfo& metric, double figure) {
  const bool counter_count =
      metric.kind == MetricKind::counter && condition.statistic == Statistic::count;
  if (condition.statistic == Statistic::count && !counter_count) return format_count(figure);
  if (metric.kind == MetricKind::rate) return format_percent(figure);
  std::string text = format_value(metric.contains, figure);
  if (condition.statistic == Statistic::rate) text += "/s";
  return text;
}

}  // namespace brunt
