#include "base/text.h"

#include <doctest/doctest.h>

#include <array>

namespace brunt {

TEST_CASE("the nearest word is found for a slip and not for another word") {
  constexpr std::array<std::string_view, 4> keys = {"scenarios", "services", "expect", "vus"};
  CHECK(nearest("scenarois", keys) == "scenarios");
  CHECK(nearest("service", keys) == "services");
  CHECK(nearest("vu", keys) == "vus");
  CHECK(nearest("banana", keys).empty());
  CHECK(did_you_mean("expct", keys) == "; did you mean \"expect\"?");
}

TEST_CASE("trim and split keep what is between") {
  CHECK(trim(" \t a b\r\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(equal_ignoring_case("Content-Length", "content-LENGTH"));
}

}  // namespace brunt
