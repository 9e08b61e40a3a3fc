#include "plan/field_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/text.h"

namespace brunt {
namespace {

// 12, -0.5, 1e3; not 007, +1, 0x10, .5: these stay texts.
bool is_json_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  return text[0] != '0' || text.size() == 1 || !(text[1] >= '0' && text[1] <= '9');
}

Result<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return fail(ErrorCode::invalid, fmt::format("\"{}\" is neither true nor false", text));
}

template <typename T>
Result<T> parse_count(std::string_view text) {
  const std::int64_t value = TRY(parse_integer(text));
  if (value < 0) return fail(ErrorCode::invalid, fmt::format("\"{}\" is negative", text));
  if (!std::in_range<T>(value))
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is too large", text));
  return static_cast<T>(value);
}

}  // namespace

Json plain_value(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::null) return Json();
  if (node.quoted) return Json(node.text);
  if (node.text == "true" || node.text == "false") return Json(node.text == "true");
  if (is_json_number(node.text))
    if (auto number = Json::parse(node.text)) return *number;
  return Json(node.text);
}

void ReadContext::error(const Field& field, std::string_view text) {
  // A value without a line came from --set, even where its key is in the file. What is not there
  // has no place of its own.
  const bool there = field.node != nullptr && field.node->kind != YamlNode::Kind::null;
  error(there ? field.node->at : field.at, field.path, text);
}

void ReadContext::error(Position at, std::string_view path, std::string_view text) {
  errors_.add(at, path, at.line == 0 ? std::string(text) + " (from --set)" : std::string(text));
}

void ReadContext::compile_error(const Field& field, const CompileError& why) {
  Position at = field.node->at;
  // Only where the file's bytes are the text's bytes does the column follow from the offset.
  if (at.line != 0 && !field.node->text.contains('\n'))
    at.column += static_cast<std::uint32_t>(why.offset) + (field.node->quoted ? 1 : 0);
  error(at, field.path, why.text);
}

bool ReadContext::scalar_of(const Field& field, std::string_view what) {
  if (!field) return false;
  if (field.node->kind == YamlNode::Kind::scalar) return true;
  error(field, field.node->kind == YamlNode::Kind::null
                   ? fmt::format("{} is missing here", what)
                   : fmt::format("expected {}, not {}", what, field.node->kind_name()));
  return false;
}

bool ReadContext::read(const Field& field, std::string& out) {
  if (!scalar_of(field, "a value")) return false;
  auto text = Template::compile(field.node->text, *names);
  if (!text) {
    compile_error(field, text.error());
    return false;
  }
  if (!text->is_constant()) {
    error(field, fmt::format("\"{}\" has to be known before the run: only vars and env can stand "
                             "here",
                             field.node->text));
    return false;
  }
  out = text->text();
  return true;
}

template <typename T>
bool ReadContext::parse_with(const Field& field, Result<T> (*parse)(std::string_view), T& out) {
  std::string text;
  if (!read(field, text)) return false;
  auto value = parse(trim(text));
  if (!value) {
    error(field, value.error().text);
    return false;
  }
  out = std::move(*value);
  return true;
}

bool ReadContext::read(const Field& field, bool& out) {
  return parse_with(field, parse_boolean, out);
}
bool ReadContext::read(const Field& field, double& out) {
  return parse_with(field, parse_number, out);
}
bool ReadContext::read(const Field& field, std::uint32_t& out) {
  return parse_with(field, parse_count<std::uint32_t>, out);
}
bool ReadContext::read(const Field& field, std::uint64_t& out) {
  return parse_with(field, parse_count<std::uint64_t>, out);
}
bool ReadContext::read(const Field& field, Duration& out) {
  return parse_with(field, parse_duration, out);
}
bool ReadContext::read(const Field& field, DurationRange& out) {
  return parse_with(field, parse_duration_range, out);
}

bool ReadContext::read(const Field& field, std::filesystem::path& out) {
  std::string text;
  if (!read(field, text)) return false;
  if (text.empty() || text.contains('\0')) {
    error(field, "expected the name of a file");
    return false;
  }
  out = folder_ / text;
  return true;
}

bool ReadContext::read(const Field& field, Template& out) {
  if (!scalar_of(field, "a text")) return false;
  auto text = Template::compile(field.node->text, *names);
  if (!text) {
    compile_error(field, text.error());
    return false;
  }
  text->collect(uses);
  out = std::move(*text);
  return true;
}

bool ReadContext::read(const Field& field, std::vector<NamedTemplate>& out) {
  if (!field) return false;
  MapReader map(*this, field);
  for (const YamlNode::Member& member : map.members()) {
    NamedTemplate named{member.key, {}};
    if (read(map.member(member), named.value)) out.push_back(std::move(named));
  }
  return true;
}

bool ReadContext::read_tags(const Field& field, Tags& out) {
  if (!field) return false;
  MapReader map(*this, field);
  for (const YamlNode::Member& member : map.members()) {
    std::string value;
    if (read(map.member(member), value)) out.emplace_back(member.key, std::move(value));
  }
  return true;
}

