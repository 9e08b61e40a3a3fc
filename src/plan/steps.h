// What a virtual user does: a tree of plain structs, with everything that can be compiled compiled.
//
// The step layer walks it with std::visit; nothing here does anything.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "base/units.h"
#include "plan/capture.h"
#include "plan/check.h"
#include "plan/expression.h"
#include "plan/frame_step.h"
#include "plan/json_template.h"
#include "plan/position.h"
#include "plan/redis_step.h"

namespace brunt {

struct NamedTemplate {
  std::string name;
  Template value;
};
using Tags = std::vector<std::pair<std::string, std::string>>;  // Constant: series must be few.

// One part of a multipart/form-data body.
struct FilePart {
  std::string field;
  Template value;          // A field's text, or a file's content (read when the plan is read).
  std::string file_name;   // "" for a plain field.
  std::string media_type;  // "" for a plain field.
};

struct TextBody {
  Template text;
};
struct JsonBody {
  JsonTemplate json;  // With Content-Type application/json unless the headers say otherwise.
};
struct FormBody {
  std::vector<NamedTemplate> fields;  // application/x-www-form-urlencoded.
};
struct MultipartBody {
  std::vector<FilePart> parts;
};
using Body = std::variant<std::monostate, TextBody, JsonBody, FormBody, MultipartBody>;

struct BasicAuth {
  Template user, password;
};

// A request. What is not set here takes the scenario's value, then the default that is named.
struct RequestStep {
  Position at;
  std::string method;  // Upper case.
  Template target;     // An absolute URL, or a path that goes under the scenario's target.
  std::string name;    // The `name` tag: as given, else the path before expansion, without query.
  std::vector<NamedTemplate> query;  // Added to the target, form-encoded.
  std::vector<NamedTemplate> headers;
  Body body;
  std::vector<Check> checks;
  std::vector<Capture> captures;
  std::optional<Duration> timeout;
  std::optional<std::uint32_t> redirects_max;
  // Which statuses are expected (http_req_failed counts the others); none: 200 to 399, as k6.
  std::optional<StatusCheck> expected;
  std::optional<BasicAuth> auth;
  Tags tags;
  bool decode =
      true;  // Ask for and decode content codings where a check or capture reads the body.
};

struct Step;

struct ThinkStep {
  Position at;
  DurationRange pause;
};

struct LoopStep {
  Position at;
  // Exactly one of these three is set.
  std::optional<Expression> count;             // A number, evaluated once; rounds down.
  std::optional<Expression> over;              // A list: once for each element.
  std::optional<Expression> while_true;        // Tested before each round.
  std::optional<std::uint32_t> variable_slot;  // `as:` gets the element (over) ...
  std::optional<std::uint32_t> index_slot;     // ... and `index:` the round, from 0.
  std::uint64_t rounds_max = 1'000'000;        // `max:`; the loop ends there, counted as an error.
  std::vector<Step> steps;
};

struct IfStep {
  Position at;
  Expression condition;
  std::vector<Step> then_steps, else_steps;
};

struct ParallelStep {
  Position at;
  std::uint32_t at_once_max = 0;  // `limit:`; 0: all of them.
  std::vector<Step> steps;
};

// A URL before expansion without the user and password in it, which nobody else shall read.
std::string without_credentials(std::string_view target);

// What a request is called that was given no name: its target before expansion, without query and
// credentials.
std::string default_request_name(std::string_view target);

struct Step {
  std::variant<RequestStep, FrameStep, RedisStep, ThinkStep, LoopStep, IfStep, ParallelStep> kind;
};

// The lists of steps inside a step; none for most.
std::vector<const std::vector<Step>*> inner_steps(const Step& step);

// Whether the step asks something of a target, in whatever protocol; else it is about the way
// through the steps.
bool is_request(const Step& step);

// Whether it holds for any of the steps, or of those inside them.
// NOLINTNEXTLINE(misc-no-recursion): as deep as the plan's steps.
bool any_step(const std::vector<Step>& steps, const auto& predicate) {
  for (const Step& step : steps) {
    if (predicate(step)) return true;
    for (const std::vector<Step>* inner : inner_steps(step))
      if (any_step(*inner, predicate)) return true;
  }
  return false;
}

// Whether any of them is of this kind.
template <typename Kind>
bool uses(const std::vector<Step>& steps) {
  return any_step(steps, [](const Step& step) { return std::holds_alternative<Kind>(step.kind); });
}

}  // namespace brunt
