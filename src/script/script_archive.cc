#include "script/script_archive.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/script_bundle.h"
#include "wire/tar.h"

namespace brunt {
namespace {

constexpr std::string_view file_scheme = "file://";
constexpr std::string_view file_folder = "file";
constexpr std::string_view shortcuts[] = {"iterations", "duration", "stages", "vus"};

Json without_nulls(const Json& value) {
  if (!value.is_object()) return value;
  Json kept{Json::Object()};
  for (const auto& [name, member] : value.object())
    if (!member.is_null()) kept.set(name, without_nulls(member));
  return kept;
}

std::string text_member(const Json& object, std::string_view name) {
  const Json* member = object.find(name);
  return member != nullptr && member->is_string() ? member->string() : std::string();
}

Result<> read_metadata(std::string_view text, ScriptArchive& archive) {
  auto metadata = Json::parse(text);
  if (!metadata) return fail_in("metadata.json", metadata.error());
  const std::string name = text_member(*metadata, "filename");
  if (!name.starts_with(file_scheme))
    return fail(ErrorCode::malformed, "metadata.json: \"filename\" is no file:// address");
  archive.path = name.substr(file_scheme.size());
  if (const Json* options = metadata->find("options")) archive.options = without_nulls(*options);
  // k6 writes the shortcuts beside the scenarios that they came to.
  if (archive.options.find("scenarios") != nullptr)
    std::erase_if(archive.options.object(), [](const Json::Member& member) {
      return std::ranges::find(shortcuts, std::string_view(member.first)) != std::end(shortcuts);
    });
  if (const Json* environment = metadata->find("env"); environment && environment->is_object())
    for (const auto& [key, value] : environment->object()) archive.environment[key] = value.text();
  return {};
}

}  // namespace

std::string archived_name(const std::filesystem::path& path) {
  std::string name = std::filesystem::absolute(path).lexically_normal().string();
  for (const std::string_view homes : {"/home/", "/Users/"}) {
    if (!name.starts_with(homes)) continue;
    const auto end = name.find('/', homes.size());
    if (end != std::string::npos) name.replace(homes.size(), end - homes.size(), "nobody");
  }
  return name;
}

std::string archive_bytes(const ScriptArchive& archive, const ScriptBundle& bundle) {
  const std::filesystem::path path = archived_name(archive.path);
  Json metadata{Json::Object()};
  metadata.set("type", "js");
  metadata.set("options", Json::parse(bundle.options).value_or(Json{Json::Object()}));
  metadata.set("filename", std::string(file_scheme) + path.string());
  metadata.set("pwd", std::string(file_scheme) + path.parent_path().string());
  Json environment{Json::Object()};
  for (const auto& [name, value] : archive.environment) environment.set(name, value);
  metadata.set("env", std::move(environment));
  metadata.set("compatibilityMode", "extended");
  metadata.set("k6version", "1.0.0");  // Whose format it is.
  metadata.set("goos", "linux");
  std::string bytes;
  append_tar_file(bytes, {"metadata.json", metadata.dump_pretty() + "\n"});
  append_tar_file(bytes, {"data", archive.text});
  ScriptFiles files = archive.files;
  files[path.string()] = archive.text;
  for (const auto& [name, content] : files)
    append_tar_file(bytes, {std::string(file_folder) + name, content});
  append_tar_end(bytes);
  return bytes;
}

Result<ScriptArchive> read_script_archive(std::string_view bytes) {
  ScriptArchive archive;
  bool has_metadata = false, has_data = false;
  for (TarFile& file : TRY(read_tar(bytes))) {
    if (file.name == "metadata.json") {
      TRY(read_metadata(file.content, archive));
      has_metadata = true;
    } else if (file.name == "data") {
      archive.text = std::move(file.content);
      has_data = true;
    } else if (file.name.starts_with("file/")) {
      archive.files[file.name.substr(file_folder.size())] = std::move(file.content);
    }
  }
  if (!has_metadata || !has_data)
    return fail(ErrorCode::malformed,
                fmt::format("there is no {} in it: this is no archive of a k6 script",
                            has_metadata ? "data" : "metadata.json"));
  return archive;
}

}  // namespace brunt
