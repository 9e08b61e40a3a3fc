#include "script/k6_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "base/units.h"
#include "plan/load_fields.h"
#include "script/network_options.h"
#include "script/option_names.h"
#include "script/own_options.h"

namespace brunt {
namespace {

constexpr std::array<std::string_view, 4> load_keys = {"iterations", "duration", "stages",
                                                       "scenarios"};

std::unexpected<Error> wrong(std::string_view where, std::string_view what, const Json& value) {
  return fail(ErrorCode::invalid, fmt::format("options.{}: {}, not {}", where, what, value.dump()));
}

// A number is milliseconds, also one in a text.
Result<Duration> duration_in(std::string_view where, const Json& value) {
  std::optional<double> milliseconds;
  if (value.is_number()) milliseconds = value.number();
  if (const auto written = parse_number(value.is_string() ? value.string() : ""))
    milliseconds = *written;
  if (milliseconds && *milliseconds >= 0) return from_seconds(*milliseconds / 1000);
  if (!value.is_string())
    return wrong(where, "a duration is a text like \"30s\", or milliseconds", value);
  auto parsed = parse_duration(value.string());
  if (!parsed) return fail_in(fmt::format("options.{}", where), parsed.error());
  return parsed;
}

Result<std::uint64_t> count_in(std::string_view where, const Json& value) {
  if (!value.is_number() || value.number() < 0 || std::floor(value.number()) != value.number() ||
      value.number() > 1e15)
    return wrong(where, "a whole number from 0", value);
  return static_cast<std::uint64_t>(value.number());
}

Result<Tags> texts_in(std::string_view where, const Json& value) {
  if (!value.is_object()) return wrong(where, "an object of texts", value);
  Tags texts;
  for (const auto& [name, text] : value.object()) texts.emplace_back(name, text.text());
  return texts;
}

Result<std::vector<Stage>> stages_in(const std::string& where, const Json& value) {
  if (!value.is_array()) return wrong(where, "a list of { duration, target }", value);
  std::vector<Stage> stages;
  for (const Json& one : value.array()) {
    const Json* duration = one.find("duration");
    const Json* target = one.find("target");
    if (duration == nullptr || target == nullptr)
      return wrong(where, "each stage has a duration and a target", one);
    stages.push_back({.duration = TRY(duration_in(where + ".duration", *duration)),
                      .target = static_cast<double>(TRY(count_in(where + ".target", *target)))});
  }
  return stages;
}

// One scenario's fields as k6 names them.
class ScenarioReader {
 public:
  ScenarioReader(Scenario& scenario, std::string where)
      : scenario_(scenario), load_(scenario.load), where_(std::move(where)) {}

  Result<> read(const Json& fields) {
    const Json* executor = fields.find("executor");
    if (executor == nullptr)
      return fail(ErrorCode::invalid,
                  fmt::format("options.{}: a scenario needs an executor", where_));
    const auto kind = parse_executor(executor->text());
    if (!kind) return fail_in(fmt::format("options.{}.executor", where_), kind.error());
    load_.choose(*kind);
    load_.when_busy = WhenBusy::drop;
    // As in k6: init code, of thousands of VUs, takes no time of the test.
    load_.preparation = VuPreparation::before_the_scenario;
    for (const auto& [name, value] : fields.object())
      if (name != "executor" && !value.is_null()) TRY(read_field(name, value));
    auto valid = validate(load_);
    if (valid) return {};
    return fail_in(where_.empty() ? "options" : "options." + where_, valid.error());
  }

