#include "cli/script_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/console.h"
#include "cli/script_options.h"
#include "judge/exit_code.h"
#include "plan/script_bundle.h"
#include "script/script_archive.h"
#include "script/script_reader.h"
#include "script/secret_sources.h"
#include "wire/tar.h"

namespace brunt {
namespace {

Result<Json> number_of(std::string_view flag, const std::string& text) {
  auto number = parse_integer(text);
  if (!number) return fail_in(flag, number.error());
  return Json(*number);
}

Result<Json> options_of_flags(const PlanSourceFlags& flags) {
  const CommandLineLoad& load = flags.load;
  TRY(refuse_flags({{{load.rate.has_value(), "--rate"},
                     {!load.headers.empty(), "--header"},
                     {load.timeout.has_value(), "--timeout"},
                     {flags.method.has_value(), "--method"},
                     {flags.data.has_value(), "--data"},
                     {!flags.sets.empty(), "--set"},
                     {!flags.matrix.empty(), "--matrix"}}},
                   "is not for a script, which says so itself"));
  Json options = TRY(script_options_of(flags.script_options));
  if (load.vus) options.set("vus", TRY(number_of("--vus", *load.vus)));
  if (load.duration) {
    // A number without a unit would be milliseconds, as in a script: nobody means that here.
    if (const auto duration = parse_duration(*load.duration); !duration && *load.duration != "0")
      return fail_in("--duration", duration.error());
    options.set("duration", *load.duration);
  }
  if (load.iterations) options.set("iterations", TRY(number_of("--iterations", *load.iterations)));
  if (!flags.stages.empty()) options.set("stages", TRY(stages_of("--stage", flags.stages)));
  if (load.insecure) options.set("insecureSkipTLSVerify", true);
  return options;
}

Result<std::string> read_standard_input() {
  constexpr std::size_t bytes_max = 64u << 20u;  // Of a script: more is a mistake.
  std::string text;
  std::array<char, 64 << 10> block{};
  while (const std::size_t size = std::fread(block.data(), 1, block.size(), stdin)) {
    text.append(block.data(), size);
    if (text.size() > bytes_max)
      return fail(ErrorCode::too_large, "standard input: this is more than a script");
  }
  if (std::ferror(stdin) != 0) return fail(ErrorCode::io, "standard input cannot be read");
  return text;
}

// Of --env.
Result<std::map<std::string, std::string>> pairs_of(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> pairs;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos)
      return fail(ErrorCode::invalid, fmt::format("--env {}: write it like NAME=VALUE", text));
    pairs[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return pairs;
}

// GODEBUG=http2client=0, as k6's users say that they want HTTP/1.1; other words may be beside it.
bool says_http1(const std::map<std::string, std::string>& environment) {
  const auto found = environment.find("GODEBUG");
  if (found == environment.end()) return false;
  const auto words = split(found->second, ',');
  return std::ranges::find(words, "http2client=0") != words.end();
}

Result<ScriptSettings> settings_of(const PlanSourceFlags& flags,
                                   const std::map<std::string, std::string>& environment) {
  ScriptSettings settings{
      .environment = flags.system_environment ? environment : std::map<std::string, std::string>(),
      .ignores_thresholds = flags.ignores_thresholds,
      .http2 = !says_http1(environment),
      .time_scale = flags.time_scale};
  TRY(RunLog::open(flags.log));
  // Opened again for each line: init code says little.
  settings.said = [options = flags.log](std::string_view text) {
    if (auto opened = RunLog::open(options)) opened->write(text);
  };
  for (const auto& [name, value] : TRY(pairs_of(flags.environment)))
    settings.environment[name] = value;
  std::vector<std::string> sources = flags.secret_sources;
  if (const auto found = environment.find("K6_SECRET_SOURCE");
      sources.empty() && found != environment.end())
    sources = {found->second};
  for (const std::string& source : sources)
    settings.secrets.push_back(TRY(parse_secret_source(source, environment)));
  return settings;
}

// --config, or K6_CONFIG.
Result<Json> options_of_file(const PlanSourceFlags& flags,
                             const std::map<std::string, std::string>& environment) {
  const auto given = environment.find("K6_CONFIG");
  const std::string file = !flags.config.empty()        ? flags.config
                           : given != environment.end() ? given->second
                                                        : std::string();
  if (file.empty()) return Json();
  const std::string text = TRY(read_file(file));
  auto options = Json::parse(text);
  if (options && !options->is_object())
    return fail(ErrorCode::invalid, file + ": options are a JSON object");
  if (!options) return fail_in(file, {ErrorCode::invalid, options.error().text});
  return options;
}

// The same of a script that is the whole plan: with the options that are given for it.
Result<ScriptSettings> own_settings_of(const PlanSourceFlags& flags,
                                       const std::map<std::string, std::string>& environment) {
  ScriptSettings settings = TRY(settings_of(flags, environment));
  settings.file_options = TRY(options_of_file(flags, environment));
  settings.environment_options = TRY(script_options_of_environment(environment));
  settings.command_line_options = TRY(options_of_flags(flags));
  return settings;
}

Result<std::string> text_of_script(const std::string& target) {
  return target == "-" ? read_standard_input() : read_file(target);
}

Result<Plan> read_archive_source(const PlanSourceFlags& flags, ScriptSettings settings) {
  const std::string bytes = TRY(read_file(flags.target, TarLimits{}.bytes_max));
  auto archive = read_script_archive(bytes);
  if (!archive) return fail_in(flags.target, archive.error());
  settings.archived = &archive->files;
  settings.archived_options = archive->options;
  const auto given = TRY(pairs_of(flags.environment));
  for (const auto& [name, value] : archive->environment)
    if (!given.contains(name)) settings.environment[name] = value;
  return read_script(archive->text, archive->path, settings);
}

}  // namespace

bool is_script(const std::string& target) {
  return target == "-" || target.ends_with(".js") || target.ends_with(".mjs") || target.ends_with(".cjs") ||
         target.ends_with(".ts") || is_archive(target);
}

bool is_archive(const std::string& target) {
  return target.ends_with(".tar");
}

Result<Plan> read_script_source(const PlanSourceFlags& flags,
                                const std::map<std::string, std::string>& environment) {
  ScriptSettings settings = TRY(own_settings_of(flags, environment));
  if (is_archive(flags.target)) return read_archive_source(flags, std::move(settings));
  return read_script(TRY(text_of_script(flags.target)), flags.target, settings);
}

Result<std::string> archive_script(const PlanSourceFlags& flags) {
  ScriptSettings settings = TRY(own_settings_of(flags, environment_of_process()));
  ScriptArchive archive{.path = flags.target == "-" ? "script.js" : flags.target};
  archive.text = TRY(text_of_script(flags.target));
  archive.environment = TRY(pairs_of(flags.environment));
  settings.collected = &archive.files;
  const Plan plan = TRY(read_script(archive.text, flags.target, settings));
  return archive_bytes(archive, *plan.script);
}

Result<ScriptFileReader> script_file_reader(const PlanSourceFlags& flags,
                                            const std::map<std::string, std::string>& environment) {
  ScriptSettings settings = TRY(settings_of(flags, environment));
  settings.place = ScriptPlace::in_a_plan;
  return [settings](const std::filesystem::path& path,
                    const std::map<std::string, std::string>& own) -> Result<Plan> {
    ScriptSettings with_own = settings;
    for (const auto& [name, value] : own) with_own.environment[name] = value;
    const std::string text = TRY(read_file(path));
    return read_script(text, path, with_own);
  };
}

int exit_code_of_script(const Error& error) {
  if (error.code == ErrorCode::malformed || error.code == ErrorCode::unsupported)
    return code_of(ExitCode::script_exception);
  if (error.code == ErrorCode::aborted) return code_of(ExitCode::script_aborted);
  if (error.code == ErrorCode::timeout) return code_of(ExitCode::setup_timeout);
  return exit_code_of(error);
}

int exit_code_of_source(const PlanSourceFlags& flags, const Error& error) {
  return is_script(flags.target) ? exit_code_of_script(error) : exit_code_of(error);
}

void tell_script_warnings(const Plan& plan) {
  for (const PlannedScript& script : scripts_of(plan))
    for (const std::string& warning : script.bundle->warnings) complain("warning: " + warning);
}

}  // namespace brunt
