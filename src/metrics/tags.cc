#include "metrics/tags.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace brunt {
namespace {

// A text that differs for different sets: lengths in front, as values may hold any byte.
std::string key_text(const TagSet& tags) {
  std::string text;
  for (const Tag& tag : tags) {
    for (const std::string* part : {&tag.key, &tag.value}) {
      text += std::to_string(part->size());
      text += ':';
      text += *part;
    }
  }
  return text;
}

}  // namespace

TagSet make_tag_set(std::vector<Tag> tags) {
  TagSet set;
  set.reserve(tags.size());
  for (Tag& tag : tags) {
    const auto place = std::ranges::lower_bound(set, tag.key, {}, &Tag::key);
    if (place != set.end() && place->key == tag.key)
      place->value = std::move(tag.value);
    else
      set.insert(place, std::move(tag));
  }
  return set;
}

std::string_view tag_value(const TagSet& tags, std::string_view key) {
  const auto found = std::ranges::lower_bound(tags, key, {}, &Tag::key);
  return found != tags.end() && found->key == key ? std::string_view(found->value) : "";
}

bool matches(const TagSet& tags, const TagSet& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const Tag& tag) { return tag_value(tags, tag.key) == tag.value; });
}

std::string format_tags(const TagSet& tags) {
  if (tags.empty()) return {};
  std::string text = "{";
  for (const Tag& tag : tags) {
    if (text.size() > 1) text += ',';
    text += tag.key;
    text += ':';
    text += tag.value;
  }
  return text + '}';
}

TagTable::TagTable() {
  intern({});
}

TagSetId TagTable::intern(TagSet tags) {
  const auto next = static_cast<TagSetId>(sets_.size());
  const auto [place, is_new] = by_text_.try_emplace(key_text(tags), next);
  if (is_new) sets_.push_back(std::move(tags));
  return place->second;
}

TagSetId TagTable::with(TagSetId base, std::span<const Tag> tags) {
  std::vector<Tag> all = get(base);
  all.insert(all.end(), tags.begin(), tags.end());
  return intern(make_tag_set(std::move(all)));
}

TagSetId TagTable::with(TagSetId base,
                        std::initializer_list<std::pair<std::string_view, std::string_view>> tags) {
  std::vector<Tag> all = get(base);
  for (const auto& [key, value] : tags) all.push_back({std::string(key), std::string(value)});
  return intern(make_tag_set(std::move(all)));
}

const TagSet& TagTable::get(TagSetId id) const {
  ASSERT(static_cast<std::size_t>(id) < sets_.size());
  return sets_[static_cast<std::size_t>(id)];
}

}  // namespace brunt
