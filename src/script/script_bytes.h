// Bytes between a script and us: what a script gives as a text, an ArrayBuffer or a view of one,
// and ArrayBuffers for what we give.
//
// For this layer only.
#pragma once
#include <string>
#include <string_view>

#include "script/engine.h"

namespace brunt {

// A text gives its UTF-8. False: an exception is pending (it was none of these).
bool read_bytes(JSContext* context, JSValueConst value, std::string& bytes);

JSValue js_array_buffer(JSContext* context, std::string_view bytes);

// Drawn for the virtual user: one seed reproduces them.
std::string random_bytes(JSContext* context, std::size_t size);

}  // namespace brunt
