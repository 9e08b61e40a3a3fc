#include "cli/plan_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "base/text.h"
#include "cli/console.h"
#include "cli/script_source.h"
#include "plan/script_bundle.h"
#include "plan/targets.h"
#include "plan/time_scale.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

Result<> refuse_script_flags(const PlanSourceFlags& flags) {
  const std::vector<std::string> options = words_of(flags.script_options);
  return refuse_flags({{{!flags.environment.empty(), "--env"},
                        {!flags.stages.empty(), "--stage"},
                        {!flags.secret_sources.empty(), "--secret-source"},
                        {!flags.config.empty(), "--config"},
                        {!options.empty(), options.empty() ? "" : options.front()}}},
                      "is for a k6 script");
}

// A plan says its own load, and the way to change it is told.
Result<> refuse_load_flags(const PlanSourceFlags& flags) {
  const CommandLineLoad& load = flags.load;
  return refuse_flags({{{load.vus.has_value(), "--vus"},
                        {load.duration.has_value(), "--duration"},
                        {load.rate.has_value(), "--rate"},
                        {load.iterations.has_value(), "--iterations"},
                        {!load.headers.empty(), "--header"},
                        {load.timeout.has_value(), "--timeout"},
                        {flags.method.has_value(), "--method"},
                        {flags.data.has_value(), "--data"}}},
                      "is for a URL or targets; a plan's values are changed with --set, like --set "
                      "SCENARIO.vus=100");
}

Result<> refuse_plan_flags(const PlanSourceFlags& flags) {
  return refuse_flags({{{!flags.sets.empty(), "--set"},
                        {!flags.matrix.empty(), "--matrix"},
                        {flags.time_scale != 1, "--time-scale"}}},
                      "is for a plan; here the load is given with --vus, --rate, --duration");
}

Result<Plan> read_yaml(const PlanSourceFlags& flags, std::string_view text) {
  TRY(refuse_load_flags(flags));
  const auto environment = environment_of_process();
  ReadOptions options{.environment = {environment.begin(), environment.end()},
                      .time_scale = flags.time_scale};
  for (const std::string& set : flags.sets) options.overrides.push_back(TRY(parse_override(set)));
  for (const std::string& choice : flags.matrix) {
    const auto equals = choice.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid,
                  fmt::format("--matrix {}: write it like --matrix threads=2", choice));
    options.matrix.emplace_back(choice.substr(0, equals), choice.substr(equals + 1));
  }
  options.read_script = TRY(script_file_reader(flags, environment));
  auto plan = read_plan(text, flags.target, options);
  if (!plan) return std::unexpected(plan.error().as_error());
  PlanSourceFlags rest = flags;
  if (!scripts_of(*plan).empty()) rest.environment = rest.secret_sources = {};
  TRY(refuse_script_flags(rest));
  if (flags.load.insecure) plan->tls.insecure = true;
  return std::move(*plan);
}

}  // namespace

Result<> refuse_flags(std::span<const std::pair<bool, std::string_view>> given,
                      std::string_view why) {
  for (const auto& [is_given, name] : given)
    if (is_given) return fail(ErrorCode::invalid, fmt::format("{} {}", name, why));
  return {};
}

std::map<std::string, std::string> environment_of_process() {
  std::map<std::string, std::string> values;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      values.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return values;
}

namespace {

// k6's flags that change nothing here; those that would have shown something say so.
struct IdleFlag {
  const char* flag;
  bool takes_text;
  bool is_missed;
};
constexpr IdleFlag idle_flags[] = {
    {"--compatibility-mode", true, false}, {"-t,--type", true, false},
    {"--profiling-enabled", false, false}, {"--features", true, true},
    {"--traces-output", true, true},
};

void add_idle_flags(CLI::App& verb) {
  for (const IdleFlag& idle : idle_flags) {
    const auto tell = [&idle] {
      if (idle.is_missed) complain(fmt::format("warning: {} has no effect", idle.flag));
    };
    const char* help = "For k6's command lines: has no effect";
    CLI::Option* option = idle.takes_text
                              ? verb.add_option_function<std::string>(
                                    idle.flag, [tell](const std::string&) { tell(); }, help)
                              : verb.add_flag_callback(idle.flag, tell, help);
    option->group("");  // Not shown.
  }
}

}  // namespace

