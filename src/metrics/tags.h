// Tags: sorted key/value pairs that tell one series of a metric from another (name, status,
// scenario ...), as an owned value (TagSet) and as a small id of a per-thread table (TagTable).
//
// Build a set once and keep its id, or better the Series it leads to; then a request costs no
// hashing. Ids are never freed: the number of series is what is limited (recorder.h).
#pragma once
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace brunt {

struct Tag {
  std::string key, value;
  friend auto operator<=>(const Tag&, const Tag&) = default;
};

// Ascending by key, each key once.
using TagSet = std::vector<Tag>;

// Sorts; of the same key twice the later one stays (k6: the more specific tag wins).
TagSet make_tag_set(std::vector<Tag> tags);

// The value of `key`, or "" where there is none.
std::string_view tag_value(const TagSet& tags, std::string_view key);

// Whether every tag of `wanted` is in `tags` with the same value; a wanted value of "" also fits a
// missing tag.
bool matches(const TagSet& tags, const TagSet& wanted);

// `{name:/login,status:200}`, or "" for no tags.
std::string format_tags(const TagSet& tags);

enum class TagSetId : std::uint32_t { none = 0 };  // `none`: the empty set.

// One thread's interned tag sets.
class TagTable {
 public:
  TagTable();

  TagSetId intern(TagSet tags);  // Sorted by make_tag_set first.

  // `base` with these tags added or replaced. Cold: cache what it leads to.
  TagSetId with(TagSetId base,
                std::initializer_list<std::pair<std::string_view, std::string_view>> tags);
  TagSetId with(TagSetId base, std::span<const Tag> tags);

  const TagSet& get(TagSetId id) const;  // The reference stays valid.
  std::size_t size() const { return sets_.size(); }

  TagTable(const TagTable&) = delete;
  TagTable& operator=(const TagTable&) = delete;

 private:
  std::deque<TagSet> sets_;
  std::unordered_map<std::string, TagSetId> by_text_;
};

}  // namespace brunt
