#include "script/expected_statuses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "base/units.h"

namespace brunt {
namespace {

constexpr const char* mark = "__brunt_expected";

bool read_status(JSContext* context, JSValueConst value, std::int32_t& status) {
  double number = 0;
  if (JS_IsNumber(value) == 0 || JS_ToFloat64(context, &number, value) < 0 ||
      std::trunc(number) != number || std::abs(number) > 1e6)
    return false;
  status = static_cast<std::int32_t>(number);
  return true;
}

}  // namespace

JSValue js_expected_statuses(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::int32_t low = 0, high = 0;
    if (JS_IsObject(arguments[i])) {
      const JsValue min = property(context, arguments[i], "min");
      const JsValue max = property(context, arguments[i], "max");
      if (!read_status(context, min.get(), low) || !read_status(context, max.get(), high))
        return throw_error(
            context,
            fmt::format("both min and max need to be integers for argument number {}", i + 1));
    } else if (read_status(context, arguments[i], low)) {
      high = low;
    } else {
      return throw_error(context,
                         fmt::format("argument number {} to expectedStatuses was neither an "
                                     "integer nor an object like {{min:100, max:329}}",
                                     i + 1));
    }
    // A range that holds nothing expects nothing.
    text.append(text.empty() ? "" : " ").append(fmt::format("{}-{}", std::max(low, 0), high));
  }
  if (text.empty()) return throw_error(context, "http.expectedStatuses(): no arguments");
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
    (void)throw_error(
        context,
        "unsupported argument, expected http.expectedStatuses or null: that is what a "
        "response callback is");
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
