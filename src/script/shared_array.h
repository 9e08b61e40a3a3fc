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

// Each element of the array `elements` as a row. False: an exception is pending.
bool append_rows(JSContext* context, JSValueConst elements, SharedRows& rows);

}  // namespace brunt
