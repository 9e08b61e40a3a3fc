#include "script/lazy_object.h"

#include <algorithm>

#include "base/assert.h"

namespace brunt {
namespace {

constexpr int plain_flags = JS_PROP_C_W_E;

LazyObject& held_by(const LazyKind& kind, JSValueConst object) {
  return *static_cast<LazyObject*>(JS_GetOpaque(object, class_ids().*kind.class_id));
}

// This runtime's names of the kind's members, in their order.
std::vector<JSAtom>& atoms_of(JSContext* context, const LazyKind& kind) {
  auto& all = Engine::of(context).member_names;
  for (auto& [of, atoms] : all)
    if (of == &kind) return atoms;
  auto& atoms = all.emplace_back(&kind, std::vector<JSAtom>()).second;
  for (const char* const member : kind.members) atoms.push_back(JS_NewAtom(context, member));
  return atoms;
}

// The member's number; as many as there are: it is none of them.
std::size_t number_of(JSContext* context, const LazyKind& kind, JSAtom name) {
  const auto& atoms = atoms_of(context, kind);
  return static_cast<std::size_t>(std::ranges::find(atoms, name) - atoms.begin());
}

bool is_there(JSValueConst made) {
  return JS_VALUE_GET_TAG(made) != JS_TAG_UNINITIALIZED;
}

}  // namespace

LazyObject::LazyObject() {
  made.fill(js_uninitialized);
}

int LazyAccess::get(JSContext* context, const LazyKind& kind, JSPropertyDescriptor* found,
                    JSValueConst object, JSAtom name) {
  const std::size_t member = number_of(context, kind, name);
  if (member == kind.members.size()) return 0;
  LazyObject& held = held_by(kind, object);
  JSValue& made = held.made[member];
  if (JS_IsException(made)) return 0;
  if (found == nullptr) return 1;
  JSValue value = is_there(made) ? JS_DupValue(context, made) : kind.make(context, held, member);
  if (JS_IsException(value)) return -1;
  if (!is_there(made) && member >= kind.kept_from) made = JS_DupValue(context, value);
  *found = {.flags = plain_flags, .value = value, .getter = js_undefined, .setter = js_undefined};
  return 1;
}

int LazyAccess::names(JSContext* context, const LazyKind& kind, JSPropertyEnum** list,
                      std::uint32_t* count, JSValueConst object) {
  const LazyObject& held = held_by(kind, object);
  auto* const all = static_cast<JSPropertyEnum*>(
      js_malloc(context, kind.members.size() * sizeof(JSPropertyEnum)));
  if (all == nullptr) return -1;
  const auto& atoms = atoms_of(context, kind);
  *list = all;
  *count = 0;
  for (std::size_t member = 0; member < atoms.size(); ++member)
    if (!JS_IsException(held.made[member]))
      all[(*count)++] = {.is_enumerable = 1, .atom = JS_DupAtom(context, atoms[member])};
  return 0;
}

int LazyAccess::define(JSContext* context, const LazyKind& kind, JSValueConst object, JSAtom name,
                       JSValueConst value, JSValueConst getter, JSValueConst setter, int flags) {
  const std::size_t member = number_of(context, kind, name);
  const bool is_member = member < kind.members.size();
  LazyObject& held = held_by(kind, object);
  if (is_member && (flags & JS_PROP_HAS_VALUE) != 0) {
    JS_FreeValue(context, std::exchange(held.made[member], JS_DupValue(context, value)));
    return 1;
  }
  const bool has_accessor = (flags & (JS_PROP_HAS_GET | JS_PROP_HAS_SET)) != 0;
  if (is_member && !has_accessor) return 1;  // Its flags alone: they stay.
  const int done =
      JS_DefineProperty(context, object, name, value, getter, setter, flags | JS_PROP_NO_EXOTIC);
  if (is_member && done > 0) JS_FreeValue(context, std::exchange(held.made[member], js_exception));
  return done;
}

int LazyAccess::remove(JSContext* context, const LazyKind& kind, JSValueConst object, JSAtom name) {
  const std::size_t member = number_of(context, kind, name);
  if (member < kind.members.size())
    JS_FreeValue(context, std::exchange(held_by(kind, object).made[member], js_exception));
  return 1;
}

void LazyAccess::finalize(JSRuntime* runtime, const LazyKind& kind, JSValue object) {
  auto* const held = static_cast<LazyObject*>(JS_GetOpaque(object, class_ids().*kind.class_id));
  if (held == nullptr) return;
  for (JSValue& made : held->made) JS_FreeValueRT(runtime, std::exchange(made, js_uninitialized));
  kind.let_go(runtime, held);
}

void LazyAccess::mark(JSRuntime* runtime, const LazyKind& kind, JSValueConst object,
                      JS_MarkFunc* marker) {
  auto* const held = static_cast<LazyObject*>(JS_GetOpaque(object, class_ids().*kind.class_id));
  if (held == nullptr) return;
  for (const JSValue& made : held->made) JS_MarkValue(runtime, made, marker);
}

JSValue LazyAccess::make(JSContext* context, const LazyKind& kind, const JSClassDef& definition,
                         LazyObject* held) {
  ASSERT(kind.members.size() <= lazy_members_max);
  JSRuntime* const runtime = JS_GetRuntime(context);
  const JSClassID id = class_ids().*kind.class_id;
  // Many users import a module and never ask for anything.
  if (JS_IsRegisteredClass(runtime, id) == 0) {
    JS_NewClass(runtime, id, &definition);
    const JSValue prototype = JS_NewObject(context);
    if (kind.add_methods != nullptr) kind.add_methods(context, prototype);
    JS_SetClassProto(context, id, prototype);
  }
  const JSValue object = JS_NewObjectClass(context, static_cast<int>(id));
  if (JS_IsException(object))
    kind.let_go(runtime, held);
  else
    JS_SetOpaque(object, held);
  return object;
}

}  // namespace brunt
