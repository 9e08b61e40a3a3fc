#include "plan/check.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "plan/capture.h"
#include "plan/yaml_reader.h"

namespace brunt {
namespace {

using namespace std::chrono_literals;

struct FakeReply final : ReplySource {
  std::int64_t status() const override { return 200; }
  std::string_view body() const override { return text; }
  Duration duration() const override { return 120ms; }
  std::optional<std::string_view> header(std::string_view name) const override {
    if (name == "Content-Type") return "application/json";
    return std::nullopt;
  }
  std::optional<std::string_view> cookie(std::string_view name) const override {
    if (name == "id") return "c-1";
    return std::nullopt;
  }
  std::string text = R"({"user": {"id": 5, "name": "ann"}, "n": null, "items": [1, 2]})";
};

// The first request's checks and captures of a plan with this step.
RequestStep request_of(const std::string& fields) {
  const std::string text =
      "scenarios:\n  s:\n    executor: constant-vus\n    duration: 1s\n    steps:\n"
      "      - GET: http://x/\n        " +
      fields + "\n";
  const auto plan = read_plan(text, "x.yaml", {});
  if (!plan) FAIL(plan.error().text());
  return std::get<RequestStep>(plan->scenarios[0].steps[0].kind);
}

bool holds(const std::string& check) {
  const RequestStep request = request_of("check: { " + check + " }");
  const FakeReply reply;
  ReplyView view(reply);
  REQUIRE(request.checks.size() == 1);
  return request.checks[0].holds(view, Scope{});
}

std::string captured(const std::string& from) {
  const RequestStep request = request_of("capture: { x: " + from + " }");
  const FakeReply reply;
  ReplyView view(reply);
  REQUIRE(request.captures.size() == 1);
  const auto value = request.captures[0].take(view);
  REQUIRE(value);
  return value->has_value() ? (**value).dump() : "nothing";
}

}  // namespace

TEST_CASE("each kind of check holds and does not hold") {
  for (const char* check :
       {"status: 200",
        "status: 2xx",
        "status: [404, 100..200]",
        "contains: ann",
        "matches: '/\"id\": 5/'",
        "$.user.id: 5",
        "$.user.id: \"> 4\"",
        "$.user.id: \"!= 6\"",
        "$.user.name: ann",
        "$.user.id: ",
        "$.items: ",
        "$.n: ",
        "$.user.name: \"> am\"",
        "$.user.name: \"< 'bea, with a name too long for a short string'\"",
        "json: { $.items.length(): 2 }",
        "header: Content-Type",
        "header: { Content-Type: application/json }",
        "header: { Content-Type: /json$/ }",
        "duration: \"< 250ms\"",
        "duration: \">= 120ms\"",
        "size: \"< 1kB\"",
        "mine: \"${response.json.user.id == 5 && response.status == 200}\"",
        "mine: \"${response.header['Content-Type'] == 'application/json'}\"",
        "mine: \"${response.cookie['id'] == 'c-1' && response.duration_ms < 121}\"",
        "mine: \"${len(response.body) == response.size}\"",
        "mine: { status: 200 }"}) {
    CAPTURE(check);
    CHECK(holds(check));
  }
  for (const char* check :
       {"status: 201", "status: 4xx", "contains: bob", "equals: x", "matches: /^x/", "$.user.id: 6",
        "$.user.id: \"5\"", "$.user.id: \"< 5\"", "$.user.age: ", "$.items: x", "header: X-No",
        "header: { Content-Type: text/html }", "duration: \"> 250ms\"", "size: \"> 1kB\"",
        "mine: \"${response.json.user.id / 0 == 1 || response.status == 'x' }\"",
        "mine: \"${response.json.nosuch.deeper}\""}) {
    CAPTURE(check);
    CHECK_FALSE(holds(check));
  }
}

TEST_CASE("a check is called what it says unless it has a name") {
  const RequestStep request = request_of(
      "check: { status: [200, 2xx], $.a: \"> 3\", header: { A: b }, duration: \"< 1s\", fine: { "
      "contains: x } }");
  std::vector<std::string> names;
  for (const Check& check : request.checks) names.push_back(check.name);
  CAPTURE(names.at(1));
  CHECK(names == std::vector<std::string>{"status is 200 or 2xx", "$.a > 3", "header A is b",
                                          "duration < 1s", "fine"});
}

TEST_CASE("captures take parts of a reply, or their default") {
  CHECK(captured("$.user.id") == "5");
  CHECK(captured("$.user") == R"({"id":5,"name":"ann"})");
  CHECK(captured("'/\"name\": \"(\\w+)\"/'") == "\"ann\"");
  CHECK(captured("\"header:Content-Type\"") == "\"application/json\"");
  CHECK(captured("\"cookie:id\"") == "\"c-1\"");
  CHECK(captured("status") == "200");
  CHECK(captured("{ all: \"$.items[*]\" }") == "[1,2]");
  CHECK(captured("{ header: X-No, default: [1] }") == "[1]");
  CHECK(captured("$.n") == "nothing");
  CHECK(captured("{ json: $.n, default: 3 }") == "3");
  CHECK(captured("\"header:X-No\"") == "nothing");
  CHECK(captured("{ all: $..nosuch }") == "nothing");
}

TEST_CASE("a body that is no JSON fails JSON checks and captures, nothing else") {
  FakeReply reply;
  reply.text = "<html>";
  ReplyView view(reply);
  const RequestStep request = request_of(
      "check: { $.a: , contains: html, mine: \"${response.json == null}\" }\n        capture: { x: "
      "$.a }");
  CHECK_FALSE(request.checks[0].holds(view, Scope{}));
  CHECK(request.checks[1].holds(view, Scope{}));
  CHECK(request.checks[2].holds(view, Scope{}));
  CHECK_FALSE(request.captures[0].take(view)->has_value());
}

}  // namespace brunt
