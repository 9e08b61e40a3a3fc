// What is native in library/x509.js.
#include <array>

#include "script/library.h"
#include "script/script_bytes.h"
#include "script/x509_certificate.h"

namespace brunt {
namespace {

JSValue js_names(JSContext* context, const DistinguishedName& name) {
  const JSValue array = JS_NewArray(context);
  std::uint32_t count = 0;
  for (const auto& [type, value] : name.parts) {
    const JSValue part = JS_NewObject(context);
    set_property(context, part, "type", js_string(context, type));
    set_property(context, part, "value", js_string(context, value));
    JS_SetPropertyUint32(context, array, count++, part);
  }
  return array;
}

template <typename Items, typename Make>
JSValue js_list(JSContext* context, const Items& items, Make make) {
  const JSValue array = JS_NewArray(context);
  std::uint32_t count = 0;
  for (const auto& item : items) JS_SetPropertyUint32(context, array, count++, make(item));
  return array;
}

JSValue js_read(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::string pem;
  if (!read_bytes(context, arguments[0], pem)) return js_exception;
  const auto certificate = read_x509(pem);
  if (!certificate) return throw_error(context, certificate.error().text);
  const JSValue made = JS_NewObject(context);
  const auto text = [&](const std::string& value) { return js_string(context, value); };
  const auto byte = [&](char value) {
    return JS_NewInt32(context, static_cast<unsigned char>(value));
  };
  set_property(context, made, "subject", js_names(context, certificate->subject));
  set_property(context, made, "issuer", js_names(context, certificate->issuer));
  set_property(context, made, "notBefore", text(certificate->not_before));
  set_property(context, made, "notAfter", text(certificate->not_after));
  set_property(context, made, "altNames", js_list(context, certificate->alternate_names, text));
  set_property(context, made, "signatureAlgorithm", text(certificate->signature_algorithm));
  set_property(context, made, "fingerPrint", js_list(context, certificate->fingerprint, byte));
  set_property(context, made, "keyAlgorithm", text(certificate->key_algorithm));
  const JSValue key = JS_NewObject(context);
  for (const auto& [name, value] : certificate->key)
    set_property(context, key, name.c_str(), text(value));
  set_property(context, made, "key", key);
  return made;
}

constexpr std::array<JsFunction, 1> natives = {{{"read", js_read, 1}}};

}  // namespace

std::span<const JsFunction> x509_natives() {
  return natives;
}

}  // namespace brunt
