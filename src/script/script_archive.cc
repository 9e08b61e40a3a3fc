#include "script/script_archive.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/text.h"
#include "base/url.h"
#include "plan/script_bundle.h"
#include "script/source_text.h"
#include "wire/tar.h"

namespace brunt {
namespace {

constexpr std::string_view file_scheme = "file://";
constexpr std::string_view file_folder = "file";
constexpr std::string_view remote_folder = "https/";
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

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// C:\Users\ada\load.js -> /C/Users/nobody/load.js, and the name of a share's machine -> nobody.
std::string normalized_name(std::string name) {
  const std::size_t drive = name.starts_with('/') || name.starts_with('\\') ? 1 : 0;
  const bool is_share = name.starts_with("\\\\");
  if (is_share) {
    name.replace(0, std::min(name.find('\\', 2), name.size()), "/nobody");
  } else if (name.size() > drive + 1 && name[drive + 1] == ':' && is_letter(name[drive])) {
    name.erase(drive + 1, 1);
    name.replace(0, drive, "/");
  }
  std::ranges::replace(name, '\\', '/');
  // Behind a drive's letter or not.
  const bool has_drive = name.size() > 3 && name[0] == '/' && is_letter(name[1]) && name[2] == '/';
  const std::size_t root = has_drive ? 2 : 0;
  for (const std::string_view homes : {"/home/", "/users/", "/documents and settings/"}) {
    if (!to_lower(std::string_view(name).substr(root)).starts_with(homes)) continue;
    const std::size_t from = root + homes.size(), end = std::min(name.find('/', from), name.size());
    if (end > from) name.replace(from, end - from, "nobody");
  }
  return name;
}

Result<> read_metadata(std::string_view text, ScriptArchive& archive) {
  auto metadata = Json::parse(text);
  if (!metadata) return fail_in("metadata.json", metadata.error());
  const std::string name = text_member(*metadata, "filename");
  if (name.starts_with(file_scheme))
    archive.path = percent_decode(name.substr(file_scheme.size()));
  else if (is_remote(name))
    archive.path = name;
  else if (metadata->find("k6version") == nullptr && !name.empty())
    archive.path = normalized_name(name);  // Of k6 0.20 and before.
  else
    return fail(ErrorCode::malformed, "metadata.json: \"filename\" is no file:// address");
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

// A file of the archive by its entry's name; "": it is none.
std::string name_of_entry(const std::string& entry) {
  if (entry.starts_with("file/")) return normalized_name(entry.substr(file_folder.size()));
  if (entry.starts_with(remote_folder)) return "https://" + entry.substr(remote_folder.size());
  // Of k6 before 0.25: those of the disk begin with an underscore.
  for (const std::string_view folder : {"files/", "scripts/"}) {
    if (!entry.starts_with(folder)) continue;
    const std::string rest = entry.substr(folder.size());
    return rest.starts_with('_') ? normalized_name(rest.substr(1)) : "https://" + rest;
  }
  return {};
}

// As an address has it.
std::string encoded_path(std::string_view path) {
  std::string encoded;
  for (const auto part : std::views::split(path, '/')) {
    if (!encoded.empty() || part.begin() != path.begin()) encoded += '/';
    encoded += percent_encode(std::string_view(part.begin(), part.end()));
  }
  return encoded;
}

}  // namespace

std::string archived_name(const std::filesystem::path& path) {
  return normalized_name(std::filesystem::absolute(path).lexically_normal().string());
}

std::string archive_bytes(const ScriptArchive& archive, const ScriptBundle& bundle) {
  const std::filesystem::path path = archived_name(archive.path);
  Json metadata{Json::Object()};
  metadata.set("type", "js");
  metadata.set("options", Json::parse(bundle.options).value_or(Json{Json::Object()}));
  const std::string address = std::string(file_scheme) + encoded_path(path.string());
  metadata.set("filename", address);
  metadata.set("pwd", address.substr(0, address.rfind('/') + 1));
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
    } else if (std::string name = name_of_entry(file.name); !name.empty()) {
      archive.files[std::move(name)] = std::move(file.content);
    }
  }
  if (!has_metadata || !has_data)
    return fail(ErrorCode::malformed,
                fmt::format("there is no {} in it: this is no archive of a k6 script",
                            has_metadata ? "data" : "metadata.json"));
  return archive;
}

}  // namespace brunt
