// The files of a script while it is read: sources compiled to byte code, once; what open() gives.
//
// For this layer only. Everything read is kept in the bundle, so that a VU reads no file.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "script/engine.h"
#include "script/script_reader.h"
#include "script/transpiler.h"

namespace brunt {

class SourceFiles {
 public:
  struct Limits {
    std::uint64_t file_bytes_max = 256u << 20u;  // Of a source, and of what open() reads.
    std::uint32_t modules_max = 1'000;
  };

  // `text` is the entry's, which may have come from standard input. `bundle` must outlive it.
  // `settings`: where else files are read from, or kept.
  SourceFiles(ScriptBundle& bundle, std::string_view text, const ScriptSettings& settings)
      : bundle_(bundle), text_(text), settings_(settings) {}

  // For the engine's loader: compiles the module and keeps its byte code. nullptr: an exception is
  // pending.
  JSModuleDef* compile_module(JSContext* context, const std::string& name);
  // The same without a module to import: for require(). False: an exception is pending.
  bool compile(JSContext* context, const std::string& name);
  // Those of library.h, into the bundle.
  Result<> compile_libraries(JSContext* context);
  // Code that hands over all that the module exports (Engine::handed_over).
  Result<std::string> compile_import(JSContext* context, const std::string& module);
  // Errors: those of read_file.
  Result<std::string_view> open(const std::filesystem::path& path);

  // What the engine said of reading, with the place where it knows none: of a name that a module
  // does not export.
  std::string with_place(std::string text);

  // Tells the user, in the bundle's warnings, what the script's own files ask of k6's modules that
  // is not there.
  void warn_of_unknown_members(Engine& engine);

  // What init code says with console.
  void say(std::string_view text) const {
    if (settings_.said) settings_.said(text);
  }

  std::optional<Error> refused;  // Why a module could not be had, in better words than QuickJS's.

 private:
  Result<std::string> read(const std::filesystem::path& path) const;
  Result<std::string> source_of(const std::string& name);
  JSValue compile_text(JSContext* context, const std::string& name, const std::string& text);

  Limits limits_;
  ScriptBundle& bundle_;
  std::string_view text_;
  const ScriptSettings& settings_;
  Transpiler transpiler_;
  std::map<std::string, JSModuleDef*> loaded_;  // ES modules, while the context lives.
};

}  // namespace brunt
