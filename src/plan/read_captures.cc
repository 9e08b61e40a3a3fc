#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

using Source = decltype(Capture::from);

std::optional<Source> compile_path(ReadContext& context, const Field& field,
                                   std::string_view text) {
  auto path = JsonPath::compile(text);
  if (path) return Source(std::move(*path));
  context.error(field, path.error().text);
  return std::nullopt;
}

std::optional<Source> compile_regex(ReadContext& context, const Field& field,
                                    std::string_view text) {
  auto pattern = Regex::compile(text);
  if (pattern) return Source(std::move(*pattern));
  context.error(field, pattern.error().text);
  return std::nullopt;
}

std::optional<Source> short_form(ReadContext& context, const Field& field) {
  const std::string_view text = trim(field.node->text);
  if (text.starts_with('$')) return compile_path(context, field, text);
  if (text.starts_with('/') && text.rfind('/') > 0) return compile_regex(context, field, text);
  if (text.starts_with("header:")) return HeaderSource{std::string(trim(text.substr(7)))};
  if (text.starts_with("cookie:")) return CookieSource{std::string(trim(text.substr(7)))};
  if (text == "status") return StatusSource{};
  if (text == "body") return BodySource{};
  context.error(field, fmt::format("\"{}\" is nothing to capture: write $.json.path, /regex/, "
                                   "header:Name, cookie:Name, status or body",
                                   text));
  return std::nullopt;
}

// The texts in here are patterns, not templates.
std::optional<std::string> raw_text(ReadContext& context, const Field& field) {
  if (field.node->kind == YamlNode::Kind::scalar) return field.node->text;
  context.error(field, fmt::format("expected a text, not {}", field.node->kind_name()));
  return std::nullopt;
}

std::optional<Source> long_form(ReadContext& context, MapReader& map) {
  constexpr std::array<std::string_view, 5> forms = {"json", "all", "regex", "header", "cookie"};
  Field given;
  for (const std::string_view form : forms) {
    const Field field = map.find(form);
    if (field && given) context.error(field, "a capture takes one part of the reply");
    if (field) given = field;
  }
  if (!given) {
    context.error(map.field(), "a capture needs one of json, all, regex, header, cookie");
    return std::nullopt;
  }
  const auto text = raw_text(context, given);
  if (!text) return std::nullopt;
  if (given.path.ends_with(".json")) return compile_path(context, given, *text);
  if (given.path.ends_with(".regex")) return compile_regex(context, given, *text);
  if (given.path.ends_with(".header")) return HeaderSource{*text};
  if (given.path.ends_with(".cookie")) return CookieSource{*text};
  auto path = compile_path(context, given, *text);
  if (!path) return std::nullopt;
  return AllMatches{std::get<JsonPath>(std::move(*path))};
}

void read_fallback(ReadContext& context, const Field& field, Capture& capture) {
  JsonTemplate value;
  if (!context.read_json(field, value)) return;
  std::string text;
  if (!value.is_constant() || !value.append(Scope{}, text)) {
    context.error(field, "a default has to be known before the run");
    return;
  }
  if (auto json = Json::parse(text)) capture.fallback = std::move(*json);
}

}  // namespace

std::vector<Capture> read_captures(ReadContext& context, const Field& field) {
  std::vector<Capture> captures;
  if (!field) return captures;
  MapReader map(context, field);
  for (const YamlNode::Member& member : map.members()) {
    const Field item = map.member(member);
    const Symbol* symbol = context.names->find(member.key);
    const auto* slot = symbol == nullptr ? nullptr : std::get_if<SlotSymbol>(symbol);
    if (slot == nullptr) continue;  // declare_captures() has said why.
    Capture capture;
    capture.at = item.at;
    capture.name = member.key;
    capture.slot = slot->slot;
    std::optional<Source> source;
    if (item.node->kind == YamlNode::Kind::map) {
      MapReader form(context, item);
      source = long_form(context, form);
      read_fallback(context, form.find("default"), capture);
      form.finish();
    } else if (raw_text(context, item)) {
      source = short_form(context, item);
    }
    if (!source) continue;
    capture.from = std::move(*source);
    captures.push_back(std::move(capture));
  }
  return captures;
}

}  // namespace brunt
