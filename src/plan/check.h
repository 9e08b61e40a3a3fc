// `check:` of a request: what must hold of its reply. Each has a name, by which the summary counts
// it; a check that does not hold never stops the iteration.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "plan/expression.h"
#include "plan/jsonpath.h"
#include "plan/position.h"
#include "plan/regex.h"
#include "plan/reply_view.h"

namespace brunt {

// Any of these ranges, both ends included: 200 is {200, 200}, 2xx is {200, 299}.
struct StatusCheck {
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  bool contains(std::int64_t status) const {
    for (const auto& [low, high] : ranges)
      if (status >= low && status <= high) return true;
    return false;
  }
};

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal, greater, greater_equal };

struct BodyContains {
  Template text;
};
struct BodyMatches {
  Regex pattern;
};
struct BodyEquals {
  Template text;
};
struct JsonCheck {
  JsonPath path;
  Comparison comparison = Comparison::equal;
  std::optional<Template> value;  // None: the path only has to be there.
};
struct HeaderCheck {
  std::string name;
  std::variant<std::monostate, Template, Regex> value;  // monostate: the header has to be there.
};
struct DurationCheck {
  Comparison comparison = Comparison::less;
  Duration limit{};
};
struct SizeCheck {
  Comparison comparison = Comparison::less;
  std::uint64_t bytes = 0;
};

struct Check {
  Position at;
  std::string name;  // The `check` tag: as given, else what it says: "status is 200".
  std::variant<StatusCheck, BodyContains, BodyMatches, BodyEquals, JsonCheck, HeaderCheck,
               DurationCheck, SizeCheck, Expression>
      what;

  // Whether it holds. An expression sees the reply as `response`; scope.reply is set for it. What
  // cannot be evaluated (a body that is no JSON, a variable that is not set) does not hold.
  bool holds(ReplyView& reply, const Scope& scope) const;
};

}  // namespace brunt
