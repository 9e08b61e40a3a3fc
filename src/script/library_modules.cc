// Modules that are members of a library and nothing else: k6/experimental/streams and webcrypto.
#include "script/builtin_modules.h"
#include "script/library.h"
#include "script/module_exports.h"

namespace brunt {
namespace {

constexpr const char* streams[] = {
    "CountQueuingStrategy",        "ReadableStream", "ReadableStreamDefaultController",
    "ReadableStreamDefaultReader", "WritableStream", "WritableStreamDefaultController",
    "WritableStreamDefaultWriter"};
constexpr const char* web_crypto[] = {"crypto"};

int fill_streams(JSContext* context, JSModuleDef* module) {
  return export_library(context, module, "streams", streams);
}

int fill_web_crypto(JSContext* context, JSModuleDef* module) {
  return export_library(context, module, "web_crypto", web_crypto);
}

}  // namespace

JSModuleDef* make_streams_module(JSContext* context) {
  return declare_module(context, "k6/experimental/streams", fill_streams, streams);
}

JSModuleDef* make_webcrypto_module(JSContext* context) {
  return declare_module(context, "k6/experimental/webcrypto", fill_web_crypto, web_crypto);
}

}  // namespace brunt