 private:
  Result<> read_field(const std::string& name, const Json& value) {
    const std::string where = where_.empty() ? name : where_ + "." + name;
    const LoadField* field = load_field_of_k6(name);
    if (field != nullptr && !belongs(*field, load_.executor))
      return fail(ErrorCode::invalid,
                  fmt::format("options.{}: {} does not take it; it belongs to {}", where,
                              name_of(load_.executor), owners_of(*field)));
    if (name == "exec") return scenario_.script->function = value.text(), Result<>();
    if (name == "env") {
      for (auto& [key, text] : TRY(texts_in(where, value)))
        scenario_.script->environment[key] = text;
      return {};
    }
    if (name == "tags") return scenario_.tags = TRY(texts_in(where, value)), Result<>();
    if (name == "stages") return load_.stages = TRY(stages_in(where, value)), Result<>();
    if (name == "options")
      return fail(ErrorCode::unsupported,
                  fmt::format("options.{}: browsers are not driven", where));
    if (auto* duration = duration_field(name))
      return *duration = TRY(duration_in(where, value)), Result<>();
    if (name == "duration") return load_.duration = TRY(duration_in(where, value)), Result<>();
    const auto count = count_in(where, value);
    const auto names = scenario_field_names();
    if (std::ranges::find(names, name) == names.end())
      return fail(ErrorCode::invalid, fmt::format("options.{}: there is no such field{}", where,
                                                  did_you_mean(name, names)));
    const std::uint64_t number = TRY(count);
    if (name == "vus") load_.vus = number;
    if (name == "startVUs") load_.start_vus = number;
    if (name == "iterations") load_.iterations = number;
    if (name == "rate") load_.rate = static_cast<double>(number);
    if (name == "startRate") load_.start_rate = static_cast<double>(number);
    if (name == "preAllocatedVUs") load_.pre_allocated_vus = number;
    if (name == "maxVUs") load_.max_vus = number;
    return {};
  }

  Duration* duration_field(std::string_view name) {
    if (name == "startTime") return &load_.start_time;
    if (name == "gracefulStop") return &load_.graceful_stop;
    if (name == "gracefulRampDown") return &load_.graceful_ramp_down;
    if (name == "maxDuration") return &load_.max_duration;
    if (name == "timeUnit") return &load_.time_unit;
    return nullptr;
  }

  Scenario& scenario_;
  ScenarioOptions& load_;
  std::string where_;
};

class OptionsReader {
 public:
  OptionsReader(const Json& options, ScriptPlace place, Plan& plan, ScriptBundle& bundle)
      : options_(options), place_(place), plan_(plan), bundle_(bundle) {}

  Result<> read() {
    if (auto load = read_scenarios(); !load) {
      if (place_ == ScriptPlace::alone) return load;
      plan_.scenarios.clear();
      bundle_.load_error = load.error().text;
    }
    if (place_ == ScriptPlace::in_a_plan) warn_of_plan();
    if (options_.is_null()) return {};
    for (const auto& [name, value] : options_.object())
      if (!value.is_null()) TRY(read_option(name, value));
    return place_ == ScriptPlace::alone ? check_warm_up(plan_) : Result<>();
  }

