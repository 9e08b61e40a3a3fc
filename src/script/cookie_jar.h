// http.CookieJar and http.cookieJar(): cookies as a script sees them.
//
// For this layer only.
#pragma once
#include "script/js_value.h"

namespace brunt {

// `new http.CookieJar()`: an empty one of the script's own.
JSValue js_new_cookie_jar(JSContext* context, JSValueConst, int count, JSValueConst* arguments);
// http.cookieJar(): that of the virtual user.
JSValue js_cookie_jar(JSContext* context, JSValueConst, int count, JSValueConst* arguments);
// Once for each runtime.
void add_cookie_jar_class(JSContext* context);

}  // namespace brunt
