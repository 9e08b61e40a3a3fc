#include "script/opened_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "script/source_files.h"

namespace brunt {
namespace {

std::string path_of(JSContext* context, std::string_view name) {
  if (name.starts_with("file://")) return path_of_url(calling_module(context), name);
  const std::filesystem::path path(name);
  if (path.is_absolute()) return path.lexically_normal().string();
  const std::filesystem::path base(calling_module(context));
  return (base.parent_path() / path).lexically_normal().string();
}

}  // namespace

Result<OpenedFile> open_in_init(JSContext* context, std::string_view name) {
  const Engine& engine = Engine::of(context);
  if (!engine.in_init)
    return fail(ErrorCode::invalid,
                "the \"open\" function is only available in the init stage (outside of functions)");
  OpenedFile file{.path = path_of(context, name), .bytes = {}};
  if (engine.reading != nullptr) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file.path, ignored))
      return fail(ErrorCode::invalid,
                  fmt::format("open() can't be used with directories, path: \"{}\"", file.path));
    auto opened = engine.sources->open(file.path);
    if (!opened) return fail_in("open()", opened.error());
    file.bytes = *opened;
    return file;
  }
  const auto found = engine.bundle->files.find(file.path);
  if (found == engine.bundle->files.end())
    return fail(ErrorCode::invalid,
                fmt::format("open() can't be used with files that weren't previously opened during "
                            "initialization (__VU==0), path: \"{}\"",
                            file.path));
  file.bytes = found->second;
  return file;
}

}  // namespace brunt
