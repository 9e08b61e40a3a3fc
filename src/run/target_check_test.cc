// Targets are looked at before the load: strangers, unknown names, and what is no URL.
#include "run/target_check.h"

#include <doctest/doctest.h>

#include "plan/yaml_reader.h"

using namespace brunt;
using namespace std::chrono_literals;

namespace {

struct Case {
  const char* target;
  const char* step;
  ErrorCode code;         // When `text` is not "".
  std::string_view text;  // Part of the error; "" where all is well.
};

Result<> check(const Case& row, std::vector<std::string> allow, std::string_view map_from = "") {
  auto plan = read_plan("name: t\nscenarios:\n  s:\n    target: \"" + std::string(row.target) +
                            "\"\n    executor: constant-vus\n    vus: 1\n    duration: 1s\n"
                            "    steps: [ " +
                            row.step + " ]\n",
                        "t.yaml", {});
  REQUIRE_MESSAGE(plan.has_value(), plan.error().text());
  const auto rules = AllowList::parse({.allow = std::move(allow)});
  REQUIRE(rules);
  std::vector<Redirection> redirections;
  if (!map_from.empty())
    redirections.push_back(parse_redirection(map_from, "127.0.0.1:80").value());
  auto loop = Loop::create({.backend = BackendKind::simulated});
  REQUIRE(loop);
  Resolver resolver(**loop, {.hosts = {{"shop.test", {"10.0.0.7"}}, {"mine.test", {"127.0.0.1"}}}});
  Result<> checked;
  REQUIRE((*loop)->spawn("check", [&](Fiber& self) {
    checked = check_targets(self, {resolver, *rules, redirections}, *plan, {});
  }));
  (*loop)->run();
  return checked;
}

}  // namespace

TEST_CASE("what may be loaded and what may not is known before anything is sent") {
  const Case rows[] = {
      {"http://localhost:8080", "{ GET: / }", {}, ""},
      {"http://127.0.0.1:8080/base/", "{ GET: / }", {}, ""},
      {"http://[::1]:8080", "{ GET: / }", {}, ""},
      {"http://mine.test", "{ GET: / }", {}, ""},
      {"http://localhost", "{ GET: \"http://${vu}.invalid/\" }", {}, ""},
      {"http://localhost", "{ GET: \"/login?next=http://shop.test/\" }", {}, ""},
      {"http://shop.test", "{ GET: / }", ErrorCode::denied, "--allow"},
      {"http://10.0.0.7", "{ GET: / }", ErrorCode::denied, "--allow"},
      {"http://unknown.test", "{ GET: / }", ErrorCode::dns, "unknown.test"},
      {"http://localhost", "{ GET: \"http://shop.test/x\" }", ErrorCode::denied, "shop.test"},
      {"http://localhost", "{ loop: { count: 2, steps: [ { GET: \"http://shop.test/x\" } ] } }",
       ErrorCode::denied, "shop.test"},
      {"http://localhost",
       "{ if: \"${vu == 1}\", then: [ { GET: / } ], else: [ { GET: \"http://shop.test/\" } ] }",
       ErrorCode::denied, "shop.test"},
      {"http://localhost", "{ parallel: [ { GET: \"http://shop.test/\" } ] }", ErrorCode::denied,
       "shop.test"},
  };
  for (const Case& row : rows) {
    CAPTURE(row.target);
    CAPTURE(row.step);
    const auto checked = check(row, {});
    CHECK(checked.has_value() == row.text.empty());
    if (checked || row.text.empty()) continue;
    CHECK(checked.error().code == row.code);
    CHECK(checked.error().text.find(row.text) != std::string::npos);
  }
}

TEST_CASE("who is allowed may be loaded, who is led elsewhere is not looked at") {
  const Case shop{"http://shop.test", "{ GET: / }", {}, ""};
  CHECK(check(shop, {"shop.test"}));
  CHECK(check(shop, {"10.0.0.0/8"}));
  CHECK(!check(shop, {"shop.test:8080"}));
  CHECK(check(shop, {}, "shop.test:80"));
  const Case unknown{"http://unknown.test", "{ GET: / }", {}, ""};
  CHECK(check(unknown, {}, "unknown.test:80"));
  CHECK(!check(unknown, {}, "other.test:80"));
  // Another port of the same name goes where the name says.
  CHECK(!check(shop, {}, "shop.test:8080"));
  CHECK(check(shop, {}, "*.test:80"));
}
