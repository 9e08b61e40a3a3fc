// The module brunt/data: takeRow(), which hands out each element of a SharedArray once in the whole
// run, over all virtual users, threads and processes.
#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "plan/script_rows.h"
#include "script/builtin_modules.h"
#include "script/module_exports.h"
#include "script/script_body.h"
#include "script/shared_array.h"

namespace brunt {
namespace {

JSValue unknown_array(JSContext* context, const ScriptBundle& bundle, std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& [known, rows] : bundle.shared_arrays) names.emplace_back(known);
  return throw_error(context, fmt::format("takeRow(): the script has no SharedArray \"{}\"{}", name,
                                          did_you_mean(name, names)));
}

JSValue js_take_row(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  Engine& engine = Engine::of(context);
  const JsText name(context, count > 0 ? arguments[0] : js_undefined);
  if (!name.ok()) return js_exception;
  if (engine.body == nullptr || engine.body->is_outside())
    return throw_error(context,
                       "takeRow() is for virtual users: in vuSetup() and in iterations, not in "
                       "init code, setup() or teardown()");
  const ScenarioContext& scenario = engine.body->scenario();
  const auto cursor = cursor_of_rows(scenario.shared.plan, scenario.index, name.view());
  if (!cursor) return unknown_array(context, *engine.bundle, name.view());
  ASSERT(*cursor < scenario.shared.cursors.size());
  const auto row = scenario.shared.cursors[*cursor]->next(engine.vu->prng);
  if (row) return row_of(context, engine.bundle->shared_arrays.find(name.view())->second, *row);
  const std::string used_up = fmt::format("every row of {} was used once", name.view());
  if (engine.iteration == nullptr)
    return throw_error(context, used_up + ": there are fewer rows than virtual users");
  scenario.shared.watcher.data_used_up(scenario.index);
  engine.break_off();
  return throw_error(context, used_up);
}

constexpr JsFunction functions[] = {{"takeRow", js_take_row, 1}};

int fill(JSContext* context, JSModuleDef* module) {
  ModuleExports exports(context, module);
  exports.give(functions);
  return exports.finish();
}

}  // namespace

JSModuleDef* make_rows_module(JSContext* context) {
  return declare_module(context, "brunt/data", fill, functions);
}

}  // namespace brunt
