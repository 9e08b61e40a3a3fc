// The numbers of our classes in QuickJS: one for the whole process, drawn once.
//
// For this layer only.
#pragma once
#include <memory>

#include "script/engine.h"

namespace brunt {

struct ClassIds {
  JSClassID response = 0;
  JSClassID metric = 0;
  JSClassID vu_tags = 0;
  JSClassID cookie_jar = 0;
  JSClassID shared_array = 0;
  JSClassID hasher = 0;
  JSClassID html = 0;
  JSClassID redis = 0;
  JSClassID web_socket = 0;
  JSClassID grpc_client = 0;
  JSClassID grpc_stream = 0;
  JSClassID grpc_response = 0;
};

const ClassIds& class_ids();

template <auto Class, typename Held>
void free_held(JSRuntime*, JSValue object) {
  const std::unique_ptr<Held> held(static_cast<Held*>(JS_GetOpaque(object, class_ids().*Class)));
}

// An object of the class `Class`, a member of ClassIds, which owns `held`: QuickJS keeps a plain
// pointer, which JS_GetOpaque() gives back. js_exception: there is none, and `held` is gone.
//
//   return native_object<&ClassIds::html>(context, "HtmlDocument", std::move(page));
template <auto Class, typename Held>
JSValue native_object(JSContext* context, const char* name, std::unique_ptr<Held> held) {
  JSRuntime* const runtime = JS_GetRuntime(context);
  if (JS_IsRegisteredClass(runtime, class_ids().*Class) == 0) {
    const JSClassDef definition{.class_name = name, .finalizer = free_held<Class, Held>};
    JS_NewClass(runtime, class_ids().*Class, &definition);
  }
  const JSValue object = JS_NewObjectClass(context, static_cast<int>(class_ids().*Class));
  if (!JS_IsException(object)) JS_SetOpaque(object, held.release());
  return object;
}

}  // namespace brunt
