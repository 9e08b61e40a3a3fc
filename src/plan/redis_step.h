// A step that sends commands to a Redis and waits for their replies.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "plan/capture.h"
#include "plan/check.h"
#include "plan/expression.h"
#include "plan/position.h"

namespace brunt {

struct RedisStep {
  Position at;
  std::string name;  // The `name` tag; else the command's word, or `pipeline` for several.
  Template target;   // redis://host:port/0, host:port, or a service's URL; empty: the scenario's.
  std::vector<std::vector<Template>> commands;  // Sent together; one for most.
  std::vector<Check> checks;
  std::vector<Capture> captures;
  std::optional<Duration> timeout;  // None: the scenario's.
  std::vector<std::pair<std::string, std::string>> tags;
};

}  // namespace brunt
