#include "script/script_bytes.h"

namespace brunt {
namespace {

bool read_buffer(JSContext* context, JSValueConst value, std::string& bytes) {
  std::size_t size = 0;
  const std::uint8_t* start = JS_GetArrayBuffer(context, &size, value);
  if (start == nullptr) {
    JS_FreeValue(context, JS_GetException(context));  // It is no ArrayBuffer, or an empty one.
    return false;
  }
  bytes.assign(reinterpret_cast<const char*>(start), size);
  return true;
}

}  // namespace

bool read_bytes(JSContext* context, JSValueConst value, std::string& bytes) {
  bytes.clear();
  if (JS_IsString(value)) {
    const JsText text(context, value);
    bytes.assign(text.view());
    return text.ok();
  }
  if (JS_IsObject(value)) {
    if (read_buffer(context, value, bytes)) return true;
    const JsValue buffer = property(context, value, "buffer");
    const JsValue offset = property(context, value, "byteOffset");
    const JsValue length = property(context, value, "byteLength");
    std::int64_t from = 0, count = 0;
    if (JS_ToInt64(context, &from, offset.get()) < 0 ||
        JS_ToInt64(context, &count, length.get()) < 0)
      return false;
    if (JS_IsNumber(length.get()) && count == 0) return true;
    if (JS_IsObject(buffer.get()) && read_buffer(context, buffer.get(), bytes) && from >= 0 &&
        count >= 0 && static_cast<std::size_t>(from + count) <= bytes.size()) {
      bytes = bytes.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(count));
      return true;
    }
  }
  (void)JS_ThrowTypeError(context, "bytes are wanted: a text, an ArrayBuffer or a view of one");
  return false;
}

JSValue js_array_buffer(JSContext* context, std::string_view bytes) {
  return JS_NewArrayBufferCopy(context, reinterpret_cast<const std::uint8_t*>(bytes.data()),
                               bytes.size());
}

std::string random_bytes(JSContext* context, std::size_t size) {
  std::string bytes;
  bytes.reserve(size + 8);
  const JsValue global(context, JS_GetGlobalObject(context));
  const JsValue math = property(context, global.get(), "Math");
  const JsValue draw = property(context, math.get(), "random");
  while (bytes.size() < size) {
    // Math.random() is the virtual user's own, and there before there is one.
    double drawn = 0;
    const JsValue number(context, JS_Call(context, draw.get(), math.get(), 0, nullptr));
    (void)JS_ToFloat64(context, &drawn, number.get());
    auto bits = static_cast<std::uint64_t>(drawn * 4294967296.0);
    for (int i = 0; i < 4; ++i, bits >>= 8U) bytes += static_cast<char>(bits & 0xFFU);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace brunt
