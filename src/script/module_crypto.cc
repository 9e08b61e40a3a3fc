// The module k6/crypto: digests and keyed digests, whole or bit by bit.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/base64.h"
#include "script/builtin_modules.h"
#include "script/classes.h"
#include "script/cryptography.h"
#include "script/module_exports.h"
#include "script/script_bytes.h"

namespace brunt {
namespace {

constexpr std::array<const char*, 9> digest_names = {
    "md4", "md5", "sha1", "sha256", "sha384", "sha512", "sha512_224", "sha512_256", "ripemd160"};

JSValueConst argument(int count, JSValueConst* arguments, int index) {
  return index < count ? arguments[index] : js_undefined;
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

JSValue encoded(JSContext* context, const std::string& digest, JSValueConst encoding) {
  const std::string name = text_of(context, encoding);
  if (name == "hex") return js_string(context, hex_of(digest));
  if (name == "base64") return js_string(context, base64_encode(digest));
  if (name == "base64rawurl") return js_string(context, base64url_encode(digest));
  if (name == "base64url") {
    std::string text = base64url_encode(digest);
    while (text.size() % 4 != 0) text += '=';
    return js_string(context, text);
  }
  if (name == "binary") return js_array_buffer(context, digest);
  return throw_error(context, fmt::format("invalid output encoding: {}: there are hex, base64, "
                                          "base64url, base64rawurl and binary",
                                          name));
}

// A whole text at once.
JSValue digest_of(JSContext* context, Result<Hasher> hasher, JSValueConst input,
                  JSValueConst encoding) {
  std::string bytes;
  if (!hasher) return throw_error(context, hasher.error().text);
  if (!read_bytes(context, input, bytes)) return js_exception;
  hasher->update(bytes);
  return encoded(context, hasher->digest(), encoding);
}

JSValue js_digest(JSContext* context, JSValueConst, int count, JSValueConst* arguments, int which) {
  return digest_of(context, Hasher::plain(digest_names[static_cast<std::size_t>(which)]),
                   argument(count, arguments, 0), argument(count, arguments, 1));
}

JSValue js_hmac(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string key;
  if (!read_bytes(context, argument(count, arguments, 1), key)) return js_exception;
  return digest_of(context, Hasher::keyed(text_of(context, argument(count, arguments, 0)), key),
                   argument(count, arguments, 2), argument(count, arguments, 3));
}

JSValue hold(JSContext* context, Result<Hasher> hasher) {
  if (!hasher) return throw_error(context, hasher.error().text);
  const JSValue object = JS_NewObjectClass(context, static_cast<int>(class_ids().hasher));
  if (JS_IsException(object)) return object;
  JS_SetOpaque(object, std::make_unique<Hasher>(std::move(*hasher)).release());
  return object;
}

JSValue js_create_hash(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  return hold(context, Hasher::plain(text_of(context, argument(count, arguments, 0))));
}

JSValue js_create_hmac(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string key;
  if (!read_bytes(context, argument(count, arguments, 1), key)) return js_exception;
  return hold(context, Hasher::keyed(text_of(context, argument(count, arguments, 0)), key));
}

Hasher* hasher_of(JSContext* context, JSValueConst self) {
  return static_cast<Hasher*>(JS_GetOpaque2(context, self, class_ids().hasher));
}

JSValue js_update(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  Hasher* hasher = hasher_of(context, self);
  std::string bytes;
  if (hasher == nullptr || !read_bytes(context, argument(count, arguments, 0), bytes))
    return js_exception;
  hasher->update(bytes);
  return JS_DupValue(context, self);
}

JSValue js_finish(JSContext* context, JSValueConst self, int count, JSValueConst* arguments) {
  const Hasher* hasher = hasher_of(context, self);
  return hasher != nullptr ? encoded(context, hasher->digest(), argument(count, arguments, 0))
                           : js_exception;
}

JSValue js_random_bytes(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  constexpr std::int64_t bytes_max = 1 << 26;
  std::int64_t size = 0;
  if (JS_ToInt64(context, &size, argument(count, arguments, 0)) < 0) return js_exception;
  if (size < 1 || size > bytes_max)
    return throw_error(context, fmt::format("randomBytes({}): a size of 1 to {}", size, bytes_max));
  return js_array_buffer(context, random_bytes(context, static_cast<std::size_t>(size)));
}

JSValue js_hex_encode(JSContext* context, JSValueConst, int count, JSValueConst* arguments) {
  std::string bytes;
  if (!read_bytes(context, argument(count, arguments, 0), bytes)) return js_exception;
  return js_string(context, hex_of(bytes));
}

void let_go(JSRuntime*, JSValue object) {
  const std::unique_ptr<Hasher> gone(
      static_cast<Hasher*>(JS_GetOpaque(object, class_ids().hasher)));
}

constexpr std::array<JsFunction, 5> functions = {{{"hmac", js_hmac, 4},
                                                  {"createHash", js_create_hash, 1},
                                                  {"createHMAC", js_create_hmac, 2},
                                                  {"randomBytes", js_random_bytes, 1},
                                                  {"hexEncode", js_hex_encode, 1}}};

void add_hasher_class(JSContext* context) {
  const JSClassDef definition{.class_name = "Hasher", .finalizer = let_go};
  JS_NewClass(JS_GetRuntime(context), class_ids().hasher, &definition);
  const JSValue prototype = JS_NewObject(context);
  set_property(context, prototype, "update", JS_NewCFunction(context, js_update, "update", 1));
  set_property(context, prototype, "digest", JS_NewCFunction(context, js_finish, "digest", 1));
  JS_SetClassProto(context, class_ids().hasher, prototype);
}

int fill(JSContext* context, JSModuleDef* module) {
  add_hasher_class(context);
  ModuleExports exports(context, module);
  for (std::size_t i = 0; i < digest_names.size(); ++i)
    exports.give(digest_names[i],
                 JS_NewCFunctionMagic(context, js_digest, digest_names[i], 2,
                                      JS_CFUNC_generic_magic, static_cast<int>(i)));
  exports.give(functions);
  return exports.finish();
}

}  // namespace

JSModuleDef* make_crypto_module(JSContext* context) {
  return declare_module(context, "k6/crypto", fill, digest_names, functions);
}

}  // namespace brunt
