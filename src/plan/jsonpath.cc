#include "plan/jsonpath.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace brunt {

class JsonPath::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<JsonPath> run() {
    JsonPath path;
    path.source_ = text_;
    if (!take("$")) return error("a JSONPath starts with $");
    while (at_ < text_.size()) {
      if (path.length_) return error("length() ends a path");
      if (text_.substr(at_) == ".length()") {
        path.length_ = true;
        at_ = text_.size();
      } else if (path.segments_.size() >= Limits{}.segments_max) {
        return error("the path is too long");
      } else {
        path.segments_.push_back(TRY(segment()));
      }
    }
    return path;
  }

 private:
  std::unexpected<Error> error(std::string_view what) const {
    return fail(ErrorCode::invalid,
                fmt::format("JSONPath \"{}\", column {}: {}", text_, at_ + 1, what));
  }

  bool take(std::string_view sign) {
    if (!text_.substr(at_).starts_with(sign)) return false;
    at_ += sign.size();
    return true;
  }
  void skip_blank() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  Result<Segment> segment() {
    Segment result;
    result.descend = take("..");
    if (take("[")) return bracket(std::move(result));
    if (!result.descend && !take(".")) return error("expected . or [");
    if (take("*")) {
      result.kind = Kind::wildcard;
      return result;
    }
    const std::size_t start = at_;
    while (at_ < text_.size() && !std::string_view(".[]()*'\" ").contains(text_[at_])) ++at_;
    if (at_ == start) return error("expected a name");
    result.names.emplace_back(text_.substr(start, at_ - start));
    return result;
  }

  Result<Segment> bracket(Segment result) {
    skip_blank();
    if (take("*")) {
      result.kind = Kind::wildcard;
    } else if (take("?")) {
      return error("filter expressions [?(...)] are not supported in this version");
    } else if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) {
      do {
        skip_blank();
        result.names.push_back(TRY(quoted()));
        skip_blank();
      } while (take(","));
    } else {
      TRY(index_or_slice(result));
    }
    skip_blank();
    if (!take("]")) return error("expected ]");
    return result;
  }

  Result<std::string> quoted() {
    if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"'))
      return error("expected a quoted name");
    const char quote = text_[at_++];
    std::string name;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        ++at_;
        return name;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_];
    }
    return error("the quoted name does not end");
  }

  Result<std::optional<std::int64_t>> whole_number() {
    skip_blank();
    const char* begin = text_.data() + at_;
    std::int64_t value = 0;
    const auto parsed = std::from_chars(begin, text_.data() + text_.size(), value);
    if (parsed.ec == std::errc::result_out_of_range) return error("the number is out of range");
    if (parsed.ec != std::errc()) return std::nullopt;
    at_ += static_cast<std::size_t>(parsed.ptr - begin);
    skip_blank();
    return value;
  }

  Result<> index_or_slice(Segment& result) {
    const auto first = TRY(whole_number());
    if (!take(":")) {
      if (!first) return error("expected a number, a quoted name or *");
      result.kind = Kind::index;
      result.index = *first;
      return {};
    }
    result.kind = Kind::slice;
    result.from = first;
    result.to = TRY(whole_number());
    if (take(":")) result.step = TRY(whole_number()).value_or(1);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Walks a document in its order and keeps the matches, at most `matches_max`. Recurses once for
// each segment; descends with a stack of its own, as a document may be 512 deep.
class JsonPath::Walker {
 public:
  Walker(const std::vector<Segment>& segments, std::size_t matches_max)
      : segments_(segments), matches_max_(matches_max) {}

  void walk(const Json& node, std::size_t segment) {
    if (full() || ++visits_ > Limits{}.visits_max) return;
    if (segment == segments_.size()) {
      matches.push_back(&node);
      return;
    }
    if (!segments_[segment].descend) return select(node, segment);
    std::vector<const Json*> open{&node};
    while (!open.empty() && !full() && ++visits_ <= Limits{}.visits_max) {
      const Json& next = *open.back();
      open.pop_back();
      select(next, segment);
      push_children(next, open);
    }
  }

  bool full() const { return matches.size() >= matches_max_; }
  bool too_many_visits() const { return visits_ > Limits{}.visits_max; }

  std::vector<const Json*> matches;

 private:
  // The first child last, so that it is taken first.
  static void push_children(const Json& node, std::vector<const Json*>& open) {
    if (node.is_array())
      for (auto child = node.array().rbegin(); child != node.array().rend(); ++child)
        open.push_back(&*child);
    if (node.is_object())
      for (auto child = node.object().rbegin(); child != node.object().rend(); ++child)
        open.push_back(&child->second);
  }

  void select(const Json& node, std::size_t segment) {
    const Segment& by = segments_[segment];
    switch (by.kind) {
      case Kind::names:
        for (const std::string& name : by.names)
          if (const Json* child = node.find(name)) walk(*child, segment + 1);
        return;
      case Kind::wildcard:
        if (node.is_array())
          for (const Json& child : node.array()) walk(child, segment + 1);
        if (node.is_object())
          for (const auto& [name, child] : node.object()) walk(child, segment + 1);
        return;
      case Kind::index:
      case Kind::slice:
        if (node.is_array()) select_elements(node.array(), segment);
    }
  }

  void select_elements(const Json::Array& elements, std::size_t segment) {
    const Segment& by = segments_[segment];
    const auto size = static_cast<std::int64_t>(elements.size());
    if (by.kind == Kind::index) {
      const std::int64_t at = by.index < 0 ? by.index + size : by.index;
      if (at >= 0 && at < size) walk(elements[static_cast<std::size_t>(at)], segment + 1);
      return;
    }
    // RFC 9535, section 2.3.4.2.2: bounds are brought into the list, a step of 0 selects nothing.
    const auto bring_in = [size](std::optional<std::int64_t> bound, std::int64_t otherwise,
                                 std::int64_t low, std::int64_t high) {
      const std::int64_t at = bound.value_or(otherwise);
      return std::clamp(at < 0 && bound ? at + size : at, low, high);
    };
    if (by.step > 0) {
      const std::int64_t from = bring_in(by.from, 0, 0, size);
      const std::int64_t to = bring_in(by.to, size, 0, size);
      const std::int64_t step = std::min(by.step, size + 1);
      for (std::int64_t at = from; at < to && !full(); at += step)
        walk(elements[static_cast<std::size_t>(at)], segment + 1);
    } else if (by.step < 0) {
      const std::int64_t from = bring_in(by.from, size - 1, -1, size - 1);
      const std::int64_t to = bring_in(by.to, -1, -1, size - 1);
      const std::int64_t step = std::max(by.step, -size - 1);
      for (std::int64_t at = from; at > to && !full(); at += step)
        walk(elements[static_cast<std::size_t>(at)], segment + 1);
    }
  }

  const std::vector<Segment>& segments_;
  std::size_t matches_max_;
  std::size_t visits_ = 0;
};

namespace {

std::optional<Json> length_of(const Json& value) {
  if (value.is_array()) return Json(static_cast<std::int64_t>(value.array().size()));
  if (value.is_object()) return Json(static_cast<std::int64_t>(value.object().size()));
  if (!value.is_string()) return std::nullopt;
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
  return Json(static_cast<std::int64_t>(std::ranges::count_if(value.string(), starts)));
}

}  // namespace

Result<JsonPath> JsonPath::compile(std::string_view path) {
  return Parser(path).run();
}

std::optional<Json> JsonPath::first(const Json& document) const {
  // The plain path of names and indices, which most are, needs no list of matches.
  const Json* node = &document;
  std::size_t segment = 0;
  for (; segment < segments_.size(); ++segment) {
    const Segment& by = segments_[segment];
    if (by.descend || by.kind != Kind::names || by.names.size() != 1) break;
    node = node->find(by.names[0]);
    if (node == nullptr) return std::nullopt;
  }
  Walker walker(segments_, 1);
  if (segment < segments_.size()) {
    walker.walk(*node, segment);
    if (walker.matches.empty()) return std::nullopt;
    node = walker.matches[0];
  }
  return length_ ? length_of(*node) : std::optional<Json>(*node);
}

Result<std::vector<Json>> JsonPath::all(const Json& document) const {
  Walker walker(segments_, Limits{}.matches_max);
  walker.walk(document, 0);
  if (walker.full() || walker.too_many_visits())
    return fail(ErrorCode::too_large, fmt::format("JSONPath \"{}\" matches too much", source_));
  std::vector<Json> matches;
  for (const Json* match : walker.matches) {
    std::optional<Json> value = length_ ? length_of(*match) : std::optional<Json>(*match);
    if (value) matches.push_back(std::move(*value));
  }
  return matches;
}

}  // namespace brunt
