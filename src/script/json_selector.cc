// The paths of res.json(path): a part of GJSON's language, the part that k6's users write.
#include "script/exchange.h"

namespace brunt {
namespace {

// Up to the next dot that is not behind a backslash; takes it from `path`.
std::string take_part(std::string_view& path) {
  std::string part;
  std::size_t i = 0;
  for (; i < path.size() && path[i] != '.'; ++i) {
    if (path[i] == '\\' && i + 1 < path.size()) ++i;
    part += path[i];
  }
  path.remove_prefix(i < path.size() ? i + 1 : path.size());
  return part;
}

}  // namespace

JSValue select_json(JSContext* context, JSValueConst value, std::string_view selector) {
  if (selector.empty()) return JS_DupValue(context, value);
  if (!JS_IsObject(value)) return js_undefined;
  const std::string part = take_part(selector);
  if (part != "#" || JS_IsArray(context, value) <= 0) {
    const JsValue member = property(context, value, part.c_str());
    return select_json(context, member.get(), selector);
  }
  const JsValue length = property(context, value, "length");
  if (selector.empty()) return JS_DupValue(context, length.get());
  // Of each element what the rest of the path names.
  std::uint32_t count = 0;
  JS_ToUint32(context, &count, length.get());
  const JSValue found = JS_NewArray(context);
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const JsValue element(context, JS_GetPropertyUint32(context, value, i));
    const JSValue one = select_json(context, element.get(), selector);
    if (!JS_IsUndefined(one)) JS_SetPropertyUint32(context, found, next++, one);
  }
  return found;
}

}  // namespace brunt
