// What QuickJS of 2021 lacks and people write (Array.prototype.at, structuredClone, ...): in its
// place in every context, at the price of a property each. The code is library/language.js, which
// is run when the first of them is called.
//
// For this layer only.
#pragma once
#include "script/js_value.h"

namespace brunt {

// What the engine has by itself is left alone.
void add_polyfills(JSContext* context);

}  // namespace brunt
