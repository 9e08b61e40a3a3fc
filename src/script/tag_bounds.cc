#include "script/tag_bounds.h"

#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "script/tag_text.h"

namespace brunt {

TagBounds::TagBounds(const Plan& plan, Limits limits, Warn warn)
    : limits_(limits), warn_(std::move(warn)) {
  for (const Expectation& one : plan.expectations)
    for (const auto& [tag, value] : one.threshold.selector.tags) tags_[tag].named.insert(value);
}

bool TagBounds::is_named(std::string_view tag, std::string_view value) const {
  const auto found = tags_.find(tag);
  return found != tags_.end() && found->second.named.contains(value);
}

bool TagBounds::is_one_too_many(std::string_view tag) {
  if (tags_.size() < limits_.tags_max || tags_.contains(tag)) return false;
  if (!std::exchange(told_of_tags_, true))
    warn_(fmt::format("more than {} names of tags: \"{}\" and further ones are left out",
                      limits_.tags_max, tag));
  return true;
}

std::string_view TagBounds::value(std::string_view tag, std::string_view value) {
  if (is_one_too_many(tag)) return other;
  auto found = tags_.find(tag);
  if (found == tags_.end()) found = tags_.emplace(tag, Values()).first;
  Values& values = found->second;
  if (values.named.contains(value) || values.seen.contains(value)) return value;
  if (values.seen.size() < limits_.values_max) {
    values.seen.emplace(value);
    return value;
  }
  if (!std::exchange(values.told, true))
    warn_(
        fmt::format("the tag \"{}\" has more than {} values: further ones are counted together, "
                    "as {}, but those that a threshold names; a tag is for a few kinds, not for "
                    "what differs from request to request",
                    tag, format_count(static_cast<double>(limits_.values_max)), other));
  return other;
}

std::optional<std::string> TagBounds::fewer(std::string_view tags) {
  std::string out;
  bool changed = false;
  const auto parts = split(tags, '\n');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    if (is_one_too_many(parts[i])) {
      changed = true;
      continue;
    }
    const std::string_view kept = value(parts[i], parts[i + 1]);
    changed = changed || kept != parts[i + 1];
    append_tag(out, parts[i], kept);
  }
  if (!changed) return std::nullopt;
  return out;
}

}  // namespace brunt
