// The part of the standard library that is written in JavaScript: compiled once with the script,
// run in a virtual user when it is first used, so that others do not pay for it.
//
// For this layer only. A library is a file library/NAME.js: one function that takes what is native
// and returns an object. Globals out of libraries (URL, TextDecoder, crypto) are getters until they
// are used. library/jslib/NAME.js are modules that scripts import from https://jslib.k6.io.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "script/engine.h"

namespace brunt {

// Made by CMake.
struct LibrarySource {
  std::string_view name, text;
};
extern const std::span<const LibrarySource> library_sources;
inline constexpr std::string_view jslib_folder = "jslib/";  // Of those that are imported.

// What the library returned; run on first use, then kept with the engine. js_exception: it threw.
JSValue library(JSContext* context, std::string_view name);

// "https://jslib.k6.io/k6-utils" for "https://jslib.k6.io/k6-utils/1.4.0/index.js" and its like,
// which we have our own source for; nullopt: we have none.
std::optional<std::string> jslib_module(std::string_view specifier);
// Of what jslib_module() gave.
std::string_view jslib_source(std::string_view module);
// "k6-utils, httpx, ...": for people.
std::string jslib_names();

void add_library_globals(JSContext* context);

// What is native in each.
std::span<const JsFunction> text_natives();
std::span<const JsFunction> web_crypto_natives();
std::span<const JsFunction> html_natives();
std::span<const JsFunction> files_natives();
std::span<const JsFunction> redis_natives();
std::span<const JsFunction> websocket_natives();
std::span<const JsFunction> grpc_natives();
std::span<const JsFunction> x509_natives();

}  // namespace brunt
