#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "plan/read_parts.h"

namespace brunt {
namespace {

struct ComparisonSign {
  std::string_view sign;
  Comparison comparison;
};
constexpr std::array comparison_signs = {
    ComparisonSign{"<=", Comparison::less_equal}, ComparisonSign{">=", Comparison::greater_equal},
    ComparisonSign{"==", Comparison::equal},      ComparisonSign{"!=", Comparison::not_equal},
    ComparisonSign{"<", Comparison::less},        ComparisonSign{">", Comparison::greater},
};

// The sign at the start, cut off, or nothing.
std::optional<Comparison> take_sign(std::string_view& text) {
  for (const ComparisonSign& candidate : comparison_signs)
    if (text.starts_with(candidate.sign)) {
      text = trim(text.substr(candidate.sign.size()));
      return candidate.comparison;
    }
  return std::nullopt;
}

// 200, 2xx, 200..299
std::optional<std::pair<std::int64_t, std::int64_t>> parse_status(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx") && text[0] >= '1' && text[0] <= '5')
    return std::pair((text[0] - '0') * 100, (text[0] - '0') * 100 + 99);
  const std::size_t dots = text.find("..");
  const auto low = parse_integer(text.substr(0, dots));
  const auto high = dots == std::string_view::npos ? low : parse_integer(text.substr(dots + 2));
  if (!low || !high || *low < 100 || *high > 599 || *low > *high) return std::nullopt;
  return std::pair(*low, *high);
}

// One `check:` map. Keys make the kind; `named` goes over what the check would be called.
class CheckReader {
 public:
  CheckReader(ReadContext& context, std::vector<Check>& out) : context_(context), out_(out) {}

  void read(MapReader& map, const std::string& named) {
    for (const YamlNode::Member& member : map.members()) {
      const Field field = map.member(member);
      name_ = named;
      if (member.key.starts_with('$'))
        add_json(field, member.key);
      else if (member.key == "json")
        add_all_json(field);
      else if (member.key == "header")
        add_headers(field);
      else if (!add_plain(field, member.key))
        add_custom(field, member.key, named);
    }
  }

 private:
  template <typename T>
  void add(const Field& field, std::string name, T what) {
    out_.push_back({field.at, name_.empty() ? std::move(name) : name_, std::move(what)});
  }

  bool add_plain(const Field& field, std::string_view key) {
    if (key == "status") {
      StatusCheck status;
      if (read_status(context_, field, status))
        add(field, fmt::format("status is {}", written(*field.node)), std::move(status));
    } else if (key == "contains") {
      Template text;
      if (context_.read(field, text))
        add(field, fmt::format("body contains \"{}\"", text.source()), BodyContains{text});
    } else if (key == "equals") {
      Template text;
      if (context_.read(field, text))
        add(field, fmt::format("body is \"{}\"", text.source().substr(0, 60)), BodyEquals{text});
    } else if (key == "matches") {
      Regex pattern;
      if (read_regex(field, pattern))
        add(field, fmt::format("body matches {}", pattern.source()), BodyMatches{pattern});
    } else if (key == "duration") {
      add_limit<DurationCheck>(field, parse_duration, &DurationCheck::limit);
    } else if (key == "size") {
      add_limit<SizeCheck>(field, parse_size, &SizeCheck::bytes);
    } else {
      return false;
    }
    return true;
  }

  static std::string written(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::list) return node.text;
    std::string text;
    for (const YamlNode& item : node.items) text += (text.empty() ? "" : " or ") + item.text;
    return text;
  }

  bool read_regex(const Field& field, Regex& out) {
    if (field.node->kind != YamlNode::Kind::scalar) {
      context_.error(field, "expected a regular expression: /.../");
      return false;
    }
    auto pattern = Regex::compile(field.node->text);
    if (!pattern)
      context_.error(field, pattern.error().text);
    else
      out = std::move(*pattern);
    return pattern.has_value();
  }

  // "< 250ms": what only compares.
  template <typename Limit, typename Value>
  void add_limit(const Field& field, Result<Value> (*parse)(std::string_view),
                 Value Limit::* value) {
    std::string text;
    if (!context_.read(field, text)) return;
    std::string_view rest = trim(text);
    const auto comparison = take_sign(rest);
    if (!comparison) {
      context_.error(field, fmt::format("\"{}\" needs a comparison: \"< {}\"", text, text));
      return;
    }
    const auto parsed = parse(rest);
    if (!parsed) {
      context_.error(field, parsed.error().text);
      return;
    }
    Limit limit;
    limit.comparison = *comparison;
    limit.*value = *parsed;
    const std::string_view key = std::string_view(field.path).substr(field.path.rfind('.') + 1);
    add(field, fmt::format("{} {}", key, trim(text)), limit);
  }

  void add_all_json(const Field& field) {
    MapReader paths(context_, field);
    for (const YamlNode::Member& member : paths.members())
      add_json(paths.member(member), member.key);
  }

