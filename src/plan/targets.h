// A plan out of a file of vegeta targets: requests that the load goes through one after the other,
// again and again, over all VUs.
//
//   POST http://localhost:8080/measurement          {"method": "POST", "url": "http://...",
//   Content-Type: application/json                   "body": "eyJhIjoxfQ==", "header": {"A":
//   ["b"]}}
//   @body.json
//
// The `http` form has blank lines between targets and # comments; the `json` form one object a
// line. Which one it is shows in the first character that is not blank. Source: vegeta's README,
// "http format" and "json format".
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "plan/bare_url.h"
#include "plan/plan.h"

namespace brunt {

struct Target {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

// Reads `@file` bodies relative to the folder of `path`. Errors: invalid with the line; not_found.
Result<std::vector<Target>> read_targets(std::string_view text, const std::filesystem::path& path);

// Whether a text looks like targets and not like a plan.
bool looks_like_targets(std::string_view text);

Result<Plan> plan_of_targets(std::string_view text, const std::filesystem::path& path,
                             const CommandLineLoad& load);

}  // namespace brunt
