#include "script/expected_statuses.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr const char* mark = "__brunt_expected";

// False: it is no number of a status.
bool append_range(JSContext* context, JSValueConst low, JSValueConst high, std::string& text) {
  std::int32_t from = 0, to = 0;
  if (JS_IsNumber(low) == 0 || JS_IsNumber(high) == 0) return false;
  if (JS_ToInt32(context, &from, low) < 0 || JS_ToInt32(context, &to, high) < 0) return false;
  text.append(text.empty() ? "" : " ").append(fmt::format("{}-{}", from, to));
  return from >= 0 && to >= from;
}

}  // namespace

JSValue js_expected_statuses(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const bool is_range = JS_IsObject(arguments[i]);
    const JsValue low = is_range ? property(context, arguments[i], "min")
                                 : JsValue(context, JS_DupValue(context, arguments[i]));
    const JsValue high = is_range ? property(context, arguments[i], "max")
                                  : JsValue(context, JS_DupValue(context, arguments[i]));
    if (!append_range(context, low.get(), high.get(), text))
      return throw_error(context,
                         "http.expectedStatuses() takes statuses and ranges like "
                         "{ min: 200, max: 399 }");
  }
  if (text.empty()) return throw_error(context, "http.expectedStatuses() takes at least one");
  const JSValue object = JS_NewObject(context);
  JS_DefinePropertyValueStr(context, object, mark, js_string(context, text), 0);
  return object;
}

bool read_expected(JSContext* context, JSValueConst value, std::string& expected) {
  if (is_nothing(value)) {
    expected = std::string(nothing_expected);
    return true;
  }
  const JsValue text =
      JS_IsObject(value) ? property(context, value, mark) : JsValue(context, js_undefined);
  if (JS_IsString(text.get()) == 0) {
    (void)throw_error(context,
                      "a response callback is what http.expectedStatuses() gives, or null");
    return false;
  }
  expected = text_of(context, text.get());
  return true;
}

StatusCheck statuses_of(std::string_view expected) {
  StatusCheck check;
  for (const std::string_view range : split(expected, ' ')) {
    const auto dash = range.find('-');
    check.ranges.emplace_back(parse_integer(range.substr(0, dash)).value_or(0),
                              parse_integer(range.substr(dash + 1)).value_or(0));
  }
  return check;
}

}  // namespace brunt
