#include "script/opened_file.h"

#include <fmt/format.h>

#include <filesystem>

#include "script/source_files.h"

namespace brunt {
namespace {

std::string path_of(JSContext* context, std::string_view name) {
  const bool is_whole = name.starts_with("file://");
  if (is_whole) name.remove_prefix(7);
  const std::filesystem::path path(name);
  if (is_whole || path.is_absolute()) return path.lexically_normal().string();
  const std::filesystem::path base(calling_module(context));
  return (base.parent_path() / path).lexically_normal().string();
}

}  // namespace

Result<OpenedFile> open_in_init(JSContext* context, std::string_view name) {
  const Engine& engine = Engine::of(context);
  if (!engine.in_init)
    return fail(ErrorCode::invalid, "open() works in init code only, outside of functions");
  OpenedFile file{.path = path_of(context, name), .bytes = {}};
  if (engine.reading != nullptr) {
    auto opened = engine.sources->open(file.path);
    if (!opened) return fail_in("open()", opened.error());
    file.bytes = *opened;
    return file;
  }
  const auto found = engine.bundle->files.find(file.path);
  if (found == engine.bundle->files.end())
    return fail(ErrorCode::invalid,
                fmt::format("open(): {} was not opened when the script was read", file.path));
  file.bytes = found->second;
  return file;
}

}  // namespace brunt
