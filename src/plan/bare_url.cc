#include "plan/bare_url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/assert.h"
#include "base/file.h"
#include "base/text.h"
#include "base/url.h"

namespace brunt {
namespace {

constexpr Duration default_duration = std::chrono::seconds(10);  // wrk's.
constexpr std::uint64_t default_vus = 10;
// VUs for a rate without --vus: ready ones for replies of 20 ms, more for up to 2 s, and no more
// connections than one process can hold.
constexpr double ready_seconds = 0.02, most_seconds = 2.0;
constexpr double ready_min = 10, ready_max = 1000, most_max = 10'000;

template <typename T>
Result<> read_option(std::string_view option, const std::optional<std::string>& text,
                     Result<T> (*parse)(std::string_view), std::optional<T>& out) {
  if (!text) return {};
  auto value = parse(trim(*text));
  if (!value) return fail_in(fmt::format("{} {}", option, *text), value.error());
  out = std::move(*value);
  return {};
}

Result<std::uint64_t> parse_count(std::string_view text) {
  const std::int64_t value = TRY(parse_integer(text));
  if (value < 1) return fail(ErrorCode::invalid, "it has to be at least 1");
  return static_cast<std::uint64_t>(value);
}

Result<Rate> parse_positive_rate(std::string_view text) {
  // A bare number is a second's, as in vegeta.
  const auto bare = parse_number(text);
  const Rate rate = bare ? Rate{*bare} : TRY(parse_rate(text));
  if (!(rate.count > 0)) return fail(ErrorCode::invalid, "a rate has to be above 0");
  return rate;
}

void set_rate(const Rate& rate, const std::optional<std::uint64_t>& vus, ScenarioOptions& out) {
  out.executor = ExecutorKind::constant_arrival_rate;
  out.rate = rate.count;
  out.time_unit = rate.unit;
  const double each_second = rate.each_second();
  const double ready = std::clamp(std::ceil(each_second * ready_seconds), ready_min, ready_max);
  const double most = std::clamp(std::ceil(each_second * most_seconds), ready, most_max);
  out.pre_allocated_vus = vus.value_or(static_cast<std::uint64_t>(ready));
  out.max_vus = vus.value_or(static_cast<std::uint64_t>(most));
}

// The text of an error of validate() begins with the field, which is the option's name too.
Error as_option(Error error) {
  error.text.insert(0, "--");
  return error;
}

Result<NamedTemplate> parse_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || trim(std::string_view(text).substr(0, colon)).empty())
    return fail(ErrorCode::invalid,
                fmt::format("-H \"{}\": a header is written \"Name: value\"", text));
  const std::string_view name = trim(std::string_view(text).substr(0, colon));
  const std::string_view value = trim(std::string_view(text).substr(colon + 1));
  if (value.contains('\n') || value.contains('\r') || name.contains(' '))
    return fail(ErrorCode::invalid, fmt::format("-H \"{}\": no such header can be sent", text));
  return NamedTemplate{std::string(name), Template::constant(std::string(value))};
}

Result<std::string> read_data(const std::string& data) {
  if (!data.starts_with('@')) return data;
  auto content = read_file(data.substr(1));
  if (!content) return fail_in("--data", content.error());
  return content;
}

}  // namespace

Result<ScenarioOptions> load_of(const CommandLineLoad& load) {
  std::optional<std::uint64_t> vus, iterations;
  std::optional<Duration> duration;
  std::optional<Rate> rate;
  TRY(read_option("--vus", load.vus, parse_count, vus));
  TRY(read_option("--iterations", load.iterations, parse_count, iterations));
  TRY(read_option("--duration", load.duration, parse_duration, duration));
  TRY(read_option("--rate", load.rate, parse_positive_rate, rate));
  if (rate && iterations)
    return fail(ErrorCode::invalid,
                "--rate and --iterations: a rate goes on for a --duration, not for iterations");
  ScenarioOptions options;
  if (rate) {
    set_rate(*rate, vus, options);
    options.duration = duration.value_or(default_duration);
  } else if (iterations) {
    options.executor = ExecutorKind::shared_iterations;
    options.iterations = *iterations;
    options.vus = vus.value_or(std::min(default_vus, *iterations));
    if (duration) options.max_duration = *duration;
  } else {
    options.executor = ExecutorKind::constant_vus;
    options.vus = vus.value_or(default_vus);
    options.duration = duration.value_or(default_duration);
  }
  if (auto valid = validate(options); !valid) return std::unexpected(as_option(valid.error()));
  return options;
}

Result<RequestDefaults> request_defaults_of(const CommandLineLoad& load) {
  RequestDefaults defaults;
  for (const std::string& header : load.headers)
    defaults.headers.push_back(TRY(parse_header(header)));
  std::optional<Duration> timeout;
  TRY(read_option("--timeout", load.timeout, parse_duration, timeout));
  if (timeout && *timeout <= Duration::zero())
    return fail(ErrorCode::invalid, "--timeout: it has to be more than 0");
  if (timeout) defaults.timeout = *timeout;
  return defaults;
}

Check check_below_400() {
  return {.at = {}, .name = "status is below 400", .what = StatusCheck{{{100, 399}}}};
}

Expectation few_failures() {
  const MetricRegistry registry;
  auto threshold = make_threshold(registry, "http_req_failed", "rate < 1%");
  ASSERT(threshold.has_value());
  return {.threshold = std::move(*threshold)};
}

Result<Plan> plan_of_url(const BareUrl& bare) {
  TRY(parse_url(bare.url));
  RequestStep request;
  request.method = bare.method.value_or(bare.data ? "POST" : "GET");
  if (!std::ranges::all_of(request.method, [](char c) { return c >= 'A' && c <= 'Z'; }) ||
      request.method.empty())
    return fail(ErrorCode::invalid,
                fmt::format("-X {}: a method is written in capital letters", request.method));
  request.target = Template::constant(bare.url);
  request.name = default_request_name(bare.url);
  request.checks.push_back(check_below_400());
  if (bare.data) request.body = TextBody{Template::constant(TRY(read_data(*bare.data)))};
  Plan plan;
  plan.name = without_credentials(bare.url);
  plan.tls.insecure = bare.load.insecure;
  Scenario scenario;
  scenario.load = TRY(load_of(bare.load));
  scenario.name = scenario.load.name;
  scenario.defaults = TRY(request_defaults_of(bare.load));
  scenario.steps.push_back({std::move(request)});
  plan.scenarios.push_back(std::move(scenario));
  plan.expectations.push_back(few_failures());
  return plan;
}

}  // namespace brunt
