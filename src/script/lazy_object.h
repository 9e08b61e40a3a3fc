// Objects of ours whose members are made when a script first looks at them, and are an object's own
// members all the same: Object.keys() lists them, JSON.stringify() writes them, and a script may
// put something else in their place. They stay writable and enumerable whatever it defines.
//
//   struct Answer : LazyObject { HttpReply reply; };
//   constexpr LazyKind answer_kind = {.name = "Answer", .class_id = &ClassIds::answer,
//                                     .members = names, .make = make_answer_member,
//                                     .let_go = free_answer};
//   return lazy_object<answer_kind>(context, answer.release());
//
// For this layer only. Source: QuickJS 2021-03-27, JSClassExoticMethods.
#pragma once
#include <array>
#include <span>

#include "script/classes.h"

namespace brunt {

constexpr std::size_t lazy_members_max = 16;

// What such an object owns begins with it.
struct LazyObject {
  LazyObject();
  // By a member's number: what was made or put in its place; an exception stands for deleted.
  std::array<JSValue, lazy_members_max> made;
};

struct LazyKind {
  const char* name;
  JSClassID ClassIds::* class_id;
  std::span<const char* const> members;
  // From this number on a member is kept once it is made: a script may change what it is given.
  std::size_t kept_from = 0;
  // js_exception: it cannot be made, and says so.
  JSValue (*make)(JSContext* context, LazyObject& held, std::size_t member);
  // Takes back what the object owned; `made` is empty again.
  void (*let_go)(JSRuntime* runtime, LazyObject* held);
  // Methods. nullptr: none.
  void (*add_methods)(JSContext* context, JSValueConst prototype) = nullptr;
};

// How QuickJS asks for members; of any kind.
struct LazyAccess {
  static int get(JSContext* context, const LazyKind& kind, JSPropertyDescriptor* found,
                 JSValueConst object, JSAtom name);
  static int names(JSContext* context, const LazyKind& kind, JSPropertyEnum** list,
                   std::uint32_t* count, JSValueConst object);
  static int define(JSContext* context, const LazyKind& kind, JSValueConst object, JSAtom name,
                    JSValueConst value, JSValueConst getter, JSValueConst setter, int flags);
  static int remove(JSContext* context, const LazyKind& kind, JSValueConst object, JSAtom name);
  static void finalize(JSRuntime* runtime, const LazyKind& kind, JSValue object);
  static void mark(JSRuntime* runtime, const LazyKind& kind, JSValueConst object,
                   JS_MarkFunc* marker);
  static JSValue make(JSContext* context, const LazyKind& kind, const JSClassDef& definition,
                      LazyObject* held);
};

// Takes `held`, which Kind.let_go() gets in the end; where there is no memory at once.
template <const LazyKind& Kind>
JSValue lazy_object(JSContext* context, LazyObject* held) {
  // QuickJS takes it for one that it may write to.
  static JSClassExoticMethods access = {
      .get_own_property = [](JSContext* c, JSPropertyDescriptor* found, JSValueConst object,
                             JSAtom name) { return LazyAccess::get(c, Kind, found, object, name); },
      .get_own_property_names =
          [](JSContext* c, JSPropertyEnum** list, std::uint32_t* count, JSValueConst object) {
            return LazyAccess::names(c, Kind, list, count, object);
          },
      .delete_property = [](JSContext* c, JSValueConst object,
                            JSAtom name) { return LazyAccess::remove(c, Kind, object, name); },
      .define_own_property =
          [](JSContext* c, JSValueConst object, JSAtom name, JSValueConst value,
             JSValueConst getter, JSValueConst setter, int flags) {
            return LazyAccess::define(c, Kind, object, name, value, getter, setter, flags);
          },
  };
  static const JSClassDef definition = {
      .class_name = Kind.name,
      .finalizer = [](JSRuntime* runtime,
                      JSValue object) { LazyAccess::finalize(runtime, Kind, object); },
      .gc_mark = [](JSRuntime* runtime, JSValueConst object,
                    JS_MarkFunc* marker) { LazyAccess::mark(runtime, Kind, object, marker); },
      .exotic = &access,
  };
  return LazyAccess::make(context, Kind, definition, held);
}

}  // namespace brunt