  void add_json(const Field& field, const std::string& path_text) {
    auto path = JsonPath::compile(path_text);
    if (!path) {
      context_.error(field.at, field.path, path.error().text);
      return;
    }
    JsonCheck check{std::move(*path), Comparison::equal, std::nullopt};
    std::string name = path_text;
    if (field.node->kind == YamlNode::Kind::null) {
      // `$.id:` with nothing after it: it has to be there.
      name += " is there";
    } else {
      if (!read_json_value(field, check)) return;
      const bool compares = check.comparison != Comparison::equal;
      name += fmt::format("{} {}", compares ? "" : " is", trim(field.node->text));
    }
    add(field, std::move(name), std::move(check));
  }

  bool read_json_value(const Field& field, JsonCheck& check) {
    if (field.node->kind != YamlNode::Kind::scalar) {
      context_.error(
          field, fmt::format("expected a value to compare with, not {}", field.node->kind_name()));
      return false;
    }
    YamlNode value = *field.node;
    std::string_view rest = field.node->text;  // Not of `value`, which changes.
    if (const auto comparison = take_sign(rest)) {
      check.comparison = *comparison;
      value.text = std::string(rest);
      value.quoted = rest.starts_with('"') || rest.starts_with('\'');
      if (value.quoted && rest.size() > 1 && rest.back() == rest.front())
        value.text = std::string(rest.substr(1, rest.size() - 2));
    }
    // A number or true/false keeps its type by being a whole expression.
    if (!plain_value(value).is_string()) value.text = "${" + value.text + "}";
    Template compiled;
    if (!context_.read(Field{&value, field.path, field.at}, compiled)) return false;
    check.value = std::move(compiled);
    return true;
  }

  void add_headers(const Field& field) {
    if (field.node->kind == YamlNode::Kind::scalar) {
      std::string name;
      if (context_.read(field, name))
        add(field, fmt::format("header {} is there", name), HeaderCheck{name, {}});
      return;
    }
    MapReader headers(context_, field);
    for (const YamlNode::Member& member : headers.members())
      add_header(headers.member(member), member.key);
  }

  void add_header(const Field& field, const std::string& header) {
    const std::string& text = field.node->text;
    if (field.node->kind == YamlNode::Kind::null) {
      add(field, fmt::format("header {} is there", header), HeaderCheck{header, {}});
    } else if (text.size() > 1 && text.starts_with('/') && text.rfind('/') > 0 &&
               !field.node->quoted) {
      Regex pattern;
      if (read_regex(field, pattern))
        add(field, fmt::format("header {} matches {}", header, text), HeaderCheck{header, pattern});
    } else {
      Template value;
      if (context_.read(field, value))
        add(field, fmt::format("header {} is {}", header, value.source()),
            HeaderCheck{header, value});
    }
  }

  // "the list is not empty": "${len(response.json.items) > 0}", or a name over another check.
  void add_custom(const Field& field, const std::string& key, const std::string& named) {
    if (field.node->kind == YamlNode::Kind::map && named.empty()) {
      MapReader inner(context_, field);
      if (inner.members().size() != 1)
        context_.error(field, "a named check holds exactly one check");
      else
        read(inner, key);
      return;
    }
    if (field.node->kind != YamlNode::Kind::scalar || !field.node->text.starts_with("${")) {
      constexpr std::array<std::string_view, 8> known = {
          "status", "contains", "equals", "matches", "json", "header", "duration", "size"};
      context_.error(
          field.at, field.path,
          fmt::format("unknown check \"{}\"{}; a check of your own is a name and \"${{...}}\"", key,
                      did_you_mean(key, known)));
      return;
    }
    Expression expression;
    if (context_.read_expression(field, expression)) add(field, key, std::move(expression));
  }

  ReadContext& context_;
  std::vector<Check>& out_;
  std::string name_;
};

}  // namespace

bool read_status(ReadContext& context, const Field& field, StatusCheck& out) {
  if (!field) return false;
  std::vector<Field> items{field};
  if (field.node->kind == YamlNode::Kind::list) items = list_items(context, field);
  for (const Field& item : items) {
    std::string text;
    if (!context.read(item, text)) return false;
    const auto range = parse_status(trim(text));
    if (!range) {
      context.error(item,
                    fmt::format("\"{}\" is no status: write 200, 2xx, 200..299 or a list", text));
      return false;
    }
    out.ranges.push_back(*range);
  }
  if (items.empty()) context.error(field, "the list is empty");
  return !items.empty();
}

std::vector<Check> read_checks(ReadContext& context, const Field& field) {
  std::vector<Check> checks;
  if (!field) return checks;
  NameTable with_reply(context.names);
  // Cannot fail: nothing else may take that name.
  static_cast<void>(with_reply.add("response", ReplySymbol{}, "reply", {}));
  const NameTable* outer = std::exchange(context.names, &with_reply);
  MapReader map(context, field);
  CheckReader(context, checks).read(map, "");
  context.names = outer;
  return checks;
}

}  // namespace brunt