 private:
  const Json* find(std::string_view name) const {
    const Json* value = options_.find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  // Also not empty, as `stages: []` of a command line that takes a script's away.
  bool says(std::string_view name) const {
    const Json* value = find(name);
    return value != nullptr && !(value->is_array() && value->array().empty()) &&
           !(value->is_object() && value->object().empty());
  }

  Result<> add(const std::string& name, const Json& fields, const std::string& where) {
    Scenario scenario{.name = name};
    scenario.load.name = name;
    scenario.script.emplace();
    scenario.defaults.cookies = true;
    TRY(ScenarioReader(scenario, where).read(fields));
    if (const Json* pace = find("minIterationDuration"))
      scenario.load.min_iteration_duration = TRY(duration_in("minIterationDuration", *pace));
    const std::string& function = scenario.script->function;
    if (!bundle_.functions.contains(function))
      return fail(
          ErrorCode::invalid,
          bundle_.functions.empty()
              ? fmt::format("{}: no exported functions in script", bundle_.entry)
          : function == "default"
              ? fmt::format("{}: the script exports no default function, which the "
                            "scenario {} would run",
                            bundle_.entry, name)
              : fmt::format("options.{}.exec: the script exports no function {}", where, function));
    plan_.scenarios.push_back(std::move(scenario));
    return {};
  }

  // iterations, duration, stages and scenarios exclude each other, but iterations with duration.
  Result<> check_one_load() const {
    std::vector<std::string_view> given;
    for (const std::string_view key : load_keys)
      if (says(key)) given.push_back(key);
    if (given.size() < 2 ||
        (given.size() == 2 && given[0] == "iterations" && given[1] == "duration"))
      return {};
    return fail(
        ErrorCode::invalid,
        fmt::format("options: {} and {} cannot both say what the load is", given[0], given.back()));
  }

  Result<> read_scenarios() {
    TRY(check_one_load());
    const Json* scenarios = find("scenarios");
    if (scenarios != nullptr && !scenarios->is_object())
      return wrong("scenarios", "an object of scenarios", *scenarios);
    const bool vus_alone = find("vus") != nullptr && find("stages") == nullptr &&
                           !says("iterations") && !says("duration");
    if (says("scenarios") && !vus_alone) {
      for (const auto& [name, fields] : scenarios->object()) {
        if (!fields.is_object()) return wrong("scenarios." + name, "an object", fields);
        TRY(add(name, fields, "scenarios." + name));
      }
      return {};
    }
    warn_of_load(vus_alone);
    Json fields{Json::Object()};
    const auto copy = [&](const char* from, const char* to) {
      if (const Json* value = find(from)) fields.set(to, *value);
    };
    if (find("iterations") != nullptr) {
      fields.set("executor", "shared-iterations");
      copy("iterations", "iterations");
      copy("duration", "maxDuration");
      copy("vus", "vus");
    } else if (find("duration") != nullptr) {
      fields.set("executor", "constant-vus");
      copy("duration", "duration");
      copy("vus", "vus");
    } else if (says("stages")) {
      fields.set("executor", "ramping-vus");
      copy("stages", "stages");
      copy("vus", "startVUs");
    } else if (vus_alone) {
      fields.set("executor", "shared-iterations");
      copy("vus", "vus");
      copy("vus", "iterations");
    } else {
      fields.set("executor", "per-vu-iterations");
    }
    return add("default", fields, "");
  }

  void warn_of_load(bool vus_alone) {
    if (vus_alone && says("scenarios"))
      bundle_.warnings.emplace_back("options.vus alone takes the place of options.scenarios");
    for (const char* name : {"scenarios", "stages"})
      if (find(name) != nullptr && !says(name))
        bundle_.warnings.push_back(
            fmt::format("options.{} is empty: one VU runs one iteration", name));
  }

  // What all scenarios of a plan share is the plan's to say.
  void warn_of_plan() {
    for (const std::string_view name : of_the_plan)
      if (find(name) != nullptr)
        bundle_.warnings.push_back(
            fmt::format("{}: options.{} has no effect in a plan", bundle_.entry, name));
    if (std::exchange(bundle_.life.has_summary, false))
      bundle_.warnings.push_back(
          fmt::format("{}: handleSummary() is not called in a plan", bundle_.entry));
  }

  Result<> read_option(const std::string& name, const Json& value) {
    ScriptHttpOptions& http = bundle_.http;
    if (name == "ext") return read_own_options(value, place_, plan_, bundle_);
    if (name == "thresholds") return read_thresholds(value);
    if (name == "tags") return plan_.tags = TRY(texts_in(name, value)), Result<>();
    if (name == "userAgent") return http.user_agent = value.text(), Result<>();
    if (name == "maxRedirects")
      return http.redirects_max = static_cast<std::uint32_t>(TRY(count_in(name, value))),
             http.redirects_given = true, Result<>();
    if (name == "batch" || name == "batchPerHost") {
      // k6: 0 is no limit.
      const std::uint64_t count = TRY(count_in(name, value));
      const auto limit = static_cast<std::uint32_t>(count == 0 ? 1000 : std::min(count, 1000UL));
      (name == "batch" ? http.batch_max : http.batch_origin_max) = limit;
      return {};
    }
    if (Duration* limit = limit_of(name)) return *limit = TRY(duration_in(name, value)), Result<>();
    if (name == "httpDebug") return read_http_debug(value);
    if (name == "consoleOutput") return bundle_.console_output = value.text(), Result<>();
    if (name == "systemTags") return read_system_tags(value);
    if (name == "tlsCipherSuites")
      for (const std::string& cipher : ciphers_left_out(value))
        bundle_.warnings.push_back(fmt::format(
            "options.tlsCipherSuites: {} is left out: the TLS library here no longer has it",
            cipher));
    if (name == "summaryTrendStats") return read_trend_stats(value);
    if (name == "summaryTimeUnit") return read_time_unit(value);
    if (name == "paused" || name == "linger") {
      if (!value.is_bool()) return wrong(name, "true or false", value);
      return (name == "paused" ? bundle_.life.paused : bundle_.life.linger) = value.boolean(),
                                                       Result<>();
    }
    if (name == "noSetup" || name == "noTeardown") {
      if (!value.is_bool()) return wrong(name, "true or false", value);
      bool& is_called = name == "noSetup" ? bundle_.life.has_setup : bundle_.life.has_teardown;
      is_called = is_called && !value.boolean();
      return {};
    }
    if (TRY(read_network_option(name, value, bundle_.network))) return {};
    if (bool* flag = flag_of(name)) {
      if (!value.is_bool()) return wrong(name, "true or false", value);
      *flag = value.boolean() != (name == "noConnectionReuse" || name == "noVUConnectionReuse" ||
                                  name == "noCookiesReset");
      return {};
    }
    if (std::ranges::find(read_elsewhere, name) != read_elsewhere.end() ||
        std::ranges::find(meaningless, name) != std::end(meaningless))
      return {};
    if (std::ranges::find(ignored, name) != std::end(ignored)) {
      bundle_.warnings.push_back(
          fmt::format("options.{} is not supported yet, and has no effect", name));
      return {};
    }
    bundle_.warnings.push_back(
        fmt::format("options.{}: there is no such option{}", name, did_you_mean(name, ignored)));
    return {};
  }

  bool* flag_of(std::string_view name) {
    if (name == "insecureSkipTLSVerify") return &plan_.tls.insecure;
    if (name == "noConnectionReuse") return &bundle_.http.reuse;
    if (name == "noVUConnectionReuse") return &bundle_.http.reuse_over_iterations;
    if (name == "noCookiesReset") return &bundle_.http.reset_cookies;
    if (name == "discardResponseBodies") return &bundle_.http.discard_bodies;
    if (name == "throw") return &bundle_.http.throws;
    return nullptr;
  }

  Duration* limit_of(std::string_view name) {
    if (name == "setupTimeout") return &bundle_.life.setup_max;
    if (name == "teardownTimeout") return &bundle_.life.teardown_max;
    if (name == "handleSummaryTimeout") return &bundle_.life.summary_max;
    return nullptr;
  }

  Result<> read_http_debug(const Json& value) {
    using Debug = ScriptHttpOptions::Debug;
    const std::string text = value.text();
    bundle_.http.debug = text.empty() ? Debug::off : text == "full" ? Debug::full : Debug::heads;
    return {};
  }

  Result<> read_system_tags(const Json& value) {
    constexpr std::array<std::string_view, 18> known = {"proto",       "subproto",
                                                        "status",      "method",
                                                        "url",         "name",
                                                        "group",       "check",
                                                        "error",       "error_code",
                                                        "tls_version", "scenario",
                                                        "service",     "expected_response",
                                                        "iter",        "vu",
                                                        "ocsp_status", "ip"};
    if (!value.is_array()) return wrong("systemTags", "a list like [\"status\", \"url\"]", value);
    bundle_.system_tags.clear();
    for (const Json& name : value.array()) {
      if (std::ranges::find(known, std::string_view(name.text())) == known.end())
        return wrong("systemTags", "names of k6's system tags", name);
      bundle_.system_tags.push_back(name.text());
    }
    return {};
  }

  Result<> read_trend_stats(const Json& value) {
    constexpr std::string_view name = "summaryTrendStats";
    if (!value.is_array()) return wrong(name, "a list like [\"avg\", \"p(95)\"]", value);
    bundle_.life.trend_stats.clear();
    for (const Json& one : value.array()) {
      if (const auto known = parse_statistic(one.text(), MetricKind::trend); !known)
        return fail_in(fmt::format("options.{}", name), known.error());
      bundle_.life.trend_stats.push_back(one.text());
    }
    return {};
  }

  Result<> read_time_unit(const Json& value) {
    const std::string unit = value.text();
    if (unit != "s" && unit != "ms" && unit != "us")
      return wrong("summaryTimeUnit", "\"s\", \"ms\" or \"us\"", value);
    bundle_.life.time_unit = unit;
    return {};
  }

  Result<> read_thresholds(const Json& thresholds) {
    if (!thresholds.is_object()) return wrong("thresholds", "an object", thresholds);
    MetricRegistry registry;
    for (const MetricInfo& metric : bundle_.metrics) TRY(registry.add(metric));
    for (const auto& [selector, list] : thresholds.object()) {
      warn_of_tags(selector);
      const Json::Array single = {list};
      for (const Json& one : list.is_array() ? list.array() : single)
        TRY(add_threshold(registry, selector, one));
    }
    return {};
  }

  // Tags with a value for each VU, iteration or address make no series.
  void warn_of_tags(const std::string& selector) {
    const auto parsed = parse_selector(selector);
    if (!parsed) return;
    for (const std::string_view tag : {"vu", "iter"})
      if (!tag_value(parsed->tags, tag).empty())
        bundle_.warnings.push_back(fmt::format(
            "The high-cardinality '{}' metric tag was made non-indexable in k6 v0.41.0, so "
            "thresholds like '{}' that are based on it won't work correctly",
            tag, selector));
    for (const std::string_view tag : {"ip", "ocsp_status"})
      if (!tag_value(parsed->tags, tag).empty())
        bundle_.warnings.push_back(
            fmt::format("options.thresholds: {}: figures are not kept by {}, so that it has none",
                        selector, tag));
  }

  Result<> add_threshold(const MetricRegistry& registry, const std::string& selector,
                         const Json& one) {
    const std::string where = "thresholds." + selector;
    const Json* text = one.is_object() ? one.find("threshold") : &one;
    if (text == nullptr || !text->is_string())
      return wrong(where, "a text like \"p(95)<500\", or { threshold, abortOnFail }", one);
    auto threshold = make_threshold(registry, selector, text->string());
    if (!threshold)
      return fail_in("options.thresholds", {ErrorCode::invalid, threshold.error().text});
    threshold->no_samples = NoSamples::pass;  // As in k6.
    if (const Json* abort = one.find("abortOnFail"); abort != nullptr && abort->is_bool())
      threshold->on_fail = abort->boolean() ? OnFail::abort : OnFail::go_on;
    if (const Json* delay = one.find("delayAbortEval"); delay != nullptr && !delay->is_null())
      threshold->delay_abort = TRY(duration_in(where + ".delayAbortEval", *delay));
    plan_.expectations.push_back({.threshold = std::move(*threshold)});
    return {};
  }

  static constexpr std::array<std::string_view, 6> read_elsewhere = {
      "iterations", "duration", "stages", "scenarios", "vus", "minIterationDuration"};
  static constexpr std::string_view of_the_plan[] = {"hosts",
                                                     "blacklistIPs",
                                                     "blockHostnames",
                                                     "localIPs",
                                                     "dns",
                                                     "tlsVersion",
                                                     "tlsCipherSuites",
                                                     "tlsAuth",
                                                     "rps",
                                                     "executionSegment",
                                                     "executionSegmentSequence",
                                                     "insecureSkipTLSVerify",
                                                     "paused",
                                                     "linger"};
  // Ours to leave out: none is ever made, or k6's cloud's.
  static constexpr std::string_view meaningless[] = {"noUsageReport", "metricSamplesBufferSize",
                                                     "cloud"};
  static constexpr std::string_view ignored[] = {"features"};

  const Json& options_;
  ScriptPlace place_;
  Plan& plan_;
  ScriptBundle& bundle_;
};

}  // namespace

Json merged_options(Json lower, const Json& higher) {
  if (!higher.is_object()) return lower;
  const auto says_load = [&](std::string_view key) { return higher.find(key) != nullptr; };
  if (std::ranges::any_of(load_keys, says_load) && lower.is_object())
    std::erase_if(lower.object(), [](const Json::Member& member) {
      return std::ranges::find(load_keys, std::string_view(member.first)) != load_keys.end();
    });
  if (lower.is_null()) lower = Json(Json::Object());
  for (const auto& [name, value] : higher.object()) {
    const Json* below = lower.find(name);
    // Of names, each of its members by itself.
    const bool by_member = name == "dns" || name == "ext" || name == "brunt";
    lower.set(name, by_member && below != nullptr ? merged_options(*below, value) : value);
  }
  return lower;
}

Result<> apply_options(const Json& options, ScriptPlace place, Plan& plan, ScriptBundle& bundle) {
  return OptionsReader(options, place, plan, bundle).read();
}

}  // namespace brunt
