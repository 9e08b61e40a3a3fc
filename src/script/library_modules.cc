// Modules that are members of a library and nothing else.
#include "script/builtin_modules.h"
#include "script/library.h"
#include "script/module_exports.h"

namespace brunt {
namespace {

struct LibraryModule {
  const char* name;
  std::string_view library;
  std::span<const char* const> members;
};

constexpr const char* csv_members[] = {"parse", "Parser"};
constexpr const char* grpc_members[] = {"Client",
                                        "Stream",
                                        "StatusOK",
                                        "StatusCanceled",
                                        "StatusUnknown",
                                        "StatusInvalidArgument",
                                        "StatusDeadlineExceeded",
                                        "StatusNotFound",
                                        "StatusAlreadyExists",
                                        "StatusPermissionDenied",
                                        "StatusResourceExhausted",
                                        "StatusFailedPrecondition",
                                        "StatusAborted",
                                        "StatusOutOfRange",
                                        "StatusUnimplemented",
                                        "StatusInternal",
                                        "StatusUnavailable",
                                        "StatusDataLoss",
                                        "StatusUnauthenticated",
                                        "HealthCheckUnknown",
                                        "HealthCheckServing",
                                        "HealthCheckNotServing",
                                        "HealthCheckServiceUnknown",
                                        "HealthCheckServiceUnkown"};
constexpr const char* html_members[] = {"parseHTML", "Selection", "Element"};
constexpr const char* redis_members[] = {"Client"};
constexpr const char* streams_members[] = {
    "CountQueuingStrategy",        "ReadableStream", "ReadableStreamDefaultController",
    "ReadableStreamDefaultReader", "WritableStream", "WritableStreamDefaultController",
    "WritableStreamDefaultWriter"};
constexpr const char* webcrypto_members[] = {"crypto"};
constexpr const char* websockets_members[] = {"WebSocket", "Blob"};
constexpr const char* ws_members[] = {"connect"};
constexpr const char* x509_members[] = {"parse", "getAltNames", "getIssuer", "getSubject"};

constexpr LibraryModule csv{"k6/experimental/csv", "files", csv_members};
constexpr LibraryModule grpc{"k6/net/grpc", "grpc", grpc_members};
constexpr LibraryModule html{"k6/html", "html", html_members};
constexpr LibraryModule redis{"k6/experimental/redis", "redis", redis_members};
constexpr LibraryModule streams{"k6/experimental/streams", "streams", streams_members};
constexpr LibraryModule webcrypto{"k6/experimental/webcrypto", "web_crypto", webcrypto_members};
constexpr LibraryModule websockets{"k6/websockets", "websocket", websockets_members};
constexpr LibraryModule ws{"k6/ws", "websocket", ws_members};
constexpr LibraryModule x509{"k6/crypto/x509", "x509", x509_members};

template <const LibraryModule& module>
int fill(JSContext* context, JSModuleDef* definition) {
  const JsValue made(context, library(context, module.library));
  if (made.failed()) return -1;
  ModuleExports exports(context, definition);
  for (const char* member : module.members)
    exports.give(member, property(context, made.get(), member).release());
  return exports.finish();
}

template <const LibraryModule& module>
JSModuleDef* make(JSContext* context) {
  return declare_module(context, module.name, fill<module>, module.members);
}

constexpr BuiltinModule modules[] = {
    {csv.name, make<csv>},
    {grpc.name, make<grpc>},
    {html.name, make<html>},
    {redis.name, make<redis>},
    {streams.name, make<streams>},
    {webcrypto.name, make<webcrypto>},
    {websockets.name, make<websockets>},
    {ws.name, make<ws>},
    {x509.name, make<x509>},
};

}  // namespace

std::span<const BuiltinModule> library_modules() {
  return modules;
}

}  // namespace brunt
