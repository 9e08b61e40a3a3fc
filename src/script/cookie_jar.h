// http.CookieJar and http.cookieJar(): cookies as a script sees them.
//
// For this layer only.
#pragma once
#include <memory>

#include "script/js_value.h"
#include "wire/cookie.h"

namespace brunt {

// `new http.CookieJar()`: an empty one of the script's own.
JSValue js_new_cookie_jar(JSContext* context, JSValueConst, int count, JSValueConst* arguments);
// http.cookieJar(): that of the virtual user.
JSValue js_cookie_jar(JSContext* context, JSValueConst, int count, JSValueConst* arguments);
// A call's parameter `jar`. Shared: a script may drop its object while what uses it is under way.
// nullptr: the VU's own. False: it is none, and an exception is pending.
bool read_cookie_jar(JSContext* context, JSValueConst value, std::shared_ptr<CookieJar>& jar);
// Once for each runtime.
void add_cookie_jar_class(JSContext* context);

}  // namespace brunt
