#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/file.h"
#include "base/json.h"
#include "script/commonjs.h"
#include "script/library.h"
#include "script/script_archive.h"
#include "script/source_files.h"
#include "script/source_text.h"
#include "script/unknown_members.h"
#include "script/unsupported.h"

namespace brunt {
namespace {

// Compiled and not run. Errors: invalid, with line and what QuickJS says of it.
Result<JSValue> compile_only(JSContext* context, const std::string& source, const std::string& name,
                             int kind) {
  const JSValue code = JS_Eval(context, source.data(), source.size(), name.c_str(),
                               kind | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(code)) return fail(ErrorCode::malformed, take_exception(context));
  return code;
}

std::string byte_code_of(JSContext* context, JSValueConst code) {
  std::size_t size = 0;
  std::uint8_t* bytes = JS_WriteObject(context, &size, code, JS_WRITE_OBJ_BYTECODE);
  std::string text(reinterpret_cast<const char*>(bytes), bytes != nullptr ? size : 0);
  js_free(context, bytes);
  return text;
}

}  // namespace

Result<std::string> SourceFiles::read(const std::filesystem::path& path) const {
  const bool remote = is_remote(path.string());
  if (settings_.archived != nullptr) {
    const auto found = settings_.archived->find(remote ? path.string() : archived_name(path));
    if (found != settings_.archived->end()) return found->second;
    return fail(ErrorCode::not_found, fmt::format("{}: not in the archive", path.string()));
  }
  if (remote)
    return fail(
        ErrorCode::unsupported,
        fmt::format("import of {}: modules from the network are not fetched; save it beside "
                    "the script and import it as ./NAME.js (of jslib.k6.io there are {})",
                    path.string(), jslib_names()));
  std::string bytes = TRY(read_file(path, limits_.file_bytes_max));
  if (settings_.collected != nullptr) (*settings_.collected)[archived_name(path)] = bytes;
  return bytes;
}

Result<std::string> SourceFiles::source_of(const std::string& name) {
  if (const std::string_view ours = jslib_source(name); !ours.empty()) return std::string(ours);
  std::string text(text_);
  if (name != bundle_.entry) {
    auto found = read(name);
    if (!found && found.error().code == ErrorCode::not_found && settings_.archived == nullptr)
      return fail(ErrorCode::malformed, fmt::format("import of {}: it couldn't be found on local "
                                                    "disk",
                                                    name));
    text = TRY(std::move(found));
  }
  if (name.ends_with(".json")) {
    if (auto valid = Json::parse(text); !valid) return fail_in(name, valid.error());
    return "export default " + text + ";";
  }
  if (name.ends_with(".ts")) text = TRY(transpiler_.strip_types(name, text));
  if (auto fits = check_supported(name, text); !fits) return std::unexpected(fits.error());
  return text;
}

std::string SourceFiles::with_place(std::string text) {
  constexpr std::string_view begin = "SyntaxError: Could not find export '",
                             between = "' in module '";
  const std::size_t middle = text.find(between);
  if (!text.starts_with(begin) || middle == text.npos || !text.ends_with('\'')) return text;
  const std::string wanted = text.substr(begin.size(), middle - begin.size());
  const std::size_t from = middle + between.size();
  const std::string module = text.substr(from, text.size() - 1 - from);
  for (const auto& [name, code] : bundle_.modules) {
    const auto source = source_of(name);
    if (!source) continue;
    const auto line = line_that_imports(*source, wanted, [&](std::string_view specifier) {
      const auto meant = module_name(name, specifier);
      return meant && *meant == module;
    });
    if (line) return fmt::format("{}:{}: SyntaxError: {} has no {}", name, *line, module, wanted);
  }
  return text;
}

void SourceFiles::warn_of_unknown_members(Engine& engine) {
  std::vector<std::string> names;
  for (const auto& [name, code] : bundle_.modules)
    if (jslib_source(name).empty() && !name.ends_with(".json")) names.push_back(name);
  for (const std::string& name : names) {
    const auto source = source_of(name);
    if (!source) continue;
    std::ranges::move(unknown_members(engine, name, *source), std::back_inserter(bundle_.warnings));
  }
}

// A module that the engine cannot read may be newer than the engine, or TypeScript (of standard
// input nobody knows). js_exception: what the engine said of it is pending.
JSValue SourceFiles::compile_text(JSContext* context, const std::string& name,
                                  const std::string& text) {
  const auto compile_it = [&](const std::string& source) {
    return JS_Eval(context, source.data(), source.size(), name.c_str(),
                   JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  };
  JSValue code = compile_it(text);
  const auto again = [&](const Result<std::string>& other) {
    if (!other || *other == text) return;
    JS_FreeValue(context, JS_GetException(context));
    code = compile_it(*other);
  };
  if (JS_IsException(code)) again(transpiler_.lower(name, text));
  if (JS_IsException(code) && name == "-") again(transpiler_.strip_types(name, text));
  return code;
}

bool SourceFiles::compile(JSContext* context, const std::string& name) {
  if (bundle_.modules.size() >= limits_.modules_max) {
    (void)throw_error(context, "the script has too many modules");
    return false;
  }
  auto source = source_of(name);
  if (!source) {
    refused = source.error();
    (void)throw_error(context, source.error().text);
    return false;
  }
  const bool is_common = is_commonjs(*source);
  const std::string wrapped =
      is_common ? "(function (module, exports) {" + *source + "\n})" : std::string();
  const JSValue code = is_common ? JS_Eval(context, wrapped.data(), wrapped.size(), name.c_str(),
                                           JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY)
                                 : compile_text(context, name, *source);
  if (JS_IsException(code)) return false;  // Left pending, so that the engine tells it.
  bundle_.modules[name] = byte_code_of(context, code);
  if (is_common) bundle_.commonjs.insert(name);
  if (is_common) {
    JS_FreeValue(context, code);
  } else {
    // The context holds it by its name.
    loaded_[name] = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(code));
    JS_FreeValue(context, code);
    return add_import_meta(context, loaded_[name]);
  }
  return true;
}

JSModuleDef* SourceFiles::compile_module(JSContext* context, const std::string& name) {
  if (!bundle_.modules.contains(name) && !compile(context, name)) return nullptr;
  return bundle_.commonjs.contains(name) ? import_commonjs(context, name) : loaded_[name];
}

Result<> SourceFiles::compile_libraries(JSContext* context) {
  for (const LibrarySource& source : library_sources) {
    if (source.name.starts_with(jslib_folder)) continue;
    const JSValue code =
        TRY(compile_only(context, std::string(source.text), fmt::format("<{}>", source.name),
                         JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT));
    bundle_.libraries.emplace(source.name, byte_code_of(context, code));
    JS_FreeValue(context, code);
  }
  return {};
}

Result<std::string> SourceFiles::compile_import(JSContext* context, const std::string& module) {
  std::string name;
  append_json_string(name, module);
  const std::string source = "import * as it from " + name + ";\n__brunt_hand_over(it);\n";
  auto compiled = compile_only(context, source, "<start>", JS_EVAL_TYPE_MODULE);
  if (!compiled) return std::unexpected(refused.value_or(compiled.error()));
  const JSValue code = *compiled;
  std::string bytes = byte_code_of(context, code);
  JS_FreeValue(context, code);
  return bytes;
}

Result<std::string_view> SourceFiles::open(const std::filesystem::path& path) {
  auto [found, is_new] = bundle_.files.try_emplace(path.string());
  if (is_new) {
    auto bytes = read(path);
    if (!bytes) {
      bundle_.files.erase(found);
      return std::unexpected(bytes.error());
    }
    found->second = std::move(*bytes);
  }
  return found->second;
}

}  // namespace brunt
