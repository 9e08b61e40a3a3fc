// Which statuses a script expects, as text: "200-399 404-404"; "" for k6's own (200 to 399).
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "plan/check.h"
#include "script/js_value.h"

namespace brunt {

inline constexpr std::string_view nothing_expected = "-";  // And nothing is judged.

// http.expectedStatuses(200, { min: 300, max: 399 }): an object that read_expected() takes.
JSValue js_expected_statuses(JSContext* context, JSValueConst, int count, JSValueConst* arguments);

// That object, or null for nothing_expected. False: an exception is pending.
bool read_expected(JSContext* context, JSValueConst value, std::string& expected);

// REQUIRES: it came from read_expected().
StatusCheck statuses_of(std::string_view expected);

// What marks an object of http.file().
inline constexpr const char* file_mark = "__brunt_file";

}  // namespace brunt
