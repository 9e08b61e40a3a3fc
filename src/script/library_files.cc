// What is native in library/files.js, and the module k6/experimental/fs.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "plan/csv_reader.h"
#include "script/builtin_modules.h"
#include "script/library.h"
#include "script/module_exports.h"
#include "script/opened_file.h"
#include "script/shared_array.h"

namespace brunt {
namespace {

std::string_view bytes_of(JSContext* context, JSValueConst path) {
  const auto& files = Engine::of(context).bundle->files;
  const auto found = files.find(text_of(context, path));
  return found != files.end() ? std::string_view(found->second) : std::string_view();
}

// (path, offset, buffer, where in it, bytes at most): how many were copied.
JSValue js_read(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::uint64_t offset = 0, at = 0, count = 0;
  if (JS_ToIndex(context, &offset, arguments[1]) < 0 ||
      JS_ToIndex(context, &at, arguments[3]) < 0 || JS_ToIndex(context, &count, arguments[4]) < 0)
    return js_exception;
  std::size_t size = 0;
  std::uint8_t* const into = JS_GetArrayBuffer(context, &size, arguments[2]);
  if (into == nullptr) return js_exception;
  const std::string_view all = bytes_of(context, arguments[0]);
  if (offset >= all.size() || at > size) return JS_NewInt32(context, 0);
  const std::string_view bytes = all.substr(offset, std::min<std::uint64_t>(count, size - at));
  std::memcpy(into + at, bytes.data(), bytes.size());
  return JS_NewInt64(context, static_cast<std::int64_t>(bytes.size()));
}

// (path, delimiter, offset): the fields and the offset behind them; null at the end.
JSValue js_record(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  std::uint64_t offset = 0;
  if (JS_ToIndex(context, &offset, arguments[2]) < 0) return js_exception;
  const std::string delimiter = text_of(context, arguments[1]);
  CsvReader reader(bytes_of(context, arguments[0]), delimiter.front(), offset);
  std::vector<std::string> fields;
  const auto more = reader.next(fields);
  if (!more)
    return throw_error(
        context, fmt::format("csv: {}: {}", text_of(context, arguments[0]), more.error().text));
  if (!*more) return js_null;
  const JSValue record = JS_NewArray(context), pair = JS_NewArray(context);
  std::uint32_t place = 0;
  for (const std::string& field : fields)
    JS_SetPropertyUint32(context, record, place++, js_string(context, field));
  JS_SetPropertyUint32(context, pair, 0, record);
  JS_SetPropertyUint32(context, pair, 1,
                       JS_NewInt64(context, static_cast<std::int64_t>(reader.offset())));
  return pair;
}

JSValue js_shared(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  if (!Engine::of(context).in_init)
    return throw_error(context, "csv.parse() works in init code only, outside of functions");
  return shared_array_of(context, text_of(context, arguments[0]), arguments[1]);
}

JSValue make_file(JSContext* context, const OpenedFile& file) {
  const JsValue files(context, library(context, "files"));
  if (files.failed()) return js_exception;
  const JsValue make = property(context, files.get(), "makeFile");
  const std::string absolute = std::filesystem::absolute(file.path).lexically_normal().string();
  const JsValue path(context, js_string(context, file.path));
  const JsValue shown(context, js_string(context, absolute));
  JSValueConst arguments[] = {
      path.get(), JS_NewInt64(context, static_cast<std::int64_t>(file.bytes.size())), shown.get()};
  return JS_Call(context, make.get(), js_undefined, 3, arguments);
}

// As k6 names them. Always gives js_exception.
JSValue throw_file_error(JSContext* context, std::string_view name, std::string_view text) {
  const JsValue files(context, library(context, "files"));
  if (files.failed()) return js_exception;
  const JsValue failure = property(context, files.get(), "failure");
  const JsValue kind(context, js_string(context, name)), what(context, js_string(context, text));
  JSValueConst arguments[] = {kind.get(), what.get()};
  const JSValue error = JS_Call(context, failure.get(), js_undefined, 2, arguments);
  return JS_IsException(error) ? error : JS_Throw(context, error);
}

JSValue file_of(JSContext* context, JSValueConst given) {
  if (JS_IsString(given) == 0)
    return throw_file_error(context, "TypeError", "open() takes a file's path");
  const std::string name = text_of(context, given);
  if (name.empty()) return throw_file_error(context, "TypeError", "open(): the path is empty");
  const auto file = open_in_init(context, name);
  if (file) return make_file(context, *file);
  return throw_file_error(context, Engine::of(context).in_init ? "NotFoundError" : "ForbiddenError",
                          file.error().text);
}

JSValue js_open(JSContext* context, JSValueConst, int, JSValueConst* arguments) {
  JsPromise promise(context);
  const JSValue shown = promise.value();
  promise.resolve(file_of(context, arguments[0]));
  return shown;
}

JSValue js_in_init(JSContext* context, JSValueConst, int, JSValueConst*) {
  return js_bool(Engine::of(context).in_init);
}

constexpr std::array<JsFunction, 4> natives = {{{"read", js_read, 5},
                                                {"record", js_record, 3},
                                                {"shared", js_shared, 2},
                                                {"inInit", js_in_init, 0}}};

constexpr const char* fs_names[] = {"open", "SeekMode"};

int fill_fs(JSContext* context, JSModuleDef* module) {
  const JsValue files(context, library(context, "files"));
  if (files.failed()) return -1;
  ModuleExports exports(context, module);
  exports.give("open", JS_NewCFunction(context, js_open, "open", 1));
  exports.give("SeekMode", property(context, files.get(), "SeekMode").release());
  return exports.finish();
}

}  // namespace

std::span<const JsFunction> files_natives() {
  return natives;
}

JSModuleDef* make_fs_module(JSContext* context) {
  return declare_module(context, "k6/experimental/fs", fill_fs, fs_names);
}

}  // namespace brunt
