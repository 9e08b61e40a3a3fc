// A k6 script into a plan: read and compiled once, its init code run once, its options understood.
//
//   const Plan plan = TRY(read_script(text, "load.js", {.environment = environment}));
//   if (plan.script->has_setup) ...
//
// Nothing is sent. Blocking, and deep in the stack: for the main thread before a run.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "plan/plan.h"
#include "plan/script_bundle.h"

namespace brunt {

// Whether the script is a run of its own, or a plan has scenarios that name it: then its own load
// may be missing, and what it says of the network has no effect.
enum class ScriptPlace : std::uint8_t { alone, in_a_plan };

// By the name that an archive has for them (script_archive.h).
using ScriptFiles = std::map<std::string, std::string>;

struct ScriptSettings {
  ScriptPlace place = ScriptPlace::alone;
  std::map<std::string, std::string> environment;  // __ENV.
  // What a file of options, the environment's K6_* and the command line say, as k6's options: the
  // first below the script's, the others above them.
  Json file_options, environment_options, command_line_options;
  bool ignores_thresholds = false;          // --no-thresholds: not even read.
  std::vector<ScriptSecretSource> secrets;  // secret_sources.h
  // What an archive says of options, in place of the script's own.
  Json archived_options;
  const ScriptFiles* archived = nullptr;  // Instead of the disk. Must outlive the call.
  ScriptFiles* collected = nullptr;       // What is read is put in here too.
  // Hears what init code says with console: "console.log: hello". Empty: nobody does.
  std::function<void(std::string_view)> said;
  bool http2 = true;      // May be spoken where a server chooses it.
  double time_scale = 1;  // Applied to the plan by the caller's leave: also to sleeps.
};

// `path` says where imports and open() start from. Errors: unsupported, with module, member and
// line; malformed: a syntax error or an exception in init code; invalid: options that make no
// sense; not_found.
Result<Plan> read_script(std::string_view text, const std::filesystem::path& path,
                         const ScriptSettings& settings);

}  // namespace brunt
