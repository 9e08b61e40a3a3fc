// How many values a tag may have: one that is another with each request would make series without
// end. The first ones have their own figures, later ones share those of "(other)".
//
//   TagBounds bounds(context.plan, {}, [&](std::string text) { warn(text); });
//   if (auto fewer = bounds.fewer(tags)) return series(*fewer);   // else as they are
//
// What a threshold names always has its own: with more values than that it would be judged by less
// than was measured.
//
// For this layer only. Of one body on one loop.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "plan/plan.h"

namespace brunt {

class TagBounds {
 public:
  static constexpr std::string_view other = "(other)";
  struct Limits {
    std::size_t values_max = 1'000;  // Of one tag.
    std::size_t tags_max = 100;      // Further ones are left out.
  };
  // Told once of each tag that has too many.
  using Warn = std::function<void(std::string text)>;

  TagBounds(const Plan& plan, Limits limits, Warn warn);

  // The value to count under: itself, or `other`; also of a tag that is one too many.
  std::string_view value(std::string_view tag, std::string_view value);
  // The tags (tag_text.h) with the values to count under, without those that are too many; nullopt:
  // they stay as they are.
  std::optional<std::string> fewer(std::string_view tags);
  // Whether a threshold names the tag's value.
  bool is_named(std::string_view tag, std::string_view value) const;

 private:
  bool is_one_too_many(std::string_view tag);

  struct Values {
    std::set<std::string, std::less<>> named, seen;
    bool told = false;
  };

  Limits limits_;
  Warn warn_;
  std::map<std::string, Values, std::less<>> tags_;
  bool told_of_tags_ = false;
};

}  // namespace brunt