void add_plan_source(CLI::App& verb, PlanSourceFlags& flags) {
  verb.add_option(
          "TARGET", flags.target,
          "A URL, a plan (.yaml), a k6 script (.js, .ts, .tar, - for standard input), or a file of "
          "vegeta targets")
      ->required();
  const char* url = "For a URL or targets";
  verb.add_option("-u,--vus", flags.load.vus, "Virtual users (default 10)")->group(url);
  verb.add_option("-d,--duration", flags.load.duration, "How long: 30s, 5m (default 10s)")
      ->group(url);
  verb.add_option("-i,--iterations", flags.load.iterations,
                  "How many requests, instead of how long")
      ->group(url);
  verb.add_option("-r,--rate", flags.load.rate,
                  "Open model: requests that start each second, 5000/s")
      ->group(url);
  verb.add_option("-X,--method", flags.method, "GET, POST, ... (default GET, or POST with --data)")
      ->group(url);
  verb.add_option("-H,--header", flags.load.headers, "'Name: value', again for more")
      ->allow_extra_args(false)
      ->group(url);
  verb.add_option("--data", flags.data, "The body, or @FILE")->group(url);
  verb.add_option("--timeout", flags.load.timeout, "For each request (default 60s)")->group(url);
  verb.add_flag("-k,--insecure", flags.load.insecure, "Accept any TLS certificate")
      ->group("Target");
  const char* script = "For a k6 script";
  verb.add_option("-e,--env", flags.environment, "NAME=VALUE for __ENV, again for more")
      ->allow_extra_args(false)
      ->group(script);
  verb.add_option("-s,--stage", flags.stages,
                  "DURATION:VUS, a ramp; again for more (also --vus, --duration, --iterations)")
      ->allow_extra_args(false)
      ->group(script);
  verb.add_option("--secret-source", flags.secret_sources,
                  "For k6/secrets: file=PATH, env=PREFIX, mock=NAME=VALUE; again for more")
      ->allow_extra_args(false)
      ->group(script);
  verb.add_option("-c,--config", flags.config,
                  "A JSON file of k6's options, below those of the script (or K6_CONFIG)")
      ->group(script);
  verb.add_flag("--include-system-env-vars", flags.system_environment,
                "__ENV has the variables of the environment too (default; =false: those of --env)")
      ->envname("K6_INCLUDE_SYSTEM_ENV_VARS")
      ->group(script);
  verb.add_flag("--no-thresholds", flags.ignores_thresholds,
                "Do not judge expectations; a script's thresholds are not even read")
      ->envname("K6_NO_THRESHOLDS")
      ->group("Output");
  const char* output = "Output";
  verb.add_option("--log-output", flags.log.output,
                  "Where a script's console and warnings go: stderr, stdout, none, file=PATH")
      ->envname("K6_LOG_OUTPUT")
      ->group(output);
  verb.add_option("--log-format", flags.log.format, "In which form: text, json, raw")
      ->envname("K6_LOG_FORMAT")
      ->group(output);
  verb.add_flag("-v,--verbose", flags.log.is_verbose, "Show console.debug() too")->group(output);
  add_script_options(verb, flags.script_options, script);
  add_idle_flags(verb);
  const char* plan = "For a plan";
  verb.add_option("--set", flags.sets, "Change a value: store=postgres, device.vus=500")
      ->allow_extra_args(false)
      ->group(plan);
  verb.add_option("--matrix", flags.matrix,
                  "Only this value of a name of the plan's matrix: threads=2")
      ->allow_extra_args(false)
      ->group(plan);
  verb.add_option("--time-scale", flags.time_scale,
                  "Run N times faster: durations divided, rates multiplied")
      ->group(plan);
}

std::vector<std::string> words_of(const PlanSourceFlags& flags) {
  std::vector<std::string> words;
  const auto add = [&](const char* name, const std::string& value) {
    words.emplace_back(name);
    words.push_back(value);
  };
  const std::pair<const char*, const std::optional<std::string>&> optional[] = {
      {"--vus", flags.load.vus},
      {"--duration", flags.load.duration},
      {"--rate", flags.load.rate},
      {"--iterations", flags.load.iterations},
      {"--timeout", flags.load.timeout},
      {"--method", flags.method},
      {"--data", flags.data}};
  for (const auto& [name, value] : optional)
    if (value) add(name, *value);
  for (const std::string& header : flags.load.headers) add("--header", header);
  for (const std::string& set : flags.sets) add("--set", set);
  for (const std::string& pair : flags.environment) add("--env", pair);
  for (const std::string& stage : flags.stages) add("--stage", stage);
  for (std::string& word : words_of(flags.script_options)) words.push_back(std::move(word));
  for (const std::string& source : flags.secret_sources) add("--secret-source", source);
  if (!flags.config.empty()) add("--config", flags.config);
  if (flags.ignores_thresholds) words.emplace_back("--no-thresholds");
  if (!flags.system_environment) words.emplace_back("--include-system-env-vars=false");
  for (const std::string& choice : flags.matrix) add("--matrix", choice);
  if (flags.time_scale != 1) add("--time-scale", fmt::format("{}", flags.time_scale));
  if (flags.load.insecure) words.emplace_back("--insecure");
  words.emplace_back("--");
  words.push_back(flags.target);
  return words;
}

Result<Plan> read_source(const PlanSourceFlags& flags) {
  const bool is_plan = flags.target.ends_with(".yaml") || flags.target.ends_with(".yml");
  // Something with a colon that is no file was meant as a URL: its reader says what is missing.
  const bool is_url = flags.target.find("://") != std::string::npos ||
                      (!is_plan && flags.target.find(':') != std::string::npos &&
                       !std::filesystem::exists(flags.target));
  if (is_url) {
    TRY(refuse_plan_flags(flags));
    TRY(refuse_script_flags(flags));
    return plan_of_url(
        {.url = flags.target, .load = flags.load, .method = flags.method, .data = flags.data});
  }
  if (is_script(flags.target)) return read_script_source(flags, environment_of_process());
  const std::string text = TRY(read_file(flags.target));
  if (!looks_like_targets(text)) return read_yaml(flags, text);
  TRY(refuse_plan_flags(flags));
  TRY(refuse_script_flags(flags));
  TRY(refuse_flags({{{flags.method.has_value(), "--method"}, {flags.data.has_value(), "--data"}}},
                   "is for a URL: targets have their own"));
  return plan_of_targets(text, flags.target, flags.load);
}

}  // namespace brunt
