#include "plan/regex.h"

#include <doctest/doctest.h>

#include <string>

namespace brunt {

TEST_CASE("a regular expression captures its first group, or the whole match") {
  const auto captured = [](std::string_view pattern, std::string_view text) -> std::string {
    const auto found = Regex::compile(pattern)->capture(text);
    REQUIRE(found);
    return found->has_value() ? std::string(**found) : "(nothing)";
  };
  CHECK(captured("/id=(\\d+)/", "a id=42 b id=43") == "42");
  CHECK(captured("\\d+", "abc 17") == "17");
  CHECK(captured("/ID=(\\w+)/i", "id=x9") == "x9");
  CHECK(captured("/a.b/s", "a\nb") == "a\nb");
  CHECK(captured("/^b$/m", "a\nb\nc") == "b");
  CHECK(captured("/(a)(b)(c)(d)/", "abcd") == "a");
  CHECK(captured("/(x)?y/", "y") == "(nothing)");
  CHECK(captured("/nope/", "y") == "(nothing)");
  CHECK(captured("/x*/", "") == "");
  CHECK(captured("a/b", "xa/by") == "a/b");
}

TEST_CASE("a bad pattern is refused with its column") {
  CHECK(Regex::compile("/(/").error().text ==
        "regular expression /(/, column 2: missing closing parenthesis");
  CHECK(Regex::compile("/a/q").error().text ==
        "regular expression /a/q: unknown flag \"q\"; known are i, m, s, x");
  CHECK_FALSE(Regex::compile(std::string(100'000, 'a')));
}

TEST_CASE("a pattern that would run for ever is stopped") {
  const auto regex = Regex::compile("/^(a+)+$/");
  REQUIRE(regex);
  const auto matched = regex->matches(std::string(5000, 'a') + "b");
  REQUIRE_FALSE(matched);
  CHECK(matched.error().code == ErrorCode::too_large);
}

TEST_CASE("an empty regular expression matches nothing, and copies share the compiled form") {
  CHECK_FALSE(*Regex().matches("x"));
  Regex copy;
  {
    const auto original = Regex::compile("x");
    copy = *original;
  }
  CHECK(*copy.matches("axb"));
}

}  // namespace brunt