bool ReadContext::read_expression(const Field& field, Expression& out) {
  if (!scalar_of(field, "an expression")) return false;
  const std::string& text = field.node->text;
  if (text.contains("${")) {
    Template whole;
    if (!read(field, whole)) return false;
    if (whole.whole() == nullptr) {
      error(field, "expected one expression: \"${...}\" and nothing around it");
      return false;
    }
    out = *whole.whole();
    return true;
  }
  auto expression = Expression::compile(text, *names);
  if (!expression) {
    compile_error(field, expression.error());
    return false;
  }
  expression->collect(uses);
  out = std::move(*expression);
  return true;
}

bool ReadContext::add_json(const Field& field, JsonTemplate& out) {
  bool good = true;
  switch (field.node->kind) {
    case YamlNode::Kind::null:
      out.add_value(Json());
      return true;
    case YamlNode::Kind::scalar: {
      const Json value = plain_value(*field.node);
      Template text;
      if (!value.is_string())
        out.add_value(value);
      else if (read(field, text))
        out.add_template(std::move(text));
      else
        good = false;
      return good;
    }
    case YamlNode::Kind::list: {
      out.add_text("[");
      const auto items = list_items(*this, field);
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (i > 0) out.add_text(",");
        good = add_json(items[i], out) && good;
      }
      out.add_text("]");
      return good;
    }
    case YamlNode::Kind::map: {
      out.add_text("{");
      MapReader map(*this, field);
      for (const YamlNode::Member& member : map.members()) {
        if (&member != &map.members().front()) out.add_text(",");
        out.add_key(member.key);
        good = add_json(map.member(member), out) && good;
      }
      out.add_text("}");
    }
  }
  return good;
}

bool ReadContext::read_json(const Field& field, JsonTemplate& out) {
  return field && add_json(field, out);
}

bool ReadContext::read_file_content(const Field& field, std::string& out) {
  std::filesystem::path path;
  if (!read(field, path)) return false;
  auto content = read_file(path);
  if (!content) {
    error(field, content.error().text);
    return false;
  }
  out = std::move(*content);
  return true;
}

MapReader::MapReader(ReadContext& context, Field field)
    : context_(context), field_(std::move(field)) {
  is_map_ = field_ && field_.node->kind == YamlNode::Kind::map;
  if (!is_map_) {
    if (field_ && field_.node->kind == YamlNode::Kind::null)
      context_.error(field_, "there is nothing in here");
    else if (field_)
      context_.error(field_, fmt::format("expected a map, not {}", field_.node->kind_name()));
    return;
  }
  const auto& all = field_.node->members;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto first = std::find_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const auto& other) { return other.key == all[i].key; });
    if (first != all.begin() + static_cast<std::ptrdiff_t>(i))
      context_.error(all[i].at, member(all[i]).path,
                     fmt::format("the key \"{}\" is there twice; first on line {}", all[i].key,
                                 first->at.line));
  }
}

const std::vector<YamlNode::Member>& MapReader::members() const {
  static const std::vector<YamlNode::Member> none;
  return is_map_ ? field_.node->members : none;
}

Field MapReader::member(const YamlNode::Member& member) const {
  return {&member.value, field_.path.empty() ? member.key : field_.path + "." + member.key,
          member.at};
}

Field MapReader::find(std::string_view key) {
  known_.emplace_back(key);
  for (const YamlNode::Member& candidate : members())
    if (candidate.key == key) return member(candidate);
  return {nullptr, field_.path.empty() ? std::string(key) : fmt::format("{}.{}", field_.path, key),
          field_.at};
}

Field MapReader::find(std::string_view key, std::string_view other) {
  Field found = find(key);
  if (key == other) return found;
  Field second = find(other);
  if (found && second) context_.error(second, fmt::format("\"{}\" is there already", key));
  return found ? found : (second ? second : found);
}

Field MapReader::require(std::string_view key) {
  Field found = find(key);
  if (!found && is_map_)
    context_.error(field_.node->at, field_.path, fmt::format("\"{}\" is missing", key));
  return found;
}

void MapReader::refuse(std::initializer_list<std::string_view> later) {
  for (const std::string_view key : later) {
    refused_.emplace_back(key);
    for (const YamlNode::Member& candidate : members())
      if (candidate.key == key)
        context_.error(candidate.at, member(candidate).path,
                       fmt::format("\"{}\" is not supported in this version", key));
  }
}

void MapReader::finish() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const YamlNode::Member& candidate : members()) {
    if (std::ranges::find(known_, candidate.key) != known_.end()) continue;
    if (std::ranges::find(refused_, candidate.key) != refused_.end()) continue;
    context_.error(
        candidate.at, member(candidate).path,
        fmt::format("unknown key \"{}\"{}", candidate.key, did_you_mean(candidate.key, known)));
  }
}

std::vector<Field> list_items(ReadContext& context, const Field& field) {
  std::vector<Field> items;
  if (!field) return items;
  if (field.node->kind != YamlNode::Kind::list) {
    context.error(field, field.node->kind == YamlNode::Kind::null
                             ? "there is nothing in here"
                             : fmt::format("expected a list, not {}", field.node->kind_name()));
    return items;
  }
  for (std::size_t i = 0; i < field.node->items.size(); ++i)
    items.push_back(
        {&field.node->items[i], fmt::format("{}[{}]", field.path, i), field.node->items[i].at});
  return items;
}

}  // namespace brunt
