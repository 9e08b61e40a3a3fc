#include "cli/script_source.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/console.h"
#include "judge/exit_code.h"
#include "script/script_reader.h"

namespace brunt {
namespace {

Result<Json> number_of(std::string_view flag, const std::string& text) {
  auto number = parse_integer(text);
  if (!number) return fail_in(flag, number.error());
  return Json(*number);
}

// "30s:10"
Result<Json> stage_of(std::string_view flag, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    return fail(ErrorCode::invalid, fmt::format("{} {}: write it like 30s:10", flag, text));
  Json stage{Json::Object()};
  stage.set("duration", text.substr(0, colon));
  stage.set("target", TRY(number_of(flag, std::string(text.substr(colon + 1)))));
  return stage;
}

Result<Json> stages_of(std::string_view flag, const std::vector<std::string>& texts) {
  Json stages{Json::Array()};
  for (const std::string& text : texts)
    for (const std::string_view one : split(text, ',')) stages.push(TRY(stage_of(flag, one)));
  return stages;
}

Result<Json> options_of_environment(const std::map<std::string, std::string>& environment) {
  struct Variable {
    const char* name;
    const char* option;
    enum class Kind : std::uint8_t { text, number, flag, stages } kind;
  };
  static constexpr Variable variables[] = {
      {"K6_VUS", "vus", Variable::Kind::number},
      {"K6_DURATION", "duration", Variable::Kind::text},
      {"K6_ITERATIONS", "iterations", Variable::Kind::number},
      {"K6_STAGES", "stages", Variable::Kind::stages},
      {"K6_BATCH", "batch", Variable::Kind::number},
      {"K6_BATCH_PER_HOST", "batchPerHost", Variable::Kind::number},
      {"K6_MAX_REDIRECTS", "maxRedirects", Variable::Kind::number},
      {"K6_USER_AGENT", "userAgent", Variable::Kind::text},
      {"K6_THROW", "throw", Variable::Kind::flag},
      {"K6_DISCARD_RESPONSE_BODIES", "discardResponseBodies", Variable::Kind::flag},
      {"K6_INSECURE_SKIP_TLS_VERIFY", "insecureSkipTLSVerify", Variable::Kind::flag},
      {"K6_NO_CONNECTION_REUSE", "noConnectionReuse", Variable::Kind::flag},
      {"K6_NO_VU_CONNECTION_REUSE", "noVUConnectionReuse", Variable::Kind::flag},
      {"K6_MIN_ITERATION_DURATION", "minIterationDuration", Variable::Kind::text}};
  Json options{Json::Object()};
  for (const auto& [name, option, kind] : variables) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) continue;
    const std::string& text = found->second;
    if (kind == Variable::Kind::number) {
      options.set(option, TRY(number_of(name, text)));
    } else if (kind == Variable::Kind::flag) {
      options.set(option, text == "true" || text == "1");
    } else if (kind == Variable::Kind::stages) {
      options.set(option, TRY(stages_of(name, {text})));
    } else {
      options.set(option, text);
    }
  }
  return options;
}

Result<Json> options_of_flags(const PlanSourceFlags& flags) {
  const CommandLineLoad& load = flags.load;
  const std::pair<bool, std::string_view> refused[] = {
      {load.rate.has_value(), "--rate"},       {!load.headers.empty(), "--header"},
      {load.timeout.has_value(), "--timeout"}, {flags.method.has_value(), "--method"},
      {flags.data.has_value(), "--data"},      {!flags.sets.empty(), "--set"}};
  for (const auto& [is_given, name] : refused)
    if (is_given)
      return fail(ErrorCode::invalid,
                  fmt::format("{} is not for a script, which says so itself", name));
  Json options{Json::Object()};
  if (load.vus) options.set("vus", TRY(number_of("--vus", *load.vus)));
  if (load.duration) options.set("duration", *load.duration);
  if (load.iterations) options.set("iterations", TRY(number_of("--iterations", *load.iterations)));
  if (!flags.stages.empty()) options.set("stages", TRY(stages_of("--stage", flags.stages)));
  if (load.insecure) options.set("insecureSkipTLSVerify", true);
  return options;
}

}  // namespace

bool is_script(const std::string& target) {
  return target.ends_with(".js") || target.ends_with(".mjs") || target.ends_with(".ts");
}

Result<Plan> read_script_source(const PlanSourceFlags& flags,
                                const std::map<std::string, std::string>& environment) {
  ScriptSettings settings{.environment = environment, .time_scale = flags.time_scale};
  for (const std::string& pair : flags.environment) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid, fmt::format("--env {}: write it like NAME=VALUE", pair));
    settings.environment[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  settings.environment_options = TRY(options_of_environment(settings.environment));
  settings.command_line_options = TRY(options_of_flags(flags));
  const std::string text = TRY(read_file(flags.target));
  return read_script(text, flags.target, settings);
}

int exit_code_of_script(const Error& error) {
  if (error.code == ErrorCode::malformed || error.code == ErrorCode::unsupported)
    return code_of(ExitCode::script_exception);
  if (error.code == ErrorCode::timeout) return code_of(ExitCode::setup_timeout);
  return exit_code_of(error);
}

int exit_code_of_source(const PlanSourceFlags& flags, const Error& error) {
  return is_script(flags.target) ? exit_code_of_script(error) : exit_code_of(error);
}

void tell_script_warnings(const Plan& plan) {
  if (plan.script == nullptr) return;
  for (const std::string& warning : plan.script->warnings) complain("warning: " + warning);
}

}  // namespace brunt
