#include "script/vu_tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "script/classes.h"
#include "script/script_body.h"

namespace brunt {
namespace {

std::string name_of(JSContext* context, JSAtom atom) {
  const JsValue name(context, JS_AtomToString(context, atom));
  return text_of(context, name.get());
}

const std::string* find(JSContext* context, JSAtom atom) {
  auto& tags = Engine::of(context).tags;
  const auto found =
      std::ranges::find(tags, name_of(context, atom), &std::pair<std::string, std::string>::first);
  return found != tags.end() ? &found->second : nullptr;
}

// What the system gives each sample can be read here too, as in k6.
JSValue read(JSContext* context, JSAtom atom) {
  if (const std::string* own = find(context, atom)) return js_string(context, *own);
  const Engine& engine = Engine::of(context);
  if (engine.body == nullptr) return js_undefined;
  const std::string name = name_of(context, atom);
  if (name == "scenario") return js_string(context, engine.body->scenario().scenario.name);
  if (name == "group") return js_string(context, engine.body->group_path(engine.group));
  return js_undefined;
}

int get_own_property(JSContext* context, JSPropertyDescriptor* descriptor, JSValueConst,
                     JSAtom atom) {
  const JSValue value = read(context, atom);
  if (JS_IsUndefined(value)) return 0;
  if (descriptor == nullptr) {
    JS_FreeValue(context, value);
    return 1;
  }
  *descriptor = {
      .flags = JS_PROP_C_W_E, .value = value, .getter = js_undefined, .setter = js_undefined};
  return 1;
}

int get_own_property_names(JSContext* context, JSPropertyEnum** table, std::uint32_t* count,
                           JSValueConst) {
  const Engine& engine = Engine::of(context);
  std::vector<std::string> names;
  for (const auto& [name, value] : engine.tags) names.push_back(name);
  if (engine.body != nullptr)
    for (const char* system : {"scenario", "group"})
      if (std::ranges::find(names, system) == names.end()) names.emplace_back(system);
  *count = static_cast<std::uint32_t>(names.size());
  *table = static_cast<JSPropertyEnum*>(
      js_malloc(context, sizeof(JSPropertyEnum) * std::max<std::size_t>(names.size(), 1)));
  if (*table == nullptr) return -1;
  for (std::size_t i = 0; i < names.size(); ++i)
    (*table)[i] = {.is_enumerable = 1, .atom = JS_NewAtom(context, names[i].c_str())};
  return 0;
}

int delete_property(JSContext* context, JSValueConst, JSAtom atom) {
  std::erase_if(Engine::of(context).tags,
                [name = name_of(context, atom)](const auto& tag) { return tag.first == name; });
  return 1;
}

int set_tag(JSContext* context, JSValueConst, JSAtom atom, JSValueConst value, JSValueConst, int) {
  const std::string name = name_of(context, atom);
  if (JS_IsString(value) == 0 && JS_IsNumber(value) == 0 && JS_IsBool(value) == 0) {
    (void)throw_error(context, fmt::format("vu.metrics.tags.{}: a tag is a text, a number or a "
                                           "boolean",
                                           name));
    return -1;
  }
  std::string text = text_of(context, value);
  std::ranges::replace(text, '\n', ' ');  // It separates tags (tag_text.h).
  (void)delete_property(context, js_undefined, atom);
  Engine::of(context).tags.emplace_back(name, std::move(text));
  return 1;
}

int define_property(JSContext* context, JSValueConst object, JSAtom atom, JSValueConst value,
                    JSValueConst, JSValueConst, int flags) {
  return set_tag(context, object, atom, value, object, flags);
}

}  // namespace

JSValue make_vu_tags(JSContext* context) {
  static JSClassExoticMethods methods{.get_own_property = get_own_property,
                                      .get_own_property_names = get_own_property_names,
                                      .delete_property = delete_property,
                                      .define_own_property = define_property,
                                      .set_property = set_tag};
  const JSClassDef definition{.class_name = "Tags", .exotic = &methods};
  JS_NewClass(JS_GetRuntime(context), class_ids().vu_tags, &definition);
  const JsValue plain(context, JS_NewObject(context));
  JS_SetClassProto(context, class_ids().vu_tags, JS_GetPrototype(context, plain.get()));
  return JS_NewObjectClass(context, static_cast<int>(class_ids().vu_tags));
}

}  // namespace brunt
