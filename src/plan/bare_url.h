// A plan out of a command line: brunt run http://localhost:8080/ --vus 100 --duration 30s
//
// Options are texts as typed, so that one place parses them and names the option that is wrong.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"

namespace brunt {

// What is common to `brunt run URL` and `brunt run targets.txt`.
struct CommandLineLoad {
  std::optional<std::string> vus;         // --vus 100
  std::optional<std::string> duration;    // --duration 30s
  std::optional<std::string> rate;        // --rate 5000/s: open model, evenly spaced
  std::optional<std::string> iterations;  // --iterations 1000, shared by the VUs
  std::vector<std::string> headers;       // -H "Name: value"
  std::optional<std::string> timeout;     // --timeout 10s
  bool insecure = false;                  // --insecure
};

struct BareUrl {
  std::string url;
  CommandLineLoad load;
  std::optional<std::string> method;  // -X; default GET, or POST with data
  std::optional<std::string> data;    // --data TEXT or --data @FILE
};

// With neither duration nor iterations: 10s, as wrk. With neither VUs nor rate: 10 VUs. A rate
// without VUs gets as many as it may need. The URL is taken as it is: `${` has no meaning in it.
// One status check (below 400) is on, and one expectation: fewer than 1 % of the requests fail.
// Errors: invalid, naming the option.
Result<Plan> plan_of_url(const BareUrl& bare);

// Its parts, for readers of other files.
Result<ScenarioOptions> load_of(const CommandLineLoad& load);
Result<RequestDefaults> request_defaults_of(const CommandLineLoad& load);
Check check_below_400();
Expectation few_failures();

}  // namespace brunt
