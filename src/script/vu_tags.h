// exec.vu.metrics.tags (and exec.vu.tags): an object whose properties tag everything that the
// virtual user measures from then on.
//
// For this layer only.
#pragma once
#include "script/js_value.h"

namespace brunt {

// The object. Its class is made once for each runtime.
JSValue make_vu_tags(JSContext* context);

}  // namespace brunt
