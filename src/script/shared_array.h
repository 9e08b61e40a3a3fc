// A SharedArray as a script sees it: an array that all virtual users read, and none changes.
//
// For this layer only. The rows stand in the bundle as JSON; an access parses one and gives a
// frozen copy. Where it is made: module_data.cc.
#pragma once
#include "plan/script_bundle.h"
#include "script/engine.h"

namespace brunt {

// `rows` must outlive the runtime.
JSValue make_shared_array(JSContext* context, const SharedRows& rows);

// One of them, as reading it from the array gives it.
JSValue row_of(JSContext* context, const SharedRows& rows, std::size_t index);

// The one of that name, made of what the function `make` returns where the script is being read.
// js_exception: an exception is pending.
JSValue shared_array_of(JSContext* context, std::string_view name, JSValueConst make);

// Each element of the array `elements` as a row. False: an exception is pending.
bool append_rows(JSContext* context, JSValueConst elements, SharedRows& rows);

}  // namespace brunt
