// `capture:` of a request: which part of a reply becomes which variable.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "plan/jsonpath.h"
#include "plan/position.h"
#include "plan/regex.h"
#include "plan/reply_view.h"

namespace brunt {

struct HeaderSource {
  std::string name;
};
struct CookieSource {
  std::string name;
};
struct StatusSource {};
struct BodySource {};  // The whole body as text.
struct AllMatches {
  JsonPath path;  // Every match, as a list.
};

struct Capture {
  Position at;
  std::string name;
  std::uint32_t slot = 0;  // Where in Scope::slots the value goes.
  std::variant<JsonPath, AllMatches, Regex, HeaderSource, CookieSource, StatusSource, BodySource>
      from;
  std::optional<Json> fallback;  // `default:`: taken where nothing was found.

  // Nothing where the reply has no such part and there is no fallback: the step then counts as
  // failed, and the slot must be set to null. Errors: too_large (a regular expression that ran
  // away, too many matches).
  Result<std::optional<Json>> take(ReplyView& reply) const;
};

}  // namespace brunt
