#include "script/script_reader.h"

#include <fmt/format.h>
#include <malloc.h>

#include "plan/time_scale.h"
#include "script/k6_options.h"
#include "script/option_names.h"
#include "script/secret_sources.h"
#include "script/source_files.h"
#include "script/source_text.h"

namespace brunt {
namespace {

struct Exports {
  std::set<std::string> functions;
  Json options;
};

constexpr const char* options_error = "options: the script has to export an object";

Result<Exports> exports_of(Engine& engine) {
  JSContext* context = engine.context();
  Exports exports;
  for (const std::string& name : property_names(context, engine.exports)) {
    const JsValue value = property(context, engine.exports, name.c_str());
    if (JS_IsFunction(context, value.get()) != 0) exports.functions.insert(name);
    if (name != "options" || is_nothing(value.get())) continue;
    const JsValue json(context, JS_JSONStringify(context, value.get(), js_undefined, js_undefined));
    if (json.failed()) return fail_in("options", {ErrorCode::invalid, take_exception(context)});
    if (JS_IsUndefined(json.get())) return fail(ErrorCode::invalid, options_error);
    exports.options = TRY(Json::parse(text_of(context, json.get())));
  }
  return exports;
}

}  // namespace

Result<Plan> read_script(std::string_view text, const std::filesystem::path& path,
                         const ScriptSettings& settings) {
  ScriptBundle bundle;
  bundle.entry = is_remote(path.string()) ? path.string() : path.lexically_normal().string();
  bundle.environment = settings.environment;
  bundle.time_scale = settings.time_scale;
  bundle.http.http2 = settings.http2;
  bundle.secrets = settings.secrets;
  SourceFiles files(bundle, text, settings);
  Engine engine;
  if (auto read = engine.open_for_reading(files, bundle); !read)
    return fail(read.error().code, redacted(bundle, read.error().text));
  Exports exports = TRY(exports_of(engine));
  files.warn_of_unknown_members(engine);
  engine.close();
  // Reading what is shared may have taken a multiple of it.
  if (!bundle.shared_arrays.empty()) ::malloc_trim(0);
  bundle.life.has_setup = exports.functions.contains("setup");
  bundle.life.has_teardown = exports.functions.contains("teardown");
  bundle.life.has_summary = exports.functions.contains("handleSummary");
  if (!settings.archived_options.is_null()) exports.options = settings.archived_options;
  if (!exports.options.is_object() && !exports.options.is_null())
    return fail(ErrorCode::invalid, options_error);
  Json options = canonical_options(settings.file_options);
  for (const Json& higher : {canonical_options(exports.options), settings.environment_options,
                             settings.command_line_options})
    options = merged_options(std::move(options), higher);
  if (settings.ignores_thresholds && options.is_object())
    std::erase_if(options.object(),
                  [](const Json::Member& member) { return member.first == "thresholds"; });
  bundle.options = options.is_null() ? "{}" : options.dump();
  Plan plan;
  plan.name = path.stem().string();
  plan.source = path;
  bundle.functions = std::move(exports.functions);
  TRY(apply_options(options, settings.place, plan, bundle));
  plan.script = std::make_shared<const ScriptBundle>(std::move(bundle));
  for (Scenario& scenario : plan.scenarios) scenario.script->bundle = plan.script;
  // A plan scales all of its scenarios itself.
  if (settings.place == ScriptPlace::alone) TRY(apply_time_scale(plan, settings.time_scale));
  return plan;
}

}  // namespace brunt
