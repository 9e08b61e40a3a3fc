#include "script/secret_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "base/text.h"

namespace brunt {
namespace {

constexpr std::uint64_t file_bytes_max = 16u << 20u;  // Of secrets: more is another file.
constexpr std::string_view mark = "***SECRET_REDACTED***";

// What is written behind `file=` and its like: "default", "name=NAME", and the rest.
struct SourceParts {
  ScriptSecretSource source;
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  std::string_view alone;  // Something that is no pair: a path, a prefix.
};

SourceParts parts_of(std::string_view text) {
  SourceParts parts;
  for (const std::string_view one : split(text, ',')) {
    const auto equals = one.find('=');
    if (one == "default")
      parts.source.is_default = true;
    else if (equals == std::string_view::npos)
      parts.alone = one;
    else if (one.substr(0, equals) == "name")
      parts.source.name = one.substr(equals + 1);
    else
      parts.pairs.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  return parts;
}

Result<> read_lines(const std::string& path, ScriptSecretSource& source) {
  const std::string text = TRY(read_file(path, file_bytes_max));
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos)
      return fail(ErrorCode::invalid,
                  fmt::format("{}:{}: a secret is written NAME=VALUE", path, number));
    source.values.insert_or_assign(std::string(trim(line.substr(0, equals))),
                                   std::string(line.substr(equals + 1)));
  }
  return {};
}

}  // namespace

Result<ScriptSecretSource> parse_secret_source(
    std::string_view text, const std::map<std::string, std::string>& environment) {
  const auto equals = text.find('=');
  const std::string_view kind = text.substr(0, equals);
  if (kind == "url")
    return fail(ErrorCode::unsupported,
                "--secret-source url=...: secrets are not fetched; there are file, env and mock");
  if (equals == std::string_view::npos || (kind != "file" && kind != "env" && kind != "mock"))
    return fail(ErrorCode::invalid,
                fmt::format("--secret-source {}: write it like file=PATH, env=PREFIX or "
                            "mock=NAME=VALUE",
                            kind));
  SourceParts parts = parts_of(text.substr(equals + 1));
  const std::string_view wanted = kind == "file" ? "filename" : "prefix";
  if (kind != "mock") {
    for (const auto& [key, value] : parts.pairs) {
      if (key != wanted)
        return fail(ErrorCode::invalid,
                    fmt::format("--secret-source {}=...: {} is not known; there are {}, name and "
                                "default",
                                kind, key, wanted));
      parts.alone = value;
    }
    if (parts.alone.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("--secret-source {}=...: the {} is missing", kind, wanted));
  }
  ScriptSecretSource& source = parts.source;
  if (kind == "file") TRY(read_lines(std::string(parts.alone), source));
  if (kind == "mock")
    for (const auto& [key, value] : parts.pairs) source.values.emplace(key, value);
  if (kind == "env")
    for (const auto& [name, value] : environment)
      if (name.starts_with(parts.alone))
        source.values.emplace(name.substr(parts.alone.size()), value);
  return std::move(source);
}

std::string redacted(const ScriptBundle& bundle, std::string_view text) {
  std::vector<std::string_view> values;
  for (const ScriptSecretSource& source : bundle.secrets)
    for (const auto& [name, value] : source.values)
      if (!value.empty()) values.push_back(value);
  // The longest first: another may be a part of it.
  std::ranges::sort(values, std::greater<>(), [](std::string_view value) { return value.size(); });
  std::string clean(text);
  for (const std::string_view value : values)
    for (std::size_t at = clean.find(value); at != std::string::npos;
         at = clean.find(value, at + mark.size()))
      clean.replace(at, value.size(), mark);
  return clean;
}

}  // namespace brunt
